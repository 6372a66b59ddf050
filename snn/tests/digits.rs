//! The contract: a spiking network learns the handwritten digits of scikit-learn in under a minute.

use snn::data;
use snn::training::{Next, Training, TrainingOptions};
use snn::zoo::ModelOptions;

#[test]
fn a_spiking_network_learns_handwritten_digits() {
    let digits = data::load("digits", ".".as_ref()).unwrap();
    let model = ModelOptions { image: digits.train.image, steps: 4, width: 0.25, ..ModelOptions::default() };
    let options = TrainingOptions { epochs: 20, batch_size: 64, ..TrainingOptions::default() };
    let mut training = Training::new(model, options).unwrap();
    while training.progress.epoch < training.options.epochs {
        assert!(training.epoch(&digits, |_| Next::Continue).unwrap().is_some());
    }
    let (sums, densities) = training.evaluate(&digits).unwrap();
    println!("accuracy {:.2} % of {}, densities {densities:.3?}", 100.0 * sums.accuracy(), sums.seen);
    assert_eq!(sums.seen, 359);
    assert!(sums.accuracy() >= 0.97, "{}", sums.accuracy());
    // A network whose neurons are silent or never rest would not be a spiking one.
    assert!(densities.iter().all(|(_, density)| (0.005..0.6).contains(density)), "{densities:?}");
}
