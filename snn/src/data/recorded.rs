//! Data sets of real event cameras, in the folders that their authors hand out.

use std::fs;
use std::path::{Path, PathBuf};

use super::frames::Recipe;
use super::{Dataset, EventOptions, Images, Source, frames};
use crate::bytes;
use crate::error::Error;
use crate::events::read::{self, Camera};
use crate::events::{Framing, Recording};

/// A file and its class.
type Labelled = (PathBuf, u32);

/// How a data set lies on disk.
pub(super) struct Layout {
    /// Folders of the training and the test part; of the same one each class gives `tenths` for training.
    pub(super) parts: [&'static str; 2],
    /// Of a class that is split.
    pub(super) tenths: usize,
    /// How names of files end.
    pub(super) extension: &'static str,
    /// Rows and columns of the camera.
    pub(super) size: [usize; 2],
    /// Reads a file.
    pub(super) read: fn(&Path, &[u8]) -> Result<Recording, Error>,
}

/// More than any recording has.
const LIMIT: u64 = 1 << 32;

/// Files smaller than this are failed recordings in some data sets.
const LEAST: usize = 1000;

/// A folder per class.
pub(super) fn by_class(source: &Source, folder: &Path, options: &EventOptions, layout: &Layout) -> Result<Dataset, Error> {
    let [train, test] = layout.parts.map(|part| folder.join(part));
    let classes = entries(&train).map_err(|_| source.no_data(folder, layout.parts[0]))?;
    let classes: Vec<PathBuf> = classes.into_iter().filter(|path| path.is_dir()).collect();
    if classes.is_empty() {
        return Err(source.no_data(folder, format!("a folder per class in {}", train.display())));
    }
    let (mut train_files, mut test_files) = (Vec::new(), Vec::new());
    for (class, place) in classes.iter().enumerate() {
        let name = place.file_name().expect("an entry of a folder has a name");
        let mut files = labelled(place, class as u32, layout.extension)?;
        if train == test {
            test_files.extend(files.split_off(files.len() * layout.tenths / 10));
        } else {
            test_files.extend(labelled(&test.join(name), class as u32, layout.extension)?);
        }
        train_files.extend(files);
    }
    if train_files.is_empty() || test_files.is_empty() {
        return Err(source.no_data(folder, format!("any file *.{}", layout.extension)));
    }
    let half = |files: &[Labelled]| {
        let read = |(path, class): &Labelled| -> Result<Vec<(u32, Recording)>, Error> {
            let bytes = bytes::read(path, LIMIT)?;
            if layout.extension == "mat" && bytes.len() < LEAST {
                return Ok(Vec::new());
            }
            let [height, width] = layout.size;
            Ok(vec![(*class, Recording { height, width, ..(layout.read)(path, &bytes)? })])
        };
        frames::collect(files, Recipe::new(options, Framing::TimeBins(options.steps)), |(path, _)| vec![path.clone()], read)
    };
    Ok(frames::dataset(source.name, half(&train_files)?, half(&test_files)?, classes.len(), options))
}

/// What a folder holds, by name.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let all = fs::read_dir(folder).and_then(|all| all.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>());
    let mut all = all.map_err(Error::io(folder))?;
    all.sort();
    Ok(all)
}

fn labelled(folder: &Path, class: u32, extension: &str) -> Result<Vec<Labelled>, Error> {
    let files = entries(folder)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == extension));
    Ok(files.map(|path| (path, class)).collect())
}

/// DVS128 Gesture: recordings of many gestures, with a table of beginnings and ends beside each.
pub(super) fn gestures(source: &Source, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let half = |list: &str| -> Result<Images, Error> {
        let path = folder.join(list);
        let text = fs::read_to_string(&path).map_err(|_| source.no_data(folder, list))?;
        let files: Vec<PathBuf> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| folder.join(line)).collect();
        let recipe = Recipe::new(options, Framing::TimeBins(options.steps));
        frames::collect(&files, recipe, |path| vec![path.clone(), labels_of(path)], |path| gestures_of(path))
    };
    Ok(frames::dataset(source.name, half("trials_to_train.txt")?, half("trials_to_test.txt")?, 11, options))
}

/// The table beside a recording.
fn labels_of(path: &Path) -> PathBuf {
    path.with_file_name(format!("{}_labels.csv", path.file_stem().unwrap_or_default().to_string_lossy()))
}

