//! One table of all points: what changed, and the figures of `report.json`.

use std::collections::HashMap;

use hdf5_pure::{AttrValue, FileBuilder, GroupBuilder};
use serde_json::Value;

use super::results::{Outcome, PointResult, Results};

/// Columns in front of those of the parameters and the report.
const POINT: &str = "point";

/// One column; null where a point has nothing to say.
struct Column {
    name: String,
    cells: Vec<Value>,
}

/// The table as CSV with a header (RFC 4180). A figure inside another is called `phases.update`.
pub fn csv(results: &Results) -> String {
    let columns = [numbers(results)].into_iter().chain(parameters(results)).chain(figures(results)).collect::<Vec<_>>();
    let mut text = String::new();
    let mut row = |cells: &mut dyn Iterator<Item = String>| {
        text.push_str(&cells.collect::<Vec<_>>().join(","));
        text.push('\n');
    };
    row(&mut columns.iter().map(|c| quoted(&c.name)));
    for i in 0..results.points.len() {
        row(&mut columns.iter().map(|c| quoted(&shown(&c.cells[i]))));
    }
    text
}

/// The table as an HDF5 file: a dataset per column in the groups `parameters` and `figures`, with the number of the
/// point in `/point`. Columns of numbers are f64 with NaN where there is none; all others are text.
pub fn hdf5(results: &Results) -> Result<Vec<u8>, hdf5_pure::Error> {
    let mut file = FileBuilder::new();
    file.set_attr("sweep", AttrValue::VarLenString(results.name.clone()));
    file.create_dataset(POINT).with_f64_data(&floats(&numbers(results)).expect("points have numbers"));
    for (name, columns) in [("parameters", parameters(results)), ("figures", figures(results))] {
        let mut group = file.create_group(name);
        columns.iter().for_each(|column| add(&mut group, column));
        file.add_group(group.finish());
    }
    file.finish()
}

fn add(group: &mut GroupBuilder, column: &Column) {
    // A slash would lead into another group.
    let name = column.name.replace('/', "_");
    match floats(column) {
        Some(values) => group.create_dataset(&name).with_f64_data(&values),
        None => {
            let texts: Vec<String> = column.cells.iter().map(shown).collect();
            group.create_dataset(&name).with_vlen_strings(&texts.iter().map(String::as_str).collect::<Vec<_>>())
        }
    };
}

/// The cells as numbers, if they hold nothing else.
fn floats(column: &Column) -> Option<Vec<f64>> {
    column.cells.iter().map(|cell| if cell.is_null() { Some(f64::NAN) } else { cell.as_f64() }).collect()
}

fn numbers(results: &Results) -> Column {
    Column { name: POINT.into(), cells: results.points.iter().map(|p| p.number.into()).collect() }
}

fn parameters(results: &Results) -> Vec<Column> {
    let column = |(i, name): (usize, &String)| Column {
        name: name.clone(),
        cells: results.points.iter().map(|p| p.parameters[i].clone()).collect(),
    };
    results.keys.iter().enumerate().map(column).collect()
}

/// State, reason and all that the reports say, in the order in which they say it.
fn figures(results: &Results) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (i, point) in results.points.iter().enumerate() {
        for (name, value) in said(point) {
            let place = *places.entry(name.clone()).or_insert_with(|| {
                columns.push(Column { name, cells: vec![Value::Null; results.points.len()] });
                columns.len() - 1
            });
            columns[place].cells[i] = value;
        }
    }
    columns
}

/// What one point has to say, by name.
fn said(point: &PointResult) -> Vec<(String, Value)> {
    let reason = if let Outcome::Failed { reason } = &point.outcome { reason.as_str().into() } else { Value::Null };
    let mut all = vec![("state".to_string(), point.outcome.word().into()), ("reason".to_string(), reason)];
    all.extend(["rate", "cv_isi", "fc_fit"].map(|name| (name.to_string(), point.figure(name).into())));
    if let Outcome::Done { report, .. } = &point.outcome {
        flatten("", report, &mut all);
    }
    all
}

fn flatten(prefix: &str, value: &Value, into: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(entries) => {
            for (name, value) in entries {
                flatten(&if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") }, value, into);
            }
        }
        other => into.push((prefix.to_string(), other.clone())),
    }
}

/// A value as plain text.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::grid;
    use super::*;

    #[test]
    fn every_point_has_a_row_and_every_figure_a_column() {
        let text = csv(&grid());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 13);
        let head: Vec<&str> = lines[0].split(',').collect();
        assert_eq!(head[..6], ["point", "projections.x.weight", "regions.tracts.fraction", "simulation.seed", "state", "reason"]);
        assert!(head.contains(&"populations.A.E.rate") && head.contains(&"regions.A.rate"));
        assert!(lines[1].starts_with("1,10 pA,0.1,1,done,,2.0,0.5,0.25,") && lines[1].contains("\"ab,c\""), "{}", lines[1]);
        assert!(lines[5].starts_with("5,10 pA,0.3,1,failed,\"too \"\"large\"\"\",,,"), "{}", lines[5]);
        assert!(lines[12].starts_with("12,20 pA,0.3,2,left,,,"), "{}", lines[12]);
    }

    #[test]
    fn the_hdf5_table_reads_back() {
        let file = hdf5_pure::File::from_bytes(hdf5(&grid()).unwrap()).unwrap();
        let numbers = |path: &str| file.dataset(path).unwrap().read_f64().unwrap();
        assert_eq!(numbers("parameters/regions.tracts.fraction")[..3], [0.1, 0.1, 0.2]);
        let rates = numbers("figures/rate");
        assert!(rates[0] == 2.0 && rates[4].is_nan() && rates.len() == 12);
        assert_eq!(file.dataset("figures/state").unwrap().read_string().unwrap()[4], "failed");
    }
}
