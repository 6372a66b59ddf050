//! Bullying10K: ten actions of two people before an event camera (Dong Y et al. (2023) arXiv:2306.11546).

use std::path::{Path, PathBuf};

use super::frames::{self, Recipe};
use super::recorded::entries;
use super::{Dataset, EventOptions, Source};
use crate::bytes;
use crate::error::Error;
use crate::events::read;
use crate::events::{Framing, Recording};

/// The actions, by class.
const CLASSES: [&str; 10] =
    ["fingerguess", "greeting", "hairgrabs", "handshake", "kicking", "punching", "pushing", "slapping", "strangling", "walking"];

/// More than any recording has.
const LIMIT: u64 = 1 << 32;

/// Folders within folders at most.
const DEEP: usize = 8;

/// Files `.npy` or `.aedat4` whose folder is called as an action, at any depth; each action gives a tenth for testing.
pub(super) fn load(source: &Source, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let mut files = CLASSES.map(|_| Vec::new());
    gather(folder, DEEP, &mut files).map_err(|_| source.no_data(folder, "the folder"))?;
    if let Some(class) = files.iter().position(Vec::is_empty) {
        return Err(source.no_data(folder, format!("any file .npy or .aedat4 in a folder {}", CLASSES[class])));
    }
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (class, mut files) in (0u32..).zip(files) {
        // At least one of each to test on.
        let rest = files.split_off((files.len() * 9 / 10).min(files.len() - 1));
        train.extend(files.into_iter().map(|path| (path, class)));
        test.extend(rest.into_iter().map(|path| (path, class)));
    }
    let recipe = Recipe::new(options, Framing::TimeBins(options.steps));
    let half = |files: &[(PathBuf, u32)]| {
        frames::collect(files, recipe, |(path, _)| vec![path.clone()], |(path, class)| Ok(vec![(*class, recorded(path)?)]))
    };
    let (train, test) = (half(&train)?, half(&test)?);
    Ok(Dataset { mirrors: true, ..frames::dataset(source.name, train, test, CLASSES.len(), options) })
}

fn recorded(path: &Path) -> Result<Recording, Error> {
    let bytes = bytes::read(path, LIMIT)?;
    let recording = if is(path, "npy") { read::packets(path, &bytes)? } else { read::parse("aedat4", path, &bytes)? };
    Ok(Recording { height: 260, width: 346, ..recording })
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e == extension)
}

fn gather(folder: &Path, deep: usize, files: &mut [Vec<PathBuf>; 10]) -> Result<(), Error> {
    let class = folder.file_name().and_then(|name| CLASSES.iter().position(|class| name == *class));
    for path in entries(folder)? {
        match class {
            _ if path.is_dir() && deep > 0 => gather(&path, deep - 1, files)?,
            Some(class) if is(&path, "npy") || is(&path, "aedat4") => files[class].push(path),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::load_events;
    use super::*;
    use crate::events::Event;
    use crate::events::read::tests::{packets, written_aedat4};
    use std::fs;

    const TWO: EventOptions = EventOptions { steps: 2, side: None, cache: None };

    #[test]
    fn actions_are_found_at_any_depth_in_both_formats() {
        let folder = std::env::temp_dir().join(format!("braincog-snn-bullying-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let events: Vec<Event> = [0, 10, 20, 21].map(|t| Event { t, x: 345, y: 259, on: true }).into();
        for (number, class) in CLASSES.iter().enumerate() {
            let place = folder.join("Bullying10k_processed").join(format!("data{number}")).join(class);
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join("0.aedat4"), written_aedat4(&events)).unwrap();
            fs::write(place.join("1.npy"), packets(std::slice::from_ref(&events))).unwrap();
        }
        let data = load_events("bullying10k", &folder, &TWO).unwrap();
        assert_eq!((&data.train.labels, data.test.labels.len(), data.classes), (&(0..10).collect::<Vec<u32>>(), 10, 10));
        assert_eq!((data.train.image, data.train.pixels == data.test.pixels), ([260, 346, 2], true));
        assert_eq!(data.train.pixels.iter().map(|&x| usize::from(x)).sum::<usize>(), 10 * 2);
        let damaged = folder.join("Bullying10k_processed/data3/handshake/1.npy");
        fs::write(&damaged, b"\x93NUMPY").unwrap();
        let message = load_events("bullying10k", &folder, &TWO).unwrap_err().to_string();
        assert!(message.ends_with("handshake/1.npy: ends at byte 6, inside of its version; 8 bytes were expected"), "{message}");
        fs::remove_dir_all(damaged.parent().unwrap()).unwrap();
        let message = load_events("bullying10k", &folder, &TWO).unwrap_err().to_string();
        assert!(message.contains("any file .npy or .aedat4 in a folder handshake is missing"), "{message}");
    }
}
