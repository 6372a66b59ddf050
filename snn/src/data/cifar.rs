//! CIFAR-10 in its binary version: records of a label and 3072 bytes, channel by channel.

use std::path::Path;
use std::sync::Arc;

use super::{Dataset, Images, Source, read_bytes};
use crate::error::Error;

const SIDE: usize = 32;
const PIXELS: usize = SIDE * SIDE;
const RECORD: usize = 1 + 3 * PIXELS;

/// More than a batch of ten thousand has.
const LIMIT: u64 = 1 << 28;

pub(super) fn read(source: &Source, folder: &Path) -> Result<Dataset, Error> {
    let mut train = Images { image: [SIDE, SIDE, 3], ..Images::default() };
    let mut test = train.clone();
    let files = (1..=5).map(|i| format!("data_batch_{i}.bin")).chain(["test_batch.bin".to_string()]);
    for (i, name) in files.enumerate() {
        let path = folder.join(&name);
        if !path.is_file() {
            return Err(source.no_data(folder, name));
        }
        append(&path, if i < 5 { &mut train } else { &mut test })?;
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
    })
}

fn append(path: &Path, images: &mut Images) -> Result<(), Error> {
    let bytes = read_bytes(path, LIMIT)?;
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
        images.pixels.extend((0..PIXELS).flat_map(|p| [record[1 + p], record[1 + PIXELS + p], record[1 + 2 * PIXELS + p]]));
    }
    Ok(())
}
