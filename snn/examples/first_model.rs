//! A first model: handwritten digits, trained and tested in a few seconds.
//!
//!     cargo run --release -p snn --example first_model

use snn::data;
use snn::training::{Next, Training, TrainingOptions};
use snn::zoo::ModelOptions;

fn main() -> Result<(), snn::Error> {
    let digits = data::load("digits", ".".as_ref())?;
    let model = ModelOptions { image: digits.train.image, steps: 4, width: 0.25, node_type: "PLIFNode".into(), ..ModelOptions::default() };
    let mut training = Training::new(model, TrainingOptions { epochs: 10, batch_size: 64, ..TrainingOptions::default() })?;
    while training.progress.epoch < training.options.epochs {
        training.epoch(&digits, |_| Next::Continue)?;
        let (sums, densities) = training.evaluate(&digits)?;
        println!("epoch {}: accuracy {:.1} %, density {densities:.2?}", training.progress.epoch, 100.0 * sums.accuracy());
    }
    Ok(())
}
