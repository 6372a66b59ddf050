//! What can go wrong with a file of a checkpoint.

use std::io;
use std::path::PathBuf;

use crate::record;

/// A file of a checkpoint that cannot be written, read or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk is full, or the file cannot be written.
    #[error(transparent)]
    Write(#[from] record::Error),
    /// A device does not give what it holds.
    #[error(transparent)]
    Device(#[from] kernels::cuda::Error),
    /// The file cannot be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is not as it was written.
    #[error("{}: damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found and what was expected.
        reason: String,
    },
    /// The file is of another version of the program.
    #[error("{}: found format {found}, expected format {expected}: it is of another version of this program", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The format of this program.
        expected: u32,
    },
    /// The file is of a simulation that would give other spikes.
    #[error("{}: it is of another network, time step, seed or neuron model", path.display())]
    OtherNetwork {
        /// The file.
        path: PathBuf,
    },
}
