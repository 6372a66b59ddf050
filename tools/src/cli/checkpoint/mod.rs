//! Checkpoints of a run: how they lie in its folder, how they are made, how a run goes on from one.
//!
//! ```text
//! RUN/checkpoints/000000001000/     called by the step
//!     manifest.json                 names, lengths and checksums of all that follows; written last
//!     plan.toml                     the scenario, resolved
//!     neurons-0.zst, ...            what each rank holds (see engine::checkpoint)
//!     counted.zst                   what statistics and rates have counted, and what the run has cost
//!     spikes.h5, regions.h5, ...    what was recorded since the checkpoint before
//! ```
//!
//! A checkpoint is written as `STEP.partial` and renamed when all of it is on the disk, so a folder called by a step is whole.
//! The last two are kept; of older ones what was recorded stays, since the later ones stand on it. When the run has ended
//! its recordings are put together and all checkpoints go.

mod fault;
mod keeper;
mod manifest;
mod resume;
mod spent;

pub use fault::Fault;
pub(crate) use keeper::Keeper;
pub(crate) use resume::run_folder;
pub(crate) use spent::Spent;

/// Names in the folder of a checkpoint.
mod names {
    pub(super) const MANIFEST: &str = "manifest.json";
    pub(super) const COUNTED: &str = "counted.zst";

    /// The file of a rank.
    pub(super) fn neurons(rank: usize) -> String {
        format!("neurons-{rank}.zst")
    }
}
