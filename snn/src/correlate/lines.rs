//! Numbers that begin where a cache line does, so that a vector of sixteen lies in one line and not in two.

use std::ops::{Deref, DerefMut};

use super::LANES;

/// Bytes of a cache line.
const LINE: usize = LANES * size_of::<f32>();

/// A slice that begins with a cache line.
#[derive(Default)]
pub(super) struct Lines {
    values: Vec<f32>,
    start: usize,
    n: usize,
}

impl Lines {
    /// `n` zeros.
    pub(super) fn zeros(n: usize) -> Self {
        let values = vec![0.0; n + LANES - 1];
        // A place that is not aligned costs time and nothing else.
        let start = values.as_ptr().align_offset(LINE).min(LANES - 1);
        Lines { values, start, n }
    }
}

impl Deref for Lines {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.start..self.start + self.n]
    }
}

impl DerefMut for Lines {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..self.start + self.n]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_begin_with_a_cache_line() {
        for n in [0, 1, 17, 1000] {
            let mut lines = Lines::zeros(n);
            assert_eq!(lines.len(), n);
            assert!(lines.iter().all(|x| *x == 0.0) && lines.as_ptr().addr().is_multiple_of(LINE));
            lines.fill(1.0);
        }
        assert!(Lines::default().is_empty());
    }
}