fn gestures_of(path: &Path) -> Result<Vec<(u32, Recording)>, Error> {
    let whole = Recording { height: 128, width: 128, ..read::parse("aedat3", path, &bytes::read(path, LIMIT)?)? };
    let table = labels_of(path);
    let text = fs::read_to_string(&table).map_err(Error::io(&table))?;
    let mut offset = 0;
    let mut gestures = Vec::new();
    for line in text.split_inclusive('\n') {
        let cells: Vec<Option<i64>> = line.trim().split(',').map(|cell| cell.trim().parse().ok()).collect();
        match cells[..] {
            [Some(class @ 1..=11), Some(start), Some(stop)] => gestures.push((class as u32 - 1, whole.between(start, stop))),
            // The names of the columns, and nothing at the end.
            _ if offset == 0 || line.trim().is_empty() => {}
            _ => {
                let (found, expected) = (format!("{:?}", line.trim()), "class from 1 to 11, start, end".to_string());
                return Err(Error::Foreign { path: table, offset, what: "a line", found, expected });
            }
        }
        offset += line.len() as u64;
    }
    Ok(gestures)
}

/// Spiking Heidelberg Digits: one row of 700 units.
pub(super) fn heidelberg(
    source: &Source,
    folder: &Path,
    options: &EventOptions,
    names: [&str; 2],
    classes: usize,
) -> Result<Dataset, Error> {
    let options = EventOptions { side: None, ..options.clone() };
    let half = |name: &str| -> Result<Images, Error> {
        let path = folder.join(name);
        if !path.is_file() {
            return Err(source.no_data(folder, name));
        }
        // One file holds all samples, and is one item for the cache.
        let read = |path: &PathBuf| -> Result<Vec<(u32, Recording)>, Error> {
            let samples = read::shd(path, &bytes::read(path, LIMIT)?)?;
            match samples.iter().find(|(label, _)| *label as usize >= classes) {
                None => Ok(samples),
                Some((label, _)) => {
                    Err(Error::Arrays { path: path.clone(), what: format!("has a label {label}; expected 0 to {}", classes - 1) })
                }
            }
        };
        let recipe = Recipe::new(&options, Framing::TimeBins(options.steps));
        let films = frames::collect(&[path], recipe, |path| vec![path.clone()], read)?;
        // A unit has no polarity.
        let pixels = films.pixels.into_iter().skip(1).step_by(2).collect();
        Ok(Images { image: [1, 1, read::UNITS], pixels, ..films })
    };
    Ok(frames::dataset(source.name, half(names[0])?, half(names[1])?, classes, &options))
}

/// CIFAR10-DVS as SpikingJelly turns it: axes exchanged and mirrored, polarity inverted.
pub(super) fn turned(path: &Path, bytes: &[u8]) -> Result<Recording, Error> {
    let mut recording = match bytes.get(..10) {
        Some(b"#!AER-DAT4") => return read::parse("aedat4", path, bytes),
        _ => read::aedat2(path, bytes, Camera::Dvs128)?,
    };
    for event in &mut recording.events {
        (event.x, event.y, event.on) = (127 - event.y.min(127), 127 - event.x.min(127), !event.on);
    }
    Ok(recording)
}

