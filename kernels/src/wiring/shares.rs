//! How many of a fixed number of synapses each source has, by random access.
//!
//! A binary tree over the sources splits the number by binomial draws that are named by the node, so
//! any node's share can be had without the others. The upper part of the tree is drawn once; from there
//! a source is a few draws away, however many sources there are.

use std::ops::Range;

use crate::counts::{binomial, hypergeometric};
use crate::random::{PLANE, Stream};
use crate::simd::dispatch;

/// Most sources of a leaf, below which the tree is drawn when it is asked for.
const LEAF: u64 = 64;
/// Synapses of a leaf, about, so that little has to be drawn to know one source's share.
const SYNAPSES: u64 = 256;
/// Up to so many synapses a leaf deals out one by one; more are split by binomials.
const DEALT: u64 = 1024;

/// A number of synapses, shared out over sources: each synapse to a uniformly chosen source or, with a
/// `capacity` per source, to a uniformly chosen free place.
#[derive(Clone, Debug)]
pub struct Shares {
    n: u64,
    capacity: Option<u64>,
    stream: Stream,
    /// Levels above the leaves.
    depth: u32,
    /// Synapses before each leaf, and the total.
    before: Vec<u64>,
}

/// A node of the tree: sources, their synapses, and those before them.
#[derive(Clone, Debug)]
struct Node {
    sources: Range<u64>,
    count: u64,
    before: u64,
}

impl Shares {
    /// `total` synapses over `n` sources.
    pub fn new(total: u64, n: u64, capacity: Option<u64>, stream: Stream) -> Self {
        let depth = Shares::depth(total, n);
        let mut shares = Shares { n, capacity, stream, depth, before: Vec::with_capacity((1 << depth) + 1) };
        shares.grow(Node { sources: 0..n, count: total, before: 0 }, depth);
        shares.before.push(total);
        shares
    }

    /// Levels above leaves that are small enough.
    fn depth(total: u64, n: u64) -> u32 {
        let largest = (SYNAPSES.saturating_mul(n) / total.max(1)).clamp(1, LEAF);
        let mut depth = 0;
        while n.div_ceil(1 << depth) > largest {
            depth += 1;
        }
        depth
    }

    /// Number of leaves, each of which takes 8 bytes.
    pub fn n_leaves(total: u64, n: u64) -> u64 {
        1 << Shares::depth(total, n)
    }

    /// Draws the tree down to the leaves.
    fn grow(&mut self, node: Node, levels: u32) {
        if levels == 0 {
            self.before.push(node.before);
            return;
        }
        let [left, right] = self.split(&node);
        self.grow(left, levels - 1);
        self.grow(right, levels - 1);
    }

    fn split(&self, node: &Node) -> [Node; 2] {
        let n = node.sources.end - node.sources.start;
        if n < 2 {
            // Where the number of sources is no power of two, some leaves are empty.
            let none = Node { sources: node.sources.end..node.sources.end, count: 0, before: node.before + node.count };
            return [node.clone(), none];
        }
        let middle = node.sources.start + n / 2;
        // A node is named by its ends; sources are neurons, so both fit 32 bits.
        let mut draws = self.stream.sequence(node.sources.start << 32 | (node.sources.end & 0xffff_ffff));
        let left = match self.capacity {
            None => binomial(node.count, (n / 2) as f64 / n as f64, &mut draws),
            Some(c) => hypergeometric(node.count, (n / 2) * c, (n - n / 2) * c, &mut draws),
        };
        [
            Node { sources: node.sources.start..middle, count: left, before: node.before },
            Node { sources: middle..node.sources.end, count: node.count - left, before: node.before + left },
        ]
    }

    /// Calls `visit(source, count, before)` for every source in `range` that has synapses, in ascending
    /// order; `before` counts the synapses of all earlier sources.
    pub fn visit(&self, range: Range<u64>, visit: &mut impl FnMut(u64, u64, u64)) {
        let mut source = range.start;
        while source < range.end {
            let leaf = self.leaf(source);
            let wanted = source..range.end.min(leaf.sources.end);
            source = leaf.sources.end;
            if self.capacity.is_none() && leaf.count <= DEALT {
                self.deal(&leaf, wanted, visit);
            } else {
                self.descend(leaf, &wanted, visit);
            }
        }
    }

    /// The leaf that holds a source: its place in the tree takes no draws.
    fn leaf(&self, source: u64) -> Node {
        let (mut sources, mut index) = (0..self.n, 0);
        for _ in 0..self.depth {
            let n = sources.end - sources.start;
            let middle = if n < 2 { sources.end } else { sources.start + n / 2 };
            let right = source >= middle;
            if right {
                sources.start = middle;
            } else {
                sources.end = middle;
            }
            index = 2 * index + usize::from(right);
        }
        Node { sources, count: self.before[index + 1] - self.before[index], before: self.before[index] }
    }

