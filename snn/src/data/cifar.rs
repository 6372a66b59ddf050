//! CIFAR-10 and CIFAR-100: records of labels and 3072 bytes, channel by channel; or the pickled batches of the Python version.

use std::path::Path;
use std::sync::Arc;

use super::{Augment, Dataset, Images, Source};
use crate::bytes::{self, Cursor};
use crate::error::Error;
use crate::weights::pickle;

const SIDE: usize = 32;
const PIXELS: usize = SIDE * SIDE;

/// More than a batch of ten thousand has.
const LIMIT: u64 = 1 << 28;

/// What tells the two apart.
pub(super) struct Version {
    /// Files of the training part, then one for testing.
    files: &'static [&'static str],
    classes: usize,
    /// Bytes before an image, the last of which is its class.
    labels: usize,
    /// The list of classes in a pickle.
    list: &'static str,
    moments: [[f32; 2]; 3],
}

pub(super) const TEN: Version = Version {
    files: &["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"],
    classes: 10,
    labels: 1,
    list: "labels",
    moments: [[0.4914, 0.2470], [0.4822, 0.2435], [0.4465, 0.2616]],
};

/// Its records have one of twenty groups of classes before the class.
pub(super) const HUNDRED: Version = Version {
    files: &["train", "test"],
    classes: 100,
    labels: 2,
    list: "fine_labels",
    moments: [[0.5071, 0.2675], [0.4867, 0.2565], [0.4408, 0.2761]],
};

pub(super) fn read(source: &Source, folder: &Path, version: &Version) -> Result<Dataset, Error> {
    let mut train = Images { image: [SIDE, SIDE, 3], ..Images::default() };
    let mut test = train.clone();
    for (i, name) in version.files.iter().enumerate() {
        let images = if i + 1 < version.files.len() { &mut train } else { &mut test };
        let (binary, pickled) = (folder.join(format!("{name}.bin")), folder.join(name));
        if binary.is_file() {
            version.append(&binary, images)?;
        } else if pickled.is_file() {
            version.append_pickled(&pickled, images)?;
        } else {
            return Err(source.no_data(folder, format!("{name}.bin")));
        }
    }
    Ok(Dataset {
        name: source.name,
        train: Arc::new(train),
        test: Arc::new(test),
        classes: version.classes,
        largest: 255,
        moments: version.moments.to_vec(),
        mirrors: true,
        shift: 4,
        augment: Augment::default(),
    })
}

/// Channel by channel becomes pixel by pixel.
fn by_pixel(planes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    (0..PIXELS).flat_map(|p| [planes[p], planes[PIXELS + p], planes[2 * PIXELS + p]])
}

impl Version {
    fn append(&self, path: &Path, images: &mut Images) -> Result<(), Error> {
        let bytes = bytes::read(path, LIMIT)?;
        let length = self.labels + 3 * PIXELS;
        let whole = bytes.len() / length * length;
        if whole != bytes.len() || bytes.is_empty() {
            let (offset, needed) = (bytes.len() as u64, (whole + length) as u64);
            let what = if self.labels == 1 { "a record of 3073 bytes" } else { "a record of 3074 bytes" };
            return Err(Error::Truncated { path: path.into(), offset, what, needed });
        }
        for (i, record) in bytes.chunks_exact(length).enumerate() {
            let class = record[self.labels - 1];
            if usize::from(class) >= self.classes {
                let (offset, found) = ((i * length + self.labels - 1) as u64, class.to_string());
                let expected = format!("0 to {}", self.classes - 1);
                return Err(Error::Foreign { path: path.into(), offset, what: "a label", found, expected });
            }
            images.labels.push(class.into());
            images.pixels.extend(by_pixel(&record[self.labels..]));
        }
        Ok(())
    }

    /// A pickled dictionary with a list of labels and `data`, an array of bytes.
    fn append_pickled(&self, path: &Path, images: &mut Images) -> Result<(), Error> {
        let bytes = bytes::read(path, LIMIT)?;
        let bad = |what: &str| Error::Arrays { path: path.into(), what: what.into() };
        let objects = pickle::read(Cursor::new(path, &bytes))?;
        let entries = objects.entries(objects.root).ok_or_else(|| bad("is no dictionary"))?;
        let entry = |name: &str| entries.iter().find(|(key, _)| objects.text(*key) == Some(name)).map(|entry| entry.1);
        let labels = entry(self.list).and_then(|id| objects.list(id)).ok_or_else(|| bad(&format!("has no list `{}`", self.list)))?;
        let label = |&id: &usize| objects.int(id).and_then(|n| u32::try_from(n).ok()).filter(|&n| (n as usize) < self.classes);
        let labels: Option<Vec<u32>> = labels.iter().map(label).collect();
        let labels = labels.ok_or_else(|| bad(&format!("has labels beside 0 to {}", self.classes - 1)))?;
        // An array is made empty; its state has version, shape, type, order and bytes.
        let state = entry("data").and_then(|id| objects.state(id)).and_then(|id| objects.list(id));
        let data = state.and_then(|state| objects.bytes(*state.get(4)?)).ok_or_else(|| bad("has no array `data`"))?;
        if data.len() != labels.len() * 3 * PIXELS {
            let what = format!("has {} labels and {} bytes of images; expected 3072 for each", labels.len(), data.len());
            return Err(bad(&what));
        }
        images.pixels.extend(data.chunks_exact(3 * PIXELS).flat_map(by_pixel));
        images.labels.extend(labels);
        Ok(())
    }
}
