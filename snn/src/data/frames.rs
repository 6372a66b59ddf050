//! Recordings of events as samples of frames, one byte per count.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::augment::resize;
use super::cache::{Cache, fingerprint};
use super::{Augment, Dataset, EventOptions, Images};
use crate::error::Error;
use crate::events::{Framing, Recording};

/// A count of one event after resizing.
pub(super) const ONE: u8 = 16;

/// How recordings become frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe<'a> {
    options: &'a EventOptions,
    framing: Framing,
    /// Counts stop here.
    most: u8,
}

impl<'a> Recipe<'a> {
    pub(super) fn new(options: &'a EventOptions, framing: Framing) -> Self {
        Recipe { options, framing, most: u8::MAX }
    }

    /// Whether there was an event instead of how many.
    pub(super) fn binary(self) -> Self {
        Recipe { most: 1, ..self }
    }

    /// The samples of one item.
    fn frames(&self, recordings: Vec<(u32, Recording)>) -> Result<Images, Error> {
        let mut images = Images { steps: self.options.steps, ..Images::default() };
        for (label, recording) in recordings {
            let (_, mut counts) = self.framing.frames(&recording)?;
            counts.iter_mut().for_each(|count| *count = (*count).min(self.most));
            let image = [recording.height, recording.width, 2];
            images.image = image;
            images.labels.push(label);
            match self.options.side {
                None => images.pixels.extend(counts),
                Some(side) => {
                    images.image = [side, side, 2];
                    images.pixels.extend(counts.chunks_exact(image.iter().product()).flat_map(|frame| sixteenths(frame, image, side)));
                }
            }
        }
        Ok(images)
    }

    /// What entries of the cache depend on besides the recordings.
    fn key(&self) -> String {
        format!("{:?}, {} steps, side {:?}, counts to {}", self.framing, self.options.steps, self.options.side, self.most)
    }
}

/// The frames of all recordings of these items, with their labels. Each item is read when it is needed; what was made of it is kept in the
/// cache, if there is one, as long as its `files` do not change.
pub(super) fn collect<T: Sync + Debug>(
    items: &[T],
    recipe: Recipe,
    files: impl Fn(&T) -> Vec<PathBuf> + Sync,
    read: impl Fn(&T) -> Result<Vec<(u32, Recording)>, Error> + Sync,
) -> Result<Images, Error> {
    let cache = recipe.options.cache.as_deref().map(Cache::open).transpose()?;
    let one = |item: &T| -> Result<Images, Error> {
        let make = || recipe.frames(read(item)?);
        let files = files(item);
        match cache {
            Some(cache) if !files.is_empty() => cache.get(&format!("{}{item:?}\n{}", fingerprint(&files)?, recipe.key()), make),
            _ => make(),
        }
    };
    let parts: Vec<Images> = items.par_iter().map(one).collect::<Result<_, _>>()?;
    let image = parts.iter().find(|part| !part.is_empty()).map_or([1, 1, 2], |part| part.image);
    let mut all = Images { image, steps: recipe.options.steps, ..Images::default() };
    for part in parts {
        all.pixels.extend(part.pixels);
        all.labels.extend(part.labels);
    }
    Ok(all)
}

/// A frame in another size, by [`ONE`].
pub(super) fn sixteenths(frame: &[u8], image: [usize; 3], side: usize) -> Vec<u8> {
    let frame: Vec<f32> = frame.iter().map(|&count| f32::from(count) * f32::from(ONE)).collect();
    resize(&frame, image, [side, side]).into_iter().map(|x| x.round().min(255.0) as u8).collect()
}

/// A data set whose counts are taken as they are.
pub(super) fn dataset(name: &'static str, train: Images, test: Images, classes: usize, options: &EventOptions) -> Dataset {
    Dataset {
        name,
        moments: vec![[0.0, 1.0]; train.image[2]],
        train: Arc::new(train),
        test: Arc::new(test),
        classes,
        largest: if options.side.is_some() { ONE } else { 1 },
        mirrors: false,
        shift: 0,
        augment: Augment::default(),
    }
}
