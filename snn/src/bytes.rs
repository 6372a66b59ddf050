//! Bytes of a file, read so that what is wrong is told with file and place.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Bytes of `path`, unpacked if its name ends in `.gz`: at most `limit`, and no more memory than there are bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let file = std::fs::File::open(path).map_err(Error::io(path))?;
    let file = std::io::BufReader::new(file);
    let mut bytes = Vec::new();
    let read = if path.extension().is_some_and(|e| e == "gz") {
        flate2::bufread::GzDecoder::new(file).take(limit).read_to_end(&mut bytes)
    } else {
        file.take(limit).read_to_end(&mut bytes)
    };
    read.map_err(Error::io(path))?;
    Ok(bytes)
}

/// A place in the bytes of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    at: usize,
    /// Where `bytes` begins in the file.
    base: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(path: &'a Path, bytes: &'a [u8]) -> Self {
        Cursor { path, bytes, at: 0, base: 0 }
    }

    /// The next byte's place in the file.
    pub(crate) fn offset(&self) -> usize {
        self.base + self.at
    }

    pub(crate) fn path(&self) -> &'a Path {
        self.path
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at.min(self.bytes.len())..]
    }

    /// The next `n` bytes, which are part of `what`.
    pub(crate) fn take(&mut self, n: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let rest = self.rest();
        if rest.len() < n {
            return Err(self.truncated(n, what));
        }
        self.at += n;
        Ok(&rest[..n])
    }

    /// The same as a cursor of its own.
    pub(crate) fn part(&mut self, n: usize, what: &'static str) -> Result<Cursor<'a>, Error> {
        let base = self.offset();
        Ok(Cursor { path: self.path, bytes: self.take(n, what)?, at: 0, base })
    }

    /// Goes to a place in these bytes.
    pub(crate) fn seek(&mut self, at: usize, what: &'static str) -> Result<(), Error> {
        if at > self.bytes.len() {
            return Err(self.truncated(at - self.at.min(at), what));
        }
        self.at = at;
        Ok(())
    }

    pub(crate) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Error> {
        Ok(self.take(N, what)?.try_into().expect("as many bytes as were asked for"))
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, Error> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// A line up to and with its end, which is LF or CR LF; without them.
    pub(crate) fn line(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let end = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |i| i + 1);
        self.at += end;
        let line = &rest[..end];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// An error about the `back` bytes before this place.
    pub(crate) fn foreign(&self, back: usize, what: &'static str, found: impl ToString, expected: impl ToString) -> Error {
        let offset = self.offset().saturating_sub(back) as u64;
        Error::Foreign { path: self.path.into(), offset, what, found: found.to_string(), expected: expected.to_string() }
    }

    /// The bytes end inside of `what`, of which `n` more were expected.
    pub(crate) fn truncated(&self, n: usize, what: &'static str) -> Error {
        let end = (self.base + self.bytes.len()) as u64;
        Error::Truncated { path: PathBuf::from(self.path), offset: end, what, needed: (self.offset() as u64).saturating_add(n as u64) }
    }
}

/// IEEE half precision.
pub(crate) fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

/// The nearest number of half precision; of two that are as near the even one. What is too large becomes infinite.
pub(crate) fn to_half(x: f32) -> u16 {
    let (sign, magnitude) = ((x.to_bits() >> 16) as u16 & 0x8000, x.abs());
    let bits = magnitude.to_bits();
    sign | match magnitude {
        _ if x.is_nan() => 0x7e00,
        65_520.0.. => 0x7c00,
        // Below 2^-14 numbers are 2^-24 apart.
        ..6.103_515_6e-5 => (magnitude * 16_777_216.0).round_ties_even() as u16,
        // 13 bits of the fraction go; the exponents differ by 112.
        _ => ((bits + 0x0fff + (bits >> 13 & 1)) >> 13).wrapping_sub(112 << 10) as u16,
    }
}

/// [`half`] of numbers that are finite, without cases: the bits at their place in a float, times 2^112.
#[inline(always)]
pub(crate) fn finite_half(bits: u16) -> f32 {
    let magnitude = f32::from_bits(u32::from(bits & 0x7fff) << 13) * f32::from_bits(0x7780_0000);
    f32::from_bits(magnitude.to_bits() | u32::from(bits & 0x8000) << 16)
}

/// Writes beside its place and renames.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes).map_err(Error::io(&partial))?;
    std::fs::rename(&partial, path).map_err(Error::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_decoded() {
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x3555, 0.333_251_95), (0x0001, 5.960_464_5e-8), (0x7bff, 65504.0)] {
            assert_eq!(half(bits), value);
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
    }

    #[test]
    fn every_half_is_encoded_as_itself_and_what_lies_between_goes_to_the_nearer_or_even_one() {
        for bits in (0..0x7c00).chain(0x8000..0xfc00) {
            assert_eq!((to_half(half(bits)), finite_half(bits).to_bits()), (bits, half(bits).to_bits()), "{bits:#06x}");
        }
        for bits in 0..0x7bff {
            let (low, high) = (half(bits), half(bits + 1));
            let middle = 0.5 * (low + high);
            let even = bits + (bits & 1);
            let near = |x: f32| to_half(x);
            assert_eq!([near(middle), near(middle.next_down()), near(-middle.next_up())], [even, bits, 0x8000 | (bits + 1)], "{bits:#06x}");
        }
        assert_eq!([65_519.0, 65_520.0, 1e9, f32::NEG_INFINITY].map(to_half), [0x7bff, 0x7c00, 0x7c00, 0xfc00]);
        assert!(half(to_half(f32::NAN)).is_nan());
    }
}
