//! Output files: spikes, rates of populations and regions, recorded state variables.
//!
//! Every writer streams: what it holds in memory is at most one chunk per dataset, whatever the length of the run.
//! A file is written as `NAME.partial` and takes its name when it is complete, so that a file with its final name
//! is always whole; a run that dies leaves the partial file behind.
//!
//! The engine calls the writers, reports and comparisons call the readers; neither knows what a region is beyond
//! its label.

mod error;
mod input;
mod output;
mod regions;
mod spikes;
mod states;

pub use error::Error;
pub use regions::{RateLayout, RegionReader, RegionWriter};
pub use spikes::{SpikeReader, SpikeWriter};
pub use states::{StateReader, StateWriter, Variable, states_path};

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
