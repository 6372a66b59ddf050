//! Images in folders, one per class; and Tiny ImageNet, whose test images lie in one folder with a list.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::picture::{EXTENSIONS, Picture};
use super::recorded::entries;
use super::stream::{Form, Stream};
use super::{Augment, Dataset, EventOptions, Images, Source};
use crate::bytes;
use crate::error::Error;

/// Bytes of images that are kept in memory; larger sets are read sample by sample.
const IN_MEMORY: usize = 1 << 30;

/// More than any picture has.
const LIMIT: u64 = 1 << 30;

/// Mean and deviation of the channels of photographs, as of ImageNet.
const PHOTOGRAPHS: [[f32; 2]; 3] = [[0.485, 0.229], [0.456, 0.224], [0.406, 0.225]];
const GREY: [f32; 2] = [0.5, 0.25];

/// A file and its class.
type Labelled = (PathBuf, u32);

/// `train` with a folder per class, and `val` or `test`; or a folder per class, of which each gives a tenth of its images for testing.
pub(super) fn load(source: &Source, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let train = folder.join("train");
    let test = ["val", "test"].map(|name| folder.join(name)).into_iter().find(|path| path.is_dir());
    let (train, test) = match test {
        Some(test) if train.is_dir() => (train, Some(test)),
        _ => (folder.to_path_buf(), None),
    };
    let classes = classes(source, &train)?;
    let (mut for_training, mut for_testing) = (Vec::new(), Vec::new());
    for (class, name) in classes.iter().enumerate() {
        let mut files = pictures(&train.join(name), class as u32)?;
        match &test {
            Some(test) => for_testing.extend(pictures(&test.join(name), class as u32)?),
            None => for_testing.extend(files.split_off(files.len() * 9 / 10)),
        }
        for_training.extend(files);
    }
    dataset(source, folder, [for_training, for_testing], classes.len(), options)
}

/// `train/CLASS/images` and `val/images` with `val/val_annotations.txt`: a line per image with its name and class.
pub(super) fn tiny_imagenet(source: &Source, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let classes = classes(source, &folder.join("train"))?;
    let train = classes.iter().enumerate().map(|(class, name)| pictures(&folder.join("train").join(name).join("images"), class as u32));
    let train = train.collect::<Result<Vec<_>, _>>()?.concat();
    let list = folder.join("val/val_annotations.txt");
    let text = fs::read_to_string(&list).map_err(|_| source.no_data(folder, "val/val_annotations.txt"))?;
    let (mut test, mut offset) = (Vec::new(), 0);
    for line in text.split_inclusive('\n').filter(|line| !line.trim().is_empty()) {
        let mut cells = line.split_whitespace();
        let (name, class) = (cells.next(), cells.next().and_then(|class| classes.iter().position(|known| known == class)));
        let Some((name, class)) = name.zip(class) else {
            let (found, expected) = (format!("{:?}", line.trim()), "the name of an image and a class of train".into());
            return Err(Error::Foreign { path: list, offset, what: "a line", found, expected });
        };
        test.push((folder.join("val/images").join(name), class as u32));
        offset += line.len() as u64;
    }
    let options = EventOptions { side: options.side.or(Some(64)), ..options.clone() };
    dataset(source, folder, [train, test], classes.len(), &options)
}

fn classes(source: &Source, folder: &Path) -> Result<Vec<String>, Error> {
    let all = entries(folder).map_err(|_| source.no_data(folder, "the folder"))?;
    let folders = all.into_iter().filter(|path| path.is_dir());
    let names: Vec<String> = folders.filter_map(|path| Some(path.file_name()?.to_str()?.to_string())).collect();
    if names.is_empty() { Err(source.no_data(folder, "a folder per class")) } else { Ok(names) }
}

fn pictures(folder: &Path, class: u32) -> Result<Vec<Labelled>, Error> {
    let extension = |path: &PathBuf| path.extension().is_some_and(|e| EXTENSIONS.contains(&e.to_string_lossy().to_lowercase().as_str()));
    Ok(entries(folder)?.into_iter().filter(extension).map(|path| (path, class)).collect())
}

fn dataset(source: &Source, folder: &Path, parts: [Vec<Labelled>; 2], classes: usize, options: &EventOptions) -> Result<Dataset, Error> {
    if parts.iter().any(Vec::is_empty) {
        return Err(source.no_data(folder, format!("any image ({})", EXTENSIONS.join(", "))));
    }
    let (first, _) = &parts[0][0];
    let [height, width, channels] = Picture::decode(first, &bytes::read(first, LIMIT)?)?.image;
    let side = options.side.unwrap_or(height.min(width));
    let [train, test] = parts.map(|files| images(files, side, channels));
    Ok(Dataset {
        name: source.name,
        train: Arc::new(train?),
        test: Arc::new(test?),
        classes,
        largest: 255,
        moments: if channels == 3 { PHOTOGRAPHS.to_vec() } else { vec![GREY] },
        mirrors: true,
        shift: 0,
        augment: Augment::default(),
    })
}

fn images(files: Vec<Labelled>, side: usize, channels: usize) -> Result<Images, Error> {
    let labels: Vec<u32> = files.iter().map(|file| file.1).collect();
    let files = Arc::new(files.into_iter().map(|(path, _)| (path, [0; 2])).collect::<Vec<_>>());
    let stream = Stream { files, form: Form::Picture { side, channels } };
    let images = Images { image: [side, side, channels], labels, stream: Some(stream), ..Images::default() };
    if images.len().saturating_mul(side * side * channels) > IN_MEMORY { Ok(images) } else { images.into_memory() }
}

