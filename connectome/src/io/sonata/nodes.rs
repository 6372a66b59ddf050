//! Nodes: labels, positions, and which row of the matrix a node of a population is.

use std::collections::HashMap;

use super::edges::List;
use crate::error::Error;
use crate::io::LoadOptions;
use crate::io::hdf5::Hdf5;
use crate::io::parts::check_regions;

/// Attributes that may name a node.
const NAMES: [&str; 5] = ["label", "name", "acronym", "region", "model_name"];

/// The nodes of all populations, one after the other.
#[derive(Default)]
pub(super) struct Nodes {
    pub(super) labels: Vec<String>,
    /// In mm.
    pub(super) positions: Vec<Option<[f64; 3]>>,
    pub(super) notes: Vec<String>,
    /// First row and number of nodes of each population.
    populations: HashMap<String, (usize, usize)>,
}

impl Nodes {
    /// Adds all populations of a file.
    pub(super) fn add(&mut self, file: &Hdf5, options: &LoadOptions) -> Result<(), Error> {
        for population in file.groups_in("nodes") {
            let types = format!("nodes/{population}/node_type_id");
            let n = file.shape(&types)?.first().map_or(0, |n| *n as usize);
            check_regions(&file.place(&types), self.labels.len().saturating_add(n), options)?;
            let labels = labels(file, &population, n)?;
            self.insert(&population, labels);
            let positions = positions(file, &population, n)?;
            self.positions.extend(positions.into_iter().map(Some));
            self.positions.resize(self.labels.len(), None);
        }
        if self.positions.iter().any(Option::is_some) && self.notes.is_empty() {
            self.notes.push("positions were taken for micrometres".into());
        }
        Ok(())
    }

    /// Without files of nodes the edges tell how many there are.
    pub(super) fn add_ids(&mut self, list: &List, options: &LoadOptions) -> Result<(), Error> {
        for (population, ids) in [(&list.source_population, &list.sources), (&list.target_population, &list.targets)] {
            let n = ids.iter().max().map_or(0, |m| (*m as usize).saturating_add(1));
            let known = self.populations.get(population).map_or(0, |(_, n)| *n);
            if known > 0 && n > known {
                return Err(Error::Missing {
                    at: list.at.clone(),
                    what: format!("file of nodes of population {population}"),
                    found: "edge populations of different sizes".into(),
                });
            }
            if known == 0 {
                check_regions(&list.at, self.labels.len().saturating_add(n), options)?;
                self.insert(population, (0..n).map(|i| format!("{population}-{i}")).collect());
                self.positions.resize(self.labels.len(), None);
            }
        }
        Ok(())
    }

    fn insert(&mut self, population: &str, labels: Vec<String>) {
        self.populations.insert(population.to_string(), (self.labels.len(), labels.len()));
        self.labels.extend(labels);
    }

    /// First row and number of nodes of a population.
    pub(super) fn rows(&self, population: &str) -> Option<(usize, usize)> {
        self.populations.get(population).copied()
    }

    /// Names of all populations, for messages.
    pub(super) fn names(&self) -> String {
        let mut names: Vec<&str> = self.populations.keys().map(String::as_str).collect();
        names.sort_unstable();
        names.join(", ")
    }
}

/// A name that every node has for itself, else population and number.
fn labels(file: &Hdf5, population: &str, n: usize) -> Result<Vec<String>, Error> {
    for name in NAMES {
        let path = format!("nodes/{population}/0/{name}");
        if !file.has(&path) {
            continue;
        }
        let mut found = if file.is_numeric(&path) { from_library(file, population, name, &path)? } else { file.texts(&path)? };
        let all = found.len();
        let given = found.clone();
        found.sort_unstable();
        found.dedup();
        if all == n && found.len() == n && found.iter().all(|l| !l.is_empty()) {
            return Ok(given);
        }
    }
    Ok((0..n).map(|i| format!("{population}-{i}")).collect())
}

/// The Blue Brain flavour keeps numbers per node and their texts once in `@library`.
fn from_library(file: &Hdf5, population: &str, name: &str, path: &str) -> Result<Vec<String>, Error> {
    let library = format!("nodes/{population}/0/@library/{name}");
    if !file.has(&library) {
        return Ok(Vec::new());
    }
    let texts = file.texts(&library)?;
    let text = |i: u64| {
        let found = texts.get(i as usize).cloned();
        found.ok_or_else(|| file.malformed(path, format!("entry {i}"), format!("less than {}, the size of @library/{name}", texts.len())))
    };
    file.counts(path)?.into_iter().map(text).collect()
}

/// Positions in mm: `x`, `y`, `z` or one table `positions`, both in micrometres. Empty if there are none.
fn positions(file: &Hdf5, population: &str, n: usize) -> Result<Vec<[f64; 3]>, Error> {
    const MICROMETRE: f64 = 1e-3;
    let path = |name: &str| format!("nodes/{population}/0/{name}");
    let points: Vec<[f64; 3]> = if ["x", "y", "z"].iter().all(|a| file.has(&path(a))) {
        let [x, y, z] = ["x", "y", "z"].map(|a| file.numbers(&path(a)));
        let (x, y, z) = (x?.1, y?.1, z?.1);
        if [x.len(), y.len(), z.len()] != [n; 3] {
            return Err(file.malformed(&path("x"), format!("{} values", x.len()), format!("{n}, one per node")));
        }
        (0..n).map(|i| [x[i], y[i], z[i]]).collect()
    } else if file.has(&path("positions")) {
        let table = file.table(&path("positions"))?;
        if (table.rows, table.columns) != (n, 3) {
            return Err(file.malformed(&path("positions"), format!("{} by {}", table.rows, table.columns), format!("{n} by 3")));
        }
        table.iter_rows().map(|p| [p[0], p[1], p[2]]).collect()
    } else {
        Vec::new()
    };
    Ok(points.into_iter().map(|p| p.map(|v| v * MICROMETRE)).collect())
}
