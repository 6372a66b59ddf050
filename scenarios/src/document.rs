//! The text of a scenario: values, and where each of them stands.
//!
//! A file is the base; a variant of it and `--set` overrides are laid over. Every value remembers
//! where it came from, so that an error found much later still points at the right line.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use crate::error::{Cause, Error, Place};
use crate::key::KeyPath;
use crate::names;

/// Tables that are one value: an override replaces them whole.
pub(crate) const WHOLE: [&str; 5] = ["weight", "delay", "decay", "positions", "initial"];

/// Largest scenario file. Long edge lists belong into their own file.
const MAX_BYTES: u64 = 64 << 20;

/// A parsed file with its overrides.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    file: PathBuf,
    text: String,
    table: Table,
    spans: HashMap<KeyPath, Spans>,
    overrides: Vec<Override>,
}

/// Byte ranges of a key and of its value.
#[derive(Clone, Debug)]
struct Spans {
    key: Range<usize>,
    value: Range<usize>,
}

/// A value that is laid over one key: by `--set key=value`, or by a sweep.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    /// The key, name by name.
    pub(crate) names: Vec<String>,
    /// The value.
    pub(crate) value: Value,
    /// Where it was typed.
    pub(crate) place: Place,
}

/// Where a value of a resolved document comes from.
#[derive(Clone, Debug)]
enum Origin {
    Variant(KeyPath),
    Override(usize),
}

/// A document with variant and overrides laid over.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    document: Document,
    /// The values.
    pub(crate) table: Table,
    /// The variant that was chosen.
    pub(crate) variant: Option<String>,
    origins: HashMap<KeyPath, Origin>,
}

impl Document {
    /// Reads a file.
    pub(crate) fn load(path: &Path) -> Result<Self, Error> {
        let whole = |e| Error { place: Place::Whole { file: path.display().to_string() }, key: KeyPath::root(), cause: Cause::Read(e) };
        let size = std::fs::metadata(path).map_err(whole)?.len();
        if size > MAX_BYTES {
            let cause = Cause::unexpected(format!("{size} bytes"), format!("a scenario of at most {MAX_BYTES} bytes"));
            return Err(Error { cause, ..whole(std::io::Error::other("too large")) });
        }
        let text = std::fs::read_to_string(path).map_err(whole)?;
        Document::parse(&text, path)
    }

    /// Parses text; `file` is what messages call it and where relative paths start.
    pub(crate) fn parse(text: &str, file: &Path) -> Result<Self, Error> {
        let mut document =
            Document { file: file.to_owned(), text: text.to_owned(), table: Table::new(), spans: HashMap::new(), overrides: Vec::new() };
        let syntax = |e: toml::de::Error| {
            let mut message = e.message().lines().collect::<Vec<_>>().join(", ");
            let span = e.span().unwrap_or(0..0);
            if let Some(key) = document.text.get(span.clone()).filter(|_| message == "duplicate key") {
                message = format!("duplicate key `{key}`");
            }
            let place = document.place_at(span);
            Error { place, key: KeyPath::root(), cause: Cause::Syntax { message } }
        };
        let spanned = DeTable::parse(text).map_err(syntax)?;
        let table = toml::from_str::<Table>(text).map_err(syntax)?;
        document.table = table;
        index_table(spanned.get_ref(), &KeyPath::root(), &mut document.spans);
        Ok(document)
    }

    /// The file's path, as it was given.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Adds an override, `key.path=value`. The value is TOML; what is not TOML is taken as text.
    pub(crate) fn set(&mut self, assignment: &str) -> Result<(), Error> {
        let place = Place::Override { text: assignment.to_owned() };
        let refuse = |cause| Error { place: place.clone(), key: KeyPath::root(), cause };
        let Some((key, value)) = assignment.split_once('=') else {
            return Err(refuse(Cause::unexpected(format!("\"{assignment}\""), "key=value, such as simulation.seed=7")));
        };
        let names =
            split_key(key).ok_or_else(|| refuse(Cause::unexpected(format!("the key `{key}`"), "a dotted key such as simulation.seed")))?;
        let value = value.trim();
        let parsed = toml::from_str::<Table>(&format!("value = {value}")).ok().filter(|t| t.len() == 1);
        let value = parsed.and_then(|mut t| t.remove("value")).unwrap_or_else(|| Value::String(value.to_owned()));
        self.lay(Override { names, value, place });
        Ok(())
    }

