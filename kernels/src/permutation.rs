//! A keyed permutation of `0..n`: a small Feistel network, walked until it lands inside.
//!
//! It lets a source know its own targets in a draw without replacement, or its own slots in a draw of
//! exact indegrees, without anybody having shuffled anything.
//!
//! A number is split into `high * width + low` with `high < height` and `low < width`, where
//! `height * width` is barely above `n`; each round adds to one half, modulo its range, a hash of the
//! other. So nearly every first walk lands inside, and all arithmetic is on 32-bit halves. Many numbers
//! walk side by side: a round is a chain of a dozen instructions that wait for each other, so one
//! register full of numbers would leave the processor idle most of the time.

use crate::device::Grid;
use crate::random::mix;
use crate::simd::dispatch;

/// Rounds on a large domain. Six rounds of an additive Feistel network have no known structure at the
/// few million queries of a projection.
const ROUNDS: usize = 6;
/// Rounds on a small domain, where each has little to hash.
const MOST_ROUNDS: usize = 12;
const SMALL: u64 = 1 << 12;
/// Numbers that walk together.
const LANES: usize = 64;
/// Sides up to here are reached by floating-point products of 24 random bits.
const SHORT: u32 = 1 << 20;

/// A permutation of `0..groups * per`, chosen by a key, that tells of each number only its group
/// `number / per`. With `per` = 1 it is a plain permutation.
#[derive(Clone, Debug)]
pub struct Permutation {
    groups: u64,
    per: u32,
    /// Groups in a row of the grid: a row is `row * per` numbers wide.
    row: u32,
    /// 2^32 / per, rounded up, where multiplying by it divides every number of a row exactly.
    reciprocal: Option<u32>,
    width: u32,
    height: u32,
    rounds: usize,
    keys: [u32; MOST_ROUNDS],
}

impl Permutation {
    /// The permutation of `0..n` that `key` stands for. `n` is at least 1 and below 2^32.
    pub fn new(n: u64, key: u64) -> Self {
        Permutation::grouped(n, 1, key)
    }

    /// The permutation of `0..groups * per`. Both are at least 1; `groups` is below 2^32.
    pub fn grouped(groups: u64, per: u32, key: u64) -> Self {
        assert!((1..1 << 32).contains(&groups) && per >= 1, "the domain of a permutation is never empty");
        let row = libm::sqrt(groups as f64 / f64::from(per)).max(1.0) as u64;
        let width = u32::try_from(row * u64::from(per)).expect("the root of a product of two 32-bit numbers fits 32 bits");
        let height = groups.div_ceil(row) as u32;
        // Exact while the rounding, at most `per` for every 2^32 / per, stays below one for a whole row.
        let reciprocal = (per > 1 && u64::from(width) * u64::from(per) < 1 << 32).then(|| ((1u64 << 32) / u64::from(per)) as u32 + 1);
        let mut keys = [0; MOST_ROUNDS];
        for (round, k) in keys.iter_mut().enumerate() {
            *k = mix(key.wrapping_add(0x9e37_79b9_7f4a_7c15u64.wrapping_mul(round as u64 + 1))) as u32;
        }
        let rounds = if groups * u64::from(per) < SMALL { MOST_ROUNDS } else { ROUNDS };
        Permutation { groups, per, row: row as u32, reciprocal, width, height, rounds, keys }
    }

    /// How a device walks, and the keys of its rounds.
    pub(crate) fn on_device(&self) -> (Grid, [u32; MOST_ROUNDS]) {
        let Permutation { groups, per, row, reciprocal, width, height, rounds, keys } = *self;
        let reciprocal = reciprocal.unwrap_or(0);
        (Grid { groups: groups as u32, per, row, reciprocal, width, height, rounds: rounds as u32 }, keys)
    }

