//! Connectomes that several plans share, each loaded once.

use std::collections::HashMap;
use std::hash::Hash;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use connectome::Connectome;
use connectome::io::LoadOptions;

use crate::checksum::Fnv;

/// Connectomes and checksums of files, kept from one plan to the next. A file that changes in between is not read again.
#[derive(Debug, Default)]
pub struct Library {
    atlases: Mutex<HashMap<String, Connectome>>,
    files: Mutex<HashMap<PathBuf, Connectome>>,
    checksums: Mutex<HashMap<PathBuf, u64>>,
}

impl Library {
    /// A built-in atlas.
    pub(crate) fn atlas(&self, name: &str) -> Result<Connectome, connectome::Error> {
        kept(&self.atlases, name.to_owned(), |name| connectome::atlas::load(name))
    }

    /// A connectome file.
    pub(crate) fn file(&self, path: &Path) -> Result<Connectome, connectome::Error> {
        kept(&self.files, path.to_owned(), |path| connectome::io::load(path, &LoadOptions::default()))
    }

    /// The checksum of a file's content.
    pub(crate) fn checksum(&self, path: &Path) -> io::Result<u64> {
        kept(&self.checksums, path.to_owned(), |path| {
            let mut file = std::fs::File::open(path)?;
            let (mut sum, mut block) = (Fnv::default(), vec![0; 1 << 16]);
            loop {
                match file.read(&mut block)? {
                    0 => return Ok(sum.value()),
                    n => sum.add(&block[..n]),
                }
            }
        })
    }
}

/// The value at `key`, made where it is not there yet. What cannot be made is tried again the next time.
fn kept<K: Eq + Hash, V: Clone, E>(shelf: &Mutex<HashMap<K, V>>, key: K, make: impl FnOnce(&K) -> Result<V, E>) -> Result<V, E> {
    // Held while loading: a second plan that wants the same connectome waits instead of loading it, too.
    let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(value) = shelf.get(&key) {
        return Ok(value.clone());
    }
    let value = make(&key)?;
    shelf.insert(key, value.clone());
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_loaded_once() {
        let path = std::env::temp_dir().join(format!("braincog-library-{}.csv", std::process::id()));
        std::fs::write(&path, "region,A,B\nA,0,1\nB,2,0\n").expect("a temporary file can be written");
        let library = Library::default();
        let first = library.file(&path).expect("a matrix with labels");
        let sum = library.checksum(&path).expect("a file");
        std::fs::remove_file(&path).expect("it was written above");
        assert_eq!(library.file(&path).expect("kept").weights.values(), first.weights.values());
        assert_eq!(library.checksum(&path).expect("kept"), sum);
        assert!(Library::default().file(&path).is_err(), "another library has to load it");
    }
}
