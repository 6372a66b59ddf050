//! A file being written, and datasets in it that grow row by row.

use std::fs;
use std::path::{Path, PathBuf};

use rust_hdf5::{DatatypeMessage, FilterPipeline, H5Dataset, H5File, H5Group, H5Type, VarLenUnicode};

use super::Error;

/// Bytes of one chunk of a growing dataset; also about the most that a dataset holds back in memory.
const CHUNK_BYTES: usize = 512 << 10;
/// The longest side of a chunk. A longer one takes three bytes in the header, which hdf5-pure 0.47 cannot read.
const MAX_CHUNK_SIDE: usize = 32_768;

/// How the chunks of a dataset are compressed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Packing {
    /// As they are.
    Plain,
    /// Integers in as few bits as each chunk needs. Lossless, and built into every HDF5 library, which deflate
    /// is not: the published libsonata has none.
    FewestBits,
    /// Shuffle and deflate, for files that no SONATA library reads.
    Deflate,
}

/// An HDF5 file that has its final name only after [`Closed::rename`].
pub(super) struct OutputFile {
    path: PathBuf,
    partial: PathBuf,
    file: H5File,
}

impl OutputFile {
    /// Creates `path.partial`, over an earlier one if need be.
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        // Opened here first: the system's own error is clearer than the library's.
        fs::File::create(&partial).map_err(|e| Error::write(&partial, e))?;
        // Two runs never share a file, and some network file systems cannot lock.
        let file = H5File::options().no_locking().create(&partial).map_err(|e| Error::write_dataset(&partial, "/", e))?;
        Ok(OutputFile { path: path.to_path_buf(), partial, file })
    }

    /// Sets the root attributes that mark a SONATA file.
    pub(super) fn mark_as_sonata(&self) -> Result<(), Error> {
        self.at("/", self.file.set_attr_numeric("magic", &0x0A7A_u32))?;
        self.at("/", self.file.set_attr_array_numeric("version", &[0_u32, 1]))
    }

    /// Creates a group in the root.
    pub(super) fn group(&self, name: &str) -> Result<Node, Error> {
        let group = self.at(name, self.file.create_group(name))?;
        Ok(Node { group, name: format!("/{name}"), partial: self.partial.clone() })
    }

    /// Writes what is left.
    pub(super) fn close(self) -> Result<Closed, Error> {
        self.file.close().map_err(|e| Error::write_dataset(&self.partial, "/", e))?;
        Ok(Closed { path: self.path, partial: self.partial })
    }

    fn at<T>(&self, dataset: &str, result: rust_hdf5::Result<T>) -> Result<T, Error> {
        result.map_err(|e| Error::write_dataset(&self.partial, dataset, e))
    }
}

/// A complete file that has not its name yet.
#[must_use]
#[derive(Debug)]
pub struct Closed {
    path: PathBuf,
    partial: PathBuf,
}

impl Closed {
    /// Gives the file its name.
    pub fn rename(self) -> Result<(), Error> {
        let path = self.path.clone();
        self.rename_to(&path)
    }

    /// Gives the file this name, on the same file system.
    pub fn rename_to(self, path: &Path) -> Result<(), Error> {
        fs::rename(&self.partial, path).map_err(|e| Error::write(path, e))
    }
}

/// A group of a file being written.
pub(super) struct Node {
    group: H5Group,
    name: String,
    partial: PathBuf,
}

impl Node {
    /// Creates a group in this one.
    pub(super) fn group(&self, name: &str) -> Result<Node, Error> {
        let group = self.at(name, self.group.create_group(name))?;
        Ok(Node { group, name: format!("{}/{name}", self.name), partial: self.partial.clone() })
    }

    /// Sets a numeric attribute.
    pub(super) fn number<T: H5Type>(&self, name: &str, value: T) -> Result<(), Error> {
        self.at(name, self.group.set_attr_numeric(name, &value))
    }

    /// Sets a text attribute.
    pub(super) fn text(&self, name: &str, value: &str) -> Result<(), Error> {
        self.at(name, self.group.set_attr_string(name, value))
    }

    /// Sets an attribute of a type that this library has no Rust type for.
    pub(super) fn typed(&self, name: &str, datatype: DatatypeMessage, value: Vec<u8>) -> Result<(), Error> {
        self.at(name, self.group.set_attr_typed(name, datatype, value))
    }

    /// Writes a column of texts.
    pub(super) fn texts<S: AsRef<str>>(&self, name: &str, values: &[S]) -> Result<(), Error> {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        self.at(name, self.group.write_vlen_strings(name, &values)).map(drop)
    }

