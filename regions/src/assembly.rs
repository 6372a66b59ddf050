//! What all recipes share: naming populations, placing projections, splitting counts exactly.

use std::collections::BTreeMap;

use connectome::Connectome;
use connectome::network::{Network, Population, Projection, Rule, Stimulus, StimulusKind, Value};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The most synapses of one region or tract: above it a count in `f64` is no longer exact.
const MOST_SYNAPSES: f64 = 9.0e15;

/// The most projections of a network. Each takes about 150 bytes.
const MOST_PROJECTIONS: u64 = 8_000_000;

/// What a number of synapses means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Exactly so many.
    #[default]
    Exact,
    /// So many on average: each neuron draws its own number.
    Poisson,
}

/// A network under construction.
pub(crate) struct Assembly {
    pub(crate) network: Network,
    /// What numbers of synapses mean.
    pub(crate) counts: Counts,
}

impl Assembly {
    pub(crate) fn new(connectome: &Connectome) -> Self {
        let regions = connectome.regions.iter().map(|r| r.label.clone()).collect();
        Assembly { network: Network { regions, ..Network::default() }, counts: Counts::Exact }
    }

    /// Adds a population `REGION.name` and gives its index.
    pub(crate) fn population(&mut self, region: usize, name: &str, size: u32, model: &str, params: BTreeMap<String, f64>) -> usize {
        let name = format!("{}.{name}", self.network.regions[region]);
        let model = model.to_owned();
        self.network.populations.push(Population { name, region: Some(region), size, model, params, ..Population::default() });
        self.network.populations.len() - 1
    }

    /// Adds `number` synapses with ends drawn independently; nothing if there are none.
    pub(crate) fn connect(&mut self, source: usize, target: usize, number: u64, weight: Value, delay: Value) {
        if number == 0 {
            return;
        }
        let rule = match self.counts {
            Counts::Exact => Rule::FixedTotalNumber { number },
            Counts::Poisson => {
                let size = |population: usize| f64::from(self.network.populations[population].size);
                Rule::PairwisePoisson { mean: number as f64 / (size(source) * size(target)) }
            }
        };
        self.network.projections.push(Projection::new(source, target, rule, weight, delay));
    }

    /// Drives a population from the beginning to the end.
    pub(crate) fn drive(&mut self, target: usize, kind: StimulusKind, delay: f64) {
        self.network.stimuli.push(Stimulus { target, range: None, kind, start: 0.0, stop: f64::INFINITY, delay });
    }
}

/// Splits `total` in proportion to `weights`, exactly: whole numbers whose sum is `total`, each within
/// one of its exact share (largest remainders, the first of equals first). All zeros if no weight is positive.
pub(crate) fn apportion(total: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        return vec![0; weights.len()];
    }
    let shares: Vec<f64> = weights.iter().map(|w| w / sum * total as f64).collect();
    let mut parts: Vec<u64> = shares.iter().map(|s| s.floor() as u64).collect();
    let mut left = total.saturating_sub(parts.iter().sum());
    let mut order: Vec<usize> = (0..weights.len()).filter(|i| weights[*i] > 0.0).collect();
    order.sort_by(|a, b| (shares[*b] - shares[*b].floor()).total_cmp(&(shares[*a] - shares[*a].floor())).then(a.cmp(b)));
    for i in order.into_iter().cycle() {
        if left == 0 {
            break;
        }
        parts[i] += 1;
        left -= 1;
    }
    parts
}

/// A number of synapses, rounded.
pub(crate) fn count(what: impl Fn() -> String, synapses: f64) -> Result<u64, Error> {
    if synapses <= MOST_SYNAPSES {
        Ok(synapses.round() as u64)
    } else {
        Err(Error::TooManySynapses { what: what(), found: synapses, most: MOST_SYNAPSES })
    }
}

/// Refuses a connectome that would become more projections than can be described.
pub(crate) fn check_projections(connectome: &Connectome, per_region: u64, per_tract: u64) -> Result<(), Error> {
    let tracts = connectome.n_tracts() as u64;
    let found = connectome.n() as u64 * per_region + tracts * per_tract;
    if found <= MOST_PROJECTIONS {
        Ok(())
    } else {
        Err(Error::TooManyProjections { connectome: connectome.name.clone(), tracts, found, most: MOST_PROJECTIONS })
    }
}

/// Checks both connectomes and that they are about the same regions.
pub(crate) fn check_pair(connectome: &Connectome, intact: &Connectome) -> Result<(), Error> {
    connectome.check()?;
    intact.check()?;
    let label = |c: &Connectome, i: usize| c.regions.get(i).map_or("nothing".to_owned(), |r| r.label.clone());
    match (0..connectome.n().max(intact.n())).find(|i| label(connectome, *i) != label(intact, *i)) {
        Some(i) => Err(Error::OtherRegions {
            number: i + 1,
            found: label(connectome, i),
            expected: label(intact, i),
            connectome: connectome.name.clone(),
            intact: intact.name.clone(),
        }),
        None => Ok(()),
    }
}

/// Tracts between different regions as (target, source, weight).
pub(crate) fn tracts(connectome: &Connectome) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
    connectome.weights.entries().filter(|(target, source, _)| target != source)
}

/// A normal value that keeps the sign of its mean; the same for all where `std` is 0.
pub(crate) fn spread(mean: f64, std: f64) -> Value {
    if std == 0.0 || mean == 0.0 { Value::constant(mean) } else { Value::normal_same_sign(mean, std.abs()) }
}

/// A delay that is never below `min`; the same for all where `std` is 0.
pub(crate) fn delay(mean: f64, std: f64, min: f64) -> Value {
    let mean = mean.max(min);
    if std == 0.0 { Value::constant(mean) } else { Value::Normal { mean, std, min, max: f64::INFINITY } }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn apportioned_parts_sum_to_the_total_and_lie_within_one_of_their_share(
            total in 0u64..1_000_000_000, weights in prop::collection::vec(0.0f64..1e3, 1..40)
        ) {
            let sum: f64 = weights.iter().sum();
            prop_assume!(sum > 0.0);
            let parts = apportion(total, &weights);
            prop_assert_eq!(parts.iter().sum::<u64>(), total);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!((*part as f64 - weight / sum * total as f64).abs() < 1.001);
                prop_assert!(*weight > 0.0 || *part == 0);
            }
        }
    }

    #[test]
    fn nothing_is_apportioned_where_no_weight_is_positive() {
        assert_eq!(apportion(10, &[0.0, 0.0]), [0, 0]);
        assert_eq!(apportion(10, &[]), Vec::<u64>::new());
    }

    #[test]
    fn a_count_beyond_exact_numbers_is_refused() {
        assert!(matches!(count(|| "V1".into(), 1e16), Err(Error::TooManySynapses { .. })));
        assert!(matches!(count(|| "V1".into(), f64::NAN), Err(Error::TooManySynapses { .. })));
        assert_eq!(count(|| "V1".into(), 2.5).expect("small"), 3);
    }
}
