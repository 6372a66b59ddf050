//! What loaders have in common: the pieces of a connectome as files hold them, put together in one place.

use std::collections::HashMap;

use super::{Direction, Input, LoadOptions, companions};
use crate::brain::{Connectome, Hemisphere, Matrix, Provenance, Region};
use crate::error::{Error, Place, quoted};

/// A rectangular block of numbers, row by row, with the place it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) at: Place,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
}

impl Table {
    /// The table as a matrix between regions, turned so that row = target.
    pub(crate) fn into_matrix(self, direction: Direction) -> Result<Matrix, Error> {
        let (rows, columns) = (self.rows, self.columns);
        let not_square = Error::NotSquare { at: self.at, rows, columns };
        if rows != columns {
            return Err(not_square);
        }
        let matrix = Matrix::from_rows(rows, self.values).ok_or(not_square)?;
        Ok(if direction == Direction::RowsAreSources { matrix.transposed() } else { matrix })
    }

    /// The table row by row.
    pub(crate) fn iter_rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks_exact(self.columns.max(1))
    }
}

/// One column of per-region data, with the place it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Column<T> {
    pub(crate) at: Place,
    pub(crate) values: Vec<T>,
}

/// Everything a file may hold about a connectome. Only `weights` is required.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) weights: Option<Table>,
    pub(crate) lengths: Option<Table>,
    pub(crate) functional: Option<Table>,
    pub(crate) sln: Option<Table>,
    pub(crate) labels: Option<Column<String>>,
    pub(crate) names: Option<Column<String>>,
    pub(crate) centres: Option<Column<[f64; 3]>>,
    pub(crate) hemispheres: Option<Column<Hemisphere>>,
    pub(crate) areas: Option<Column<f64>>,
    pub(crate) volumes: Option<Column<f64>>,
    pub(crate) neurons: Option<Column<Option<f64>>>,
    pub(crate) cortical: Option<Column<bool>>,
    pub(crate) weight_kind: String,
    pub(crate) species: Option<String>,
    /// What the file says; `None`: directed exactly if the weights are not symmetric.
    pub(crate) directed: Option<bool>,
    pub(crate) notes: Vec<String>,
}

impl Parts {
    /// Puts the pieces together: companion files of `options` replace what the file holds itself.
    /// `direction` is what the rows of weights, lengths and SLN mean.
    pub(crate) fn assemble(mut self, input: &Input, direction: Direction, options: &LoadOptions) -> Result<Connectome, Error> {
        companions::take(&mut self, options)?;
        let table = self.weights.take().ok_or_else(|| Error::Missing {
            at: input.place(),
            what: "weights".into(),
            found: "no matrix of numbers".into(),
        })?;
        let at = table.at.clone();
        check_regions(&at, table.rows.max(table.columns), options)?;
        let mut weights = table.into_matrix(direction)?;
        let n = weights.n();
        if n == 0 {
            return Err(Error::Missing { at, what: "regions".into(), found: "an empty matrix".into() });
        }
        let square = |t: Option<Table>, what: &str| same_size(t, what, n, direction);
        let mut lengths = square(self.lengths.take(), "rows of lengths")?;
        let functional = square(self.functional.take(), "rows of functional connectivity")?;
        let sln = square(self.sln.take(), "rows of SLN")?;
        let said = options.directed.or(self.directed);
        if said == Some(false) {
            mirror(&mut weights, &at, "weights")?;
            lengths.as_mut().map_or(Ok(()), |l| mirror(l, &at, "lengths"))?;
        }
        let directed = said.unwrap_or_else(|| !weights.is_symmetric());
        let notes = std::mem::take(&mut self.notes);
        let (weight_kind, species) = (std::mem::take(&mut self.weight_kind), self.species.take());
        Ok(Connectome {
            name: input.stem(),
            species,
            weight_kind,
            regions: self.regions(n)?,
            weights,
            lengths,
            sln,
            functional,
            directed,
            provenance: Provenance { source: input.name.to_string(), notes, ..Provenance::default() },
        })
    }

    fn regions(self, n: usize) -> Result<Vec<Region>, Error> {
        let mut regions: Vec<Region> = match column(self.labels, "labels", n)? {
            Some(labels) => labels.into_iter().map(|label| Region { label, ..Region::default() }).collect(),
            None => (1..=n).map(|i| Region { label: format!("region-{i}"), ..Region::default() }).collect(),
        };
        fill(&mut regions, column(self.names, "names", n)?, |r, v| r.name = Some(v));
        fill(&mut regions, column(self.centres, "centres", n)?, |r, v| r.position = Some(v));
        fill(&mut regions, column(self.hemispheres, "hemispheres", n)?, |r, v| r.hemisphere = Some(v));
        fill(&mut regions, column(self.areas, "areas", n)?, |r, v| r.area = Some(v));
        fill(&mut regions, column(self.volumes, "volumes", n)?, |r, v| r.volume = Some(v));
        fill(&mut regions, column(self.neurons, "neuron counts", n)?, |r, v| r.neurons = v);
        fill(&mut regions, column(self.cortical, "cortical flags", n)?, |r, v| r.cortical = Some(v));
        Ok(regions)
    }
}

