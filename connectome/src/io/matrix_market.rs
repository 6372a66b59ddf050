//! MatrixMarket (`.mtx`): coordinate or array, real, integer or pattern; general or symmetric. Indices count from 1.

use super::parts::check_regions;
use super::text::decode;
use super::{Input, LoadOptions, Parts, Table};
use crate::brain::Connectome;
use crate::error::{Error, Place, quoted};

const BANNER: &[u8] = b"%%MatrixMarket";

pub(crate) fn sniff(input: &Input) -> bool {
    input.bytes.starts_with(BANNER)
}

#[derive(Clone, Copy)]
struct Banner {
    coordinate: bool,
    pattern: bool,
    symmetric: bool,
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let at = input.place();
    let text = decode(input.bytes, &at)?;
    let banner = banner(text.lines().next().unwrap_or(""), &at)?;
    let mut lines = text.lines().enumerate().filter(|(_, l)| !l.starts_with('%') && !l.trim().is_empty());
    let (i, line) =
        lines.next().ok_or_else(|| Error::Missing { at: at.clone(), what: "size line".into(), found: "the banner alone".into() })?;
    let size = fields::<usize>(line, &at.line(i + 1), if banner.coordinate { 3 } else { 2 })?;
    let (rows, columns) = (size[0], size[1]);
    check_regions(&at, rows.max(columns), options)?;
    if rows != columns {
        return Err(Error::NotSquare { at, rows, columns });
    }
    let mut table = Table { at: at.clone(), rows, columns, values: vec![0.0; rows * columns] };
    let mut count = 0;
    for (k, (i, line)) in lines.enumerate() {
        let (row, column, value) = entry(line, banner, (k, rows), &at.line(i + 1))?;
        table.values[row * columns + column] = value;
        if banner.symmetric {
            table.values[column * columns + row] = value;
        }
        count = k + 1;
    }
    let expected = match (banner.coordinate, banner.symmetric) {
        (true, _) => size[2],
        (false, true) => rows * (rows + 1) / 2,
        (false, false) => rows * columns,
    };
    if count != expected {
        return Err(Error::Malformed { at, found: format!("{count} entries"), expected: format!("{expected} as the size line says") });
    }
    Parts { weights: Some(table), ..Parts::default() }.assemble(input, options.direction, options)
}

fn banner(line: &str, at: &Place) -> Result<Banner, Error> {
    let words: Vec<String> = line.split_whitespace().map(str::to_lowercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [_, "matrix", layout @ ("coordinate" | "array"), kind @ ("real" | "integer" | "pattern"), shape @ ("general" | "symmetric")] => {
            Ok(Banner { coordinate: layout == "coordinate", pattern: kind == "pattern", symmetric: shape == "symmetric" })
        }
        _ => Err(Error::Malformed {
            at: at.line(1),
            found: quoted(line),
            expected: "%%MatrixMarket matrix (coordinate|array) (real|integer|pattern) (general|symmetric)".into(),
        }),
    }
}

fn fields<T: std::str::FromStr>(line: &str, at: &Place, n: usize) -> Result<Vec<T>, Error> {
    let values: Option<Vec<T>> = line.split_whitespace().map(|f| f.parse().ok()).collect();
    values.filter(|v| v.len() == n).ok_or_else(|| Error::Malformed {
        at: at.clone(),
        found: quoted(line),
        expected: format!("{n} numbers"),
    })
}

/// Row, column and value of the `k`-th entry of an `n` by `n` matrix.
fn entry(line: &str, banner: Banner, (k, n): (usize, usize), at: &Place) -> Result<(usize, usize, f64), Error> {
    let numbers = fields::<f64>(
        line,
        at,
        if !banner.coordinate {
            1
        } else if banner.pattern {
            2
        } else {
            3
        },
    )?;
    if !banner.coordinate {
        let (row, column) = array_place(k, n, banner.symmetric).ok_or_else(|| Error::Malformed {
            at: at.clone(),
            found: "more entries".into(),
            expected: "no more than the size line says".into(),
        })?;
        return Ok((row, column, numbers[0]));
    }
    let index = |v: f64| {
        (v >= 1.0 && v <= n as f64 && v.fract() == 0.0).then(|| v as usize - 1).ok_or_else(|| Error::Malformed {
            at: at.clone(),
            found: format!("index {v}"),
            expected: format!("1 to {n}"),
        })
    };
    Ok((index(numbers[0])?, index(numbers[1])?, numbers.get(2).copied().unwrap_or(1.0)))
}

/// Arrays run down the columns; symmetric ones hold the lower triangle.
fn array_place(k: usize, n: usize, symmetric: bool) -> Option<(usize, usize)> {
    if !symmetric {
        return (k < n * n).then(|| (k % n, k / n));
    }
    let (mut column, mut rest) = (0, k);
    while column < n && rest >= n - column {
        rest -= n - column;
        column += 1;
    }
    (column < n).then_some((column + rest, column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::load_bytes;

    fn weights(text: &str) -> Vec<f64> {
        let c = load_bytes("t.mtx", text.as_bytes(), &LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        c.weights.values().to_vec()
    }

    #[test]
    fn indices_count_from_one_and_symmetric_storage_is_unfolded() {
        let text = "%%MatrixMarket matrix coordinate real symmetric\n% made by hand\n2 2 2\n1 1 3\n2 1 5\n";
        assert_eq!(weights(text), [3.0, 5.0, 5.0, 0.0]);
    }

    #[test]
    fn arrays_run_down_the_columns() {
        assert_eq!(weights("%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n"), [1.0, 3.0, 2.0, 4.0]);
        assert_eq!(weights("%%MatrixMarket matrix array integer symmetric\n2 2\n1\n2\n4\n"), [1.0, 2.0, 2.0, 4.0]);
    }

    #[test]
    fn a_pattern_weighs_one() {
        assert_eq!(weights("%%MatrixMarket matrix coordinate pattern general\n2 2 1\n1 2\n"), [0.0, 1.0, 0.0, 0.0]);
    }
}
