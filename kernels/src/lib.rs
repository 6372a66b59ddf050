//! Loops over columns: everything whose cost grows with neurons, synapses or events.
//!
//! * [`random`], [`counts`], [`quantile`], [`permutation`]: counter-based draws. Every draw is a
//!   function of (seed, purpose, object, index, number), so who makes it never matters.
//! * [`wiring`]: connection rules as functions from a source neuron to its row of synapses.
//! * [`segments`], [`rows`]: a row cut into segments of equal delay.
//! * [`store`], [`slabs`]: rows in memory.
//! * [`delivery`]: the calendar of segments that are due, and the loop that adds them up.
//! * [`cells`]: the update loop, one monomorphised copy per neuron model and instruction set;
//!   [`compact`]: the same for state that is kept in 16 bits.
//! * [`stimuli`]: Poisson input and current generators.
//! * [`slices`]: short slices of processor time.
//! * [`simd`]: which instructions those loops use.
//!
//! Sums of synaptic input are integers (fixed point), so they commute: the result does not depend on
//! the number of threads or the order of delivery. This crate knows neither time nor threads beyond
//! one step of one target block; that is the engine's.
#![allow(unsafe_code)] // one of the two places where the workspace allows it; each block says why

pub mod cells;
pub mod compact;
pub mod counts;
pub mod cuda;
pub mod delivery;
pub mod device;
pub mod layout;
pub mod lines;
mod order;
pub mod permutation;
pub mod quantile;
pub mod random;
pub mod rows;
pub mod scale;
pub mod segments;
pub mod simd;
pub mod slabs;
pub mod slices;
pub mod stimuli;
pub mod store;
pub mod wiring;
