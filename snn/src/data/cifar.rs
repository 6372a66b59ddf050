//! CIFAR-10: records of a label and 3072 bytes, channel by channel; or the pickled batches of the Python version.

use std::path::Path;
use std::sync::Arc;

use super::{Augment, Dataset, Images, Source};
use crate::bytes::{self, Cursor};
use crate::error::Error;
use crate::weights::pickle;

const SIDE: usize = 32;
const PIXELS: usize = SIDE * SIDE;
const RECORD: usize = 1 + 3 * PIXELS;

/// More than a batch of ten thousand has.
const LIMIT: u64 = 1 << 28;

pub(super) fn read(source: &Source, folder: &Path) -> Result<Dataset, Error> {
    let mut train = Images { image: [SIDE, SIDE, 3], ..Images::default() };
    let mut test = train.clone();
    let files = (1..=5).map(|i| format!("data_batch_{i}")).chain(["test_batch".to_string()]);
    for (i, name) in files.enumerate() {
        let images = if i < 5 { &mut train } else { &mut test };
        let (binary, pickled) = (folder.join(format!("{name}.bin")), folder.join(&name));
        if binary.is_file() {
            append(&binary, images)?;
        } else if pickled.is_file() {
            append_pickled(&pickled, images)?;
        } else {
            return Err(source.no_data(folder, format!("{name}.bin")));
        }
    }
    Ok(Dataset {
        name: source.name,
        train: Arc::new(train),
        test: Arc::new(test),
        classes: 10,
        largest: 255,
        moments: vec![[0.4914, 0.2470], [0.4822, 0.2435], [0.4465, 0.2616]],
        mirrors: true,
        shift: 4,
        augment: Augment::default(),
    })
}

fn append(path: &Path, images: &mut Images) -> Result<(), Error> {
    let bytes = bytes::read(path, LIMIT)?;
    let whole = bytes.len() / RECORD * RECORD;
    if whole != bytes.len() || bytes.is_empty() {
        let needed = (whole + RECORD) as u64;
        return Err(Error::Truncated { path: path.into(), offset: bytes.len() as u64, what: "a record of 3073 bytes", needed });
    }
    for (i, record) in bytes.chunks_exact(RECORD).enumerate() {
        if record[0] > 9 {
            let (offset, found) = ((i * RECORD) as u64, record[0].to_string());
            return Err(Error::Foreign { path: path.into(), offset, what: "a label", found, expected: "0 to 9".into() });
        }
        images.labels.push(u32::from(record[0]));
        images.pixels.extend(by_pixel(&record[1..]));
    }
    Ok(())
}

/// Channel by channel becomes pixel by pixel.
fn by_pixel(planes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    (0..PIXELS).flat_map(|p| [planes[p], planes[PIXELS + p], planes[2 * PIXELS + p]])
}

/// A pickled dictionary with `labels`, a list, and `data`, an array of bytes.
fn append_pickled(path: &Path, images: &mut Images) -> Result<(), Error> {
    let bytes = bytes::read(path, LIMIT)?;
    let bad = |what: &str| Error::Arrays { path: path.into(), what: what.into() };
    let objects = pickle::read(Cursor::new(path, &bytes))?;
    let entries = objects.entries(objects.root).ok_or_else(|| bad("is no dictionary"))?;
    let entry = |name: &str| entries.iter().find(|(key, _)| objects.text(*key) == Some(name)).map(|entry| entry.1);
    let labels = entry("labels").and_then(|id| objects.list(id)).ok_or_else(|| bad("has no list `labels`"))?;
    let label = |&id: &usize| objects.int(id).and_then(|n| u32::try_from(n).ok()).filter(|&n| n < 10);
    let labels: Option<Vec<u32>> = labels.iter().map(label).collect();
    let labels = labels.ok_or_else(|| bad("has labels beside 0 to 9"))?;
    // An array is made empty; its state has version, shape, type, order and bytes.
    let state = entry("data").and_then(|id| objects.state(id)).and_then(|id| objects.list(id));
    let data = state.and_then(|state| objects.bytes(*state.get(4)?)).ok_or_else(|| bad("has no array `data`"))?;
    if data.len() != labels.len() * 3 * PIXELS {
        return Err(bad(&format!("has {} labels and {} bytes of images; expected 3072 for each", labels.len(), data.len())));
    }
    images.pixels.extend(data.chunks_exact(3 * PIXELS).flat_map(by_pixel));
    images.labels.extend(labels);
    Ok(())
}
