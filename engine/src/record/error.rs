//! What can go wrong with an output file.

use std::io;
use std::path::{Path, PathBuf};

/// An output file that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be created, renamed or written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// No room left for the file.
    #[error("cannot write {}: the disk is full or the quota is used up", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// The HDF5 library refused to write a dataset.
    #[error("cannot write {}: dataset {dataset}: {reason}", path.display())]
    WriteDataset {
        /// The file.
        path: PathBuf,
        /// Dataset or group.
        dataset: String,
        /// The library's words.
        reason: String,
    },
    /// A file to read cannot be opened.
    #[error("cannot open {}: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The words of the operating system or of the HDF5 library.
        reason: String,
    },
    /// A dataset, group or attribute cannot be read.
    #[error("cannot read {}: {dataset}: {reason}", path.display())]
    ReadDataset {
        /// The file.
        path: PathBuf,
        /// Dataset, group or attribute.
        dataset: String,
        /// The library's words.
        reason: String,
    },
    /// A dataset that is not what the layout of this file says.
    #[error("{}: {dataset}: found {found}, expected {expected}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Dataset or attribute.
        dataset: String,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// The connectome inside a file.
    #[error(transparent)]
    Connectome(#[from] connectome::Error),
}

impl Error {
    /// True if the machine is at fault (disk, file system), false if the input is.
    pub fn is_fault_of_machine(&self) -> bool {
        matches!(self, Error::Write { .. } | Error::DiskFull { .. } | Error::WriteDataset { .. })
    }

    /// A failed system call on a file that is being written.
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull { path },
            _ => Error::Write { path, source },
        }
    }

    /// A failed call of the HDF5 library on a file that is being written.
    pub(super) fn write_dataset(path: &Path, dataset: &str, source: rust_hdf5::Hdf5Error) -> Self {
        if let rust_hdf5::Hdf5Error::Io(source) = source {
            return Error::write(path, source);
        }
        // The library does not export the type of its inner error; its `Debug` form holds the `io::ErrorKind`.
        let inner = format!("{source:?}");
        if inner.contains("StorageFull") || inner.contains("QuotaExceeded") {
            return Error::DiskFull { path: path.to_path_buf() };
        }
        Error::WriteDataset { path: path.to_path_buf(), dataset: dataset.to_string(), reason: source.to_string() }
    }

    /// A failed call of the HDF5 library on a file that is being read.
    pub(super) fn read_dataset(path: &Path, dataset: &str, source: hdf5_pure::Error) -> Self {
        Error::ReadDataset { path: path.to_path_buf(), dataset: dataset.to_string(), reason: source.to_string() }
    }
}
