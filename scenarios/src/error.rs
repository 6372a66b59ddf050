//! Errors that point at the line.

use std::fmt;

use crate::key::KeyPath;

/// What is wrong, and where.
#[derive(Debug)]
pub struct Error {
    /// Where the faulty text stands.
    pub place: Place,
    /// The key it belongs to; the root where it belongs to none.
    pub key: KeyPath,
    /// What is wrong with it.
    pub cause: Cause,
}

/// Where the faulty text stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file; lines and columns count from 1, columns in characters.
    File {
        /// Path as it was given.
        file: String,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
        /// Characters to underline, at least 1.
        width: usize,
        /// The whole line.
        text: String,
    },
    /// In an override; the text is `key=value`.
    Override {
        /// As it was typed.
        text: String,
    },
    /// The file as a whole.
    Whole {
        /// Path as it was given.
        file: String,
    },
}

/// What can be wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The file cannot be read.
    #[error("cannot read: {0}")]
    Read(#[source] std::io::Error),
    /// Not TOML.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A key that nothing reads.
    #[error("unknown key `{name}`{}", hint(.nearest, .known))]
    UnknownKey {
        /// The key.
        name: String,
        /// The key that was probably meant.
        nearest: Option<String>,
        /// All keys that are possible here.
        known: Vec<String>,
    },
    /// A key that has to be there.
    #[error("missing key `{name}`{}", because(.why))]
    MissingKey {
        /// The key.
        name: String,
        /// Why it is needed; may be empty.
        why: String,
    },
    /// A value of the wrong kind, with the wrong unit, or out of range.
    #[error("found {found}, expected {expected}")]
    Unexpected {
        /// What was written.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// A quantity that cannot be read.
    #[error(transparent)]
    Unit(#[from] models::units::UnitError),
    /// A value that its type refuses, in the words of that type.
    #[error("{message}")]
    Refused {
        /// The words.
        message: String,
    },
    /// A name of something that does not exist.
    #[error("no {what} `{name}`{}", hint(.nearest, .known))]
    UnknownName {
        /// What it is a name of, such as `population`.
        what: String,
        /// The name.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// All names that are possible here.
        known: Vec<String>,
    },
    /// A pattern that fits nothing.
    #[error("no population fits `{pattern}`")]
    EmptyPattern {
        /// The pattern.
        pattern: String,
    },
    /// Two things with one name.
    #[error("there are two populations `{name}`")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// Keys that exclude each other.
    #[error("`{key}` does not go with {other}{}", because(.why))]
    Conflict {
        /// One key.
        key: String,
        /// What it does not go with.
        other: String,
        /// Why; may be empty.
        why: String,
    },
    /// A model refuses its parameters.
    #[error(transparent)]
    Model(#[from] models::Error),
    /// No receptor of the target takes a weight of this sign.
    #[error("{model} has no receptor for {sign} weights, found {found}")]
    NoReceptor {
        /// The target's model.
        model: String,
        /// `positive` or `negative`.
        sign: &'static str,
        /// The weight or its distribution.
        found: String,
    },
    /// The projection cannot be made with these populations.
    #[error("{rule} from `{source_name}` ({n_source} neurons) to `{target}` ({n_target} neurons): {why}")]
    Impossible {
        /// The rule.
        rule: &'static str,
        /// Source population.
        source_name: String,
        /// Its size.
        n_source: u32,
        /// Target population.
        target: String,
        /// Its size.
        n_target: u32,
        /// What does not fit.
        why: String,
    },
    /// A population has no positions where distance matters.
    #[error("population `{population}` has no positions, which {what} needs")]
    NoPositions {
        /// The population.
        population: String,
        /// What depends on distance.
        what: &'static str,
    },
    /// More neurons than node ids.
    #[error("{found} neurons in all, expected at most {}", u32::MAX)]
    TooManyNeurons {
        /// How many.
        found: u64,
    },
    /// The connectome cannot be loaded or changed as asked.
    #[error("{0}")]
    Connectome(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The recipe cannot make a network.
    #[error("{0}")]
    Regions(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is planned cannot be built, in the words of who would build it.
    #[error("{0}")]
    Build(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A part of the network that the recipe made is wrong.
    #[error("the recipe's {what}: {cause}")]
    InRecipe {
        /// Which part.
        what: String,
        /// What is wrong with it.
        cause: Box<Cause>,
    },
    /// More projections than memory is meant for.
    #[error("{found} projections, expected at most {most}")]
    TooManyProjections {
        /// How many.
        found: u64,
        /// The most.
        most: u64,
    },
    /// A line of an edge file is wrong.
    #[error("{file}:{line}: {message}")]
    EdgeFile {
        /// The edge file.
        file: String,
        /// Its line.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

impl Cause {
    /// `found`, where `expected` would be right.
    pub(crate) fn unexpected(found: impl fmt::Display, expected: impl Into<String>) -> Self {
        Cause::Unexpected { found: found.to_string(), expected: expected.into() }
    }

    /// There is no `what` called `name`; `known` are all there are.
    pub(crate) fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let nearest = crate::names::nearest(name, known.iter().map(String::as_str));
        Cause::UnknownName { what: what.to_owned(), name: name.to_owned(), nearest, known }
    }

    /// The key `name` has to be there.
    pub(crate) fn missing(name: &str, why: impl Into<String>) -> Self {
        Cause::MissingKey { name: name.to_owned(), why: why.into() }
    }
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

/// The nearest name, or a short list of all.
fn hint(nearest: &Option<String>, known: &[String]) -> String {
    match (nearest, known) {
        (Some(name), _) => format!("; did you mean `{name}`?"),
        (None, []) => String::new(),
        (None, known) if known.len() > 24 => format!("; there are {}, such as `{}` and `{}`", known.len(), known[0], known[1]),
        (None, known) => format!("; there {} `{}`", if known.len() == 1 { "is only" } else { "are" }, known.join("`, `")),
    }
}

impl Error {
    /// The line, counted from 1, where the error lies in a file.
    pub fn line(&self) -> Option<usize> {
        match self.place {
            Place::File { line, .. } => Some(line),
            _ => None,
        }
    }

    /// The error in several lines: message, faulty line, caret. For terminals.
    pub fn render(&self) -> String {
        let Place::File { line, column, width, text, .. } = &self.place else { return self.to_string() };
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        // Tabs are kept, so that the caret stands below its text whatever their width.
        let indent: String = text.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        format!("{self}\n{gutter} |\n{number} | {text}\n{gutter} | {indent}{}", "^".repeat(*width))
    }

    /// The message without its place: key and cause.
    pub fn message(&self) -> String {
        if self.key.is_root() { self.cause.to_string() } else { format!("{}: {}", self.key, self.cause) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { file, line, .. } => write!(f, "{file}:{line}: ")?,
            Place::Override { text } => write!(f, "--set {text}: ")?,
            Place::Whole { file } => write!(f, "{file}: ")?,
        }
        f.write_str(&self.message())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.cause)
    }
}
