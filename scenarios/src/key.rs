//! Where a value stands in a document: `projections[2].weight`.

use std::fmt;

/// One step down into a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Segment {
    Name(String),
    Index(usize),
}

/// The path of a key, from the root of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeyPath(Vec<Segment>);

impl KeyPath {
    /// The document itself.
    pub fn root() -> Self {
        KeyPath::default()
    }

    /// The key of this name in the table here.
    pub fn key(&self, name: &str) -> Self {
        self.with(Segment::Name(name.to_owned()))
    }

    /// The element at this index of the array here.
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    /// A path of plain names, such as `simulation.dt`.
    pub fn of(dotted: &str) -> Self {
        KeyPath(dotted.split('.').map(|name| Segment::Name(name.to_owned())).collect())
    }

    /// The table or array that holds this one; `None` for the document itself.
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(KeyPath(rest.to_vec()))
    }

    /// This path followed by another.
    pub fn join(&self, other: &KeyPath) -> Self {
        KeyPath(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// What is left of this path below `ancestor`, if it lies there.
    pub fn below(&self, ancestor: &KeyPath) -> Option<Self> {
        self.0.strip_prefix(ancestor.0.as_slice()).map(|rest| KeyPath(rest.to_vec()))
    }

    /// The last name, if the path ends in one.
    pub fn last_name(&self) -> Option<&str> {
        match self.0.last()? {
            Segment::Name(name) => Some(name),
            Segment::Index(_) => None,
        }
    }

    /// The value here in a document.
    pub(crate) fn find<'a>(&self, table: &'a toml::Table) -> Option<&'a toml::Value> {
        let (first, rest) = self.0.split_first()?;
        let Segment::Name(name) = first else { return None };
        rest.iter().try_fold(table.get(name)?, |value, segment| match segment {
            Segment::Name(name) => value.get(name),
            Segment::Index(index) => value.get(*index),
        })
    }

    /// True for the document itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    fn with(&self, segment: Segment) -> Self {
        let mut path = self.clone();
        path.0.push(segment);
        path
    }
}

impl From<&serde_path_to_error::Path> for KeyPath {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment as Serde;
        let segments = path.iter().filter_map(|segment| match segment {
            Serde::Seq { index } => Some(Segment::Index(*index)),
            Serde::Map { key } => Some(Segment::Name(key.clone())),
            Serde::Enum { variant } => Some(Segment::Name(variant.clone())),
            Serde::Unknown => None,
        });
        KeyPath(segments.collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Name(name) => {
                    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
                    let dot = if i == 0 { "" } else { "." };
                    if bare { write!(f, "{dot}{name}")? } else { write!(f, "{dot}{name:?}")? }
                }
            }
        }
        Ok(())
    }
}