#[cfg(test)]
mod tests {
    use super::super::load_events;
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("braincog-snn-recorded-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Events of five bytes at these times, all in one pixel.
    fn atis(x: u8, y: u8, times: &[u8]) -> Vec<u8> {
        times.iter().flat_map(|&t| [x, y, 0x80, 0, t]).collect()
    }

    const TWO: EventOptions = EventOptions { steps: 2, side: None, cache: None };

    #[test]
    fn folders_of_classes_are_read_in_the_order_of_their_names() {
        let folder = folder("classes");
        for part in ["Train", "Test"] {
            for class in 0..10u8 {
                let place = folder.join(part).join(class.to_string());
                fs::create_dir_all(&place).unwrap();
                fs::write(place.join("0.bin"), atis(class, 33, &[0, 10, 20, 21])).unwrap();
            }
        }
        let data = load_events("n_mnist", &folder, &TWO).unwrap();
        assert_eq!((data.train.len(), data.test.len(), data.classes, data.train.image), (10, 10, 10, [34, 34, 2]));
        // The third sample: two bins of 10 us with one event each; the rest is dropped.
        let sample = &data.train.pixels[3 * 2 * 34 * 34 * 2..][..2 * 34 * 34 * 2];
        assert_eq!((data.train.labels[3], sample[2 * (33 * 34 + 3) + 1], sample.iter().map(|&c| u32::from(c)).sum::<u32>()), (3, 1, 2));
        fs::write(folder.join("Train/3/0.bin"), [1, 2, 3]).unwrap();
        let message = load_events("n_mnist", &folder, &TWO).unwrap_err().to_string();
        assert!(message.ends_with("Train/3/0.bin: ends at byte 3, inside of an event; 5 bytes were expected"), "{message}");
    }

    #[test]
    fn gestures_are_cut_out_of_their_recordings() {
        let folder = folder("gestures");
        let mut bytes = b"#!AER-DAT3.1\r\n#!END-HEADER\r\n".to_vec();
        let words = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
        bytes.extend(words(&[1 | 1 << 16, 8, 4, 0, 4, 4, 4]));
        bytes.extend(words(&[1, 100, 3, 110, 1, 120, 3, 500]));
        fs::write(folder.join("user01_lab.aedat"), bytes).unwrap();
        fs::write(folder.join("user01_lab_labels.csv"), "class,startTime_usec,endTime_usec\n5,100,121\n11,400,600\n").unwrap();
        for list in ["trials_to_train.txt", "trials_to_test.txt"] {
            fs::write(folder.join(list), "user01_lab.aedat\n").unwrap();
        }
        let data = load_events("dvsg", &folder, &TWO).unwrap();
        assert_eq!((&data.train.labels[..], data.classes), (&[4, 10][..], 11));
        fs::write(folder.join("user01_lab_labels.csv"), "class,a,b\n12,1,2\n").unwrap();
        let message = load_events("dvsg", &folder, &TWO).unwrap_err().to_string();
        assert!(message.ends_with("byte 10: a line is \"12,1,2\"; expected class from 1 to 11, start, end"), "{message}");
    }

    #[test]
    fn missing_recordings_say_what_to_download() {
        let folder = folder("missing");
        for name in [
            "n_mnist",
            "ncaltech101",
            "ncars",
            "dvsg",
            "dvsc10",
            "ucf101dvs",
            "hmdbdvs",
            "bullying10k",
            "n_omniglot",
            "n_omniglot_few",
            "es_imagenet",
            "shd",
            "ssc",
        ] {
            let options = EventOptions { steps: if name == "es_imagenet" { 8 } else { 2 }, ..TWO };
            let message = load_events(name, &folder, &options).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{name} is not in ")) && message.lines().count() > 1, "{message}");
        }
    }

    #[test]
    fn a_cache_gives_the_same_frames_until_a_file_changes() {
        let folder = folder("cached");
        for (class, file) in ["cats", "dogs"].iter().flat_map(|class| (0..2).map(move |file| (class, file))) {
            for part in ["Train", "Test"] {
                fs::create_dir_all(folder.join(part).join(class)).unwrap();
                fs::write(folder.join(part).join(class).join(format!("{file}.bin")), atis(file, 3, &[0, 10, 20, 21])).unwrap();
            }
        }
        let with = |steps, side| EventOptions { steps, side, cache: Some(folder.join("cache")) };
        let plain = load_events("n_mnist", &folder, &TWO).unwrap();
        let entries = || fs::read_dir(folder.join("cache")).unwrap().count();
        for _ in 0..2 {
            let cached = load_events("n_mnist", &folder, &with(2, None)).unwrap();
            assert_eq!((&cached.train, &cached.test, entries()), (&plain.train, &plain.test, 8));
        }
        load_events("n_mnist", &folder, &with(3, None)).unwrap();
        load_events("n_mnist", &folder, &with(2, Some(8))).unwrap();
        assert_eq!(entries(), 24);
        fs::write(folder.join("Train/cats/0.bin"), atis(9, 3, &[0, 10, 20, 21, 22])).unwrap();
        let changed = load_events("n_mnist", &folder, &with(2, None)).unwrap();
        assert!(changed.train != plain.train && changed.train == load_events("n_mnist", &folder, &TWO).unwrap().train);
    }
}
