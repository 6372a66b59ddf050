//! One piece of memory with its shadow: an allocation, or the shared memory of a block.

use super::Violation;
use super::stamp::{self, Cell, Visitor};

/// What memory holds before anyone writes: no plausible number, whatever its type.
const POISON: u8 = 0xA5;

/// Bytes, which of them were written, and who touched them.
#[derive(Debug)]
pub(crate) struct Checked {
    bytes: Vec<u8>,
    written: Vec<bool>,
    cells: Vec<Cell>,
}

impl Checked {
    pub(crate) fn new(length: usize) -> Self {
        Checked { bytes: vec![POISON; length], written: vec![false; length], cells: vec![[0; 2]; length] }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The offset of `size` bytes, if they lie inside and are aligned.
    #[inline(always)]
    fn place(&self, offset: u64, size: usize) -> Result<usize, Violation> {
        if !offset.is_multiple_of(size as u64) {
            return Err(Violation::Misaligned { address: offset, size: size as u64 });
        }
        if offset.checked_add(size as u64).is_none_or(|end| end > self.bytes.len() as u64) {
            return Err(Violation::OutOfBounds { offset, size: size as u64, length: self.bytes.len() as u64 });
        }
        Ok(offset as usize)
    }

    fn value(&self, at: usize, size: usize) -> u64 {
        let mut value = [0; 8];
        value[..size].copy_from_slice(&self.bytes[at..at + size]);
        u64::from_le_bytes(value)
    }

    fn check_written(&self, at: usize, size: usize) -> Result<(), Violation> {
        match self.written[at..at + size].iter().position(|written| !written) {
            None => Ok(()),
            Some(first) => Err(Violation::Uninitialised { offset: (at + first) as u64 }),
        }
    }

    /// Reads up to 8 bytes.
    pub(crate) fn load(&mut self, offset: u64, size: usize, visitor: &Visitor, read_only: bool) -> Result<u64, Violation> {
        let at = self.place(offset, size)?;
        for (i, cell) in self.cells[at..at + size].iter_mut().enumerate() {
            stamp::read(cell, visitor, read_only).map_err(|c| Violation::from_conflict(c, "read", at + i))?;
        }
        self.check_written(at, size)?;
        Ok(self.value(at, size))
    }

    /// Writes the low `size` bytes of `value`.
    pub(crate) fn store(&mut self, offset: u64, size: usize, value: u64, visitor: &Visitor) -> Result<(), Violation> {
        let at = self.place(offset, size)?;
        for (i, cell) in self.cells[at..at + size].iter_mut().enumerate() {
            stamp::write(cell, visitor).map_err(|c| Violation::from_conflict(c, "write", at + i))?;
        }
        self.bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
        self.written[at..at + size].fill(true);
        Ok(())
    }

    /// Replaces a value by what `change` makes of it; returns the old one.
    pub(crate) fn change(
        &mut self,
        offset: u64,
        size: usize,
        visitor: &Visitor,
        change: impl FnOnce(u64) -> u64,
    ) -> Result<u64, Violation> {
        let at = self.place(offset, size)?;
        for (i, cell) in self.cells[at..at + size].iter_mut().enumerate() {
            stamp::change(cell, visitor).map_err(|c| Violation::from_conflict(c, "atomic change", at + i))?;
        }
        self.check_written(at, size)?;
        let old = self.value(at, size);
        self.bytes[at..at + size].copy_from_slice(&change(old).to_le_bytes()[..size]);
        Ok(old)
    }

    /// Bytes as the host sees them; those that were never written are poison.
    pub(crate) fn bytes(&self, at: usize, length: usize) -> &[u8] {
        &self.bytes[at..at + length]
    }

    /// Which bytes were written.
    pub(crate) fn written(&self, at: usize, length: usize) -> &[bool] {
        &self.written[at..at + length]
    }

    /// Puts bytes in place from outside any launch.
    pub(crate) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.written[at..at + bytes.len()].fill(true);
    }

    /// As [`write`](Self::write), of bytes that may not have been written themselves.
    pub(crate) fn write_partly(&mut self, at: usize, bytes: &[u8], written: &[bool]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.written[at..at + bytes.len()].copy_from_slice(written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VISITOR: Visitor = Visitor { launch: 1, block: 1, interval: 1, syncs: 0, thread: 0 };

    #[test]
    fn a_value_comes_back_as_it_was_stored() {
        let mut memory = Checked::new(16);
        memory.store(8, 4, 0xaabb_ccdd_1122_3344, &VISITOR).unwrap();
        assert_eq!(memory.load(8, 4, &VISITOR, false), Ok(0x1122_3344));
        assert_eq!(memory.change(8, 4, &VISITOR, |old| old + 1), Ok(0x1122_3344));
        assert_eq!(memory.load(10, 2, &VISITOR, false), Ok(0x1122));
    }

    #[test]
    fn bounds_alignment_and_poison_are_checked() {
        let mut memory = Checked::new(12);
        memory.write(0, &[0; 7]);
        assert_eq!(memory.load(8, 8, &VISITOR, false), Err(Violation::OutOfBounds { offset: 8, size: 8, length: 12 }));
        assert_eq!(memory.load(2, 4, &VISITOR, false), Err(Violation::Misaligned { address: 2, size: 4 }));
        assert_eq!(memory.load(4, 4, &VISITOR, false), Err(Violation::Uninitialised { offset: 7 }));
        assert_eq!(
            memory.store(u64::MAX - 3, 4, 0, &VISITOR).unwrap_err().to_string(),
            "access to 4 bytes at byte 18446744073709551612 of 12 is out of bounds"
        );
        assert_eq!(memory.bytes(7, 2), [POISON; 2]);
    }

    #[test]
    fn a_race_names_the_byte_and_the_other_thread() {
        let mut memory = Checked::new(8);
        memory.store(0, 4, 0, &VISITOR).unwrap();
        let race = memory.load(0, 4, &Visitor { thread: 33, ..VISITOR }, false).unwrap_err();
        assert_eq!(race.to_string(), "race: read at byte 0, which thread 0 of the same block writes without a barrier between");
    }
}
