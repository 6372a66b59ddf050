//! Independent Poisson numbers of spikes, one per neuron and step.
//!
//! A number is drawn by inversion from 16 random bits: it is the number of thresholds that they reach. Of the
//! 2^16 values of the short word, number k owns the whole part of 2^16 p_k. The few that are left over, about
//! one in 10,000, decide nothing: there a word of 32 bits draws from what the whole parts left out of each p_k.
//! So every probability is exact to 2^-40 and better at the price of half a random word.
//!
//! Which bits a neuron gets follows from its index in the population and the step alone.

use std::ops::Range;

use crate::device;
use crate::random::{Stream, WIDE};
use crate::simd::{Level, dispatch};

/// Most that one draw is asked for; larger means are split.
const MOST: f64 = 16.0;
/// Numbers that a table tells apart. At a mean of [`MOST`] larger ones have probability 2^-63.
const NUMBERS: usize = 64;
/// Thresholds that are compared at a time.
const GROUP: usize = 4;
/// Neurons that share a plane of random words.
const SHARE: usize = 2 * WIDE;

/// Streams of the short words and of the words for what those leave undecided.
#[derive(Clone, Copy)]
pub(crate) struct Streams {
    pub(crate) short: Stream,
    pub(crate) rest: Stream,
}

/// The neurons that get spikes.
pub(crate) struct Driven {
    /// Index in the population of neuron 0 of the slice.
    pub(crate) first: u64,
    /// Neurons, as indices in the slice.
    pub(crate) neurons: Range<usize>,
    /// What a spike adds.
    pub(crate) weight: i32,
}

/// The distribution of a Poisson number, in units of a short word.
#[derive(Clone, Debug)]
pub(crate) struct PoissonTable {
    mean: f64,
    /// A mean above [`MOST`] is the sum of this many draws.
    parts: u64,
    /// Short words from `thresholds[k]` on stand for more than k. Filled up with `u16::MAX`.
    thresholds: [u16; NUMBERS],
    n_thresholds: usize,
    /// Short words from here on are undecided.
    undecided: u16,
    /// The same for what is left over, in units of a word.
    rest: [u32; NUMBERS],
}

impl PoissonTable {
    pub(crate) fn new(mean: f64) -> Self {
        let (thresholds, rest) = ([u16::MAX; NUMBERS], [u32::MAX; NUMBERS]);
        let mut table = PoissonTable { mean: -1.0, parts: 1, thresholds, n_thresholds: 0, undecided: u16::MAX, rest };
        table.set_mean(mean);
        table
    }

    /// The same for the device.
    pub(crate) fn on_device(&self) -> device::PoissonTable {
        let parts = u32::try_from(self.parts).unwrap_or(u32::MAX);
        device::PoissonTable { parts, undecided: u32::from(self.undecided), thresholds: self.thresholds, rest: self.rest }
    }

    /// Makes this the table of `mean`. Costs little, so a rate may change in every step.
    pub(crate) fn set_mean(&mut self, mean: f64) {
        if mean == self.mean {
            return;
        }
        self.mean = mean;
        self.parts = (mean / MOST).ceil().max(1.0) as u64;
        let each = mean.max(0.0) / self.parts as f64;
        let mut left = [0.0; NUMBERS];
        let mut below = 0;
        let mut probability = libm::exp(-each);
        self.thresholds = [u16::MAX; NUMBERS];
        self.n_thresholds = 0;
        for (k, left) in left.iter_mut().enumerate() {
            let share = probability * 65_536.0;
            // A mean too small for any short word still leaves one undecided.
            let whole = share.min(65_535.0) as u16;
            below += whole;
            *left = share - f64::from(whole);
            self.thresholds[k] = below;
            if whole > 0 {
                self.n_thresholds = k + 1;
            }
            probability *= each / (k + 1) as f64;
        }
        self.undecided = below;
        self.thresholds[self.n_thresholds..].fill(u16::MAX);
        let all: f64 = left.iter().sum();
        let mut reached = 0.0;
        for (threshold, left) in self.rest.iter_mut().zip(left) {
            reached += left;
            // The cast saturates.
            *threshold = (reached / all * 4_294_967_296.0).round() as u32;
        }
    }

    /// The number that a word stands for where the short word was undecided.
    fn undecided_number(&self, word: u32) -> usize {
        // The largest word belongs to the first number that reaches the end, not to the last of the table.
        self.rest.iter().position(|threshold| word < *threshold || *threshold == u32::MAX).unwrap_or(NUMBERS - 1)
    }
}

/// Adds independent Poisson numbers of spikes to `cells`, one per neuron of the slice.
pub(crate) fn add(level: Level, streams: Streams, table: &PoissonTable, step: u64, driven: &Driven, cells: &mut [i32]) {
    add_at(level, streams, table, step, driven, cells);
}

dispatch! {
    fn add_at(level: Level, streams: Streams, table: &PoissonTable, step: u64, driven: &Driven, cells: &mut [i32]) = add_body
}

