//! Spreadsheets (`.xlsx`, `.xls`): a sheet with a matrix, an edge list or a census of regions, read as the text loaders
//! read a table.
//!
//! Title rows above the table and footnotes below it are skipped; a blank cell inside a matrix is a tract that is
//! not there, and a note says so; elsewhere it is a value that nobody knows. A cell with an error of the spreadsheet
//! (`#NUM!`) is an error here.

use std::io::Cursor;

use calamine::{DataRef, Reader, Xlsx};

use super::text::{census, edges, matrix};
use super::zip::{Archive, member_names};
use super::{Input, LoadOptions, xls};
use crate::brain::Connectome;
use crate::error::{Error, Place, nearest, quoted};

/// Rows above, below and beside a matrix that may hold something else.
const MARGIN: usize = 64;
/// Cells that any table may have, and how many more for each that is not blank: two cells in far corners must not
/// make a table of 10^10.
const FREE_CELLS: usize = 4 << 20;
const MAX_SPARSITY: usize = 100;

/// A compound document, or a zip archive with a workbook in it.
pub(crate) fn sniff(input: &Input) -> bool {
    let workbook = |names: Vec<String>| names.iter().any(|n| n.eq_ignore_ascii_case("xl/workbook.xml"));
    input.bytes.starts_with(xls::MAGIC) || member_names(input.bytes).is_some_and(workbook)
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let mut book = Book::open(input)?;
    let names = book.sheet_names();
    let Some(first) = names.first() else {
        return Err(Error::Missing { at: input.place(), what: "sheet".into(), found: "a workbook without sheets".into() });
    };
    let name = options.variable.as_ref().unwrap_or(first);
    let mut c = read_sheet(&mut book, name, &names, (input, options))?;
    if let Some(name) = &options.lengths_variable {
        let lengths = read_sheet(&mut book, name, &names, (input, options))?;
        if lengths.n() != c.n() {
            let (at, what) = (input.part(format!("sheet {name}")), "rows of lengths".into());
            return Err(Error::CountMismatch { at, what, found: lengths.n(), expected: c.n() });
        }
        c.lengths = Some(lengths.weights);
    }
    c.name = input.stem();
    c.provenance.source = input.name.to_string();
    if options.variable.is_none() && names.len() > 1 {
        c.provenance.notes.push(format!("read from sheet {}, the first of: {}", quoted(first), names.join(", ")));
    }
    Ok(c)
}

/// A workbook of either kind.
enum Book<'a> {
    Xlsx(Box<Xlsx<Cursor<&'a [u8]>>>),
    Xls(xls::Book),
}

impl<'a> Book<'a> {
    fn open(input: &Input<'a>) -> Result<Self, Error> {
        let container = |reason: String| Error::Container { at: input.place(), what: "spreadsheet", reason };
        if input.bytes.starts_with(xls::MAGIC) {
            return xls::Book::open(input.bytes).map(Book::Xls).map_err(container);
        }
        check_unpacked(input)?;
        let book = Xlsx::new(Cursor::new(input.bytes)).map_err(|e| container(e.to_string()))?;
        Ok(Book::Xlsx(Box::new(book)))
    }

    fn sheet_names(&self) -> Vec<String> {
        match self {
            Book::Xlsx(book) => book.sheet_names(),
            Book::Xls(book) => book.sheet_names(),
        }
    }
}

/// The reader unpacks without a limit and believes how many texts a file says it has, so both are seen to before.
fn check_unpacked(input: &Input) -> Result<(), Error> {
    let mut archive = Archive::open(input)?;
    for name in archive.names().to_vec() {
        let bytes = archive.read(&name)?;
        if !name.to_lowercase().ends_with("sharedstrings.xml") {
            continue;
        }
        let (found, limit) = (promised_texts(&bytes), bytes.len() as u64);
        if found > limit {
            return Err(Error::TooLarge { at: archive.place(&name), what: "texts, more than it has bytes".into(), found, limit });
        }
    }
    Ok(())
}

