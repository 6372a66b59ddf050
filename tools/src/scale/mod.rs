//! How fast a network would run on how many ranks: a model, not a measurement.
//!
//! What a rank computes follows from what its part of the network costs, what it waits for from a latency and a bandwidth. The parts come
//! from [`connectome::partition`]: for one clock the even one, for two clocks the one that keeps regions in groups of ranks.

mod model;
pub mod plot;

pub use model::{Clocks, Costs, Machine, Model, Prediction};
