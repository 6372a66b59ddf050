//! Data sets that are made here: images seen by an event camera, and digits that move.

use std::path::Path;

use super::frames::Recipe;
use super::{Dataset, EventOptions, Images, Source, frames, load};
use crate::error::Error;
use crate::events::{Framing, GESTURES, Recording, Sensor, gesture, saccade};
use crate::random::{For, Random, key};

/// Of all films.
const SEED: u64 = 2015;

/// Recordings of a data set at most: their frames stay in memory.
const TRAIN: usize = 12_000;
const TEST: usize = 2_000;

/// The images of `base` as N-MNIST was made from MNIST.
pub(super) fn saccades(source: &Source, base: &str, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let images = load(base, folder)?;
    let [height, width, _] = images.train.image;
    let half = |part: &Images, most: usize, object: usize| {
        record(part.len().min(most), options, |number| {
            let image = brightness(&part.pixels[number * height * width..][..height * width], images.largest);
            (part.labels[number], saccade(&image, [height, width], &Sensor::default(), &mut random(object, number)))
        })
    };
    let (train, test) = (half(&images.train, TRAIN, 0)?, half(&images.test, TEST, 1)?);
    Ok(frames::dataset(source.name, train, test, images.classes, options))
}

/// As many digits as DVS128 Gesture has recordings, each doing one of eleven movements.
pub(super) fn gestures(source: &Source, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let digits = load("digits", folder)?;
    let (train, test) = (movements(&digits.train, 1176, 2, options)?, movements(&digits.test, 288, 3, options)?);
    Ok(frames::dataset(source.name, train, test, GESTURES.len(), options))
}

/// `n` recordings of one digit after another.
fn movements(digits: &Images, n: usize, object: usize, options: &EventOptions) -> Result<Images, Error> {
    record(n, options, |number| {
        let (mut random, class) = (random(object, number), number % GESTURES.len());
        let digit = random.below(digits.len());
        let image = brightness(&digits.pixels[digit * 64..][..64], 16);
        (class as u32, gesture(class, &image, [8, 8], &Sensor::default(), &mut random))
    })
}

fn record(n: usize, options: &EventOptions, film: impl Fn(usize) -> (u32, Recording) + Sync) -> Result<Images, Error> {
    let numbers: Vec<usize> = (0..n).collect();
    let recipe = Recipe::new(options, Framing::SplitTime(options.steps));
    // What is made here was never a file.
    frames::collect(&numbers, recipe, |_| Vec::new(), |&number| Ok(vec![film(number)]))
}

fn random(object: usize, number: usize) -> Random {
    Random::new(SEED, key(For::Films, object, number as u64))
}

fn brightness(image: &[u8], largest: u8) -> Vec<f32> {
    image.iter().map(|&byte| f32::from(byte) / f32::from(largest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn films_have_frames_with_events_of_both_kinds_all_the_time() {
        let digits = load("digits", Path::new(".")).unwrap();
        let options = EventOptions { steps: 4, side: Some(16), cache: None };
        let films = movements(&digits.train, 11, 2, &options).unwrap();
        assert_eq!((films.len(), films.image, films.steps, films.pixels.len()), (11, [16, 16, 2], 4, 11 * 4 * 512));
        for (i, frame) in films.pixels.chunks_exact(512).enumerate() {
            let sum = |c: usize| frame.iter().skip(c).step_by(2).map(|&x| u32::from(x)).sum::<u32>() / 16;
            assert!(sum(0) > 5 && sum(1) > 5, "frame {i}: {} {}", sum(0), sum(1));
        }
        assert_eq!(films, movements(&digits.train, 11, 2, &options).unwrap());
    }
}
