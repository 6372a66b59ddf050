//! Connectome files: one module per format, recognised by content and never by file name.
//!
//! A new format is one file with `sniff` and `load`, and one line in `FORMATS`. Whatever direction a file
//! uses, what comes out has row = target, column = source, and has passed [`Connectome::check`].

mod arrays;
mod companions;
mod graphml;
mod hdf5;
mod mat5;
mod mat73;
mod matrix_market;
mod names;
pub mod native;
mod npy;
mod npz;
mod parts;
mod sonata;
mod spreadsheet;
mod text;
mod tvb_h5;
mod tvb_zip;
mod variables;
mod xls;
pub(crate) mod zip;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::brain::Connectome;
use crate::error::{Error, Place, quoted};

pub use arrays::{NamedArray, arrays};
pub(crate) use parts::{Column, Parts, Table};
pub use text::write::matrix_csv;

/// What the rows of a matrix mean in a file that does not say so itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Row = target, column = source, as in TVB and in FLN tables.
    #[default]
    RowsAreTargets,
    /// Row = source, column = target, as in the Brain Connectivity Toolbox and in most adjacency matrices.
    RowsAreSources,
}

/// What a file cannot say itself, or where it offers a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadOptions {
    /// Meaning of rows where the format leaves it open. Formats that fix it (TVB, SONATA, edge lists) ignore this.
    pub direction: Direction,
    /// `Some(false)`: tracts run both ways; a pair given in one direction only is mirrored, one given with two
    /// different weights is an error. `None`: what the file says, else directed unless symmetric.
    pub directed: Option<bool>,
    /// Which array, dataset, MAT variable, sheet, column or GraphML key holds the weights.
    pub variable: Option<String>,
    /// Which array, dataset, MAT variable or sheet holds the tract lengths.
    pub lengths_variable: Option<String>,
    /// A companion file with tract lengths in mm, any matrix format.
    pub lengths: Option<PathBuf>,
    /// A companion file with one label per line, a table with a column `label` or `name`, or a row of names above a row
    /// of neuron counts, as text or as a spreadsheet.
    pub labels: Option<PathBuf>,
    /// A companion file with `label x y z` or `x y z` per line, in mm.
    pub centres: Option<PathBuf>,
    /// The most regions accepted; memory grows with its square.
    pub max_regions: usize,
}

impl Default for LoadOptions {
    fn default() -> Self {
        LoadOptions {
            direction: Direction::default(),
            directed: None,
            variable: None,
            lengths_variable: None,
            lengths: None,
            labels: None,
            centres: None,
            max_regions: crate::MAX_REGIONS,
        }
    }
}

/// The content of one file, and where its neighbours lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    /// The file as the user named it, for messages.
    pub(crate) name: &'a str,
    /// Everything in it.
    pub(crate) bytes: &'a [u8],
    /// Where it lies, if it is a file: formats of several files find the others beside it.
    pub(crate) path: Option<&'a Path>,
}

impl Input<'_> {
    /// The whole file, as a place for messages.
    pub(crate) fn place(&self) -> Place {
        Place::file(self.name)
    }

    /// A part of the file, such as `member weights.txt`, as a place for messages.
    pub(crate) fn part(&self, part: impl Into<String>) -> Place {
        self.place().part(part)
    }

    /// The file's name without folder and extension: the name of a connectome that has no other.
    pub(crate) fn stem(&self) -> String {
        let stem = Path::new(self.name).file_stem().map(|s| s.to_string_lossy().into_owned());
        stem.filter(|s| !s.is_empty()).unwrap_or_else(|| "connectome".into())
    }
}

/// One format: how to recognise it and how to read it.
pub(crate) struct Format {
    /// Name for messages and tables.
    pub(crate) name: &'static str,
    /// True if the content can only be this format. Must be cheap and must not panic.
    pub(crate) sniff: fn(&Input) -> bool,
    /// Reads it.
    pub(crate) load: fn(&Input, &LoadOptions) -> Result<Connectome, Error>,
}

