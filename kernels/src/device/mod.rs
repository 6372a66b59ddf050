//! What device kernels are given: the structs of `kernels/cuda`, field by field.
//!
//! Each has the name, the fields and the layout that it has there (`#[repr(C)]`, the rules of both languages are the
//! same). Addresses of the device are plain 64-bit numbers here: nothing in this module follows one, nor knows a driver.
//! See `kernels/cuda/README.md` for how they go together.

mod image;
mod recipes;
mod slices;

pub use image::{Image, TooLarge};
pub use recipes::{NotOnDevice, Recipes, refusals};
pub use slices::{Slice, THREADS, shares, slice_words};

use crate::random::Stream;
use crate::segments;
use models::kit::real;

/// An address on the device.
pub type Address = u64;

/// The key of a stream of random numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Key(pub [u32; 2]);

impl From<&Stream> for Key {
    fn from(stream: &Stream) -> Self {
        Key(stream.philox_key())
    }
}

/// Sums of synaptic input: `cells[slot][receptor][place]`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Sums {
    /// Where they are.
    pub cells: Address,
    /// Places of a receptor.
    pub n_places: u32,
    /// Receptors of a slot.
    pub n_receptors: u32,
    /// Slots, a power of two, minus 1.
    pub slot_mask: u32,
    /// Nothing.
    pub unused: u32,
}

/// Spikes that are under way.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Ring {
    /// Global ids.
    pub ids: Address,
    /// What is left of the row of each: a [`Cursor`].
    pub cursors: Address,
    /// Spikes before the end of each step.
    pub ends: Address,
    /// A [`Tally`].
    pub tally: Address,
    /// Room for spikes, a power of two, minus 1.
    pub mask: u32,
    /// Room for steps, a power of two, minus 1.
    pub ends_mask: u32,
}

/// Counters of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Tally {
    /// Synaptic events.
    pub events: u64,
    /// Spikes; it wraps.
    pub n: u32,
    /// Number of the first spike for which there is no room.
    pub limit: u32,
    /// Spikes that the host has copied.
    pub pulled: u32,
    /// Spikes for which there was no room.
    pub lost: u32,
}

/// Stored rows on the device; see [`Image`].
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Store {
    /// A [`Row`] for each source.
    pub rows: Address,
    /// Heads of segments.
    pub heads: Address,
    /// Synapses.
    pub words: Address,
    /// What [`Kind`]s there are.
    pub kinds: Address,
}

/// Where a stored row lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Row {
    /// Its first head.
    pub head: u32,
    /// The head after its last one.
    pub end: u32,
    /// Its first quad of words.
    pub quad: u32,
    /// Delay of its first segment in steps, 0 if there is none.
    pub delay: u32,
}

/// What is left of the row of a spike under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Cursor {
    /// Head of the next segment.
    pub head: u32,
    /// The head after its last one.
    pub end: u32,
    /// First quad of words of the next segment.
    pub quad: u32,
    /// Low word of the step at which the next segment is due; in the past if there is none.
    pub due: u32,
}

/// What the synapses of a segment have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Kind {
    /// 0 constant, 1 compact, 2 wide.
    pub encoding: u32,
    /// Which sums.
    pub receptor: u32,
    /// Compact weights are shifted up by this.
    pub shift: u32,
    /// The weight, where it is the same for all.
    pub weight: i32,
}

impl From<&segments::Kind> for Kind {
    fn from(kind: &segments::Kind) -> Self {
        let (receptor, shift) = (u32::from(kind.receptor), u32::from(kind.shift));
        Kind { encoding: kind.encoding as u32, receptor, shift, weight: kind.weight }
    }
}

/// Procedural projections; see [`Recipes`].
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Made {
    /// Shortest delays in steps, one for each class.
    pub leads: Address,
    /// A [`Way`] for each procedural projection.
    pub ways: Address,
    /// First and end of a population's ways, `[class][population]`.
    pub spans: Address,
    /// Global id of each population's first neuron.
    pub first_ids: Address,
    /// [`Place`]s of the targets of all ways.
    pub places: Address,
    /// Synapses of earlier sources, where a rule deals them out, in 32 bits.
    pub before: Address,
    /// Sources before which these begin anew.
    pub turns: Address,
    /// Positions of neurons in mm, three numbers each.
    pub positions: Address,
    /// Quantiles of the standard normal distribution.
    pub quantiles: Address,
    /// Classes: projections with the same shortest delay.
    pub n_classes: u32,
    /// Populations.
    pub n_populations: u32,
}

/// The neurons of a population from one on have their places one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Place {
    /// The first of them.
    pub first: u32,
    /// Its place among the sums; `u32::MAX` if another process holds them.
    pub place: u32,
}

/// How a permutation walks: see `permutation.rs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
#[allow(missing_docs)] // fields of `Permutation`
pub struct Grid {
    pub groups: u32,
    pub per: u32,
    pub row: u32,
    /// 0 if there is none.
    pub reciprocal: u32,
    pub width: u32,
    pub height: u32,
    pub rounds: u32,
}