/// How many texts the table of shared texts says it has.
fn promised_texts(xml: &[u8]) -> u64 {
    const KEY: &[u8] = b"uniqueCount";
    let number = |at: usize| {
        let rest = xml[at + KEY.len()..].iter().copied();
        let digits = rest.skip_while(|b| b" \t\r\n=\"'+".contains(b)).take_while(u8::is_ascii_digit);
        digits.fold(0_u64, |n, digit| n.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    };
    let found = xml.windows(KEY.len()).enumerate().filter(|(_, window)| *window == KEY);
    found.map(|(at, _)| number(at)).max().unwrap_or(0)
}

fn read_sheet(book: &mut Book, name: &str, names: &[String], (input, options): (&Input, &LoadOptions)) -> Result<Connectome, Error> {
    if !names.iter().any(|n| n == name) {
        let hint = nearest(name, names.iter().map(String::as_str)).map(|n| format!(" (did you mean {}?)", quoted(&n)));
        let what = format!("sheet {}{}", quoted(name), hint.unwrap_or_default());
        return Err(Error::Missing { at: input.place(), what, found: names.join(", ") });
    }
    let at = input.part(format!("sheet {name}"));
    let cells = cells(book, name, &at, options.max_regions + MARGIN)?;
    let table =
        table(&cells, &at)?.ok_or_else(|| Error::Missing { at: at.clone(), what: "cells".into(), found: "an empty sheet".into() })?;
    let (filled, blanks) = table.as_csv("0");
    let (as_it_is, _) = table.as_csv("");
    let place = at.to_string();
    let filled = Input { name: &place, bytes: filled.as_bytes(), path: None };
    let as_it_is = Input { bytes: as_it_is.as_bytes(), ..filled };
    // The sheet is chosen; a column is not asked for.
    let own = LoadOptions { variable: None, lengths_variable: None, ..options.clone() };
    if census::sniff(&as_it_is) {
        return census::load(&as_it_is, &own);
    }
    if edges::sniff(&filled) {
        return edges::load(&as_it_is, &own);
    }
    let mut c = matrix::load(&filled, &own)?;
    if blanks > 0 {
        c.provenance.notes.push(format!("{blanks} blank cells of sheet {} were read as 0", quoted(name)));
    }
    Ok(c)
}

/// The cells that hold something, row by row: row, column, text.
type Cells = Vec<(usize, usize, String)>;

/// Reads cell by cell: the range that a sheet claims to have may be far larger than what it holds.
fn cells(book: &mut Book, name: &str, at: &Place, limit: usize) -> Result<Cells, Error> {
    let container = |reason: String| Error::Container { at: at.clone(), what: "sheet", reason };
    let mut all = Vec::new();
    match book {
        Book::Xlsx(book) => {
            let mut reader = book.worksheet_cells_reader(name).map_err(|e| container(e.to_string()))?;
            while let Some(cell) = reader.next_cell().map_err(|e| container(e.to_string()))? {
                let (row, column) = cell.get_position();
                push(&mut all, (row as usize, column as usize), show(cell.get_value()), (at, limit))?;
            }
        }
        Book::Xls(book) => {
            for cell in book.cells(name) {
                let (row, column, text) = cell.map_err(container)?;
                push(&mut all, (row, column), text.trim().to_owned(), (at, limit))?;
            }
        }
    }
    all.sort_by_key(|cell| (cell.0, cell.1));
    Ok(all)
}

fn push(all: &mut Cells, (row, column): (usize, usize), text: String, (at, limit): (&Place, usize)) -> Result<(), Error> {
    if text.trim().is_empty() {
        return Ok(());
    }
    // An edge list is longer than it is wide.
    if column > limit {
        return Err(Error::TooLarge { at: at.line(row + 1), what: "columns".into(), found: column as u64 + 1, limit: limit as u64 });
    }
    all.push((row, column, text));
    Ok(())
}

fn show(value: &DataRef) -> String {
    match value {
        DataRef::Int(v) => v.to_string(),
        DataRef::Float(v) => v.to_string(),
        DataRef::String(v) => v.trim().to_string(),
        DataRef::SharedString(v) => v.trim().to_string(),
        DataRef::Bool(v) => u8::from(*v).to_string(),
        DataRef::Error(e) => e.to_string(),
        DataRef::Empty => String::new(),
        other => format!("{other:?}"),
    }
}

/// Where the table of a sheet is; `None` if the sheet is empty.
fn table<'a>(cells: &'a Cells, at: &Place) -> Result<Option<Extent<'a>>, Error> {
    let Some(extent) = extent(cells) else { return Ok(None) };
    let width = extent.right - extent.left + 1;
    let (found, limit) = (extent.rows.len().saturating_mul(width), FREE_CELLS.saturating_add(MAX_SPARSITY.saturating_mul(cells.len())));
    if found > limit {
        return Err(Error::TooLarge {
            at: at.clone(),
            what: "cells, nearly all of them blank".into(),
            found: found as u64,
            limit: limit as u64,
        });
    }
    Ok(Some(extent))
}