/// All formats, in the order in which they are tried: magic bytes first, loose text formats last.
pub(crate) const FORMATS: &[Format] = &[
    Format { name: "BrainCog HDF5", sniff: native::sniff, load: native::load },
    Format { name: "TVB HDF5", sniff: tvb_h5::sniff, load: tvb_h5::load },
    Format { name: "SONATA", sniff: sonata::sniff, load: sonata::load },
    Format { name: "MAT 7.3 or other HDF5", sniff: mat73::sniff, load: mat73::load },
    Format { name: "MAT 5", sniff: mat5::sniff, load: mat5::load },
    Format { name: "spreadsheet", sniff: spreadsheet::sniff, load: spreadsheet::load },
    Format { name: "npz", sniff: npz::sniff, load: npz::load },
    Format { name: "TVB zip", sniff: tvb_zip::sniff, load: tvb_zip::load },
    Format { name: "npy", sniff: npy::sniff, load: npy::load },
    Format { name: "GraphML", sniff: graphml::sniff, load: graphml::load },
    Format { name: "MatrixMarket", sniff: matrix_market::sniff, load: matrix_market::load },
    Format { name: "BIDS relmat", sniff: text::relmat::sniff, load: text::relmat::load },
    Format { name: "region census", sniff: text::census::sniff, load: text::census::load },
    Format { name: "edge list", sniff: text::edges::sniff, load: text::edges::load },
    Format { name: "text matrix", sniff: text::matrix::sniff, load: text::matrix::load },
];

/// The names of all formats, in the order in which they are tried.
pub fn formats() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|f| f.name)
}

/// Reads a connectome file of any known format.
pub fn load(path: &Path, options: &LoadOptions) -> Result<Connectome, Error> {
    let bytes = read_file(path)?;
    let name = path.display().to_string();
    load_input(&Input { name: &name, bytes: &bytes, path: Some(path) }, options)
}

/// Reads a connectome from memory; `name` is used in messages only. Formats that need neighbouring files
/// read what this one holds.
pub fn load_bytes(name: &str, bytes: &[u8], options: &LoadOptions) -> Result<Connectome, Error> {
    load_input(&Input { name, bytes, path: None }, options)
}

/// Reads a connectome from memory as the format of this name, one of [`formats`], whatever its content looks like.
pub fn load_bytes_as(format: &str, name: &str, bytes: &[u8], options: &LoadOptions) -> Result<Connectome, Error> {
    let input = Input { name, bytes, path: None };
    let known = FORMATS.iter().find(|f| f.name == format).ok_or_else(|| Error::Argument {
        what: "format",
        found: quoted(format),
        expected: "the name of a format",
    })?;
    checked((known.load)(&input, options)?, &input)
}

fn load_input(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    if input.bytes.is_empty() {
        return Err(Error::Missing { at: input.place(), what: "connectome".into(), found: "an empty file".into() });
    }
    let format = FORMATS.iter().find(|f| (f.sniff)(input)).ok_or_else(|| Error::UnknownFormat {
        at: input.place(),
        found: quoted(&String::from_utf8_lossy(&input.bytes[..input.bytes.len().min(16)])),
        expected: formats().collect::<Vec<_>>().join(", "),
    })?;
    checked((format.load)(input, options)?, input)
}

fn checked(connectome: Connectome, input: &Input) -> Result<Connectome, Error> {
    connectome.check_at(&input.place())?;
    Ok(connectome)
}

/// The most bytes read from one file or unpacked from one archive.
pub(crate) const MAX_BYTES: u64 = 4 << 30;

/// Reads a file of at most [`MAX_BYTES`].
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    let io = |source| Error::Io { path: path.to_path_buf(), source };
    let file = File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let too_large = |found| Error::TooLarge { at: Place::file(path.display().to_string()), what: "bytes".into(), found, limit: MAX_BYTES };
    if size > MAX_BYTES {
        return Err(too_large(size));
    }
    let mut bytes = Vec::with_capacity(size as usize);
    // A pipe or a growing file has no size to trust: the limit holds while reading.
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MAX_BYTES { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}
