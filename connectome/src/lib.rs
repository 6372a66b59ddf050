//! What is connected to what.
//!
//! Two levels of wiring live here, both as plain data that any half of the workspace may read:
//!
//! * a [`Connectome`]: brain regions and the weighted, directed tracts between them, as [atlases](atlas) and
//!   [files](io) give them, with the [operations](Connectome#implementations) and [graph measures](graph) people expect;
//! * a [`network::Network`]: populations of neurons and the projections between them, as an engine
//!   builds and runs them.
//!
//! Why one crate: every source has its own idea of direction, units, labels and files. Here they all become one value with
//! one convention (row = target, mm, unique labels, provenance and citation), checked once, so that nobody else has to ask.
//!
//! This crate never simulates anything and never learns what a neuron model computes. It reads no configuration, and it
//! never guesses silently: what was estimated, mirrored or left out stands in [`Provenance::notes`].
//!
//! ```
//! use connectome::{atlas, graph, Normalisation};
//!
//! let macaque = atlas::load("macaque-29")?;
//! assert_eq!(macaque.n_tracts(), 536);
//! // Row = target: what V1 gets from V2.
//! let (v1, v2) = (macaque.region("V1")?, macaque.region("V2")?);
//! assert_eq!(macaque.weights.at(v1, v2), 0.7322);
//!
//! let strong = macaque.strongest(0.5)?.normalised(Normalisation::ByTarget);
//! let delays = strong.delays(3.5)?;
//! assert!((delays.at(v1, v2) - 19.8 / 3.5).abs() < 1e-12);
//! assert!(graph::communities(&strong.weights, 1.0).count > 1);
//! # Ok::<(), connectome::Error>(())
//! ```

pub mod atlas;
mod brain;
mod check;
mod error;
pub mod graph;
pub mod io;
pub mod network;
mod ops;
pub mod partition;

pub use brain::{Connectome, Hemisphere, Matrix, Provenance, Region};
pub use check::MAX_REGIONS;
pub use error::{Error, Place};
pub use ops::Normalisation;
