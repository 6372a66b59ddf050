//! Runs on the built-in digits: repeatable, resumable, the same for any number of threads, and honest when they fail.

use std::path::Path;

use super::*;
use crate::{checkpoint, data};

fn digits() -> Dataset {
    data::load("digits", Path::new(".")).unwrap()
}

fn start(encode: &str) -> Training {
    let model = ModelOptions {
        image: [8, 8, 1],
        steps: 3,
        width: 0.125,
        node_type: "PLIFNode".into(),
        encode: encode.into(),
        ..ModelOptions::default()
    };
    // All that a checkpoint must not forget.
    let options = TrainingOptions { clip_grad: Some(2.0), noisy_grad: 1e-3, model_ema: Some(0.9), ..TrainingOptions::default() };
    Training::new(model, TrainingOptions { epochs: 2, batch_size: 100, ..options }).unwrap()
}

/// The bits of all tensors of the network and of their average.
fn bits(training: &Training) -> Vec<u32> {
    let tensors = training.network.tensors().into_iter().map(|(_, values)| values).chain(&training.average);
    tensors.flat_map(|values| values.iter().map(|x| x.to_bits())).collect()
}

fn run(mut training: Training, dataset: &Dataset) -> Training {
    while training.progress.epoch < training.options.epochs {
        training.epoch(dataset, |_| Next::Continue).unwrap();
    }
    training
}

#[test]
fn weights_do_not_depend_on_the_number_of_threads() {
    let dataset = digits();
    let train = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bits(&run(start("rate"), &dataset)))
    };
    assert!(train(1) == train(3));
}

#[test]
fn a_run_that_was_stopped_and_resumed_ends_like_one_that_was_not() {
    let dataset = digits();
    let whole = run(start("direct"), &dataset);
    let mut stopped = start("direct");
    let complete = stopped.epoch(&dataset, |report| if report.batch == 7 { Next::Stop } else { Next::Continue }).unwrap();
    assert!(complete.is_none() && stopped.progress.batch == 7 && stopped.progress.sums.seen == 700);
    let path = std::env::temp_dir().join(format!("braincog-snn-{}-resume.safetensors", std::process::id()));
    checkpoint::save(&stopped, &path).unwrap();
    drop(stopped);
    let resumed = run(checkpoint::load(&path).unwrap(), &dataset);
    assert!(bits(&resumed) == bits(&whole));
    assert_eq!(resumed.evaluate(&dataset).unwrap(), whole.evaluate(&dataset).unwrap());
}

#[test]
fn the_average_follows_the_weights_and_can_take_their_place() {
    let mut training = start("direct");
    let first = training.network.tensors()[0].1.clone();
    training.epoch(&digits(), |_| Next::Stop).unwrap();
    let now = training.network.tensors()[0].1.clone();
    training.swap_average();
    for ((average, first), now) in training.network.tensors()[0].1.iter().zip(first).zip(&now) {
        assert!((average - (0.9 * first + 0.1 * now)).abs() < 1e-6);
    }
    training.swap_average();
    assert_eq!(training.network.tensors()[0].1, &now);
}

#[test]
fn a_run_ends_when_it_was_no_better_for_as_long_as_is_allowed() {
    let mut training = start("direct");
    training.options.patience = 2;
    let judged = [50, 49, 60, 60, 60].map(|correct| (training.judge(correct), training.is_over()));
    assert_eq!(judged, [(true, false), (false, false), (true, false), (false, false), (false, true)]);
    assert_eq!(training.progress.best, 60);
}

