//! Batches, made ahead of their use by threads of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::augment::{Augment, Mixed, Sample};
use super::{Dataset, Images};
use crate::error::Error;
use crate::random::{For, Random, key};
use crate::tensor::{Shape, Tensor};

/// Samples that go through a network together.
#[derive(Debug)]
pub struct Batch {
    /// One step of images, or a step for every frame.
    pub images: Tensor,
    /// The class of each.
    pub labels: Vec<u32>,
    /// What each was mixed with.
    pub mixed: Option<Mixed>,
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

/// Batches of a data set; the last one may be smaller. They come in order, whichever thread made them. They end early where a sample cannot
/// be read from its file, which [`finish`](Loader::finish) tells.
pub struct Loader {
    made: Receiver<(usize, Result<Batch, Error>)>,
    /// Batches that were made before those that come first.
    early: BTreeMap<usize, Result<Batch, Error>>,
    next: usize,
    end: usize,
    failed: Option<Error>,
}

/// Batches that wait at most, besides one in the hands of each worker.
const AHEAD: usize = 2;

/// Threads that make batches.
const WORKERS: usize = 2;

/// How an image becomes values.
struct Recipe {
    images: Arc<Images>,
    /// Byte to value, per channel.
    tables: Vec<[f32; 256]>,
    shift: usize,
    mirrors: bool,
    augment: Augment,
    order: Order,
}

/// What workers share.
struct Work {
    recipe: Recipe,
    /// Of each batch.
    samples: Vec<Vec<u32>>,
    /// The next batch that nobody has begun.
    next: AtomicUsize,
}

impl Loader {
    /// Training images if `order` shuffles, else test images, from batch `first` on. Values have mean 0 and variance 1 if
    /// `normalise`, else they lie in 0..1.
    pub fn new(dataset: &Dataset, batch_size: usize, order: Order, first: usize, normalise: bool) -> Loader {
        assert!(batch_size > 0, "batches of nothing");
        let recipe = Recipe::new(dataset, order, normalise);
        let batches = recipe.samples().chunks(batch_size).map(<[u32]>::to_vec).collect();
        Loader::start(recipe, batches, first)
    }

    /// These batches of samples of the training part if `order` shuffles, else of the test part, such as [`Episode`](super::Episode)s and
    /// [`Pairs`](super::Pairs) have them.
    pub fn of(dataset: &Dataset, batches: Vec<Vec<u32>>, order: Order, normalise: bool) -> Loader {
        let recipe = Recipe::new(dataset, order, normalise);
        let n = recipe.images.len();
        assert!(batches.iter().flatten().all(|&sample| (sample as usize) < n), "samples below {n}");
        Loader::start(recipe, batches, 0)
    }

    fn start(recipe: Recipe, samples: Vec<Vec<u32>>, first: usize) -> Loader {
        let end = samples.len();
        let work = Arc::new(Work { samples, recipe, next: AtomicUsize::new(first) });
        let (send, made) = sync_channel(AHEAD);
        for _ in 0..WORKERS {
            let (work, send) = (work.clone(), send.clone());
            std::thread::spawn(move || work.run(&send));
        }
        Loader { made, early: BTreeMap::new(), next: first, end, failed: None }
    }

    /// An error if batches ended early.
    pub fn finish(self) -> Result<(), Error> {
        self.failed.map_or(Ok(()), Err)
    }
}

impl Work {
    fn run(&self, send: &SyncSender<(usize, Result<Batch, Error>)>) {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(samples) = self.samples.get(number) else { return };
            if send.send((number, self.recipe.batch(number, samples))).is_err() {
                return; // nobody wants more
            }
        }
    }
}

impl Iterator for Loader {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if self.next >= self.end {
            return None;
        }
        while !self.early.contains_key(&self.next) {
            let (number, batch) = self.made.recv().ok()?;
            self.early.insert(number, batch);
        }
        self.next += 1;
        match self.early.remove(&(self.next - 1))? {
            Ok(batch) => Some(batch),
            Err(error) => {
                (self.failed, self.next) = (Some(error), self.end);
                None
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end.saturating_sub(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Loader {}

/// What happens to a sample, in this order.
struct Change {
    down: isize,
    right: isize,
    mirror: bool,
    random: Random,
}

impl Recipe {
    fn new(dataset: &Dataset, order: Order, normalise: bool) -> Recipe {
        let images = if order == Order::AsStored { &dataset.test } else { &dataset.train };
        let table = |&[mean, deviation]: &[f32; 2]| {
            let (mean, deviation) = if normalise { (mean, deviation) } else { (0.0, 1.0) };
            std::array::from_fn(|byte| (byte as f32 / f32::from(dataset.largest) - mean) / deviation)
        };
        Recipe {
            images: images.clone(),
            tables: dataset.moments.iter().map(table).collect(),
            shift: dataset.shift,
            mirrors: dataset.mirrors,
            augment: dataset.augment.clone(),
            order,
        }
    }

    fn samples(&self) -> Vec<u32> {
        match self.order {
            Order::AsStored => (0..self.images.len() as u32).collect(),
            Order::Shuffled { seed, epoch } => Random::new(seed, key(For::Order, 0, epoch)).permutation(self.images.len()),
        }
    }

    fn batch(&self, number: usize, samples: &[u32]) -> Result<Batch, Error> {
        let shape = Shape::new(self.images.steps, samples.len(), self.images.image);
        let (features, steps) = (shape.n_features(), shape.steps);
        let mut images = Tensor::unspecified(shape);
        let mut film = vec![0.0; features * steps];
        for (place, &sample) in samples.iter().enumerate() {
            let pixels = self.images.sample(sample as usize)?;
            let change = self.change(sample);
            for (pixels, values) in pixels.chunks_exact(features).zip(film.chunks_exact_mut(features)) {
                self.place(pixels, values, change.as_ref());
            }
            if let Some(Change { mut random, .. }) = change {
                self.augment.apply(&mut Sample { values: &mut film, image: self.images.image }, &mut random);
            }
            for (step, values) in film.chunks_exact(features).enumerate() {
                images.values_mut()[(step * samples.len() + place) * features..][..features].copy_from_slice(values);
            }
        }
        let labels = samples.iter().map(|&sample| self.images.labels[sample as usize]).collect();
        let mut batch = Batch { images, labels, mixed: None };
        if let (Some(mix), Order::Shuffled { seed, epoch }) = (&self.augment.mix, self.order) {
            mix.apply(&mut batch, &mut Random::new(seed, key(For::Mixing, (epoch & 0xffff) as usize, number as u64)));
        }
        Ok(batch)
    }

    /// A function of seed, epoch and sample; nothing for testing.
    fn change(&self, sample: u32) -> Option<Change> {
        let Order::Shuffled { seed, epoch } = self.order else { return None };
        let mut random = Random::new(seed, key(For::Augmentation, (epoch & 0xffff) as usize, u64::from(sample)));
        let mut by = || random.below(2 * self.shift + 1) as isize - self.shift as isize;
        let (down, right) = (by(), by());
        Some(Change { down, right, mirror: self.mirrors && random.below(2) == 1, random })
    }

    /// Pixels from outside of the image are black.
    fn place(&self, pixels: &[u8], values: &mut [f32], change: Option<&Change>) {
        let [height, width, channels] = self.images.image;
        let (down, right, mirror) = change.map_or((0, 0, false), |c| (c.down, c.right, c.mirror));
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
