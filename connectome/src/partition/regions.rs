//! A partition in which no rank group shares a region with another.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Costs;
use super::blocks::Wiring;
use super::placement::{Group, Partition};
use crate::network::Network;

/// A rank or a region in a queue of those that have most or least to do; of equals the first.
#[derive(PartialEq)]
struct Entry {
    urgency: f64,
    index: usize,
}

impl Eq for Entry {}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.urgency.total_cmp(&other.urgency).then(other.index.cmp(&self.index))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Distributes a network over ranks such that a region is on one rank, or on ranks that hold nothing else. Groups of ranks then exchange
/// spikes of long tracts only, at the price of a less even distribution. Arguments are those of [`partition`](super::partition()).
///
/// With fewer ranks than regions the heaviest region goes first, to the rank that has least (Graham 1969); with more, every
/// region gets a rank and each further one goes to the region whose ranks have most to do.
pub fn by_region(network: &Network, rates: &[f64], ranks: usize, costs: &Costs) -> Partition {
    assert!(ranks > 0, "a partition has at least one rank");
    assert_eq!(rates.len(), network.populations.len(), "every population has a rate");
    let wiring = Wiring::of(network, rates, costs);
    let groups = if ranks <= wiring.blocks.len() { whole_regions(&wiring, ranks) } else { shared_regions(&wiring, ranks) };
    Partition::new(wiring, groups, ranks)
}

/// Several regions on each rank.
fn whole_regions(wiring: &Wiring, ranks: usize) -> Vec<Group> {
    let mut heaviest: Vec<usize> = (0..wiring.blocks.len()).collect();
    heaviest.sort_by(|a, b| wiring.blocks[*b].cost.total_cmp(&wiring.blocks[*a].cost));
    let mut contents = vec![Vec::new(); ranks];
    let mut lightest: BinaryHeap<Entry> = (0..ranks).map(|index| Entry { urgency: 0.0, index }).collect();
    for block in heaviest {
        let Entry { urgency, index } = lightest.pop().expect("there is a rank");
        contents[index].push((block, 1.0));
        lightest.push(Entry { urgency: urgency - wiring.blocks[block].cost, index });
    }
    contents.into_iter().enumerate().map(|(first, content)| Group { first, count: 1, content }).collect()
}

/// Several ranks for each region.
fn shared_regions(wiring: &Wiring, ranks: usize) -> Vec<Group> {
    let blocks = wiring.blocks.len();
    let mut counts = vec![1usize; blocks];
    let mut busiest: BinaryHeap<Entry> = (0..blocks).map(|index| Entry { urgency: wiring.blocks[index].cost, index }).collect();
    for _ in blocks..ranks {
        let Some(Entry { index, .. }) = busiest.pop() else { break };
        counts[index] += 1;
        busiest.push(Entry { urgency: wiring.blocks[index].cost / counts[index] as f64, index });
    }
    let mut first = 0;
    let group = |(block, count): (usize, usize)| {
        first += count;
        Group { first: first - count, count, content: vec![(block, 1.0 / count as f64)] }
    };
    counts.into_iter().enumerate().map(group).collect()
}
