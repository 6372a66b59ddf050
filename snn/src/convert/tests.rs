//! The contract: converted networks answer like those they come from.

use super::*;
use crate::data;
use crate::layer::Spiking;
use crate::surrogate::{Kind, Surrogate};
use crate::tensor::Shape;
use crate::training::{Next, TrainingOptions};
use crate::zoo::ModelOptions;

const PLAIN: Firing = Firing { burst: 1, start: 0.0, calibration: 0, adaptive: None };

fn trained(node: &str) -> (Training, Dataset, f64) {
    trained_as(ModelOptions { node_type: node.into(), width: 0.15, ..ModelOptions::default() })
}

fn trained_as(model: ModelOptions) -> (Training, Dataset, f64) {
    let digits = data::load("digits", ".".as_ref()).unwrap();
    let model = ModelOptions { image: [8, 8, 1], steps: 1, ..model };
    let mut training = Training::new(model, TrainingOptions { epochs: 10, batch_size: 64, ..TrainingOptions::default() }).unwrap();
    while training.progress.epoch < 10 {
        training.epoch(&digits, |_| Next::Continue).unwrap();
    }
    let accuracy = training.evaluate(&digits).unwrap().0.accuracy();
    (training, digits, accuracy)
}

fn accuracies(training: &Training, digits: &Dataset, method: Method, firing: Firing, steps: usize) -> Vec<f64> {
    let network = convert(training, digits, method, firing, 4, steps).unwrap();
    correct_by_step(&network, digits, 359).into_iter().map(|n| n as f64 / 359.0).collect()
}

#[test]
fn folded_batch_normalisation_changes_only_roundings() {
    let (training, digits, _) = trained("ReLUNode");
    let images = Loader::new(&digits, 16, Order::AsStored, 0, true).next().unwrap().images;
    let pass = Pass { seed: 0, number: 0 };
    let pieces = fold(&training.network).unwrap();
    assert!(pieces.iter().filter(|piece| matches!(piece, Piece::Layer { what: Folded::Conv { .. }, .. })).count() == 2);
    let relu = || Box::new(Spiking::new(Relu, Surrogate::new(Kind::StraightThrough))) as Box<dyn Layer>;
    let layers = assemble(pieces, &mut |_, what| Ok(what.layer().unwrap_or_else(relu))).unwrap();
    let folded = Network::new(Encoder::Direct, 1, [8, 8, 1], layers).unwrap();
    let (a, b) = (training.network.infer(images.clone(), pass), folded.infer(images, pass));
    let largest = a.values().iter().fold(0.0f32, |m, x| m.max(x.abs()));
    assert!(a.values().iter().zip(b.values()).all(|(a, b)| (a - b).abs() < 1e-4 * largest), "{a:?} {b:?}");
}

#[test]
fn every_method_comes_close_to_the_network_of_activations() {
    let (training, digits, before) = trained("ReLUNode");
    assert!(before > 0.95, "{before}");
    let burst = Firing { burst: 5, ..PLAIN };
    let calibrated = Firing { calibration: 2, ..PLAIN };
    let adaptive = Firing { adaptive: Some(Adaptive::default()), burst: 5, ..PLAIN };
    for (method, firing, steps, gap) in [
        (Method::Max, PLAIN, 64, 0.02),
        (Method::Percentile(0.999), PLAIN, 32, 0.02),
        (Method::Channel(0.999), PLAIN, 32, 0.02),
        (Method::Percentile(0.99), burst, 16, 0.015),
        (Method::Percentile(0.999), calibrated, 32, 0.02),
        (Method::Percentile(0.999), adaptive, 32, 0.02),
    ] {
        let after = accuracies(&training, &digits, method, firing, steps);
        println!("{method:?} {firing:?}: {before:.4} -> {:?}", after.iter().map(|a| format!("{a:.3}")).collect::<Vec<_>>());
        assert!(before - after[steps - 1] <= gap, "{method:?} {firing:?}: {before} became {}", after[steps - 1]);
        assert!(after[0] < after[steps - 1], "{method:?}: time helps");
    }
}

