//! The format of MNIST: a big-endian header of magic number and sizes, then bytes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Augment, Dataset, Images, Source};
use crate::bytes;
use crate::error::Error;

/// More than any file of this kind has: 2 GiB.
const LIMIT: u64 = 1 << 31;

pub(super) fn read(source: &Source, folder: &Path, moments: [f32; 2]) -> Result<Dataset, Error> {
    let half = |name: &str| -> Result<Images, Error> {
        let images_path = find(source, folder, &format!("{name}-images-idx3-ubyte"))?;
        let labels_path = find(source, folder, &format!("{name}-labels-idx1-ubyte"))?;
        let ([images, height, width], pixels) = parse::<3>(&images_path)?;
        let ([labels], classes) = parse::<1>(&labels_path)?;
        if images != labels {
            return Err(Error::Counts { images_path, images, labels_path, labels });
        }
        if let Some(i) = classes.iter().position(|&class| class > 9) {
            return Err(foreign(&labels_path, 8 + i as u64, "a label", classes[i].to_string(), "0 to 9"));
        }
        let labels = classes.into_iter().map(u32::from).collect();
        Ok(Images { image: [height, width, 1], pixels, labels, ..Images::default() })
    };
    let (train, test) = (half("train")?, half("t10k")?);
    Ok(Dataset {
        name: source.name,
        train: Arc::new(train),
        test: Arc::new(test),
        classes: 10,
        largest: 255,
        moments: vec![moments],
        mirrors: false,
        shift: 2,
        augment: Augment::default(),
    })
}

fn find(source: &Source, folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let plain = folder.join(name);
    let packed = folder.join(format!("{name}.gz"));
    [plain, packed].into_iter().find(|path| path.is_file()).ok_or_else(|| source.no_data(folder, name))
}

fn foreign(path: &Path, offset: u64, what: &'static str, found: String, expected: impl Into<String>) -> Error {
    Error::Foreign { path: path.into(), offset, what, found, expected: expected.into() }
}

/// The sizes and the bytes of a file of `N` dimensions.
pub(super) fn parse<const N: usize>(path: &Path) -> Result<([usize; N], Vec<u8>), Error> {
    let mut bytes = bytes::read(path, LIMIT)?;
    let header = 4 + 4 * N;
    let cut = |what, needed: u64| Error::Truncated { path: path.into(), offset: bytes.len() as u64, what, needed };
    let word = |i: usize| bytes.get(i..i + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let magic = word(0).ok_or_else(|| cut("its magic number", header as u64))?;
    let expected = 0x0800 | N as u32;
    if magic != expected {
        return Err(foreign(path, 0, "the magic number", format!("{magic:#010x}"), format!("{expected:#010x}")));
    }
    let mut sizes = [0; N];
    for (axis, size) in sizes.iter_mut().enumerate() {
        *size = word(4 + 4 * axis).ok_or_else(|| cut("its sizes", header as u64))? as usize;
    }
    let total = sizes.iter().try_fold(1u64, |n, &size| n.checked_mul(size as u64)).filter(|&n| n < LIMIT - header as u64);
    let total = total.ok_or_else(|| foreign(path, 4, "its sizes", format!("{sizes:?}"), "less than 2 GiB in all"))?;
    if sizes.contains(&0) {
        return Err(foreign(path, 4, "its sizes", format!("{sizes:?}"), "no zero"));
    }
    let needed = header as u64 + total;
    match (bytes.len() as u64).cmp(&needed) {
        std::cmp::Ordering::Less => Err(cut("its values", needed)),
        std::cmp::Ordering::Greater => {
            Err(foreign(path, needed, "what follows", format!("{} bytes", bytes.len() as u64 - needed), "the end"))
        }
        std::cmp::Ordering::Equal => {
            bytes.drain(..header);
            Ok((sizes, bytes))
        }
    }
}
