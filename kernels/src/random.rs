//! Counter-based random numbers: Philox 4x32-10 (Salmon JK et al. (2011) SC'11, doi:10.1145/2063384.2063405).
//!
//! A draw is a pure function of (seed, purpose, object, index, number). There is no state to share,
//! to order or to save: any thread, rank or device that needs a number computes it.

use crate::simd::dispatch;

/// What a stream of numbers is for. Streams of different purposes are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// How many synapses a source makes.
    Counts = 1,
    /// Where they go.
    Targets = 2,
    /// Their weights.
    Weights = 3,
    /// Their delays.
    Delays = 4,
    /// Whether a candidate at a distance is kept.
    Thinning = 5,
    /// Initial values of state variables.
    Initial = 6,
    /// Poisson input.
    Poisson = 7,
    /// Noise currents.
    Current = 8,
    /// Noise inside neuron models.
    Membrane = 9,
    /// Everything that has no purpose of its own, such as test data.
    Other = 10,
}

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// One Philox 4x32-10 block.
#[inline(always)]
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let p0 = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let p1 = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        counter = [(p1 >> 32) as u32 ^ counter[1] ^ key[0], p1 as u32, (p0 >> 32) as u32 ^ counter[3] ^ key[1], p0 as u32];
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    counter
}

/// A mixer of 64 bits (the finaliser of splitmix64), to turn names into keys.
pub(crate) const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// All numbers for one purpose of one object (a projection, a population, a stimulus).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
}

/// Words that [`Stream::planes`] makes per call.
pub const PLANE: usize = 64;

impl Stream {
    /// The stream of `object` for `purpose` under `seed`.
    pub fn new(seed: u64, purpose: Purpose, object: u64) -> Self {
        let k = mix(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15))
            ^ mix(object.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (u64::from(purpose as u32) << 56)));
        Stream { key: [k as u32, (k >> 32) as u32] }
    }

    /// Four words for (`index`, `number`).
    #[inline(always)]
    pub fn block(&self, index: u64, number: u64) -> [u32; 4] {
        philox([number as u32, (number >> 32) as u32, index as u32, (index >> 32) as u32], self.key)
    }

    /// One word for (`index`, `number`).
    #[inline]
    pub fn word(&self, index: u64, number: u64) -> u32 {
        self.block(index, number)[0]
    }

    /// 64 bits for `index`.
    pub fn key(&self, index: u64) -> u64 {
        let words = self.block(index, 0);
        u64::from(words[0]) << 32 | u64::from(words[1])
    }

    /// A sequence of draws for `index`, for samplers that need an unknown number of them.
    pub fn sequence(&self, index: u64) -> Sequence {
        Sequence { stream: *self, index, number: 0, words: [0; 4], left: 0 }
    }

    /// `out.len()` words for `index`: word `i` is the same whatever the length.
    pub fn fill(&self, index: u64, out: &mut Vec<u32>, n: usize) {
        out.resize(n.next_multiple_of(PLANE), 0);
        for (plane, words) in out.as_chunks_mut::<PLANE>().0.iter_mut().enumerate() {
            self.planes(index, plane as u64, words);
        }
        out.truncate(n);
    }

    /// The [`PLANE`] words number `plane` of `index`.
    #[inline]
    pub fn planes(&self, index: u64, plane: u64, words: &mut [u32; PLANE]) {
        planes(self.key, index, plane, words);
    }
}

dispatch! {
    fn planes(key: [u32; 2], index: u64, plane: u64, words: &mut [u32; PLANE]) = planes_body
}

/// Sixteen blocks side by side, so that the compiler can give each its own vector lane.
#[inline(always)]
fn planes_body(mut key: [u32; 2], index: u64, plane: u64, words: &mut [u32; PLANE]) {
    const L: usize = PLANE / 4;
    let first = plane.wrapping_mul(L as u64);
    let mut c0 = [0u32; L];
    let mut c1 = [(first >> 32) as u32; L];
    let mut c2 = [index as u32; L];
    let mut c3 = [(index >> 32) as u32; L];
    for (lane, c) in c0.iter_mut().enumerate() {
        *c = (first as u32).wrapping_add(lane as u32);
    }
    for _ in 0..10 {
        for l in 0..L {
            let p0 = u64::from(MULTIPLIERS[0]) * u64::from(c0[l]);
            let p1 = u64::from(MULTIPLIERS[1]) * u64::from(c2[l]);
            (c0[l], c1[l], c2[l], c3[l]) = ((p1 >> 32) as u32 ^ c1[l] ^ key[0], p1 as u32, (p0 >> 32) as u32 ^ c3[l] ^ key[1], p0 as u32);
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    words[..L].copy_from_slice(&c0);
    words[L..2 * L].copy_from_slice(&c1);
    words[2 * L..3 * L].copy_from_slice(&c2);
    words[3 * L..].copy_from_slice(&c3);
}

/// Draws one after another for one index.
#[derive(Clone, Debug)]
pub struct Sequence {
    stream: Stream,
    index: u64,
    number: u64,
    words: [u32; 4],
    left: usize,
}

impl Sequence {
    /// 32 random bits.
    #[inline]
    pub fn word(&mut self) -> u32 {
        if self.left == 0 {
            self.words = self.stream.block(self.index, self.number);
            self.number += 1;
            self.left = 4;
        }
        self.left -= 1;
        self.words[self.left]
    }

    /// Uniform in (0, 1), with 53 bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        let bits = (u64::from(self.word()) << 32 | u64::from(self.word())) >> 11;
        (bits as f64 + 0.5) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in `0..n`.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        let word = u64::from(self.word()) << 32 | u64::from(self.word());
        ((u128::from(word) * u128::from(n)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_known_answers_of_its_authors() {
        // Random123 distribution, kat_vectors: philox4x32 10.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn planes_are_blocks_side_by_side() {
        let stream = Stream::new(7, Purpose::Poisson, 3);
        let mut words = [0; PLANE];
        stream.planes(11, 5, &mut words);
        for lane in 0..16 {
            let block = stream.block(11, 5 * 16 + lane as u64);
            for w in 0..4 {
                assert_eq!(words[w * 16 + lane], block[w]);
            }
        }
    }

    #[test]
    fn fill_does_not_depend_on_the_length() {
        let stream = Stream::new(1, Purpose::Targets, 2);
        let (mut long, mut short) = (Vec::new(), Vec::new());
        stream.fill(9, &mut long, 1000);
        stream.fill(9, &mut short, 77);
        assert_eq!(long[..77], short);
    }

    #[test]
    fn streams_of_different_objects_and_purposes_differ() {
        let a = Stream::new(1, Purpose::Targets, 2);
        assert_ne!(a, Stream::new(1, Purpose::Weights, 2));
        assert_ne!(a, Stream::new(1, Purpose::Targets, 3));
        assert_ne!(a, Stream::new(2, Purpose::Targets, 2));
    }
}
