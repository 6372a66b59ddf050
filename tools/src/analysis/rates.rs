//! Rates in bins of time.

use super::spans::{Span, SpanIndex};

/// Counts spikes per population and bin; memory is populations times bins.
#[derive(Clone, Debug)]
pub struct RateBins {
    index: SpanIndex,
    sizes: Vec<u64>,
    start_ms: f64,
    bin_ms: f64,
    counts: Vec<Vec<u32>>,
}

impl RateBins {
    /// `bins` bins of `bin_ms` from `start_ms` on, for each population.
    pub fn new(populations: &[Span], start_ms: f64, bin_ms: f64, bins: usize) -> Self {
        RateBins {
            index: SpanIndex::new(populations),
            sizes: populations.iter().map(|p| p.size).collect(),
            start_ms,
            bin_ms,
            counts: vec![vec![0; bins]; populations.len()],
        }
    }

    /// Counts spikes, in any order; those outside the bins or of no population are left out.
    pub fn add(&mut self, times_ms: &[f64], ids: &[u64]) {
        for (&time, &id) in times_ms.iter().zip(ids) {
            // Times lie on the grid of the resolution, so a spike on a bin's edge is common: it opens the bin.
            let bin = ((time - self.start_ms) / self.bin_ms + 1e-9).floor();
            let Some((population, _)) = self.index.locate(id) else { continue };
            if bin >= 0.0
                && let Some(count) = self.counts[population].get_mut(bin as usize)
            {
                *count += 1;
            }
        }
    }

    /// Spikes per population and bin.
    pub fn counts(&self) -> &[Vec<u32>] {
        &self.counts
    }

    /// Mean rate of a neuron (1/s) per population and bin.
    pub fn rates(&self) -> Vec<Vec<f64>> {
        let per_second = 1000.0 / self.bin_ms;
        let row = |(counts, &size): (&Vec<u32>, &u64)| counts.iter().map(|&c| f64::from(c) * per_second / size.max(1) as f64).collect();
        self.counts.iter().zip(&self.sizes).map(row).collect()
    }
}

/// Averages `factor` neighbouring bins into one; a rest that fills no bin is left out.
pub fn rebinned(values: &[f64], factor: usize) -> Vec<f64> {
    let factor = factor.max(1);
    values.chunks_exact(factor).map(|c| c.iter().sum::<f64>() / factor as f64).collect()
}

/// Arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Unbiased variance; `None` of fewer than two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    let m = mean(values)?;
    (values.len() > 1).then(|| values.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (values.len() - 1) as f64)
}

/// Variance over mean of spike counts per bin: 1 for independent Poisson neurons, more where they
/// fire together. `None` where nothing fired.
pub fn fano_factor(counts: &[f64]) -> Option<f64> {
    let m = mean(counts)?;
    (m > 0.0).then(|| variance(counts).map(|v| v / m)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_spikes_per_neuron_and_second() {
        let mut bins = RateBins::new(&[Span { first: 0, size: 2 }, Span { first: 2, size: 4 }], 100.0, 10.0, 3);
        bins.add(&[99.9, 100.0, 109.9, 110.0, 129.9, 130.0, 115.0], &[0, 0, 1, 1, 5, 5, 9]);
        assert_eq!(bins.counts(), [vec![2, 1, 0], vec![0, 0, 1]]);
        assert_eq!(bins.rates(), [vec![100.0, 50.0, 0.0], vec![0.0, 0.0, 25.0]]);
    }

    #[test]
    fn a_spike_on_a_bins_edge_opens_the_bin_whatever_the_rounding() {
        let mut bins = RateBins::new(&[Span { first: 0, size: 1 }], 0.0, 0.3, 1000);
        for step in 0..1000 {
            bins.add(&[f64::from(step) * 3.0 * 0.1], &[0]);
        }
        assert!(bins.counts()[0].iter().all(|&c| c == 1));
    }

    #[test]
    fn rebinning_keeps_the_mean_of_whole_bins() {
        assert_eq!(rebinned(&[1.0, 3.0, 5.0, 7.0, 100.0], 2), [2.0, 6.0]);
        assert_eq!(rebinned(&[1.0, 2.0], 0), [1.0, 2.0]);
    }

    #[test]
    fn the_fano_factor_is_zero_for_a_clock_and_half_the_count_for_pairs() {
        assert_eq!(fano_factor(&[3.0; 8]), Some(0.0));
        // All or nothing, N or 0 with equal chance: variance N*N/4 over mean N/2.
        let counts: Vec<f64> = (0..10_000).map(|i| if i % 2 == 0 { 20.0 } else { 0.0 }).collect();
        assert!((fano_factor(&counts).unwrap() - 10.0).abs() < 0.01);
        assert_eq!(fano_factor(&[0.0, 0.0]), None);
        assert_eq!(fano_factor(&[]), None);
    }
}
