//! Text tables: lines, delimiters, headers. The loaders of matrices, edge lists and companions read through this.

pub(crate) mod census;
pub(crate) mod edges;
pub(crate) mod matrix;
pub(crate) mod relmat;
pub(crate) mod write;

use csv::StringRecord;

use crate::error::{Error, Place, quoted};

/// One line of a text table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Line in the file, counted from 1.
    pub(crate) line: usize,
    pub(crate) fields: StringRecord,
}

/// A text table cut into fields; empty lines and comments (`#`, `%`) left out.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    pub(crate) at: Place,
    pub(crate) rows: Vec<Row>,
    /// `None`: fields are parted by any run of blanks.
    pub(crate) delimiter: Option<u8>,
}

impl Grid {
    /// Cuts `bytes` into fields, finding the delimiter out.
    pub(crate) fn read(bytes: &[u8], at: Place) -> Result<Self, Error> {
        let text = decode(bytes, &at)?;
        let delimiter = delimiter(&text);
        let rows = match delimiter {
            Some(byte) => delimited(&text, byte, &at)?,
            None => blank_separated(&text),
        };
        Ok(Grid { at, rows, delimiter })
    }

    /// Cuts `bytes` at blanks, whatever else they hold.
    pub(crate) fn read_blank_separated(bytes: &[u8], at: Place) -> Result<Self, Error> {
        let text = decode(bytes, &at)?;
        Ok(Grid { rows: blank_separated(&text), at, delimiter: None })
    }

    /// Number of fields of the longest row.
    pub(crate) fn width(&self) -> usize {
        self.rows.iter().map(|r| r.fields.len()).max().unwrap_or(0)
    }

    /// The number in a field, or an error that names line and column.
    pub(crate) fn number(&self, row: &Row, column: usize, what: &str) -> Result<f64, Error> {
        let found = row.fields.get(column).unwrap_or("");
        match number(found) {
            Some(v) if v.is_finite() => Ok(v),
            Some(_) => Err(Error::Malformed {
                at: self.at.line(row.line),
                found: format!("{} in column {}", quoted(found), column + 1),
                expected: format!("a finite number for {what}"),
            }),
            None => Err(Error::NotANumber {
                at: self.at.line(row.line),
                what: format!("{what} in column {}", column + 1),
                found: found.to_string(),
            }),
        }
    }
}

/// The number a field holds, if it is one. A decimal comma is understood.
pub(crate) fn number(field: &str) -> Option<f64> {
    let field = field.trim();
    field.parse().ok().or_else(|| (field.matches(',').count() == 1).then(|| field.replace(',', ".").parse().ok())?)
}

/// True if the bytes look like text: no NUL among the first of them, unless they say that they are UTF-16.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    is_utf16(bytes) || (!bytes.is_empty() && !bytes[..bytes.len().min(4096)].contains(&0))
}

fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF])
}

/// Text as UTF-8; what is not UTF-8 is taken for Latin-1, which every byte sequence is.
pub(crate) fn decode(bytes: &[u8], at: &Place) -> Result<String, Error> {
    if is_utf16(bytes) {
        return Err(Error::Unsupported { at: at.clone(), what: "UTF-16 text".into(), instead: "save the table as UTF-8".into() });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    })
}

fn is_content(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with(['#', '%'])
}

/// The delimiter that occurs on every one of the first lines; tab before semicolon before comma before blanks.
fn delimiter(text: &str) -> Option<u8> {
    let sample: Vec<String> = text.lines().filter(|l| is_content(l)).take(8).map(without_quoted).collect();
    [b'\t', b';', b','].into_iter().find(|d| {
        // A trailing tab or comma on otherwise blank-separated lines parts nothing.
        !sample.is_empty() && sample.iter().all(|l| l.trim_end_matches(char::from(*d)).contains(char::from(*d)))
    })
}

/// The line with quoted fields emptied: what is quoted parts nothing.
fn without_quoted(line: &str) -> String {
    line.split('"').step_by(2).collect::<Vec<_>>().join("\"")
}

fn delimited(text: &str, delimiter: u8, at: &Place) -> Result<Vec<Row>, Error> {
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let fields =
            record.map_err(|e| Error::Malformed { at: at.clone(), found: e.to_string(), expected: "rows of delimited fields".into() })?;
        let line = fields.position().map_or(0, |p| first_line(text, p));
        let comment = fields.get(0).is_some_and(|f| f.starts_with(['#', '%']));
        if !comment && fields.iter().any(|f| !f.is_empty()) {
            rows.push(Row { line, fields: without_trailing_empty(fields) });
        }
    }
    Ok(rows)
}

/// The line a record begins on: the reader's position lies before the empty lines that it skips.
fn first_line(text: &str, position: &csv::Position) -> usize {
    let skipped = text.as_bytes().iter().skip(position.byte() as usize).take_while(|b| matches!(b, b'\n' | b'\r'));
    position.line() as usize + skipped.filter(|b| **b == b'\n').count()
}

/// Many writers end each line with the delimiter; one empty field at the end is no field.
fn without_trailing_empty(mut fields: StringRecord) -> StringRecord {
    if fields.len() > 1 && fields.get(fields.len() - 1) == Some("") {
        fields.truncate(fields.len() - 1);
    }
    fields
}

fn blank_separated(text: &str) -> Vec<Row> {
    let lines = text.lines().enumerate().filter(|(_, l)| is_content(l));
    lines.map(|(i, l)| Row { line: i + 1, fields: l.split_whitespace().collect() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(text: &str) -> Grid {
        Grid::read(text.as_bytes(), Place::file("t")).expect("text")
    }

    #[test]
    fn delimiters_are_found_by_content() {
        assert_eq!(grid("a b\n1 2\n").delimiter, None);
        assert_eq!(grid("1,2\n3,4").delimiter, Some(b','));
        assert_eq!(grid("1,5;2,0\n3;4").delimiter, Some(b';'));
        assert_eq!(grid("1\t2\n3\t4").delimiter, Some(b'\t'));
    }

    #[test]
    fn comments_blank_lines_bom_and_trailing_delimiters_are_no_data() {
        let g = grid("\u{feff}# written by hand\n1,2,\n\n3,4,\n");
        assert_eq!(g.rows.len(), 2);
        assert_eq!(g.rows[1].line, 4);
        assert_eq!(g.width(), 2);
    }

    #[test]
    fn a_decimal_comma_is_understood_where_it_cannot_part_fields() {
        assert_eq!(number("1,5"), Some(1.5));
        assert_eq!(number("1,500,000"), None);
    }
}
