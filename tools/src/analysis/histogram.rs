//! Histograms over a logarithmic axis.

use serde::Serialize;

/// Counts in bins of equal width on a logarithmic axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogHistogram {
    /// Lower edge of the first bin.
    pub lowest: f64,
    /// Bins per factor of ten.
    pub per_decade: u32,
    /// Count of each bin.
    pub counts: Vec<u64>,
    /// Values below the first bin.
    pub below: u64,
    /// Values above the last bin.
    pub above: u64,
}

impl LogHistogram {
    /// Empty bins over `decades` factors of ten from `lowest` on.
    pub fn new(lowest: f64, decades: u32, per_decade: u32) -> Self {
        LogHistogram { lowest, per_decade, counts: vec![0; (decades * per_decade) as usize], below: 0, above: 0 }
    }

    /// Counts one value; values that are not positive count as below.
    pub fn add(&mut self, value: f64) {
        // Nudged so that a value on an edge falls above it in spite of the logarithm's rounding.
        let bin = ((value / self.lowest).log10() * f64::from(self.per_decade) + 1e-9).floor();
        if !(value > 0.0 && bin >= 0.0) {
            self.below += 1;
        } else if let Some(count) = self.counts.get_mut(bin as usize) {
            *count += 1;
        } else {
            self.above += 1;
        }
    }

    /// Lower edge of bin `bin` (the upper edge of the one before).
    pub fn edge(&self, bin: usize) -> f64 {
        self.lowest * 10f64.powf(bin as f64 / f64::from(self.per_decade))
    }

    /// Number of values counted, inside and outside the bins.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.below + self.above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_between_the_edges_of_their_bin() {
        let mut h = LogHistogram::new(1.0, 2, 10);
        for value in [1.0, 9.99, 10.0, 99.9, 100.0, 0.5, 0.0] {
            h.add(value);
        }
        assert_eq!((h.counts[0], h.counts[9], h.counts[10], h.counts[19]), (1, 1, 1, 1));
        assert_eq!((h.below, h.above, h.total()), (2, 1, 7));
        assert!((h.edge(10) - 10.0).abs() < 1e-12);
    }
}
