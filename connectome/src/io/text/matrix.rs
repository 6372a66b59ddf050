//! A matrix as text: CSV, TSV, semicolons or blanks, with or without a header and row labels.

use super::{Grid, Row, is_text, number};
use crate::brain::Connectome;
use crate::error::{Error, Place, quoted};
use crate::io::parts::check_regions;
use crate::io::{Column, Input, LoadOptions, Parts, Table};

/// Any text may be a matrix: this is the last loader that is asked.
pub(crate) fn sniff(input: &Input) -> bool {
    is_text(input.bytes)
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let (weights, labels) = read(input.bytes, input.place(), options)?;
    Parts { weights: Some(weights), labels, ..Parts::default() }.assemble(input, options.direction, options)
}

/// Reads a text matrix and the labels of its header or first column.
pub(crate) fn read(bytes: &[u8], at: Place, options: &LoadOptions) -> Result<(Table, Option<Column<String>>), Error> {
    let grid = Grid::read(bytes, at)?;
    let layout = Layout::of(&grid);
    let (header, data) = grid.rows.split_at(usize::from(layout.header).min(grid.rows.len()));
    if data.is_empty() {
        return Err(Error::Missing { at: grid.at, what: "rows of numbers".into(), found: format!("{} lines", grid.rows.len()) });
    }
    let columns = data[0].fields.len().saturating_sub(layout.first_column);
    check_regions(&grid.at, data.len().max(columns), options)?;
    let values = numbers(&grid, data, layout.first_column)?;
    let labels = labels(&grid, header.first(), data, layout)?;
    Ok((Table { at: grid.at, rows: data.len(), columns, values }, labels))
}

/// A headerless block of numbers, as TVB archives hold it; no labels, no header.
pub(crate) fn read_numbers(bytes: &[u8], at: Place, options: &LoadOptions) -> Result<Table, Error> {
    let grid = Grid::read(bytes, at)?;
    let columns = grid.rows.first().map_or(0, |r| r.fields.len());
    check_regions(&grid.at, grid.rows.len().max(columns), options)?;
    let values = numbers(&grid, &grid.rows, 0)?;
    Ok(Table { rows: grid.rows.len(), at: grid.at, columns, values })
}

/// Which rows and columns of a grid are labels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) header: bool,
    /// 1 if the first column holds labels.
    pub(crate) first_column: usize,
    /// True if the header also has a cell above the row labels.
    pub(crate) corner: bool,
}

impl Layout {
    /// Tells labels from numbers.
    pub(crate) fn of(grid: &Grid) -> Self {
        let rows = &grid.rows;
        let (Some(first), Some(second)) = (rows.first(), rows.get(1)) else {
            return Layout { header: false, first_column: 0, corner: false };
        };
        let (n_first, n_second) = (first.fields.len(), second.fields.len());
        // R writes a header with one name less than there are columns.
        let short_header = n_first + 1 == n_second && n_first + 1 == rows.len();
        let text_header = first.fields.iter().skip(1).any(|f| number(f).is_none());
        let counted_header = n_first + 1 == rows.len() && counts_up(first);
        let blank_corner = first.fields.get(0) == Some("");
        let header = short_header || text_header || counted_header || blank_corner;
        let data = &rows[usize::from(header)..];
        let text_column = data.iter().all(|r| r.fields.get(0).is_some_and(|f| number(f).is_none()));
        let first_column = usize::from(text_column || short_header || blank_corner);
        Layout { header, first_column, corner: header && !short_header && first_column == 1 }
    }
}

/// 0, 1, 2, ... or 1, 2, 3, ...: column numbers, not data.
fn counts_up(row: &Row) -> bool {
    let first = row.fields.get(0).and_then(number);
    first.is_some_and(|f| f == 0.0 || f == 1.0)
        && row.fields.iter().enumerate().all(|(i, f)| number(f).zip(first).is_some_and(|(v, f)| v == f + i as f64))
}

fn numbers(grid: &Grid, data: &[Row], first_column: usize) -> Result<Vec<f64>, Error> {
    let width = data.first().map_or(0, |r| r.fields.len());
    let mut values = Vec::new();
    for row in data {
        if row.fields.len() != width {
            let (found, expected) = (row.fields.len(), width);
            return Err(Error::Ragged { at: grid.at.line(row.line), found, expected });
        }
        for column in first_column..width {
            values.push(grid.number(row, column, "a matrix entry")?);
        }
    }
    Ok(values)
}

fn labels(grid: &Grid, header: Option<&Row>, data: &[Row], layout: Layout) -> Result<Option<Column<String>>, Error> {
    let of_rows = (layout.first_column == 1).then(|| -> Vec<&str> { data.iter().filter_map(|r| r.fields.get(0)).collect() });
    let of_columns = header.map(|h| -> Vec<&str> { h.fields.iter().skip(usize::from(layout.corner)).collect() });
    if let (Some(rows), Some(columns)) = (&of_rows, &of_columns) {
        let differ = rows.iter().zip(columns).position(|(r, c)| r != c);
        if let Some(i) = differ {
            return Err(Error::Malformed {
                at: grid.at.line(data[i].line),
                found: format!("row label {}", quoted(rows[i])),
                expected: format!("{}, the label of column {}", quoted(columns[i]), i + 1),
            });
        }
    }
    let values = of_rows.or(of_columns).map(|v| v.into_iter().map(str::to_string).collect());
    Ok(values.map(|values| Column { at: grid.at.part("labels"), values }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{Direction, load_bytes};

    fn brain(text: &str) -> Connectome {
        load_bytes("t.csv", text.as_bytes(), &LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn rows_are_targets_unless_the_user_says_otherwise() {
        let text = "0,2,0,0,0\n0,0,0,0,0\n0,0,0,0,0\n0,0,0,0,0\n0,0,0,0,0\n";
        assert_eq!(brain(text).weights.at(0, 1), 2.0);
        let options = LoadOptions { direction: Direction::RowsAreSources, ..LoadOptions::default() };
        let turned = load_bytes("t", text.as_bytes(), &options).expect("valid");
        assert_eq!(turned.weights.at(1, 0), 2.0);
    }

    #[test]
    fn header_and_row_labels_are_found_in_every_combination() {
        let bodies = ["A,B\n0,1\n2,0", ",A,B\nA,0,1\nB,2,0", "A,0,1\nB,2,0", "\"A\" \"B\"\n\"A\" 0 1\n\"B\" 2 0", "x;A;B\nA;0;1\nB;2;0"];
        for body in bodies {
            let c = brain(&body.replace('"', ""));
            assert_eq!(c.regions.iter().map(|r| r.label.as_str()).collect::<Vec<_>>(), ["A", "B"], "{body}");
            assert_eq!((c.weights.at(0, 1), c.weights.at(1, 0)), (1.0, 2.0), "{body}");
        }
    }

    #[test]
    fn a_table_written_by_pandas_keeps_its_numeric_labels() {
        let c = brain(",0,1\n0,0.0,3.5\n1,0.0,0.0\n");
        assert_eq!(c.regions[1].label, "1");
        assert_eq!(c.weights.at(0, 1), 3.5);
    }

    #[test]
    fn labels_may_hold_blanks_where_a_delimiter_parts_fields() {
        assert_eq!(brain("area one\tarea two\n0\t1\n1\t0\n").regions[0].label, "area one");
    }
}
