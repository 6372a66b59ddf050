//! One table of a scenario: a struct, and what the reference page says of each key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use models::units::*;
use serde::{Deserialize, Serialize};

/// A key of a table, as the reference page shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What may stand there: `time`, `list of names`, ...
    pub kind: String,
    /// What holds where the key is missing; `None` if it has to be there, empty if nothing.
    pub default: Option<String>,
    /// What it means.
    pub about: String,
}

/// A table of a scenario.
pub trait Section: Default + Serialize {
    /// What the table is about.
    const ABOUT: &'static str;
    /// Its keys.
    fn keys() -> Vec<Key>;
}

/// What may stand at a key, in a user's words.
pub trait Kind {
    /// True if the key has to be there.
    const REQUIRED: bool = false;
    /// The words.
    fn kind() -> String;
}

/// A value that has to be there. Kept as an option, so that a missing one is found when the plan is
/// made, where its place is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Required<T>(pub Option<T>);

impl<T> Default for Required<T> {
    fn default() -> Self {
        Required(None)
    }
}

impl<T: Kind> Kind for Required<T> {
    const REQUIRED: bool = true;
    fn kind() -> String {
        T::kind()
    }
}

impl<T: Kind> Kind for Option<T> {
    fn kind() -> String {
        T::kind()
    }
}

impl<T: Kind> Kind for Vec<T> {
    fn kind() -> String {
        format!("list of {}", T::kind())
    }
}

impl<T: Kind> Kind for BTreeMap<String, T> {
    fn kind() -> String {
        format!("table, per name: {}", T::kind())
    }
}

impl<T: Kind> Kind for IndexMap<String, T> {
    fn kind() -> String {
        format!("table, per name: {}", T::kind())
    }
}

macro_rules! kinds {
    ($($Type:ty: $kind:literal,)*) => { $(impl Kind for $Type { fn kind() -> String { $kind.to_owned() } })* };
}
pub(crate) use kinds;

kinds! {
    bool: "true or false",
    f64: "number",
    String: "text",
    PathBuf: "path",
    Millis: "time",
    MetresPerSecond: "speed",
    Millimetres: "length",
    Picoamps: "current",
    Hertz: "rate",
    Degrees: "angle",
    Quantity: "quantity",
    [u32; 2]: "`[first, count]`",
}

/// Declares a table: a struct with documented keys and their defaults, read and written by serde.
macro_rules! section {
    ($(#[doc = $doc:literal])+ pub struct $Name:ident { $($(#[doc = $fdoc:literal])+ $(#[serde($($serde:tt)*)])? $field:ident: $Type:ty $(= $default:expr)?,)* }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $Name { $($(#[doc = $fdoc])+ $(#[serde($($serde)*)])? pub $field: $Type,)* }

        impl Default for $Name {
            fn default() -> Self { $Name { $($field: $crate::schema::section::section!(@default $($default)?),)* } }
        }

        impl $crate::schema::Section for $Name {
            const ABOUT: &'static str = concat!($($doc),+);
            fn keys() -> Vec<$crate::schema::Key> {
                vec![$($crate::schema::section::key::<$Name, $Type>(stringify!($field), concat!($($fdoc),+))),*]
            }
        }
    };
    (@default) => { Default::default() };
    (@default $default:expr) => { $default };
}
pub(crate) use section;

/// The key `name` of table `S`, which holds a `T`.
pub(crate) fn key<S: Section, T: Kind>(name: &'static str, about: &str) -> Key {
    let defaults = toml::Table::try_from(S::default()).expect("defaults are plain values");
    let default =
        defaults.get(name).filter(|v| v.as_table().is_none_or(|t| !t.is_empty())).filter(|v| v.as_array().is_none_or(|a| !a.is_empty()));
    let default = default.map_or(String::new(), toml::Value::to_string);
    Key { name, kind: T::kind(), default: (!T::REQUIRED).then_some(default), about: about.trim().to_owned() }
}
