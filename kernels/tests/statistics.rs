//! Contract: every connection rule draws from the distribution its name promises.
//!
//! Degrees that a rule fixes are exact. The others are tested by chi-square p-values over many seeds,
//! which must be uniform (Kolmogorov-Smirnov): a single seed with a wide tolerance would hide a bias,
//! and a single tight one would fail by chance.

use connectome::network::{Decay, Edge, Network, Population, Projection, Rule, Value};
use kernels::wiring::{Prepared, Row, prepare};

const N_SOURCE: u32 = 40;
const N_TARGET: u32 = 30;
const SEEDS: u64 = 120;

/// A network of two populations, and one projection with this rule.
struct Case {
    rule: Rule,
    recurrent: bool,
    autapses: bool,
    multapses: bool,
}

impl Case {
    fn new(rule: Rule) -> Self {
        Case { rule, recurrent: false, autapses: true, multapses: true }
    }

    fn network(&self) -> Network {
        let mut network = Network::default();
        for (name, size) in [("source", N_SOURCE), ("target", N_TARGET)] {
            let positions = (0..size).map(|i| [0.02 * i as f32, 0.0, 0.0]).collect();
            network.populations.push(Population { name: name.into(), size, model: "iaf_psc_exp".into(), positions, ..Default::default() });
        }
        let target = if self.recurrent { 0 } else { 1 };
        let mut projection = Projection::new(0, target, self.rule.clone(), Value::constant(1.0), Value::constant(1.0));
        projection.allow_autapses = self.autapses;
        projection.allow_multapses = self.multapses;
        network.projections.push(projection);
        network
    }

    /// Number of synapses of every pair: `counts[source][target]`.
    fn counts(&self, seed: u64) -> Vec<Vec<u32>> {
        let network = self.network();
        let prepared = prepared(&network, seed);
        let n_target = if self.recurrent { N_SOURCE } else { N_TARGET };
        let mut counts = vec![vec![0; n_target as usize]; N_SOURCE as usize];
        let mut row = Row::default();
        let mut parts = Vec::new();
        prepared.parts(0..N_SOURCE, &mut |part| parts.push(part));
        for part in parts {
            prepared.row(&part, &mut row);
            for target in &row.targets {
                counts[part.source as usize][*target as usize] += 1;
            }
        }
        counts
    }
}

/// The network's only projection, in steps of 0.1 ms.
fn prepared(network: &Network, seed: u64) -> Prepared {
    prepare(network, 0.1, seed).pop().expect("it has a projection")
}

fn outdegrees(counts: &[Vec<u32>]) -> Vec<u32> {
    counts.iter().map(|row| row.iter().sum()).collect()
}

fn indegrees(counts: &[Vec<u32>]) -> Vec<u32> {
    (0..counts[0].len()).map(|t| counts.iter().map(|row| row[t]).sum()).collect()
}

/// p-value of Pearson's chi-square of `observed` against a constant `expected` with this variance per
/// cell and number of degrees of freedom (Wilson-Hilferty approximation).
fn chi_square(observed: &[u32], expected: f64, variance: f64, freedom: f64) -> f64 {
    let chi2: f64 = observed.iter().map(|o| (f64::from(*o) - expected).powi(2) / variance).sum();
    let z = ((chi2 / freedom).cbrt() - (1.0 - 2.0 / (9.0 * freedom))) / (2.0 / (9.0 * freedom)).sqrt();
    1.0 - kernels::quantile::normal_cdf(z)
}

/// p-value of the Kolmogorov-Smirnov test that the values are uniform.
fn uniformity(mut p: Vec<f64>) -> f64 {
    p.sort_by(f64::total_cmp);
    let n = p.len() as f64;
    let d = p.iter().enumerate().map(|(i, x)| (x - i as f64 / n).abs().max((x - (i + 1) as f64 / n).abs())).fold(0.0, f64::max);
    let t = d * (n.sqrt() + 0.12 + 0.11 / n.sqrt());
    (1..100).map(|k| 2.0 * (-1.0f64).powi(k - 1) * (-2.0 * f64::from(k * k) * t * t).exp()).sum::<f64>().clamp(0.0, 1.0)
}

/// Chi-square p-values of `degrees` over seeds are uniform.
fn assert_degrees(name: &str, case: &Case, degrees: fn(&[Vec<u32>]) -> Vec<u32>, expected: f64, variance: f64, freedom: f64) {
    let p = (0..SEEDS).map(|seed| chi_square(&degrees(&case.counts(seed)), expected, variance, freedom)).collect();
    let p = uniformity(p);
    assert!(p > 1e-4, "{name}: p-values are not uniform (p = {p})");
}

#[test]
fn one_to_one_and_all_to_all_connect_exactly_the_pairs_they_name() {
    let mut one = Case::new(Rule::OneToOne);
    one.recurrent = true;
    let counts = one.counts(1);
    assert!((0..40).all(|s| (0..40).all(|t| counts[s][t] == u32::from(s == t))));
    assert!(Case::new(Rule::AllToAll).counts(1).iter().flatten().all(|c| *c == 1));
    let without_self = Case { recurrent: true, autapses: false, ..Case::new(Rule::AllToAll) }.counts(1);
    assert!((0..40).all(|s| (0..40).all(|t| without_self[s][t] == u32::from(s != t))));
}