/// Refuses more regions than the options allow. Call it before allocating anything for them.
pub(crate) fn check_regions(at: &Place, n: usize, options: &LoadOptions) -> Result<(), Error> {
    if n <= options.max_regions {
        return Ok(());
    }
    Err(Error::TooLarge { at: at.clone(), what: "regions".into(), found: n as u64, limit: options.max_regions as u64 })
}

fn same_size(table: Option<Table>, what: &str, n: usize, direction: Direction) -> Result<Option<Matrix>, Error> {
    let Some(table) = table else { return Ok(None) };
    if table.rows != n {
        return Err(Error::CountMismatch { at: table.at, what: what.into(), found: table.rows, expected: n });
    }
    table.into_matrix(direction).map(Some)
}

fn column<T>(column: Option<Column<T>>, what: &str, n: usize) -> Result<Option<Vec<T>>, Error> {
    match column {
        Some(c) if c.values.len() != n => Err(Error::CountMismatch { at: c.at, what: what.into(), found: c.values.len(), expected: n }),
        other => Ok(other.map(|c| c.values)),
    }
}

fn fill<T>(regions: &mut [Region], values: Option<Vec<T>>, mut set: impl FnMut(&mut Region, T)) {
    for (region, value) in regions.iter_mut().zip(values.into_iter().flatten()) {
        set(region, value);
    }
}

/// Fills in the direction that an undirected source leaves out.
fn mirror(matrix: &mut Matrix, at: &Place, what: &str) -> Result<(), Error> {
    for i in 0..matrix.n() {
        for j in 0..i {
            match (matrix.at(i, j), matrix.at(j, i)) {
                (a, b) if a == b => {}
                (a, 0.0) => *matrix.at_mut(j, i) = a,
                (0.0, b) => *matrix.at_mut(i, j) = b,
                // Averages of both directions differ in their last digits.
                (a, b) if (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) => *matrix.at_mut(j, i) = a,
                (a, b) => {
                    return Err(Error::Malformed {
                        at: at.clone(),
                        found: format!("{what} {a} and {b} for the two directions between regions {} and {}", j + 1, i + 1),
                        expected: "equal ones, as the connectome is said to be undirected".into(),
                    });
                }
            }
        }
    }
    Ok(())
}

/// Euclidean distances between points.
pub(crate) fn distances(points: &[[f64; 3]]) -> Table {
    let n = points.len();
    let distance = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
    let values = points.iter().flat_map(|a| points.iter().map(move |b| distance(a, b))).collect();
    Table { at: Place::default(), rows: n, columns: n, values }
}

/// A column of 0 and 1 as flags.
pub(crate) fn is_flag<T>(column: Column<f64>, make: impl Fn(bool) -> T) -> Result<Column<T>, Error> {
    let flag = |(i, v): (usize, &f64)| match *v {
        0.0 => Ok(make(false)),
        1.0 => Ok(make(true)),
        other => Err(Error::Malformed { at: column.at.line(i + 1), found: other.to_string(), expected: "0 or 1".into() }),
    };
    let values = column.values.iter().enumerate().map(flag).collect::<Result<_, _>>()?;
    Ok(Column { at: column.at, values })
}

/// Labels numbered in the order in which they first appear.
#[derive(Clone, Debug, Default)]
pub(crate) struct LabelIndex {
    numbers: HashMap<String, usize>,
}

impl LabelIndex {
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Adds a label unless it is there.
    pub(crate) fn insert(&mut self, label: &str) {
        if !self.numbers.contains_key(label) {
            self.numbers.insert(label.to_string(), self.numbers.len());
        }
    }

    /// Number of a label, if it was inserted.
    pub(crate) fn get(&self, label: &str) -> Option<usize> {
        self.numbers.get(label).copied()
    }

    /// Number of a label that was inserted before.
    pub(crate) fn of(&self, label: &str) -> usize {
        self.get(label).expect("every label of the list was inserted")
    }

    /// The index, renumbered by value if every label is a whole number, and its labels in order.
    pub(crate) fn sorted_if_numeric(mut self) -> (Self, Vec<String>) {
        let mut labels: Vec<String> = self.numbers.keys().cloned().collect();
        if labels.iter().all(|l| l.parse::<i64>().is_ok()) {
            // Labels such as `1` and `01` are different texts of one number.
            labels.sort_by_key(|l| (l.parse::<i64>().unwrap_or(0), l.clone()));
            self.numbers = labels.iter().cloned().enumerate().map(|(i, l)| (l, i)).collect();
        } else {
            labels.sort_by_key(|l| self.numbers[l]);
        }
        (self, labels)
    }
}

/// An error for a label that the regions do not have.
pub(crate) fn unknown_label(at: Place, label: &str) -> Error {
    Error::Malformed { at, found: format!("region {}", quoted(label)), expected: "a label of the connectome".into() }
}
