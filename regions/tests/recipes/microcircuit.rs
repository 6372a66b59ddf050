//! The microcircuit recipe: published counts, weights, delays, and rates that survive scaling.

use connectome::network::{Network, Projection, Rule, StimulusKind, Value};
use models::units::Hertz;
use regions::pd14::{EXTERNAL_INDEGREES, MEAN_RATES, NEURONS, POPULATIONS};
use regions::{Background, CorticoCortical, Microcircuit, Recipe, Size, isolated};

fn circuit(recipe: Microcircuit) -> Network {
    Recipe::Microcircuit(recipe).network(&isolated("V1")).expect("a valid recipe")
}

fn mean(value: &Value) -> f64 {
    match *value {
        Value::Constant { value } => value,
        Value::Normal { mean, .. } => mean,
        _ => panic!("neither constant nor normal: {value:?}"),
    }
}

fn between<'a>(network: &'a Network, source: &str, target: &str) -> &'a Projection {
    let index = |name: &str| network.population(name).expect("the population exists");
    let (source, target) = (index(source), index(target));
    network.projections.iter().find(|p| (p.source, p.target) == (source, target)).expect("the projection exists")
}

/// Mean of the input current of each population (pA), at the published rates.
fn mean_input(network: &Network) -> Vec<f64> {
    let mut current: Vec<f64> = network.populations.iter().map(|p| p.params["I_e"]).collect();
    let tau_syn = 0.5e-3;
    for p in &network.projections {
        let per_neuron = p.expected_synapses(network) / f64::from(network.populations[p.target].size);
        current[p.target] += tau_syn * MEAN_RATES[p.source % 8] * per_neuron * mean(&p.weight);
    }
    for s in &network.stimuli {
        let StimulusKind::PoissonGenerator { rate, weight } = &s.kind else { panic!("only Poisson trains: {s:?}") };
        current[s.target] += tau_syn * rate.at(0.0) * weight;
    }
    current
}

/// Sum over inputs of rate times squared weight, which is proportional to the input's variance.
fn input_variance(network: &Network) -> Vec<f64> {
    let mut variance = vec![0.0; network.populations.len()];
    for p in &network.projections {
        let per_neuron = p.expected_synapses(network) / f64::from(network.populations[p.target].size);
        variance[p.target] += MEAN_RATES[p.source % 8] * per_neuron * mean(&p.weight).powi(2);
    }
    for s in &network.stimuli {
        let StimulusKind::PoissonGenerator { rate, weight } = &s.kind else { panic!("only Poisson trains: {s:?}") };
        variance[s.target] += rate.at(0.0) * weight.powi(2);
    }
    variance
}

fn assert_close(a: &[f64], b: &[f64], relative: f64) {
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= relative * b.abs(), "population {i}: {a} and {b} differ by more than {relative}");
    }
}

#[test]
fn the_full_circuit_has_the_published_neurons_and_synapses() {
    let network = circuit(Microcircuit::default());
    assert_eq!(network.n_neurons(), 77_169);
    let number = |p: &Projection| match p.rule {
        Rule::FixedTotalNumber { number } => number,
        _ => panic!("expected fixed_total_number, found {:?}", p.rule),
    };
    assert_eq!(network.projections.iter().map(number).sum::<u64>(), 298_880_968);
    for (population, (name, size)) in network.populations.iter().zip(POPULATIONS.iter().zip(NEURONS)) {
        assert_eq!(population.name, format!("V1.{name}"));
        assert_eq!(population.size, size);
    }
}

#[test]
fn weights_follow_from_the_potential_and_keep_their_sign() {
    let network = circuit(Microcircuit::default());
    assert!((mean(&between(&network, "V1.23E", "V1.5I").weight) - 87.81).abs() < 0.01);
    assert!((mean(&between(&network, "V1.4E", "V1.23E").weight) - 175.62).abs() < 0.02);
    assert!((mean(&between(&network, "V1.4I", "V1.4E").weight) + 351.25).abs() < 0.02);
    for p in &network.projections {
        let Value::Normal { mean, std, min, max } = p.weight else { panic!("{:?}", p.weight) };
        assert!((std - 0.1 * mean.abs()).abs() < 1e-9);
        assert_eq!((min, max), if mean > 0.0 { (0.0, f64::INFINITY) } else { (f64::NEG_INFINITY, 0.0) });
        assert_eq!(mean > 0.0, p.source % 2 == 0, "excitatory populations excite");
    }
}

#[test]
fn inhibition_is_faster_than_excitation_and_no_delay_is_below_the_shortest() {
    let network = circuit(Microcircuit::default());
    for p in &network.projections {
        let expected = if p.source % 2 == 0 { 1.5 } else { 0.75 };
        assert_eq!(p.delay, Value::Normal { mean: expected, std: expected / 2.0, min: 0.1, max: f64::INFINITY });
    }
}

#[test]
fn every_population_has_its_poisson_background() {
    let network = circuit(Microcircuit::default());
    assert_eq!(network.stimuli.len(), 8);
    for (stimulus, indegree) in network.stimuli.iter().zip(EXTERNAL_INDEGREES) {
        let StimulusKind::PoissonGenerator { rate, weight } = &stimulus.kind else { panic!("{stimulus:?}") };
        assert!((rate.at(0.0) - 8.0 * indegree).abs() < 1e-9);
        assert!((weight - 87.81).abs() < 0.01);
    }
}