#[test]
fn fixed_indegree_is_exact_and_its_sources_are_uniform() {
    let case = Case::new(Rule::FixedIndegree { indegree: 20 });
    assert!(indegrees(&case.counts(3)).iter().all(|d| *d == 20));
    // 600 synapses over 40 sources: multinomial.
    assert_degrees("fixed_indegree", &case, outdegrees, 15.0, 15.0, 39.0);
}

#[test]
fn fixed_indegree_pairs_are_independent() {
    // All 1,200 pairs: multinomial within each target, 39 degrees of freedom for each of 30 targets.
    let case = Case::new(Rule::FixedIndegree { indegree: 200 });
    assert_degrees("pairs", &case, |c| c.concat(), 5.0, 5.0, 39.0 * 30.0);
}

#[test]
fn fixed_indegree_without_multapses_or_autapses_keeps_both_promises() {
    let case = Case { recurrent: true, autapses: false, multapses: false, ..Case::new(Rule::FixedIndegree { indegree: 25 }) };
    let counts = case.counts(5);
    assert!(indegrees(&counts).iter().all(|d| *d == 25));
    assert!((0..40).all(|i| counts[i][i] == 0) && counts.iter().flatten().all(|c| *c <= 1));
    // Each of 39 candidates is taken with p = 25/39; outdegrees have binomial-like variance with the
    // correction of draws without replacement.
    let p = 25.0 / 39.0;
    assert_degrees("no multapses", &case, outdegrees, 25.0, 39.0 * p * (1.0 - p) * 40.0 / 39.0, 39.0);
}

#[test]
fn fixed_outdegree_is_exact_and_its_targets_are_uniform() {
    let case = Case::new(Rule::FixedOutdegree { outdegree: 15 });
    assert!(outdegrees(&case.counts(7)).iter().all(|d| *d == 15));
    assert_degrees("fixed_outdegree", &case, indegrees, 20.0, 20.0, 29.0);
    let distinct = Case { multapses: false, ..Case::new(Rule::FixedOutdegree { outdegree: 15 }) };
    let counts = distinct.counts(7);
    assert!(outdegrees(&counts).iter().all(|d| *d == 15) && counts.iter().flatten().all(|c| *c <= 1));
    assert_degrees("distinct", &distinct, indegrees, 20.0, 40.0 * 0.25 * 30.0 / 29.0, 29.0);
}

#[test]
fn fixed_total_number_is_exact_and_both_ends_are_uniform() {
    let case = Case::new(Rule::FixedTotalNumber { number: 6000 });
    assert_eq!(case.counts(9).iter().flatten().sum::<u32>(), 6000);
    assert_degrees("sources", &case, outdegrees, 150.0, 150.0, 39.0);
    assert_degrees("targets", &case, indegrees, 200.0, 200.0, 29.0);
    assert_degrees("pairs", &case, |c| c.concat(), 5.0, 5.0, 1199.0);
    let distinct = Case { multapses: false, ..Case::new(Rule::FixedTotalNumber { number: 600 }) };
    let counts = distinct.counts(9);
    assert_eq!(counts.iter().flatten().sum::<u32>(), 600);
    assert!(counts.iter().flatten().all(|c| *c <= 1));
    // 600 of 1,200 pairs without replacement: outdegrees are hypergeometric.
    assert_degrees("distinct sources", &distinct, outdegrees, 15.0, 30.0 * 0.25 * 40.0 / 39.0, 39.0);
}

#[test]
fn pairwise_bernoulli_connects_each_pair_with_its_probability() {
    let p = 0.3;
    let case = Case::new(Rule::PairwiseBernoulli { p, decay: None });
    assert!(case.counts(11).iter().flatten().all(|c| *c <= 1));
    assert_degrees("sources", &case, outdegrees, 30.0 * p, 30.0 * p * (1.0 - p), 40.0);
    assert_degrees("targets", &case, indegrees, 40.0 * p, 40.0 * p * (1.0 - p), 30.0);
    let without_self = Case { recurrent: true, autapses: false, ..Case::new(Rule::PairwiseBernoulli { p, decay: None }) };
    let counts = without_self.counts(11);
    assert!((0..40).all(|i| counts[i][i] == 0));
    assert_degrees("no autapses", &without_self, indegrees, 39.0 * p, 39.0 * p * (1.0 - p), 40.0);
}

#[test]
fn pairwise_poisson_has_poisson_degrees() {
    let case = Case::new(Rule::PairwisePoisson { mean: 2.0 });
    assert_degrees("sources", &case, outdegrees, 60.0, 60.0, 40.0);
    assert_degrees("targets", &case, indegrees, 80.0, 80.0, 30.0);
}

