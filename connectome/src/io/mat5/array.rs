//! Arrays: class, dimensions, name and values.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::element::{Element, MATRIX, Order, elements, tag};
use crate::error::{Error, Place};
use crate::io::variables::Value;

/// The most bytes that one compressed variable may unpack to.
const MAX_UNPACKED: usize = 1 << 30;
/// The most elements a cell array of labels may have.
const MAX_CELLS: usize = 1 << 20;

const CELL: u32 = 1;
const CHAR: u32 = 4;
const SPARSE: u32 = 5;

/// Reads a compressed array. `None` if it is none.
pub(super) fn read_compressed(bytes: &[u8], order: Order, at: &Place) -> Result<Option<(String, Value)>, Error> {
    let container = |reason: String| Error::Container { at: at.clone(), what: "compressed variable", reason };
    let mut unpacker = ZlibDecoder::new(bytes);
    let mut head = [0; 8];
    unpacker.read_exact(&mut head).map_err(|e| container(e.to_string()))?;
    let (kind, size, _) = tag(&head, order);
    if kind != MATRIX {
        return Ok(None);
    }
    if size > MAX_UNPACKED {
        let (found, limit) = (size as u64, MAX_UNPACKED as u64);
        return Err(Error::TooLarge { at: at.clone(), what: "bytes in one variable".into(), found, limit });
    }
    // Grows as data arrives: the size in the tag is only a promise.
    let mut unpacked = Vec::new();
    unpacker.take(size as u64).read_to_end(&mut unpacked).map_err(|e| container(e.to_string()))?;
    if unpacked.len() < size {
        return Err(Error::Truncated { at: at.clone(), found: unpacked.len() as u64, expected: size as u64 });
    }
    read(&unpacked, order, at)
}

/// Class, dimensions and name of an array, and the elements after them.
struct Head<'a> {
    class: u32,
    dimensions: Vec<usize>,
    name: String,
    rest: Vec<Element<'a>>,
}

/// Reads an array: its name and what it holds. `None` if it is empty of everything.
pub(super) fn read(bytes: &[u8], order: Order, at: &Place) -> Result<Option<(String, Value)>, Error> {
    let Some(head) = head(bytes, order, at)? else { return Ok(None) };
    let at = at.part(format!("variable {}", head.name));
    let value = match (head.class, &head.dimensions[..]) {
        (CELL, _) => cells(&head, order, &at)?,
        (CHAR, [rows, columns]) => texts(&head, (*rows, *columns), order),
        (SPARSE, [rows, columns]) => sparse(&head, (*rows, *columns), order, &at)?,
        (6..=15, [rows, columns]) => numbers(&head, (*rows, *columns), order, &at)?,
        (6..=15, more) => Value::Other(format!("{} dimensions", more.len())),
        (2, _) => Value::Other("a structure".into()),
        (class, _) => Value::Other(format!("class {class}")),
    };
    Ok(Some((head.name, value)))
}

fn head<'a>(bytes: &'a [u8], order: Order, at: &Place) -> Result<Option<Head<'a>>, Error> {
    let mut all = elements(bytes, order, at);
    let (Some(flags), Some(dimensions), Some(name)) = (all.next(), all.next(), all.next()) else { return Ok(None) };
    let (flags, dimensions, name) = (flags?.numbers(order), dimensions?.numbers(order), name?);
    if dimensions.len() < 2 || dimensions.iter().any(|d| *d < 0.0) {
        let found = format!("dimensions {dimensions:?}");
        return Err(Error::Malformed { at: at.clone(), found, expected: "two or more, none negative".into() });
    }
    let class = flags.first().map_or(0, |f| *f as u32 & 0xff);
    let name: String = name.characters(order).into_iter().filter(|c| !c.is_control()).collect();
    // What a structure or an object holds does not follow the pattern of arrays, and is not read.
    let readable = matches!(class, CELL | CHAR | SPARSE | 6..=15);
    let rest = if readable { all.take(MAX_CELLS).collect::<Result<_, _>>()? } else { Vec::new() };
    Ok(Some(Head { class, dimensions: dimensions.iter().map(|d| *d as usize).collect(), name, rest }))
}

