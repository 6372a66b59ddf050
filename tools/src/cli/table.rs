//! Plain text tables and numbers for people.

use std::fmt::Write;

/// A table with a header; the first column is left-aligned, the others hold numbers or short words.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<bool>,
}

impl Table {
    /// A table with these column names. A leading `>` right-aligns the column.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let right = columns.iter().map(|c| c.starts_with('>')).collect();
        Table { rows: vec![columns.iter().map(|c| c.trim_start_matches('>').to_string()).collect()], right }
    }

    /// Adds a row with one text per column.
    pub(crate) fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        let cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        assert_eq!(cells.len(), self.right.len(), "one cell per column");
        self.rows.push(cells);
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = |c: usize| self.rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.right.len()).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, &width), &right) in row.iter().zip(&widths).zip(&self.right) {
                if right { write!(line, "  {cell:>width$}")? } else { write!(line, "  {cell:<width$}")? }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A count with thousands separated: `298,880,968`. Beyond what a `u64` holds: `2.5e30`.
pub(crate) fn count(n: f64) -> String {
    if n.is_finite() && (0.0..1e18).contains(&n) { indicatif::HumanCount(n.round() as u64).to_string() } else { format!("{n:.3e}") }
}

/// Memory in binary units: `1.97 GiB`.
pub(crate) fn bytes(n: f64) -> String {
    indicatif::HumanBytes(n as u64).to_string()
}

/// A number with about four significant digits, for tables.
pub(crate) fn short(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        m if (1e-3..1e6).contains(&m) => {
            let decimals = (3 - m.log10().floor() as i32).clamp(0, 6) as usize;
            format!("{x:.decimals$}")
        }
        _ => format!("{x:.3e}"),
    }
}

/// A duration as a person says it: `0.42 s`, `3 min 20 s`, `5 h 02 min`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if !s.is_finite() => "?".into(),
        s if s < 10.0 => format!("{s:.2} s"),
        s if s < 119.5 => format!("{s:.0} s"),
        s if s < 7170.0 => format!("{} min {:02} s", (s.round() as u64) / 60, (s.round() as u64) % 60),
        s => format!("{} h {:02} min", (s.round() as u64) / 3600, (s.round() as u64) % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["region", ">rate"]);
        table.row(["V1", "12.5"]);
        table.row(["TEpd", "3"]);
        assert_eq!(table.to_string(), "  region  rate\n  V1      12.5\n  TEpd       3\n");
    }

    #[test]
    fn numbers_are_short_and_never_lose_their_size() {
        assert_eq!([0.0, 1.0, 0.0123456, 12345.6, 3.2e9, -2.5].map(short), ["0", "1.000", "0.01235", "12346", "3.200e9", "-2.500"]);
        assert_eq!([0.0, 298_880_968.0, 2.5e30].map(count), ["0", "298,880,968", "2.500e30"]);
    }

    #[test]
    fn durations_read_like_speech() {
        assert_eq!([0.42, 59.0, 200.0, 18_120.0, f64::INFINITY].map(duration), ["0.42 s", "59 s", "3 min 20 s", "5 h 02 min", "?"]);
    }
}
