//! Spikes of each row in bins of time, of which the last ones are kept.

use std::collections::VecDeque;

/// Counts in bins of equal width. Memory is bounded by the number of bins.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    /// Steps of a bin.
    width: u64,
    /// Bins that are kept, without the one that is open.
    most: usize,
    rows: usize,
    /// The number of the oldest bin kept; bin n holds the steps `(n * width, (n + 1) * width]`.
    first: u64,
    bins: VecDeque<Box<[u32]>>,
    /// The step until which everything was counted.
    end: u64,
}

impl History {
    /// Of `rows` rows, from after the step `start` on.
    pub(crate) fn new(rows: usize, width: u64, most: usize, start: u64) -> Self {
        let width = width.max(1);
        // A bin of which the beginning was not seen would show too little.
        History { width, most, rows, first: start.div_ceil(width), bins: VecDeque::new(), end: start }
    }

    /// One spike; steps never fall back behind what [`History::until`] closed.
    pub(crate) fn add(&mut self, step: u64, row: usize) {
        let bin = step.saturating_sub(1) / self.width;
        if bin < self.first {
            return;
        }
        self.open(bin);
        let at = (bin - self.first) as usize;
        let count = &mut self.bins[at][row];
        *count = count.saturating_add(1);
    }

    /// Nothing will come any more at `step` or before.
    pub(crate) fn until(&mut self, step: u64) {
        if step > 0 && step / self.width > self.first {
            self.open(step / self.width - 1);
        }
        self.end = step;
        while self.complete() > self.most {
            self.bins.pop_front();
            self.first += 1;
        }
    }

    /// Makes room for a bin.
    fn open(&mut self, bin: u64) {
        while self.first + self.bins.len() as u64 <= bin {
            self.bins.push_back(vec![0; self.rows].into());
        }
    }

    /// Steps of a bin.
    pub(crate) fn width(&self) -> u64 {
        self.width
    }

    /// How many bins are complete.
    fn complete(&self) -> usize {
        (self.end / self.width).saturating_sub(self.first).min(self.bins.len() as u64) as usize
    }

    /// The number of the first complete bin from bin `from` on that is still kept, and the counts of it and all after it.
    pub(crate) fn since(&self, from: u64) -> (u64, impl Iterator<Item = &[u32]> + Clone) {
        let first = from.max(self.first);
        let skipped = (first - self.first).min(self.complete() as u64) as usize;
        (first, self.bins.iter().take(self.complete()).skip(skipped).map(AsRef::as_ref))
    }

    /// Mean count of each row in the last `n` complete bins, or in those that there are.
    pub(crate) fn mean_of_last(&self, n: usize) -> Vec<f64> {
        let bins = n.min(self.complete());
        let last = self.bins.iter().take(self.complete()).skip(self.complete() - bins);
        let mut sums = vec![0.0; self.rows];
        last.for_each(|bin| bin.iter().zip(&mut sums).for_each(|(count, sum)| *sum += f64::from(*count)));
        sums.into_iter().map(|sum| sum / bins.max(1) as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(history: &History, from: u64) -> (u64, Vec<Vec<u32>>) {
        let (first, bins) = history.since(from);
        (first, bins.map(<[u32]>::to_vec).collect())
    }

    #[test]
    fn spikes_fall_into_half_open_bins_and_only_complete_ones_are_shown() {
        let mut history = History::new(2, 10, 100, 0);
        for (step, row) in [(1, 0), (10, 0), (11, 1), (25, 1)] {
            history.add(step, row);
        }
        history.until(25);
        assert_eq!(counts(&history, 0), (0, vec![vec![2, 0], vec![0, 1]]));
        history.until(30);
        assert_eq!(counts(&history, 2), (2, vec![vec![0, 1]]));
        assert_eq!(counts(&history, 3), (3, vec![]));
        assert_eq!(counts(&history, 99), (99, vec![]));
    }

    #[test]
    fn silence_has_bins_too() {
        let mut history = History::new(1, 10, 100, 0);
        history.until(55);
        assert_eq!(counts(&history, 0), (0, vec![vec![0]; 5]));
        assert_eq!(history.mean_of_last(3), [0.0]);
    }

    #[test]
    fn only_the_last_bins_are_kept() {
        let mut history = History::new(1, 10, 3, 0);
        for step in 1..=1000 {
            history.add(step, 0);
            history.until(step);
            assert!(history.bins.len() <= 4);
        }
        assert_eq!(counts(&history, 0), (97, vec![vec![10]; 3]));
        assert_eq!(history.mean_of_last(50), [10.0]);
    }

    #[test]
    fn a_run_that_goes_on_from_the_middle_begins_with_the_first_whole_bin() {
        let mut history = History::new(1, 10, 100, 1005);
        for step in 1006..=1030 {
            history.add(step, 0);
        }
        history.until(1030);
        assert_eq!(counts(&history, 0), (101, vec![vec![10]; 2]));
        assert_eq!(counts(&History::new(1, 10, 100, 1000), 0), (100, vec![]));
    }
}
