//! Thin projections, drawn together.
//!
//! A brain's neuron may reach hundreds of regions by a fraction of a synapse each. To draw every one of these
//! fractions costs more than all the synapses that come of it. Poisson numbers add up: so the number of all is
//! drawn once, and each synapse then draws the projection that it belongs to.

use std::collections::BTreeMap;
use std::ops::Range;

use connectome::network::{Network, Rule};

use super::{Part, Prepared};
use crate::counts::Poisson;
use crate::random::{Purpose, Stream};

/// A projection is thin if a source has fewer synapses through it on average.
const THIN: f64 = 1.0;

/// Thin `pairwise_poisson` projections from one population that share their shortest delay.
pub struct Bundle {
    /// Population that spikes come from.
    pub source: usize,
    /// Indices of the projections, ascending.
    pub members: Vec<u32>,
    /// Where the part of each member ends in the range of a random word.
    ends: Vec<u64>,
    partners: Poisson,
    stream: Stream,
}

/// All bundles of a network.
pub fn bundles(network: &Network, prepared: &[Prepared], seed: u64) -> Vec<Bundle> {
    let mut thin: BTreeMap<(usize, u32), Vec<(u32, f64)>> = BTreeMap::new();
    for (projection, prepared) in network.projections.iter().zip(prepared) {
        if let Rule::PairwisePoisson { mean } = projection.rule {
            let mean = mean * prepared.choices() as f64;
            if mean < THIN {
                thin.entry((prepared.source, prepared.delay_bounds().0)).or_default().push((prepared.index, mean));
            }
        }
    }
    thin.into_iter().filter(|(_, members)| members.len() > 1).map(|((source, _), members)| Bundle::new(source, &members, seed)).collect()
}

impl Bundle {
    /// Of projections with these mean numbers of synapses per source.
    fn new(source: usize, members: &[(u32, f64)], seed: u64) -> Self {
        let total: f64 = members.iter().map(|m| m.1).sum();
        let mut sum = 0.0;
        let mut ends: Vec<u64> = members
            .iter()
            .map(|(_, mean)| {
                sum += mean;
                (sum / total * 4_294_967_296.0) as u64
            })
            .collect();
        *ends.last_mut().expect("a bundle has members") = 1 << 32;
        // No projection has a number as large as this name.
        let stream = Stream::new(seed, Purpose::Counts, 1 << 40 | u64::from(members[0].0));
        Bundle { source, members: members.iter().map(|m| m.0).collect(), ends, partners: Poisson::new(total), stream }
    }

    /// Calls `visit` for every non-empty part of the sources in `range`, in ascending order.
    pub fn parts(&self, range: Range<u32>, visit: &mut impl FnMut(Part)) {
        let mut drawn = Vec::new();
        for source in range {
            let mut draws = self.stream.sequence(u64::from(source));
            let count = self.partners.draw(&mut draws);
            drawn.clear();
            drawn.extend((0..count).map(|_| {
                let word = u64::from(draws.word());
                self.ends.partition_point(|end| *end <= word)
            }));
            drawn.sort_unstable();
            for run in drawn.chunk_by(|a, b| a == b) {
                visit(Part { source, projection: self.members[run[0]], count: run.len() as u64, before: 0 });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_get_poisson_numbers_with_their_means() {
        let means = [0.3, 0.02, 0.9, 0.0, 0.11];
        let members: Vec<(u32, f64)> = means.iter().enumerate().map(|(i, mean)| (i as u32 * 10, *mean)).collect();
        let bundle = Bundle::new(0, &members, 5);
        let n = 200_000u32;
        let mut counts = vec![vec![0.0f64; 5]; n as usize];
        bundle.parts(0..n, &mut |part| counts[part.source as usize][part.projection as usize / 10] = part.count as f64);
        for (i, mean) in means.iter().enumerate() {
            let m = counts.iter().map(|c| c[i]).sum::<f64>() / f64::from(n);
            let v = counts.iter().map(|c| (c[i] - m).powi(2)).sum::<f64>() / f64::from(n);
            let error = (mean / f64::from(n)).sqrt() + 1e-12;
            assert!((m - mean).abs() < 4.5 * error, "mean of {i}: {m}");
            // The variance of a variance of Poisson numbers is about (mean + 2 mean^2) / n.
            assert!((v - mean).abs() < 4.5 * ((mean + 2.0 * mean * mean) / f64::from(n)).sqrt() + 1e-12, "variance of {i}: {v}");
        }
        // Members are independent.
        let covariance = counts.iter().map(|c| (c[0] - 0.3) * (c[2] - 0.9)).sum::<f64>() / f64::from(n);
        assert!(covariance.abs() < 4.5 * (0.27 / f64::from(n)).sqrt(), "{covariance}");
    }

    #[test]
    fn any_source_can_be_asked_alone() {
        let bundle = Bundle::new(0, &[(0, 0.5), (1, 0.7)], 5);
        let (mut whole, mut single) = (Vec::new(), Vec::new());
        bundle.parts(0..50, &mut |part| whole.push(part));
        (0..50).for_each(|source| bundle.parts(source..source + 1, &mut |part| single.push(part)));
        assert_eq!(whole, single);
    }
}
