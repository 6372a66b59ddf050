//! MATLAB's MAT-files of version 5 to 7 (MathWorks, "MAT-File Format", R2024a): numbers, texts and lists of texts,
//! plain or compressed, of either byte order. Structures, objects and functions are left out.

mod array;
mod element;

use element::{Order, elements};

use super::variables::{Variable, assemble};
use super::{Input, LoadOptions};
use crate::brain::Connectome;
use crate::error::Error;

/// Length of the header before the first element.
const HEADER: usize = 128;

/// Version 1.0 in the byte order that the header itself tells. MAT 7.3 has version 2.0 and is HDF5.
pub(crate) fn sniff(input: &Input) -> bool {
    order(input.bytes).is_some()
}

fn order(bytes: &[u8]) -> Option<Order> {
    match bytes.get(124..HEADER)? {
        [0x00, 0x01, b'I', b'M'] => Some(Order::Little),
        [0x01, 0x00, b'M', b'I'] => Some(Order::Big),
        _ => None,
    }
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    assemble(variables(input)?, input, options)
}

/// All numbers and texts.
pub(super) fn variables(input: &Input) -> Result<Vec<Variable>, Error> {
    let order = order(input.bytes).unwrap_or(Order::Little);
    let body = input.bytes.get(HEADER..).ok_or_else(|| Error::Missing {
        at: input.place(),
        what: format!("header of {HEADER} bytes"),
        found: format!("{} bytes", input.bytes.len()),
    })?;
    let mut variables = Vec::new();
    for element in elements(body, order, &input.place()) {
        let element = element?;
        let at = input.part(format!("variable {}", variables.len() + 1));
        let found = match element.kind {
            element::COMPRESSED => array::read_compressed(element.data, order, &at)?,
            element::MATRIX => array::read(element.data, order, &at)?,
            _ => None,
        };
        let Some((name, value)) = found else { continue };
        variables.push(Variable { at: input.part(format!("variable {name}")), name, value });
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header and one variable of doubles, hand-made.
    fn file(order: Order, rows: i32, columns: i32, values: &[f64]) -> Vec<u8> {
        let u16_of = |v: u16| if order == Order::Little { v.to_le_bytes() } else { v.to_be_bytes() };
        let u32_of = |v: u32| if order == Order::Little { v.to_le_bytes() } else { v.to_be_bytes() };
        let f64_of = |v: f64| if order == Order::Little { v.to_le_bytes() } else { v.to_be_bytes() };
        let mut body = Vec::new();
        body.extend([u32_of(6), u32_of(8), u32_of(6), u32_of(0)].concat());
        body.extend([u32_of(5), u32_of(8), u32_of(rows as u32), u32_of(columns as u32)].concat());
        // A small element: type and size share the first four bytes.
        body.extend(u32_of(2 << 16 | 1));
        body.extend(b"sc\0\0");
        body.extend([u32_of(9), u32_of(8 * values.len() as u32)].concat());
        body.extend(values.iter().flat_map(|v| f64_of(*v)));
        let mut file = vec![b' '; 124];
        file.extend(u16_of(0x0100));
        file.extend(if order == Order::Little { b"IM" } else { b"MI" });
        file.extend([u32_of(14), u32_of(body.len() as u32)].concat());
        file.extend(body);
        file
    }

    fn load_bytes(bytes: &[u8]) -> Result<Connectome, Error> {
        let input = Input { name: "t.mat", bytes, path: None };
        assert!(sniff(&input));
        load(&input, &LoadOptions::default())
    }

    #[test]
    fn matrices_of_both_byte_orders_are_read_column_by_column() {
        for order in [Order::Little, Order::Big] {
            let c = load_bytes(&file(order, 2, 2, &[0.0, 3.0, 1.5, 0.0])).expect("a valid file");
            assert_eq!(c.weights.values(), [0.0, 1.5, 3.0, 0.0], "{order:?}");
        }
    }

    #[test]
    fn absurd_dimensions_are_refused_before_anything_is_allocated() {
        for (rows, columns) in [(i32::MAX, i32::MAX), (100_000, 100_000), (-1, 2), (0, 0)] {
            assert!(load_bytes(&file(Order::Little, rows, columns, &[0.0; 4])).is_err(), "{rows} x {columns}");
        }
    }

    #[test]
    fn no_cut_and_no_flipped_byte_panics() {
        let whole = file(Order::Little, 2, 2, &[0.0, 3.0, 1.5, 0.0]);
        for i in 128..whole.len() {
            let _ = load_bytes(&whole[..i]);
            for flip in [0xff, 0x80, 0x01] {
                let mut bytes = whole.clone();
                bytes[i] ^= flip;
                let _ = load_bytes(&bytes);
            }
        }
    }
}
