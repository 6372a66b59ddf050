//! What can go wrong with a connectome, one variant per cause.

use std::fmt;
use std::path::PathBuf;

/// Where in the user's data something was found: a file, a part of it, a line.
///
/// Shown as `brain.zip: member weights.txt: line 3`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user named it.
    pub file: String,
    /// Zip member, HDF5 dataset, MAT variable, sheet, key: with its kind, such as `member weights.txt`.
    pub part: Option<String>,
    /// Line or row, counted from 1.
    pub line: Option<usize>,
}

impl Place {
    /// A whole file.
    pub fn file(name: impl Into<String>) -> Self {
        Place { file: name.into(), part: None, line: None }
    }

    /// A part of this file, such as `dataset /weights`. Replaces an earlier part.
    pub fn part(&self, part: impl Into<String>) -> Self {
        Place { part: Some(part.into()), line: None, ..self.clone() }
    }

    /// A line of this file or part, counted from 1.
    pub fn line(&self, line: usize) -> Self {
        Place { line: Some(line), ..self.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(part) = &self.part {
            write!(f, ": {part}")?;
        }
        if let Some(line) = self.line {
            write!(f, ": line {line}")?;
        }
        Ok(())
    }
}

/// A user's file, or a request about it, that cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No loader recognises the content.
    #[error("{at}: unknown format: it starts with {found}; expected one of: {expected}")]
    UnknownFormat {
        /// The file.
        at: Place,
        /// Its first bytes.
        found: String,
        /// Names of all formats.
        expected: String,
    },
    /// The data breaks the rules of its format.
    #[error("{at}: found {found}, expected {expected}")]
    Malformed {
        /// Where.
        at: Place,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// A text that should be a number.
    #[error("{at}: found {}, expected a number for {what}", quoted(found))]
    NotANumber {
        /// Where.
        at: Place,
        /// What the number means, with its column where there is one.
        what: String,
        /// The text.
        found: String,
    },
    /// A row with another number of values than the rows before it.
    #[error("{at}: found {found} values, expected {expected} as in the rows before")]
    Ragged {
        /// Where.
        at: Place,
        /// Values in this row.
        found: usize,
        /// Values in the others.
        expected: usize,
    },
    /// A matrix between regions that is not square.
    #[error("{at}: found {rows} rows and {columns} columns, expected a square matrix")]
    NotSquare {
        /// Where.
        at: Place,
        /// Rows found.
        rows: usize,
        /// Columns found.
        columns: usize,
    },
    /// Two parts that must have the same number of regions.
    #[error("{at}: found {found} {what}, expected {expected}, one per region")]
    CountMismatch {
        /// Where.
        at: Place,
        /// What is counted: `labels`, `rows of lengths`, ...
        what: String,
        /// Their number.
        found: usize,
        /// Number of regions.
        expected: usize,
    },
    /// An entry that is NaN or infinite.
    #[error("{at}: found {value} as the {what} from {from} to {to}, expected a finite number")]
    NotFinite {
        /// Where.
        at: Place,
        /// `weight`, `length`, ...
        what: &'static str,
        /// Label of the source.
        from: String,
        /// Label of the target.
        to: String,
        /// The value.
        value: f64,
    },
    /// A negative weight or length.
    #[error("{at}: found {value} as the {what} from {from} to {to}, expected 0 or more{}", negative_hint(what))]
    Negative {
        /// Where.
        at: Place,
        /// `weight` or `length`.
        what: &'static str,
        /// Label of the source.
        from: String,
        /// Label of the target.
        to: String,
        /// The value.
        value: f64,
    },
    /// A number of one region that lies outside its range.
    #[error("{at}: found {found} as the {what} of region {label}, expected {expected}")]
    RegionValue {
        /// Where.
        at: Place,
        /// `volume`, `position`, ...
        what: &'static str,
        /// The region.
        label: String,
        /// The value.
        found: String,
        /// The range.
        expected: &'static str,
    },
    /// A label that names two regions.
    #[error("{at}: label {} names region {first} and region {second}, expected unique labels", quoted(label))]
    DuplicateLabel {
        /// Where.
        at: Place,
        /// The label.
        label: String,
        /// First region with it, counted from 1.
        first: usize,
        /// Second region with it, counted from 1.
        second: usize,
    },
    /// A region with no label.
    #[error("{at}: region {number} has an empty label")]
    EmptyLabel {
        /// Where.
        at: Place,
        /// The region, counted from 1.
        number: usize,
    },
    /// Something a format requires is not there.
    #[error("{at}: no {what}; found {found}")]
    Missing {
        /// Where.
        at: Place,
        /// What is missing.
        what: String,
        /// What is there instead.
        found: String,
    },
    /// Several parts of a file could be meant.
    #[error("{at}: several candidates for the {what}: {found}; name the one to take")]
    Ambiguous {
        /// Where.
        at: Place,
        /// What is sought.
        what: String,
        /// The candidates.
        found: String,
    },
    /// Valid data that this program does not read.
    #[error("{at}: {what} cannot be read; {instead}")]
    Unsupported {
        /// Where.
        at: Place,
        /// What was met.
        what: String,
        /// What to do instead.
        instead: String,
    },
    /// More data than any connectome needs; refused before it is allocated.
    #[error("{at}: found {found} {what}, expected at most {limit}")]
    TooLarge {
        /// Where.
        at: Place,
        /// What is counted: `regions`, `bytes`, ...
        what: String,
        /// Their number.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The data ends too early.
    #[error("{at}: ends after {found} bytes, expected {expected}: the file is cut off")]
    Truncated {
        /// Where.
        at: Place,
        /// Bytes that are there.
        found: u64,
        /// Bytes that the header promises.
        expected: u64,
    },
    /// A compressed or structured container that its library cannot open.
    #[error("{at}: not a readable {what}: {reason}")]
    Container {
        /// Where.
        at: Place,
        /// `zip archive`, `HDF5 file`, ...
        what: &'static str,
        /// The library's words.
        reason: String,
    },
    /// A region that the connectome does not have.
    #[error("no region {} in {connectome}{}", quoted(label), nearest_hint(nearest))]
    UnknownRegion {
        /// What was asked for.
        label: String,
        /// Name of the connectome.
        connectome: String,
        /// The label most like it.
        nearest: Option<String>,
    },
    /// An atlas that is not built in.
    #[error("no atlas {}{}; built in are {known}", quoted(name), nearest_hint(nearest))]
    UnknownAtlas {
        /// What was asked for.
        name: String,
        /// The name most like it.
        nearest: Option<String>,
        /// All names.
        known: String,
    },
    /// An operation needs something this connectome does not carry.
    #[error("{connectome} has no {what}: {instead}")]
    NotCarried {
        /// Name of the connectome.
        connectome: String,
        /// `tract lengths`, `positions`, ...
        what: String,
        /// What to do instead.
        instead: String,
    },
    /// An argument of an operation that lies outside its range.
    #[error("{what} is {found}, expected {expected}")]
    Argument {
        /// Name of the argument.
        what: &'static str,
        /// The value.
        found: String,
        /// The range.
        expected: &'static str,
    },
}

/// A user's text in backticks, shortened, with no control characters.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push_str("...");
    }
    format!("`{shown}`")
}

/// The candidate most like `wanted`, if one is close enough to be meant.
pub(crate) fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    let wanted = wanted.to_lowercase();
    let likeness = |c: &str| strsim::jaro_winkler(&wanted, &c.to_lowercase());
    candidates.map(|c| (likeness(c), c)).filter(|(score, _)| *score > 0.6).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, c)| c.to_string())
}

fn nearest_hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|n| format!("; did you mean {}?", quoted(n))).unwrap_or_default()
}

fn negative_hint(what: &str) -> &'static str {
    if what == "weight" { " (a weight is the strength of a tract; its sign comes from the source neurons)" } else { "" }
}
