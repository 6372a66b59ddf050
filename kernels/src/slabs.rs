//! Memory that grows without ever moving: a list of large slabs.
//!
//! A slab is asked for whole and comes zeroed, but takes real memory only where it was written. Large
//! pages are asked for: synapses are read a few cache lines at a time from all over the store, and with
//! 4-KiB pages every such read would also miss the address cache (a fifth to a half of delivery).

/// Columns of numbers in slabs of 2^`BITS` items. What was appended together lies together.
#[derive(Clone, Debug, Default)]
pub struct Slabs<T, const BITS: u32> {
    slabs: Vec<Box<[T]>>,
    /// Items in use of the last slab.
    used: usize,
}

impl<T: Copy + Zero, const BITS: u32> Slabs<T, BITS> {
    /// Items of a slab: the most that can be appended at a time.
    pub const ITEMS: usize = 1 << BITS;

    /// Appends items and returns where they begin; `None` if they do not fit one slab, or the numbers
    /// of places are used up.
    pub fn append(&mut self, items: &[T]) -> Option<u32> {
        if items.len() > Self::ITEMS {
            return None;
        }
        if self.slabs.is_empty() || self.used + items.len() > Self::ITEMS {
            if self.slabs.len() >= 1 << (32 - BITS) {
                return None;
            }
            let mut slab = T::zeros(Self::ITEMS);
            ask_for_large_pages(&mut slab);
            self.slabs.push(slab);
            self.used = 0;
        }
        let slab = self.slabs.len() - 1;
        let start = self.used;
        self.slabs[slab][start..start + items.len()].copy_from_slice(items);
        self.used += items.len();
        Some((slab << BITS) as u32 | start as u32)
    }

    /// `n` items from `start` on.
    #[inline(always)]
    pub fn slice(&self, start: u32, n: usize) -> &[T] {
        let offset = start as usize & (Self::ITEMS - 1);
        &self.slabs[(start >> BITS) as usize][offset..offset + n]
    }

    /// The slab that holds `start`, and where in it.
    #[inline(always)]
    pub fn slab(&self, start: u32) -> (&[T], usize) {
        (&self.slabs[(start >> BITS) as usize], start as usize & (Self::ITEMS - 1))
    }

    /// Memory in use in bytes.
    pub fn bytes(&self) -> u64 {
        let full = self.slabs.len().saturating_sub(1) * Self::ITEMS;
        ((full + self.used) * size_of::<T>()) as u64
    }
}

/// Numbers whose zeros the system hands out without writing them.
pub trait Zero: Sized {
    /// `n` zeros.
    fn zeros(n: usize) -> Box<[Self]>;
}

impl Zero for u32 {
    fn zeros(n: usize) -> Box<[Self]> {
        vec![0; n].into_boxed_slice()
    }
}

impl Zero for u64 {
    fn zeros(n: usize) -> Box<[Self]> {
        vec![0; n].into_boxed_slice()
    }
}

/// Asks the system to back memory that has not been written yet by large pages. Only a hint.
pub(crate) fn ask_for_large_pages<T>(memory: &mut [T]) {
    #[cfg(target_os = "linux")]
    {
        const LARGE: usize = 2 << 20;
        let range = memory.as_mut_ptr_range();
        let start = (range.start as usize).next_multiple_of(LARGE);
        let end = range.end as usize / LARGE * LARGE;
        if start < end {
            // SAFETY: the range lies inside `memory`, which we hold alone, and the advice changes how
            // its pages are backed, never what they hold.
            unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_appended_is_found_and_never_cut() {
        let mut slabs = Slabs::<u32, 6>::default();
        let pieces: Vec<Vec<u32>> = (0..50).map(|i| (0..i % 31).map(|k| 100 * i + k).collect()).collect();
        let starts: Vec<u32> = pieces.iter().map(|p| slabs.append(p).unwrap()).collect();
        for (start, piece) in starts.iter().zip(&pieces) {
            assert_eq!(slabs.slice(*start, piece.len()), piece);
        }
    }

    #[test]
    fn what_no_slab_can_hold_is_refused() {
        let mut slabs = Slabs::<u64, 4>::default();
        assert!(slabs.append(&[0; 17]).is_none());
        assert!(slabs.append(&[1; 16]).is_some());
    }
}