    /// Splits by binomials down to single sources.
    fn descend(&self, node: Node, wanted: &Range<u64>, visit: &mut impl FnMut(u64, u64, u64)) {
        if node.count == 0 || node.sources.end <= wanted.start || node.sources.start >= wanted.end {
            return;
        }
        if node.sources.end - node.sources.start == 1 {
            visit(node.sources.start, node.count, node.before);
            return;
        }
        for half in self.split(&node) {
            self.descend(half, wanted, visit);
        }
    }

    /// Deals the synapses of a leaf out one by one, each to a source of its own draw.
    fn deal(&self, leaf: &Node, wanted: Range<u64>, visit: &mut impl FnMut(u64, u64, u64)) {
        let n = (leaf.sources.end - leaf.sources.start) as u32;
        if n == 1 {
            if leaf.count > 0 {
                visit(leaf.sources.start, leaf.count, leaf.before);
            }
            return;
        }
        let mut words = [0; DEALT as usize];
        // Inner nodes end before 2^32 - 1, so the name of a dealt leaf is nobody else's.
        let name = leaf.sources.start << 32 | 0xffff_ffff;
        let words = &mut words[..leaf.count as usize];
        for (index, plane) in words.chunks_mut(PLANE).enumerate() {
            let mut drawn = [0; PLANE];
            self.stream.planes(name, index as u64, &mut drawn);
            plane.copy_from_slice(&drawn[..plane.len()]);
        }
        for source in wanted {
            let place = (source - leaf.sources.start) as u32;
            let (mut before, mut own) = (0, 0);
            count_places(words, n, place, &mut before, &mut own);
            if own > 0 {
                visit(source, u64::from(own), leaf.before + u64::from(before));
            }
        }
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> u64 {
        8 * self.before.capacity() as u64
    }
}

dispatch! {
    fn count_places(words: &[u32], n: u32, place: u32, before: &mut u32, own: &mut u32) = count_places_body
}

/// How many words point to one of `n` places before `place`, and how many to it.
#[inline(always)]
fn count_places_body(words: &[u32], n: u32, place: u32, before: &mut u32, own: &mut u32) {
    for word in words {
        let drawn = ((u64::from(*word) * u64::from(n)) >> 32) as u32;
        *before += u32::from(drawn < place);
        *own += u32::from(drawn == place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn nothing_is_lost_and_any_range_agrees_with_the_whole() {
        let stream = Stream::new(3, Purpose::Counts, 0);
        for (total, n, capacity) in
            [(3500, 100, None), (3500, 100, Some(40)), (90_000, 1000, None), (700, 1000, None), (500, 129, None), (9, 3, Some(4))]
        {
            let shares = Shares::new(total, n, capacity, stream);
            let mut whole = vec![(0, 0); n as usize];
            shares.visit(0..n, &mut |source, count, before| whole[source as usize] = (count, before));
            assert_eq!(whole.iter().map(|w| w.0).sum::<u64>(), total);
            assert!(capacity.is_none_or(|c| whole.iter().all(|w| w.0 <= c)));
            let mut before = 0;
            for source in 0..n {
                let mut found = (0, 0);
                shares.visit(source..source + 1, &mut |s, count, b| {
                    assert_eq!((s, b), (source, before));
                    found = (count, b);
                });
                assert_eq!(found, whole[source as usize]);
                before += found.0;
            }
        }
    }

    #[test]
    fn dealt_and_split_leaves_have_multinomial_counts() {
        // Variance of a share over seeds: total p (1 - p), p = 1/100; dealt below 1,024 synapses a leaf.
        for total in [1000u64, 90_000] {
            let counts: Vec<f64> = (0..4000)
                .map(|seed| {
                    let shares = Shares::new(total, 100, None, Stream::new(seed, Purpose::Counts, 1));
                    let mut found = 0;
                    shares.visit(7..8, &mut |_, count, _| found = count);
                    found as f64
                })
                .collect();
            let (mean, variance) = (total as f64 / 100.0, total as f64 * 0.01 * 0.99);
            let m = counts.iter().sum::<f64>() / 4000.0;
            let v = counts.iter().map(|c| (c - m) * (c - m)).sum::<f64>() / 3999.0;
            assert!((m - mean).abs() < 4.5 * (variance / 4000.0).sqrt(), "mean {m}");
            assert!((v / variance - 1.0).abs() < 0.12, "variance {v}");
        }
    }
}
