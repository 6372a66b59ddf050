//! A sweep: one scenario, run at many points of its parameters.

mod axes;
mod draw;

use std::fmt;
use std::path::Path;

use toml::Value;

use crate::document::{Document, Override, Resolved};
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::library::Library;
use crate::plan::Plan;
use crate::scenario::Scenario;
use crate::schema::SweepSpec;
use axes::Dimension;

/// Most points of a sweep.
const MAX_POINTS: u64 = 1_000_000;

/// A sweep as it was typed, with the scenario that it runs.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Its name.
    pub name: String,
    /// What it asks.
    pub description: String,
    scenario: Scenario,
    /// The points are all combinations; the last dimension changes fastest.
    dimensions: Vec<Dimension>,
}

/// One key of the scenario and its value at a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The key, as `--set` takes it.
    pub key: String,
    /// Its value.
    pub value: Value,
}

/// One run of a sweep.
#[derive(Clone, Debug)]
pub struct Point {
    /// Its number, from 1 on.
    pub number: usize,
    /// What changes from point to point, in the order of the file.
    pub parameters: Vec<Parameter>,
    changes: Vec<Override>,
}

impl Sweep {
    /// Reads a sweep file and the scenario that it names.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Sweep::new(&Document::load(path.as_ref())?.plain())
    }

    /// Reads a sweep from text. Messages call it `file`, and relative paths start at its folder.
    pub fn parse(text: &str, file: impl AsRef<Path>) -> Result<Self, Error> {
        Sweep::new(&Document::parse(text, file.as_ref())?.plain())
    }

    fn new(document: &Resolved) -> Result<Self, Error> {
        let spec: SweepSpec = document.read(Value::Table(document.table.clone()), &KeyPath::root())?;
        let Some(file) = &spec.scenario.0 else {
            return Err(document.error(&KeyPath::root(), Cause::missing("scenario", "the file that every point runs")));
        };
        let folder = document.file().parent().unwrap_or(Path::new(""));
        let path = folder.join(file);
        if !path.is_file() {
            let cause = Cause::unexpected(format!("no file {}", path.display()), "a scenario, relative to this file");
            return Err(document.error(&KeyPath::of("scenario"), cause));
        }
        let dimensions = axes::dimensions(document, &spec)?;
        let scenario = Scenario::load(&path)?.laid(axes::fixed(document, &spec)?)?;
        let mut name = spec.name;
        if name.is_empty() {
            name = document.file().file_stem().map_or_else(|| "sweep".to_owned(), |s| s.to_string_lossy().into_owned());
        }
        if name.contains(['/', '\\', '\0']) || name.starts_with('.') {
            let cause = Cause::unexpected(format!("\"{name}\""), "a name that can be the name of a folder");
            return Err(document.error(&KeyPath::of("name"), cause));
        }
        let n_points = dimensions.iter().try_fold(1u64, |n, d| n.checked_mul(d.len as u64)).unwrap_or(u64::MAX);
        if n_points > MAX_POINTS {
            let cause = Cause::unexpected(format!("{n_points} points"), format!("at most {MAX_POINTS}"));
            return Err(document.error(&KeyPath::root(), cause));
        }
        Ok(Sweep { name, description: spec.description, scenario, dimensions })
    }

    /// How many points there are.
    pub fn n_points(&self) -> usize {
        self.dimensions.iter().map(|d| d.len).product()
    }

    /// The keys that change from point to point, as `--set` takes them.
    pub fn keys(&self) -> Vec<String> {
        self.dimensions.iter().flat_map(|d| &d.axes).map(|axis| axis.key()).collect()
    }

    /// The point of this number, which counts from 1.
    pub fn point(&self, number: usize) -> Option<Point> {
        let mut rest = number.checked_sub(1).filter(|index| *index < self.n_points())?;
        let mut choice = vec![0; self.dimensions.len()];
        for (chosen, dimension) in choice.iter_mut().zip(&self.dimensions).rev() {
            (*chosen, rest) = (rest % dimension.len, rest / dimension.len);
        }
        Some(self.chosen(number, &choice))
    }

    /// The point at these indices of the dimensions.
    fn chosen(&self, number: usize, choice: &[usize]) -> Point {
        let mut point = Point { number, parameters: Vec::new(), changes: Vec::new() };
        for (dimension, &index) in self.dimensions.iter().zip(choice) {
            for axis in &dimension.axes {
                let change = axis.change(index);
                point.parameters.push(Parameter { key: axis.key(), value: change.value.clone() });
                point.changes.push(change);
            }
        }
        point
    }

    /// The scenario at a point.
    pub fn scenario(&self, point: &Point) -> Result<Scenario, Error> {
        self.scenario.laid(point.changes.iter().cloned())
    }

    /// Plans the first point, and every other that differs from it in one dimension only, so that a wrong value is met
    /// before anything is run; calls `each` with every plan. Of random draws only the first is planned, and a combination
    /// may still be refused later.
    pub fn check(&self, library: &Library, mut each: impl FnMut(Plan)) -> Result<(), Error> {
        let first = vec![0; self.dimensions.len()];
        let mut plan = |choice: &[usize]| -> Result<(), Error> {
            each(self.scenario(&self.chosen(0, choice))?.plan_with(library)?);
            Ok(())
        };
        plan(&first)?;
        for (d, dimension) in self.dimensions.iter().enumerate().filter(|(_, d)| !d.drawn) {
            for index in 1..dimension.len {
                let mut choice = first.clone();
                choice[d] = index;
                plan(&choice)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Point {
    /// The parameters: `regions.tracts.fraction=0.3 simulation.seed=2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Parameter { key, value }) in self.parameters.iter().enumerate() {
            write!(f, "{}{key}={value}", if i == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}
