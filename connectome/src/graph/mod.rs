//! Graph measures of a connectome: degrees, clustering, paths, hubs, communities, components.
//!
//! All of them work on the weights between different regions: the diagonal plays no part. Directed measures see an edge
//! from `source` to `target` where `weights.at(target, source)` is positive. Every result is deterministic.

mod clustering;
mod communities;
mod degree;
mod hubs;
mod paths;

use petgraph::algo::{connected_components, tarjan_scc};
use petgraph::graph::{DiGraph, NodeIndex, UnGraph};
use sprs::{CsMat, TriMat};

use crate::brain::Matrix;

pub use clustering::{Weighting, clustering};
pub use communities::{Communities, communities, modularity};
pub use degree::{Degree, degrees, density, reciprocity, strengths};
pub use hubs::{participation, rich_club};
pub use paths::{Cost, PathLengths, betweenness, path_lengths};

/// The weights between different regions as a sparse matrix, row = target.
pub fn sparse(weights: &Matrix) -> CsMat<f64> {
    let mut triplets = TriMat::new((weights.n(), weights.n()));
    edges(weights).for_each(|(target, source, w)| triplets.add_triplet(target, source, w));
    triplets.to_csr()
}

/// The weights between different regions as a directed graph; node `i` is region `i`, an edge runs from source to target.
pub fn directed(weights: &Matrix) -> DiGraph<(), f64> {
    let mut graph = DiGraph::with_capacity(weights.n(), 0);
    (0..weights.n()).for_each(|_| {
        graph.add_node(());
    });
    edges(weights).for_each(|(target, source, w)| {
        graph.add_edge(NodeIndex::new(source), NodeIndex::new(target), w);
    });
    graph
}

/// Number of groups of regions that are joined whatever the direction of tracts.
pub fn weak_components(weights: &Matrix) -> usize {
    connected_components(&directed(weights).into_edge_type::<petgraph::Undirected>() as &UnGraph<(), f64>)
}

/// Groups of regions in which each reaches each along the direction of tracts, largest first, each in ascending order.
pub fn strong_components(weights: &Matrix) -> Vec<Vec<usize>> {
    let sorted = |mut group: Vec<usize>| {
        group.sort_unstable();
        group
    };
    let mut groups: Vec<Vec<usize>> =
        tarjan_scc(&directed(weights)).into_iter().map(|g| sorted(g.into_iter().map(NodeIndex::index).collect())).collect();
    groups.sort_by_key(|g| (usize::MAX - g.len(), g[0]));
    groups
}

/// Tracts between different regions as (target, source, weight).
fn edges(weights: &Matrix) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
    weights.entries().filter(|(target, source, _)| target != source)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A matrix from (source, target, weight).
    pub(crate) fn matrix(n: usize, edges: &[(usize, usize, f64)]) -> Matrix {
        let mut m = Matrix::zeros(n);
        edges.iter().for_each(|(source, target, w)| *m.at_mut(*target, *source) = *w);
        m
    }

    /// A matrix from undirected pairs.
    pub(crate) fn undirected(n: usize, pairs: &[(usize, usize)]) -> Matrix {
        matrix(n, &pairs.iter().flat_map(|(a, b)| [(*a, *b, 1.0), (*b, *a, 1.0)]).collect::<Vec<_>>())
    }

    #[test]
    fn components_follow_direction_only_when_strong() {
        let m = matrix(5, &[(0, 1, 1.0), (1, 0, 1.0), (1, 2, 1.0), (3, 4, 1.0), (2, 2, 9.0)]);
        assert_eq!(weak_components(&m), 2);
        assert_eq!(strong_components(&m), [vec![0, 1], vec![2], vec![3], vec![4]]);
    }

    #[test]
    fn the_sparse_view_leaves_out_the_diagonal() {
        let m = matrix(2, &[(0, 1, 3.0), (1, 1, 4.0)]);
        let s = sparse(&m);
        assert_eq!((s.nnz(), s.get(1, 0)), (1, Some(&3.0)));
    }
}
