//! Contract: time in the engine is time in NEST.
//!
//! The reference traces of single neurons, run through the whole engine: spike generators with delays, a
//! current step, recorded potentials and spike times. (That each model's arithmetic is right is tested in
//! `models`; here the steps in which things arrive are at stake.)

use std::ops::ControlFlow;

use connectome::network::{Network, Population, Signal, Stimulus, StimulusKind};
use engine::{Block, Probe, Settings, Simulation};
use serde_json::Value as Json;

/// Times in ms and values of a recorded trace.
struct Trace {
    spikes: Vec<f64>,
    potentials: Vec<(f64, f64)>,
}

fn floats(json: &Json) -> Vec<f64> {
    json.as_array().into_iter().flatten().filter_map(Json::as_f64).collect()
}

fn stimuli(json: &Json) -> Vec<Stimulus> {
    let field = |s: &Json, name: &str| s[name].as_f64().unwrap();
    let mut stimuli = Vec::new();
    for name in ["exc", "inh"] {
        let spikes = &json[name];
        if spikes.is_object() {
            let kind = StimulusKind::SpikeGenerator { times: floats(&spikes["times"]), weight: field(spikes, "weight") };
            stimuli.push(Stimulus { target: 0, range: None, kind, start: 0.0, stop: f64::INFINITY, delay: field(spikes, "delay") });
        }
    }
    let dc = &json["dc"];
    if dc.is_object() {
        let kind = StimulusKind::CurrentSteps { amplitude: Signal::constant(field(dc, "amplitude")) };
        stimuli.push(Stimulus {
            target: 0,
            range: None,
            kind,
            start: field(dc, "start"),
            stop: field(dc, "stop"),
            delay: field(dc, "delay"),
        });
    }
    stimuli
}

/// Runs the model of a reference file through the engine.
fn run(json: &Json) -> Trace {
    let model = json["model"].as_str().unwrap();
    let known = models::description(model).unwrap();
    let mut population = Population { name: "neuron".into(), size: 1, model: model.into(), ..Default::default() };
    for (name, value) in json["params"].as_object().unwrap() {
        if let (Some(value), true) = (value.as_f64(), known.params.iter().any(|p| p.name == name)) {
            population.params.insert(name.clone(), value);
        }
    }
    for (name, value) in json["init"].as_object().unwrap() {
        if known.state.iter().any(|f| f.name == name) {
            population.initial.insert(name.clone(), connectome::network::Value::constant(value.as_f64().unwrap()));
        }
    }
    let network = Network { populations: vec![population], stimuli: stimuli(&json["stimulus"]), ..Default::default() };
    let dt = json["dt"].as_f64().unwrap();
    let probe = Probe { population: 0, neurons: 0..1, variable: "V_m".into(), interval: 1 };
    let mut simulation = Simulation::build(&network, &Settings { dt, seed: 1, threads: 1, device: None }, &[probe], &|_| {}).unwrap();
    let mut trace = Trace { spikes: Vec::new(), potentials: Vec::new() };
    let steps = (json["T"].as_f64().unwrap() / dt).round() as u64;
    let mut observe = |block: &Block| {
        trace.spikes.extend(block.spikes.iter().map(|s| s.step as f64 * dt));
        trace.potentials.extend(block.samples.iter().map(|s| (s.step as f64 * dt, f64::from(s.value))));
        ControlFlow::Continue(())
    };
    simulation.run(steps, &mut observe).unwrap();
    trace
}

/// Largest difference of the potentials and whether a spike is near: (error, time).
fn largest_error(json: &Json, trace: &Trace, dead: f64) -> (f64, f64) {
    let times = floats(&json["times"]);
    let reference = floats(&json["traces"]["V_m"]);
    let mut spikes = floats(&json["spikes"]);
    spikes.extend(&trace.spikes);
    let mut worst = (0.0, 0.0);
    for (time, wanted) in times.iter().zip(&reference) {
        if spikes.iter().any(|s| (s - time).abs() < dead) {
            continue;
        }
        let found = trace.potentials.iter().find(|(t, _)| (t - time).abs() < 1e-6).expect("every step is recorded").1;
        if (found - wanted).abs() > worst.0 {
            worst = ((found - wanted).abs(), *time);
        }
    }
    worst
}

#[test]
fn reference_traces_come_out_of_the_engine_at_the_right_steps() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tests/reference");
    let mut n = 0;
    for name in [
        "neuron_iaf_psc_delta",
        "neuron_iaf_psc_exp",
        "neuron_izhikevich",
        "neuron_iaf_cond_exp",
        "neuron_hh_psc_alpha",
        "psp_iaf_psc_exp",
        "psp_iaf_psc_delta",
        "psp_iaf_cond_exp",
    ] {
        let json: Json = serde_json::from_str(&std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap()).unwrap();
        let trace = run(&json);
        let dt = json["dt"].as_f64().unwrap();
        let spikes = floats(&json["spikes"]);
        assert_eq!(trace.spikes.len(), spikes.len(), "{name}: {:?} {spikes:?}", trace.spikes);
        for (found, wanted) in trace.spikes.iter().zip(&spikes) {
            assert!((found - wanted).abs() < 1.01 * dt, "{name}: spike at {found}, expected {wanted}");
        }
        // Around the fast spike of a Hodgkin-Huxley neuron NEST's own adaptive error is of the tolerance's size.
        let dead = if name.contains("hh_") { 20.0 * dt } else { 5.0 * dt };
        let (error, time) = largest_error(&json, &trace, dead);
        assert!(error < 1e-3, "{name}: off by {error} mV at {time} ms");
        n += 1;
    }
    assert_eq!(n, 8);
}
