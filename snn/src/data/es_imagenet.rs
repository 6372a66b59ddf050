//! ES-ImageNet (Lin Y et al. (2021) doi:10.3389/fnins.2021.726582): more recordings than fit into memory, so that they are read one by one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::stream::{Form, Stream};
use super::{Augment, Dataset, EventOptions, Images, Source, frames};
use crate::error::Error;
use crate::events::read;

/// Steps of every recording.
const STEPS: usize = 8;

/// Side of the canvas in whose middle recordings lie, and of what is cut out of its middle.
const CANVAS: i64 = 256;
const SIDE: usize = 224;

const CLASSES: u32 = 1000;

pub(super) fn load(source: &Source, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    if options.steps != STEPS {
        let expected = "8, as many as recordings of es_imagenet have";
        return Err(Error::Value { what: "the number of steps", found: options.steps.to_string(), expected });
    }
    let side = options.side.unwrap_or(SIDE);
    let half = |list: &str, part: &str| -> Result<Images, Error> {
        let path = folder.join(list);
        let text = fs::read_to_string(&path).map_err(|_| source.no_data(folder, list))?;
        let (files, labels) = listed(&path, &text, &folder.join(part))?.into_iter().unzip();
        let stream = Some(Stream { files: Arc::new(files), form: Form::EsImageNet { side } });
        Ok(Images { image: [side, side, 2], steps: STEPS, pixels: Vec::new(), labels, stream })
    };
    let (train, test) = (half("trainlabel.txt", "train")?, half("vallabel.txt", "val")?);
    Ok(Dataset {
        name: source.name,
        moments: vec![[0.0, 1.0]; 2],
        train: Arc::new(train),
        test: Arc::new(test),
        classes: CLASSES as usize,
        largest: if side == SIDE { 1 } else { frames::ONE },
        mirrors: true,
        shift: 0,
        augment: Augment::default(),
    })
}

/// A file with the size of its image, and its class.
type Listed = ((PathBuf, [i64; 2]), u32);

/// Lines of name, class, and two sides of the image.
fn listed(path: &Path, text: &str, folder: &Path) -> Result<Vec<Listed>, Error> {
    let mut offset = 0;
    let mut files = Vec::new();
    for line in text.split_inclusive('\n') {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let numbers: Option<Vec<u32>> = cells.iter().skip(1).map(|cell| cell.parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[class, a, b]) if class < CLASSES && a.max(b) <= 4096 => {
                let name = Path::new(cells[0]).with_extension("npz");
                files.push(((folder.join(name), [a.into(), b.into()]), class));
            }
            _ if line.trim().is_empty() => {}
            _ => {
                let (found, expected) = (format!("{:?}", line.trim()), "name, class below 1000, two sides of the image".into());
                return Err(Error::Foreign { path: path.into(), offset, what: "a line", found, expected });
            }
        }
        offset += line.len() as u64;
    }
    if files.is_empty() {
        return Err(Error::Truncated { path: path.into(), offset, what: "the list of recordings", needed: offset + 1 });
    }
    Ok(files)
}