    /// Writes a whole array of numbers.
    pub(super) fn array<T: H5Type>(&self, name: &str, shape: &[usize], values: &[T]) -> Result<Array, Error> {
        let dataset = self.at(name, self.group.new_dataset::<T>().shape(shape).create(name))?;
        self.at(name, dataset.write_raw(values))?;
        Ok(Array { dataset, name: format!("{}/{name}", self.name), partial: self.partial.clone() })
    }

    /// Writes a whole table of numbers in compressed chunks of rows.
    pub(super) fn table(&self, name: &str, columns: usize, values: &[f64]) -> Result<(), Error> {
        let mut rows = self.rows::<f64>(name, columns, Packing::Deflate)?;
        rows.append(values)?;
        rows.finish()
    }

    /// Creates a dataset of one dimension that grows.
    pub(super) fn column<T: H5Type>(&self, name: &str, packing: Packing) -> Result<Rows<T>, Error> {
        self.growing(name, &[], packing)
    }

    /// Creates a dataset that grows by rows of `columns` values (at least one).
    pub(super) fn rows<T: H5Type>(&self, name: &str, columns: usize, packing: Packing) -> Result<Rows<T>, Error> {
        self.growing(name, &[columns], packing)
    }

    fn growing<T: H5Type>(&self, name: &str, width: &[usize], packing: Packing) -> Result<Rows<T>, Error> {
        let columns = width.iter().product::<usize>();
        assert!(columns > 0, "a row has at least one value");
        let chunk_rows = (CHUNK_BYTES / size_of::<T>() / columns).clamp(1, MAX_CHUNK_SIDE);
        let with = |first: usize| [&[first], width].concat();
        let chunk: Vec<usize> = with(chunk_rows).iter().map(|side| *side.min(&MAX_CHUNK_SIDE)).collect();
        let most: Vec<Option<usize>> = [None].into_iter().chain(width.iter().copied().map(Some)).collect();
        let mut builder = self.group.new_dataset::<T>().shape(with(0)).chunk(&chunk).max_shape(&most);
        builder = match packing {
            Packing::Plain => builder,
            Packing::Deflate => builder.shuffle_deflate(4),
            Packing::FewestBits => {
                let values = chunk.iter().product();
                builder.filter_pipeline(FilterPipeline::scaleoffset(&T::hdf5_type(), values, 0).expect("packed datasets hold integers"))
            }
        };
        let dataset = self.at(name, builder.create(name))?;
        let array = Array { dataset, name: format!("{}/{name}", self.name), partial: self.partial.clone() };
        Ok(Rows { array, chunk: chunk_rows * columns, held: Vec::with_capacity(chunk_rows * columns) })
    }

    fn at<T>(&self, name: &str, result: rust_hdf5::Result<T>) -> Result<T, Error> {
        result.map_err(|e| Error::write_dataset(&self.partial, &format!("{}/{name}", self.name), e))
    }
}

/// A dataset of a file being written.
pub(super) struct Array {
    dataset: H5Dataset,
    name: String,
    partial: PathBuf,
}

impl Array {
    /// Sets a text attribute.
    pub(super) fn text(&self, name: &str, value: &str) -> Result<(), Error> {
        let attribute = self.dataset.new_attr::<VarLenUnicode>().shape(()).create(name);
        self.at(attribute.and_then(|a| a.write_string(value)))
    }

    /// Sets a numeric attribute.
    pub(super) fn number<T: H5Type + 'static>(&self, name: &str, value: T) -> Result<(), Error> {
        let attribute = self.dataset.new_attr::<T>().shape(()).create(name);
        self.at(attribute.and_then(|a| a.write_numeric(&value)))
    }

    fn at<T>(&self, result: rust_hdf5::Result<T>) -> Result<T, Error> {
        result.map_err(|e| Error::write_dataset(&self.partial, &self.name, e))
    }
}

/// A dataset that grows by rows. Holds back less than one chunk.
pub(super) struct Rows<T> {
    array: Array,
    /// Values in one chunk.
    chunk: usize,
    held: Vec<T>,
}

impl<T: H5Type> Rows<T> {
    /// The dataset, to set attributes.
    pub(super) fn array(&self) -> &Array {
        &self.array
    }

    /// Appends whole rows.
    pub(super) fn append(&mut self, mut values: &[T]) -> Result<(), Error> {
        while !values.is_empty() {
            let (now, later) = values.split_at(values.len().min(self.chunk - self.held.len()));
            self.held.extend_from_slice(now);
            values = later;
            if self.held.len() == self.chunk {
                self.flush()?;
            }
        }
        Ok(())
    }

    /// Writes what is held back.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Error> {
        if !self.held.is_empty() {
            self.array.at(self.array.dataset.append(&self.held))?;
            self.held.clear();
        }
        Ok(())
    }
}
