//! A keyed permutation of `0..n`: a small Feistel network, walked until it lands inside.
//!
//! It lets a source know its own targets in a draw without replacement, or its own slots in a draw of
//! exact indegrees, without anybody having shuffled anything.

use crate::random::mix;

const ROUNDS: usize = 6;

/// A permutation of `0..n`, chosen by a key.
#[derive(Clone, Debug)]
pub struct Permutation {
    n: u64,
    low_bits: u32,
    high_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// The permutation of `0..n` that `key` stands for. `n` is at least 1 and at most 2^62.
    pub fn new(n: u64, key: u64) -> Self {
        assert!((1..=1 << 62).contains(&n), "the domain of a permutation is never empty");
        let bits = (64 - (n - 1).leading_zeros()).max(2);
        let mut keys = [0; ROUNDS];
        for (round, k) in keys.iter_mut().enumerate() {
            *k = mix(key.wrapping_add(0x9e37_79b9_7f4a_7c15u64.wrapping_mul(round as u64 + 1)));
        }
        Permutation { n, low_bits: bits / 2, high_bits: bits - bits / 2, keys }
    }

    /// Where `i` goes; `i < n`.
    #[inline]
    pub fn at(&self, i: u64) -> u64 {
        debug_assert!(i < self.n);
        let mut x = i;
        // The network permutes a power of two that is below 2 n: on average under two walks.
        loop {
            x = self.network(x);
            if x < self.n {
                return x;
            }
        }
    }

    #[inline]
    fn network(&self, x: u64) -> u64 {
        let low_mask = (1u64 << self.low_bits) - 1;
        let high_mask = (1u64 << self.high_bits) - 1;
        let (mut low, mut high) = (x & low_mask, x >> self.low_bits);
        // The halves may differ in width by one bit: alternate rounds keep each in its own.
        for pair in self.keys.as_chunks::<2>().0 {
            high ^= hash(low, pair[0]) & high_mask;
            low ^= hash(high, pair[1]) & low_mask;
        }
        high << self.low_bits | low
    }
}

#[inline(always)]
fn hash(x: u64, key: u64) -> u64 {
    let z = (x ^ key).wrapping_mul(0x9fb2_1c65_1e98_df25);
    (z ^ (z >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_hit_once() {
        for n in [1, 2, 3, 5, 16, 17, 100, 1000, 4097] {
            let p = Permutation::new(n, 42 + n);
            let mut seen = vec![false; n as usize];
            for i in 0..n {
                assert!(!std::mem::replace(&mut seen[p.at(i) as usize], true), "n = {n}");
            }
        }
    }

    #[test]
    fn positions_are_uniform_over_keys() {
        // Chi-square over 64 cells of the image of 3 under 64,000 keys: 63 degrees of freedom.
        let mut cells = [0f64; 64];
        for key in 0..64_000 {
            cells[Permutation::new(64, mix(key)).at(3) as usize] += 1.0;
        }
        let chi2: f64 = cells.iter().map(|c| (c - 1000.0f64).powi(2) / 1000.0).sum();
        assert!(chi2 < 113.0, "p < 1e-4: {chi2}");
    }
}
