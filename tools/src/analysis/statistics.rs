//! Rate and irregularity of every population in one pass over the spikes.

mod saved;

use super::histogram::LogHistogram;
use super::spans::{Span, SpanIndex};

/// Neurons whose intervals are followed, over all populations (32 bytes each). Larger networks are
/// sampled evenly; rates always count every spike.
const MOST_FOLLOWED: u64 = 4_000_000;

/// Most bins of a spike-count histogram.
const MOST_COUNTS: usize = 160;

/// Spikes that are taken at a time.
const TOGETHER: usize = 64;

/// One neuron's intervals so far: mean and sum of squared deviations after Welford, which stays
/// exact where intervals hardly differ.
#[derive(Clone, Copy, Debug, Default)]
struct Intervals {
    last_ms: f64,
    mean: f64,
    squares: f64,
    spikes: u32,
}

impl Intervals {
    /// Takes the next spike and returns the interval that it ends.
    fn add(&mut self, time_ms: f64) -> Option<f64> {
        self.spikes = self.spikes.saturating_add(1);
        let interval = time_ms - self.last_ms;
        self.last_ms = time_ms;
        if self.spikes == 1 {
            return None;
        }
        let deviation = interval - self.mean;
        self.mean += deviation / f64::from(self.spikes - 1);
        self.squares += deviation * (interval - self.mean);
        Some(interval)
    }

    /// Standard deviation over mean of the intervals, from three spikes on.
    fn cv(&self) -> Option<f64> {
        let n = f64::from(self.spikes) - 1.0;
        (n >= 2.0 && self.mean > 0.0).then(|| (self.squares / n).sqrt() / self.mean)
    }
}

struct PopulationState {
    /// Every `stride`-th neuron is followed.
    stride: u64,
    followed: Vec<Intervals>,
    spikes: u64,
    isi: LogHistogram,
}

/// Streaming statistics of spikes: give it the spikes in the order of time, in pieces of any size.
pub struct SpikeStatistics {
    start_ms: f64,
    index: SpanIndex,
    sizes: Vec<u64>,
    states: Vec<PopulationState>,
}

/// What the spikes of one population say.
#[derive(Clone, Debug, PartialEq)]
pub struct PopulationStatistics {
    /// Number of neurons.
    pub neurons: u64,
    /// Spikes counted.
    pub spikes: u64,
    /// Mean rate of a neuron in 1/s.
    pub rate: f64,
    /// Coefficient of variation of interspike intervals: per neuron with at least three spikes,
    /// averaged over those neurons. `None` where there is none.
    pub cv_isi: Option<f64>,
    /// Number of neurons behind `cv_isi`.
    pub cv_neurons: u64,
    /// Interspike intervals in ms.
    pub isi: LogHistogram,
    /// `spike_counts[k]`: followed neurons that fired `k * count_width` to `(k + 1) * count_width - 1` times.
    pub spike_counts: Vec<u64>,
    /// Spike counts per bin of `spike_counts`.
    pub count_width: u64,
    /// Of how many neurons one is followed for intervals and spike counts (1: all).
    pub stride: u64,
}

impl SpikeStatistics {
    /// Statistics of these populations from `start_ms` on; earlier spikes are passed over.
    pub fn new(populations: &[Span], start_ms: f64) -> Self {
        let total: u64 = populations.iter().fold(0, |sum, p| sum.saturating_add(p.size));
        let stride = total.div_ceil(MOST_FOLLOWED).max(1);
        let state = |p: &Span| PopulationState {
            stride,
            followed: vec![Intervals::default(); p.size.div_ceil(stride) as usize],
            spikes: 0,
            isi: LogHistogram::new(0.1, 5, 16),
        };
        SpikeStatistics {
            start_ms,
            index: SpanIndex::new(populations),
            sizes: populations.iter().map(|p| p.size).collect(),
            states: populations.iter().map(state).collect(),
        }
    }

    /// Takes spikes; each neuron's must come in the order of time. Ids of no population are left out.
    pub fn add(&mut self, times_ms: &[f64], ids: &[u64]) {
        for (times, ids) in times_ms.chunks(TOGETHER).zip(ids.chunks(TOGETHER)) {
            self.fetch(ids);
            for (&time, &id) in times.iter().zip(ids).filter(|(time, _)| **time >= self.start_ms) {
                let Some((population, neuron)) = self.index.locate(id) else { continue };
                let state = &mut self.states[population];
                state.spikes += 1;
                if let Some(interval) = state.followed(neuron).and_then(|place| state.followed[place].add(time)) {
                    state.isi.add(interval);
                }
            }
        }
    }

    /// Reads what is known of these neurons, all at once, so that memory is waited for once and not neuron by neuron.
    fn fetch(&self, ids: &[u64]) {
        let known = |&id: &u64| {
            let (population, neuron) = self.index.locate(id)?;
            let state = &self.states[population];
            state.followed(neuron).map(|place| state.followed[place].spikes)
        };
        std::hint::black_box(ids.iter().filter_map(known).fold(0, u32::wrapping_add));
    }

    /// Number of spikes taken so far, per population.
    pub fn spikes(&self) -> Vec<u64> {
        self.states.iter().map(|s| s.spikes).collect()
    }

    /// The statistics of each population, over the time from `start_ms` to `end_ms`.
    pub fn finish(&self, end_ms: f64) -> Vec<PopulationStatistics> {
        let seconds = (end_ms - self.start_ms) / 1000.0;
        self.states.iter().zip(&self.sizes).map(|(state, &neurons)| state.finish(neurons, seconds)).collect()
    }
}

