//! Global memory: a table of allocations. Addresses are never used twice and lie apart, so that what is out
//! of bounds or freed hits nothing.

use super::{Checked, Violation};

/// Addresses begin here: far from null and from small numbers that are no addresses.
const FIRST: u64 = 0x7_0000_0000;
/// What the driver promises.
const ALIGNMENT: u64 = 256;
/// Bytes between two allocations that belong to neither.
const GAP: u64 = 4096;

struct Allocation {
    start: u64,
    memory: Checked,
    /// False until the stream that allocates has come so far.
    is_live: bool,
}

/// The memory of a device.
pub(crate) struct Global {
    /// By ascending start.
    allocations: Vec<Allocation>,
    freed: Vec<(u64, u64)>,
    next: u64,
    used: u64,
    capacity: u64,
}

impl Global {
    pub(crate) fn new(capacity: u64) -> Self {
        Global { allocations: Vec::new(), freed: Vec::new(), next: FIRST, used: 0, capacity }
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.capacity
    }

    pub(crate) fn available(&self) -> u64 {
        self.capacity - self.used
    }

    /// Room for `length` bytes that become usable by [`enliven`](Self::enliven); `None` if there is no room.
    pub(crate) fn reserve(&mut self, length: u64) -> Option<u64> {
        if length > self.available() {
            return None;
        }
        let start = self.next;
        self.next = (start + length + GAP).next_multiple_of(ALIGNMENT);
        self.used += length;
        self.allocations.push(Allocation { start, memory: Checked::new(length as usize), is_live: false });
        Some(start)
    }

    /// From now on the allocation at `start` may be used.
    pub(crate) fn enliven(&mut self, start: u64) {
        if let Ok(place) = self.find_start(start) {
            self.allocations[place].is_live = true;
        }
    }

    /// Whether an allocation that is not freed begins at `start`.
    pub(crate) fn begins(&self, start: u64) -> bool {
        self.find_start(start).is_ok()
    }

    /// Gives an allocation back.
    pub(crate) fn free(&mut self, start: u64) -> Result<(), Violation> {
        let place = self.find_start(start).map_err(|_| self.miss(start))?;
        let allocation = self.allocations.remove(place);
        self.used -= allocation.memory.len() as u64;
        self.freed.push((start, start + allocation.memory.len() as u64));
        Ok(())
    }

    fn find_start(&self, start: u64) -> Result<usize, usize> {
        self.allocations.binary_search_by_key(&start, |a| a.start)
    }

    /// The allocation that holds an address, and the address as an offset.
    #[inline]
    pub(crate) fn find(&mut self, address: u64) -> Result<(&mut Checked, u64), Violation> {
        let after = self.allocations.partition_point(|a| a.start <= address);
        let found = after.checked_sub(1).filter(|place| {
            let allocation = &self.allocations[*place];
            // Close behind the end counts as this allocation's, so that the message can tell how far.
            allocation.is_live && address - allocation.start < allocation.memory.len() as u64 + GAP / 2
        });
        match found {
            Some(place) => {
                let allocation = &mut self.allocations[place];
                Ok((&mut allocation.memory, address - allocation.start))
            }
            None => Err(self.miss(address)),
        }
    }

    fn miss(&self, address: u64) -> Violation {
        if self.freed.iter().any(|(start, end)| (*start..*end).contains(&address)) {
            Violation::Freed { address }
        } else {
            Violation::NoAllocation { address }
        }
    }

    /// The allocation that holds `length` bytes from `address` on, for copies.
    fn range(&mut self, address: u64, length: usize) -> Result<(&mut Checked, usize), Violation> {
        let (memory, offset) = self.find(address)?;
        let total = memory.len() as u64;
        if offset.checked_add(length as u64).is_none_or(|end| end > total) {
            return Err(Violation::OutOfBounds { offset, size: length as u64, length: total });
        }
        Ok((memory, offset as usize))
    }

    /// Copies bytes in from the host.
    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), Violation> {
        let (memory, at) = self.range(address, bytes.len())?;
        memory.write(at, bytes);
        Ok(())
    }

    /// Copies bytes out to the host.
    pub(crate) fn read(&mut self, address: u64, length: usize) -> Result<Vec<u8>, Violation> {
        let (memory, at) = self.range(address, length)?;
        Ok(memory.bytes(at, length).to_vec())
    }

    /// Copies inside the device. What was never written stays so.
    pub(crate) fn copy(&mut self, to: u64, from: u64, length: usize) -> Result<(), Violation> {
        let (memory, at) = self.range(from, length)?;
        let (bytes, written) = (memory.bytes(at, length).to_vec(), memory.written(at, length).to_vec());
        let (memory, at) = self.range(to, length)?;
        memory.write_partly(at, &bytes, &written);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(memory: &mut Global, length: u64) -> u64 {
        let start = memory.reserve(length).unwrap();
        memory.enliven(start);
        start
    }

    #[test]
    fn copies_stay_inside_their_allocation() {
        let mut memory = Global::new(1 << 20);
        let (a, b) = (live(&mut memory, 8), live(&mut memory, 8));
        memory.write(a, &[1, 2, 3, 4]).unwrap();
        memory.copy(b + 4, a, 4).unwrap();
        assert_eq!(memory.read(b + 4, 4).unwrap(), [1, 2, 3, 4]);
        assert_eq!(memory.copy(b + 6, a, 4), Err(Violation::OutOfBounds { offset: 6, size: 4, length: 8 }));
    }

    #[test]
    fn memory_is_counted_and_refused_when_there_is_no_more() {
        let mut memory = Global::new(100);
        let start = live(&mut memory, 60);
        assert_eq!((memory.available(), memory.reserve(41)), (40, None));
        memory.free(start).unwrap();
        assert_eq!(memory.available(), 100);
    }

    #[test]
    fn freed_and_unborn_memory_cannot_be_used() {
        let mut memory = Global::new(1 << 20);
        let start = memory.reserve(8).unwrap();
        assert_eq!(memory.write(start, &[0]), Err(Violation::NoAllocation { address: start }));
        memory.enliven(start);
        memory.write(start, &[0]).unwrap();
        memory.free(start).unwrap();
        assert_eq!(memory.write(start, &[0]), Err(Violation::Freed { address: start }));
        assert_eq!(memory.free(start), Err(Violation::Freed { address: start }));
    }
}