impl Images {
    /// Reads all samples.
    fn into_memory(self) -> Result<Images, Error> {
        let samples = (0..self.len()).into_par_iter().map(|sample| self.sample(sample).map(|bytes| bytes.into_owned()));
        let pixels = samples.collect::<Result<Vec<_>, _>>()?.concat();
        Ok(Images { pixels, stream: None, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Loader, Order, load, load_events};
    use super::*;

    fn pgm(value: u8) -> Vec<u8> {
        [&b"P5 4 3 255\n"[..], &[value; 12]].concat()
    }

    /// `n` images per class in each of these folders.
    fn written(name: &str, parts: &[&str], n: u8) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("braincog-snn-folder-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        for (p, part) in parts.iter().enumerate() {
            for (c, class) in ["cat", "dog"].iter().enumerate() {
                let place = folder.join(part).join(class);
                fs::create_dir_all(&place).unwrap();
                (0..n).for_each(|i| fs::write(place.join(format!("{i}.pgm")), pgm(100 * p as u8 + 50 * c as u8 + i)).unwrap());
            }
        }
        folder
    }

    #[test]
    fn a_folder_per_class_is_read_with_and_without_a_part_for_testing() {
        let data = load("image_folder", &written("parts", &["train", "val"], 2)).unwrap();
        assert_eq!((data.classes, data.train.image, &data.train.labels[..]), (2, [3, 3, 1], &[0, 0, 1, 1][..]));
        assert_eq!((data.test.pixels[0], data.test.pixels[3 * 9]), (100, 151));
        let data = load("image_folder", &written("whole", &["."], 10)).unwrap();
        assert_eq!((data.train.len(), &data.test.labels[..], data.test.pixels[9]), (18, &[0, 1][..], 59));
    }

    #[test]
    fn samples_are_the_same_from_memory_and_from_disk() {
        let folder = written("stream", &["train", "test"], 3);
        fs::write(folder.join("train/dog/9.ppm"), b"P6 2 1 255\n\x01\x02\x03\xff\xff\xff").unwrap();
        let options = EventOptions { side: Some(5), ..EventOptions::default() };
        let data = load_events("image_folder", &folder, &options).unwrap();
        let files: Vec<Labelled> =
            ["cat", "dog"].iter().zip(0..).flat_map(|(c, i)| pictures(&folder.join("train").join(c), i).unwrap()).collect();
        let files = Arc::new(files.into_iter().map(|(path, _)| (path, [0; 2])).collect());
        let stream = Stream { files, form: Form::Picture { side: 5, channels: 1 } };
        let streamed = Images { pixels: Vec::new(), stream: Some(stream), ..(*data.train).clone() };
        let other = Dataset { train: Arc::new(streamed), ..data.clone() };
        let order = Order::Shuffled { seed: 3, epoch: 0 };
        let [a, b] =
            [&data, &other].map(|data| Loader::new(data, 3, order, 0, true).map(|b| b.images.values().to_vec()).collect::<Vec<_>>());
        assert_eq!((a.len(), data.train.len()), (3, 7));
        assert_eq!(a, b);
    }

    #[test]
    fn tiny_imagenet_has_its_test_images_in_a_list() {
        let folder = written("tiny", &[], 0);
        for class in ["n01", "n02"] {
            fs::create_dir_all(folder.join("train").join(class).join("images")).unwrap();
            fs::write(folder.join("train").join(class).join("images/0.pgm"), pgm(7)).unwrap();
        }
        fs::create_dir_all(folder.join("val/images")).unwrap();
        fs::write(folder.join("val/images/val_0.pgm"), pgm(9)).unwrap();
        fs::write(folder.join("val/val_annotations.txt"), "val_0.pgm\tn02\t0\t0\t62\t62\n").unwrap();
        let data = load("tiny_imagenet", &folder).unwrap();
        assert_eq!((data.train.image, &data.test.labels[..], data.test.pixels[0]), ([64, 64, 1], &[1][..], 9));
        fs::write(folder.join("val/val_annotations.txt"), "val_0.pgm n02\nval_1.pgm n99\n").unwrap();
        let message = load("tiny_imagenet", &folder).unwrap_err().to_string();
        assert!(message.ends_with("byte 14: a line is \"val_1.pgm n99\"; expected the name of an image and a class of train"), "{message}");
    }

    #[test]
    fn damaged_and_missing_images_are_named() {
        let folder = written("damaged", &["train", "val"], 2);
        fs::write(folder.join("val/dog/1.pgm"), b"P5 4 3 255\n").unwrap();
        let message = load("image_folder", &folder).unwrap_err().to_string();
        assert!(message.ends_with("val/dog/1.pgm: ends at byte 11, inside of its values; 23 bytes were expected"), "{message}");
        let empty = written("empty", &["train", "val"], 0);
        let message = load("image_folder", &empty).unwrap_err().to_string();
        assert!(message.contains("any image (png, jpg") && message.contains("a folder per class"), "{message}");
        assert!(load("image_folder", &empty.join("nowhere")).unwrap_err().to_string().contains("is missing"));
    }
}
