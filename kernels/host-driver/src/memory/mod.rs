//! Memory that knows what it holds: bounds, alignment, what was never written, who touched what.

mod checked;
mod global;
mod stamp;

pub(crate) use checked::Checked;
pub(crate) use global::Global;
pub(crate) use stamp::Visitor;

use stamp::Conflict;

/// Why an access is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// No allocation holds the address.
    #[error("address {address:#x} lies in no allocation")]
    NoAllocation {
        /// The address.
        address: u64,
    },
    /// The allocation was freed.
    #[error("address {address:#x} lies in memory that was freed")]
    Freed {
        /// The address.
        address: u64,
    },
    /// The access begins inside and ends outside, or lies close behind the end.
    #[error("access to {size} bytes at byte {offset} of {length} is out of bounds")]
    OutOfBounds {
        /// First byte, from the start of the allocation or of shared memory.
        offset: u64,
        /// Bytes of the access.
        size: u64,
        /// Bytes that there are.
        length: u64,
    },
    /// The address is no multiple of the access's size.
    #[error("access to {size} bytes at {address:#x} is misaligned")]
    Misaligned {
        /// The address.
        address: u64,
        /// Bytes of the access.
        size: u64,
    },
    /// Nobody wrote there yet.
    #[error("read of memory that was never written, at byte {offset}")]
    Uninitialised {
        /// First such byte, from the start of the allocation or of shared memory.
        offset: u64,
    },
    /// Two accesses that nothing orders, one of them a write.
    #[error("race: {this} at byte {offset}, which {} of {} {} without a barrier between",
        format_args!("thread {other_thread}"), if *other_block { "another block" } else { "the same block" },
        if *other_wrote { "writes" } else { "reads" })]
    Race {
        /// `read`, `write` or `atomic change`.
        this: &'static str,
        /// The byte, from the start of the allocation or of shared memory.
        offset: u64,
        /// Index in its block of a thread that also touches it.
        other_thread: u16,
        /// That thread writes (and not only reads).
        other_wrote: bool,
        /// That thread belongs to another block.
        other_block: bool,
    },
    /// Memory is read by `ld.global.nc` and written in the same launch.
    #[error("{this} at byte {offset} of memory that the same launch both writes and reads through the read-only cache")]
    ReadOnlyWritten {
        /// `read`, `write` or `atomic change`.
        this: &'static str,
        /// The byte, from the start of the allocation.
        offset: u64,
    },
}

impl Violation {
    fn from_conflict(conflict: Conflict, this: &'static str, offset: usize) -> Self {
        let offset = offset as u64;
        match conflict {
            Conflict::Race { other_thread, other_wrote, other_block } => {
                Violation::Race { this, offset, other_thread, other_wrote, other_block }
            }
            Conflict::ReadOnlyWritten => Violation::ReadOnlyWritten { this, offset },
        }
    }
}
