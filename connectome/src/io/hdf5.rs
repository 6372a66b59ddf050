//! Reading HDF5: sizes are checked before anything is allocated, errors name file and dataset.

use std::collections::HashMap;
use std::path::Path;

use hdf5_pure::{AttrValue, Dataset, File, Object, VlenStringReadOptions};

use super::{Input, Table};
use crate::error::{Error, Place};

/// What deflate can reach at most: a file cannot hold more values than this many per byte.
const MOST_VALUES_PER_BYTE: u64 = 1100;
/// The most bytes that the texts of one dataset may take.
const MAX_TEXT_BYTES: usize = 256 << 20;
/// Values that any file may declare, however small it is.
const ALWAYS_ALLOWED: u64 = 1 << 16;

/// True if these are the bytes of an HDF5 file (also with a user block in front, as MATLAB writes).
pub(crate) fn is_hdf5(bytes: &[u8]) -> bool {
    hdf5_pure::is_hdf5_bytes(bytes)
}

/// An open HDF5 file.
pub(crate) struct Hdf5 {
    file: File,
    at: Place,
    limits: Limits,
}

/// What a dataset may hold at most.
#[derive(Clone, Copy)]
struct Limits {
    values: u64,
    /// From the size of the file.
    by_file: u64,
}

impl Hdf5 {
    /// Opens a file that was read into memory. No dataset may hold more than `most` values.
    pub(crate) fn from_input(input: &Input, most: u64) -> Result<Self, Error> {
        let file = File::from_bytes(input.bytes.to_vec());
        Self::new(file, input.place(), input.bytes.len() as u64, most)
    }

    /// Opens a file from which only the datasets asked for are read.
    pub(crate) fn open(path: &Path, most: u64) -> Result<Self, Error> {
        let size = std::fs::metadata(path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?.len();
        Self::new(File::open_streaming(path), Place::file(path.display().to_string()), size, most)
    }

    fn new(file: Result<File, hdf5_pure::Error>, at: Place, size: u64, most: u64) -> Result<Self, Error> {
        let container = |e: hdf5_pure::Error| Error::Container { at: at.clone(), what: "HDF5 file", reason: e.to_string() };
        let by_file = size.saturating_mul(MOST_VALUES_PER_BYTE).max(ALWAYS_ALLOWED);
        let file = file.map_err(container)?;
        // Listing the root tells a file that is cut off from an empty one.
        file.root().datasets().and_then(|_| file.root().groups()).map_err(container)?;
        Ok(Hdf5 { file, at, limits: Limits { values: most, by_file } })
    }

    /// The place of a dataset or group, for messages.
    pub(crate) fn place(&self, name: &str) -> Place {
        self.at.part(format!("dataset {name}"))
    }

    /// True if there is a group of this name.
    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.file.group(name).is_ok()
    }

    /// True if a dataset holds numbers (or flags).
    pub(crate) fn is_numeric(&self, name: &str) -> bool {
        use hdf5_pure::Datatype::{Enumeration, FixedPoint, FloatingPoint};
        let datatype = self.file.dataset(name).and_then(|d| d.datatype());
        matches!(datatype, Ok(FixedPoint { .. } | FloatingPoint { .. } | Enumeration { .. }))
    }

    /// What the references in a dataset refer to.
    pub(crate) fn references(&self, name: &str) -> Result<Vec<Object>, Error> {
        let (dataset, _) = self.checked(name)?;
        dataset.dereference().map_err(|e| self.unreadable(name, e))
    }

    /// Names of the groups in a group.
    pub(crate) fn groups_in(&self, name: &str) -> Vec<String> {
        self.file.group(name).and_then(|g| g.groups()).unwrap_or_default()
    }

    /// Names of the datasets in a group (`/` for the root).
    pub(crate) fn datasets_in(&self, name: &str) -> Vec<String> {
        let group = if name == "/" { Ok(self.file.root()) } else { self.file.group(name) };
        group.and_then(|g| g.datasets()).unwrap_or_default()
    }

