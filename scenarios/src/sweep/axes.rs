//! What changes from point to point: keys of a scenario and their values.

use toml::{Table, Value};

use super::draw::Draw;
use crate::document::{Override, Resolved, WHOLE};
use crate::error::{Cause, Error, Place};
use crate::key::KeyPath;
use crate::schema::SweepSpec;

/// Most values that are drawn for one key.
const MAX_DRAWS: u64 = 1_000_000;

/// Keys that change together.
#[derive(Clone, Debug)]
pub(super) struct Dimension {
    /// The keys.
    pub(super) axes: Vec<Axis>,
    /// How many values each of them has.
    pub(super) len: usize,
    /// True if the values are drawn at random.
    pub(super) drawn: bool,
}

/// One key of the scenario and its values.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    names: Vec<String>,
    /// Each value, and where it was typed.
    values: Vec<(Value, Place)>,
}

impl Axis {
    /// The key, as `--set` takes it.
    pub(super) fn key(&self) -> String {
        path(&KeyPath::root(), &self.names).to_string()
    }

    /// What this axis does to the scenario at its value of this index.
    pub(super) fn change(&self, index: usize) -> Override {
        let (value, place) = self.values[index].clone();
        Override { names: self.names.clone(), value, place }
    }
}

/// A key of the scenario that the sweep file gives something for.
struct Leaf<'a> {
    names: Vec<String>,
    /// Where it stands in the sweep file.
    at: KeyPath,
    value: &'a Value,
}

/// The values of `[set]`.
pub(super) fn fixed(document: &Resolved, spec: &SweepSpec) -> Result<Vec<Override>, Error> {
    let whole = |names: &[String], value: &Value| !value.is_table() || names.last().is_some_and(|n| WHOLE.contains(&n.as_str()));
    let leaves = leaves(document, "set", &spec.set, &whole)?;
    Ok(leaves.into_iter().map(|l| Override { place: document.place(&l.at, false), value: l.value.clone(), names: l.names }).collect())
}

/// All that varies, slowest first: every key of the grid, the lists, the draws, the seeds.
pub(super) fn dimensions(document: &Resolved, spec: &SweepSpec) -> Result<Vec<Dimension>, Error> {
    let mut dimensions = Vec::new();
    let mut taken = fixed(document, spec)?.into_iter().map(|o| o.names).collect::<Vec<_>>();
    let mut add = |dimension: Dimension, at: &[KeyPath]| {
        for (axis, at) in dimension.axes.iter().zip(at) {
            if let Some(other) = taken.iter().find(|names| names.starts_with(&axis.names) || axis.names.starts_with(names)) {
                let other = match *other == axis.names {
                    true => "a second change of it".to_owned(),
                    false => format!("`{}`, which is changed, too", path(&KeyPath::root(), other)),
                };
                let cause = Cause::Conflict { key: axis.key(), other, why: String::new() };
                return Err(document.error(at, cause));
            }
            taken.push(axis.names.clone());
        }
        dimensions.push(dimension);
        Ok(())
    };
    for leaf in leaves(document, "grid", &spec.grid, &|_, value| !value.is_table())? {
        let axis = listed(document, &leaf)?;
        add(Dimension { len: axis.values.len(), axes: vec![axis], drawn: false }, &[leaf.at])?;
    }
    if let Some((dimension, at)) = lists(document, spec)? {
        add(dimension, &at)?;
    }
    if let Some((dimension, at)) = random(document, spec)? {
        add(dimension, &at)?;
    }
    if !spec.seeds.is_empty() {
        let at = KeyPath::of("seeds");
        let value = |(i, seed): (usize, &crate::schema::Count)| (Value::Integer(seed.0 as i64), document.place(&at.index(i), false));
        let axis =
            Axis { names: ["simulation", "seed"].map(str::to_owned).into(), values: spec.seeds.iter().enumerate().map(value).collect() };
        add(Dimension { len: axis.values.len(), axes: vec![axis], drawn: false }, &[at])?;
    }
    if dimensions.is_empty() {
        return Err(
            document.error(&KeyPath::root(), Cause::missing("grid", "or give `lists`, `random` or `seeds`, so that something changes"))
        );
    }
    Ok(dimensions)
}