/// The rows of a table and the columns where it begins and ends.
struct Extent<'a> {
    rows: Vec<&'a [(usize, usize, String)]>,
    left: usize,
    right: usize,
}

/// Where the table is in the sorted cells of a sheet.
fn extent(cells: &[(usize, usize, String)]) -> Option<Extent<'_>> {
    let rows: Vec<&[(usize, usize, String)]> = cells.chunk_by(|a, b| a.0 == b.0).collect();
    let widest = rows.iter().map(|r| r.len()).max()?;
    // A title or a footnote has few cells. Between the first and the last full row nothing is skipped.
    let full = |r: &&[(usize, usize, String)]| 2 * r.len() >= widest;
    let (first, last) = (rows.iter().position(full)?, rows.iter().rposition(full)?);
    let rows = rows[first..=last].to_vec();
    let left = rows.iter().filter_map(|r| r.first()).map(|c| c.1).min()?;
    let right = rows.iter().filter_map(|r| r.last()).map(|c| c.1).max()?;
    Some(Extent { rows, left, right })
}

impl Extent<'_> {
    /// The table as CSV, with as many line breaks above it as there are rows, so that lines are rows of the sheet; blank
    /// cells right of the first column and below the first row become `blank`. And how many those are.
    fn as_csv(&self, blank: &str) -> (String, usize) {
        let above = self.rows.first().and_then(|r| r.first()).map_or(0, |c| c.0);
        let (mut text, mut blanks) = ("\n".repeat(above), 0);
        for (r, row) in self.rows.iter().enumerate() {
            let mut cells = row.iter().peekable();
            for column in self.left..=self.right {
                let cell = cells.next_if(|c| c.1 == column).map_or("", |c| c.2.as_str());
                if column > self.left {
                    text.push(',');
                }
                match cell {
                    "" if r > 0 && column > self.left => {
                        blanks += 1;
                        text.push_str(blank);
                    }
                    cell => quote(&mut text, cell),
                }
            }
            text.push('\n');
        }
        (text, blanks)
    }
}

fn quote(text: &mut String, cell: &str) {
    text.push('"');
    text.extend(cell.chars().map(|c| if c.is_control() { ' ' } else { c }).flat_map(|c| if c == '"' { vec!['"', '"'] } else { vec![c] }));
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> Place {
        Place::file("sheet")
    }

    fn cells_of(rows: &[&[&str]]) -> Cells {
        let row = |(r, row): (usize, &&[&str])| row.iter().enumerate().map(|(c, t)| (r, c, t.to_string())).collect::<Vec<_>>();
        rows.iter().enumerate().flat_map(row).filter(|c| !c.2.is_empty()).collect()
    }

    #[test]
    fn titles_and_footnotes_are_skipped_and_lines_stay_rows_of_the_sheet() {
        let sheet = cells_of(&[&["Table 1"], &[], &["", "A", "B"], &["A", "0", "1"], &["B", "", "0"], &["note"]]);
        let table = table(&sheet, &at()).expect("small").expect("a table");
        let (text, blanks) = table.as_csv("0");
        assert_eq!(text, "\n\n\"\",\"A\",\"B\"\n\"A\",\"0\",\"1\"\n\"B\",0,\"0\"\n");
        assert_eq!(blanks, 1);
    }

    #[test]
    fn an_empty_sheet_is_no_table() {
        assert!(table(&Vec::new(), &at()).expect("small").is_none());
    }
}