#[inline(always)]
fn add_body(streams: Streams, table: &PoissonTable, step: u64, driven: &Driven, cells: &mut [i32]) {
    let last = driven.first + driven.neurons.end as u64;
    for plane in (driven.first + driven.neurons.start as u64) / SHARE as u64..last.div_ceil(SHARE as u64) {
        for part in 0..table.parts {
            let bits = short_words(streams.short.noise(step, plane + (part << 32)));
            let largest = bits.iter().fold(0, |a, b| a.max(*b));
            if largest < table.thresholds[0] {
                continue;
            }
            let mut numbers = count(&bits, largest, table);
            if largest >= table.undecided {
                let numbered = plane * SHARE as u64;
                for i in (0..SHARE).filter(|i| bits[*i] >= table.undecided) {
                    let word = streams.rest.block(numbered + i as u64, step + (part << 48))[0];
                    numbers[i] = table.undecided_number(word) as u16;
                }
            }
            scatter(&numbers, plane, driven, cells);
        }
    }
}

/// The words of a plane cut into short ones, in the order of a little-endian memory.
#[inline(always)]
fn short_words(pairs: [u64; WIDE / 2]) -> [u16; SHARE] {
    // SAFETY: both types have the same size, and every pattern of bits is a number.
    unsafe { std::mem::transmute(pairs.map(u64::to_le)) }
}

/// How many thresholds each short word reaches; `largest` is the largest of them.
#[inline(always)]
fn count(bits: &[u16; SHARE], largest: u16, table: &PoissonTable) -> [u16; SHARE] {
    let mut numbers = [0; SHARE];
    for group in table.thresholds.as_chunks::<GROUP>().0 {
        if largest < group[0] {
            break;
        }
        for i in 0..SHARE {
            numbers[i] += group.iter().map(|threshold| u16::from(bits[i] >= *threshold)).sum::<u16>();
        }
    }
    numbers
}

/// Adds the numbers of one plane to the cells of its neurons that are driven.
#[inline(always)]
fn scatter(numbers: &[u16; SHARE], plane: u64, driven: &Driven, cells: &mut [i32]) {
    let add = |cell: &mut i32, number: u16| *cell = cell.wrapping_add(i32::from(number).wrapping_mul(driven.weight));
    // Place of the plane's first neuron in the slice; a slice may begin inside a plane.
    let place = (plane * SHARE as u64) as i64 - driven.first as i64;
    let (from, to) = ((driven.neurons.start as i64).max(place), (driven.neurons.end as i64).min(place + SHARE as i64));
    let cells = &mut cells[from as usize..to as usize];
    if let Ok(cells) = <&mut [i32; SHARE]>::try_from(&mut *cells) {
        cells.iter_mut().zip(numbers).for_each(|(cell, number)| add(cell, *number));
    } else {
        cells.iter_mut().zip(&numbers[(from - place) as usize..]).for_each(|(cell, number)| add(cell, *number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probability of each number under the table, and under the Poisson law.
    fn probabilities(table: &PoissonTable) -> (Vec<f64>, Vec<f64>) {
        let each = table.mean / table.parts as f64;
        let undecided = (65_536.0 - f64::from(table.undecided)) / 65_536.0;
        let (mut below, mut rest_below, mut law) = (0, 0, libm::exp(-each));
        let mut both = (Vec::new(), Vec::new());
        for k in 0..NUMBERS {
            let decided = if k < table.n_thresholds { table.thresholds[k] - below } else { 0 };
            below += decided;
            let rest = f64::from(table.rest[k] - rest_below) / 4_294_967_296.0;
            rest_below = table.rest[k];
            both.0.push(f64::from(decided) / 65_536.0 + undecided * rest);
            both.1.push(law);
            law *= each / (k + 1) as f64;
        }
        both
    }

    #[test]
    fn every_probability_is_exact_to_a_trillionth() {
        for mean in [1e-15, 1e-9, 1e-4, 0.01, 0.5, 1.28, 2.3, 7.0, 16.0, 16.1, 500.0] {
            let (found, expected) = probabilities(&PoissonTable::new(mean));
            let worst = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-12, "mean {mean}: off by {worst:e}");
            let moment = |p: &[f64]| p.iter().enumerate().map(|(k, p)| k as f64 * p).sum::<f64>();
            assert!((moment(&found) - moment(&expected)).abs() < 1e-11, "mean {mean}");
        }
    }

    #[test]
    fn an_undecided_word_stands_for_what_the_short_words_leave_out() {
        let table = PoissonTable::new(1.28);
        assert!(table.undecided > u16::MAX - NUMBERS as u16 && table.n_thresholds < 16);
        assert_eq!(table.undecided_number(0), 0);
        let largest = table.undecided_number(u32::MAX);
        assert!((table.n_thresholds..40).contains(&largest), "{largest}");
        assert!((1..=1000).all(|i| table.undecided_number(i * 4_294_967 - 1) <= table.undecided_number(i * 4_294_967)));
    }
}
