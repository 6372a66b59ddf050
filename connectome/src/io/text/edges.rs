//! An edge list as text: `source target weight [length]`, or columns named in a header.

use std::collections::HashMap;

use super::matrix::Layout;
use super::{Grid, Row, is_text, number};
use crate::brain::Connectome;
use crate::error::{Error, quoted};
use crate::io::names::{Role, role};
use crate::io::parts::{LabelIndex, check_regions};
use crate::io::{Column, Direction, Input, LoadOptions, Parts, Table};

/// Text with a header that names source and target, or narrow rows that are no square matrix.
pub(crate) fn sniff(input: &Input) -> bool {
    if !is_text(input.bytes) {
        return false;
    }
    let Ok(grid) = Grid::read(input.bytes, input.place()) else { return false };
    if grid.rows.first().is_some_and(|r| Columns::named(r, None).is_some()) {
        return true;
    }
    let (width, layout) = (grid.width(), Layout::of(&grid));
    let (rows, columns) = (grid.rows.len() - usize::from(layout.header).min(grid.rows.len()), width - layout.first_column.min(width));
    let labels_in_second = grid.rows.iter().all(|r| r.fields.get(1).is_some_and(|f| number(f).is_none()));
    (2..=4).contains(&width) && !grid.rows.is_empty() && (labels_in_second || (rows != columns && !layout.header))
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let grid = Grid::read(input.bytes, input.place())?;
    let Some(first) = grid.rows.first() else {
        return Err(Error::Missing { at: grid.at, what: "edges".into(), found: "an empty file".into() });
    };
    let named = Columns::named(first, options.variable.as_deref());
    let data = &grid.rows[usize::from(named.is_some())..];
    let columns = named.clone().unwrap_or_else(|| Columns::positional(grid.width()));
    let mut weight_kind = String::new();
    if let (Some(_), Some(w)) = (&named, columns.weight) {
        weight_kind = first.fields.get(w).unwrap_or("").to_string();
    }
    let (index, labels) = nodes(&grid, data, &columns, options)?;
    let mut parts = fill(&grid, data, &columns, &index)?;
    parts.labels = Some(Column { at: grid.at.part("labels"), values: labels });
    parts.weight_kind = weight_kind;
    parts.assemble(input, Direction::RowsAreTargets, options)
}

/// Which columns hold what.
#[derive(Clone, Debug)]
struct Columns {
    source: usize,
    target: usize,
    weight: Option<usize>,
    length: Option<usize>,
    sln: Option<usize>,
}

impl Columns {
    /// Columns by the names of a header; `None` if it does not name source and target.
    fn named(header: &Row, weight: Option<&str>) -> Option<Self> {
        let find = |wanted: Role| header.fields.iter().position(|f| role(f) == Some(wanted));
        let chosen = weight.and_then(|name| header.fields.iter().position(|f| f == name));
        Some(Columns {
            source: find(Role::Source)?,
            target: find(Role::Target)?,
            weight: chosen.or_else(|| find(Role::Weights)),
            length: find(Role::Lengths),
            sln: find(Role::Sln),
        })
    }

    /// Source, target, weight, length: the order of a list without header.
    fn positional(width: usize) -> Self {
        Columns { source: 0, target: 1, weight: (width > 2).then_some(2), length: (width > 3).then_some(3), sln: None }
    }

    fn needed(&self) -> usize {
        [Some(self.source), Some(self.target), self.weight, self.length].into_iter().flatten().max().unwrap_or(0) + 1
    }
}

/// Regions of the list: numbers in their order, else labels as they first appear.
fn nodes(grid: &Grid, data: &[Row], columns: &Columns, options: &LoadOptions) -> Result<(LabelIndex, Vec<String>), Error> {
    let mut index = LabelIndex::default();
    for row in data {
        if row.fields.len() < columns.needed() {
            let (found, expected) = (row.fields.len(), columns.needed());
            return Err(Error::Ragged { at: grid.at.line(row.line), found, expected });
        }
        for column in [columns.source, columns.target] {
            index.insert(&row.fields[column]);
            check_regions(&grid.at, index.len(), options)?;
        }
    }
    Ok(index.sorted_if_numeric())
}

