//! BrainCog's recipe: shares, counts, Dale's law, delays.

use crate::brain::{cut, three_regions};
use connectome::Connectome;
use connectome::network::{Network, Value};
use models::units::MetresPerSecond;
use regions::{Braincog, BraincogTracts, CellModel, Error, Recipe, Size, WeightSign};

fn network(recipe: Braincog, brain: &Connectome) -> Network {
    Recipe::Braincog(recipe).network(brain).expect("a valid recipe")
}

fn synapses(network: &Network, source: usize, target: usize) -> f64 {
    let here = network.projections.iter().filter(|p| (p.source / 3, p.target / 3) == (source, target));
    here.map(|p| p.expected_synapses(network)).sum()
}

#[test]
fn shares_are_70_20_10_and_the_atlas_says_which_cells() {
    let network = network(Braincog { size: Size::equal(500.0), ..Default::default() }, &three_regions());
    let named: Vec<(&str, u32)> = network.populations.iter().map(|p| (p.name.as_str(), p.size)).collect();
    let expected = [
        ("A.E", 350),
        ("A.I-BC", 100),
        ("A.I-MC", 50),
        ("B.E", 350),
        ("B.I-BC", 100),
        ("B.I-MC", 50),
        ("C.TC", 350),
        ("C.TI", 100),
        ("C.TRN", 50),
    ];
    assert_eq!(named, expected);
}

#[test]
fn sizes_of_any_number_of_neurons_sum_to_it() {
    for n in 10..200 {
        let network = network(Braincog { size: Size::equal(f64::from(n)), ..Default::default() }, &three_regions());
        assert_eq!(network.n_neurons(), 3 * n as u64);
    }
}

#[test]
fn older_thalamic_shares_and_cells_of_one_region_can_be_chosen() {
    let text = r#"{"recipe": "braincog", "thalamic_shares": [0.6, 0.15, 0.25], "region": {"A": {"cells": "thalamic", "neurons": 200}}}"#;
    let recipe: Recipe = serde_json::from_str(text).expect("valid");
    let network = recipe.network(&three_regions()).expect("valid");
    let size = |name: &str| network.populations[network.population(name).expect(name)].size;
    assert_eq!([size("A.TC"), size("A.TI"), size("A.TRN")], [120, 30, 50]);
    assert_eq!([size("C.TC"), size("C.TI"), size("C.TRN")], [600, 150, 250]);
}

#[test]
fn each_region_has_10_local_synapses_per_neuron_split_in_proportion() {
    let network = network(Braincog::default(), &cut(&three_regions()));
    for region in 0..3 {
        assert_eq!(synapses(&network, region, region), 10_000.0);
    }
    for p in &network.projections {
        let share = |i: usize| f64::from(network.populations[i].size) / 1000.0;
        assert!((p.expected_synapses(&network) - 10_000.0 * share(p.source) * share(p.target)).abs() <= 1.0);
    }
}

#[test]
fn a_tract_has_its_weight_times_the_scale_in_synapses_and_small_ones_are_dropped() {
    let tracts = BraincogTracts { scale: Some(30.0), ..Default::default() };
    let network = network(Braincog { tracts, ..Default::default() }, &three_regions());
    assert_eq!(synapses(&network, 1, 0), 18.0);
    assert_eq!(synapses(&network, 0, 1), 24.0);
    assert_eq!(synapses(&network, 2, 0), 0.0, "6 synapses are fewer than 10");
}

#[test]
fn by_default_a_neuron_has_200_synapses_from_other_regions() {
    let network = network(Braincog::default(), &three_regions());
    let between: f64 = network.projections.iter().filter(|p| p.source / 3 != p.target / 3).map(|p| p.expected_synapses(&network)).sum();
    assert!((between / 3000.0 - 200.0).abs() < 0.01);
}

#[test]
fn the_sign_of_a_weight_is_that_of_the_sending_neuron() {
    let network = network(Braincog::default(), &three_regions());
    for p in &network.projections {
        let expected = if p.source % 3 == 0 { 1.5 } else { -1.0 };
        assert_eq!(p.weight, Value::constant(expected), "E and TC excite, all others inhibit");
    }
}

#[test]
fn brain_cogs_mistake_can_be_had_for_comparison() {
    let network = network(Braincog { sign: WeightSign::Postsynaptic, ..Default::default() }, &three_regions());
    for p in &network.projections {
        let expected = if p.target % 3 == 0 { 1.5 } else { -1.0 };
        assert_eq!(p.weight, Value::constant(expected));
    }
}

#[test]
fn delays_follow_lengths_and_are_never_shorter_than_local_ones() {
    let delays = |speed| {
        let tracts = BraincogTracts { speed: MetresPerSecond(speed), ..Default::default() };
        let network = network(Braincog { tracts, ..Default::default() }, &three_regions());
        let of = |source: usize, target: usize| {
            network.projections.iter().find(|p| (p.source / 3, p.target / 3) == (source, target)).expect("connected").delay
        };
        [of(0, 0), of(1, 0), of(2, 0)].map(|d| d.as_constant().expect("no spread by default"))
    };
    assert_eq!(delays(2.5), [1.0, 4.0, 8.0]);
    assert_eq!(delays(100.0), [1.0, 1.0, 1.0]);
}

#[test]
fn cutting_tracts_leaves_the_rest_as_it_was() {
    let intact = three_regions();
    let mut lesioned = intact.clone();
    *lesioned.weights.at_mut(0, 1) = 0.0;
    let recipe = Recipe::Braincog(Braincog::default());
    let (before, after) = (recipe.network(&intact).expect("valid"), recipe.lesioned(&lesioned, &intact).expect("valid"));
    assert_eq!(synapses(&after, 1, 0), 0.0);
    assert_eq!(synapses(&after, 0, 1), synapses(&before, 0, 1));
    assert_eq!(before.projections[..27], after.projections[..27]);
}

#[test]
fn the_parameters_are_the_models() {
    for model in [CellModel::Aeif, CellModel::Hh] {
        let network = network(Braincog { model, ..Default::default() }, &three_regions());
        for population in &network.populations {
            let description = models::description(&population.model).expect("in the list");
            for name in population.params.keys() {
                assert!(description.params.iter().any(|p| p.name == name), "{} has no `{name}`", population.model);
            }
            for name in population.initial.keys() {
                assert!(description.state.iter().any(|f| f.name == name), "{} has no `{name}`", population.model);
            }
        }
    }
}

#[test]
fn a_region_too_small_for_three_types_is_refused() {
    let error = Recipe::Braincog(Braincog { size: Size::equal(2.0), ..Default::default() }).network(&three_regions());
    let error = error.expect_err("too small");
    assert!(matches!(&error, Error::RegionTooSmall { .. }), "{error}");
}

#[test]
fn the_smallest_region_that_the_message_names_is_accepted() {
    let size = |n: f64| Recipe::Braincog(Braincog { size: Size::equal(n), ..Default::default() }).network(&three_regions());
    for n in 1..40 {
        if let Err(Error::RegionTooSmall { least, .. }) = size(f64::from(n)) {
            assert!(size(least as f64).is_ok(), "{least} neurons");
        }
    }
}
