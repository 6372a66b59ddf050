//! Communities by the Louvain method (Blondel 2008, J Stat Mech P10008), deterministic.
//!
//! Direction is ignored: both directions of a tract are added up. Regions are visited in their order and a tie goes to
//! the community of the lowest number, so that the same connectome always gives the same communities.

use std::collections::BTreeMap;

use super::edges;
use crate::brain::Matrix;

/// A division of regions into communities.
#[derive(Clone, Debug, PartialEq)]
pub struct Communities {
    /// Community of each region, numbered from 0 as they first appear.
    pub of: Vec<usize>,
    /// Number of communities.
    pub count: usize,
    /// Modularity of the division.
    pub modularity: f64,
}

/// Neighbours and weights of each node, self-loops counted twice.
type Adjacency = Vec<BTreeMap<usize, f64>>;

/// Communities at a resolution: 1 is the usual, more gives more and smaller ones.
pub fn communities(weights: &Matrix, resolution: f64) -> Communities {
    let mut graph = adjacency(weights);
    let mut of: Vec<usize> = (0..weights.n()).collect();
    loop {
        let (moved, local) = move_nodes(&graph, resolution);
        let (local, count) = renumbered(&local);
        of.iter_mut().for_each(|c| *c = local[*c]);
        if !moved || count == graph.len() {
            break;
        }
        graph = merged(&graph, &local, count);
    }
    let (of, count) = renumbered(&of);
    let modularity = modularity(weights, &of, resolution);
    Communities { of, count, modularity }
}

/// Modularity of a division (Newman 2004): the weight inside communities over what chance would put there.
pub fn modularity(weights: &Matrix, of: &[usize], resolution: f64) -> f64 {
    let graph = adjacency(weights);
    let total: f64 = graph.iter().flat_map(BTreeMap::values).sum();
    if total == 0.0 {
        return 0.0;
    }
    let (mut inside, mut strength) = (0.0, BTreeMap::<usize, f64>::new());
    for (i, neighbours) in graph.iter().enumerate() {
        for (j, w) in neighbours {
            inside += if of[i] == of[*j] { *w } else { 0.0 };
            *strength.entry(of[i]).or_default() += w;
        }
    }
    inside / total - resolution * strength.values().map(|s| (s / total).powi(2)).sum::<f64>()
}

fn adjacency(weights: &Matrix) -> Adjacency {
    let mut graph = vec![BTreeMap::new(); weights.n()];
    for (target, source, w) in edges(weights) {
        *graph[target].entry(source).or_default() += w;
        *graph[source].entry(target).or_default() += w;
    }
    graph
}

/// Moves each node to the community of its neighbours that gains most, until none gains.
fn move_nodes(graph: &Adjacency, resolution: f64) -> (bool, Vec<usize>) {
    let strength: Vec<f64> = graph.iter().map(|n| n.values().sum()).collect();
    let total: f64 = strength.iter().sum();
    let mut of: Vec<usize> = (0..graph.len()).collect();
    let mut sums = strength.clone();
    let mut any = false;
    loop {
        let mut moved = false;
        for node in 0..graph.len() {
            sums[of[node]] -= strength[node];
            let mut towards = BTreeMap::from([(of[node], 0.0)]);
            for (next, w) in graph[node].iter().filter(|(next, _)| **next != node) {
                *towards.entry(of[*next]).or_default() += w;
            }
            let gain = |c: usize, w: f64| w - resolution * sums[c] * strength[node] / total;
            let stay = gain(of[node], towards[&of[node]]);
            let (mut best, mut most) = (of[node], stay);
            for (c, w) in towards {
                // A gain within rounding is none: without the margin two equal divisions alternate for ever.
                if gain(c, w) > most + 1e-12 * total {
                    (best, most) = (c, gain(c, w));
                }
            }
            moved |= best != of[node];
            of[node] = best;
            sums[best] += strength[node];
        }
        any |= moved;
        if !moved {
            return (any, of);
        }
    }
}

/// Communities as the nodes of a new graph.
fn merged(graph: &Adjacency, of: &[usize], count: usize) -> Adjacency {
    let mut out = vec![BTreeMap::new(); count];
    for (i, neighbours) in graph.iter().enumerate() {
        for (j, w) in neighbours {
            *out[of[i]].entry(of[*j]).or_default() += w;
        }
    }
    out
}

fn renumbered(of: &[usize]) -> (Vec<usize>, usize) {
    let mut numbers = BTreeMap::new();
    let out = of
        .iter()
        .map(|c| {
            let next = numbers.len();
            *numbers.entry(*c).or_insert(next)
        })
        .collect();
    (out, numbers.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::undirected;

    #[test]
    fn two_triangles_with_a_bridge_are_two_communities() {
        let m = undirected(6, &[(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3), (2, 3)]);
        let found = communities(&m, 1.0);
        assert_eq!(found.of, [0, 0, 0, 1, 1, 1]);
        // 6 of 7 edges inside, each community holding half of all strength: 6/7 - 1/2.
        assert!((found.modularity - (6.0 / 7.0 - 0.5)).abs() < 1e-12);
    }

    #[test]
    fn a_graph_without_tracts_has_one_community_per_region() {
        assert_eq!(communities(&Matrix::zeros(3), 1.0).count, 3);
    }
}
