//! Hubs: rich club and participation.

use super::{degrees, edges, strengths};
use crate::brain::Matrix;

/// Rich-club coefficients: entry `k` is the density among regions of more than `k` tracts, both directions counted
/// (Colizza 2006, Nat Phys 2:110). Ends before fewer than two regions are left.
pub fn rich_club(weights: &Matrix) -> Vec<f64> {
    let total: Vec<usize> = degrees(weights).iter().map(|d| d.incoming + d.outgoing).collect();
    let most = total.iter().copied().max().unwrap_or(0);
    (0..most)
        .map_while(|k| {
            let rich = total.iter().filter(|d| **d > k).count();
            let among = edges(weights).filter(|(t, s, _)| total[*t] > k && total[*s] > k).count();
            (rich > 1).then(|| among as f64 / (rich * (rich - 1)) as f64)
        })
        .collect()
}

/// Participation coefficient of each region: 0 if all of its tracts stay in one community, towards 1 the more evenly
/// they are spread (Guimera & Amaral 2005, Nature 433:895). Both directions are added up.
pub fn participation(weights: &Matrix, of: &[usize]) -> Vec<f64> {
    let n_communities = of.iter().max().map_or(0, |m| m + 1);
    let mut towards = vec![0.0; weights.n() * n_communities];
    for (target, source, w) in edges(weights) {
        towards[target * n_communities + of[source]] += w;
        towards[source * n_communities + of[target]] += w;
    }
    let shares = towards.chunks(n_communities.max(1)).zip(strengths(weights));
    shares
        .map(|(t, s)| {
            let all = s.incoming + s.outgoing;
            if all > 0.0 { 1.0 - t.iter().map(|w| (w / all).powi(2)).sum::<f64>() } else { 0.0 }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::undirected;

    #[test]
    fn the_bridge_participates_and_the_others_do_not() {
        let m = undirected(5, &[(0, 1), (1, 2), (2, 3), (3, 4)]);
        let p = participation(&m, &[0, 0, 1, 1, 1]);
        assert_eq!(p, [0.0, 0.5, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn a_core_of_three_hubs_is_a_rich_club() {
        let m = undirected(6, &[(0, 1), (1, 2), (2, 0), (0, 3), (1, 4), (2, 5)]);
        let club = rich_club(&m);
        // Everybody has more than 1 tract (both directions count); only the hubs have more than 2.
        assert_eq!(club[1], 12.0 / 30.0);
        assert_eq!(club[2], 1.0);
        assert_eq!(club.len(), 6);
    }
}