#[test]
fn networks_of_quantised_activations_lose_nothing_after_as_many_steps_as_levels() {
    let (training, digits, before) = trained("QCFSNode");
    assert!(before > 0.95, "{before}");
    let after = accuracies(&training, &digits, Method::Qcfs, PLAIN, 16);
    println!("{before:.4} -> {after:.3?}");
    assert!((before - after[7]).abs() < 0.02 && before - after[15] < 0.01, "{before} became {after:?}");
}

#[test]
fn residual_networks_come_close_too_and_products_of_spikes_are_refused() {
    for (model, method) in [("resnet9", Method::Percentile(0.999)), ("sew_resnet20", Method::Channel(0.999))] {
        let options = ModelOptions { model: model.into(), node_type: "ReLUNode".into(), width: 0.1, ..ModelOptions::default() };
        let (training, digits, before) = trained_as(options);
        assert!(before > 0.9, "{model}: {before}");
        let after = accuracies(&training, &digits, method, PLAIN, 96);
        println!("{model}: {before:.4} -> {:.3} {:.3} {:.3}", after[15], after[47], after[95]);
        assert!(before - after[95] <= 0.03, "{model}: {before} became {}", after[95]);
        assert!(after[7] < after[95], "{model}: time helps");
    }
    let and = ModelOptions {
        model: "sew_resnet20".into(),
        node_type: "ReLUNode".into(),
        sew_cnf: "AND".into(),
        width: 0.05,
        ..ModelOptions::default()
    };
    let digits = data::load("digits", ".".as_ref()).unwrap();
    let training = Training::new(ModelOptions { image: [8, 8, 1], ..and }, TrainingOptions::default()).unwrap();
    let message = convert(&training, &digits, Method::Max, PLAIN, 1, 4).err().unwrap().to_string();
    assert_eq!(message, "layer 4.and cannot be converted: rates add up, but spikes that meet do not multiply as activations do");
}

#[test]
fn thresholds_per_channel_scale_their_channel_only() {
    let neurons = Converted::new(vec![1.0, 4.0], PLAIN);
    let x = Tensor::from_fn(Shape::new(8, 1, [1, 1, 2]), |_| 1.0);
    let y = neurons.infer(&x, &mut LayerState::new());
    let sum = |c: usize| y.values().iter().skip(c).step_by(2).sum::<f32>();
    assert_eq!((sum(0), sum(1)), (8.0, 8.0));
    assert_eq!(y.values()[1], 0.0);
    assert_eq!(y.values()[7], 4.0);
}

#[test]
fn calibration_takes_back_a_spike_that_came_too_early() {
    let silent_after_three = |step: usize| if step < 3 { 1.0 } else { 0.0 };
    let x = Tensor::from_fn(Shape::new(20, 1, [1, 1, 1]), silent_after_three);
    let y = Converted::new(vec![1.0], Firing { calibration: 1, ..PLAIN }).infer(&x, &mut LayerState::new());
    assert_eq!(y.values()[..3], [1.0, 1.0, 1.0]);
    assert_eq!(y.values().iter().filter(|&&s| s < 0.0).count(), 2, "{y:?}");
    let plain = Converted::new(vec![1.0], PLAIN).infer(&x, &mut LayerState::new());
    assert!(plain.values().iter().all(|&s| s >= 0.0));
}

#[test]
fn pools_of_spikes_send_as_much_as_the_busiest_input() {
    // One pixel fires always, one every second step, two never.
    let x = Tensor::from_fn(Shape::new(10, 1, [2, 2, 1]), |i| match i % 4 {
        0 => 1.0,
        1 => (i / 4 % 2) as f32,
        _ => 0.0,
    });
    let y = LateralPool::new(2).infer(&x, &mut LayerState::new());
    assert_eq!(y.values().iter().sum::<f32>(), 10.0);
}

#[test]
fn what_cannot_be_converted_is_refused_with_its_layer() {
    let digits = data::load("digits", ".".as_ref()).unwrap();
    let model = ModelOptions { image: [8, 8, 1], width: 0.05, ..ModelOptions::default() };
    let training = Training::new(model, TrainingOptions::default()).unwrap();
    let message = convert(&training, &digits, Method::Max, PLAIN, 1, 4).err().unwrap().to_string();
    assert_eq!(message, "layer 3.LIFNode cannot be converted: only ReLUNode and QCFSNode become neurons");
    assert!(Method::named("mean", 0.9).is_err() && Method::named("max", 1.5).is_err());
}
