//! Contract: overrides win over variants, variants over the file; each points at where it was written.

use scenarios::{Cause, Place, Scenario};

const TEXT: &str = r#"
[simulation]
duration = "100 ms"

[populations.E]
model = "iaf_psc_exp"
size = 10

[[projections]]
name = "recurrent"
source = "E"
target = "E"
rule = "fixed_indegree"
indegree = 2
weight = { normal = { mean = "20 pA", std = "2 pA" } }
delay = "1 ms"

[variants.large]
populations.E.size = 30
simulation.seed = 5

[variants.small]
populations.E.size = 3
"#;

fn scenario() -> Scenario {
    Scenario::parse(TEXT, "file.toml").expect("a good scenario")
}

#[test]
fn an_override_changes_one_key_and_keeps_the_others() {
    let mut scenario = scenario();
    scenario.set("simulation.duration=2 s").expect("text needs no quotes");
    scenario.set("simulation.dt=\"0.05 ms\"").expect("but may have them");
    scenario.set("projections.recurrent.indegree = 4").expect("by name");
    scenario.set("projections[0].weight=40 pA").expect("by index");
    let plan = scenario.plan().expect("a good plan");
    assert_eq!((plan.simulation.duration, plan.simulation.dt, plan.simulation.steps), (2000.0, 0.05, 40_000));
    assert_eq!(plan.network.expected_synapses(), 40.0);
    assert_eq!(plan.network.projections[0].weight.as_constant(), Some(40.0));
}

#[test]
fn overrides_win_over_the_variant_and_the_variant_over_the_file() {
    let mut scenario = scenario();
    assert_eq!(scenario.variants(), ["large", "small"]);
    scenario.set("populations.E.size=7").expect("a key");
    scenario.set("variant=large").expect("a variant");
    let plan = scenario.plan().expect("a good plan");
    assert_eq!((plan.network.n_neurons(), plan.simulation.seed), (7, 5));
    assert_eq!(plan.variant.as_deref(), Some("large"));
    scenario.set("variant=small").expect("the last of two wins");
    assert_eq!(scenario.plan().expect("a good plan").simulation.seed, 1);
}

#[test]
fn a_refused_override_changes_nothing() {
    let mut scenario = scenario();
    let error = scenario.set("simulation.duratoin=2 s").expect_err("no such key");
    assert_eq!(error.to_string(), "--set simulation.duratoin=2 s: simulation: unknown key `duratoin`; did you mean `duration`?");
    assert!(matches!(error.cause, Cause::UnknownKey { ref nearest, .. } if nearest.as_deref() == Some("duration")));
    assert_eq!(scenario.plan().expect("as before").simulation.duration, 100.0);
}

#[test]
fn errors_in_overrides_name_the_override() {
    for (assignment, message) in [
        ("simulation.dt=0.1", "simulation.dt: found \"0.1\", expected a time with a unit such as \"0.1 ms\""),
        ("variant=huge", "variant: no variant `huge`; there are `large`, `small`"),
        ("projections.feedback.weight=1 pA", "projections: no element `feedback`; there is only `recurrent`"),
        ("simulation.dt.x=1", "simulation.dt: found \"0.1 ms\", expected a table that could hold `x`"),
        ("simulation", "found \"simulation\", expected key=value, such as simulation.seed=7"),
        ("=1", "found the key ``, expected a dotted key such as simulation.seed"),
        ("a b=1", "found the key `a b`, expected a dotted key such as simulation.seed"),
    ] {
        let mut scenario = scenario();
        if assignment == "simulation.dt.x=1" {
            scenario.set("simulation.dt=0.1 ms").expect("a key");
        }
        let error = scenario.set(assignment).expect_err(assignment);
        assert_eq!(error.message(), message, "{assignment}");
        assert!(matches!(&error.place, Place::Override { text } if text == assignment));
    }
}

#[test]
fn an_override_that_only_the_plan_can_refuse_is_named_too() {
    let mut scenario = scenario();
    scenario.set("projections.recurrent.delay=0.01 ms").expect("a time is a time");
    let error = scenario.plan().expect_err("below one step");
    assert_eq!(
        error.to_string(),
        "--set projections.recurrent.delay=0.01 ms: projections[0].delay: found a delay of 10 us, expected at least one step of 0.1 ms"
    );
}

#[test]
fn a_missing_file_is_named() {
    let error = Scenario::load("no/such/file.toml").expect_err("nothing there");
    assert!(error.to_string().starts_with("no/such/file.toml: cannot read: "), "{error}");
}
