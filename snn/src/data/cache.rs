//! Framed recordings kept on disk, so that the next run need not read and frame them again.
//!
//! An entry is found by a text that says all it depends on: the files with their lengths and times of change, the label, framing and size.
//! The text is in the entry, whose name is a hash of it. What is damaged or of something else is made anew.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use super::Images;
use crate::bytes::Cursor;
use crate::error::Error;

const MAGIC: &[u8; 8] = b"BCFRAME1";

/// Bytes that an entry unpacks to at most.
const LIMIT: u64 = 1 << 34;

/// A folder of entries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cache<'a> {
    folder: &'a Path,
}

impl<'a> Cache<'a> {
    /// The folder is made if it is not there.
    pub(super) fn open(folder: &'a Path) -> Result<Cache<'a>, Error> {
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        Ok(Cache { folder })
    }

    /// What is known under `key`, or what `make` makes, which is kept.
    pub(super) fn get(&self, key: &str, make: impl FnOnce() -> Result<Images, Error>) -> Result<Images, Error> {
        let path = self.folder.join(format!("{:016x}.frames", hash(key.as_bytes())));
        let known = fs::read(&path).ok().and_then(|bytes| decode(Cursor::new(&path, &bytes), key).ok().flatten());
        match known {
            Some(images) => Ok(images),
            None => {
                let images = make()?;
                self.put(&path, &encode(key, &images))?;
                Ok(images)
            }
        }
    }

    /// Written beside its place and renamed; by a name of its own, since several programs may do so at once.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let partial = path.with_extension(format!("{}-{number}.partial", std::process::id()));
        let written = fs::write(&partial, bytes).map_err(Error::io(&partial));
        let done = written.and_then(|()| fs::rename(&partial, path).map_err(Error::io(path)));
        if done.is_err() {
            let _ = fs::remove_file(&partial); // the first error is the one to tell
        }
        done
    }
}

/// Paths with lengths and times of change.
pub(super) fn fingerprint(files: &[PathBuf]) -> Result<String, Error> {
    let one = |path: &PathBuf| -> Result<String, Error> {
        let path = fs::canonicalize(path).map_err(Error::io(path))?;
        let about = fs::metadata(&path).map_err(Error::io(&path))?;
        let changed = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |at| at.as_nanos());
        Ok(format!("{} {} {changed}\n", path.display(), about.len()))
    };
    files.iter().map(one).collect()
}

/// Fowler, Noll and Vo's hash, 1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn encode(key: &str, images: &Images) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((key.len() as u32).to_le_bytes());
    bytes.extend(key.bytes());
    let [height, width, channels] = images.image;
    let sizes = [images.len(), images.steps, height, width, channels].map(|n| n as u32);
    let numbers = sizes.iter().chain(&images.labels).flat_map(|n| n.to_le_bytes());
    let packed = || -> std::io::Result<Vec<u8>> {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1)?;
        encoder.include_checksum(true)?;
        encoder.write_all(&numbers.collect::<Vec<u8>>())?;
        encoder.write_all(&images.pixels)?;
        encoder.finish()
    };
    bytes.extend(packed().expect("memory can be written to"));
    bytes
}

/// Nothing if the entry is of another key.
fn decode(cursor: Cursor, key: &str) -> Result<Option<Images>, Error> {
    const WHAT: &str = "an entry of the cache";
    let broken = |error: std::io::Error| cursor.foreign(0, WHAT, error, "a whole one");
    let mut head = cursor;
    let (magic, length) = (head.take(MAGIC.len(), WHAT)?, head.u32(WHAT)? as usize);
    if magic != MAGIC || head.take(length, WHAT)? != key.as_bytes() {
        return Ok(None);
    }
    let mut unpacked = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(head.rest()).map_err(broken)?;
    decoder.take(LIMIT).read_to_end(&mut unpacked).map_err(broken)?;
    let mut inside = Cursor::new(head.path(), &unpacked);
    let mut number = || inside.u32(WHAT).map(|n| n as usize);
    let (n, steps, image) = (number()?, number()?, [number()?, number()?, number()?]);
    let labels = inside.take(n.saturating_mul(4), WHAT)?.as_chunks().0.iter().map(|&bytes| u32::from_le_bytes(bytes)).collect();
    let images = Images { image, steps, labels, pixels: inside.rest().to_vec(), stream: None };
    let expected = [n, steps].iter().chain(&image).try_fold(1usize, |product, &n| product.checked_mul(n));
    Ok((expected == Some(images.pixels.len())).then_some(images))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(seed: u8) -> Images {
        let pixels = (0..2 * 3 * 4 * 5 * 2).map(|i: u32| (i as u8).wrapping_mul(seed)).collect();
        Images { image: [4, 5, 2], steps: 3, pixels, labels: vec![7, 9], stream: None }
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("braincog-snn-cache-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn an_entry_is_made_once_and_another_key_is_another_entry() {
        let folder = folder("once");
        let cache = Cache::open(&folder).unwrap();
        assert_eq!(cache.get("a", || Ok(images(3))).unwrap(), images(3));
        assert_eq!(cache.get("a", || panic!("it is known")).unwrap(), images(3));
        assert_eq!(cache.get("b", || Ok(images(5))).unwrap(), images(5));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        let failed = cache.get("c", || Err(Error::Unknown { what: "film", name: "c".into(), known: "a, b".into() }));
        assert!(failed.is_err() && fs::read_dir(&folder).unwrap().count() == 2);
    }

    #[test]
    fn damaged_entries_and_those_of_another_key_are_made_anew() {
        let folder = folder("damaged");
        let cache = Cache::open(&folder).unwrap();
        cache.get("key", || Ok(images(3))).unwrap();
        let path = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
        let whole = fs::read(&path).unwrap();
        let cut = (0..whole.len()).map(|n| whole[..n].to_vec());
        for bytes in cut.chain([encode("other", &images(9))]) {
            fs::write(&path, bytes).unwrap();
            assert_eq!(cache.get("key", || Ok(images(3))).unwrap(), images(3));
            assert_eq!(fs::read(&path).unwrap(), whole);
        }
        // Some bits of a packed stream mean nothing.
        for i in 0..whole.len() {
            fs::write(&path, [&whole[..i], &[whole[i] ^ 0x40], &whole[i + 1..]].concat()).unwrap();
            assert_eq!(cache.get("key", || Ok(images(3))).unwrap(), images(3));
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = folder("file");
        fs::write(&folder, "a file").unwrap();
        let message = Cache::open(&folder.join("below")).unwrap_err().to_string();
        assert!(message.contains("below: "), "{message}");
    }
}
