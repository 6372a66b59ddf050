//! What stands behind `braincog-sim`: the analysis of a run and the page that shows it.
//!
//! * [`analysis`]: rates, irregularity, spectra, correlations. Pure functions and streaming
//!   accumulators, no files.
//! * [`report`]: one self-contained HTML page per run.
//! * [`scale`]: a model of what a network would take on many processes.
//! * [`sweep`]: tables, page and batch scripts of many runs.
//!
//! Nothing here simulates: a run folder goes in, figures come out.

pub mod analysis;
pub mod cli;
mod frame;
mod live;
pub mod report;
pub mod scale;
pub mod sweep;