#[test]
fn a_constant_background_has_the_mean_of_the_poisson_one() {
    for indegree_scale in [1.0, 0.2] {
        let poisson = circuit(Microcircuit { indegree_scale, mean_rates: Some(MEAN_RATES.map(Hertz)), ..Default::default() });
        let dc = circuit(Microcircuit {
            indegree_scale,
            mean_rates: Some(MEAN_RATES.map(Hertz)),
            background: Background::Dc,
            ..Default::default()
        });
        assert!(dc.stimuli.is_empty());
        assert_close(&mean_input(&dc), &mean_input(&poisson), 1e-6);
    }
}

#[test]
fn scaling_in_degrees_keeps_mean_and_variance_of_every_input() {
    let full = circuit(Microcircuit::default());
    for k in [0.5, 0.1, 0.02] {
        let scaled = circuit(Microcircuit { indegree_scale: k, mean_rates: Some(MEAN_RATES.map(Hertz)), ..Default::default() });
        assert_close(&mean_input(&scaled), &mean_input(&full), 1e-4);
        assert_close(&input_variance(&scaled), &input_variance(&full), 1e-3);
        assert!((scaled.expected_synapses() / full.expected_synapses() - k).abs() < 1e-6);
    }
}

#[test]
fn scaling_sizes_keeps_in_degrees() {
    let full = circuit(Microcircuit::default());
    let small = circuit(Microcircuit { size: Size { scale: 0.1, ..Size::default() }, ..Default::default() });
    assert!((small.n_neurons() as f64 - 7716.9).abs() < 4.0);
    assert!((small.expected_synapses() / full.expected_synapses() - 0.1).abs() < 1e-6);
    assert_close(&mean_input(&small), &mean_input(&full), 2e-2);
}

#[test]
fn scaling_keeps_the_mean_input_with_tracts_too() {
    let brain = crate::brain::three_regions();
    let network = |indegree_scale| {
        Recipe::Microcircuit(Microcircuit { indegree_scale, mean_rates: Some(MEAN_RATES.map(Hertz)), ..Default::default() })
            .network(&brain)
            .expect("valid")
    };
    assert_close(&mean_input(&network(0.1)), &mean_input(&network(1.0)), 1e-4);
}

#[test]
fn one_region_may_differ_from_the_others() {
    let text = r#"{"recipe": "microcircuit", "indegree_scale": 0.1, "size": {"neurons": 4000},
        "region": {"B": {"neurons": 9000, "background_rate": "10 Hz"}}}"#;
    let recipe: Recipe = serde_json::from_str(text).expect("valid");
    let network = recipe.network(&crate::brain::three_regions()).expect("valid");
    let neurons = |region| network.populations.iter().filter(|p| p.region == Some(region)).map(|p| p.size).sum::<u32>();
    assert!(neurons(0).abs_diff(4000) <= 4 && neurons(1).abs_diff(9000) <= 4);
    let rate = |i: usize| match &network.stimuli[i].kind {
        StimulusKind::PoissonGenerator { rate, .. } => rate.at(0.0),
        other => panic!("{other:?}"),
    };
    assert!((rate(8) / rate(0) - 10.0 / 8.0).abs() < 1e-9);
}

#[test]
fn a_recipe_reads_back_as_it_was_written() {
    let tracts = CorticoCortical { fraction: 0.2, ..Default::default() };
    let recipe = Recipe::Microcircuit(Microcircuit { tracts, indegree_scale: 0.3, ..Default::default() });
    let text = serde_json::to_string(&recipe).expect("writes");
    assert_eq!(serde_json::from_str::<Recipe>(&text).expect("reads"), recipe);
}

#[test]
fn the_parameters_are_the_models() {
    let network = circuit(Microcircuit::default());
    let model = models::description("iaf_psc_exp").expect("in the list");
    for population in &network.populations {
        assert!(population.params.keys().all(|name| model.params.iter().any(|p| p.name == name)));
        assert!(population.initial.keys().all(|name| model.state.iter().any(|f| f.name == name)));
    }
}

#[test]
fn without_given_rates_scaling_keeps_nearly_the_input_that_the_published_rates_give() {
    let full = circuit(Microcircuit::default());
    let scaled = circuit(Microcircuit { indegree_scale: 0.1, ..Default::default() });
    // 1 pA is 0.04 mV; threshold is 15 mV above rest.
    for (scaled, full) in mean_input(&scaled).iter().zip(mean_input(&full)) {
        assert!((scaled - full).abs() < 20.0, "{scaled} pA instead of {full} pA");
    }
}

#[test]
fn what_stands_for_left_out_inputs_knows_that_tracts_were_cut() {
    let intact = crate::brain::three_regions();
    let recipe = Recipe::Microcircuit(Microcircuit { indegree_scale: 0.1, ..Default::default() });
    let before = recipe.network(&intact).expect("valid");
    let after = recipe.lesioned(&crate::brain::cut(&intact), &intact).expect("valid");
    let current = |network: &Network| network.populations[network.population("A.4E").expect("there")].params["I_e"];
    assert!((current(&before) - current(&after)).abs() > 1.0, "{} and {}", current(&before), current(&after));
}
