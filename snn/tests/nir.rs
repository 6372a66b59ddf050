//! The contract: Python's `nir` reads what we write, we read what it writes, and both give the same outputs for the same spikes.

use std::path::{Path, PathBuf};
use std::process::Command;

use snn::layer::Pass;
use snn::network::Network;
use snn::nir;
use snn::tensor::{Shape, Tensor};
use snn::training::{Training, TrainingOptions};
use snn::zoo::ModelOptions;

const STEPS: usize = 12;

/// What the script prints, or `None`, with a line that says so, where there is no `nir`.
fn python(command: &str, path: &Path) -> Option<Vec<f32>> {
    let has = Command::new("python3").args(["-c", "import nir"]).output();
    if !has.is_ok_and(|output| output.status.success()) {
        println!("skipped: no nir");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nir_exchange.py");
    let output = Command::new("python3").arg(script).arg(command).arg(path).arg(STEPS.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.split_whitespace().map(|number| number.parse().unwrap()).collect())
}

/// Outputs for the spikes that the script knows too; values there are channel by channel, and here there is one channel.
fn answers(network: &Network) -> Vec<f32> {
    let shape = Shape::new(STEPS, 1, network.image());
    let n = shape.n_features();
    let spikes = Tensor::from_fn(shape, |i| f32::from((i % n * 7 + i / n * 3).is_multiple_of(5)));
    network.infer(spikes, Pass { seed: 0, number: 0 }).values().to_vec()
}

fn assert_alike(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    let off = found.iter().zip(expected).filter(|(a, b)| (**a - **b).abs() > 1e-3).count();
    assert_eq!(off, 0, "{found:?}\n{expected:?}");
    assert!(found.iter().any(|x| *x != found[0]), "they say something");
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("braincog-snn-{}-{name}.nir", std::process::id()))
}

#[test]
fn python_gives_the_outputs_of_a_network_that_we_wrote() {
    let model = ModelOptions {
        model: "mlp".into(),
        encode: "events".into(),
        image: [4, 5, 1],
        classes: 3,
        steps: STEPS,
        width: 0.1,
        threshold: 0.05,
        ..ModelOptions::default()
    };
    let training = Training::new(model, TrainingOptions::default()).unwrap();
    let path = file("ours");
    nir::write(&training, &path).unwrap();
    if let Some(expected) = python("answers", &path) {
        assert_alike(&answers(&training.network), &expected);
    }
    assert_alike(&answers(&nir::read(&path, STEPS).unwrap()), &answers(&training.network));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn we_give_the_outputs_of_a_network_that_python_wrote() {
    let path = file("theirs");
    if let Some(expected) = python("make", &path) {
        assert_alike(&answers(&nir::read(&path, STEPS).unwrap()), &expected);
        std::fs::remove_file(path).unwrap();
    }
}
