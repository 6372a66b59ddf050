//! `.xls` of Excel 97 to 2003 (Microsoft, "[MS-XLS]"): names of sheets, and cells that hold numbers or text. Formulas
//! count by the values that were saved with them.
//!
//! Our own, because a library that trusts the sizes in a file lets 6 KB take all memory.

mod compound;
mod strings;

pub(crate) use compound::MAGIC;
use compound::{Compound, u16_at, u32_at};

/// Kinds of records.
mod kind {
    pub(super) const FORMULA: u16 = 0x0006;
    pub(super) const END: u16 = 0x000A;
    pub(super) const PASSWORD: u16 = 0x002F;
    pub(super) const CONTINUE: u16 = 0x003C;
    pub(super) const SHEET: u16 = 0x0085;
    pub(super) const SMALL_NUMBERS: u16 = 0x00BD;
    pub(super) const STRINGS: u16 = 0x00FC;
    pub(super) const SHARED_STRING: u16 = 0x00FD;
    pub(super) const NUMBER: u16 = 0x0203;
    pub(super) const TEXT: u16 = 0x0204;
    pub(super) const FLAG_OR_ERROR: u16 = 0x0205;
    pub(super) const TEXT_OF_FORMULA: u16 = 0x0207;
    pub(super) const SMALL_NUMBER: u16 = 0x027E;
    pub(super) const BEGIN: u16 = 0x0809;
}

/// The version of Excel 97 to 2003 in the record that begins a workbook.
const VERSION: u16 = 0x0600;

/// An open workbook.
pub(crate) struct Book {
    stream: Vec<u8>,
    sheets: Vec<(String, usize)>,
    strings: Vec<String>,
}

/// A cell that holds something: row, column, text.
type Cell = (usize, usize, String);

impl Book {
    /// Reads names of sheets and shared texts; errors are a reason.
    pub(crate) fn open(bytes: &[u8]) -> Result<Self, String> {
        let stream = Compound::open(bytes)?.stream(&["Workbook", "Book"])?;
        let (mut sheets, mut shared) = (Vec::new(), Vec::new());
        let mut records = Records { stream: &stream, at: 0 };
        let begin =
            records.next().transpose()?.filter(|r| r.kind == kind::BEGIN && r.data.len() >= 2).ok_or("no beginning of a workbook")?;
        if u16_at(begin.data, 0) != VERSION {
            return Err("an Excel 95 or older workbook; save it as .xlsx".into());
        }
        let mut last = begin.kind;
        for record in records {
            let record = record?;
            match record.kind {
                kind::END => break,
                kind::PASSWORD => return Err("it is protected by a password".into()),
                kind::SHEET if record.data.len() >= 8 => sheets.extend(sheet(record.data)),
                kind::STRINGS => shared = vec![record.data],
                // The table of texts goes on in the records after it.
                kind::CONTINUE if last == kind::STRINGS => shared.push(record.data),
                _ => {}
            }
            if record.kind != kind::CONTINUE {
                last = record.kind;
            }
        }
        let strings = strings::shared(&shared);
        Ok(Book { sheets, strings, stream })
    }

