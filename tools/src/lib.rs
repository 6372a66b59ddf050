//! What stands behind `braincog-sim`: the analysis of a run and the page that shows it.
//!
//! * [`analysis`]: rates, irregularity, spectra, correlations. Pure functions and streaming
//!   accumulators, no files.
//! * [`report`]: one self-contained HTML page per run.
//! * [`sweep`]: tables, page and batch scripts of many runs.
//!
//! Nothing here simulates: a run folder goes in, figures come out.

pub mod analysis;
pub mod cli;
pub mod report;
pub mod sweep;
