//! NumPy's `.npy`: one array.
//!
//! Read by hand because the promise of a header must be checked against the bytes before anything is allocated,
//! and because labels come as `<U` and `|S` of any width. Arrays of Python objects are pickles, which are programs:
//! they are refused.

use super::parts::check_regions;
use super::{Column, Input, LoadOptions, Parts, Table};
use crate::brain::Connectome;
use crate::error::{Error, Place, quoted};

const MAGIC: &[u8] = b"\x93NUMPY";

/// One array, as numbers or as texts, in row-major order.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    pub(crate) at: Place,
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Data,
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

pub(crate) fn sniff(input: &Input) -> bool {
    input.bytes.starts_with(MAGIC)
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let weights = read(input.bytes, input.place())?.into_table(options)?;
    Parts { weights: Some(weights), ..Parts::default() }.assemble(input, options.direction, options)
}

/// Reads one array.
pub(crate) fn read(bytes: &[u8], at: Place) -> Result<Array, Error> {
    let (text, data) = split(bytes, &at)?;
    let header = Header::parse(text, &at)?;
    let kind = Kind::of(&header.descr, &at)?;
    let count = header.shape.iter().try_fold(1_usize, |n, d| n.checked_mul(*d));
    let needed = count.and_then(|n| n.checked_mul(kind.size));
    if needed.is_none_or(|needed| data.len() < needed) {
        let bytes = needed.map_or("more bytes than any memory holds".into(), |n| format!("{n} bytes"));
        let expected = format!("{bytes} for shape {:?}: the file is cut off or its header is damaged", header.shape);
        return Err(Error::Malformed { at, found: format!("{} bytes of data", data.len()), expected });
    }
    let count = count.unwrap_or(0);
    let cell = |i: usize| &data[i * kind.size..(i + 1) * kind.size];
    let order = |i: usize| if header.fortran { transposed_index(i, &header.shape) } else { i };
    let data = if kind.is_text() {
        Data::Texts((0..count).map(|i| kind.text(cell(order(i)))).collect())
    } else {
        Data::Numbers((0..count).map(|i| kind.number(cell(order(i)))).collect())
    };
    Ok(Array { at, shape: header.shape, data })
}

impl Array {
    /// A two-dimensional array of numbers.
    pub(crate) fn into_table(self, options: &LoadOptions) -> Result<Table, Error> {
        let wrong = |found: String| Error::Malformed { at: self.at.clone(), found, expected: "a two-dimensional array of numbers".into() };
        let [rows, columns] = self.shape[..] else { return Err(wrong(format!("an array of shape {:?}", self.shape))) };
        check_regions(&self.at, rows.max(columns), options)?;
        match self.data {
            Data::Numbers(values) => Ok(Table { at: self.at, rows, columns, values }),
            Data::Texts(_) => Err(wrong("an array of texts".into())),
        }
    }

    /// A one-dimensional (or `n` by 1) array of texts or numbers, as labels.
    pub(crate) fn into_labels(self) -> Column<String> {
        let values = match self.data {
            Data::Texts(texts) => texts,
            Data::Numbers(numbers) => numbers.iter().map(f64::to_string).collect(),
        };
        Column { at: self.at, values }
    }
}

/// Header text and data.
fn split<'a>(bytes: &'a [u8], at: &Place) -> Result<(&'a str, &'a [u8]), Error> {
    let cut = |expected: usize| Error::Truncated { at: at.clone(), found: bytes.len() as u64, expected: expected as u64 };
    let (&[major, _], rest) = bytes.strip_prefix(MAGIC).and_then(<[u8]>::split_first_chunk::<2>).ok_or_else(|| cut(8))?;
    let (size, start) = match major {
        1 => (rest.first_chunk::<2>().map(|b| usize::from(u16::from_le_bytes(*b))), 10),
        2 | 3 => (rest.first_chunk::<4>().map(|b| u32::from_le_bytes(*b) as usize), 12),
        v => return Err(Error::Unsupported { at: at.clone(), what: format!("npy version {v}"), instead: "expected 1, 2 or 3".into() }),
    };
    let end = start + size.ok_or_else(|| cut(start))?;
    let header = bytes.get(start..end).ok_or_else(|| cut(end))?;
    let text = std::str::from_utf8(header).map_err(|_| malformed(at, "a header that is no text"))?;
    Ok((text, &bytes[end..]))
}

