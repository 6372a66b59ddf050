//! Clustering coefficients of directed graphs.

use super::{degrees, sparse};
use crate::brain::Matrix;

/// Whether the strength of tracts counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// A tract is there or not.
    Binary,
    /// Geometric mean of the weights of a triangle, over the largest weight of the graph.
    Weighted,
}

/// Clustering coefficient of each region: the share of possible directed triangles around it that exist
/// (Fagiolo 2007, Phys Rev E 76:026107). For a symmetric matrix this is the undirected coefficient
/// (weighted: Onnela 2005, Phys Rev E 71:065103).
pub fn clustering(weights: &Matrix, weighting: Weighting) -> Vec<f64> {
    let largest = super::edges(weights).fold(0.0, |a: f64, e| a.max(e.2));
    let strength = |w: &f64| match weighting {
        Weighting::Binary => 1.0,
        Weighting::Weighted => (w / largest).cbrt(),
    };
    let one_way = sparse(weights).map(strength);
    let both = &one_way + &one_way.transpose_view().to_csr();
    let paths = &both * &both;
    let degrees = degrees(weights);
    (0..weights.n())
        .map(|i| {
            let (Some(two_steps), Some(back)) = (paths.outer_view(i), both.outer_view(i)) else { return 0.0 };
            // Closed walks of three steps; the matrix is symmetric, so row and column are the same.
            let triangles = two_steps.dot(&back);
            let total = (degrees[i].incoming + degrees[i].outgoing) as f64;
            let mutual = (0..weights.n()).filter(|j| *j != i && weights.at(i, *j) != 0.0 && weights.at(*j, i) != 0.0).count() as f64;
            let possible = 2.0 * (total * (total - 1.0) - 2.0 * mutual);
            if possible > 0.0 { triangles / possible } else { 0.0 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::{matrix, undirected};

    #[test]
    fn a_triangle_with_a_tail_has_the_textbook_coefficients() {
        let m = undirected(4, &[(0, 1), (1, 2), (2, 0), (2, 3)]);
        assert_eq!(clustering(&m, Weighting::Binary), [1.0, 1.0, 1.0 / 3.0, 0.0]);
    }

    #[test]
    fn directed_triangles_count_as_in_fagiolo() {
        // networkx 3.x: clustering(DiGraph([(0,1),(1,2),(2,0),(0,2)])) = {0: 0.5, 1: 1.0, 2: 0.5}
        let m = matrix(3, &[(0, 1, 1.0), (1, 2, 1.0), (2, 0, 1.0), (0, 2, 1.0)]);
        assert_eq!(clustering(&m, Weighting::Binary), [0.5, 1.0, 0.5]);
    }

    #[test]
    fn weights_enter_by_their_geometric_mean() {
        let mut m = undirected(3, &[(0, 1), (1, 2), (2, 0)]);
        *m.at_mut(0, 1) = 0.125;
        *m.at_mut(1, 0) = 0.125;
        assert!(clustering(&m, Weighting::Weighted).iter().all(|c| (c - 0.5).abs() < 1e-12));
    }
}