    /// Adds an override that was read elsewhere.
    pub(crate) fn lay(&mut self, change: Override) {
        self.overrides.push(change);
    }

    /// The file as it was typed: no variant, no overrides.
    pub(crate) fn plain(&self) -> Resolved {
        Resolved { document: self.clone(), table: self.table.clone(), variant: None, origins: HashMap::new() }
    }

    /// Names of the variants in the file.
    pub(crate) fn variants(&self) -> Vec<String> {
        let variants = self.table.get("variants").and_then(Value::as_table);
        variants.map_or_else(Vec::new, |table| table.keys().cloned().collect())
    }

    /// Lays the chosen variant and the overrides over the file.
    pub(crate) fn resolve(&self) -> Result<Resolved, Error> {
        let mut resolved = self.plain();
        let chosen = |o: &Override| (o.names == ["variant"]).then(|| o.value.clone());
        if let Some(value) = self.overrides.iter().rev().find_map(chosen) {
            let last = self.overrides.iter().rposition(|o| o.names == ["variant"]).unwrap_or(0);
            resolved.origins.insert(KeyPath::of("variant"), Origin::Override(last));
            resolved.table.insert("variant".to_owned(), value);
        }
        resolved.apply_variant()?;
        for (i, each) in self.overrides.iter().enumerate().filter(|(_, o)| o.names != ["variant"]) {
            resolved.apply(&each.names, each.value.clone(), i)?;
        }
        Ok(resolved)
    }

    /// Where these bytes of the text are.
    fn place_at(&self, span: Range<usize>) -> Place {
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        let text = self.text[line_start..].lines().next().unwrap_or("").to_owned();
        let column = before[line_start..].chars().count() + 1;
        let width = self.text.get(span).map_or(1, |s| s.lines().next().unwrap_or("").chars().count()).max(1);
        let line = before.matches('\n').count() + 1;
        Place::File { file: self.file.display().to_string(), line, column, width, text }
    }
}