fn malformed(at: &Place, found: &str) -> Error {
    let expected = "an npy header with descr, fortran_order and shape".into();
    Error::Malformed { at: at.clone(), found: found.into(), expected }
}

struct Header {
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    /// `{'descr': '<f8', 'fortran_order': False, 'shape': (84, 84), }`, in any order.
    fn parse(text: &str, at: &Place) -> Result<Self, Error> {
        let after = |key: &str| {
            let start = text.find(&format!("'{key}'")).ok_or_else(|| malformed(at, &format!("no {key}")))?;
            let rest = text[start + key.len() + 2..].trim_start();
            rest.strip_prefix(':').map(str::trim_start).ok_or_else(|| malformed(at, &format!("no value for {key}")))
        };
        let descr = after("descr")?;
        let Some(descr) = descr.strip_prefix('\'').and_then(|d| d.split('\'').next()) else {
            let what = "an array of records".into();
            return Err(Error::Unsupported { at: at.clone(), what, instead: "save each field as its own array".into() });
        };
        let shape = after("shape")?.strip_prefix('(').and_then(|s| s.split(')').next()).ok_or_else(|| malformed(at, "no shape"))?;
        let dims = shape.split(',').map(str::trim).filter(|d| !d.is_empty());
        let shape: Result<Vec<usize>, _> = dims.map(|d| d.trim_end_matches('L').parse::<usize>()).collect();
        Ok(Header {
            descr: descr.to_string(),
            fortran: after("fortran_order")?.starts_with("True"),
            shape: shape.map_err(|_| malformed(at, &format!("shape {}", quoted(text))))?,
        })
    }
}

/// Type of one element.
struct Kind {
    letter: char,
    big_endian: bool,
    size: usize,
}

impl Kind {
    fn of(descr: &str, at: &Place) -> Result<Self, Error> {
        let plain = descr.trim_start_matches(['<', '>', '|', '=']);
        let mut chars = plain.chars();
        let letter = chars.next().unwrap_or(' ');
        let width: Option<usize> = chars.as_str().parse().ok();
        if letter == 'O' {
            return Err(Error::Unsupported {
                at: at.clone(),
                what: "an array of Python objects (a pickle, which is a program)".into(),
                instead: "save it with a plain type, for example labels.astype(str)".into(),
            });
        }
        let size = match (letter, width) {
            ('f', Some(w @ (4 | 8))) => Some(w),
            ('i' | 'u', Some(w @ (1 | 2 | 4 | 8))) => Some(w),
            ('b', Some(1)) => Some(1),
            ('S' | 'a', Some(w)) => Some(w),
            ('U', Some(w)) => w.checked_mul(4),
            _ => None,
        };
        let size = size.ok_or_else(|| Error::Unsupported {
            at: at.clone(),
            what: format!("element type {}", quoted(descr)),
            instead: "expected f4, f8, i1 to i8, u1 to u8, b1, U or S".into(),
        })?;
        Ok(Kind { letter, big_endian: descr.starts_with('>'), size })
    }

    fn is_text(&self) -> bool {
        matches!(self.letter, 'S' | 'a' | 'U')
    }

