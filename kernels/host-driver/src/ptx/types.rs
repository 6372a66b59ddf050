//! Types of PTX values.

use std::fmt;

/// What the bits of a value mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing by themselves: `.b32`.
    Bits,
    Unsigned,
    Signed,
    Float,
    /// A truth value, 0 or 1.
    Predicate,
}

/// A type such as `.u32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    pub(crate) kind: Kind,
    /// Width in bytes.
    pub(crate) size: u8,
}

impl Type {
    pub(crate) const PREDICATE: Type = Type { kind: Kind::Predicate, size: 1 };
    pub(crate) const B32: Type = Type { kind: Kind::Bits, size: 4 };
    pub(crate) const U32: Type = Type { kind: Kind::Unsigned, size: 4 };

    /// The type of a modifier such as `u32`. With `f64` kernels of ours may do no more than add: it is slow on most devices.
    pub(crate) fn parse(name: &str) -> Option<Type> {
        if name == "pred" {
            return Some(Type::PREDICATE);
        }
        let (letter, bits) = name.split_at_checked(1)?;
        let (kind, widths): (Kind, &[u32]) = match letter {
            "b" => (Kind::Bits, &[8, 16, 32, 64]),
            "u" => (Kind::Unsigned, &[8, 16, 32, 64]),
            "s" => (Kind::Signed, &[8, 16, 32, 64]),
            "f" => (Kind::Float, &[32, 64]),
            _ => return None,
        };
        let bits = bits.parse().ok().filter(|bits| widths.contains(bits))?;
        Some(Type { kind, size: (bits / 8) as u8 })
    }

    pub(crate) fn bits(self) -> u32 {
        u32::from(self.size) * 8
    }

    /// Of single precision.
    pub(crate) fn is_float(self) -> bool {
        self.kind == Kind::Float && self.size == 4
    }

    /// Of double precision.
    pub(crate) fn is_double(self) -> bool {
        self.kind == Kind::Float && self.size == 8
    }

    pub(crate) fn is_signed(self) -> bool {
        self.kind == Kind::Signed
    }

    /// An integer or bits, not a float and not a predicate.
    pub(crate) fn is_integer(self) -> bool {
        matches!(self.kind, Kind::Bits | Kind::Unsigned | Kind::Signed)
    }

    /// The low bits of `value`, the others zero: the form in which registers hold values.
    #[inline(always)]
    pub(crate) fn cut(self, value: u64) -> u64 {
        value & (u64::MAX >> (64 - self.bits()))
    }

    /// `value` with its sign spread over 64 bits.
    #[inline(always)]
    pub(crate) fn signed(self, value: u64) -> i64 {
        let unused = 64 - self.bits();
        ((value << unused) as i64) >> unused
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let letter = match self.kind {
            Kind::Predicate => return f.write_str("pred"),
            Kind::Bits => 'b',
            Kind::Unsigned => 'u',
            Kind::Signed => 's',
            Kind::Float => 'f',
        };
        write!(f, "{letter}{}", self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_and_written_alike() {
        for name in ["b8", "b64", "u16", "s32", "f32", "f64", "pred"] {
            assert_eq!(Type::parse(name).map(|t| t.to_string()).as_deref(), Some(name));
        }
    }

    #[test]
    fn halves_are_no_types_of_ours() {
        assert_eq!((Type::parse("f16"), Type::parse("u7"), Type::parse("")), (None, None, None));
    }

    #[test]
    fn signs_spread_and_spare_bits_vanish() {
        let short = Type { kind: Kind::Signed, size: 2 };
        assert_eq!((short.signed(0xffff), short.signed(0x7fff), short.cut(0x1_2345)), (-1, 0x7fff, 0x2345));
    }
}
