//! What goes wrong in a kernel, and where.

use crate::memory::Violation;

/// A launch that had to be stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kernel}, block {block:?}, thread {thread}: {cause}, at PTX line {line}: {text}")]
pub struct Fault {
    /// The kernel.
    pub kernel: String,
    /// The block in the grid.
    pub block: [u32; 3],
    /// Index of the thread in its block.
    pub thread: u32,
    /// Line of the PTX text, from 1.
    pub line: u32,
    /// What stands there.
    pub text: String,
    /// What is wrong.
    pub cause: Cause,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// A forbidden access to memory.
    #[error(transparent)]
    Memory(#[from] Violation),
    /// A parameter is read where there is none.
    #[error("read of parameter byte {offset}, there are {length}")]
    NoParameter {
        /// First byte.
        offset: u64,
        /// Bytes of all parameters.
        length: u64,
    },
    /// Lanes of a warp wait at different barriers, or some have ended.
    #[error("barrier in a divergent branch: lanes {missing:#010x} of the warp are not here")]
    DivergentBarrier {
        /// Mask of lanes that are not at this barrier.
        missing: u32,
    },
    /// A lane names in its mask others that wait elsewhere or for another mask.
    #[error("deadlock: waits for lanes {missing:#010x}, which cannot come")]
    Deadlock {
        /// Mask of lanes that it waits for.
        missing: u32,
    },
    /// A lane does a collective operation with a mask that leaves it out.
    #[error("mask {mask:#010x} leaves out lane {lane}, which uses it")]
    NotInMask {
        /// The mask.
        mask: u32,
        /// The lane.
        lane: u32,
    },
    /// A shuffle reads from a lane that is not in its mask.
    #[error("shuffle reads from lane {lane}, which is not in mask {mask:#010x}")]
    ShuffleOutOfMask {
        /// The lane that is read from.
        lane: u32,
        /// The mask.
        mask: u32,
    },
    /// A warp ran so long that it will hardly end.
    #[error("no end after {instructions} instructions of a warp")]
    Runaway {
        /// Instructions that it ran.
        instructions: u64,
    },
}
