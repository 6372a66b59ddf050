//! Which rank holds which neurons.
//!
//! Whole regions stay together as far as an even distribution of the cost allows, since what is strongly connected then
//! talks inside a rank. A region that costs more than a rank's share gets ranks of its own, each with an equal part of all
//! its populations; what is left over is placed by greedy growth, which splits a region where nothing else fills a rank,
//! and improved by moves and swaps after Kernighan and Lin (1970) and Fiduccia and Mattheyses (1982). Everything is
//! deterministic: the same network, rates and number of ranks give the same partition.
//!
//! Costs and traffic are expectations from the description of the network; nothing is built. The work grows with regions
//! and not with ranks, so that partitions for 100,000 ranks take no longer than those for a few.
//!
//! ```
//! use connectome::network::{Network, Population, Projection, Rule, Value};
//! use connectome::partition::{Costs, partition};
//!
//! let population = |name: &str, region| Population { name: name.into(), region: Some(region), size: 100, ..Population::default() };
//! let wired = |source, target, p| {
//!     let rule = Rule::PairwiseBernoulli { p, decay: None };
//!     Projection::new(source, target, rule, Value::Constant { value: 1.0 }, Value::Constant { value: 1.0 })
//! };
//! let network = Network {
//!     regions: ["A", "B", "C", "D"].map(String::from).into(),
//!     populations: vec![population("A.E", 0), population("B.E", 1), population("C.E", 2), population("D.E", 3)],
//!     projections: vec![wired(0, 2, 0.1), wired(2, 0, 0.1), wired(1, 3, 0.1), wired(3, 1, 0.1), wired(0, 1, 0.001)],
//!     ..Network::default()
//! };
//! let partition = partition(&network, &[5.0; 4], 2, &Costs::default());
//! // What talks to each other is together.
//! assert_eq!(partition.rank_of(0, 0), partition.rank_of(2, 99));
//! assert_eq!(partition.rank_of(1, 0), partition.rank_of(3, 99));
//! assert!(partition.imbalance() < 1.06);
//! ```

mod blocks;
mod grow;
mod placement;
mod polish;
mod refine;
mod regions;

use crate::network::Network;
use blocks::Wiring;
pub use placement::{Group, Load, Partition};
pub use regions::by_region;

/// The most that a rank may cost, relative to the mean, as long as regions can be split.
const BALANCE: f64 = 1.05;

/// What a rank has to do for its part of the network, in any one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// Of a neuron, for one second of biological time.
    pub neuron: f64,
    /// Of a synapse, whether it is used or not.
    pub synapse: f64,
    /// Of a spike that arrives at a synapse.
    pub event: f64,
}

/// What every neuron is expected to fire where nobody knows better, in 1/s: about what cortex does.
pub const ASSUMED_RATE: f64 = 4.0;

impl Costs {
    /// The default in steps of `dt` ms.
    pub fn at(dt: f64) -> Self {
        Costs { neuron: Costs::default().neuron * 0.1 / dt, ..Costs::default() }
    }
}

impl Default for Costs {
    /// Microseconds of one core, from the full column of Potjans and Diesmann at steps of 0.1 ms: 0.8 ns for a step of a
    /// neuron with its Poisson input, 1.33 ns for an event. A synapse that is never used still takes its place in caches.
    fn default() -> Self {
        Costs { neuron: 8.0, synapse: 0.0002, event: 0.00133 }
    }
}

/// Distributes a network over ranks; `rates` are the expected rates of its populations in 1/s.
pub fn partition(network: &Network, rates: &[f64], ranks: usize, costs: &Costs) -> Partition {
    assert!(ranks > 0, "a partition has at least one rank");
    assert_eq!(rates.len(), network.populations.len(), "every population has a rate");
    let wiring = Wiring::of(network, rates, costs);
    let share = wiring.blocks.iter().map(|b| b.cost).sum::<f64>() / ranks as f64;
    let mut groups = Vec::new();
    let mut rest = Vec::new();
    let mut taken = 0;
    for (b, block) in wiring.blocks.iter().enumerate() {
        let whole = if share > 0.0 { (block.cost / share + 1e-9).floor() as usize } else { 0 };
        let over = block.cost - whole as f64 * share;
        // A small rest is no reason to split: the block's own ranks take it, which leaves them well within the balance.
        let absorbed = over <= 0.5 * (BALANCE - 1.0) * share * whole as f64;
        if whole > 0 {
            let fraction = if absorbed { 1.0 / whole as f64 } else { share / block.cost };
            groups.push(Group { first: taken, count: whole, content: vec![(b, fraction)] });
            taken += whole;
        }
        if whole == 0 || !absorbed {
            rest.push(grow::Item { block: b, fraction: if whole == 0 { 1.0 } else { over / block.cost } });
        }
    }
    if taken == ranks && !rest.is_empty() {
        // Crumbs, where the large blocks fill all ranks exactly: the last rank has room for them within the balance.
        let last = groups.last_mut().expect("ranks were taken by groups");
        let content = [last.content.clone(), rest.drain(..).map(|item| (item.block, item.fraction)).collect()].concat();
        last.count -= 1;
        groups.push(Group { first: ranks - 1, count: 1, content });
        groups.retain(|group| group.count > 0);
    }
    for content in grow::placed(&wiring, rest, ranks - taken, share) {
        groups.push(Group { first: taken, count: 1, content });
        taken += 1;
    }
    let placed = Partition::new(wiring, groups, ranks);
    // Where nothing belongs together, an equal part of everything for every rank is as good, and in perfect balance.
    if placed.traffic() > placed.round_robin_traffic() { placed.dealt_out() } else { placed }
}