impl PopulationState {
    /// The place of a neuron in `followed`, if it is one of those.
    fn followed(&self, neuron: u64) -> Option<usize> {
        // Mostly all are followed, and a division takes long.
        match self.stride {
            1 => Some(neuron as usize),
            stride => neuron.is_multiple_of(stride).then_some((neuron / stride) as usize),
        }
    }

    fn finish(&self, neurons: u64, seconds: f64) -> PopulationStatistics {
        let cvs = || self.followed.iter().filter_map(Intervals::cv);
        let cv_neurons = cvs().count() as u64;
        let most = self.followed.iter().map(|n| u64::from(n.spikes)).max().unwrap_or(0);
        let count_width = (most + 1).div_ceil(MOST_COUNTS as u64);
        let mut spike_counts = vec![0; (most / count_width + 1) as usize];
        for neuron in &self.followed {
            spike_counts[(u64::from(neuron.spikes) / count_width) as usize] += 1;
        }
        let exposure = neurons as f64 * seconds;
        PopulationStatistics {
            neurons,
            spikes: self.spikes,
            rate: if exposure > 0.0 { self.spikes as f64 / exposure } else { 0.0 },
            cv_isi: (cv_neurons > 0).then(|| cvs().sum::<f64>() / cv_neurons as f64),
            cv_neurons,
            spike_counts,
            count_width,
            stride: self.stride,
            isi: self.isi.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(size: u64, trains: &[(u64, &[f64])], start_ms: f64, end_ms: f64) -> PopulationStatistics {
        let mut s = SpikeStatistics::new(&[Span { first: 100, size }], start_ms);
        let mut all: Vec<(f64, u64)> = trains.iter().flat_map(|(id, times)| times.iter().map(|t| (*t, *id))).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        // In two pieces: where a piece ends must not matter.
        for piece in all.chunks(all.len().div_ceil(2).max(1)) {
            let (times, ids): (Vec<f64>, Vec<u64>) = piece.iter().copied().unzip();
            s.add(&times, &ids);
        }
        s.finish(end_ms).remove(0)
    }

    #[test]
    fn a_clock_has_cv_zero_and_its_rate() {
        let times: Vec<f64> = (0..100).map(|i| 0.1 + 10.0 * f64::from(i)).collect();
        let s = statistics(1, &[(100, &times)], 0.0, 1000.0);
        assert_eq!(s.rate, 100.0);
        assert!(s.cv_isi.unwrap() < 1e-9);
        assert_eq!((s.isi.total(), s.isi.counts[32]), (99, 99), "all intervals in the bin that opens at 10 ms");
    }

    #[test]
    fn intervals_of_two_lengths_have_the_cv_of_their_mixture() {
        // 5, 15, 5, 15, ...: mean 10, standard deviation 5.
        let mut t = 0.0;
        let times: Vec<f64> = (0..201)
            .map(|i| {
                t += if i % 2 == 0 { 5.0 } else { 15.0 };
                t
            })
            .collect();
        assert!((statistics(1, &[(100, &times)], 0.0, 2000.0).cv_isi.unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_poisson_train_has_cv_one() {
        let mut x = 7u64;
        let mut t = 0.0;
        let times: Vec<f64> = (0..50_000)
            .map(|_| {
                x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                t -= 100.0 * (((x >> 11) as f64 + 0.5) / (1u64 << 53) as f64).ln();
                t
            })
            .collect();
        assert!((statistics(1, &[(100, &times)], 0.0, t).cv_isi.unwrap() - 1.0).abs() < 0.02);
    }

    #[test]
    fn neurons_with_fewer_than_three_spikes_have_no_cv() {
        let s = statistics(4, &[(100, &[1.0, 2.0]), (101, &[5.0])], 0.0, 10.0);
        assert_eq!((s.cv_isi, s.cv_neurons), (None, 0));
        assert_eq!(s.spike_counts, [2, 1, 1]);
        let s = statistics(4, &[(100, &[1.0, 2.0]), (101, &[5.0, 6.0, 7.0])], 0.0, 10.0);
        assert_eq!((s.cv_isi, s.cv_neurons), (Some(0.0), 1));
    }

    #[test]
    fn what_happened_before_the_start_is_passed_over() {
        let s = statistics(2, &[(100, &[10.0, 499.9, 500.0, 600.0]), (300, &[700.0])], 500.0, 1000.0);
        assert_eq!((s.spikes, s.rate), (2, 2.0));
    }

    #[test]
    fn many_counts_share_wider_bins_and_lose_no_neuron() {
        let times: Vec<f64> = (0..1000).map(f64::from).collect();
        let s = statistics(3, &[(101, &times)], 0.0, 1000.0);
        assert_eq!(s.count_width, 7);
        assert_eq!(s.spike_counts.iter().sum::<u64>(), 3);
        assert_eq!(s.spike_counts[1000 / 7], 1);
    }

    #[test]
    fn a_network_too_large_to_follow_is_sampled_but_counted_whole() {
        let mut s = SpikeStatistics::new(&[Span { first: 0, size: 3 * MOST_FOLLOWED }], 0.0);
        s.add(&[1.0, 1.0, 2.0, 2.0, 3.0, 3.0], &[0, 1, 0, 1, 0, 1]);
        let s = s.finish(1000.0).remove(0);
        assert_eq!((s.stride, s.spikes, s.cv_neurons), (3, 6, 1));
    }

    #[test]
    fn an_empty_population_is_silent() {
        let s = statistics(0, &[], 0.0, 0.0);
        assert_eq!((s.rate, s.cv_isi, s.spikes), (0.0, None, 0));
    }
}
