//! The contract: networks that snnTorch and SpikingJelly wrote as NIR send here the spikes that they send there, and one that was written here sends there those
//! that it sends here. The files and the spikes in `tests/exchange` were made once by `tools/snn-exchange.py`; UPDATE=1 writes `ours.nir` anew for it.

use std::path::{Path, PathBuf};

use snn::layer::Pass;
use snn::network::Network;
use snn::nir;
use snn::tensor::{Shape, Tensor};
use snn::training::{Training, TrainingOptions};
use snn::zoo::ModelOptions;

const STEPS: usize = 16;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchange").join(name)
}

/// What the other program found out of every step.
fn theirs(name: &str) -> Vec<f32> {
    let all: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file("spikes.json")).unwrap()).unwrap();
    let steps = all[name].as_array().unwrap_or_else(|| panic!("spikes.json has no {name}"));
    assert_eq!(steps.len(), STEPS);
    steps.iter().flat_map(|step| step.as_array().unwrap()).map(|x| x.as_f64().unwrap() as f32).collect()
}

/// What comes out here for the spikes that the script knows too, channel by channel there.
fn ours(network: &Network) -> Vec<f32> {
    let shape = Shape::new(STEPS, 1, network.image());
    let [height, width, channels] = network.image();
    let n = shape.n_features();
    let spikes = Tensor::from_fn(shape, |i| {
        let (step, pixel, channel) = (i / n, i % n / channels, i % channels);
        let there = channel * height * width + pixel;
        f32::from((there * 7 + step * 3).is_multiple_of(5))
    });
    network.infer(spikes, Pass { seed: 0, number: 0 }).values().to_vec()
}

fn assert_the_same_spikes(found: &[f32], expected: &[f32]) {
    assert!(found.iter().chain(expected).all(|x| [0.0, 1.0].contains(x)), "spikes");
    let fired = expected.iter().filter(|x| **x == 1.0).count();
    assert!(fired * 10 > expected.len() && fired * 10 < expected.len() * 9, "{fired} of {} fire: enough to tell", expected.len());
    assert_eq!(found, expected);
}

#[test]
fn a_network_of_snntorch_sends_the_same_spikes_here() {
    assert_the_same_spikes(&ours(&nir::read(&file("snntorch.nir"), STEPS).unwrap()), &theirs("snntorch"));
}

#[test]
fn a_network_of_spikingjelly_sends_the_same_spikes_here() {
    assert_the_same_spikes(&ours(&nir::read(&file("spikingjelly.nir"), STEPS).unwrap()), &theirs("spikingjelly"));
}

#[test]
fn a_network_of_ours_sends_the_same_spikes_there() {
    let model = ModelOptions {
        model: "glsnn".into(),
        node_type: "LIFNode".into(),
        encode: "events".into(),
        image: [4, 5, 2],
        classes: 6,
        steps: STEPS,
        width: 0.03,
        threshold: 0.06,
        ..ModelOptions::default()
    };
    let training = Training::new(model, TrainingOptions::default()).unwrap();
    let path = file("ours.nir");
    if std::env::var_os("UPDATE").is_some() {
        nir::write(&training, &path).unwrap();
    }
    let spikes = ours(&training.network);
    assert_the_same_spikes(&ours(&nir::read(&path, STEPS).unwrap()), &spikes);
    for program in ["snntorch", "spikingjelly"] {
        assert_the_same_spikes(&spikes, &theirs(&format!("ours by {program}")));
    }
}
