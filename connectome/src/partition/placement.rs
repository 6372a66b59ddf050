//! A partition: what each rank holds, and what that costs.

use std::ops::Range;

use super::blocks::Wiring;
use crate::network::PopulationIndex;

/// Consecutive ranks that hold equal parts of the same regions.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The first of them.
    pub first: usize,
    /// How many.
    pub count: usize,
    /// Parts of blocks on each of them. A block is a region, or a population that belongs to none; its number is that of
    /// [`Partition::region_of_block`].
    pub content: Vec<(usize, f64)>,
}

/// What one rank holds and has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Neurons.
    pub neurons: f64,
    /// Synapses onto them, which are on the same rank.
    pub synapses: f64,
    /// Spikes that arrive at these synapses, in 1/s.
    pub events: f64,
    /// In the unit of [`Costs`](super::Costs).
    pub cost: f64,
    /// Spikes of these neurons, in 1/s.
    pub spikes: f64,
    /// Spikes that come from other ranks, in 1/s, each counted once however many targets it has here.
    pub received: f64,
    /// Those of them that come from ranks of other groups.
    pub far: f64,
}

/// Which rank holds which neurons.
#[derive(Clone, Debug)]
pub struct Partition {
    wiring: Wiring,
    groups: Vec<Group>,
    loads: Vec<Load>,
    ranks: usize,
    /// For each block its parts in order: where each ends, as a fraction of the block, and the rank that holds it.
    cuts: Vec<Vec<(f64, usize)>>,
}

impl Partition {
    pub(super) fn new(wiring: Wiring, groups: Vec<Group>, ranks: usize) -> Self {
        let mut cuts: Vec<Vec<(f64, usize)>> = vec![Vec::new(); wiring.blocks.len()];
        for group in &groups {
            for rank in group.first..group.first + group.count {
                for &(block, fraction) in &group.content {
                    let begin = cuts[block].last().map_or(0.0, |part| part.0);
                    cuts[block].push((begin + fraction, rank));
                }
            }
        }
        // What rounding leaves belongs to the last part.
        cuts.iter_mut().filter_map(|parts| parts.last_mut()).for_each(|part| part.0 = 1.0);
        let loads = groups.iter().map(|group| load(&wiring, group)).collect();
        Partition { wiring, groups, loads, ranks, cuts }
    }

    /// Number of ranks.
    pub fn n_ranks(&self) -> usize {
        self.ranks
    }

    /// All ranks, those that hold the same together.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What each rank of each group has to do, in the order of [`Partition::groups`].
    pub fn loads(&self) -> &[Load] {
        &self.loads
    }

    /// The region that a block is, if it is one, and its populations.
    pub fn region_of_block(&self, block: usize) -> (Option<usize>, &[PopulationIndex]) {
        let block = &self.wiring.blocks[block];
        (block.region, &block.populations)
    }

    /// The largest cost of a rank over the mean of all.
    pub fn imbalance(&self) -> f64 {
        let total: f64 = self.over_ranks(|load| load.cost);
        let most = self.loads.iter().map(|load| load.cost).fold(0.0, f64::max);
        if total > 0.0 { most * self.ranks as f64 / total } else { 1.0 }
    }

    /// Spikes per second that go from rank to rank in all.
    pub fn traffic(&self) -> f64 {
        self.over_ranks(|load| load.received)
    }

    /// The same with every population dealt out to all ranks, one neuron after the other.
    pub fn round_robin_traffic(&self) -> f64 {
        self.wiring.received(&self.equal_parts()) * self.ranks as f64
    }

    /// The partition in which every rank has an equal part of everything.
    pub(super) fn dealt_out(self) -> Self {
        let group = Group { first: 0, count: self.ranks, content: self.equal_parts() };
        Partition::new(self.wiring, vec![group], self.ranks)
    }

    fn equal_parts(&self) -> Vec<(usize, f64)> {
        (0..self.wiring.blocks.len()).map(|block| (block, 1.0 / self.ranks as f64)).collect()
    }

    /// The rank of a neuron, by its population and its index in it.
    pub fn rank_of(&self, population: PopulationIndex, lid: u32) -> usize {
        let size = self.wiring.sizes[population];
        let parts = &self.cuts[self.wiring.block_of[population]];
        let part = parts.partition_point(|(end, _)| bound(*end, size) <= lid);
        parts[part].1
    }

    /// The neurons of a population, part by part, with the rank of each.
    pub fn parts(&self, population: PopulationIndex) -> impl Iterator<Item = (Range<u32>, usize)> + '_ {
        let size = self.wiring.sizes[population];
        let mut begin = 0;
        self.cuts[self.wiring.block_of[population]].iter().filter_map(move |(end, rank)| {
            let range = begin..bound(*end, size);
            begin = range.end;
            (!range.is_empty()).then_some((range, *rank))
        })
    }

    fn over_ranks(&self, figure: impl Fn(&Load) -> f64) -> f64 {
        self.groups.iter().zip(&self.loads).map(|(group, load)| group.count as f64 * figure(load)).sum()
    }
}

/// The neuron at which a part ends.
fn bound(fraction: f64, size: u32) -> u32 {
    (fraction * f64::from(size)).round().min(f64::from(size)) as u32
}

fn load(wiring: &Wiring, group: &Group) -> Load {
    let content = &group.content;
    let home: Vec<(usize, f64)> = content.iter().map(|&(block, fraction)| (block, fraction * group.count as f64)).collect();
    let received = wiring.received(content);
    let far = if group.count > 1 { wiring.received_from_outside(content, &home) } else { received };
    let mut load = Load { received, far, ..Load::default() };
    for &(block, fraction) in content {
        let block = &wiring.blocks[block];
        load.neurons += block.neurons * fraction;
        load.spikes += block.spikes * fraction;
        load.synapses += block.synapses * fraction;
        load.events += block.events * fraction;
        load.cost += block.cost * fraction;
    }
    load
}