    /// Groups of the images of `first..first + out.len()`.
    pub fn fill(&self, first: u64, out: &mut [u32]) {
        let (mut high, mut low) = self.halves(first);
        for lanes in out.chunks_mut(LANES) {
            let mut block = self.numbers(&mut high, &mut low, lanes.len());
            walk(self, &mut block);
            if block.outside {
                self.walk_on(&mut block, lanes.len());
            }
            lanes.copy_from_slice(&block.group[..lanes.len()]);
        }
    }

    /// Rare: numbers that came to the corner of the grid that lies outside walk on until they are inside.
    fn walk_on(&self, block: &mut Block, n: usize) {
        for lane in 0..n {
            while u64::from(block.group[lane]) >= self.groups {
                let mut one = Block::at(block.high[lane], block.low[lane]);
                walk_body(self, &mut one);
                (block.high[lane], block.low[lane], block.group[lane]) = (one.high[0], one.low[0], one.group[0]);
            }
        }
    }

    /// The next `n` numbers from (high, low) on.
    #[inline(always)]
    fn numbers(&self, high: &mut u32, low: &mut u32, n: usize) -> Block {
        let mut block = Block::at(*high, *low);
        if self.width - *low > LANES as u32 {
            for lane in 0..LANES {
                block.low[lane] += lane as u32;
            }
            *low += n as u32;
            return block;
        }
        for lane in 0..n {
            (block.high[lane], block.low[lane]) = (*high, *low);
            *low += 1;
            if *low == self.width {
                (*high, *low) = (*high + 1, 0);
            }
        }
        block
    }

    fn halves(&self, number: u64) -> (u32, u32) {
        ((number / u64::from(self.width)) as u32, (number % u64::from(self.width)) as u32)
    }
}

/// Numbers on their walk, and the groups they have come to.
struct Block {
    high: [u32; LANES],
    low: [u32; LANES],
    group: [u32; LANES],
    /// True if any has come to the corner that lies outside.
    outside: bool,
}

impl Block {
    /// All at one number.
    #[inline(always)]
    fn at(high: u32, low: u32) -> Self {
        Block { high: [high; LANES], low: [low; LANES], group: [0; LANES], outside: false }
    }
}

dispatch! {
    fn walk(permutation: &Permutation, block: &mut Block) = walk_body
}

#[inline(always)]
fn walk_body(p: &Permutation, block: &mut Block) {
    if p.height <= SHORT && p.width <= SHORT {
        rounds(p, block, short_below);
    } else {
        rounds(p, block, below);
    }
    let mut place = block.low;
    match p.reciprocal {
        Some(reciprocal) => place = place.map(|x| below(x, reciprocal)),
        None if p.per > 1 => place = place.map(|x| x / p.per),
        None => {}
    }
    let last = (p.groups - 1) as u32;
    let mut outside = 0;
    for ((group, high), place) in block.group.iter_mut().zip(&block.high).zip(&place) {
        *group = high.wrapping_mul(p.row).wrapping_add(*place);
        outside |= u32::from(*group > last);
    }
    block.outside = outside != 0;
}

#[inline(always)]
fn rounds(p: &Permutation, block: &mut Block, below: impl Fn(u32, u32) -> u32) {
    for pair in p.keys[..p.rounds].as_chunks::<2>().0 {
        for lane in 0..LANES {
            block.high[lane] = add_below(block.high[lane], below(hash(block.low[lane], pair[0]), p.height), p.height);
        }
        for lane in 0..LANES {
            block.low[lane] = add_below(block.low[lane], below(hash(block.high[lane], pair[1]), p.width), p.width);
        }
    }
}

#[inline(always)]
fn hash(x: u32, key: u32) -> u32 {
    let z = (x ^ key).wrapping_mul(0x9fb2_1c65);
    (z ^ (z >> 15)).wrapping_mul(0xd6e8_feb9)
}

/// The part of `0..range` that the word points to.
#[inline(always)]
fn below(word: u32, range: u32) -> u32 {
    ((u64::from(word) * u64::from(range)) >> 32) as u32
}

