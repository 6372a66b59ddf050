//! The reference page of all keys, made from the schema.

use std::fmt::Write;

use regions::{Braincog, Microcircuit, Recipe};
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use crate::document::quoted;

use crate::schema::{
    ConnectomeSection, Output, PopulationSection, ProjectionSection, Record, Section, Simulation, Spec, StateSection, StimulusSection,
    SweepSpec,
};

/// Every table of a scenario with all its keys, as Markdown: the middle part of `docs/scenario.md`.
pub fn reference() -> String {
    let mut page = String::new();
    table::<Spec>(&mut page, "The top of the file");
    table::<Simulation>(&mut page, "`[simulation]`");
    table::<ConnectomeSection>(&mut page, "`[connectome]`");
    recipes(&mut page);
    table::<PopulationSection>(&mut page, "`[populations.NAME]`");
    table::<ProjectionSection>(&mut page, "`[[projections]]`");
    table::<StimulusSection>(&mut page, "`[[stimuli]]`");
    table::<Record>(&mut page, "`[record]`");
    table::<StateSection>(&mut page, "`[[record.states]]`");
    table::<Output>(&mut page, "`[output]`");
    page
}

/// Every key of a sweep file, as Markdown: the middle part of `docs/sweep.md`.
pub fn sweep_reference() -> String {
    let mut page = String::new();
    table::<SweepSpec>(&mut page, "The top of the file");
    page
}

fn table<S: Section>(page: &mut String, title: &str) {
    let about = S::ABOUT.trim();
    let _ = write!(page, "### {title}\n\n{about}\n\n| key | what | default | meaning |\n|---|---|---|---|\n");
    for key in S::keys() {
        let default = match key.default {
            None => "required".to_owned(),
            Some(text) if text.is_empty() => "-".to_owned(),
            Some(text) => format!("`{text}`"),
        };
        let _ = writeln!(page, "| `{}` | {} | {default} | {} |", key.name, key.kind, key.about);
    }
    page.push('\n');
}

/// Keys and defaults of `[regions]` for each recipe. What they mean stands in the recipe's own documentation.
fn recipes(page: &mut String) {
    page.push_str(
        "### `[regions]`\n\nThe recipe that turns every region into populations `REGION.POPULATION` and every tract into projections.\n",
    );
    page.push_str("Without a `[connectome]` it makes one region, `column`. `recipe` says which of these tables holds.\n");
    for name in Recipe::NAMES {
        let _ = write!(page, "\n| key beside `recipe = \"{name}\"` | default |\n|---|---|\n");
        let rows = match name {
            "microcircuit" => recipe_keys::<Microcircuit>(),
            "braincog" => recipe_keys::<Braincog>(),
            other => panic!("the reference page does not know the recipe {other}"),
        };
        for (key, default) in rows {
            let _ = writeln!(page, "| `{key}` | {default} |");
        }
    }
    page.push('\n');
}

/// Every key of a recipe, those of its tables included, with its default.
fn recipe_keys<T: Default + Serialize + DeserializeOwned>() -> Vec<(String, String)> {
    let defaults = Table::try_from(T::default()).expect("defaults are plain values");
    let Known::Keys(keys) = known::<T>(&[]) else { panic!("a recipe is a table that refuses unknown keys") };
    let mut rows = Vec::new();
    for key in keys {
        let value = defaults.get(&key);
        match (known::<T>(&[&key]), known::<T>(&[&key, "NAME"])) {
            (Known::Keys(inner), _) => {
                rows.extend(inner.iter().map(|name| (format!("{key}.{name}"), shown(value.and_then(|v| v.get(name))))));
            }
            (Known::Choices(names), _) => rows.push((key, format!("{} of `{}`", shown(value), names.join("`, `")))),
            (_, Known::Keys(inner)) => rows.extend(inner.iter().map(|name| (format!("{key}.NAME.{name}"), shown(None)))),
            _ => rows.push((key, shown(value))),
        }
    }
    rows
}

fn shown(default: Option<&Value>) -> String {
    default.map_or("-".to_owned(), |value| format!("`{value}`"))
}

/// What serde says may stand at `path` inside a `T`.
enum Known {
    /// A table with these keys.
    Keys(Vec<String>),
    /// One of these names.
    Choices(Vec<String>),
    /// Something else.
    Value,
}

/// Asks serde what a `T` has at `path`, by way of a key that nobody has.
fn known<T: DeserializeOwned>(path: &[&str]) -> Known {
    let probe = Value::Table(Table::from_iter([("?".to_owned(), Value::Boolean(true))]));
    let nested = path.iter().rev().fold(probe, |inner, name| Value::Table(Table::from_iter([((*name).to_owned(), inner)])));
    let message = nested.try_into::<T>().err().map(|e| e.message().to_owned()).unwrap_or_default();
    let names = || quoted(&message)[1..].to_vec();
    if message.starts_with("unknown field `?`") {
        Known::Keys(names())
    } else if message.starts_with("unknown variant `?`") {
        Known::Choices(names())
    } else {
        Known::Value
    }
}