    fn number(&self, cell: &[u8]) -> f64 {
        let mut b = [0_u8; 8];
        for (i, byte) in cell.iter().enumerate() {
            b[if self.big_endian { cell.len() - 1 - i } else { i }] = *byte;
        }
        let unsigned = u64::from_le_bytes(b);
        let shift = 64 - 8 * self.size as u32;
        match (self.letter, self.size) {
            ('f', 4) => f64::from(f32::from_bits(unsigned as u32)),
            ('f', _) => f64::from_bits(unsigned),
            // The sign bit is moved to the top and back.
            ('i', _) => ((unsigned << shift) as i64 >> shift) as f64,
            _ => unsigned as f64,
        }
    }

    fn text(&self, cell: &[u8]) -> String {
        if self.letter != 'U' {
            return String::from_utf8_lossy(cell).trim_end_matches('\0').to_string();
        }
        let code = |c: &[u8]| {
            let four = [c[0], c[1], c[2], c[3]];
            if self.big_endian { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }
        };
        let text: String = cell.chunks_exact(4).map(|c| char::from_u32(code(c)).unwrap_or('\u{fffd}')).collect();
        text.trim_end_matches('\0').to_string()
    }
}

/// Where the `i`-th element in row-major order lies in a column-major array.
fn transposed_index(i: usize, shape: &[usize]) -> usize {
    let (mut rest, mut index) = (i, 0);
    let mut stride: usize = shape.iter().product();
    for d in shape.iter().rev() {
        stride /= d;
        index += rest % d * stride;
        rest /= d;
    }
    index
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An npy file as numpy writes it.
    pub(crate) fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
        let order = if fortran { "True" } else { "False" };
        let mut text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
        while (10 + text.len() + 1) % 64 != 0 {
            text.push(' ');
        }
        text.push('\n');
        let mut out = [MAGIC, &[1, 0], &(text.len() as u16).to_le_bytes()].concat();
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(data);
        out
    }

    fn numbers(file: &[u8]) -> Vec<f64> {
        match read(file, Place::file("t")).expect("valid").data {
            Data::Numbers(v) => v,
            Data::Texts(t) => panic!("{t:?}"),
        }
    }

    #[test]
    fn every_number_type_is_read_with_its_sign_and_byte_order() {
        assert_eq!(numbers(&npy("<i4", false, "(2,)", &[0xFE, 0xFF, 0xFF, 0xFF, 7, 0, 0, 0])), [-2.0, 7.0]);
        assert_eq!(numbers(&npy(">i2", false, "(1,)", &[0xFF, 0xFE])), [-2.0]);
        assert_eq!(numbers(&npy("|u1", false, "(2,)", &[200, 1])), [200.0, 1.0]);
        assert_eq!(numbers(&npy("|b1", false, "(2,)", &[1, 0])), [1.0, 0.0]);
        assert_eq!(numbers(&npy("<f4", false, "(1,)", &1.5_f32.to_le_bytes())), [1.5]);
        assert_eq!(numbers(&npy("<i8", false, "(1,)", &(-3_i64).to_le_bytes())), [-3.0]);
    }

    #[test]
    fn fortran_order_is_turned_into_row_order() {
        assert_eq!(numbers(&npy("|u1", true, "(2, 3)", &[1, 4, 2, 5, 3, 6])), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn texts_of_both_kinds_are_labels() {
        let wide: Vec<u8> = "V1\0V1d".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
        assert_eq!(read(&npy("<U3", false, "(2,)", &wide), Place::file("t")).expect("valid").into_labels().values, ["V1", "V1d"]);
        assert_eq!(read(&npy("|S2", false, "(2,)", b"A\0BC"), Place::file("t")).expect("valid").into_labels().values, ["A", "BC"]);
    }

    #[test]
    fn an_absurd_shape_is_refused_before_it_is_allocated() {
        for shape in ["(4000000000, 4000000000)", "(99999, 99999)", "(18446744073709551615, 2)"] {
            let error = read(&npy("<f8", false, shape, &[0; 8]), Place::file("t")).expect_err("too short");
            assert!(error.to_string().contains("found 8 bytes of data, expected "), "{error}");
        }
    }
}
