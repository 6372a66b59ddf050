//! Neurons on the device.

use models::kit::real;

use super::{Address, Key, Share};

/// Threads in a block of every kernel.
pub const THREADS: u32 = 256;

/// The neurons of a slice, for the update kernel of their model.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// State in tiles.
    pub tiles: Address,
    /// The unit of each state variable where the state is kept in 16 bits; else 0.
    pub compact: Address,
    /// Neurons.
    pub n: u32,
    /// Index of the first in its population.
    pub first: u32,
    /// Its global id.
    pub id: u32,
    /// Its place among the sums.
    pub place: u32,
    /// First of its [`Drive`](super::Drive)s.
    pub drives: u32,
    /// The one after the last.
    pub drives_end: u32,
    /// Index of the population.
    pub population: u32,
    /// Neurons of the population.
    pub size: u32,
    /// Substeps of a step.
    pub substeps: u32,
    /// Noise of the population.
    pub noise: Key,
    /// Weight units per integer unit, per receptor.
    pub units: [real; 2],
}

/// A slice in the words of the device, which differ in length from model to model: its propagators follow, in the order of
/// their fields, up to a multiple of 16 bytes.
pub fn slice_words(slice: &Slice, propagators: &[real]) -> Vec<u32> {
    let Key(noise) = slice.noise;
    let halves = |address: Address| [address as u32, (address >> 32) as u32];
    let mut words = [halves(slice.tiles), halves(slice.compact)].concat();
    words.extend([slice.n, slice.first, slice.id, slice.place]);
    words.extend([slice.drives, slice.drives_end, slice.population, slice.size, slice.substeps, noise[0], noise[1]]);
    words.extend([slice.units[0].to_bits(), slice.units[1].to_bits(), 0, 0, 0]);
    words.extend(propagators.iter().map(|p| p.to_bits()));
    words.resize(words.len().next_multiple_of(4), 0);
    words
}

/// Blocks of threads that update the `n` neurons of a slice.
pub fn shares(slice: u32, n: u32) -> impl Iterator<Item = Share> {
    (0..n).step_by(THREADS as usize).map(move |from| Share { slice, from })
}
