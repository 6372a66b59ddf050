//! Running on an NVIDIA device, through the driver that the machine has.
//!
//! The driver is looked for when a device is opened, never before: a program with this module starts and runs
//! where there is none. Kernels are the PTX that is shipped in `kernels/cuda/ptx`; what they are given is in
//! [`device`](crate::device), and how they go together in `kernels/cuda/README.md`.
//!
//! [`Resident`] is a network on a device: it takes over neurons, rows and stimuli as the host has made them, starts steps
//! without waiting for any, and hands back spikes and samples when asked. What it keeps from step to step can be
//! copied and put back, and spikes from elsewhere be given to it. [`tensors`] are the values of deep networks.

mod device;
mod error;
mod memory;
mod neurons;
mod pinned;
mod resident;
mod restart;
mod samples;
mod specialised;
mod spikes;
mod synapses;
pub mod tensors;

pub use device::Device;
pub use error::Error;
pub use neurons::{SliceOnHost, Tap};
pub use resident::{Parts, Resident};
pub use restart::State;
pub use samples::Value;
pub use spikes::{Fired, Room};

use crate::device::THREADS;
use cudarc::driver::LaunchConfig;

/// So many blocks of threads.
fn blocks(n: u32) -> LaunchConfig {
    LaunchConfig { grid_dim: (n.max(1), 1, 1), block_dim: (THREADS, 1, 1), shared_mem_bytes: 0 }
}

/// A thread for each of `n`.
fn over(n: u32) -> LaunchConfig {
    blocks(n.div_ceil(THREADS))
}
