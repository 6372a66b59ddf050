//! One block: its warps take turns until all have ended or meet at a barrier.

use super::warp::Warp;
use super::{Launch, Machine};
use crate::fault::{Cause, Fault};
use crate::memory::{Checked, Visitor};

/// What the warps of a block share while they run.
pub(super) struct Block<'a> {
    pub(super) machine: &'a mut Machine,
    pub(super) launch: &'a Launch,
    pub(super) index: [u32; 3],
    pub(super) shared: Checked,
    /// First intervals of the launch and of the block, and the present one.
    pub(super) intervals: [u32; 3],
}

impl Block<'_> {
    /// A thread of this block, as memory knows it.
    pub(super) fn visitor(&self, thread: u32, syncs: u16) -> Visitor {
        let [launch, block, interval] = self.intervals;
        Visitor { launch, block, interval, syncs, thread: thread as u16 }
    }

    pub(super) fn fault(&self, place: u32, thread: u32, cause: impl Into<Cause>) -> Fault {
        self.launch.fault(place, self.index, thread, cause.into())
    }
}

/// Runs block `index` of a launch whose first interval is `first`.
pub(super) fn run(machine: &mut Machine, launch: &Launch, index: [u32; 3], first: u32) -> Result<(), Fault> {
    let shared = Checked::new(launch.kernel.shared + launch.dynamic_shared);
    let interval = machine.next_interval();
    let mut warps = Warp::of_block(&launch.kernel, launch.threads());
    let mut block = Block { machine, launch, index, shared, intervals: [first, interval, interval] };
    loop {
        for w in block.machine.random.order(warps.len()) {
            warps[w].run(&mut block)?;
        }
        // Each warp ran until its lanes ended or wait at the block's barrier; anything else is a fault.
        if warps.iter().all(Warp::has_ended) {
            return Ok(());
        }
        for warp in &mut warps {
            warp.pass_barrier(&block)?;
        }
        block.machine.counters.barriers += 1;
        block.intervals[2] = block.machine.next_interval();
    }
}
