//! Runs launches: blocks one after another in some order, their warps in lockstep with divergence and
//! barriers, every access checked.

mod access;
mod arithmetic;
mod block;
mod collective;
mod warp;

use crate::counters::Counters;
use crate::fault::{Cause, Fault};
use crate::memory::Global;
use crate::ptx::Kernel;
use crate::random::Random;

/// A kernel with its grid and the bytes of its parameters.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) kernel: std::sync::Arc<Kernel>,
    pub(crate) grid: [u32; 3],
    pub(crate) block: [u32; 3],
    /// Bytes of shared memory besides the kernel's own variables.
    pub(crate) dynamic_shared: usize,
    pub(crate) parameters: Vec<u8>,
}

/// More than any warp of ours runs: some seconds here.
const MOST_INSTRUCTIONS: u64 = 1 << 26;

/// What launches of a device have in common.
pub(crate) struct Machine {
    pub(crate) global: Global,
    pub(crate) counters: Counters,
    pub(crate) random: Random,
    /// Instructions after which a warp is taken to run for ever.
    pub(crate) most_instructions: u64,
    /// Number of the present interval between barriers; counts through all launches.
    interval: u32,
}

impl Machine {
    pub(crate) fn new(capacity: u64, seed: u64) -> Self {
        Machine {
            global: Global::new(capacity),
            counters: Counters::default(),
            random: Random::new(seed),
            most_instructions: MOST_INSTRUCTIONS,
            interval: 0,
        }
    }

    /// Runs a launch to its end.
    pub(crate) fn run(&mut self, launch: &Launch) -> Result<(), Fault> {
        self.counters.launches += 1;
        let first = self.next_interval();
        let [x, y, z] = launch.grid.map(|n| n as usize);
        for block in self.random.order(x * y * z) {
            let index = [block % x, block / x % y, block / (x * y)].map(|i| i as u32);
            block::run(self, launch, index, first)?;
        }
        Ok(())
    }

    fn next_interval(&mut self) -> u32 {
        self.interval += 1;
        self.interval
    }
}

impl Launch {
    fn threads(&self) -> u32 {
        self.block.iter().product()
    }

    /// What went wrong at instruction `place`.
    fn fault(&self, place: u32, block: [u32; 3], thread: u32, cause: Cause) -> Fault {
        let place = place as usize;
        Fault {
            kernel: self.kernel.name.clone(),
            block,
            thread,
            line: self.kernel.instructions[place].line,
            text: self.kernel.texts[place].clone(),
            cause,
        }
    }
}
