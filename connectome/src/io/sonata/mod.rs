//! SONATA networks (Dai et al. 2020, doi 10.1371/journal.pcbi.1007696): every node becomes a region, all edges of
//! a pair become one tract.
//!
//! The weight of a tract is the sum of `nsyns` of its edges, else of `syn_weight` (of the edge or of its type),
//! else the number of edges. Positions are taken for micrometres, as the specification says.

mod config;
mod edges;
mod nodes;

use std::path::{Path, PathBuf};

use super::hdf5::{Hdf5, is_hdf5};
use super::{Column, Direction, Input, LoadOptions, Parts, Table};
use crate::brain::Connectome;
use crate::error::Error;
use nodes::Nodes;

/// A network configuration (JSON), or an HDF5 file with the group `/edges` or `/nodes`.
pub(crate) fn sniff(input: &Input) -> bool {
    if is_hdf5(input.bytes) {
        return Hdf5::from_input(input, 0).is_ok_and(|f| f.has_group("edges") || f.has_group("nodes"));
    }
    config::sniff(input.bytes)
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    if !is_hdf5(input.bytes) {
        let config = config::read(input)?;
        let node_files = config.nodes.iter().map(|f| open(&f.file, input, options)).collect::<Result<Vec<_>, _>>()?;
        let edge_files =
            config.edges.iter().map(|f| Ok((open(&f.file, input, options)?, f.types.clone()))).collect::<Result<Vec<_>, Error>>()?;
        return build(&node_files, &edge_files, input, options);
    }
    let file = Hdf5::from_input(input, most_values(options))?;
    if !file.has_group("edges") {
        return Err(Error::Missing {
            at: input.place(),
            what: "group /edges".into(),
            found: "nodes only: load the network's configuration".into(),
        });
    }
    let nodes = if file.has_group("nodes") { vec![Hdf5::from_input(input, most_values(options))?] } else { Vec::new() };
    build(&nodes, &[(file, None)], input, options)
}

fn most_values(options: &LoadOptions) -> u64 {
    (options.max_regions as u64).saturating_pow(2)
}

fn open(path: &Path, input: &Input, options: &LoadOptions) -> Result<Hdf5, Error> {
    Hdf5::open(path, most_values(options)).map_err(|e| match e {
        // The user named the configuration, not this file.
        Error::Io { path, source } => {
            Error::Missing { at: input.place(), what: format!("file {}", path.display()), found: source.to_string() }
        }
        other => other,
    })
}

fn build(node_files: &[Hdf5], edge_files: &[(Hdf5, Option<PathBuf>)], input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let mut nodes = Nodes::default();
    for file in node_files {
        nodes.add(file, options)?;
    }
    let mut lists = Vec::new();
    for (file, types) in edge_files {
        for population in file.groups_in("edges") {
            lists.push(edges::read(file, &population, types.as_deref())?);
        }
    }
    if lists.is_empty() {
        return Err(Error::Missing { at: input.place(), what: "edge population".into(), found: "no group in /edges".into() });
    }
    if node_files.is_empty() {
        lists.iter().try_for_each(|l| nodes.add_ids(l, options))?;
    }
    let n = nodes.labels.len();
    let mut weights = Table { at: input.place(), rows: n, columns: n, values: vec![0.0; n * n] };
    let kind = edges::common_kind(&lists);
    for list in &lists {
        list.accumulate(&nodes, kind, &mut weights)?;
    }
    let mut notes = nodes.notes;
    notes.push(format!("{} edges of a SONATA network, joined by {}", lists.iter().map(edges::List::len).sum::<usize>(), kind.name()));
    let positions = nodes.positions.into_iter().collect::<Option<Vec<_>>>().filter(|p| p.len() == n);
    Parts {
        weights: Some(weights),
        labels: Some(Column { at: input.place(), values: nodes.labels }),
        centres: positions.map(|values| Column { at: input.place(), values }),
        weight_kind: kind.name().into(),
        directed: Some(true),
        notes,
        ..Parts::default()
    }
    .assemble(input, Direction::RowsAreTargets, options)
}
