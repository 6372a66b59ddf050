//! Projections between microcircuits: how many, from where, to where, how late.

use crate::brain::{cut, three_regions};
use connectome::network::{Network, Value};
use connectome::{Connectome, Matrix};
use regions::pd14::{EXTERNAL_INDEGREES, NEURONS};
use regions::{CorticoCortical, Error, Microcircuit, Recipe, Size};

fn recipe() -> Microcircuit {
    Microcircuit { size: Size::equal(7717.0), indegree_scale: 0.1, ..Default::default() }
}

fn network(recipe: Microcircuit, brain: &Connectome) -> Network {
    Recipe::Microcircuit(recipe).network(brain).expect("a valid recipe")
}

/// Synapses from one region to another, `[target population][source population]`.
fn tract(network: &Network, source: usize, target: usize) -> [[f64; 8]; 8] {
    let mut table = [[0.0; 8]; 8];
    for p in network.projections.iter().filter(|p| (p.source / 8, p.target / 8) == (source, target)) {
        table[p.target % 8][p.source % 8] += p.expected_synapses(network);
    }
    table
}

fn total(table: &[[f64; 8]; 8]) -> f64 {
    table.iter().flatten().sum()
}

fn with_sln(value: f64) -> Connectome {
    let mut brain = three_regions();
    brain.sln = Matrix::from_rows(3, vec![value; 9]);
    brain
}

#[test]
fn tracts_replace_exactly_the_given_fraction_of_the_external_synapses() {
    let network = network(recipe(), &three_regions());
    let external: f64 = NEURONS.iter().zip(EXTERNAL_INDEGREES).map(|(n, k)| f64::from(*n) * k).sum();
    let expected = (0.3 * external * 0.1 * 7717.0 / 77169.0).round();
    for target in 0..3 {
        let found: f64 = (0..3).filter(|s| *s != target).map(|s| total(&tract(&network, s, target))).sum();
        assert_eq!(found, expected);
    }
    let isolated = Recipe::Microcircuit(recipe()).network(&regions::isolated("A")).expect("valid");
    let rate = |n: &Network, i: usize| match &n.stimuli[i].kind {
        connectome::network::StimulusKind::PoissonGenerator { rate, .. } => rate.at(0.0),
        other => panic!("{other:?}"),
    };
    for i in 0..8 {
        assert!((rate(&network, i) / rate(&isolated, i) - 0.7).abs() < 1e-9, "the background is smaller by as much");
    }
}

#[test]
fn a_region_listens_to_others_in_proportion_to_its_row() {
    let network = network(recipe(), &three_regions());
    let (b, c) = (total(&tract(&network, 1, 0)), total(&tract(&network, 2, 0)));
    assert!((b / c - 3.0).abs() < 1e-4);
    assert_eq!(total(&tract(&network, 2, 1)), 0.0, "there is no tract from C to B");
}

#[test]
fn source_layers_follow_the_sln_and_only_pyramidal_cells_project() {
    for sln in [0.0, 0.2, 0.5, 0.9, 1.0] {
        let table = tract(&network(recipe(), &with_sln(sln)), 1, 0);
        let from = |population: usize| table.iter().map(|row| row[population]).sum::<f64>() / total(&table);
        assert!((from(0) - sln).abs() < 1e-3, "23E has {} of an SLN of {sln}", from(0));
        assert!((from(4) + from(6) - (1.0 - sln)).abs() < 1e-3);
        assert_eq!(from(1) + from(2) + from(3) + from(5) + from(7), 0.0);
    }
}

#[test]
fn feedforward_tracts_end_mainly_in_layer_4_and_feedback_ones_outside() {
    let in_layer4 = |sln: f64| {
        let table = tract(&network(recipe(), &with_sln(sln)), 1, 0);
        table[2..4].iter().flatten().sum::<f64>() / total(&table)
    };
    assert!((in_layer4(0.8) - 0.8).abs() < 1e-3);
    assert_eq!(in_layer4(0.2), 0.0);
    let lateral = in_layer4(0.5);
    assert!(0.2 < lateral && lateral < 0.5, "all layers alike: {lateral}");
}

#[test]
fn a_tract_of_unknown_sln_is_no_feedback_tract() {
    let mut brain = with_sln(0.0);
    *brain.sln.as_mut().expect("set").at_mut(0, 1) = f64::NAN;
    let supragranular = |brain: &Connectome, source| {
        let table = tract(&network(recipe(), brain), source, 0);
        table.iter().map(|row| row[0]).sum::<f64>() / total(&table)
    };
    assert!((supragranular(&brain, 1) - 0.5).abs() < 1e-3, "no hierarchy: as much from above as from below");
    assert_eq!(supragranular(&brain, 2), 0.0, "this one was measured");
    (brain.regions[0].hierarchy, brain.regions[1].hierarchy) = (Some(2.0), Some(0.0));
    assert!(supragranular(&brain, 1) > 0.65, "up the hierarchy");
}

