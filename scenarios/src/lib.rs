//! Reads TOML into a [`Scenario`] and resolves it into a [`Plan`], with errors that point at the line.
//!
//! A [`Scenario`] is what was typed: text with units, names, patterns, a variant, overrides. A [`Plan`] is
//! what will run: a checked [`connectome::network::Network`] in bare internal units, and what to record.
//! Only a plan reaches the engine. A [`Sweep`] is one scenario run at many points. This crate never simulates; it is the only one that parses configuration.
//!
//! ```
//! let text = r#"
//! name = "pair"
//! [simulation]
//! duration = "100 ms"
//! [populations.A]
//! model = "iaf_psc_exp"
//! size = 10
//! params = { I_e = "0.5 nA" }
//! [[projections]]
//! source = "A"
//! target = "A"
//! rule = "fixed_indegree"
//! indegree = 3
//! weight = "20 pA"
//! delay = "1.5 ms"
//! "#;
//! let mut scenario = scenarios::Scenario::parse(text, "pair.toml")?;
//! scenario.set("populations.A.size=20")?;
//! let plan = scenario.plan()?;
//! assert_eq!(plan.network.n_neurons(), 20);
//! assert_eq!(plan.simulation.steps, 1000);
//!
//! let error = scenario.set("simulation.dt=0.1").expect_err("a number without a unit");
//! assert_eq!(
//!     error.to_string(),
//!     r#"--set simulation.dt=0.1: simulation.dt: found "0.1", expected a time with a unit such as "0.1 ms""#
//! );
//! # Ok::<(), scenarios::Error>(())
//! ```

mod checksum;
mod document;
mod error;
mod key;
mod library;
mod names;
mod plan;
mod reference;
mod scenario;
pub mod schema;
mod shipped;
mod sweep;

pub use error::{Cause, Error, Place};
pub use key::KeyPath;
pub use library::Library;
pub use plan::{Difference, MAX_STEPS, Part, Plan, Recording, StateRecording, Timing, differences};
pub use reference::{reference, sweep_reference};
pub use scenario::Scenario;
pub use sweep::{Parameter, Point, Sweep};
