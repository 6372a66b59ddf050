//! Data sets by their names, and what a folder must hold for each.

pub mod augment;
mod bullying;
mod cache;
mod cifar;
mod digits;
mod es_imagenet;
pub mod few_shot;
mod film;
mod folder;
mod frames;
mod idx;
mod loader;
mod n_omniglot;
mod picture;
mod pnm;
mod recorded;
mod sources;
mod stream;

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use augment::Augment;
pub use few_shot::{Episode, Episodes, Pairs};
pub use loader::{Batch, Loader, Order};
pub use picture::{EXTENSIONS, Picture};
pub use sources::{GETTERS, SOURCES, Source};
pub use stream::Stream;

use crate::error::Error;

/// Labelled images, or films of several frames, one byte per value: in memory, or read from their files when they are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Height, width and channels.
    pub image: [usize; 3],
    /// Frames of a film; 1 for images.
    pub steps: usize,
    /// `[image][step][row][column][channel]`; empty if there is a stream.
    pub pixels: Vec<u8>,
    /// The class of each.
    pub labels: Vec<u32>,
    /// Where samples that are not in memory are.
    pub stream: Option<Stream>,
}

impl Default for Images {
    fn default() -> Self {
        Images { image: [0; 3], steps: 1, pixels: Vec::new(), labels: Vec::new(), stream: None }
    }
}

impl Images {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The bytes of a sample, `[step][row][column][channel]`. An error if it is on disk and cannot be read.
    pub fn sample(&self, sample: usize) -> Result<Cow<'_, [u8]>, Error> {
        let n = self.steps * self.image.iter().product::<usize>();
        match &self.stream {
            Some(stream) => stream.read(sample).map(Cow::Owned),
            None => Ok(Cow::Borrowed(&self.pixels[sample * n..][..n])),
        }
    }
}

/// A data set that was read.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its name.
    pub name: &'static str,
    /// To train on.
    pub train: Arc<Images>,
    /// To test on.
    pub test: Arc<Images>,
    /// How many classes there are.
    pub classes: usize,
    /// What a byte has at most.
    pub largest: u8,
    /// Mean and standard deviation per channel of the training images, in 0..1.
    pub moments: Vec<[f32; 2]>,
    /// Whether a mirrored image shows the same thing.
    pub mirrors: bool,
    /// Pixels by which images are shifted at random while training.
    pub shift: usize,
    /// What else is done to them.
    pub augment: Augment,
}

impl Dataset {
    /// An error if samples are on disk, for what needs all of them.
    pub fn in_memory(&self) -> Result<(), Error> {
        let streams = self.train.stream.is_some() || self.test.stream.is_some();
        let expected = "one that fits into memory; train and eval take larger ones";
        if streams { Err(Error::Value { what: "the data set", found: self.name.into(), expected }) } else { Ok(()) }
    }
}

/// How recordings of events become frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventOptions {
    /// Frames of a recording.
    pub steps: usize,
    /// Rows and columns of a frame or image; as many as the camera or the first image has if not given.
    pub side: Option<usize>,
    /// A folder for what was made of recordings, from which the next run has it.
    pub cache: Option<PathBuf>,
}

impl Default for EventOptions {
    fn default() -> Self {
        EventOptions { steps: 10, side: None, cache: None }
    }
}

/// Reads the data set of this name, ours or [BrainCog's](GETTERS), from `folder`, or from a folder of its name in there.
pub fn load(name: &str, folder: &Path) -> Result<Dataset, Error> {
    load_events(name, folder, &EventOptions::default())
}

/// [`load`], with a choice of frames for data sets of events.
pub fn load_events(name: &str, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let EventOptions { steps, side, .. } = *options;
    if steps == 0 {
        return Err(Error::Value { what: "the number of steps", found: "0".into(), expected: "at least 1" });
    }
    if steps > 4096 {
        return Err(Error::Value { what: "the number of steps", found: steps.to_string(), expected: "at most 4096" });
    }
    if let Some(side) = side.filter(|side| !(1..=1024).contains(side)) {
        return Err(Error::Value { what: "event-size", found: side.to_string(), expected: "1 to 1024 pixels" });
    }
    let source = Source::named(name)?;
    let places = [Some(folder.to_path_buf()), Some(folder.join(source.name)), source.elsewhere.map(PathBuf::from)];
    let mut missing = None;
    for place in places.into_iter().flatten() {
        match (source.read)(source, &place, options) {
            // The folder that was asked for is the one to tell about.
            Err(error @ Error::NoData { .. }) => missing = missing.or(Some(error)),
            result => return result,
        }
    }
    Err(missing.expect("every place was tried and failed for lack of data"))
}

/// Batches of a data set to train on, shuffled and changed, and to test on, as BrainCog's `get_..._data` hand them out; values have mean 0 and variance
/// 1. Recordings become `steps` frames of `side` pixels.
pub fn loaders(name: &str, batch_size: usize, steps: usize, side: Option<usize>, folder: &Path, seed: u64) -> Result<[Loader; 2], Error> {
    if batch_size == 0 {
        return Err(Error::Value { what: "the batch size", found: "0".into(), expected: "at least 1" });
    }
    let dataset = load_events(name, folder, &EventOptions { steps, side, cache: None })?;
    Ok([Order::Shuffled { seed, epoch: 0 }, Order::AsStored].map(|order| Loader::new(&dataset, batch_size, order, 0, true)))
}

#[cfg(test)]
mod tests;
