//! Regions as one thing each: what they cost, and how many spikes go from one to another.

use std::collections::BTreeMap;

use super::Costs;
use super::grow::Item;
use crate::network::{Network, PopulationIndex};

/// Populations that are placed together: those of one region, or one that belongs to none.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// Index of the region, where it is one.
    pub(super) region: Option<usize>,
    /// Its populations.
    pub(super) populations: Vec<PopulationIndex>,
    /// Neurons.
    pub(super) neurons: f64,
    /// Spikes that they send, in 1/s.
    pub(super) spikes: f64,
    /// Synapses onto them.
    pub(super) synapses: f64,
    /// Spikes that arrive at these synapses, in 1/s.
    pub(super) events: f64,
    /// What a rank has to do for it.
    pub(super) cost: f64,
}

/// What sends spikes: the neurons of one population.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    /// Their spikes per second.
    spikes: f64,
    /// Expected synapses of one of them onto each block that it reaches.
    outdegrees: BTreeMap<usize, f64>,
}

/// The network as seen by a partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Wiring {
    pub(super) blocks: Vec<Block>,
    pub(super) sizes: Vec<u32>,
    /// The block of each population.
    pub(super) block_of: Vec<usize>,
    /// By population.
    sources: Vec<Source>,
}

impl Wiring {
    pub(super) fn of(network: &Network, rates: &[f64], costs: &Costs) -> Self {
        let mut wiring = Wiring { sizes: network.populations.iter().map(|p| p.size).collect(), ..Wiring::default() };
        let mut of_region = BTreeMap::new();
        for (p, population) in network.populations.iter().enumerate() {
            let new = wiring.blocks.len();
            let block = population.region.map_or(new, |region| *of_region.entry(region).or_insert(new));
            if block == new {
                wiring.blocks.push(Block { region: population.region, ..Block::default() });
            }
            wiring.blocks[block].populations.push(p);
            wiring.blocks[block].neurons += f64::from(population.size);
            wiring.blocks[block].spikes += rates[p] * f64::from(population.size);
            wiring.block_of.push(block);
            wiring.sources.push(Source { spikes: rates[p] * f64::from(population.size), outdegrees: BTreeMap::new() });
        }
        for projection in &network.projections {
            let synapses = projection.expected_synapses(network);
            let target = wiring.block_of[projection.target];
            let outdegree = synapses / f64::from(network.populations[projection.source].size).max(1.0);
            *wiring.sources[projection.source].outdegrees.entry(target).or_insert(0.0) += outdegree;
            wiring.blocks[target].synapses += synapses;
            wiring.blocks[target].events += synapses * rates[projection.source];
        }
        for block in &mut wiring.blocks {
            block.cost = block.neurons * costs.neuron + block.synapses * costs.synapse + block.events * costs.event;
        }
        wiring
    }

    /// What a rank has to do for an item.
    pub(super) fn cost(&self, item: Item) -> f64 {
        self.blocks[item.block].cost * item.fraction
    }

    /// Spikes per second that reach a rank from outside, each counted once however many targets it has there.
    /// `content` says what fraction of which blocks the rank holds.
    pub(super) fn received(&self, content: &[(usize, f64)]) -> f64 {
        self.received_from_outside(content, content)
    }

    /// The same, of spikes that come from outside `home`, which is what the rank and others near it hold together.
    pub(super) fn received_from_outside(&self, content: &[(usize, f64)], home: &[(usize, f64)]) -> f64 {
        let fraction = |block: usize| home.iter().filter(|(b, _)| *b == block).map(|(_, f)| f).sum::<f64>();
        let outside = |(source, block): (&Source, &usize)| {
            let targets: f64 = content.iter().filter_map(|(b, f)| Some(f * source.outdegrees.get(b)?)).sum();
            source.spikes * (1.0 - fraction(*block)).max(0.0) * reached(targets)
        };
        self.sources.iter().zip(&self.block_of).map(outside).sum()
    }

    /// Spikes per second between a fraction of one block and a fraction of another, both ways, if they are on different ranks.
    pub(super) fn between(&self, a: (usize, f64), b: (usize, f64)) -> f64 {
        self.sent(a, b) + self.sent(b, a)
    }

    fn sent(&self, from: (usize, f64), to: (usize, f64)) -> f64 {
        let sources = self.blocks[from.0].populations.iter().map(|p| &self.sources[*p]);
        let reach = |s: &Source| s.outdegrees.get(&to.0).map_or(0.0, |k| s.spikes * reached(k * to.1));
        from.1 * sources.map(reach).sum::<f64>()
    }

    /// The blocks that exchange spikes with each block, itself included where it does, ascending.
    pub(super) fn neighbours(&self) -> Vec<Vec<usize>> {
        let mut near = vec![std::collections::BTreeSet::new(); self.blocks.len()];
        for (source, &from) in self.sources.iter().zip(&self.block_of) {
            for &to in source.outdegrees.keys() {
                near[from].insert(to);
                near[to].insert(from);
            }
        }
        near.into_iter().map(|set| set.into_iter().collect()).collect()
    }
}

/// The probability that a neuron with so many expected targets has any.
fn reached(targets: f64) -> f64 {
    -libm::expm1(-targets)
}