#[test]
fn without_sln_the_hierarchy_decides_and_without_hierarchy_tracts_are_lateral() {
    let supragranular = |network: &Network, source, target| {
        let table = tract(network, source, target);
        table.iter().map(|row| row[0]).sum::<f64>() / total(&table)
    };
    let flat = network(recipe(), &three_regions());
    assert!((supragranular(&flat, 0, 1) - 0.5).abs() < 1e-3);
    let mut brain = three_regions();
    brain.regions[0].hierarchy = Some(0.0);
    brain.regions[1].hierarchy = Some(2.0);
    let ranked = network(recipe(), &brain);
    assert!(supragranular(&ranked, 0, 1) > 0.65, "up the hierarchy");
    assert!(supragranular(&ranked, 1, 0) < 0.35, "down the hierarchy");
}

#[test]
fn delays_follow_the_length_over_the_speed() {
    let delay = |brain: &Connectome| {
        let network = network(recipe(), brain);
        network.projections.iter().find(|p| (p.source / 8, p.target / 8) == (1, 0)).expect("there is a tract").delay
    };
    let expected = |mean: f64| Value::Normal { mean, std: 0.5 * mean, min: 0.1, max: f64::INFINITY };
    assert_eq!(delay(&three_regions()), expected(10.0 / 3.5), "distance between centres");
    let mut brain = three_regions();
    brain.lengths = Matrix::from_rows(3, vec![28.0; 9]);
    assert_eq!(delay(&brain), expected(8.0), "tract length");
    brain.lengths = Some(Matrix::zeros(3));
    assert_eq!(delay(&brain), Value::constant(0.1), "a length of 0 takes the shortest delay");
}

#[test]
fn weights_between_regions_have_their_own_factors() {
    let tracts = CorticoCortical { weight_factor: 2.0, weight_factor_in: 1.5, ..Default::default() };
    let network = network(Microcircuit { tracts, indegree_scale: 1.0, ..recipe() }, &three_regions());
    for p in network.projections.iter().filter(|p| p.source / 8 != p.target / 8) {
        let Value::Normal { mean, .. } = p.weight else { panic!("{:?}", p.weight) };
        let factor = if p.target % 2 == 0 { 2.0 } else { 3.0 };
        assert!((mean - factor * 87.81).abs() < 0.05);
    }
}

#[test]
fn cutting_all_tracts_leaves_circuits_alike_but_without_that_input() {
    let (intact, lesioned) = (three_regions(), cut(&three_regions()));
    let recipe = Recipe::Microcircuit(recipe());
    let (before, after) = (recipe.network(&intact).expect("valid"), recipe.lesioned(&lesioned, &intact).expect("valid"));
    let local = after.projections.len();
    assert_eq!(before.projections[..local], after.projections[..], "local projections come first, unchanged");
    assert!(before.projections.len() > local);
    assert_eq!(before.stimuli, after.stimuli, "nothing makes up for what was cut");
}

#[test]
fn cutting_one_tract_does_not_strengthen_the_others() {
    let intact = three_regions();
    let mut lesioned = intact.clone();
    *lesioned.weights.at_mut(0, 1) = 0.0;
    let recipe = Recipe::Microcircuit(recipe());
    let (before, after) = (recipe.network(&intact).expect("valid"), recipe.lesioned(&lesioned, &intact).expect("valid"));
    assert_eq!(total(&tract(&after, 1, 0)), 0.0);
    assert_eq!(tract(&after, 2, 0), tract(&before, 2, 0));
}

#[test]
fn a_lesion_of_another_brain_is_refused() {
    let other = regions::isolated("A");
    let error = Recipe::Microcircuit(recipe()).lesioned(&three_regions(), &other).expect_err("other regions");
    assert!(matches!(&error, Error::OtherRegions { number: 2, .. }), "{error}");
    assert_eq!(error.to_string(), "region 2 is B in three but nothing in the intact A");
}

#[test]
fn a_tract_of_unknown_length_needs_a_default_delay() {
    let mut brain = three_regions();
    brain.regions[1].position = None;
    let error = Recipe::Microcircuit(recipe()).network(&brain).expect_err("no length");
    assert!(matches!(&error, Error::NoLength { .. }), "{error}");
    let tracts = CorticoCortical { default_delay: Some(models::units::Millis(4.0)), delay_std: 0.0, ..Default::default() };
    let network = network(Microcircuit { tracts, ..recipe() }, &brain);
    let p = network.projections.iter().find(|p| (p.source / 8, p.target / 8) == (1, 0)).expect("there is a tract");
    assert_eq!(p.delay, Value::constant(4.0));
}