#[test]
fn probability_falls_with_distance_as_described() {
    for decay in
        [Decay::Exponential { length: 0.3 }, Decay::Gaussian { sigma: 0.25 }, Decay::Linear { range: 0.6 }, Decay::Cutoff { range: 0.35 }]
    {
        let expected = |d: f64| match decay {
            Decay::Exponential { length } => (-d / length).exp(),
            Decay::Gaussian { sigma } => (-0.5 * (d / sigma).powi(2)).exp(),
            Decay::Linear { range } => (1.0 - d / range).max(0.0),
            Decay::Cutoff { range } => f64::from(d <= range),
        };
        let case = Case::new(Rule::PairwiseBernoulli { p: 0.8, decay: Some(decay) });
        let seeds = 400;
        let mut found = [0.0; 20];
        let mut wanted = [0.0; 20];
        let mut variance = [0.0; 20];
        for seed in 0..seeds {
            for (s, row) in case.counts(seed).iter().enumerate() {
                for (t, count) in row.iter().enumerate() {
                    let d = 0.02 * (s as f64 - t as f64).abs();
                    let p = 0.8 * expected(d + 1e-9);
                    let bin = ((d / 0.05) as usize).min(19);
                    found[bin] += f64::from(*count);
                    wanted[bin] += p;
                    variance[bin] += p * (1.0 - p);
                }
            }
        }
        for bin in 0..20 {
            let z = (found[bin] - wanted[bin]) / variance[bin].sqrt().max(1e-9);
            assert!(z.abs() < 5.0 || (wanted[bin] < 1e-9 && found[bin] == 0.0), "{decay:?} at {bin}: z = {z}");
        }
    }
}

#[test]
fn explicit_edges_come_back_as_they_went_in() {
    let edges: Vec<Edge> = (0..100u32)
        .map(|i| Edge { source: i * 7 % N_SOURCE, target: i * 11 % N_TARGET, weight: f64::from(i) - 50.5, delay: 0.1 + 0.1 * f64::from(i) })
        .collect();
    let case = Case::new(Rule::Edges { edges: edges.clone() });
    let network = case.network();
    let prepared = prepared(&network, 1);
    let mut found = Vec::new();
    let mut parts = Vec::new();
    prepared.parts(0..N_SOURCE, &mut |part| parts.push(part));
    let mut row = Row::default();
    for part in parts {
        prepared.row(&part, &mut row);
        found.extend((0..row.targets.len()).map(|i| (part.source, row.targets[i], row.weights[i] as f64, row.delays[i])));
    }
    let mut wanted: Vec<_> = edges.iter().map(|e| (e.source, e.target, e.weight, (e.delay / 0.1).round() as u16)).collect();
    wanted.sort_by(|a, b| a.partial_cmp(b).unwrap());
    found.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(found, wanted);
}

#[test]
fn a_row_does_not_depend_on_the_range_it_is_asked_in() {
    for rule in [
        Rule::FixedIndegree { indegree: 20 },
        Rule::FixedOutdegree { outdegree: 20 },
        Rule::FixedTotalNumber { number: 777 },
        Rule::PairwiseBernoulli { p: 0.2, decay: None },
        Rule::PairwisePoisson { mean: 0.5 },
    ] {
        let case = Case::new(rule);
        let network = case.network();
        let prepared = prepared(&network, 4);
        let (mut whole, mut single) = (Vec::new(), Vec::new());
        prepared.parts(0..N_SOURCE, &mut |p| whole.push(p));
        for source in 0..N_SOURCE {
            prepared.parts(source..source + 1, &mut |p| single.push(p));
        }
        assert_eq!(whole, single);
    }
}

#[test]
fn drawn_delays_and_weights_have_their_moments() {
    let mut network = Case::new(Rule::FixedTotalNumber { number: 100_000 }).network();
    network.projections[0].weight = Value::normal_same_sign(-350.0, 35.0);
    network.projections[0].delay = Value::Uniform { min: 1.0, max: 3.0 };
    let prepared = prepared(&network, 4);
    let (mut weights, mut delays) = (Vec::new(), Vec::new());
    let mut row = Row::default();
    let mut parts = Vec::new();
    prepared.parts(0..N_SOURCE, &mut |p| parts.push(p));
    for part in parts {
        prepared.row(&part, &mut row);
        weights.extend(row.weights.iter().map(|w| f64::from(*w)));
        delays.extend(row.delays.iter().map(|d| f64::from(*d)));
    }
    let moments = |x: &[f64]| {
        let n = x.len() as f64;
        let m = x.iter().sum::<f64>() / n;
        (m, (x.iter().map(|v| (v - m).powi(2)).sum::<f64>() / n).sqrt())
    };
    let (mean, std) = moments(&weights);
    assert!((mean + 350.0).abs() < 0.6 && (std - 35.0).abs() < 0.5, "{mean} {std}");
    let (mean, std) = moments(&delays);
    // Rounded to steps, a uniform width of 20 steps.
    assert!((mean - 20.0).abs() < 0.1 && (std - 20.0 / 12f64.sqrt()).abs() < 0.1, "{mean} {std}");
    assert!(weights.iter().all(|w| *w <= 0.0));
}
