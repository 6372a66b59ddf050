//! What a process's part of a network takes and has cost.

use crate::comm::{Comm, Lost};
use crate::process;
use crate::simulation::{Phases, Simulation};

/// What one rank holds, and what it has spent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Account {
    /// Wall-clock seconds per phase.
    pub phases: Phases,
    /// CPU seconds of the process.
    pub cpu_seconds: f64,
    /// The most memory that the process had in use, in bytes.
    pub peak_rss_bytes: u64,
    /// Memory of synapses, neurons and sums in bytes.
    pub bytes: u64,
    /// Memory of synapses alone in bytes.
    pub synapse_bytes: u64,
    /// Synapses; rank 0 counts those of procedural projections for all.
    pub synapses: u64,
    /// Synaptic events.
    pub synaptic_events: u64,
}

impl Account {
    /// Of this process, now.
    pub fn of(simulation: &Simulation) -> Self {
        Account {
            phases: simulation.phases(),
            cpu_seconds: process::cpu_seconds(),
            peak_rss_bytes: process::peak_rss_bytes(),
            bytes: simulation.bytes(),
            synapse_bytes: simulation.synapse_bytes(),
            synapses: simulation.n_synapses(),
            synaptic_events: simulation.synaptic_events(),
        }
    }

    /// Those of all ranks, by rank, at rank 0; none at the others.
    pub fn gather(self, comm: &dyn Comm) -> Result<Vec<Account>, Lost> {
        let Account { phases, cpu_seconds, .. } = self;
        let Phases { update, deliver, communicate, record } = phases;
        let seconds = [update, deliver, communicate, record, cpu_seconds].map(f64::to_bits);
        let counts = [self.peak_rss_bytes, self.bytes, self.synapse_bytes, self.synapses, self.synaptic_events];
        let gathered = comm.gather(&[seconds, counts].concat())?;
        gathered.iter().map(|words| Account::from_words(words).ok_or(Lost)).collect()
    }

    fn from_words(words: &[u64]) -> Option<Self> {
        let [update, deliver, communicate, record, cpu_seconds] = words.first_chunk()?.map(f64::from_bits);
        let [peak_rss_bytes, bytes, synapse_bytes, synapses, synaptic_events] = *words.last_chunk()?;
        let phases = Phases { update, deliver, communicate, record };
        Some(Account { phases, cpu_seconds, peak_rss_bytes, bytes, synapse_bytes, synapses, synaptic_events })
    }
}
