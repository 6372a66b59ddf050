//! What recipes refuse, and in which words.

use crate::brain::three_regions;
use connectome::{Connectome, Matrix, Region};
use regions::{Error, Recipe};

fn recipe(text: &str) -> Recipe {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn refused(text: &str, brain: &Connectome) -> String {
    recipe(text).network(brain).expect_err(text).to_string()
}

#[test]
fn every_parameter_out_of_range_is_named() {
    let micro = |body: &str| format!(r#"{{"recipe": "microcircuit", {body}}}"#);
    let braincog = |body: &str| format!(r#"{{"recipe": "braincog", {body}}}"#);
    for (text, message) in [
        (micro(r#""indegree_scale": 0"#), "regions: `indegree_scale` is 0, expected a positive number"),
        (micro(r#""size": {"scale": -1}"#), "regions: `size.scale` is -1, expected a positive number"),
        (micro(r#""size": {"neurons": 0}"#), "regions: `size.neurons` is 0, expected a positive number"),
        (micro(r#""g": 4"#), "regions: `g` is 4, expected a negative number"),
        (micro(r#""psp": "-1 mV""#), "regions: `psp` is -1, expected a positive number"),
        (micro(r#""weight_std": -0.1"#), "regions: `weight_std` is -0.1, expected zero or a positive number"),
        (micro(r#""delay_ex": "0 ms""#), "regions: `delay_ex` is 0, expected a positive number"),
        (micro(r#""min_delay": "0 ms""#), "regions: `min_delay` is 0, expected a positive number"),
        (micro(r#""background_rate": "-8 Hz""#), "regions: `background_rate` is -8, expected zero or a positive number"),
        (micro(r#""neuron": {"tau_m": "0 ms"}"#), "regions: `neuron.tau_m` is 0, expected a positive number"),
        (micro(r#""tracts": {"fraction": 1.5}"#), "regions: `tracts.fraction` is 1.5, expected a number between 0 and 1"),
        (micro(r#""tracts": {"speed": "0 m/s"}"#), "regions: `tracts.speed` is 0, expected a positive number"),
        (micro(r#""region": {"A": {"neurons": -5}}"#), "regions: `region.A.neurons` is -5, expected a positive number"),
        (braincog(r#""weight_in": "1 pA""#), "regions: `weight_in` is 1, expected zero or a negative current"),
        (braincog(r#""weight_ex": "-1 pA""#), "regions: `weight_ex` is -1, expected zero or a positive current"),
        (
            braincog(r#""cortical_shares": [0.7, 0.2, 0.2]"#),
            "regions: `cortical_shares` is 1.0999999999999999, expected shares that sum to 1",
        ),
        (braincog(r#""thalamic_shares": [1.0, 0.0, 0.0]"#), "regions: `thalamic_shares` is 0, expected a positive number"),
        (braincog(r#""tracts": {"scale": -1}"#), "regions: `tracts.scale` is -1, expected zero or a positive number"),
        (
            braincog(r#""tracts": {"scale": 1, "indegree": 10}"#),
            "regions: found both `tracts.indegree` and `tracts.scale`, expected one of them",
        ),
        (micro(r#""size": {"density": 90000}"#), "regions: found `size.density`, which has a meaning only with `size.from = \"atlas\"`"),
    ] {
        assert_eq!(refused(&text, &three_regions()), message);
    }
}

#[test]
fn unknown_keys_and_missing_units_are_refused_by_name() {
    for (text, part) in [
        (r#"{"recipe": "microcircuit", "indegre_scale": 1}"#, "unknown field `indegre_scale`"),
        (r#"{"recipe": "braincog", "tracts": {"speeed": "1 m/s"}}"#, "unknown field `speeed`"),
        (r#"{"recipe": "microcircuits"}"#, "unknown variant `microcircuits`"),
        (r#"{"recipe": "microcircuit", "psp": 0.15}"#, "expected a voltage with a unit"),
        (r#"{"recipe": "microcircuit", "mean_rates": ["1 Hz"]}"#, "invalid length 1"),
    ] {
        let error = serde_json::from_str::<Recipe>(text).expect_err(text).to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn an_override_of_an_unknown_region_names_the_nearest() {
    let mut brain = three_regions();
    brain.regions[0].label = "V1".into();
    for name in ["microcircuit", "braincog"] {
        let message = refused(&format!(r#"{{"recipe": "{name}", "region": {{"V11": {{}}}}}}"#), &brain);
        assert!(message.contains("V11") && message.contains("V1"), "{message}");
    }
}

#[test]
fn sizes_from_the_atlas_need_a_number_or_a_volume_and_a_density() {
    let mut brain = three_regions();
    brain.regions[0].neurons = Some(1e6);
    brain.regions[1].volume = Some(20.0);
    let text = |rest: &str| format!(r#"{{"recipe": "braincog", "size": {{"from": "atlas", "scale": 0.01{rest}}}}}"#);
    assert!(matches!(recipe(&text("")).network(&brain), Err(Error::NoDensity { .. })));
    assert!(matches!(recipe(&text(r#", "density": 90000"#)).network(&brain), Err(Error::UnknownSize { .. })));
    let network = recipe(&text(r#", "density": 90000, "neurons": 50000"#)).network(&brain).expect("all sizes known");
    let neurons = |region| network.populations.iter().filter(|p| p.region == Some(region)).map(|p| p.size).sum::<u32>();
    assert_eq!([neurons(0), neurons(1), neurons(2)], [10_000, 18_000, 500]);
    let network = recipe(&text(r#", "density": 90000, "neurons": 50000, "least": 12000"#)).network(&brain).expect("all sizes known");
    assert_eq!(network.n_neurons(), 12_000 + 18_000 + 12_000, "no region is smaller than the least");
}

#[test]
fn regions_too_small_or_too_large_are_refused_with_the_limit() {
    let text = |neurons: &str| format!(r#"{{"recipe": "microcircuit", "size": {{"neurons": {neurons}}}}}"#);
    assert_eq!(refused(&text("20"), &three_regions()), "region A: 20 neurons leave its population 5I empty, expected 37 or more");
    assert!(recipe(&text("37")).network(&three_regions()).is_ok(), "the limit itself is accepted");
    assert!(matches!(recipe(&text("1e11")).network(&three_regions()), Err(Error::RegionTooLarge { .. })));
    let huge = r#"{"recipe": "braincog", "size": {"neurons": 5e9}}"#;
    assert!(matches!(recipe(huge).network(&three_regions()), Err(Error::RegionTooLarge { .. })));
}

#[test]
fn more_synapses_than_can_be_counted_are_refused() {
    let local = r#"{"recipe": "braincog", "local_synapses": 1e15}"#;
    assert!(matches!(recipe(local).network(&three_regions()), Err(Error::TooManySynapses { .. })));
    let tract = r#"{"recipe": "braincog", "tracts": {"scale": 1e300}}"#;
    assert!(matches!(recipe(tract).network(&three_regions()), Err(Error::TooManySynapses { .. })));
    let indegree = r#"{"recipe": "microcircuit", "indegree_scale": 1e12}"#;
    assert!(matches!(recipe(indegree).network(&three_regions()), Err(Error::TooManySynapses { .. })));
}

#[test]
fn a_dense_connectome_of_many_regions_is_refused_before_it_is_built() {
    let n = 1000;
    let mut brain = three_regions();
    brain.regions = (0..n).map(|i| Region { label: format!("r{i}"), position: Some([0.0; 3]), ..Region::default() }).collect();
    brain.weights = Matrix::from_rows(n, vec![1.0; n * n]).expect("square");
    let message = refused(r#"{"recipe": "microcircuit"}"#, &brain);
    assert!(message.contains("999000 tracts") && message.contains("threshold"), "{message}");
}

#[test]
fn an_invalid_connectome_is_refused() {
    let mut brain = three_regions();
    *brain.weights.at_mut(0, 1) = f64::NAN;
    assert!(matches!(recipe(r#"{"recipe": "braincog"}"#).network(&brain), Err(Error::Connectome(_))));
    brain = three_regions();
    brain.regions.clear();
    assert!(matches!(recipe(r#"{"recipe": "microcircuit"}"#).network(&brain), Err(Error::Connectome(_))));
}
