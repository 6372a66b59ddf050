//! The folder of a sweep: one folder per point, and in it a mark that says what came of the point.

use std::fs;
use std::path::{Path, PathBuf};

use scenarios::{Library, Point, Sweep};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::error::Error;
use super::super::folder::{names, write_whole};
use crate::sweep::{Outcome, PointResult, Results};

/// Holds the folders of the points.
const POINTS: &str = "points";
/// Name of a point's mark.
const MARK: &str = "point.json";

/// What came of a point. Where there is a mark the point has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// [`scenarios::Scenario::fingerprint`] of what was run.
    pub(super) fingerprint: String,
    /// What was changed for it.
    pub(super) parameters: Map<String, Value>,
    /// Why it could not be run; null where it was.
    pub(super) failed: Option<String>,
    /// Wall time that it took, from reading to the last file.
    pub(super) seconds: f64,
    /// Correlation of functional connectivity with the empirical one.
    pub(super) fc_fit: Option<f64>,
}

/// A sweep and its folder.
pub(super) struct Store {
    pub(super) sweep: Sweep,
    /// What points share in this process.
    pub(super) library: Library,
    pub(super) root: PathBuf,
}

impl Store {
    /// The folder of a point.
    pub(super) fn folder(&self, number: usize) -> PathBuf {
        self.root.join(POINTS).join(format!("{number:05}"))
    }

    /// A point that the sweep has.
    pub(super) fn point(&self, number: usize) -> Point {
        self.sweep.point(number).expect("only numbers of points are asked for")
    }

    /// A mark of this point that says nothing of how it went.
    pub(super) fn blank_mark(&self, point: &Point) -> Mark {
        Mark { fingerprint: self.fingerprint(point), parameters: parameters(point).collect(), failed: None, seconds: 0.0, fc_fit: None }
    }

    /// The mark of a point, if it has ended.
    pub(super) fn mark(&self, number: usize) -> Result<Option<Mark>, Error> {
        let path = self.folder(number).join(MARK);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).map_err(Error::read(&path))?;
        serde_json::from_str(&text).map(Some).map_err(|e| Error::Damaged { path, reason: e.to_string() })
    }

    /// Marks a point as ended, whole or not at all.
    pub(super) fn write_mark(&self, number: usize, mark: &Mark) -> Result<(), Error> {
        let folder = self.folder(number);
        fs::create_dir_all(&folder).map_err(Error::write(&folder))?;
        let text = serde_json::to_string_pretty(mark).expect("a mark is plain data") + "\n";
        write_whole(&folder.join(MARK), text.as_bytes())
    }

    /// What a point would run, in 16 digits. A point that cannot be read has none.
    fn fingerprint(&self, point: &Point) -> String {
        let sum = self.sweep.scenario(point).and_then(|s| s.fingerprint(&self.library));
        sum.map_or_else(|_| String::new(), |sum| format!("{sum:016x}"))
    }

    /// The marks of these points. Refuses a folder whose points ran something else than they would now.
    pub(super) fn verified(&self, numbers: &[usize]) -> Result<Vec<Option<Mark>>, Error> {
        self.refuse_more_points()?;
        let verify = |&number: &usize| {
            let Some(mark) = self.mark(number)? else { return Ok(None) };
            let point = self.point(number);
            // Of a point that failed there is nothing to keep: what failed may be mended.
            if mark.failed.is_some() || mark.fingerprint == self.fingerprint(&point) {
                return Ok(Some(mark));
            }
            let (was, is) = (shown(&mark.parameters), shown(&parameters(&point).collect()));
            Err(Error::OtherSweep {
                folder: self.root.clone(),
                number,
                difference: if was == is { format!("{is}, but its scenario has changed since") } else { format!("{was} and is {is} now") },
            })
        };
        numbers.iter().map(verify).collect()
    }

    fn refuse_more_points(&self) -> Result<(), Error> {
        let Ok(entries) = fs::read_dir(self.root.join(POINTS)) else { return Ok(()) };
        let numbers = entries.flatten().filter(|e| e.path().join(MARK).exists()).filter_map(|e| e.file_name().to_str()?.parse().ok());
        match numbers.max() {
            Some(number) if number > self.sweep.n_points() => Err(Error::OtherSweep {
                folder: self.root.clone(),
                number,
                difference: format!("one of more points than the {} that there are now", self.sweep.n_points()),
            }),
            _ => Ok(()),
        }
    }

    /// All points and what came of them.
    pub(super) fn results(&self, marks: &[Option<Mark>]) -> Result<Results, Error> {
        let result = |(i, mark): (usize, &Option<Mark>)| {
            let number = i + 1;
            let outcome = match mark {
                None => Outcome::Left,
                Some(Mark { failed: Some(reason), .. }) => Outcome::Failed { reason: reason.clone() },
                Some(mark) => Outcome::Done { report: read_report(&self.folder(number))?, fc_fit: mark.fc_fit },
            };
            Ok(PointResult { number, parameters: parameters(&self.point(number)).map(|p| p.1).collect(), outcome })
        };
        Ok(Results {
            name: self.sweep.name.clone(),
            description: self.sweep.description.clone(),
            keys: self.sweep.keys(),
            points: marks.iter().enumerate().map(result).collect::<Result<_, Error>>()?,
        })
    }
}

/// A point's parameters as JSON, in the order of the sweep file.
fn parameters(point: &Point) -> impl Iterator<Item = (String, Value)> + '_ {
    point.parameters.iter().map(|p| (p.key.clone(), serde_json::to_value(&p.value).expect("values of TOML are values of JSON")))
}

fn read_report(folder: &Path) -> Result<Value, Error> {
    let path = folder.join(names::REPORT);
    let text = fs::read_to_string(&path).map_err(Error::read(&path))?;
    serde_json::from_str(&text).map_err(|e| Error::Damaged { path, reason: e.to_string() })
}

fn shown(parameters: &Map<String, Value>) -> String {
    let each = parameters.iter().map(|(key, value)| format!("{key}={value}"));
    each.collect::<Vec<_>>().join(" ")
}