/// Numbers are stored column by column.
fn numbers(head: &Head, (rows, columns): (usize, usize), order: Order, at: &Place) -> Result<Value, Error> {
    let expected = rows.saturating_mul(columns);
    let stored = head.rest.first().copied();
    let found = stored.and_then(|e| e.len()).unwrap_or(0);
    if found != expected {
        let (found, expected) = (format!("{found} values"), format!("{expected} for {rows} rows and {columns} columns"));
        return Err(Error::Malformed { at: at.clone(), found, expected });
    }
    if expected == 0 {
        // A matrix of no columns may say that it has any number of rows.
        return Ok(Value::Numbers { rows, columns, values: Vec::new() });
    }
    let stored = stored.map(|e| e.numbers(order)).unwrap_or_default();
    let values = (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))).map(|(r, c)| stored[c * rows + r]).collect();
    Ok(Value::Numbers { rows, columns, values })
}

/// A character matrix has one text per row, padded with blanks.
fn texts(head: &Head, (rows, columns): (usize, usize), order: Order) -> Value {
    let stored = head.rest.first().map(|e| e.characters(order)).unwrap_or_default();
    if rows.checked_mul(columns) != Some(stored.len()) {
        return Value::Other("characters of another size than said".into());
    }
    if stored.is_empty() {
        // No letters may say that they are any number of rows.
        return Value::Texts(Vec::new());
    }
    let row = |r: usize| (0..columns).map(|c| stored[c * rows + r]).collect::<String>().trim_end().to_string();
    Value::Texts((0..rows).map(row).collect())
}

/// A list of texts. Lists of anything else are left out.
fn cells(head: &Head, order: Order, at: &Place) -> Result<Value, Error> {
    let mut all = Vec::new();
    for cell in &head.rest {
        match inner_text(cell, order, at)? {
            Some(text) => all.push(text),
            None => return Ok(Value::Other("a list of other things than texts".into())),
        }
    }
    Ok(Value::Texts(all))
}

fn inner_text(cell: &Element, order: Order, at: &Place) -> Result<Option<String>, Error> {
    if cell.kind != MATRIX {
        return Ok(None);
    }
    let Some(head) = head(cell.data, order, at)? else { return Ok(None) };
    match (head.class, &head.dimensions[..]) {
        (CHAR, [rows, columns]) => match texts(&head, (*rows, *columns), order) {
            Value::Texts(texts) => Ok(Some(texts.concat())),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// Sparse matrices hold row indices, starts of columns, and values.
fn sparse(head: &Head, (rows, columns): (usize, usize), order: Order, at: &Place) -> Result<Value, Error> {
    let wrong = |found: String| Error::Malformed { at: at.clone(), found, expected: "a consistent sparse matrix".into() };
    let [indices, starts, values, ..] = &head.rest[..] else { return Err(wrong("too few parts".into())) };
    let (indices, starts, values) = (indices.numbers(order), starts.numbers(order), values.numbers(order));
    // A dense copy is what a connectome holds.
    let limit = (crate::MAX_REGIONS as u64).pow(2);
    let size = (rows as u64).saturating_mul(columns as u64);
    if size > limit {
        return Err(Error::TooLarge { at: at.clone(), what: "values".into(), found: size, limit });
    }
    // Few synapses in one long column take as much room.
    if rows.max(columns) > crate::MAX_REGIONS {
        let (found, limit) = (rows.max(columns) as u64, crate::MAX_REGIONS as u64);
        return Err(Error::TooLarge { at: at.clone(), what: "rows or columns".into(), found, limit });
    }
    if starts.len() != columns + 1 {
        return Err(wrong(format!("{} starts of {columns} columns", starts.len())));
    }
    let mut dense = vec![0.0; rows * columns];
    for (c, ends) in starts.windows(2).enumerate() {
        for k in ends[0] as usize..ends[1] as usize {
            let (Some(r), Some(v)) = (indices.get(k), values.get(k)) else {
                return Err(wrong(format!("value {k} of {}", values.len())));
            };
            *dense.get_mut(*r as usize * columns + c).ok_or_else(|| wrong(format!("row {r} of {rows}")))? = *v;
        }
    }
    Ok(Value::Numbers { rows, columns, values: dense })
}
