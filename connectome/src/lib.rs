//! What is connected to what.
//!
//! Two levels of wiring live here, both as plain data that any half of the workspace may read:
//!
//! * a [`Connectome`]: brain regions and the weighted, directed tracts between them, as atlases and
//!   imaging files give them;
//! * a [`network::Network`]: populations of neurons and the projections between them, as an engine
//!   builds and runs them.
//!
//! This crate never simulates anything and never learns what a neuron model computes.

mod brain;
pub mod network;

pub use brain::{Connectome, Hemisphere, Matrix, Provenance, Region};
