//! Data elements: a tag (type and size) and as many bytes.

use crate::error::{Error, Place};

/// Type of an element that holds an array.
pub(super) const MATRIX: u32 = 14;
/// Type of an element that holds a compressed element.
pub(super) const COMPRESSED: u32 = 15;

/// Byte order of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    fn u16(self, b: &[u8]) -> u16 {
        let b = [b[0], b[1]];
        if self == Order::Little { u16::from_le_bytes(b) } else { u16::from_be_bytes(b) }
    }

    fn u32(self, b: &[u8]) -> u32 {
        let b = [b[0], b[1], b[2], b[3]];
        if self == Order::Little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) }
    }

    fn u64(self, b: &[u8]) -> u64 {
        let b = [b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]];
        if self == Order::Little { u64::from_le_bytes(b) } else { u64::from_be_bytes(b) }
    }
}

/// One element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) kind: u32,
    pub(super) data: &'a [u8],
}

/// The elements in these bytes, one after the other.
pub(super) fn elements<'a>(bytes: &'a [u8], order: Order, at: &Place) -> impl Iterator<Item = Result<Element<'a>, Error>> {
    let (mut rest, at) = (bytes, at.clone());
    std::iter::from_fn(move || {
        // Some writers pad the end of the file.
        if rest.len() < 8 {
            return None;
        }
        match next(rest, order, &at) {
            Ok((element, after)) => {
                rest = after;
                Some(Ok(element))
            }
            Err(error) => {
                rest = &[];
                Some(Err(error))
            }
        }
    })
}

/// Type, size and length of the tag.
pub(super) fn tag(bytes: &[u8], order: Order) -> (u32, usize, usize) {
    let first = order.u32(bytes);
    match first >> 16 {
        0 => (first, order.u32(&bytes[4..]) as usize, 8),
        small => (first & 0xffff, small as usize, 4),
    }
}

fn next<'a>(bytes: &'a [u8], order: Order, at: &Place) -> Result<(Element<'a>, &'a [u8]), Error> {
    let (kind, size, start) = tag(bytes, order);
    let end = start.saturating_add(size);
    if end > bytes.len() || (start == 4 && size > 4) {
        return Err(Error::Truncated { at: at.clone(), found: bytes.len() as u64, expected: end as u64 });
    }
    // Elements start at multiples of 8 bytes, except after a compressed one.
    let padded = if kind == COMPRESSED { end } else { end.next_multiple_of(8).min(bytes.len()) };
    Ok((Element { kind, data: &bytes[start..end] }, &bytes[padded..]))
}

impl Element<'_> {
    /// Number of values, if the type is one of numbers.
    pub(super) fn len(&self) -> Option<usize> {
        let size = match self.kind {
            1 | 2 | 16 => 1,
            3 | 4 | 17 => 2,
            5 | 6 | 7 | 18 => 4,
            9 | 12 | 13 => 8,
            _ => return None,
        };
        Some(self.data.len() / size)
    }

    /// The values as numbers; empty for a type that holds none.
    pub(super) fn numbers(&self, order: Order) -> Vec<f64> {
        let each = |size: usize, of: fn(Order, &[u8]) -> f64| self.data.chunks_exact(size).map(|b| of(order, b)).collect();
        match self.kind {
            1 => each(1, |_, b| f64::from(b[0] as i8)),
            2 | 16 => each(1, |_, b| f64::from(b[0])),
            3 => each(2, |o, b| f64::from(o.u16(b) as i16)),
            4 | 17 => each(2, |o, b| f64::from(o.u16(b))),
            5 => each(4, |o, b| f64::from(o.u32(b) as i32)),
            6 | 18 => each(4, |o, b| f64::from(o.u32(b))),
            7 => each(4, |o, b| f64::from(f32::from_bits(o.u32(b)))),
            9 => each(8, |o, b| f64::from_bits(o.u64(b))),
            12 => each(8, |o, b| o.u64(b) as i64 as f64),
            13 => each(8, |o, b| o.u64(b) as f64),
            _ => Vec::new(),
        }
    }

    /// The values as characters.
    pub(super) fn characters(&self, order: Order) -> Vec<char> {
        match self.kind {
            16 => String::from_utf8_lossy(self.data).chars().collect(),
            17 => {
                let units: Vec<u16> = self.data.chunks_exact(2).map(|b| order.u16(b)).collect();
                String::from_utf16_lossy(&units).chars().collect()
            }
            _ => {
                let code = |v: f64| char::from_u32(v as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                self.numbers(order).into_iter().map(code).collect()
            }
        }
    }
}