/// The frames of a recording of an image of `size`, of 0 and 1 or, if `side` is another than its own, of 0 to 16.
pub(super) fn frames(path: &Path, bytes: &[u8], size: [i64; 2], side: usize) -> Result<Vec<u8>, Error> {
    let recording = read::es_imagenet(path, bytes)?;
    // BrainCog's places: the middle of 254 x 254, rounded down, then rows and columns 16 to 240.
    let border = (CANVAS - SIDE as i64) / 2;
    let [down, right] = size.map(|n| (CANVAS - 2 - n).div_euclid(2) - border);
    let mut frames = vec![0; STEPS * SIDE * SIDE * 2];
    for event in recording.events {
        let inside = |at: u16, by: i64| usize::try_from(i64::from(at) + by).ok().filter(|&at| at < SIDE);
        if let Some((y, x)) = inside(event.x, down).zip(inside(event.y, right)) {
            frames[((event.t as usize * SIDE + y) * SIDE + x) * 2 + usize::from(event.on)] = 1;
        }
    }
    if side == SIDE {
        return Ok(frames);
    }
    let image = [SIDE, SIDE, 2];
    Ok(frames.chunks_exact(image.iter().product()).flat_map(|frame| frames::sixteenths(frame, image, side)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Loader, Order, load_events};
    use super::*;
    use crate::events::read::tests::{npy, zip};

    fn npz(pos: &[[i32; 3]], neg: &[[i32; 3]]) -> Vec<u8> {
        zip(&[("pos.npy", npy(pos)), ("neg.npy", npy(neg))])
    }

    const EIGHT: EventOptions = EventOptions { steps: 8, side: None, cache: None };

    fn written(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("braincog-snn-es-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for part in ["train", "val"] {
            fs::create_dir_all(folder.join(part)).unwrap();
            fs::write(folder.join(part).join("n1_1.npz"), npz(&[[0, 0, 1], [99, 3, 8]], &[[50, 60, 3]])).unwrap();
        }
        fs::write(folder.join("trainlabel.txt"), "n1_1.JPEG 7 200 100\nn1_1.npz 8 254 254\n").unwrap();
        fs::write(folder.join("vallabel.txt"), "n1_1.npz 999 254 254\n").unwrap();
        folder
    }

    #[test]
    fn recordings_are_read_one_by_one_and_lie_in_the_middle() {
        let folder = written("whole");
        let data = load_events("es_imagenet", &folder, &EIGHT).unwrap();
        assert_eq!((data.train.len(), &data.train.labels[..], data.train.pixels.len()), (2, &[7, 8][..], 0));
        let first = data.train.sample(0).unwrap();
        // Rows begin at (254 - 200) / 2 - 16 = 11, columns at (254 - 100) / 2 - 16 = 61.
        let at = |t: usize, y: usize, x: usize, on: usize| first[((t * 224 + y) * 224 + x) * 2 + on];
        assert_eq!([at(0, 11, 61, 1), at(7, 110, 64, 1), at(2, 61, 121, 0)], [1; 3]);
        assert_eq!(first.iter().map(|&x| u32::from(x)).sum::<u32>(), 3);
        // An image as large as the canvas loses its border.
        let sums = |sample| data.train.sample(sample).unwrap().iter().map(|&x| u32::from(x)).sum::<u32>();
        assert_eq!(sums(1), 1);
        let batch = Loader::new(&data, 1, Order::AsStored, 0, true).next().unwrap();
        assert_eq!((batch.labels, batch.images.values().iter().sum::<f32>()), (vec![999], 1.0));
        let small = load_events("es_imagenet", &folder, &EventOptions { side: Some(112), ..EIGHT }).unwrap();
        assert_eq!((small.train.image, small.train.sample(0).unwrap().len()), ([112, 112, 2], 8 * 112 * 112 * 2));
    }

    #[test]
    fn a_recording_that_is_damaged_or_missing_stops_the_batches_and_says_which() {
        let folder = written("damaged");
        let data = load_events("es_imagenet", &folder, &EIGHT).unwrap();
        fs::write(folder.join("val/n1_1.npz"), &npz(&[[0, 0, 9]], &[[1, 1, 1]])[..40]).unwrap();
        let mut loader = Loader::new(&data, 1, Order::AsStored, 0, true);
        assert!(loader.next().is_none() && loader.next().is_none());
        let message = loader.finish().unwrap_err().to_string();
        assert!(message.contains("val/n1_1.npz"), "{message}");
        fs::write(folder.join("val/n1_1.npz"), npz(&[[0, 0, 9]], &[[1, 1, 1]])).unwrap();
        let message = data.test.sample(0).unwrap_err().to_string();
        assert!(message.ends_with("row 0 of array pos is [0.0, 0.0, 9.0]; expected x, y and t from 1 to 8"), "{message}");
        fs::remove_file(folder.join("val/n1_1.npz")).unwrap();
        assert!(data.test.sample(0).unwrap_err().to_string().contains("No such file"));
    }

    #[test]
    fn lists_that_are_damaged_name_the_byte() {
        let folder = written("lists");
        let message = |list: &str| {
            fs::write(folder.join("vallabel.txt"), list).unwrap();
            load_events("es_imagenet", &folder, &EIGHT).unwrap_err().to_string()
        };
        let expected = "vallabel.txt: byte 11: a line is \"b 1000 1 1\"; expected name, class below 1000, two sides of the image";
        assert!(message("a 999 1 1 \nb 1000 1 1\n").ends_with(expected));
        assert!(message("\n").contains("inside of the list of recordings"));
        let four = EventOptions { steps: 4, ..EIGHT };
        let message = load_events("es_imagenet", &folder, &four).unwrap_err().to_string();
        assert_eq!(message, "the number of steps is 4; expected 8, as many as recordings of es_imagenet have");
    }
}
