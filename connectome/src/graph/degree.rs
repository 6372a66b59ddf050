//! Degrees, strengths, density.

use super::edges;
use crate::brain::Matrix;

/// What arrives at a region and what leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Degree<T> {
    /// From other regions.
    pub incoming: T,
    /// To other regions.
    pub outgoing: T,
}

/// Number of tracts into and out of each region.
pub fn degrees(weights: &Matrix) -> Vec<Degree<usize>> {
    let mut out = vec![Degree::default(); weights.n()];
    for (target, source, _) in edges(weights) {
        out[target].incoming += 1;
        out[source].outgoing += 1;
    }
    out
}

/// Sum of weights into and out of each region.
pub fn strengths(weights: &Matrix) -> Vec<Degree<f64>> {
    let mut out = vec![Degree::default(); weights.n()];
    for (target, source, w) in edges(weights) {
        out[target].incoming += w;
        out[source].outgoing += w;
    }
    out
}

/// Share of the possible tracts between different regions that exist, 0 to 1.
pub fn density(weights: &Matrix) -> f64 {
    let n = weights.n();
    if n < 2 { 0.0 } else { edges(weights).count() as f64 / (n * (n - 1)) as f64 }
}

/// Share of tracts that have one in the other direction, 0 to 1.
pub fn reciprocity(weights: &Matrix) -> f64 {
    let (mut all, mut both) = (0, 0);
    for (target, source, _) in edges(weights) {
        all += 1;
        both += usize::from(weights.at(source, target) != 0.0);
    }
    if all == 0 { 0.0 } else { both as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::matrix;

    #[test]
    fn degrees_and_strengths_tell_in_from_out() {
        let m = matrix(3, &[(0, 1, 2.0), (0, 2, 3.0), (1, 0, 5.0), (1, 1, 100.0)]);
        assert_eq!(degrees(&m)[0], Degree { incoming: 1, outgoing: 2 });
        assert_eq!(strengths(&m)[0], Degree { incoming: 5.0, outgoing: 5.0 });
        assert_eq!(strengths(&m)[1], Degree { incoming: 2.0, outgoing: 5.0 });
        assert_eq!(density(&m), 0.5);
        assert_eq!(reciprocity(&m), 2.0 / 3.0);
    }
}
