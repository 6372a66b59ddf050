//! Races: who touched a byte last, and whether that is ordered with who touches it now.
//!
//! Two accesses to a byte are ordered if they belong to different launches, to the same thread, to the same
//! block with a barrier between them, or to the same warp with a `bar.warp.sync` of all its lanes between
//! them. Anything else is a race if one of them writes, unless both are atomic. Blocks of a launch run one
//! after another here, so intervals between barriers can be numbered through: numbers from before the
//! launch are ordered, numbers from before the block belong to other blocks.

/// A thread at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visitor {
    /// First interval of the launch.
    pub(crate) launch: u32,
    /// First interval of the block.
    pub(crate) block: u32,
    /// The present interval.
    pub(crate) interval: u32,
    /// Synchronisations of the warp so far, wrapping.
    pub(crate) syncs: u16,
    /// Index of the thread in its block.
    pub(crate) thread: u16,
}

/// How many threads a stamp stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Thread,
    Warp,
    Block,
    Grid,
}

/// Who touched a byte: interval (32 bits), synchronisations (16), thread (10), scope (2), mark (1).
/// Zero stands for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp(u64);

const WARP: u16 = 32;

impl Stamp {
    fn new(visitor: &Visitor, scope: Scope, marked: bool) -> Self {
        let low = u64::from(visitor.syncs) << 13 | u64::from(visitor.thread) << 3 | (scope as u64) << 1 | u64::from(marked);
        Stamp(u64::from(visitor.interval) << 32 | low)
    }

    fn interval(self) -> u32 {
        (self.0 >> 32) as u32
    }

    fn syncs(self) -> u16 {
        (self.0 >> 13) as u16
    }

    fn thread(self) -> u16 {
        (self.0 >> 3 & 0x3ff) as u16
    }

    fn scope(self) -> Scope {
        [Scope::Thread, Scope::Warp, Scope::Block, Scope::Grid][(self.0 >> 1 & 3) as usize]
    }

    fn is_marked(self) -> bool {
        self.0 & 1 == 1
    }

    fn is_of_launch(self, visitor: &Visitor) -> bool {
        self.interval() >= visitor.launch
    }

    fn is_of_warp(self, visitor: &Visitor) -> bool {
        self.thread() / WARP == visitor.thread / WARP
    }

    /// Whether everything the stamp stands for is ordered before what the visitor does now.
    #[inline(always)]
    fn is_ordered(self, visitor: &Visitor) -> bool {
        if !self.is_of_launch(visitor) {
            return true;
        }
        let scope = self.scope();
        if scope == Scope::Grid || self.interval() < visitor.block {
            return false;
        }
        if self.interval() < visitor.interval {
            return true;
        }
        if scope == Scope::Block || !self.is_of_warp(visitor) {
            return false;
        }
        self.syncs() != visitor.syncs || (scope == Scope::Thread && self.thread() == visitor.thread)
    }

    /// The stamp of those before, as far as they are not ordered, and the visitor.
    #[inline(always)]
    fn joined(self, visitor: &Visitor, marked: bool) -> Stamp {
        if self.is_ordered(visitor) {
            return Stamp::new(visitor, Scope::Thread, marked);
        }
        let scope = if self.scope() == Scope::Grid || self.interval() < visitor.block {
            Scope::Grid
        } else if self.scope() == Scope::Block || !self.is_of_warp(visitor) {
            Scope::Block
        } else {
            Scope::Warp
        };
        Stamp::new(visitor, scope, marked)
    }
}

/// Why an access is not allowed beside those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// Not ordered with what this thread, among others perhaps, did.
    Race { other_thread: u16, other_wrote: bool, other_block: bool },
    /// Memory is read through the read-only cache in a launch that writes it.
    ReadOnlyWritten,
}

/// What is known of a byte: its last writers and readers. A marked writer is atomic, a marked reader came
/// through the read-only cache.
pub(crate) type Cell = [u64; 2];

fn conflict(stamp: Stamp, visitor: &Visitor, other_wrote: bool) -> Conflict {
    let other_block = stamp.scope() == Scope::Grid || stamp.interval() < visitor.block;
    Conflict::Race { other_thread: stamp.thread(), other_wrote, other_block }
}

/// Notes a read of the byte.
#[inline(always)]
pub(crate) fn read(cell: &mut Cell, visitor: &Visitor, read_only: bool) -> Result<(), Conflict> {
    let [writer, reader] = cell.map(Stamp);
    if !writer.is_ordered(visitor) {
        return Err(conflict(writer, visitor, true));
    }
    if read_only && writer.is_of_launch(visitor) {
        return Err(Conflict::ReadOnlyWritten);
    }
    let marked = read_only || (reader.is_marked() && reader.is_of_launch(visitor));
    cell[1] = reader.joined(visitor, marked).0;
    Ok(())
}

