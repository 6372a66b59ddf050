//! NumPy's `.npz`: a zip archive of `.npy` arrays, recognised by their names.

use super::names::{Role, role};
use super::npy::{self, Array, Data};
use super::zip::{Archive, member_names};
use super::{Column, Input, LoadOptions, Parts};
use crate::brain::Connectome;
use crate::error::{Error, nearest, quoted};

/// A zip archive whose members are `.npy` files.
pub(crate) fn sniff(input: &Input) -> bool {
    member_names(input.bytes).is_some_and(|names| !names.is_empty() && names.iter().all(|n| n.ends_with(".npy")))
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let mut archive = Archive::open(input)?;
    let keys: Vec<String> = archive.names().iter().map(|n| n.trim_end_matches(".npy").to_string()).collect();
    let mut take = |key: &str| -> Result<Array, Error> {
        let name = format!("{key}.npy");
        let bytes = archive.read(&name)?;
        npy::read(&bytes, input.part(format!("array {key}")))
    };
    let weights = weights_key(&keys, &mut take, input, options)?;
    let mut parts = Parts { weights: Some(take(&weights)?.into_table(options)?), ..Parts::default() };
    for key in keys.iter().filter(|k| **k != weights) {
        let wanted = match &options.lengths_variable {
            Some(name) if name == key => Some(Role::Lengths),
            Some(_) if role(key) == Some(Role::Lengths) => None,
            _ => role(key),
        };
        let Some(wanted) = wanted else { continue };
        match take(key) {
            Ok(array) => add(&mut parts, wanted, array, options)?,
            // A pickled array beside readable weights is left out, and said to be.
            Err(error @ Error::Unsupported { .. }) => parts.notes.push(format!("left out: {error}")),
            Err(error) => return Err(error),
        }
    }
    parts.assemble(input, options.direction, options)
}

/// The key of the weights: the one asked for, one with a usual name, or the only square matrix.
fn weights_key(
    keys: &[String],
    take: &mut impl FnMut(&str) -> Result<Array, Error>,
    input: &Input,
    options: &LoadOptions,
) -> Result<String, Error> {
    let all = || keys.iter().map(|k| quoted(k)).collect::<Vec<_>>().join(", ");
    if let Some(name) = &options.variable {
        let hint = nearest(name, keys.iter().map(String::as_str)).map(|n| format!(" (did you mean {}?)", quoted(&n)));
        return keys.iter().find(|k| *k == name).cloned().ok_or_else(|| Error::Missing {
            at: input.place(),
            what: format!("array {}{}", quoted(name), hint.unwrap_or_default()),
            found: all(),
        });
    }
    if let Some(key) = keys.iter().find(|k| role(k) == Some(Role::Weights)) {
        return Ok(key.clone());
    }
    let mut square = Vec::new();
    for key in keys.iter().filter(|k| role(k).is_none()) {
        match take(key) {
            Ok(a) if matches!((&a.data, &a.shape[..]), (Data::Numbers(_), [r, c]) if r == c) => square.push(key.clone()),
            Ok(_) | Err(Error::Unsupported { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    match &square[..] {
        [key] => Ok(key.clone()),
        [] => Err(Error::Missing { at: input.place(), what: "square array of weights".into(), found: all() }),
        _ => Err(Error::Ambiguous { at: input.place(), what: "weights".into(), found: square.join(", ") }),
    }
}

fn add(parts: &mut Parts, role: Role, array: Array, options: &LoadOptions) -> Result<(), Error> {
    match role {
        Role::Lengths => parts.lengths = Some(array.into_table(options)?),
        Role::Functional => parts.functional = Some(array.into_table(options)?),
        Role::Sln => parts.sln = Some(array.into_table(options)?),
        Role::Labels => parts.labels = Some(array.into_labels()),
        Role::Centres => parts.centres = Some(centres(array, options)?),
        Role::Areas => parts.areas = numbers(array),
        Role::Volumes => parts.volumes = numbers(array),
        _ => {}
    }
    Ok(())
}

fn centres(array: Array, options: &LoadOptions) -> Result<Column<[f64; 3]>, Error> {
    let table = array.into_table(options)?;
    if table.columns != 3 {
        return Err(Error::Malformed {
            at: table.at,
            found: format!("{} columns of centres", table.columns),
            expected: "3: x, y, z in mm".into(),
        });
    }
    let values = table.iter_rows().map(|r| [r[0], r[1], r[2]]).collect();
    Ok(Column { at: table.at, values })
}

fn numbers(array: Array) -> Option<Column<f64>> {
    match array.data {
        Data::Numbers(values) => Some(Column { at: array.at, values }),
        Data::Texts(_) => None,
    }
}
