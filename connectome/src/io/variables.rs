//! Files that hold named arrays (MATLAB, plain HDF5): which of them are the weights, lengths, labels, ...

use super::names::{Role, role};
use super::parts::{check_regions, is_flag};
use super::{Column, Input, LoadOptions, Parts, Table};
use crate::brain::{Connectome, Hemisphere};
use crate::error::{Error, Place, nearest, quoted};

/// A named array of a file.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) at: Place,
    pub(crate) value: Value,
}

/// What a named array holds.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A table of numbers, row by row.
    Numbers { rows: usize, columns: usize, values: Vec<f64> },
    /// A list of texts.
    Texts(Vec<String>),
    /// Something else, in words.
    Other(String),
}

impl Variable {
    fn is_square(&self) -> bool {
        matches!(self.value, Value::Numbers { rows, columns, .. } if rows == columns && rows > 1)
    }

    fn describe(&self) -> String {
        let kind = match &self.value {
            Value::Numbers { rows, columns, .. } => format!("{rows} by {columns} numbers"),
            Value::Texts(texts) => format!("{} texts", texts.len()),
            Value::Other(kind) => kind.clone(),
        };
        format!("{} ({kind})", quoted(&self.name))
    }

    fn into_table(self, options: &LoadOptions) -> Result<Table, Error> {
        match self.value {
            Value::Numbers { rows, columns, values } => {
                check_regions(&self.at, rows.max(columns), options)?;
                Ok(Table { at: self.at, rows, columns, values })
            }
            _ => Err(Error::Malformed { found: self.describe(), at: self.at, expected: "a matrix of numbers".into() }),
        }
    }

    fn into_numbers(self) -> Option<Column<f64>> {
        match self.value {
            Value::Numbers { values, .. } => Some(Column { at: self.at, values }),
            _ => None,
        }
    }

    fn into_labels(self) -> Option<Column<String>> {
        let values = match self.value {
            Value::Texts(texts) => texts,
            Value::Numbers { values, .. } => values.iter().map(f64::to_string).collect(),
            Value::Other(_) => return None,
        };
        Some(Column { at: self.at, values })
    }
}

/// Puts a connectome together from named arrays.
pub(crate) fn assemble(mut variables: Vec<Variable>, input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let weights = variables.remove(weights_index(&variables, input, options)?);
    let mut parts = Parts { weights: Some(weights.into_table(options)?), ..Parts::default() };
    if let Some(name) = &options.lengths_variable {
        let lengths = variables.remove(named(&variables, name, input)?);
        parts.lengths = Some(lengths.into_table(options)?);
    }
    for variable in variables {
        let Some(role) = role(&variable.name) else { continue };
        add(&mut parts, role, variable, options)?;
    }
    parts.assemble(input, options.direction, options)
}

fn all(variables: &[Variable]) -> String {
    match variables.len() {
        0 => "no variables".into(),
        _ => variables.iter().map(Variable::describe).collect::<Vec<_>>().join(", "),
    }
}

fn named(variables: &[Variable], name: &str, input: &Input) -> Result<usize, Error> {
    variables.iter().position(|v| v.name == name).ok_or_else(|| {
        let hint = nearest(name, variables.iter().map(|v| v.name.as_str())).map(|n| format!(" (did you mean {}?)", quoted(&n)));
        let what = format!("variable {}{}", quoted(name), hint.unwrap_or_default());
        Error::Missing { at: input.place(), what, found: all(variables) }
    })
}

/// The weights: the variable asked for, one with a usual name, the only square one without a name for something
/// else, or the only square one at all.
fn weights_index(variables: &[Variable], input: &Input, options: &LoadOptions) -> Result<usize, Error> {
    if let Some(name) = &options.variable {
        return named(variables, name, input);
    }
    if let Some(i) = variables.iter().position(|v| role(&v.name) == Some(Role::Weights)) {
        return Ok(i);
    }
    let square = |keep: fn(Option<Role>) -> bool| -> Vec<usize> {
        (0..variables.len()).filter(|i| variables[*i].is_square() && keep(role(&variables[*i].name))).collect()
    };
    let (free, any) = (square(|r| r.is_none()), square(|_| true));
    match (&free[..], &any[..]) {
        ([i], _) | ([], [i]) => Ok(*i),
        ([], []) => Err(Error::Missing { at: input.place(), what: "square matrix of weights".into(), found: all(variables) }),
        _ => {
            let found = any.iter().map(|i| quoted(&variables[*i].name)).collect::<Vec<_>>().join(", ");
            Err(Error::Ambiguous { at: input.place(), what: "weights".into(), found })
        }
    }
}

fn add(parts: &mut Parts, role: Role, variable: Variable, options: &LoadOptions) -> Result<(), Error> {
    match role {
        Role::Lengths if parts.lengths.is_none() => parts.lengths = Some(variable.into_table(options)?),
        Role::Functional => parts.functional = Some(variable.into_table(options)?),
        Role::Sln => parts.sln = Some(variable.into_table(options)?),
        // A file may hold several lists of names: the first one that fits the regions counts.
        Role::Labels if parts.labels.is_none() => parts.labels = labels(parts, variable),
        Role::Centres => parts.centres = Some(centres(variable, options)?),
        Role::Areas => parts.areas = variable.into_numbers(),
        Role::Volumes => parts.volumes = variable.into_numbers(),
        Role::Cortical => parts.cortical = variable.into_numbers().map(|c| is_flag(c, |f| f)).transpose()?,
        Role::Hemispheres => parts.hemispheres = variable.into_numbers().map(|c| is_flag(c, side)).transpose()?,
        _ => {}
    }
    Ok(())
}

fn labels(parts: &Parts, variable: Variable) -> Option<Column<String>> {
    let n = parts.weights.as_ref().map_or(0, |w| w.rows);
    variable.into_labels().filter(|l| l.values.len() == n)
}

/// TVB's and most others' convention: 1 is right.
pub(crate) fn side(right: bool) -> Hemisphere {
    if right { Hemisphere::Right } else { Hemisphere::Left }
}

fn centres(variable: Variable, options: &LoadOptions) -> Result<Column<[f64; 3]>, Error> {
    let table = variable.into_table(options)?;
    points(&table)
}

/// A table of three columns as points.
pub(crate) fn points(table: &Table) -> Result<Column<[f64; 3]>, Error> {
    if table.columns != 3 {
        let found = format!("{} columns of centres", table.columns);
        return Err(Error::Malformed { at: table.at.clone(), found, expected: "3: x, y, z in mm".into() });
    }
    Ok(Column { at: table.at.clone(), values: table.iter_rows().map(|r| [r[0], r[1], r[2]]).collect() })
}
