//! Numbers as short text: what the page's `data.js` decodes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// Values in 16 bits between their least and greatest, little endian, base64.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Packed {
    lowest: f64,
    highest: f64,
    n: usize,
    data: String,
}

/// Stands for a value that is not finite, or as good as not.
const NOTHING: u16 = u16::MAX;

/// Packs values with an error of at most 1/131068 of their range.
pub(crate) fn packed(values: impl Iterator<Item = f64> + Clone) -> Packed {
    // Beyond any quantity of a brain; the difference of two such values might overflow.
    let is_value = |v: &f64| v.abs() < 1e300;
    let finite = || values.clone().filter(is_value);
    let (lowest, highest) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    if lowest > highest {
        let n = values.count();
        return Packed { lowest: 0.0, highest: 0.0, n, data: base64(&NOTHING.to_le_bytes().repeat(n)) };
    }
    let scale = (highest - lowest).max(f64::MIN_POSITIVE);
    let level = |v: f64| if is_value(&v) { ((v - lowest) / scale * f64::from(NOTHING - 1)).round() as u16 } else { NOTHING };
    let bytes: Vec<u8> = values.flat_map(|v| level(v).to_le_bytes()).collect();
    Packed { lowest, highest, n: bytes.len() / 2, data: base64(&bytes) }
}

/// Bytes as base64.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Appends a number in groups of seven bits, the lowest first (LEB128).
pub(super) fn push_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(p: &Packed) -> Vec<f64> {
        let bytes = STANDARD.decode(&p.data).unwrap();
        let level = |c: &[u8]| u16::from_le_bytes([c[0], c[1]]);
        let value = |l| if l == NOTHING { f64::NAN } else { p.lowest + (p.highest - p.lowest) * f64::from(l) / f64::from(NOTHING - 1) };
        bytes.chunks(2).map(|c| value(level(c))).collect()
    }

    #[test]
    fn packed_values_come_back_within_half_a_level() {
        let values: Vec<f64> = (0..1000).map(|i| (f64::from(i) * 0.37).sin() * 50.0).collect();
        let p = packed(values.iter().copied());
        assert_eq!(p.n, 1000);
        assert!(unpacked(&p).iter().zip(&values).all(|(a, b)| (a - b).abs() <= 100.0 / 131_068.0 + 1e-9));
    }

    #[test]
    fn gaps_and_constants_survive() {
        let back = unpacked(&packed([3.0, f64::NAN, 3.0, f64::INFINITY].into_iter()));
        assert_eq!((back[0], back[2]), (3.0, 3.0));
        assert!(back[1].is_nan() && back[3].is_nan());
        assert_eq!(packed([f64::NAN].into_iter()).n, 1);
        assert_eq!(packed(std::iter::empty()).n, 0);
        assert!(unpacked(&packed([f64::MIN, 2.0, f64::MAX].into_iter()))[1] == 2.0);
    }

    #[test]
    fn small_numbers_take_one_byte() {
        let mut bytes = Vec::new();
        for value in [0, 127, 128, 300] {
            push_varint(&mut bytes, value);
        }
        assert_eq!(bytes, [0, 127, 0x80, 1, 0xac, 2]);
    }
}
