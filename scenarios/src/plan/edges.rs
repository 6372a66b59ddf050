//! Explicit synapses: inline or from a CSV file.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use connectome::network::Edge;
use models::units::Quantity;

use super::Builder;
use super::projections::is_constant;
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::schema::{Distribution, Edges, InlineEdge, ProjectionSection};

/// First lines that an edge file may have.
const HEADERS: [&[&str]; 2] = [&["source", "target"], &["source", "target", "weight", "delay"]];

/// Weight and delay of edges that bring none of their own.
type Common = Option<(f64, f64)>;

impl Builder<'_> {
    /// The synapses of an `edges` rule onto this target.
    pub(super) fn edges(&mut self, section: &ProjectionSection, table: &KeyPath, target: usize) -> Result<Vec<Edge>, Error> {
        let key = table.key("edges");
        let common = self.common(section, table, target)?;
        match section.edges.as_ref() {
            None => Ok(Vec::new()),
            Some(Edges::Inline(edges)) => {
                edges.iter().enumerate().map(|(i, edge)| self.inline(edge, &key.index(i), target, common)).collect()
            }
            Some(Edges::File(name)) => {
                let path = self.path(Path::new(name));
                read(&path, name, common).map_err(|cause| self.document.error(&key, cause))
            }
        }
    }

    /// The projection's own weight and delay, which have to be the same for all edges.
    fn common(&self, section: &ProjectionSection, table: &KeyPath, target: usize) -> Result<Common, Error> {
        let (weight, delay) = match (&section.weight, &section.delay) {
            (Some(weight), Some(delay)) => (weight, delay),
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(self.document.error(table, Cause::missing("delay", ""))),
            (None, Some(_)) => return Err(self.document.error(table, Cause::missing("weight", ""))),
        };
        for (name, given) in [("weight", weight), ("delay", delay)] {
            if !is_constant(given) {
                let why = "give each edge its own weight and delay".to_owned();
                let cause = Cause::Conflict { key: name.to_owned(), other: "a distribution and rule = \"edges\"".to_owned(), why };
                return Err(self.document.error(&table.key(name), cause));
            }
        }
        let number = |given: &Distribution, name: &str, unit: &str| match given {
            Distribution::Constant(quantity) => self.quantity(quantity, &table.key(name), unit),
            Distribution::Drawn(_) => Ok(0.0),
        };
        Ok(Some((number(weight, "weight", self.weight_unit(target))?, number(delay, "delay", "ms")?)))
    }

    fn inline(&self, edge: &InlineEdge, key: &KeyPath, target: usize, common: Common) -> Result<Edge, Error> {
        let (weight, delay) = match (&edge.own, common) {
            (Some((weight, delay)), _) => (self.quantity(weight, &key.index(2), self.weight_unit(target))?, delay.0),
            (None, Some(common)) => common,
            (None, None) => {
                let cause =
                    Cause::unexpected("[source, target]", "[source, target, weight, delay], or `weight` and `delay` of the projection");
                return Err(self.document.error(key, cause));
            }
        };
        Ok(Edge { source: edge.source, target: edge.target, weight, delay })
    }

    /// Checks edges against the populations they connect.
    pub(super) fn check_edges(&self, edges: &[Edge], source: usize, target: usize, key: &KeyPath, inline: bool) -> Result<(), Error> {
        let populations = &self.network.populations;
        for (i, edge) in edges.iter().enumerate() {
            let key = if inline { key.index(i) } else { key.clone() };
            for (neuron, end, name) in [(edge.source, source, "source"), (edge.target, target, "target")] {
                let population = &populations[end];
                if neuron >= population.size {
                    let found = format!("{name} neuron {neuron} in edge {i}");
                    let expected = format!("a neuron of `{}` from 0 to {}", population.name, population.size - 1);
                    return Err(self.document.error(&key, Cause::unexpected(found, expected)));
                }
            }
            self.check_delay_time(edge.delay, &key)?;
            self.check_sign(&key, target, edge.weight, edge.weight)?;
        }
        Ok(())
    }
}

/// Reads a CSV file with the columns `source,target` or `source,target,weight,delay`. Weights are in
/// the unit of the receptor, delays in ms.
fn read(path: &Path, name: &str, common: Common) -> Result<Vec<Edge>, Cause> {
    let wrong = |line: usize, message: String| Cause::EdgeFile { file: name.to_owned(), line, message };
    let io = |e: std::io::Error| wrong(1, format!("cannot read: {e}"));
    let mut lines = BufReader::new(File::open(path).map_err(io)?).lines().enumerate();
    let header = lines.next().map(|(_, line)| line).transpose().map_err(io)?.unwrap_or_default();
    let columns: Vec<&str> = header.split(',').map(str::trim).collect();
    if !HEADERS.contains(&columns.as_slice()) {
        return Err(wrong(1, format!("found the header `{header}`, expected `source,target` or `source,target,weight,delay`")));
    }
    if columns.len() == 2 && common.is_none() {
        return Err(wrong(1, "found no columns weight and delay, and the projection has no `weight` and `delay` either".to_owned()));
    }
    let mut edges = Vec::new();
    for (i, line) in lines {
        let line = line.map_err(|e| wrong(i + 1, format!("cannot read: {e}")))?;
        if !line.trim().is_empty() {
            edges.push(edge(&line, columns.len(), common).map_err(|message| wrong(i + 1, message))?);
        }
    }
    Ok(edges)
}

/// One line of an edge file.
fn edge(line: &str, columns: usize, common: Common) -> Result<Edge, String> {
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    if cells.len() != columns {
        return Err(format!("found {} values, expected {columns}", cells.len()));
    }
    let index = |cell: &str| cell.parse::<u32>().map_err(|_| format!("found `{cell}`, expected the index of a neuron"));
    let number = |cell: &str| match cell.parse::<f64>() {
        Ok(value) => Quantity::Number(value).in_unit("").map_err(|e| e.to_string()),
        Err(_) => Err(format!("found `{cell}`, expected a number")),
    };
    let (weight, delay) = match (cells.get(2), cells.get(3), common) {
        (Some(weight), Some(delay), _) => (number(weight)?, number(delay)?),
        (_, _, Some(common)) => common,
        _ => return Err(format!("found {} values, expected 4", cells.len())),
    };
    Ok(Edge { source: index(cells[0])?, target: index(cells[1])?, weight, delay })
}
