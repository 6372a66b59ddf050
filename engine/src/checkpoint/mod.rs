//! Checkpoints: all that a simulation is at one step, in files from which it goes on bit by bit.
//!
//! What is saved does not depend on how the network lies in memory: state by ranges of neurons of a population,
//! noise by ranges of neurons of a stimulus, and the spikes that are still under way by their ids. So a run goes on
//! with any number of threads and ranks, stored or procedural. What follows from the description (synapses, random numbers,
//! all stimuli but noise with a memory) is not saved; what a step reads besides is. **What is not restored does not exist.**
//!
//! A [`PartWriter`] is the file of one process: magic, format and [`fingerprint`], then whatever is put into it, as
//! one zstd stream. The caller keeps the [`FileSum`] of each file beside them and compares it before it reads.

mod error;
mod fingerprint;
mod part;
mod recent;
mod restore;
mod save;

pub use error::Error;
pub use fingerprint::fingerprint;
pub use part::{FileSum, PartReader, PartWriter};
pub(crate) use recent::Recent;

/// Version of what is in a part. Counts up whenever older files would be read wrongly, or would go on to other spikes:
/// other columns, another order, other random numbers. The models' arithmetic is in the fingerprint.
pub const FORMAT: u32 = 1;

/// What a section of a part holds.
const END: u32 = 0;
const CELLS: u32 = 1;
const DRIVE: u32 = 2;