/// The same by the upper 24 bits of the word, for a range up to [`SHORT`]: three instructions where
/// 64-bit products of 32-bit lanes take nine.
#[inline(always)]
fn short_below(word: u32, range: u32) -> u32 {
    let part = (word >> 8) as i32 as f32 * (range as i32 as f32 * (1.0 / 16_777_216.0));
    // SAFETY: 0 <= part < range: the factors are at most 1 - 2^-24 and `range`, and the product, being at
    // least half a unit in the last place below `range`, cannot round up to it.
    (unsafe { part.to_int_unchecked::<i32>() }) as u32
}

/// `a + b` modulo `range`, both below it.
#[inline(always)]
fn add_below(a: u32, b: u32, range: u32) -> u32 {
    let room = range.wrapping_sub(a);
    if b >= room { b.wrapping_sub(room) } else { a.wrapping_add(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images(permutation: &Permutation, n: u64) -> Vec<u32> {
        let mut out = vec![0; n as usize];
        permutation.fill(0, &mut out);
        out
    }

    #[test]
    fn every_value_is_hit_once() {
        for n in [1, 2, 3, 5, 16, 17, 100, 1000, 4097, 70_000] {
            let mut seen = vec![false; n as usize];
            for x in images(&Permutation::new(n, 42 + n), n) {
                assert!(!std::mem::replace(&mut seen[x as usize], true), "n = {n}");
            }
        }
    }

    #[test]
    fn every_group_is_hit_as_often_as_it_has_members() {
        for (groups, per) in [(1, 1), (1, 7), (7, 1), (30, 20), (1000, 3), (10, 5000), (997, 31)] {
            let mut seen = vec![0; groups as usize];
            for group in images(&Permutation::grouped(groups, per, 9), groups * u64::from(per)) {
                seen[group as usize] += 1;
            }
            assert!(seen.iter().all(|n| *n == per), "{groups} x {per}");
        }
    }

    #[test]
    fn any_part_is_the_part_of_the_whole() {
        let permutation = Permutation::grouped(5000, 17, 3);
        let whole = images(&permutation, 85_000);
        for (first, n) in [(0, 5), (1, 16), (77, 333), (84_990, 10)] {
            let mut part = vec![0; n];
            permutation.fill(first as u64, &mut part);
            assert_eq!(part, whole[first..first + n]);
        }
    }

    #[test]
    fn domains_beyond_32_bits_stay_inside() {
        let permutation = Permutation::grouped((1 << 32) - 1, 1000, 5);
        let mut out = vec![0; 1000];
        permutation.fill((1 << 41) + 12_345, &mut out);
        let mean = out.iter().map(|x| f64::from(*x)).sum::<f64>() / 1000.0;
        assert!((mean / 2f64.powi(31) - 1.0).abs() < 0.1);
    }

    #[test]
    fn positions_are_uniform_over_keys() {
        // Chi-square over 64 cells of the image of 3 under 64,000 keys: 63 degrees of freedom.
        for n in [64u64, 64 * 300] {
            let mut cells = [0f64; 64];
            for key in 0..64_000 {
                let mut image = [0];
                Permutation::new(n, mix(key)).fill(3, &mut image);
                cells[(u64::from(image[0]) * 64 / n) as usize] += 1.0;
            }
            let chi2: f64 = cells.iter().map(|c| (c - 1000.0f64).powi(2) / 1000.0).sum();
            assert!(chi2 < 113.0, "n = {n}, p < 1e-4: {chi2}");
        }
    }

    #[test]
    fn neighbours_are_independent_over_keys() {
        // Chi-square over 8 x 8 cells of the images of two consecutive numbers.
        let mut cells = [0f64; 64];
        for key in 0..64_000 {
            let mut image = [0; 2];
            Permutation::new(100_000, mix(key)).fill(500, &mut image);
            cells[(image[0] / 12_500 * 8 + image[1] / 12_500) as usize] += 1.0;
        }
        let chi2: f64 = cells.iter().map(|c| (c - 1000.0f64).powi(2) / 1000.0).sum();
        assert!(chi2 < 113.0, "p < 1e-4: {chi2}");
    }
}