/// How a value is drawn from a word: see `quantile.rs`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Draw {
    /// 0 fixed, 1 uniform, 2 normal, 3 lognormal, 4 by distance.
    pub kind: u32,
    /// The value, the least one, the mean, or the value at distance 0.
    pub a: real,
    /// Width, standard deviation, or what a mm adds.
    pub b: real,
    /// What multiplies an exponential.
    pub scale: real,
    /// Lower bound.
    pub least: real,
    /// Upper bound.
    pub most: real,
    /// First probability that is drawn from, in units of 2^-32.
    pub first: u32,
    /// Nothing.
    pub unused: u32,
    /// How much of the unit interval is drawn from.
    pub span: u64,
}

/// One procedural projection.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
pub struct Way {
    /// Of negative and of positive weights.
    pub kinds: [Kind; 2],
    /// Stored units per weight unit, likewise.
    pub units: [real; 2],
    /// 0 one to one, 1 all to all, 2 slots, 3 distinct targets, 4 independent ones.
    pub rule: u32,
    /// Synapses of a source, where all have as many.
    pub count: u32,
    /// Where the synapses before each source are listed; `u64::MAX` where all have as many.
    pub before: u64,
    /// First of the sources before which these begin anew.
    pub turns: u32,
    /// How many these are.
    pub n_turns: u32,
    /// Targets to choose from.
    pub choices: u32,
    /// 1 if a neuron may not meet itself.
    pub skip_self: u32,
    /// First of the [`Place`]s of the targets.
    pub places: u32,
    /// How many these are.
    pub n_places: u32,
    /// Position of the first source, where anything depends on the distance.
    pub from: u32,
    /// Position of the first target, likewise.
    pub to: u32,
    /// Random numbers for targets.
    pub targets: Key,
    /// For weights.
    pub weights: Key,
    /// For delays.
    pub delays: Key,
    /// For which candidates are synapses.
    pub thinning: Key,
    /// How the distance decides that: 0 not at all, 1 exponential, 2 Gaussian, 3 linear, 4 cut off.
    pub decay: u32,
    /// What a distance in mm is multiplied by, or compared with where it is cut off.
    pub reach: real,
    /// The permutation of slots, or of a source's targets.
    pub grid: Grid,
    /// Keys of the permutation of slots.
    pub keys: [u32; 12],
    /// Weights.
    pub weight: Draw,
    /// Delays in steps.
    pub delay: Draw,
}

/// Sums of `V_m` of the populations whose models take its mean: `sums[step % 2][population]`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Means {
    /// Where they are; 0 if no model takes a mean.
    pub sums: Address,
    /// Populations.
    pub n_populations: u32,
    /// Nothing.
    pub unused: u32,
}

/// Neurons of a slice that a block of threads updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Share {
    /// Which slice.
    pub slice: u32,
    /// First of its neurons.
    pub from: u32,
}

/// What drives neurons from outside.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Drives {
    /// All [`Drive`]s.
    pub list: Address,
    /// The [`Moment`] of each stimulus in this step.
    pub moments: Address,
    /// [`PoissonTable`]s that moments name.
    pub tables: Address,
    /// Quantiles of the standard normal distribution.
    pub quantiles: Address,
}

/// The part of a stimulus that drives one slice.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Drive {
    /// 0 Poisson, 1 spikes, 2 uniform current, 3 noise, 4 Ornstein-Uhlenbeck.
    pub kind: u32,
    /// Index of the stimulus.
    pub stimulus: u32,
    /// First neuron of the slice that it drives.
    pub from: u32,
    /// The one after the last.
    pub to: u32,
    /// Its random numbers.
    pub stream: Key,
    /// Those for Poisson numbers that are left undecided.
    pub rest: Key,
    /// Which sums its spikes go to.
    pub receptor: u32,
    /// What a spike adds.
    pub weight: i32,
    /// Mean of a current.
    pub mean: real,
    /// Its standard deviation.
    pub std: real,
    /// What is left of an Ornstein-Uhlenbeck process after a step.
    pub decay: real,
    /// What noise adds to it.
    pub kick: real,
    /// Its state, one for each neuron of the slice.
    pub state: Address,
}

/// What a stimulus does in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Moment {
    /// Names the random numbers.
    pub number: u64,
    /// 0 if it does nothing; otherwise what the kind says.
    pub word: u32,
    /// A current that is the same for all.
    pub value: real,
}

/// Distribution of a Poisson number: see `stimuli/poisson.rs`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct PoissonTable {
    /// Draws of which it is the sum.
    pub parts: u32,
    /// Short words from here on are undecided.
    pub undecided: u32,
    /// Short words from `thresholds[k]` on stand for more than k.
    pub thresholds: [u16; 64],
    /// The same for what is left over.
    pub rest: [u32; 64],
}
