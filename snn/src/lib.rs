//! Deep learning with spiking networks: BrainCog's models trained by surrogate gradients, on the processor or on one
//! [device].
//!
//! A network is made of [layers](layer); each computes all time steps of a batch forwards and, for training, backwards
//! (`docs/adr/0006-snn-host.md` says why there is neither a framework nor a tape). Neurons are
//! [nodes](node) with one definition each; nearly all the work is [correlation](correlate), dense or over events,
//! whichever is faster for the spikes at hand. Results do not depend on threads or processor.
//!
//! What it deliberately does not do: gradients of arbitrary programs.
//!
//! ```
//! use snn::{data, training::{Next, Training, TrainingOptions}, zoo::ModelOptions};
//!
//! let digits = data::load("digits", ".".as_ref())?;
//! let model = ModelOptions { image: digits.train.image, steps: 4, width: 0.25, ..ModelOptions::default() };
//! let mut training = Training::new(model, TrainingOptions { epochs: 3, batch_size: 32, ..TrainingOptions::default() })?;
//! while training.progress.epoch < 3 {
//!     training.epoch(&digits, |_| Next::Continue)?;
//! }
//! let (sums, _) = training.evaluate(&digits)?;
//! assert!(sums.accuracy() > 0.5);
//! # Ok::<(), snn::Error>(())
//! ```

pub mod activity;
mod bytes;
pub mod checkpoint;
mod chunk;
pub mod convert;
pub mod correlate;
pub mod data;
pub mod device;
pub mod encoder;
mod error;
pub mod events;
pub mod export;
pub mod layer;
pub mod local;
pub mod loss;
pub mod network;
pub mod nir;
pub mod node;
pub mod optimizer;
pub mod random;
pub mod runtime;
pub mod surrogate;
pub mod tensor;
pub mod tensorboard;
pub mod training;
pub mod weights;
pub mod zoo;

pub use error::Error;