/// Names between backticks.
pub(crate) fn quoted(message: &str) -> Vec<String> {
    message.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Splits `a."b.c".d` and `a[2].b` into names.
fn split_key(key: &str) -> Option<Vec<String>> {
    let key = key.trim().replace('[', ".").replace(']', "");
    let mut table = toml::from_str::<Table>(&format!("{key} = 0")).ok()?;
    let mut names = Vec::new();
    loop {
        let (name, value) = table.into_iter().next()?;
        names.push(name);
        match value {
            Value::Table(inner) => table = inner,
            _ => return Some(names),
        }
    }
}

fn index_table(table: &DeTable<'_>, path: &KeyPath, spans: &mut HashMap<KeyPath, Spans>) {
    for (key, value) in table {
        let path = path.key(key.get_ref());
        spans.insert(path.clone(), Spans { key: key.span(), value: value.span() });
        index_value(value, &path, spans);
    }
}

fn index_value(value: &Spanned<DeValue<'_>>, path: &KeyPath, spans: &mut HashMap<KeyPath, Spans>) {
    match value.get_ref() {
        DeValue::Table(table) => index_table(table, path, spans),
        DeValue::Array(array) => {
            for (i, element) in array.iter().enumerate() {
                let path = path.index(i);
                spans.insert(path.clone(), Spans { key: element.span(), value: element.span() });
                index_value(element, &path, spans);
            }
        }
        _ => (),
    }
}

impl Resolved {
    /// The file's path, as it was given.
    pub(crate) fn file(&self) -> &Path {
        self.document.file()
    }

    /// The value at this key.
    pub(crate) fn value(&self, key: &KeyPath) -> Option<&Value> {
        key.find(&self.table)
    }

    /// Reads the section at `path`, whose values are `value`, as a `T`.
    pub(crate) fn read<T: DeserializeOwned>(&self, value: Value, path: &KeyPath) -> Result<T, Error> {
        serde_path_to_error::deserialize(value).map_err(|e| {
            let path = path.join(&KeyPath::from(e.path()));
            self.serde_error(&path, e.inner().message())
        })
    }

    /// An error at this key: at its value, or where the key is missing at what should hold it.
    pub(crate) fn error(&self, key: &KeyPath, cause: impl Into<Cause>) -> Error {
        Error { place: self.place(key, false), key: key.clone(), cause: cause.into() }
    }

    /// Turns serde's words into a cause.
    pub(crate) fn serde_error(&self, path: &KeyPath, message: &str) -> Error {
        let message = message.lines().next().unwrap_or("");
        if message.starts_with("unknown field") {
            let mut known = quoted(message);
            let name = known.remove(0);
            let key = if path.last_name() == Some(&name) { path.clone() } else { path.key(&name) };
            let nearest = names::nearest(&name, known.iter().map(String::as_str));
            let table = key.parent().unwrap_or_default();
            return Error { place: self.place(&key, true), key: table, cause: Cause::UnknownKey { name, nearest, known } };
        }
        if message.starts_with("missing field") {
            let name = quoted(message).swap_remove(0);
            return self.error(path, Cause::missing(&name, ""));
        }
        if message.starts_with("unknown variant") {
            let mut known = quoted(message);
            let name = known.remove(0);
            let what = path.last_name().filter(|last| *last != name).unwrap_or("distribution or shape");
            return self.error(path, Cause::unknown(what, &name, known.iter().map(String::as_str)));
        }
        let words = ["invalid type: ", "invalid value: ", "invalid length "];
        let found = words.iter().find_map(|w| message.strip_prefix(w)).and_then(|m| m.split_once(", expected "));
        let Some((found, expected)) = found else { return self.error(path, Cause::Refused { message: message.to_owned() }) };
        let count = if message.starts_with("invalid length") { " values" } else { "" };
        let found = ["string ", "integer `", "floating point `", "boolean `"].iter().find_map(|w| found.strip_prefix(w)).unwrap_or(found);
        let expected = match expected {
            "f64" => "a number",
            "u32" => "a whole number that is not negative",
            "a boolean" => "true or false",
            "struct" => "a table",
            other => other,
        };
        self.error(path, Cause::unexpected(format!("{}{count}", found.trim_end_matches('`')), expected))
    }

    /// Where the value at this key was typed; its key where `at_key`.
    pub(crate) fn place(&self, key: &KeyPath, at_key: bool) -> Place {
        let mut path = Some(key.clone());
        while let Some(here) = path {
            let exact = here == *key;
            let in_file = match self.origin(&here) {
                Some(Origin::Override(i)) => return self.document.overrides[*i].place.clone(),
                Some(Origin::Variant(path)) => path.clone(),
                None => here.clone(),
            };
            if let Some(spans) = self.document.spans.get(&in_file) {
                return self.document.place_at(if exact && !at_key { spans.value.clone() } else { spans.key.clone() });
            }
            path = here.parent().filter(|p| !p.is_root());
        }
        Place::Whole { file: self.document.file.display().to_string() }
    }

    /// Where the value at exactly this key comes from, if not from the base. A key below an
    /// overridden one comes from the same override.
    fn origin(&self, key: &KeyPath) -> Option<&Origin> {
        let mut path = key.clone();
        loop {
            if let Some(origin) = self.origins.get(&path) {
                return Some(origin);
            }
            path = path.parent()?;
        }
    }

    fn apply_variant(&mut self) -> Result<(), Error> {
        let variants = self.table.remove("variants");
        let here = KeyPath::of("variants");
        let variants = match variants {
            Some(Value::Table(table)) => table,
            Some(other) => return Err(self.error(&here, Cause::unexpected(other.type_str(), "a table of variants"))),
            None => Table::new(),
        };
        let key = KeyPath::of("variant");
        let chosen = match self.table.remove("variant") {
            Some(Value::String(name)) => name,
            Some(other) => return Err(self.error(&key, Cause::unexpected(other, "the name of a variant"))),
            None => return Ok(()),
        };
        let Some(changes) = variants.get(&chosen) else {
            return Err(self.error(&key, Cause::unknown("variant", &chosen, variants.keys().map(String::as_str))));
        };
        let from = here.key(&chosen);
        let Value::Table(changes) = changes else {
            return Err(self.error(&from, Cause::unexpected(changes.type_str(), "a table of keys to change")));
        };
        self.variant = Some(chosen);
        let mut base = Value::Table(std::mem::take(&mut self.table));
        let merged = merge(&mut base, Value::Table(changes.clone()), &KeyPath::root(), &from, &mut self.origins);
        if let Value::Table(table) = base {
            self.table = table;
        }
        merged.map_err(|(at, cause)| Error { place: self.place(&at, false), key: at, cause })
    }

    fn apply(&mut self, names: &[String], value: Value, override_index: usize) -> Result<(), Error> {
        let mut path = KeyPath::root();
        let place = self.document.overrides[override_index].place.clone();
        let mut table = Value::Table(std::mem::take(&mut self.table));
        let mut result = Ok(());
        let mut here = &mut table;
        for (i, name) in names.iter().enumerate() {
            match descend(here, name, &path) {
                Ok((inner, key)) => (here, path) = (inner, key),
                Err(cause) => {
                    result = Err(Error { place, key: path.clone(), cause });
                    break;
                }
            }
            if i + 1 == names.len() {
                *here = value;
                self.origins.insert(path, Origin::Override(override_index));
                break;
            }
        }
        if let Value::Table(table) = table {
            self.table = table;
        }
        result
    }
}

/// The value called `name` in a table (made if it is not there) or in an array (by its index or by
/// its key `name`), and its path.
fn descend<'a>(value: &'a mut Value, name: &str, path: &KeyPath) -> Result<(&'a mut Value, KeyPath), Cause> {
    match value {
        Value::Table(table) => Ok((table.entry(name.to_owned()).or_insert_with(|| Value::Table(Table::new())), path.key(name))),
        Value::Array(array) => {
            let label = |v: &Value| v.get("name").and_then(Value::as_str).map(str::to_owned);
            let labels: Vec<String> = array.iter().enumerate().map(|(i, v)| label(v).unwrap_or_else(|| i.to_string())).collect();
            let index = labels.iter().position(|l| l == name).or_else(|| name.parse().ok().filter(|i| *i < array.len()));
            let index = index.ok_or_else(|| Cause::unknown("element", name, labels.iter().map(String::as_str)))?;
            Ok((&mut array[index], path.index(index)))
        }
        other => Err(Cause::unexpected(&*other, format!("a table that could hold `{name}`"))),
    }
}

/// Lays `changes`, which stand at `from` in the file, over `base` at `path`.
fn merge(
    base: &mut Value,
    changes: Value,
    path: &KeyPath,
    from: &KeyPath,
    origins: &mut HashMap<KeyPath, Origin>,
) -> Result<(), (KeyPath, Cause)> {
    let whole = path.last_name().is_some_and(|name| WHOLE.contains(&name));
    match changes {
        Value::Table(changes) if !whole && (base.is_table() || base.is_array()) => {
            for (name, change) in changes {
                let from = from.key(&name);
                let (inner, key) = descend(base, &name, path).map_err(|cause| (from.clone(), cause))?;
                merge(inner, change, &key, &from, origins)?;
            }
        }
        other => {
            *base = other;
            origins.insert(path.clone(), Origin::Variant(from.clone()));
        }
    }
    Ok(())
}
