//! The spikes that may still be under way.

use std::collections::VecDeque;

use crate::Spike;
use crate::shard::Fired;

/// All spikes of the last `reach` steps.
#[derive(Default)]
pub(crate) struct Recent {
    /// The longest delay in steps.
    reach: u64,
    /// How many fired in each update step, ascending; none where nobody did.
    steps: VecDeque<(u64, u32)>,
    /// Who did.
    ids: VecDeque<u32>,
}

impl Recent {
    pub(crate) fn new(reach: u32) -> Self {
        Recent { reach: u64::from(reach), ..Default::default() }
    }

    /// The same for other spikes, of which there are none yet.
    pub(crate) fn empty(&self) -> Self {
        Recent { reach: self.reach, ..Default::default() }
    }

    /// Takes all spikes up to the time `now`, sorted, and forgets those that have arrived everywhere.
    pub(crate) fn take(&mut self, spikes: &[Spike], now: u64) {
        let first = self.first(now);
        while let Some((step, n)) = self.steps.front()
            && *step < first
        {
            self.ids.drain(..*n as usize);
            self.steps.pop_front();
        }
        for spike in &spikes[spikes.partition_point(|s| s.step <= first)..] {
            self.add((spike.step - 1, spike.id));
        }
    }

    /// Adds a spike that fired with or after those before.
    pub(crate) fn add(&mut self, (step, id): Fired) {
        match self.steps.back_mut() {
            Some((last, n)) if *last == step => *n += 1,
            _ => self.steps.push_back((step, 1)),
        }
        self.ids.push_back(id);
    }

    /// The first update step whose spikes may be under way at time `now`.
    pub(crate) fn first(&self, now: u64) -> u64 {
        now.saturating_sub(self.reach)
    }

    /// Number of spikes, and all of them.
    pub(crate) fn spikes(&self) -> (usize, impl Iterator<Item = Fired>) {
        let steps = self.steps.iter().flat_map(|(step, n)| std::iter::repeat_n(*step, *n as usize));
        (self.ids.len(), steps.zip(self.ids.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_are_kept_as_long_as_the_longest_delay() {
        let mut recent = Recent::new(3);
        let spike = |step, id| Spike { step, id };
        recent.take(&[spike(1, 7), spike(1, 9), spike(4, 2)], 4);
        // Who fired in step 0 reached the last target in step 3.
        assert_eq!(recent.spikes().1.collect::<Vec<_>>(), [(3, 2)]);
        recent.take(&[spike(5, 1), spike(6, 3), spike(6, 4)], 6);
        assert_eq!(recent.spikes().1.collect::<Vec<_>>(), [(3, 2), (4, 1), (5, 3), (5, 4)]);
        recent.take(&[], 7);
        assert_eq!(recent.spikes().1.collect::<Vec<_>>(), [(4, 1), (5, 3), (5, 4)]);
        recent.take(&[], 100);
        assert_eq!(recent.spikes().0, 0);
    }
}
