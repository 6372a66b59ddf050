//! Output files: spikes, rates of populations and regions, recorded state variables.
//!
//! Every writer streams: what it holds in memory is at most one chunk per dataset, whatever the length of the run.
//! A file is written as `NAME.partial` and takes its name when it is complete, so that a file with its final name
//! is always whole; a run that dies leaves the partial file behind. A run that is cut by checkpoints writes [`Pieces`],
//! which are whole files too, and puts them together when it ends.
//!
//! The engine calls the writers, reports and comparisons call the readers; neither knows what a region is beyond
//! its label.

mod error;
mod input;
mod output;
mod pieces;
mod regions;
mod spikes;
mod states;

pub use error::Error;
pub use output::Closed;
pub use pieces::{Pieces, Recording};
pub use regions::{RateLayout, RegionReader, RegionWriter};
pub use spikes::{SpikeReader, SpikeWriter};
pub use states::{StateReader, StateWriter, Variable, states_path};

/// Windows of about a million values over `rows` rows of `columns` values: (first, count).
fn windows(rows: u64, columns: usize) -> impl Iterator<Item = (u64, u64)> {
    let count = ((1 << 20) / columns.max(1) as u64).max(1);
    (0..rows).step_by(count as usize).map(move |first| (first, count.min(rows - first)))
}

/// What a recording must know about a population: who it is and which nodes it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopulationRow {
    /// Unique name, such as `V1/23E`.
    pub name: String,
    /// Label of the region it belongs to, if it belongs to one.
    pub region: Option<String>,
    /// Name of its neuron model.
    pub model: String,
    /// First node id; ids run through the populations in order.
    pub first: u64,
    /// Number of neurons.
    pub size: u64,
}
