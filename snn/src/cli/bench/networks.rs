//! The networks that are measured, and what they are given.

use snn::Error;
use snn::correlate::Correlation;
use snn::data::{self, Images};
use snn::encoder::Encoder;
use snn::layer::{AvgPool, BatchNorm, Conv2d, Flatten, Init, Layer, Linear, Pass};
use snn::network::Network;
use snn::node::{NodeOptions, Place};
use snn::random::Random;
use snn::tensor::{Shape, Tensor};

/// Convolutions of 3 x 3 pixels, each with batch normalisation and `LIFNode`, average pools, and a linear readout of ten classes.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) steps: usize,
    pub(super) batch: usize,
    pub(super) image: [usize; 3],
    /// Output channels of each convolution; 0 for a pool of 2 x 2 pixels. A pool of the whole image comes last.
    pub(super) channels: &'static [usize],
}

/// All there are.
pub(super) const CASES: [Case; 2] = [
    Case { name: "S", steps: 8, batch: 32, image: [28, 28, 1], channels: &[32, 0, 64, 0] },
    Case { name: "M", steps: 4, batch: 16, image: [32, 32, 3], channels: &[128, 128, 0, 256, 256] },
];

impl Case {
    pub(super) fn network(&self) -> Result<Network, Error> {
        let mut layers: Vec<Box<dyn Layer>> = Vec::new();
        let mut inputs = self.image[2];
        for &outputs in self.channels {
            let init = Init { seed: 1, layer: layers.len() };
            if outputs == 0 {
                layers.push(Box::new(AvgPool::new(2)));
                continue;
            }
            layers.push(Box::new(Conv2d::new(Correlation { kernel: 3, stride: 1, padding: 1, inputs, outputs }, false, init)));
            layers.push(Box::new(BatchNorm::new(outputs)));
            let node = NodeOptions::default().layer(Place { init, channels: outputs, steps: self.steps });
            layers.push(node.expect("the usual node exists"));
            inputs = outputs;
        }
        layers.push(Box::new(AvgPool::global()));
        layers.push(Box::new(Flatten::default()));
        layers.push(Box::new(Linear::new(inputs, 10, Init { seed: 1, layer: layers.len() })));
        // Spikes come in, encoded beforehand, so that the first layer has something to do in every step.
        Network::new(Encoder::Events, self.steps, self.image, layers)
    }

    fn shape(&self) -> Shape {
        Shape::new(1, self.batch, self.image)
    }

    fn spikes(&self, images: &Tensor, number: u64) -> Tensor {
        Encoder::Rate.encode(images, self.steps, Pass { seed: 3, number })
    }

    /// Spikes without meaning, 30 % of all steps.
    pub(super) fn noise(&self) -> (Tensor, Vec<u32>) {
        let mut random = Random::new(2, 1);
        let images = Tensor::from_fn(self.shape(), |_| 0.6 * random.uniform() as f32);
        (self.spikes(&images, 0), (0..self.batch as u32).map(|i| i % 10).collect())
    }

    /// Batch `number` of the built-in digits, enlarged to the images of this network, as spikes.
    pub(super) fn digits(&self, images: &Images, number: usize) -> (Tensor, Vec<u32>) {
        let [height, width, channels] = self.image;
        let n = images.len();
        let sample = |i: usize| (number * self.batch + i) * 769 % n; // 769 is prime: every digit has its turn
        let enlarged = Tensor::from_fn(self.shape(), |i| {
            let (pixel, image) = (i / channels % (height * width), i / (channels * height * width));
            let (y, x) = (pixel / width * 8 / height, pixel % width * 8 / width);
            f32::from(images.pixels[sample(image) * 64 + y * 8 + x]) / 16.0
        });
        (self.spikes(&enlarged, number as u64), (0..self.batch).map(|i| images.labels[sample(i)]).collect())
    }
}

/// The digits to train on and those to test on.
pub(super) fn digits() -> Result<data::Dataset, Error> {
    data::load("digits", ".".as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_networks_have_the_weights_that_were_meant() {
        let count = |case: &Case| case.network().unwrap().n_parameters();
        assert_eq!(count(&CASES[0]), 9 * 32 + 64 + 9 * 32 * 64 + 128 + 650);
        assert_eq!(count(&CASES[1]), 9 * (3 * 128 + 128 * 128 + 128 * 256 + 256 * 256) + 2 * (128 + 128 + 256 + 256) + 2570);
    }

    #[test]
    fn digits_are_enlarged_and_become_spikes() {
        let digits = digits().unwrap();
        let case = Case { name: "small", steps: 64, batch: 3, image: [16, 16, 2], channels: &[16] };
        let (spikes, labels) = case.digits(&digits.test, 0);
        assert_eq!((spikes.shape(), labels[0]), (Shape::new(64, 3, [16, 16, 2]), digits.test.labels[0]));
        // A pixel of the first digit, and how often its four copies in two channels fire.
        for pixel in [0, 20, 36] {
            let (y, x) = (pixel / 8 * 2, pixel % 8 * 2);
            let fired: f32 = (0..64).map(|step| spikes.step(step)[(y * 16 + x) * 2]).sum();
            let value = f32::from(digits.test.pixels[pixel]) / 16.0;
            assert!((fired / 64.0 - value).abs() < 0.25, "{pixel}: {fired} of 64 for {value}");
        }
    }
}