    /// Names of the worksheets.
    pub(crate) fn sheet_names(&self) -> Vec<String> {
        self.sheets.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The cells of a sheet, as they come.
    pub(crate) fn cells(&self, sheet: &str) -> impl Iterator<Item = Result<Cell, String>> {
        let start = self.sheets.iter().find(|(name, _)| name == sheet).map_or(self.stream.len(), |(_, start)| *start);
        let mut records = Records { stream: &self.stream, at: start };
        let (mut depth, mut formula) = (0_i32, None);
        std::iter::from_fn(move || {
            loop {
                let record = match records.next()? {
                    Ok(record) => record,
                    Err(reason) => return Some(vec![Err(reason)]),
                };
                // A chart inside a sheet has a beginning and an end of its own.
                depth += i32::from(record.kind == kind::BEGIN) - i32::from(record.kind == kind::END);
                if depth <= 0 {
                    return None;
                }
                let cells = if depth == 1 { self.cells_of(&record, &mut formula) } else { Vec::new() };
                if !cells.is_empty() {
                    return Some(cells.into_iter().map(Ok).collect());
                }
            }
        })
        .flatten()
    }

    /// The cells of one record. `formula` is where the text of a formula belongs that comes in the next record.
    fn cells_of(&self, record: &Record, formula: &mut Option<(usize, usize)>) -> Vec<Cell> {
        let data = record.data;
        if record.kind == kind::TEXT_OF_FORMULA {
            return formula.take().and_then(|(row, column)| Some((row, column, strings::long(data)?))).into_iter().collect();
        }
        if data.len() < 6 {
            return Vec::new();
        }
        let (row, column, value) = (usize::from(u16_at(data, 0)), usize::from(u16_at(data, 2)), &data[6..]);
        let text = match (record.kind, value.len()) {
            (kind::SMALL_NUMBERS, _) => return small_numbers(row, column, &data[4..]),
            (kind::NUMBER, 8..) => number(value),
            (kind::SMALL_NUMBER, 4..) => Some(small_number(u32_at(value, 0)).to_string()),
            (kind::SHARED_STRING, 4..) => self.strings.get(u32_at(value, 0) as usize).cloned(),
            (kind::TEXT, _) => strings::long(value),
            (kind::FLAG_OR_ERROR, 2..) => Some(flag_or_error(value[0], value[1] != 0)),
            (kind::FORMULA, 8..) if value[6..8] != [0xFF, 0xFF] => number(value),
            (kind::FORMULA, 8..) => {
                *formula = (value[0] == 0).then_some((row, column));
                matches!(value[0], 1 | 2).then(|| flag_or_error(value[2], value[0] == 2))
            }
            _ => None,
        };
        text.map(|text| (row, column, text)).into_iter().collect()
    }
}

/// Name and place of a worksheet; `None` for charts and macros.
fn sheet(data: &[u8]) -> Option<(String, usize)> {
    Some((strings::short(&data[6..])?, u32_at(data, 0) as usize)).filter(|_| data[5] == 0)
}

fn number(value: &[u8]) -> Option<String> {
    let bytes = value.get(..8)?.try_into().ok()?;
    Some(f64::from_le_bytes(bytes).to_string())
}

/// Thirty bits of a number: the upper ones of a double, or an integer; perhaps a hundredfold.
fn small_number(bits: u32) -> f64 {
    let value = if bits & 2 != 0 { f64::from(bits.cast_signed() >> 2) } else { f64::from_bits(u64::from(bits & !3) << 32) };
    if bits & 1 != 0 { value / 100.0 } else { value }
}

/// Numbers side by side: each with two bytes of format before it.
fn small_numbers(row: usize, first: usize, data: &[u8]) -> Vec<Cell> {
    data.chunks_exact(6).enumerate().map(|(i, c)| (row, first + i, small_number(u32_at(c, 2)).to_string())).collect()
}

fn flag_or_error(value: u8, is_error: bool) -> String {
    let text = match (is_error, value) {
        (false, _) => return u8::from(value != 0).to_string(),
        (true, 0x00) => "#NULL!",
        (true, 0x07) => "#DIV/0!",
        (true, 0x0F) => "#VALUE!",
        (true, 0x17) => "#REF!",
        (true, 0x1D) => "#NAME?",
        (true, 0x24) => "#NUM!",
        (true, _) => "#N/A",
    };
    text.to_owned()
}

/// One record.
struct Record<'a> {
    kind: u16,
    data: &'a [u8],
}

/// The records of a stream from a place on; the stream may end without an end record.
struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let head = self.stream.get(self.at..self.at.checked_add(4)?)?;
        let (kind, size, start) = (u16_at(head, 0), usize::from(u16_at(head, 2)), self.at + 4);
        let Some(data) = self.stream.get(start..start + size) else {
            let there = self.stream.len() - start;
            self.at = self.stream.len();
            return Some(Err(format!("a record of {size} bytes at byte {start} of the workbook, where {there} are left")));
        };
        self.at = start + size;
        Some(Ok(Record { kind, data }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_are_doubles_or_integers_and_perhaps_hundredths() {
        let upper = |v: f64| (v.to_bits() >> 32) as u32;
        assert_eq!(small_number(upper(1.5)), 1.5);
        assert_eq!(small_number(upper(150.0) | 1), 1.5);
        assert_eq!(small_number((7 << 2) | 2), 7.0);
        assert_eq!(small_number(((-700_i32 << 2) | 3).cast_unsigned()), -7.0);
    }

    #[test]
    fn a_row_of_small_numbers_fills_the_cells_side_by_side() {
        let data = [[0, 0, 2, 0, 0, 0], [0, 0, 6, 0, 0, 0]].concat();
        let cells = small_numbers(3, 5, &[data, vec![6, 0]].concat());
        assert_eq!(cells, [(3, 5, "0".to_owned()), (3, 6, "1".to_owned())]);
    }

    #[test]
    fn a_record_that_promises_more_than_there_is_is_an_error() {
        let mut records = Records { stream: &[0x0A, 0, 9, 0, 1], at: 0 };
        let reason = records.next().and_then(Result::err).expect("too long");
        assert_eq!(reason, "a record of 9 bytes at byte 4 of the workbook, where 1 are left");
        assert!(records.next().is_none());
    }
}
