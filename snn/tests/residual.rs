//! The contract: a residual network that is streamed step by step gives the logits that it gives for all steps at once.

use snn::data::{self, Loader, Order};
use snn::layer::Pass;
use snn::runtime::Runtime;
use snn::training::{Next, Training, TrainingOptions};
use snn::zoo::ModelOptions;

const STEPS: usize = 4;

#[test]
fn a_stream_gives_the_logits_of_residual_networks() {
    let digits = data::load("digits", ".".as_ref()).unwrap();
    let batch = Loader::new(&digits, 20, Order::AsStored, 0, true).next().unwrap();
    let networks = [("resnet9", "ADD"), ("resnet19", "ADD"), ("sew_resnet18", "ADD"), ("sew_resnet20", "AND"), ("sew_resnet20", "IAND")];
    for (name, join) in networks {
        let model = ModelOptions {
            model: name.into(),
            sew_cnf: join.into(),
            image: [8, 8, 1],
            steps: STEPS,
            width: 0.06,
            threshold: 0.05,
            ..ModelOptions::default()
        };
        let options = TrainingOptions { epochs: 1, batch_size: 64, ..TrainingOptions::default() };
        let mut training = Training::new(model, options).unwrap();
        // Enough for batch normalisation to have moments of its own.
        training.epoch(&digits, |report| if report.batch == 6 { Next::Stop } else { Next::Continue }).unwrap();
        let logits = training.network.infer(batch.images.clone(), Pass { seed: 0, number: 0 });
        let mut runtime = Runtime::new(training.network).unwrap();
        let (mut close, mut spikes) = (0, 0);
        for (sample, image) in batch.images.values().chunks(64).enumerate() {
            runtime.reset();
            for step in 0..STEPS {
                let (found, expected) = (runtime.step(image).unwrap(), &logits.step(step)[sample * 10..][..10]);
                close += usize::from(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-3));
            }
            spikes += runtime.work().spikes;
        }
        let varied = logits.values().chunks(10).any(|row| row != &logits.values()[..10]);
        println!("{name} {join}: {close} of {} steps agree, {spikes} spikes, logits differ between steps or samples: {varied}", 20 * STEPS);
        // A membrane that is at its threshold but for rounding may fire here and not there.
        assert!(close >= 20 * STEPS * 19 / 20, "{name} {join}: {close} of {} steps agree", 20 * STEPS);
        assert!(spikes > 0 && varied, "{name} {join} says something");
    }
}

#[test]
fn convolutions_in_groups_are_refused_by_name() {
    let model = ModelOptions { model: "resnext50_32x4d".into(), image: [8, 8, 1], width: 0.06, ..ModelOptions::default() };
    let message = Runtime::new(model.build().unwrap()).err().unwrap().to_string();
    assert!(message.starts_with("layer ") && message.contains("grouped_conv2d cannot be converted"), "{message}");
}
