//! A census: one row of region names and, below it, one row of neuron counts. It names no tract.
//!
//! BrainCog keeps its mouse brain so: `mouse_brain_region.xlsx` has names and counts, another file the weights. Read with
//! [`LoadOptions::labels`] it brings both to the regions of that file; read alone it gives regions without tracts.

use super::{Grid, is_text, number};
use crate::brain::Connectome;
use crate::error::Error;
use crate::io::names::{Role, role};
use crate::io::parts::check_regions;
use crate::io::{Column, Direction, Input, LoadOptions, Parts, Table};

/// Two rows of two or more fields: names, then numbers. No square matrix looks like that; a list of one edge may, but
/// its names are those of its columns.
pub(crate) fn sniff(input: &Input) -> bool {
    is_text(input.bytes) && Grid::read(input.bytes, input.place()).is_ok_and(|grid| is_census(&grid))
}

fn is_census(grid: &Grid) -> bool {
    let [names, counts] = grid.rows.as_slice() else { return false };
    let (names, counts) = (&names.fields, &counts.fields);
    let named = names.iter().all(|f| !f.is_empty() && number(f).is_none() && role(f) != Some(Role::Source));
    let counted = counts.iter().all(|f| f.is_empty() || number(f).is_some()) && counts.iter().any(|f| number(f).is_some());
    names.len() >= 2 && counts.len() <= names.len() && named && counted
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let grid = Grid::read(input.bytes, input.place())?;
    let [names, counts] = grid.rows.as_slice() else {
        let found = format!("{} rows", grid.rows.len());
        return Err(Error::Malformed { at: grid.at, found, expected: "a row of names and a row of neuron counts".into() });
    };
    let n = names.fields.len();
    check_regions(&grid.at, n, options)?;
    let count = |i| match counts.fields.get(i) {
        None | Some("") => Ok(None),
        Some(_) => grid.number(counts, i, "a number of neurons").map(Some),
    };
    let neurons = (0..n).map(count).collect::<Result<_, _>>()?;
    let parts = Parts {
        weights: Some(Table { at: grid.at.clone(), rows: n, columns: n, values: vec![0.0; n * n] }),
        labels: Some(Column { at: grid.at.part("names"), values: names.fields.iter().map(str::to_string).collect() }),
        neurons: Some(Column { at: grid.at.part("neuron counts"), values: neurons }),
        directed: Some(true),
        notes: vec!["names and neuron counts only: the file has no tracts".into()],
        ..Parts::default()
    };
    parts.assemble(input, Direction::RowsAreTargets, options)
}

#[cfg(test)]
mod tests {
    use crate::io::{LoadOptions, load_bytes};

    #[test]
    fn names_above_counts_are_regions_without_tracts() {
        let c = load_bytes("t", b"FRP,MOp,SSp\n31000,,120000\n", &LoadOptions::default()).expect("a census");
        let regions: Vec<_> = c.regions.iter().map(|r| (r.label.as_str(), r.neurons)).collect();
        assert_eq!(regions, [("FRP", Some(31000.0)), ("MOp", None), ("SSp", Some(120000.0))]);
        assert_eq!(c.n_tracts(), 0);
    }

    #[test]
    fn a_list_of_one_edge_is_no_census() {
        let c = load_bytes("t", b"source,target,weight\n1,2,5\n", &LoadOptions::default()).expect("an edge list");
        assert_eq!((c.n(), c.weights.sum()), (2, 5.0));
    }
}
