//! Shortest paths and what follows from them.

use petgraph::algo::dijkstra;
use petgraph::graph::{DiGraph, NodeIndex};

use super::edges;
use crate::brain::{Connectome, Matrix};
use crate::error::Error;

/// What one tract costs on a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// One step.
    Hops,
    /// The inverse of its weight: strong tracts are short.
    InverseWeight,
    /// Its length in mm.
    Length,
}

/// Shortest paths between all pairs of regions.
#[derive(Clone, Debug, PartialEq)]
pub struct PathLengths {
    /// Costs of the cheapest paths, row = target; infinite where there is none, 0 on the diagonal.
    pub costs: Matrix,
    /// Mean over all pairs that have a path; NaN if none has one.
    pub characteristic: f64,
    /// Mean of inverse costs over all pairs, those without a path counting 0.
    pub efficiency: f64,
}

/// Shortest paths along the direction of tracts.
pub fn path_lengths(connectome: &Connectome, cost: Cost) -> Result<PathLengths, Error> {
    let (graph, n) = (costed(connectome, cost)?, connectome.n());
    let mut costs = Matrix::zeros(n);
    costs.values_mut().fill(f64::INFINITY);
    let (mut sum, mut inverse, mut pairs) = (0.0, 0.0, 0_usize);
    for source in 0..n {
        let mut reached: Vec<(usize, f64)> =
            dijkstra(&graph, NodeIndex::new(source), None, |e| *e.weight()).into_iter().map(|(t, c)| (t.index(), c)).collect();
        // A map has no order, and sums depend on it.
        reached.sort_unstable_by_key(|r| r.0);
        for (target, cost) in reached {
            *costs.at_mut(target, source) = cost;
            if target != source {
                sum += cost;
                inverse += 1.0 / cost;
                pairs += 1;
            }
        }
    }
    let possible = (n * n.saturating_sub(1)).max(1) as f64;
    Ok(PathLengths { costs, characteristic: sum / pairs as f64, efficiency: inverse / possible })
}

/// Share of shortest paths between other regions that run through each region (Brandes 2001), over the number of
/// ordered pairs of other regions.
pub fn betweenness(connectome: &Connectome, cost: Cost) -> Result<Vec<f64>, Error> {
    let (graph, n) = (costed(connectome, cost)?, connectome.n());
    let mut through = vec![0.0; n];
    (0..n).for_each(|source| Search::from(&graph, source).add_to(&mut through));
    let pairs = ((n.max(3) - 1) * (n.max(3) - 2)) as f64;
    through.iter_mut().for_each(|b| *b /= pairs);
    Ok(through)
}

fn costed(connectome: &Connectome, cost: Cost) -> Result<DiGraph<(), f64>, Error> {
    let lengths = connectome.lengths.as_ref();
    if cost == Cost::Length && lengths.is_none() {
        return Err(Error::NotCarried {
            connectome: connectome.name.clone(),
            what: "tract lengths".into(),
            instead: "paths by length need them".into(),
        });
    }
    let mut graph = DiGraph::new();
    (0..connectome.n()).for_each(|_| {
        graph.add_node(());
    });
    for (target, source, w) in edges(&connectome.weights) {
        let cost = match (cost, lengths) {
            (Cost::Hops, _) => 1.0,
            (Cost::Length, Some(lengths)) => lengths.at(target, source),
            _ => 1.0 / w,
        };
        graph.add_edge(NodeIndex::new(source), NodeIndex::new(target), cost);
    }
    Ok(graph)
}

/// One single-source search of Brandes' algorithm.
struct Search {
    source: usize,
    /// Regions in the order of their distance.
    order: Vec<usize>,
    predecessors: Vec<Vec<usize>>,
    /// Number of shortest paths to each region.
    paths: Vec<f64>,
}

impl Search {
    fn from(graph: &DiGraph<(), f64>, source: usize) -> Self {
        let n = graph.node_count();
        let reached = dijkstra(graph, NodeIndex::new(source), None, |e| *e.weight());
        let cost: Vec<f64> = (0..n).map(|i| reached.get(&NodeIndex::new(i)).copied().unwrap_or(f64::INFINITY)).collect();
        let mut order: Vec<usize> = (0..n).filter(|i| cost[*i].is_finite()).collect();
        order.sort_by(|a, b| cost[*a].total_cmp(&cost[*b]));
        let (mut predecessors, mut paths) = (vec![Vec::new(); n], vec![0.0; n]);
        paths[source] = 1.0;
        for &node in &order {
            for edge in graph.edges(NodeIndex::new(node)) {
                use petgraph::visit::EdgeRef;
                let next = edge.target().index();
                // Equal up to rounding: the same path summed in another order is no longer path.
                let tied = (cost[node] + edge.weight() - cost[next]).abs() <= 1e-12 * cost[next];
                if tied && cost[next] > cost[node] {
                    paths[next] += paths[node];
                    predecessors[next].push(node);
                }
            }
        }
        Search { source, order, predecessors, paths }
    }

    fn add_to(self, through: &mut [f64]) {
        let mut share = vec![0.0; through.len()];
        for &node in self.order.iter().rev() {
            for &before in &self.predecessors[node] {
                share[before] += self.paths[before] / self.paths[node] * (1.0 + share[node]);
            }
            if node != self.source {
                through[node] += share[node];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::{matrix, undirected};
    use crate::{Connectome, Provenance, Region};

    fn brain(weights: Matrix) -> Connectome {
        let regions = (0..weights.n()).map(|i| Region { label: i.to_string(), ..Region::default() }).collect();
        Connectome {
            name: "t".into(),
            species: None,
            weight_kind: String::new(),
            regions,
            weights,
            lengths: None,
            sln: None,
            functional: None,
            directed: true,
            provenance: Provenance::default(),
        }
    }

    #[test]
    fn a_line_of_four_has_the_textbook_lengths_and_betweenness() {
        let c = brain(undirected(4, &[(0, 1), (1, 2), (2, 3)]));
        let paths = path_lengths(&c, Cost::Hops).expect("hops need nothing");
        assert_eq!(paths.costs.at(3, 0), 3.0);
        assert!((paths.characteristic - 10.0 / 6.0).abs() < 1e-12);
        // Of the 6 ordered pairs of others, 4 pass through an inner region.
        assert_eq!(betweenness(&c, Cost::Hops).expect("hops"), [0.0, 4.0 / 6.0, 4.0 / 6.0, 0.0]);
    }

    #[test]
    fn strong_tracts_are_short_and_direction_counts() {
        let c = brain(matrix(3, &[(0, 1, 4.0), (1, 2, 4.0), (0, 2, 1.0)]));
        let paths = path_lengths(&c, Cost::InverseWeight).expect("weights are there");
        assert_eq!(paths.costs.at(2, 0), 0.5);
        assert_eq!(paths.costs.at(0, 2), f64::INFINITY);
        assert_eq!(betweenness(&c, Cost::InverseWeight).expect("weights")[1], 0.5);
        assert!(path_lengths(&c, Cost::Length).is_err());
    }
}