fn fill(grid: &Grid, data: &[Row], columns: &Columns, index: &LabelIndex) -> Result<Parts, Error> {
    let n = index.len();
    let block = |value| Table { at: grid.at.clone(), rows: n, columns: n, values: vec![value; n * n] };
    let (mut weights, mut lengths) = (block(0.0), columns.length.map(|_| block(0.0)));
    // Where there is no tract there is no SLN either, and 0 would be one.
    let mut sln = columns.sln.map(|_| block(f64::NAN));
    let mut seen: HashMap<usize, usize> = HashMap::with_capacity(data.len());
    for row in data {
        let (source, target) = (&row.fields[columns.source], &row.fields[columns.target]);
        let cell = index.of(target) * n + index.of(source);
        if let Some(first) = seen.insert(cell, row.line) {
            return Err(Error::Malformed {
                at: grid.at.line(row.line),
                found: format!("a second edge from {} to {}", quoted(source), quoted(target)),
                expected: format!("each edge once (the first is on line {first})"),
            });
        }
        weights.values[cell] = columns.weight.map_or(Ok(1.0), |c| grid.number(row, c, "the weight"))?;
        set_optional(&mut lengths, cell, columns.length, |c| grid.number(row, c, "the length"))?;
        // An SLN is unknown for some tracts of every published table: an empty field is no fault.
        let is_known = |c: usize| row.fields.get(c).is_some_and(|f| !is_blank(f));
        set_optional(&mut sln, cell, columns.sln, |c| if is_known(c) { grid.number(row, c, "the SLN") } else { Ok(f64::NAN) })?;
    }
    Ok(Parts { weights: Some(weights), lengths, sln, ..Parts::default() })
}

/// What tables write where nothing was measured.
fn is_blank(field: &str) -> bool {
    field.is_empty() || ["nan", "na", "n/a", "-"].iter().any(|word| field.eq_ignore_ascii_case(word))
}

fn set_optional(
    table: &mut Option<Table>,
    cell: usize,
    column: Option<usize>,
    read: impl Fn(usize) -> Result<f64, Error>,
) -> Result<(), Error> {
    if let (Some(table), Some(column)) = (table, column) {
        table.values[cell] = read(column)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::load_bytes;

    fn brain(text: &str) -> Connectome {
        load_bytes("t", text.as_bytes(), &LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn a_header_decides_which_end_is_which() {
        let c = brain("target,source,fln,sln,distance_mm\nV1,V2,0.7,0.4,19.8\nV2,V1,0.1,,19.8\n");
        let (v1, v2) = (c.region("V1").expect("there"), c.region("V2").expect("there"));
        assert_eq!(c.weights.at(v1, v2), 0.7);
        assert_eq!(c.lengths.as_ref().expect("lengths").at(v2, v1), 19.8);
        assert_eq!(c.sln_of(v1, v2), Some(0.4));
        assert_eq!(c.weight_kind, "fln");
    }

    #[test]
    fn an_sln_that_is_blank_is_unknown_and_one_of_0_is_0() {
        let c = brain("target,source,fln,sln\nV1,V2,0.7,0\nV2,V1,0.1,\nV3,V1,0.2,NaN\nV3,V2,0.2,n/a\nV2,V3,0.3,0.9\n");
        let sln = |target: &str, source: &str| c.sln_of(c.region(target).expect("there"), c.region(source).expect("there"));
        assert_eq!((sln("V1", "V2"), sln("V2", "V3")), (Some(0.0), Some(0.9)));
        assert_eq!([sln("V2", "V1"), sln("V3", "V1"), sln("V3", "V2")], [None; 3]);
        assert_eq!(sln("V1", "V3"), None, "there is no such tract");
    }

    #[test]
    fn without_a_header_the_first_column_is_the_source() {
        let c = brain("0 2 5.0\n10 0 1\n2 0 7\n2 10 1\n");
        assert_eq!(c.regions.iter().map(|r| r.label.as_str()).collect::<Vec<_>>(), ["0", "2", "10"]);
        assert_eq!(c.weights.at(1, 0), 5.0);
        assert_eq!(c.weights.at(0, 1), 7.0);
    }

    #[test]
    fn an_undirected_list_that_names_each_pair_once_is_mirrored() {
        let options = LoadOptions { directed: Some(false), ..LoadOptions::default() };
        let c = load_bytes("t", b"0 1 5\n2 0 3\n", &options).expect("valid");
        assert!(c.weights.is_symmetric() && !c.directed);
        assert_eq!(c.weights.sum(), 16.0);
    }

    #[test]
    fn three_labelled_edges_are_no_three_by_three_matrix() {
        assert_eq!(brain("A B 1\nB C 2\nC A 3\n").n_tracts(), 3);
    }
}
