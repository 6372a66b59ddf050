//! Time: builds a described network, steps it on threads, hands out what happened.
//!
//! The engine knows populations and projections by their index, never a region's name. It keeps the
//! contract of the project: **the spikes do not depend on the number of threads**. Randomness is
//! counter-based, input sums are integers, and what leaves the engine is sorted.
//!
//! Order inside a step (NEST's): *deliver* what is due, take stimuli, *update* every slice, collect who
//! fired. Every `min_delay` steps the threads *communicate*: each publishes its spikes and reads all
//! others'. Between two such epochs no thread needs to know what another does. Several processes ([`comm`]) share a
//! network region by region and exchange spikes less often, every shortest delay between them.
//!
//! ```
//! use connectome::network::{Network, Population, Projection, Rule, Signal, Stimulus, StimulusKind, Value};
//! use engine::{Settings, Simulation};
//! use std::ops::ControlFlow;
//!
//! let mut network = Network::default();
//! network.populations.push(Population {
//!     name: "E".into(), size: 100, model: "iaf_psc_exp".into(), ..Default::default()
//! });
//! network.projections.push(Projection::new(
//!     0, 0, Rule::FixedIndegree { indegree: 10 }, Value::constant(20.0), Value::constant(1.5)));
//! network.stimuli.push(Stimulus {
//!     target: 0, range: None, start: 0.0, stop: f64::INFINITY, delay: 1.0,
//!     kind: StimulusKind::PoissonGenerator { rate: Signal::constant(8000.0), weight: 100.0 },
//! });
//! let settings = Settings { dt: 0.1, seed: 1, threads: 2, device: None };
//! let mut simulation = Simulation::build(&network, &settings, &[], &|_| {})?;
//! let mut spikes = 0;
//! simulation.run(1000, &mut |block: &engine::Block| {
//!     spikes += block.spikes.len();
//!     ControlFlow::Continue(())
//! })?;
//! assert!(spikes > 0);
//! # Ok::<(), engine::Error>(())
//! ```

mod account;
mod barrier;
mod build;
pub mod checkpoint;
mod checksum;
pub mod comm;
mod courier;
mod device;
mod error;
mod estimate;
mod procedural;
pub mod process;
pub mod record;
mod recorder;
mod shard;
mod simulation;
mod storage;
mod world;

pub use account::Account;
pub use checksum::Checksum;
pub use error::Error;
pub(crate) use error::agreed;
pub use estimate::{Estimate, estimate};
pub use kernels::cuda::{Device, Error as DeviceError};
pub use simulation::{Block, Observer, Phases, Probe, Sample, Settings, Simulation, Spike};
pub use storage::Class;
