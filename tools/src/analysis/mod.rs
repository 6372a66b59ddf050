//! Figures of spike trains and rates, each tested against a known answer.
//!
//! Times are in ms and rates in 1/s throughout. What needs every spike of a run is a streaming
//! accumulator ([`SpikeStatistics`], [`RateBins`]), so that a run need not be held in memory; what
//! needs a rate or a matrix is a function of slices.

mod correlation;
mod histogram;
mod rates;
mod spans;
mod spectrum;
mod statistics;

pub use correlation::{correlation_matrix, pearson, ranks, spearman, symmetrised, upper_triangle};
pub use histogram::LogHistogram;
pub use rates::{RateBins, fano_factor, mean, rebinned, variance};
pub use spans::{Span, SpanIndex};
pub use spectrum::{Spectrum, power_spectrum};
pub use statistics::{PopulationStatistics, SpikeStatistics};
