//! The contract: the simulator gives the answers of the network that was exported.

use std::ops::ControlFlow;

use engine::{Block, Probe, Settings, Simulation};

use super::*;
use crate::data::{self, Dataset, Loader, Order};
use crate::layer::Seen;
use crate::tensor::Shape;
use crate::training::{Next, TrainingOptions};
use crate::zoo::ModelOptions;

fn trained(model: ModelOptions, epochs: u64) -> (Training, Dataset) {
    let digits = data::load("digits", ".".as_ref()).unwrap();
    let model = ModelOptions { image: digits.train.image, ..model };
    let mut training = Training::new(model, TrainingOptions { epochs, batch_size: 64, ..TrainingOptions::default() }).unwrap();
    while training.progress.epoch < epochs {
        training.epoch(&digits, |_| Next::Continue).unwrap();
    }
    (training, digits)
}

/// `V_m` of the readout at times 0, period, ..., and how often each population fired.
fn simulate(export: &Export, threads: usize) -> (Vec<Vec<f32>>, Vec<usize>) {
    let size = export.network.populations[export.readout].size;
    let probe = Probe { population: export.readout, neurons: 0..size, variable: "V_m".into(), interval: export.period };
    let settings = Settings { dt: DT, seed: 1, threads, device: None };
    let mut simulation = Simulation::build(&export.network, &settings, &[probe], &|_| {}).unwrap();
    let mut readout = vec![vec![0.0; size as usize]; export.images + 1];
    let ends: Vec<u64> = export
        .network
        .populations
        .iter()
        .scan(0, |n, p| {
            *n += u64::from(p.size);
            Some(*n)
        })
        .collect();
    let mut counts = vec![0; ends.len()];
    simulation
        .run(export.steps(), &mut |block: &Block| {
            for sample in block.samples {
                readout[(sample.step / export.period) as usize][sample.position as usize] = sample.value;
            }
            for spike in block.spikes {
                counts[ends.partition_point(|&end| end <= u64::from(spike.id))] += 1;
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    (readout, counts)
}

/// Shows `n` test images to network and simulator; the differences between their answers, and between their spikes per layer.
fn compare(training: &Training, digits: &Dataset, n: usize) -> (usize, f64) {
    let batch = Loader::new(digits, n, Order::AsStored, 0, training.network.encoder() == Encoder::Direct).next().unwrap();
    let export = Export::new(training, batch.images.clone()).unwrap();
    let (mut fired, spiking) = (Vec::new(), training.network.spiking());
    let pass = Pass { seed: training.options.seed, number: 0 };
    let logits = training.network.infer_watched(batch.images, pass, |index, seen| {
        if let Seen::Output(x) = seen
            && spiking.contains(&index)
        {
            fired.push(x.values().iter().sum::<f32>() as usize);
        }
    });
    let (readout, counts) = simulate(&export, 2);
    let layers = &counts[counts.len() - 1 - fired.len()..counts.len() - 1];
    assert_eq!(counts[export.readout], 0);
    let off = layers.iter().zip(&fired).map(|(&a, &b)| a.abs_diff(b)).sum::<usize>() as f64 / fired.iter().sum::<usize>() as f64;
    let expected = crate::loss::predictions(&logits);
    (export.predictions(&readout).iter().zip(&expected).filter(|(a, b)| a != b).count(), off)
}

#[test]
fn the_simulator_answers_like_a_network_of_rate_coded_spikes() {
    let model = ModelOptions { model: "mlp".into(), encode: "rate".into(), steps: 10, width: 0.25, ..ModelOptions::default() };
    let (training, digits) = trained(model, 8);
    let (different, off) = compare(&training, &digits, 359);
    assert!(different <= 1 && off < 1e-3, "{different} answers, {off} of the spikes differ");
}

#[test]
fn the_simulator_answers_like_a_convolutional_network_that_sees_images_directly() {
    let model = ModelOptions { steps: 4, width: 0.05, node_type: "PLIFNode".into(), ..ModelOptions::default() };
    let (training, digits) = trained(model, 3);
    let (different, off) = compare(&training, &digits, 359);
    assert!(different <= 2 && off < 1e-3, "{different} answers, {off} of the spikes differ");
}

#[test]
fn the_simulator_answers_like_residual_networks() {
    for (name, encode) in [("resnet9", "direct"), ("sew_resnet20", "rate"), ("resnet19", "direct")] {
        let model =
            ModelOptions { model: name.into(), encode: encode.into(), steps: 4, width: 0.04, threshold: 0.2, ..ModelOptions::default() };
        let (training, digits) = trained(model, 3);
        let (different, off) = compare(&training, &digits, 60);
        assert!(different <= 1 && off < 2e-3, "{name}: {different} answers, {off} of the spikes differ");
    }
}

#[test]
fn thresholds_that_were_learned_are_exported() {
    let model = ModelOptions {
        model: "mlp".into(),
        encode: "rate".into(),
        steps: 6,
        width: 0.25,
        requires_thres_grad: true,
        ..ModelOptions::default()
    };
    let (training, digits) = trained(model, 4);
    let shift = threshold(&training, &*training.network.layers()[2]) - training.model.threshold;
    assert!(shift != 0.0, "it was learned");
    let (different, off) = compare(&training, &digits, 120);
    assert!(different <= 1 && off < 1e-3, "{different} answers, {off} of the spikes differ");
}

#[test]
fn products_of_spikes_cannot_be_exported() {
    let model =
        ModelOptions { model: "sew_resnet20".into(), sew_cnf: "AND".into(), image: [8, 8, 1], width: 0.05, ..ModelOptions::default() };
    let training = Training::new(model, TrainingOptions::default()).unwrap();
    let message = Export::new(&training, Tensor::zeros(Shape::new(1, 1, [8, 8, 1]))).err().unwrap().to_string();
    assert_eq!(message, "layer 4.and cannot be exported: its output is no weighted sum of its input");
}

#[test]
fn what_the_simulator_cannot_do_is_refused_with_its_reason() {
    let refused = |model: ModelOptions, images: usize| {
        let training = Training::new(ModelOptions { image: [8, 8, 1], width: 0.05, ..model }, TrainingOptions::default()).unwrap();
        Export::new(&training, Tensor::zeros(Shape::new(1, images, [8, 8, 1]))).map(|_| ()).map_err(|e| e.to_string())
    };
    let node = |name: &str| ModelOptions { node_type: name.into(), ..ModelOptions::default() };
    let message = refused(node("ALIFNode"), 1).unwrap_err();
    assert_eq!(message, "layer 3.ALIFNode cannot be exported: the simulator has no such neuron; IFNode, LIFNode and PLIFNode it has");
    assert!(refused(node("IFNode"), 2).unwrap_err().ends_with("never forget an image: export one"));
    assert_eq!(refused(node("IFNode"), 1), Ok(()));
}

#[test]
fn files_hold_what_the_network_is() {
    let model = ModelOptions { model: "mlp".into(), image: [8, 8, 1], encode: "burst".into(), width: 0.02, ..ModelOptions::default() };
    let training = Training::new(model, TrainingOptions::default()).unwrap();
    let export = Export::new(&training, Tensor::from_fn(Shape::new(1, 2, [8, 8, 1]), |i| (i % 5) as f32 / 4.0)).unwrap();
    let folder = std::env::temp_dir().join(format!("braincog-snn-export-{}", std::process::id()));
    export.write(&folder, "tiny", "Two images.", &[[3, 3], [4, 1]]).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("tiny.toml").starts_with("# Two images.\n\nname = \"tiny\"\n"));
    assert_eq!(read("tiny/answers.csv"), "image,label,prediction\n0,3,3\n1,4,1\n");
    let (units, hidden) = (64, training.network.layers()[1].parameters()[1].values.len());
    assert_eq!(read("tiny/input-to-2-LIFNode.csv").lines().count(), 1 + units * hidden);
    std::fs::remove_dir_all(folder).unwrap();
}
