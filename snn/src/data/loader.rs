//! Batches, made one ahead of their use by a thread of their own.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use super::{Dataset, Images};
use crate::random::{For, Random, key};
use crate::tensor::{Shape, Tensor};

/// Samples that go through a network together.
#[derive(Debug)]
pub struct Batch {
    /// One step of images.
    pub images: Tensor,
    /// The class of each.
    pub labels: Vec<u32>,
}

/// In which order samples come, and whether they are changed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they are, for testing.
    AsStored,
    /// Shuffled, shifted and mirrored by seed and epoch, for training.
    Shuffled {
        /// Of the run.
        seed: u64,
        /// Which pass over the data.
        epoch: u64,
    },
}

/// Batches of a data set; the last one may be smaller.
pub struct Loader {
    batches: Receiver<Batch>,
    left: usize,
}

/// Batches that wait at most.
const AHEAD: usize = 2;

/// How an image becomes values.
struct Recipe {
    images: Arc<Images>,
    /// Byte to value, per channel.
    tables: Vec<[f32; 256]>,
    shift: usize,
    mirrors: bool,
    order: Order,
}

impl Loader {
    /// Training images if `order` shuffles, else test images, from batch `first` on. Values have mean 0 and variance 1 if
    /// `normalise`, else they lie in 0..1.
    pub fn new(dataset: &Dataset, batch_size: usize, order: Order, first: usize, normalise: bool) -> Loader {
        assert!(batch_size > 0, "batches of nothing");
        let images = if order == Order::AsStored { &dataset.test } else { &dataset.train };
        let n_batches = images.len().div_ceil(batch_size);
        let table = |&[mean, deviation]: &[f32; 2]| {
            let (mean, deviation) = if normalise { (mean, deviation) } else { (0.0, 1.0) };
            std::array::from_fn(|byte| (byte as f32 / f32::from(dataset.largest) - mean) / deviation)
        };
        let recipe = Recipe {
            images: images.clone(),
            tables: dataset.moments.iter().map(table).collect(),
            shift: dataset.shift,
            mirrors: dataset.mirrors,
            order,
        };
        let (send, batches) = sync_channel(AHEAD);
        std::thread::spawn(move || {
            let samples = recipe.samples();
            for batch in samples.chunks(batch_size).skip(first) {
                if send.send(recipe.batch(batch)).is_err() {
                    return; // nobody wants more
                }
            }
        });
        Loader { batches, left: n_batches.saturating_sub(first) }
    }
}

impl Iterator for Loader {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let batch = self.batches.recv().ok()?;
        self.left -= 1;
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Loader {}

impl Recipe {
    fn samples(&self) -> Vec<u32> {
        match self.order {
            Order::AsStored => (0..self.images.len() as u32).collect(),
            Order::Shuffled { seed, epoch } => Random::new(seed, key(For::Order, 0, epoch)).permutation(self.images.len()),
        }
    }

    fn batch(&self, samples: &[u32]) -> Batch {
        let mut images = Tensor::unspecified(Shape::new(1, samples.len(), self.images.image));
        let features = images.shape().n_features();
        for (&sample, values) in samples.iter().zip(images.values_mut().chunks_exact_mut(features)) {
            let pixels = &self.images.pixels[sample as usize * features..][..features];
            let (down, right, mirror) = self.change(sample);
            self.place(pixels, values, [down, right], mirror);
        }
        Batch { images, labels: samples.iter().map(|&sample| self.images.labels[sample as usize]).collect() }
    }

    /// How far a sample is moved, and whether it is mirrored; a function of seed, epoch and sample.
    fn change(&self, sample: u32) -> (isize, isize, bool) {
        let Order::Shuffled { seed, epoch } = self.order else { return (0, 0, false) };
        let mut random = Random::new(seed, key(For::Augmentation, (epoch & 0xffff) as usize, u64::from(sample)));
        let mut by = || random.below(2 * self.shift + 1) as isize - self.shift as isize;
        let (down, right) = (by(), by());
        (down, right, self.mirrors && random.below(2) == 1)
    }

    /// Pixels from outside of the image are black.
    fn place(&self, pixels: &[u8], values: &mut [f32], [down, right]: [isize; 2], mirror: bool) {
        let [height, width, channels] = self.images.image;
        let inside = |at: usize, by: isize, n: usize| at.checked_add_signed(-by).filter(|&from| from < n);
        for y in 0..height {
            for x in 0..width {
                let column = if mirror { width - 1 - x } else { x };
                let from = inside(y, down, height).zip(inside(column, right, width)).map(|(y, x)| (y * width + x) * channels);
                for (c, table) in self.tables.iter().enumerate() {
                    let byte = from.map_or(0, |from| pixels[from + c]);
                    values[(y * width + x) * channels + c] = table[usize::from(byte)];
                }
            }
        }
    }
}