    /// True if there is a dataset of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.file.dataset(name).is_ok()
    }

    /// Attributes of a group (`/` for the root); empty if there are none.
    pub(crate) fn attributes(&self, group: &str) -> HashMap<String, AttrValue> {
        let group = if group == "/" { Ok(self.file.root()) } else { self.file.group(group) };
        group.and_then(|g| g.attrs()).unwrap_or_default()
    }

    /// Attributes of a dataset; empty if there are none.
    pub(crate) fn dataset_attributes(&self, name: &str) -> HashMap<String, AttrValue> {
        self.file.dataset(name).and_then(|d| d.attrs()).unwrap_or_default()
    }

    /// Dimensions of a dataset.
    pub(crate) fn shape(&self, name: &str) -> Result<Vec<u64>, Error> {
        self.checked(name).map(|(_, shape)| shape)
    }

    /// All numbers of a dataset, whatever their type, with its dimensions.
    pub(crate) fn numbers(&self, name: &str) -> Result<(Vec<u64>, Vec<f64>), Error> {
        let (dataset, shape) = self.checked(name)?;
        let values = dataset.read_f64().map_err(|e| self.unreadable(name, e))?;
        self.complete(name, &shape, values.len())?;
        Ok((shape, values))
    }

    /// A dataset of whole numbers of at least 0, such as ids.
    pub(crate) fn counts(&self, name: &str) -> Result<Vec<u64>, Error> {
        let (dataset, shape) = self.checked(name)?;
        let values = dataset.read_i64().map_err(|e| self.unreadable(name, e))?;
        self.complete(name, &shape, values.len())?;
        let whole = |v: i64| u64::try_from(v).map_err(|_| self.malformed(name, v.to_string(), "a whole number of 0 or more"));
        values.into_iter().map(whole).collect()
    }

    /// A dataset with two dimensions.
    pub(crate) fn table(&self, name: &str) -> Result<Table, Error> {
        let (shape, values) = self.numbers(name)?;
        let [rows, columns] = shape[..] else {
            return Err(self.malformed(name, format!("{} dimensions", shape.len()), "a matrix with 2"));
        };
        Ok(Table { at: self.place(name), rows: rows as usize, columns: columns as usize, values })
    }

    /// A dataset of texts, of fixed or variable length.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        let (dataset, shape) = self.checked(name)?;
        let limits = VlenStringReadOptions::new().with_max_payload_bytes(MAX_TEXT_BYTES);
        let texts = match dataset.datatype() {
            Ok(hdf5_pure::Datatype::VariableLength { .. }) => dataset.read_vlen_strings(limits),
            _ => dataset.read_string(),
        };
        let texts = texts.map_err(|e| self.unreadable(name, e))?;
        self.complete(name, &shape, texts.len())?;
        Ok(texts.iter().map(|t| t.trim_end_matches(['\0', ' ']).to_string()).collect())
    }

    /// An error about the content of a dataset.
    pub(crate) fn malformed(&self, name: &str, found: impl Into<String>, expected: impl Into<String>) -> Error {
        Error::Malformed { at: self.place(name), found: found.into(), expected: expected.into() }
    }

    /// A dataset whose declared size is credible.
    fn checked(&self, name: &str) -> Result<(Dataset, Vec<u64>), Error> {
        let dataset = self.file.dataset(name).map_err(|e| self.unreadable(name, e))?;
        let shape = dataset.shape().map_err(|e| self.unreadable(name, e))?;
        let count = shape.iter().try_fold(1_u64, |n, d| n.checked_mul(*d)).unwrap_or(u64::MAX);
        let limit = self.limits.values.min(self.limits.by_file);
        if count > limit {
            return Err(Error::TooLarge { at: self.place(name), what: "values".into(), found: count, limit });
        }
        Ok((dataset, shape))
    }

    fn complete(&self, name: &str, shape: &[u64], found: usize) -> Result<(), Error> {
        let expected: u64 = shape.iter().product();
        if found as u64 == expected {
            return Ok(());
        }
        Err(self.malformed(name, format!("{found} values"), format!("{expected} for the shape {shape:?}")))
    }

    fn unreadable(&self, name: &str, e: hdf5_pure::Error) -> Error {
        Error::Container { at: self.place(name), what: "HDF5 dataset", reason: e.to_string() }
    }
}
