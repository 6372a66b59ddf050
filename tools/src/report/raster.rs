//! The dots of the raster: the spikes of as many neurons as a page can hold.

use serde::Serialize;

use super::encode::{base64, push_varint};
use crate::analysis::{Span, SpanIndex};

/// Most dots of a page; about 4 characters each.
const MOST_DOTS: usize = 200_000;

/// Finest time step of a dot.
const TICK_MS: f64 = 0.1;

/// How much of the neurons stay when the dots become too many.
const KEPT: f64 = 0.9;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Dot {
    population: u32,
    neuron: u32,
    tick: u64,
}

/// Collects spikes in one pass. When they become too many for a page, every population keeps the same
/// share of its neurons, evenly spaced, each with all of its spikes: what remains depends on nothing
/// but the spikes, and intervals stay what they were.
pub struct Raster {
    index: SpanIndex,
    start_ms: f64,
    most: usize,
    share: f64,
    total: u64,
    dots: Vec<Dot>,
}

/// A raster as the page reads it.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Dots {
    /// Spikes of the run.
    total: u64,
    /// Spikes in `data`.
    shown: u64,
    /// Share of the neurons in `data`.
    share: f64,
    tick_ms: f64,
    /// For each population in turn the number of its neurons that fired, and for each of those the
    /// distance of its index to the one before, its number of spikes, and the distances of their ticks.
    data: String,
}

impl Raster {
    /// No dots yet, for these populations; spikes before `start_ms` are passed over.
    pub fn new(populations: &[Span], start_ms: f64) -> Self {
        Raster { index: SpanIndex::new(populations), start_ms, most: MOST_DOTS, share: 1.0, total: 0, dots: Vec::new() }
    }

    /// Takes spikes, in any order.
    pub fn add(&mut self, times_ms: &[f64], ids: &[u64]) {
        for (&time, &id) in times_ms.iter().zip(ids) {
            let Some((population, neuron)) = self.index.locate(id) else { continue };
            let Ok(neuron) = u32::try_from(neuron) else { continue };
            if time.is_nan() || time < self.start_ms {
                continue;
            }
            self.total += 1;
            if place(neuron) >= self.share {
                continue;
            }
            self.dots.push(Dot { population: population as u32, neuron, tick: ((time - self.start_ms) / TICK_MS).round() as u64 });
            while self.dots.len() > self.most {
                self.share *= KEPT;
                // What even the smallest share keeps (the first neuron of each population) is cut off in time.
                if self.share < 1e-12 {
                    self.dots.truncate(self.most);
                } else {
                    self.dots.retain(|d| place(d.neuron) < self.share);
                }
            }
        }
    }

    /// The dots in the form of the page, over `populations` populations.
    pub(super) fn dots(&self, keep: &[usize]) -> Dots {
        let mut sorted = self.dots.clone();
        sorted.sort_unstable();
        let mut bytes = Vec::with_capacity(sorted.len() * 3);
        let mut shown = 0;
        for &population in keep {
            let from = sorted.partition_point(|d| (d.population as usize) < population);
            let to = sorted.partition_point(|d| (d.population as usize) <= population);
            shown += to - from;
            push_population(&mut bytes, &sorted[from..to]);
        }
        Dots { total: self.total, shown: shown as u64, share: self.share, tick_ms: TICK_MS, data: base64(&bytes) }
    }
}

fn push_population(bytes: &mut Vec<u8>, dots: &[Dot]) {
    let neurons = || dots.chunk_by(|a, b| a.neuron == b.neuron);
    push_varint(bytes, neurons().count() as u64);
    let mut last_neuron = 0;
    for train in neurons() {
        push_varint(bytes, u64::from(train[0].neuron - last_neuron));
        last_neuron = train[0].neuron;
        push_varint(bytes, train.len() as u64);
        let mut last_tick = 0;
        for dot in train {
            push_varint(bytes, dot.tick - last_tick);
            last_tick = dot.tick;
        }
    }
}

/// A neuron's place in the order in which neurons are kept, in [0, 1): van der Corput's sequence,
/// whose first elements are evenly spaced however many one takes.
fn place(neuron: u32) -> f64 {
    f64::from(neuron.reverse_bits()) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raster(most: usize, trains: &[(u64, usize)]) -> Raster {
        let mut r = Raster::new(&[Span { first: 0, size: 1000 }, Span { first: 1000, size: 1000 }], 0.0);
        r.most = most;
        for &(id, n) in trains {
            let times: Vec<f64> = (0..n).map(|i| i as f64).collect();
            r.add(&times, &vec![id; n]);
        }
        r
    }

    #[test]
    fn few_spikes_are_all_kept() {
        let r = raster(100, &[(3, 2), (1003, 1), (5000, 7)]);
        assert_eq!((r.dots(&[0, 1]).total, r.dots(&[0, 1]).shown, r.share), (3, 3, 1.0));
        // Population 0: one neuron, 3 on, two spikes at ticks 0 and 10; population 1: one, 3 on, one at 0.
        assert_eq!(r.dots(&[0, 1]).data, base64(&[1, 3, 2, 0, 10, 1, 3, 1, 0]));
        assert_eq!(r.dots(&[1]).data, base64(&[1, 3, 1, 0]));
    }

    #[test]
    fn too_many_spikes_keep_whole_neurons_evenly_spaced_in_every_population() {
        let trains: Vec<(u64, usize)> = (0..2000).map(|id| (id, 5)).collect();
        let r = raster(2000, &trains);
        assert!(r.dots.len() <= 2000 && r.dots.len() > 1500, "{}", r.dots.len());
        let kept = |p| r.dots.iter().filter(|d| d.population == p && d.tick == 0).count();
        assert_eq!(kept(0), kept(1));
        assert_eq!(r.dots.len(), 5 * (kept(0) + kept(1)));
        let upper = r.dots.iter().filter(|d| d.neuron >= 500).count() as f64;
        assert!((upper / r.dots.len() as f64 - 0.5).abs() < 0.05);
    }

    #[test]
    fn what_is_kept_does_not_depend_on_the_order_of_spikes() {
        let trains: Vec<(u64, usize)> = (0..2000).map(|id| (id, 5)).collect();
        let backwards: Vec<_> = trains.iter().rev().copied().collect();
        assert_eq!(raster(777, &trains).dots(&[0, 1]), raster(777, &backwards).dots(&[0, 1]));
    }

    #[test]
    fn one_neuron_that_fires_too_often_is_cut_and_ends() {
        assert_eq!(raster(10, &[(0, 50)]).dots(&[0]).shown, 10);
    }
}