/// What a run says whose tensor of this name holds something that is not a number.
fn broken(name: &str) -> String {
    let mut training = start("direct");
    let index = training.network.tensors().iter().position(|(other, _)| other == name).unwrap();
    training.network.tensors_mut()[index][0] = f32::NAN;
    training.epoch(&digits(), |_| Next::Continue).unwrap_err().to_string()
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_names_layer_and_step() {
    let message = broken("15.linear.bias");
    assert!(
        message.starts_with("epoch 0, batch 0: the loss is NaN; the first value that is not finite comes out of layer 15.linear in step 0"),
        "{message}"
    );
}

#[test]
fn what_neurons_hide_from_the_loss_stops_the_run_too() {
    let message = broken("5.conv2d.weight");
    assert!(message.contains("comes out of layer 5.conv2d in step 0"), "{message}");
}

#[test]
fn options_out_of_range_are_refused() {
    let message = |options| Training::new(ModelOptions::default(), options).err().unwrap().to_string();
    let options = TrainingOptions::default;
    assert_eq!(message(TrainingOptions { batch_size: 0, ..options() }), "the batch size is 0; expected 1 to 65536");
    assert_eq!(message(TrainingOptions { opt: "lion".into(), ..options() }), "no optimiser is called \"lion\"; there are adamw, sgd");
    assert!(message(TrainingOptions { clip_grad: Some(0.0), ..options() }).starts_with("clip-grad is 0; expected"));
    assert!(message(TrainingOptions { model_ema: Some(1.0), ..options() }).starts_with("model-ema is 1; expected"));
    assert!(message(TrainingOptions { loss_fn: "l1".into(), ..options() }).contains("there are ce, tet, mse, unilateral_mse, mix"));
    assert!(message(TrainingOptions { lr: f32::NAN, ..options() }).starts_with("the learning rate is NaN"));
}

#[test]
fn images_of_another_size_are_refused_with_both_sizes() {
    let training = Training::new(ModelOptions { width: 0.01, ..ModelOptions::default() }, TrainingOptions::default()).unwrap();
    let message = training.check(&digits()).unwrap_err().to_string();
    assert!(message.contains("[8, 8, 1]") && message.contains("[28, 28, 1]"), "{message}");
}

#[test]
fn damaged_checkpoints_are_refused() {
    let path = std::env::temp_dir().join(format!("braincog-snn-{}-damaged.safetensors", std::process::id()));
    checkpoint::save(&start("direct"), &path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let message = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        checkpoint::load(&path).err().unwrap().to_string()
    };
    assert!(message(&whole[..whole.len() - 1]).contains("not a safetensors file"));
    assert!(message(&[0xff; 16]).contains("not a safetensors file"));
    assert!(message(b"").contains("not a safetensors file"));
    let text = |from: &str, to: &str| {
        let at = whole.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        [&whole[..at], to.as_bytes(), &whole[at + from.len()..]].concat()
    };
    assert!(message(&text("0.conv2d.weight", "0.conv2d.weighs")).contains("has no tensor 0.conv2d.weight"));
    assert!(message(&text("PLIFNode", "PLUFNode")).contains("no node is called"));
}

#[test]
fn steps_that_are_learned_from_one_by_one_learn_the_digits() {
    let model = ModelOptions { image: [8, 8, 1], steps: 3, width: 0.125, ..ModelOptions::default() };
    let options = TrainingOptions { epochs: 10, batch_size: 64, online: true, ..TrainingOptions::default() };
    let training = run(Training::new(model.clone(), options.clone()).unwrap(), &digits());
    let (sums, densities) = training.evaluate(&digits()).unwrap();
    assert!(sums.accuracy() > 0.8, "{}", sums.accuracy());
    // Evaluated step by step as all at once.
    let whole = Training { options: TrainingOptions { online: false, ..options.clone() }, ..training };
    let (other, others) = whole.evaluate(&digits()).unwrap();
    assert_eq!(sums.correct, other.correct);
    assert!(densities.iter().zip(&others).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-6), "{densities:?} {others:?}");
    let refused = Training::new(ModelOptions { norm: "tebn".into(), ..model }, options).err().unwrap().to_string();
    assert!(refused.starts_with("layer ") && refused.contains("step_scale cannot be trained online"), "{refused}");
}

#[test]
fn weights_that_follow_traces_learn_the_digits_and_other_nodes_are_refused() {
    let model = ModelOptions { image: [8, 8, 1], steps: 3, width: 0.125, ..ModelOptions::default() };
    let options = TrainingOptions { epochs: 10, batch_size: 64, online: true, traces: true, ..TrainingOptions::default() };
    let training = run(Training::new(model.clone(), options.clone()).unwrap(), &digits());
    let accuracy = training.evaluate(&digits()).unwrap().0.accuracy();
    assert!(accuracy > 0.8, "{accuracy}");
    // Not the gradients of steps by themselves.
    let without = run(Training::new(model.clone(), TrainingOptions { traces: false, ..options.clone() }).unwrap(), &digits());
    assert!(bits(&training) != bits(&without));
    let refused = |model, options| Training::new(model, options).err().unwrap().to_string();
    let plif = ModelOptions { node_type: "PLIFNode".into(), ..model.clone() };
    let message = "--node-type is PLIFNode; expected IFNode or LIFNode for --online ottt, which must know their leak";
    assert_eq!(refused(plif, options.clone()), message);
    assert_eq!(refused(model, TrainingOptions { online: false, ..options }), "online is false; expected true, for traces");
}

#[test]
fn a_random_number_of_steps_learns_too_and_needs_images_that_are_repeated() {
    let model = ModelOptions { image: [8, 8, 1], steps: 2, width: 0.125, ..ModelOptions::default() };
    let options = TrainingOptions { epochs: 10, batch_size: 64, rand_step: true, ..TrainingOptions::default() };
    let training = Training::new(model.clone(), options.clone()).unwrap();
    let seen: std::collections::BTreeSet<usize> = (0..100).map(|number| training.steps(Pass { seed: 42, number })).collect();
    assert_eq!(seen, (1..=4).collect());
    let training = run(training, &digits());
    assert!(training.evaluate(&digits()).unwrap().0.accuracy() > 0.8);
    let message = Training::new(ModelOptions { encode: "rate".into(), ..model }, options).err().unwrap().to_string();
    assert_eq!(message, "the encoder is rate; expected direct, for a random number of steps");
}
