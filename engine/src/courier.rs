//! Spikes between processes.
//!
//! Threads of one process meet every shortest delay; processes only every shortest delay *between* processes, which is longer
//! where regions are whole on a rank. A spike travels once to each rank that it may reach, whatever it reaches there.

use std::collections::BTreeSet;
use std::rc::Rc;

use connectome::network::Network;
use connectome::partition::Partition;
use kernels::wiring::Prepared;

use crate::comm::{Comm, Lost, Neighbours};
use crate::shard::{Fired, Outbox};

/// What other ranks' neurons did.
pub(crate) struct Inbox {
    /// The epoch that reads it.
    pub(crate) epoch: u64,
    pub(crate) spikes: Vec<Fired>,
}

impl Default for Inbox {
    fn default() -> Self {
        Inbox { epoch: u64::MAX, spikes: Vec::new() }
    }
}

/// Carries spikes from this rank to the others.
pub(crate) struct Courier {
    comm: Rc<dyn Comm>,
    near: Neighbours,
    /// The other ranks that each population's spikes may reach.
    reach: Vec<Vec<usize>>,
    /// Global id of each population's first neuron.
    first_id: Vec<u32>,
    /// Step of the last exchange.
    since: u64,
    /// Spikes since then, by rank that they may reach: (steps since then, id).
    out: Vec<Vec<u64>>,
    received: Vec<Vec<u64>>,
}

/// Which ranks hold neurons of each population, ascending.
pub(crate) struct Holders(Vec<Vec<usize>>);

impl Holders {
    pub(crate) fn new(network: &Network, partition: &Partition) -> Self {
        let holders = |population: usize| {
            let mut ranks: Vec<usize> = partition.parts(population).map(|(_, rank)| rank).collect();
            ranks.sort_unstable();
            ranks.dedup();
            ranks
        };
        Holders((0..network.populations.len()).map(holders).collect())
    }

    /// The ranks that `rank` sends to and those that send to it.
    fn near(&self, projections: &[Prepared], rank: usize) -> Neighbours {
        let (mut to, mut from) = (BTreeSet::new(), BTreeSet::new());
        for prepared in projections {
            let (sources, targets) = (&self.0[prepared.source], &self.0[prepared.target]);
            if sources.contains(&rank) {
                to.extend(targets);
            }
            if targets.contains(&rank) {
                from.extend(sources);
            }
        }
        let others = |ranks: BTreeSet<&usize>| ranks.into_iter().copied().filter(|r| *r != rank).collect();
        Neighbours { to: others(to), from: others(from) }
    }

    /// Ranks other than `rank` that each population's spikes may reach.
    fn reach(&self, projections: &[Prepared], rank: usize) -> Vec<Vec<usize>> {
        let mut reach = vec![Vec::new(); self.0.len()];
        for prepared in projections {
            reach[prepared.source].extend(self.0[prepared.target].iter().filter(|r| **r != rank));
        }
        for ranks in &mut reach {
            ranks.sort_unstable();
            ranks.dedup();
        }
        reach
    }

    /// Shortest delay in steps of what goes from any rank to another.
    pub(crate) fn shortest_between(&self, projections: &[Prepared]) -> Option<u32> {
        let together = |p: &&Prepared| self.0[p.source].len() == 1 && self.0[p.source] == self.0[p.target];
        projections.iter().filter(|p| !together(p)).map(|p| p.delay_bounds().0).min()
    }
}

impl Courier {
    pub(crate) fn new(comm: &Rc<dyn Comm>, holders: &Holders, projections: &[Prepared], first_id: &[u32]) -> Self {
        let reach = holders.reach(projections, comm.rank());
        Courier {
            comm: comm.clone(),
            near: holders.near(projections, comm.rank()),
            reach,
            first_id: first_id.to_vec(),
            since: 0,
            out: vec![Vec::new(); comm.size()],
            received: Vec::new(),
        }
    }

    /// Goes on at step `now`, where nothing waits to be sent.
    pub(crate) fn start_at(&mut self, now: u64) {
        self.since = now;
    }

    /// Step of the last exchange.
    pub(crate) fn since(&self) -> u64 {
        self.since
    }

    /// Takes what a thread published.
    pub(crate) fn take(&mut self, outbox: &Outbox) {
        for &(step, id) in &outbox.spikes {
            let population = self.first_id.partition_point(|first| *first <= id) - 1;
            for rank in &self.reach[population] {
                self.out[*rank].push((step - self.since) << 32 | u64::from(id));
            }
        }
    }

    /// Exchanges what was taken, at step `now`; adds up `sums` over all ranks. Does `meanwhile` while letters travel.
    pub(crate) fn exchange(&mut self, now: u64, inbox: &mut Vec<Fired>, sums: &mut [i64], meanwhile: &mut dyn FnMut()) -> Result<(), Lost> {
        self.comm.exchange_near(&self.near, &self.out, &mut self.received, meanwhile)?;
        self.out.iter_mut().for_each(Vec::clear);
        inbox.clear();
        inbox.extend(self.received.iter().flatten().map(|word| (self.since + (word >> 32), *word as u32)));
        self.since = now;
        if sums.is_empty() { Ok(()) } else { self.comm.sum(sums) }
    }
}
