//! HDF5 files of named arrays: MATLAB's MAT-files of version 7.3, and plain HDF5 with a matrix in it.
//!
//! MATLAB stores columns first, so its HDF5 dataset is the transpose of its matrix: datasets with the attribute
//! `MATLAB_class` are turned back.

use hdf5_pure::{AttrValue, Object};

use super::hdf5::{Hdf5, is_hdf5};
use super::variables::{Value, Variable, assemble};
use super::{Input, LoadOptions};
use crate::brain::Connectome;
use crate::error::Error;

/// The most labels read from a cell array.
const MAX_CELLS: u64 = 1 << 20;
/// How deep groups of plain HDF5 files are searched.
const MAX_DEPTH: usize = 4;
/// The most datasets looked at.
const MAX_DATASETS: usize = 1000;

/// Any HDF5 file that no other loader took.
pub(crate) fn sniff(input: &Input) -> bool {
    is_hdf5(input.bytes)
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    assemble(variables(input, options)?, input, options)
}

/// All numbers and texts.
pub(super) fn variables(input: &Input, options: &LoadOptions) -> Result<Vec<Variable>, Error> {
    let file = Hdf5::from_input(input, (options.max_regions as u64).saturating_pow(2))?;
    let mut names = Vec::new();
    list(&file, "/", 0, &mut names);
    names.iter().map(|n| variable(&file, n)).collect()
}

/// Paths of all datasets; MATLAB's own bookkeeping (`#refs#`, `#subsystem#`) is left out.
fn list(file: &Hdf5, group: &str, depth: usize, names: &mut Vec<String>) {
    let path = |name: &str| if group == "/" { name.to_string() } else { format!("{group}/{name}") };
    for name in file.datasets_in(group).iter().filter(|n| !n.starts_with('#')) {
        if names.len() < MAX_DATASETS {
            names.push(path(name));
        }
    }
    if depth < MAX_DEPTH {
        for name in file.groups_in(group).iter().filter(|n| !n.starts_with('#')) {
            list(file, &path(name), depth + 1, names);
        }
    }
}

fn variable(file: &Hdf5, name: &str) -> Result<Variable, Error> {
    let class = file.dataset_attributes(name).get("MATLAB_class").and_then(AttrValue::as_str).map(str::to_string);
    let shape = file.shape(name)?;
    let value = match class.as_deref() {
        Some("char") => Value::Texts(rows_of_characters(&shape, &file.numbers(name)?.1)),
        Some("cell") => cells(file, name)?,
        Some("struct" | "function_handle") => Value::Other("a structure".into()),
        class => numbers_or_texts(file, name, &shape, class.is_some())?,
    };
    Ok(Variable { name: name.to_string(), at: file.place(name), value })
}

fn numbers_or_texts(file: &Hdf5, name: &str, shape: &[u64], matlab: bool) -> Result<Value, Error> {
    let (rows, columns) = match *shape {
        [] => (1, 1),
        [n] => (n as usize, 1),
        [rows, columns] => (rows as usize, columns as usize),
        _ => return Ok(Value::Other(format!("{} dimensions", shape.len()))),
    };
    if !file.is_numeric(name) {
        return Ok(file.texts(name).map_or_else(|_| Value::Other("neither numbers nor texts".into()), Value::Texts));
    }
    let (_, values) = file.numbers(name)?;
    if !matlab {
        return Ok(Value::Numbers { rows, columns, values });
    }
    let turned = (0..columns).flat_map(|c| (0..rows).map(move |r| (r, c))).map(|(r, c)| values[r * columns + c]);
    Ok(Value::Numbers { rows: columns, columns: rows, values: turned.collect() })
}

/// A character matrix of MATLAB: dimensions turned around, one text per row of the matrix.
fn rows_of_characters(shape: &[u64], codes: &[f64]) -> Vec<String> {
    let rows = shape.last().map_or(0, |n| *n as usize);
    let code = |v: f64| char::from_u32(v as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    let row = |r: usize| codes.iter().skip(r).step_by(rows.max(1)).map(|v| code(*v)).collect::<String>().trim_end().to_string();
    (0..rows).map(row).collect()
}

/// A cell array is a dataset of references; only those to characters are read.
fn cells(file: &Hdf5, name: &str) -> Result<Value, Error> {
    let other = || Ok(Value::Other("a list of other things than texts".into()));
    if file.shape(name)?.iter().try_fold(1_u64, |n, d| n.checked_mul(*d)).is_none_or(|n| n > MAX_CELLS) {
        return other();
    }
    let mut all = Vec::new();
    for object in file.references(name)? {
        let Object::Dataset(cell) = object else { return other() };
        let codes = cell.shape().ok().filter(|s| s.iter().try_fold(1_u64, |n, d| n.checked_mul(*d)).is_some_and(|n| n <= MAX_CELLS));
        let Some(codes) = codes.and_then(|_| cell.read_u16().ok()) else { return other() };
        all.push(String::from_utf16_lossy(&codes).trim_end_matches('\0').to_string());
    }
    Ok(Value::Texts(all))
}