/// Keys whose lists are gone through side by side.
fn lists(document: &Resolved, spec: &SweepSpec) -> Result<Option<(Dimension, Vec<KeyPath>)>, Error> {
    let leaves = leaves(document, "lists", &spec.lists, &|_, value| !value.is_table())?;
    let axes = leaves.iter().map(|leaf| listed(document, leaf)).collect::<Result<Vec<_>, _>>()?;
    let Some(first) = axes.first() else { return Ok(None) };
    let len = first.values.len();
    if let Some(i) = axes.iter().position(|axis| axis.values.len() != len) {
        let cause = Cause::unexpected(format!("{} values", axes[i].values.len()), format!("{len} like `{}`", first.key()));
        return Err(document.error(&leaves[i].at, cause));
    }
    Ok(Some((Dimension { axes, len, drawn: false }, leaves.into_iter().map(|l| l.at).collect())))
}

/// Keys whose values are drawn.
fn random(document: &Resolved, spec: &SweepSpec) -> Result<Option<(Dimension, Vec<KeyPath>)>, Error> {
    let leaves = leaves(document, "random", &spec.random, &|_, value| Draw::is_one(value))?;
    let len = match (&spec.draws, leaves.is_empty()) {
        (None, true) => return Ok(None),
        (None, false) => return Err(document.error(&KeyPath::of("random"), Cause::missing("draws", "how many times to draw"))),
        (Some(_), true) => return Err(document.error(&KeyPath::of("draws"), Cause::missing("random", "what to draw"))),
        (Some(n), false) if (1..=MAX_DRAWS).contains(&n.0) => n.0 as usize,
        (Some(n), false) => {
            return Err(document.error(&KeyPath::of("draws"), Cause::unexpected(n.0, format!("a number from 1 to {MAX_DRAWS}"))));
        }
    };
    let axis = |leaf: &Leaf| -> Result<Axis, Error> {
        let draw = Draw::read(document, leaf.value, &leaf.at)?;
        let (key, place) = (path(&KeyPath::root(), &leaf.names).to_string(), document.place(&leaf.at, false));
        let value = |number| (draw.value(spec.draw_seed.0, &key, number as u64), place.clone());
        Ok(Axis { names: leaf.names.clone(), values: (0..len).map(value).collect() })
    };
    let axes = leaves.iter().map(axis).collect::<Result<_, _>>()?;
    Ok(Some((Dimension { axes, len, drawn: true }, leaves.into_iter().map(|l| l.at).collect())))
}

/// A key with a list of values.
fn listed(document: &Resolved, leaf: &Leaf) -> Result<Axis, Error> {
    let values = match leaf.value {
        Value::Array(values) if !values.is_empty() => values,
        Value::Array(_) => return Err(document.error(&leaf.at, Cause::unexpected("an empty list", "at least one value"))),
        other => return Err(document.error(&leaf.at, Cause::unexpected(other, "a list of values such as [1, 2, 3]"))),
    };
    let place = |i| document.place(&leaf.at.index(i), false);
    Ok(Axis { names: leaf.names.clone(), values: values.iter().enumerate().map(|(i, v)| (v.clone(), place(i))).collect() })
}

/// The keys of the scenario below a table of the sweep file, down to where `ends` says that a value begins.
fn leaves<'a>(
    document: &Resolved,
    section: &str,
    table: &'a Table,
    ends: &dyn Fn(&[String], &Value) -> bool,
) -> Result<Vec<Leaf<'a>>, Error> {
    let mut found = Vec::new();
    collect(&KeyPath::of(section), &mut Vec::new(), table, ends, &mut found);
    for Leaf { names, at, value } in &found {
        if value.is_table() && !ends(names, value) {
            let expected = format!("a key of the scenario below `{}`", path(&KeyPath::root(), names));
            return Err(document.error(at, Cause::unexpected("an empty table", expected)));
        }
        if matches!(names[0].as_str(), "output" | "variants" | "resolved") {
            let other = if names[0] == "output" { "a sweep: every point has a folder of its own" } else { "a sweep" };
            return Err(document.error(at, Cause::Conflict { key: names[0].clone(), other: other.to_owned(), why: String::new() }));
        }
    }
    Ok(found)
}

fn collect<'a>(
    section: &KeyPath,
    names: &mut Vec<String>,
    table: &'a Table,
    ends: &dyn Fn(&[String], &Value) -> bool,
    found: &mut Vec<Leaf<'a>>,
) {
    for (name, value) in table {
        names.push(name.clone());
        match value {
            Value::Table(inner) if !ends(names, value) && !inner.is_empty() => collect(section, names, inner, ends, found),
            _ => found.push(Leaf { names: names.clone(), at: path(section, names), value }),
        }
        names.pop();
    }
}

fn path(from: &KeyPath, names: &[String]) -> KeyPath {
    names.iter().fold(from.clone(), |path, name| path.key(name))
}
