//! Numbers that begin where a cache line does, so that a vector of sixteen lies in one line and not in two.

use std::ops::{Deref, DerefMut};

/// Numbers in a cache line.
pub const LINE: usize = 16;

/// A slice of numbers of 32 bits that begins with a cache line.
#[derive(Debug, Default)]
pub struct Lines<T> {
    values: Vec<T>,
    start: usize,
    n: usize,
}

impl<T: Copy + Default> Lines<T> {
    /// `n` zeros.
    pub fn zeros(n: usize) -> Self {
        const { assert!(size_of::<T>() == 4, "numbers of 32 bits") };
        let values = vec![T::default(); n + LINE - 1];
        // A place that is not aligned costs time and nothing else.
        let start = values.as_ptr().align_offset(LINE * size_of::<T>()).min(LINE - 1);
        Lines { values, start, n }
    }
}

impl<T> Lines<T> {
    /// Whether they do begin with a line, as those that were a vector before need not.
    pub fn is_aligned(&self) -> bool {
        self.as_ptr().align_offset(LINE * size_of::<T>()) == 0
    }
}

/// As they are, at a place that is aligned or not.
impl<T> From<Vec<T>> for Lines<T> {
    fn from(values: Vec<T>) -> Self {
        Lines { n: values.len(), start: 0, values }
    }
}

impl<T> Deref for Lines<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        &self.values[self.start..self.start + self.n]
    }
}

impl<T> DerefMut for Lines<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[self.start..self.start + self.n]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_begin_with_a_cache_line() {
        for n in [0, 1, 17, 1000] {
            let mut lines = Lines::<f32>::zeros(n);
            assert_eq!(lines.len(), n);
            assert!(lines.iter().all(|x| *x == 0.0) && lines.as_ptr().addr().is_multiple_of(64) && lines.is_aligned());
            lines.fill(1.0);
        }
        assert!(Lines::<f32>::default().is_empty());
        assert_eq!(*Lines::from(vec![1, 2, 3]), [1, 2, 3]);
    }
}
