//! Matrices as text that every tool reads: comma-separated, labels in the first row and column, row = target.

use std::fmt::Write;

use crate::brain::{Matrix, Region};

/// A matrix between regions as CSV. Numbers are written with as many digits as it takes to read them back exactly.
pub fn matrix_csv(regions: &[Region], matrix: &Matrix) -> String {
    let mut out = String::new();
    for region in regions {
        write!(out, ",{}", field(&region.label)).expect("a String takes everything");
    }
    out.push('\n');
    for (target, region) in regions.iter().enumerate().take(matrix.n()) {
        out.push_str(&field(&region.label));
        for value in matrix.row(target) {
            write!(out, ",{value:?}").expect("a String takes everything");
        }
        out.push('\n');
    }
    out
}

/// A label, in quotes where it needs them.
fn field(label: &str) -> String {
    if label.contains([',', '"', '\n', '\r', ';', '\t', '#', '%']) { format!("\"{}\"", label.replace('"', "\"\"")) } else { label.into() }
}
