//! The contract: our neurons send what BrainCog's and SpikingJelly's send, step by step, and have the same gradients. The traces in
//! `golden/` were made by `tools/snn-golden.py`, which says from which versions.

use std::collections::HashMap;

use serde::Deserialize;
use snn::layer::{Init, LayerState, Pass};
use snn::node::{NodeOptions, Place};
use snn::surrogate::Surrogate;
use snn::tensor::{Shape, Tensor};

#[derive(Deserialize)]
struct Trace {
    source: String,
    node: String,
    options: Options,
    inputs: Vec<f32>,
    weights: Vec<f32>,
    sent: Vec<f32>,
    input_gradient: Vec<f32>,
    /// Value and gradient of each parameter.
    learned: HashMap<String, [f32; 2]>,
}

#[derive(Deserialize)]
struct Options {
    threshold: f32,
    tau: f32,
    act_fun: String,
}

const STEPS: usize = 12;

fn assert_near(found: f32, expected: f32, tolerance: f32, what: &str) {
    assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{what}: {found} instead of {expected}");
}

fn assert_agrees(trace: &Trace) {
    let name = format!("{} of {}", trace.node, trace.source);
    let surrogate = Surrogate::named(&trace.options.act_fun).unwrap();
    let Options { threshold, tau, .. } = trace.options;
    let learn_alpha = trace.learned.contains_key("alpha") && trace.node != "GatedLIFNode";
    let options = NodeOptions { name: trace.node.clone(), threshold, tau, surrogate: Some(surrogate), learn_alpha, learn_threshold: false };
    let channels = trace.inputs.len() / STEPS;
    let mut layer = options.layer(Place { init: Init { seed: 0, layer: 0 }, channels, steps: STEPS }).unwrap();
    let shape = Shape::new(STEPS, 1, [1, 1, channels]);
    let input = Tensor::new(shape, trace.inputs.clone());

    let sent = layer.forward(input.clone(), Pass { seed: 0, number: 0 });
    for (i, (&found, &expected)) in sent.values().iter().zip(&trace.sent).enumerate() {
        // Spikes are equal; values are sums in another order.
        let exact = expected == expected.round();
        assert_near(found, expected, if exact { 0.0 } else { 1e-5 }, &format!("{name}, step {}", i / channels));
    }
    let mut state = LayerState::new();
    for step in 0..STEPS {
        assert_eq!(layer.infer(&input.frame(step), &mut state).values(), sent.step(step), "{name} one step at a time");
    }
    let gradient = layer.backward(Tensor::new(shape, trace.weights.clone()), true).unwrap();
    for (i, (&found, &expected)) in gradient.values().iter().zip(&trace.input_gradient).enumerate() {
        assert_near(found, expected, 2e-4, &format!("{name}, gradient of step {}", i / channels));
    }
    assert_eq!(layer.parameters().len(), trace.learned.len(), "{name}");
    for parameter in layer.parameters() {
        let [value, gradient] = trace.learned[parameter.name];
        assert_near(parameter.values[0], value, 1e-5, &format!("{name}, {}", parameter.name));
        assert_near(parameter.gradient[0], gradient, 1e-3, &format!("{name}, gradient of {}", parameter.name));
    }
}

fn assert_all_agree(json: &str, n: usize) {
    let traces: Vec<Trace> = serde_json::from_str(json).unwrap();
    assert_eq!(traces.len(), n);
    for trace in &traces {
        assert!(trace.sent.iter().any(|&s| s != 0.0), "{} is silent: a test of nothing", trace.node);
        assert_agrees(trace);
    }
}

#[test]
fn neurons_agree_with_braincogs() {
    assert_all_agree(include_str!("golden/braincog.json"), 12);
}

#[test]
fn neurons_agree_with_spikingjellys() {
    assert_all_agree(include_str!("golden/spikingjelly.json"), 5);
}