/// Notes a plain write of the byte.
#[inline(always)]
pub(crate) fn write(cell: &mut Cell, visitor: &Visitor) -> Result<(), Conflict> {
    let writer = Stamp(cell[0]);
    if !writer.is_ordered(visitor) {
        return Err(conflict(writer, visitor, true));
    }
    check_readers(cell, visitor)?;
    cell[0] = Stamp::new(visitor, Scope::Thread, false).0;
    Ok(())
}

/// Notes an atomic change of the byte.
#[inline(always)]
pub(crate) fn change(cell: &mut Cell, visitor: &Visitor) -> Result<(), Conflict> {
    let writer = Stamp(cell[0]);
    if !writer.is_marked() && !writer.is_ordered(visitor) {
        return Err(conflict(writer, visitor, true));
    }
    check_readers(cell, visitor)?;
    cell[0] = writer.joined(visitor, true).0;
    Ok(())
}

#[inline(always)]
fn check_readers(cell: &Cell, visitor: &Visitor) -> Result<(), Conflict> {
    let reader = Stamp(cell[1]);
    if reader.is_marked() && reader.is_of_launch(visitor) {
        return Err(Conflict::ReadOnlyWritten);
    }
    if reader.is_ordered(visitor) { Ok(()) } else { Err(conflict(reader, visitor, false)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thread 3 of the first block of a launch.
    const ONE: Visitor = Visitor { launch: 10, block: 10, interval: 10, syncs: 0, thread: 3 };
    const SAME_WARP: Visitor = Visitor { thread: 4, ..ONE };
    const OTHER_WARP: Visitor = Visitor { thread: 40, ..ONE };
    const AFTER_SYNC: Visitor = Visitor { thread: 4, syncs: 1, ..ONE };
    const AFTER_BARRIER: Visitor = Visitor { thread: 40, interval: 11, ..ONE };
    const OTHER_BLOCK: Visitor = Visitor { block: 12, interval: 12, ..ONE };
    const NEXT_LAUNCH: Visitor = Visitor { launch: 13, block: 13, interval: 13, ..ONE };

    fn after_write(visitor: Visitor) -> [bool; 3] {
        let mut cell = [0; 2];
        write(&mut cell, &ONE).unwrap();
        [read(&mut cell.clone(), &visitor, false).is_ok(), write(&mut cell.clone(), &visitor).is_ok(), change(&mut cell, &visitor).is_ok()]
    }

    #[test]
    fn what_follows_a_write_needs_an_order() {
        for ordered in [ONE, AFTER_SYNC, AFTER_BARRIER, NEXT_LAUNCH] {
            assert_eq!(after_write(ordered), [true; 3], "{ordered:?}");
        }
        for unordered in [SAME_WARP, OTHER_WARP, OTHER_BLOCK] {
            assert_eq!(after_write(unordered), [false; 3], "{unordered:?}");
        }
    }

    #[test]
    fn a_write_after_reads_of_many_needs_an_order_with_all() {
        let mut cell = [0; 2];
        read(&mut cell, &OTHER_WARP, false).unwrap();
        read(&mut cell, &ONE, false).unwrap();
        assert!(write(&mut cell.clone(), &ONE).is_err(), "the other warp's read is not ordered");
        assert!(write(&mut cell.clone(), &AFTER_SYNC).is_err(), "a warp's order does not reach the other warp");
        assert!(write(&mut cell, &AFTER_BARRIER).is_ok());
    }

    #[test]
    fn a_barrier_does_not_order_what_another_block_read() {
        let mut cell = [0; 2];
        read(&mut cell, &ONE, false).unwrap();
        read(&mut cell, &OTHER_BLOCK, false).unwrap();
        let after_barrier = Visitor { interval: 13, ..OTHER_BLOCK };
        assert!(write(&mut cell.clone(), &after_barrier).is_err());
        assert!(write(&mut cell, &Visitor { launch: 14, block: 14, interval: 14, ..ONE }).is_ok());
    }

    #[test]
    fn atomic_changes_go_together_but_not_with_plain_access() {
        let mut cell = [0; 2];
        change(&mut cell, &ONE).unwrap();
        change(&mut cell, &OTHER_WARP).unwrap();
        change(&mut cell, &OTHER_BLOCK).unwrap();
        assert!(read(&mut cell.clone(), &OTHER_BLOCK, false).is_err());
        assert!(write(&mut cell.clone(), &OTHER_BLOCK).is_err());
        assert!(read(&mut cell, &NEXT_LAUNCH, false).is_ok());
    }

    #[test]
    fn the_read_only_cache_forbids_writes_in_the_launch_whatever_the_order() {
        let mut cell = [0; 2];
        read(&mut cell, &ONE, true).unwrap();
        read(&mut cell, &ONE, false).unwrap();
        assert_eq!(write(&mut cell.clone(), &ONE), Err(Conflict::ReadOnlyWritten));
        assert!(write(&mut cell, &NEXT_LAUNCH).is_ok());
        assert_eq!(read(&mut cell, &NEXT_LAUNCH, true), Err(Conflict::ReadOnlyWritten));
    }
}
