//! BIDS relation matrices (BEP017): `*_relmat.dense.tsv` with a sidecar `*_relmat.json` and a node file.
//!
//! The matrix has no header. The sidecar says what it means and whether it is directed, the node file names the
//! regions; matrices of tract lengths and of correlations of the same subject are taken along if they lie beside it.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Grid, matrix};
use crate::brain::Connectome;
use crate::error::{Error, Place};
use crate::io::names::{Role, role};
use crate::io::{Column, Input, LoadOptions, Parts, Table, read_file};

const ENDING: &str = "_relmat.dense.tsv";

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Sidecar {
    relationship_measure: String,
    directed: Option<bool>,
    axes: Vec<Axis>,
    description: String,
    license: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Axis {
    node_file: Option<String>,
}

/// A text matrix with a relmat sidecar beside it.
pub(crate) fn sniff(input: &Input) -> bool {
    super::is_text(input.bytes) && sidecar_path(input).is_some_and(|p| p.is_file())
}

fn sidecar_path(input: &Input) -> Option<PathBuf> {
    let name = input.path?.file_name()?.to_str()?.strip_suffix(ENDING)?;
    Some(input.path?.with_file_name(format!("{name}_relmat.json")))
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let weights = matrix::read_numbers(input.bytes, input.place(), options)?;
    let mut parts = Parts { weights: Some(weights), ..Parts::default() };
    let (mut description, mut licence) = (String::new(), String::new());
    if let (Some(path), Some(sidecar_at)) = (input.path, sidecar_path(input)) {
        let sidecar = read_sidecar(&sidecar_at)?;
        parts.labels = labels(&sidecar, path)?;
        parts.lengths = sibling(path, &["tractLength", "meanLength", "length"], options)?;
        parts.functional = sibling(path, &["BoldCorrelation", "PearsonCorrelation", "correlation"], options)?;
        parts.weight_kind = sidecar.relationship_measure;
        parts.directed = sidecar.directed;
        (description, licence) = (sidecar.description, sidecar.license);
    }
    let mut connectome = parts.assemble(input, options.direction, options)?;
    connectome.provenance.licence = licence;
    connectome.provenance.notes.extend((!description.is_empty()).then_some(description));
    Ok(connectome)
}

fn read_sidecar(path: &Path) -> Result<Sidecar, Error> {
    serde_json::from_slice(&read_file(path)?).map_err(|e| Error::Malformed {
        at: Place::file(path.display().to_string()).line(e.line()),
        found: e.to_string(),
        expected: "a BEP017 sidecar".into(),
    })
}

fn labels(sidecar: &Sidecar, path: &Path) -> Result<Option<Column<String>>, Error> {
    let Some(file) = sidecar.axes.iter().find_map(|a| a.node_file.as_deref()) else { return Ok(None) };
    // The sidecar may not lead out of its own folder.
    let name = Path::new(file).file_name().map(|n| path.with_file_name(n)).unwrap_or_default();
    let at = Place::file(name.display().to_string());
    let grid = Grid::read(&read_file(&name)?, at)?;
    let column = grid.rows.first().and_then(|h| h.fields.iter().position(|f| role(f) == Some(Role::Labels)));
    let Some(column) = column else {
        let found = grid.rows.first().map_or("an empty file".into(), |h| h.fields.iter().collect::<Vec<_>>().join(", "));
        return Err(Error::Missing { at: grid.at, what: "column `label`".into(), found });
    };
    let values = grid.rows.iter().skip(1).map(|r| r.fields.get(column).unwrap_or("").to_string()).collect();
    Ok(Some(Column { at: grid.at, values }))
}

/// The matrix of another measure of the same subject and atlas, if it lies beside this one.
fn sibling(path: &Path, measures: &[&str], options: &LoadOptions) -> Result<Option<Table>, Error> {
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else { return Ok(None) };
    let Some((head, tail)) = name.split_once("_meas-") else { return Ok(None) };
    let rest = tail.find('_').map_or("", |i| &tail[i..]);
    for measure in measures {
        let other = path.with_file_name(format!("{head}_meas-{measure}{rest}"));
        if other != path && other.is_file() {
            return matrix::read_numbers(&read_file(&other)?, Place::file(other.display().to_string()), options).map(Some);
        }
    }
    Ok(None)
}
