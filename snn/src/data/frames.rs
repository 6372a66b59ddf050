//! Recordings of events as samples of frames, one byte per count.

use std::sync::Arc;

use rayon::prelude::*;

use super::augment::resize;
use super::{Augment, Dataset, EventOptions, Images};
use crate::error::Error;
use crate::events::{Framing, Recording};

/// A count of one event after resizing.
const ONE: u8 = 16;

/// The frames of all recordings of these items, with their labels. Each item is read when it is needed.
pub(super) fn collect<T: Sync>(
    items: &[T],
    options: &EventOptions,
    framing: Framing,
    read: impl Fn(&T) -> Result<Vec<(u32, Recording)>, Error> + Sync,
) -> Result<Images, Error> {
    let one = |item: &T| -> Result<Images, Error> {
        let mut images = Images { steps: options.steps, ..Images::default() };
        for (label, recording) in read(item)? {
            let (_, counts) = framing.frames(&recording)?;
            let image = [recording.height, recording.width, 2];
            images.image = image;
            images.labels.push(label);
            match options.side {
                None => images.pixels.extend(counts),
                Some(side) => {
                    images.image = [side, side, 2];
                    images.pixels.extend(counts.chunks_exact(image.iter().product()).flat_map(|frame| sixteenths(frame, image, side)));
                }
            }
        }
        Ok(images)
    };
    let parts: Vec<Images> = items.par_iter().map(one).collect::<Result<_, _>>()?;
    let image = parts.iter().find(|part| !part.is_empty()).map_or([1, 1, 2], |part| part.image);
    let mut all = Images { image, steps: options.steps, ..Images::default() };
    for part in parts {
        all.pixels.extend(part.pixels);
        all.labels.extend(part.labels);
    }
    Ok(all)
}

fn sixteenths(frame: &[u8], image: [usize; 3], side: usize) -> Vec<u8> {
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
