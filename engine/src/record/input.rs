//! A file being read. Metadata and windows of rows are fetched on demand, never the whole file.

use std::path::{Path, PathBuf};

use hdf5_pure::{AttrValue, Dataset, File, VlenStringReadOptions};

use super::Error;

/// The most names (populations, regions, nodes of a report) that a file may hold.
const MAX_NAMES: u64 = 100_000_000;
/// The most bytes that all names of one column may take.
const MAX_NAME_BYTES: usize = 1 << 30;

/// An open HDF5 file with errors that name file and dataset.
pub(super) struct InputFile {
    path: PathBuf,
    file: File,
}

impl InputFile {
    /// Opens a file for reading.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open_streaming(path).map_err(|e| Error::Open { path: path.to_path_buf(), reason: e.to_string() })?;
        Ok(InputFile { path: path.to_path_buf(), file })
    }

    /// True if there is a group of this name.
    pub(super) fn has_group(&self, name: &str) -> bool {
        self.file.group(name).is_ok()
    }

    /// A dataset whose rows have `columns` values (1: a plain column), and the number of its rows.
    pub(super) fn rows(&self, name: &str, columns: u64) -> Result<(Dataset, u64), Error> {
        let (dataset, shape) = self.array(name)?;
        match shape[..] {
            [rows] if columns == 1 => Ok((dataset, rows)),
            [rows, c] if c == columns => Ok((dataset, rows)),
            _ => Err(self.malformed(name, format!("shape {shape:?}"), format!("rows of {columns} values"))),
        }
    }

    /// A dataset and its shape.
    pub(super) fn array(&self, name: &str) -> Result<(Dataset, Vec<u64>), Error> {
        let dataset = self.at(name, self.file.dataset(name))?;
        let shape = self.at(name, dataset.shape())?;
        Ok((dataset, shape))
    }

    /// A column of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        let dataset = self.at(name, self.file.dataset(name))?;
        let limits = VlenStringReadOptions::new().with_max_elements(MAX_NAMES as usize).with_max_payload_bytes(MAX_NAME_BYTES);
        self.at(name, dataset.read_vlen_strings(limits))
    }

    /// A column of counts.
    pub(super) fn counts(&self, name: &str) -> Result<Vec<u64>, Error> {
        let (dataset, rows) = self.rows(name, 1)?;
        if rows > MAX_NAMES {
            return Err(self.malformed(name, format!("{rows} values"), format!("at most {MAX_NAMES}")));
        }
        self.at(name, dataset.read_u64())
    }

    /// A numeric attribute of a group.
    pub(super) fn number(&self, group: &str, name: &str) -> Result<f64, Error> {
        let value = self.attribute(group, name)?;
        value.as_f64().ok_or_else(|| self.malformed(&format!("{group} attribute {name}"), value.to_string(), "a number".into()))
    }

    /// An attribute of a group.
    fn attribute(&self, group: &str, name: &str) -> Result<AttrValue, Error> {
        let attributes = self.at(group, self.file.group(group).and_then(|g| g.attrs()))?;
        let missing = || self.malformed(group, format!("no attribute {name}"), "one".into());
        attributes.get(name).cloned().ok_or_else(missing)
    }

    /// Names the dataset in the library's error.
    pub(super) fn at<T>(&self, dataset: &str, result: Result<T, hdf5_pure::Error>) -> Result<T, Error> {
        result.map_err(|e| Error::read_dataset(&self.path, dataset, e))
    }

    /// An error about the content of a dataset.
    pub(super) fn malformed(&self, dataset: &str, found: String, expected: String) -> Error {
        Error::Malformed { path: self.path.clone(), dataset: dataset.to_string(), found, expected }
    }
}
