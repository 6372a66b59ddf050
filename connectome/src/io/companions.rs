//! Companion files: labels, lengths and centres that lie beside a bare matrix.

use std::path::Path;

use super::names::{Role, role};
use super::parts::unknown_label;
use super::text::{Grid, Row, census, decode, number};
use super::{Column, Direction, Input, LoadOptions, Parts, Table, load, read_file, spreadsheet};
use crate::error::{Error, Place};

/// Reads the companions that `options` name; they replace what the file itself holds.
pub(crate) fn take(parts: &mut Parts, options: &LoadOptions) -> Result<(), Error> {
    if let Some(path) = &options.labels {
        labels(parts, path, options)?;
    }
    if let Some(path) = &options.centres {
        centres(parts, path)?;
    }
    if let Some(path) = &options.lengths {
        parts.lengths = Some(lengths(path, options)?);
    }
    Ok(())
}

fn place(path: &Path) -> Place {
    Place::file(path.display().to_string())
}

/// The matrix of any connectome file, taken for lengths; rows mean what they mean in the main file.
fn lengths(path: &Path, options: &LoadOptions) -> Result<Table, Error> {
    let variable = options.lengths_variable.clone();
    let own = LoadOptions { variable, direction: Direction::RowsAreTargets, max_regions: options.max_regions, ..LoadOptions::default() };
    let matrix = load(path, &own)?.weights;
    Ok(Table { at: place(path), rows: matrix.n(), columns: matrix.n(), values: matrix.values().to_vec() })
}

/// A census brings labels and neuron counts, everything else labels.
fn labels(parts: &mut Parts, path: &Path, options: &LoadOptions) -> Result<(), Error> {
    let (bytes, at, name) = (read_file(path)?, place(path), path.display().to_string());
    let input = Input { name: &name, bytes: &bytes, path: Some(path) };
    if spreadsheet::sniff(&input) || census::sniff(&input) {
        let regions = load(path, &LoadOptions { max_regions: options.max_regions, ..LoadOptions::default() })?.regions;
        parts.neurons = Some(Column { at: at.clone(), values: regions.iter().map(|r| r.neurons).collect() });
        parts.labels = Some(Column { at, values: regions.into_iter().map(|r| r.label).collect() });
        return Ok(());
    }
    parts.labels = Some(listed(&bytes, at)?);
    Ok(())
}

/// One label per line, blanks and all; or the column `label` or `name` of a table with a header.
fn listed(bytes: &[u8], at: Place) -> Result<Column<String>, Error> {
    let grid = Grid::read(bytes, at.clone())?;
    let column = grid.rows.first().and_then(|h| h.fields.iter().position(|f| role(f) == Some(Role::Labels)));
    let values = match column {
        Some(c) if grid.delimiter.is_some() || grid.width() == 1 => {
            grid.rows.iter().skip(1).map(|r| r.fields.get(c).unwrap_or("").to_string()).collect()
        }
        _ => decode(bytes, &at)?.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_string).collect(),
    };
    Ok(Column { at, values })
}

/// `label x y z` or `x y z` per line, with or without a header. Labelled lines may come in any order.
fn centres(parts: &mut Parts, path: &Path) -> Result<(), Error> {
    let grid = Grid::read(&read_file(path)?, place(path))?;
    let header = grid.rows.first().is_some_and(|r| r.fields.iter().all(|f| number(f).is_none()));
    let rows = &grid.rows[usize::from(header)..];
    let labelled = rows.iter().all(|r| r.fields.get(0).is_some_and(|f| number(f).is_none()));
    let first = usize::from(labelled);
    let point = |row: &Row| -> Result<[f64; 3], Error> {
        let coordinate = |i| grid.number(row, first + i, "a coordinate");
        Ok([coordinate(0)?, coordinate(1)?, coordinate(2)?])
    };
    let mut values = rows.iter().map(point).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = rows.iter().map(|r| r.fields.get(0).unwrap_or("").to_string()).collect();
    match &parts.labels {
        Some(known) if labelled && known.values.len() == values.len() => {
            let mut ordered = values.clone();
            for (row, (name, value)) in rows.iter().zip(names.iter().zip(&values)) {
                let i = known.values.iter().position(|l| l == name);
                ordered[i.ok_or_else(|| unknown_label(grid.at.line(row.line), name))?] = *value;
            }
            values = ordered;
        }
        None if labelled => parts.labels = Some(Column { at: grid.at.clone(), values: names }),
        _ => {}
    }
    parts.centres = Some(Column { at: grid.at, values });
    Ok(())
}
