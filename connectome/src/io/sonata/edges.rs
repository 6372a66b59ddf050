//! Edges: which nodes, and how strong.

use std::collections::HashMap;
use std::path::Path;

use hdf5_pure::AttrValue;

use super::nodes::Nodes;
use crate::error::{Error, Place, quoted};
use crate::io::hdf5::Hdf5;
use crate::io::text::Grid;
use crate::io::{Table, read_file};

/// What the weight of a tract sums up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Edges themselves.
    Count,
    /// `syn_weight` of edges or of their types.
    SynWeight,
    /// `nsyns` of edges.
    Synapses,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Count => "edges",
            Kind::SynWeight => "syn_weight",
            Kind::Synapses => "synapses",
        }
    }
}

/// One population of edges.
pub(super) struct List {
    pub(super) at: Place,
    pub(super) source_population: String,
    pub(super) target_population: String,
    pub(super) sources: Vec<u64>,
    pub(super) targets: Vec<u64>,
    kind: Kind,
    /// One per edge; empty if edges are counted.
    values: Vec<f64>,
}

/// Numbers of one kind can be added: what all populations have, else the number of edges.
pub(super) fn common_kind(lists: &[List]) -> Kind {
    let first = lists.first().map_or(Kind::Count, |l| l.kind);
    if lists.iter().all(|l| l.kind == first) { first } else { Kind::Count }
}

/// Reads one population of edges.
pub(super) fn read(file: &Hdf5, population: &str, types: Option<&Path>) -> Result<List, Error> {
    let path = |name: &str| format!("edges/{population}/{name}");
    let (sources, targets) = (file.counts(&path("source_node_id"))?, file.counts(&path("target_node_id"))?);
    if sources.len() != targets.len() {
        let expected = format!("{}, as many as sources", sources.len());
        return Err(file.malformed(&path("target_node_id"), format!("{} values", targets.len()), expected));
    }
    let (kind, values) = values(file, population, sources.len(), types)?;
    Ok(List {
        at: file.place(&path("source_node_id")),
        source_population: node_population(file, &path("source_node_id"))?,
        target_population: node_population(file, &path("target_node_id"))?,
        sources,
        targets,
        kind,
        values,
    })
}

fn node_population(file: &Hdf5, dataset: &str) -> Result<String, Error> {
    let attributes = file.dataset_attributes(dataset);
    let found = attributes.get("node_population").and_then(|v: &AttrValue| v.as_str().map(str::to_string));
    found.ok_or_else(|| Error::Missing { at: file.place(dataset), what: "attribute node_population".into(), found: "none".into() })
}

/// Strengths of `n` edges. Several edge groups may have different attributes: then edges are counted.
fn values(file: &Hdf5, population: &str, n: usize, types: Option<&Path>) -> Result<(Kind, Vec<f64>), Error> {
    let path = |name: &str| format!("edges/{population}/{name}");
    let groups = file.groups_in(&format!("edges/{population}")).iter().filter(|g| g.parse::<u32>().is_ok()).count();
    if groups > 1 {
        return Ok((Kind::Count, Vec::new()));
    }
    for (kind, name) in [(Kind::Synapses, "0/nsyns"), (Kind::SynWeight, "0/syn_weight")] {
        if !file.has(&path(name)) {
            continue;
        }
        let (_, values) = file.numbers(&path(name))?;
        if values.len() != n {
            return Err(file.malformed(&path(name), format!("{} values", values.len()), format!("{n}, one per edge")));
        }
        // Inhibitory weights are negative; how strong a tract is does not depend on their sign.
        return Ok((kind, values.into_iter().map(f64::abs).collect()));
    }
    let Some(types) = types else { return Ok((Kind::Count, Vec::new())) };
    let weights = type_weights(types)?;
    if weights.is_empty() || !file.has(&path("edge_type_id")) {
        return Ok((Kind::Count, Vec::new()));
    }
    let ids = file.counts(&path("edge_type_id"))?;
    if ids.len() != n {
        return Err(file.malformed(&path("edge_type_id"), format!("{} values", ids.len()), format!("{n}, one per edge")));
    }
    let weight = |id: u64| {
        let found = weights.get(&id).copied();
        found.ok_or_else(|| file.malformed(&path("edge_type_id"), format!("type {id}"), format!("a type of {}", types.display())))
    };
    Ok((Kind::SynWeight, ids.into_iter().map(weight).collect::<Result<_, _>>()?))
}

/// `edge_type_id` and `syn_weight` of a table of types (fields parted by blanks). Empty if it has no weights.
fn type_weights(path: &Path) -> Result<HashMap<u64, f64>, Error> {
    let grid = Grid::read_blank_separated(&read_file(path)?, Place::file(path.display().to_string()))?;
    let Some((header, rows)) = grid.rows.split_first() else { return Ok(HashMap::new()) };
    let column = |name: &str| header.fields.iter().position(|f| f == name);
    let (Some(id), Some(weight)) = (column("edge_type_id"), column("syn_weight")) else { return Ok(HashMap::new()) };
    if rows.iter().any(|r| matches!(r.fields.get(weight), None | Some("NULL" | "NaN" | ""))) {
        return Ok(HashMap::new());
    }
    let row = |r| Ok((grid.number(r, id, "edge_type_id")? as u64, grid.number(r, weight, "syn_weight")?.abs()));
    rows.iter().map(row).collect()
}

impl List {
    /// Number of edges.
    pub(super) fn len(&self) -> usize {
        self.sources.len()
    }

    /// Adds the edges to the matrix (row = target).
    pub(super) fn accumulate(&self, nodes: &Nodes, kind: Kind, weights: &mut Table) -> Result<(), Error> {
        let rows = |population: &str| {
            nodes.rows(population).ok_or_else(|| Error::Missing {
                at: self.at.clone(),
                what: format!("node population {}", quoted(population)),
                found: nodes.names(),
            })
        };
        let (source, target) = (rows(&self.source_population)?, rows(&self.target_population)?);
        let row = |(first, n): (usize, usize), id: u64| match usize::try_from(id) {
            Ok(id) if id < n => Ok(first + id),
            _ => Err(Error::Malformed { at: self.at.clone(), found: format!("node {id}"), expected: format!("less than {n}") }),
        };
        for (i, (s, t)) in self.sources.iter().zip(&self.targets).enumerate() {
            let value = if kind == Kind::Count { 1.0 } else { self.values[i] };
            weights.values[row(target, *t)? * weights.columns + row(source, *s)?] += value;
        }
        Ok(())
    }
}
