//! Counter-based random numbers: Philox 4x32 (Salmon JK et al. (2011) SC'11, doi:10.1145/2063384.2063405).
//!
//! A draw is a pure function of (seed, purpose, object, index, number). There is no state to share,
//! to order or to save: any thread, rank or device that needs a number computes it.
//!
//! Networks are drawn with the 10 rounds that the authors recommend. Input and noise, of which every neuron
//! needs a number in every step, take 7: the fewest rounds that passed all of BigCrush in the authors'
//! tests; the other 3 are a margin of safety, and would make a Poisson number a fifth dearer.

mod normal;

pub(crate) use normal::normals;

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
    /// Poisson input that one short word leaves undecided.
    PoissonRest = 11,
}

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Rounds for networks.
const SAFE: usize = 10;
/// Rounds for input and noise.
const FAST: usize = 7;

/// One Philox 4x32-10 block.
#[inline(always)]
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    rounds::<SAFE>(counter, key)
}

/// `N` rounds of Philox.
#[inline(always)]
fn rounds<const N: usize>(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..N {
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

/// Up to so many words are made one by one.
const FEW: usize = 4;

/// Words that [`Stream::planes`] makes per call.
pub const PLANE: usize = 64;

/// Words that [`Stream::noise`] makes per call: enough independent work to hide the latency of a product.
pub(crate) const WIDE: usize = 2 * PLANE;

impl Stream {
    /// The stream of `object` for `purpose` under `seed`.
    pub fn new(seed: u64, purpose: Purpose, object: u64) -> Self {
        let k = mix(mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15))
            ^ mix(object.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (u64::from(purpose as u32) << 56)));
        Stream { key: [k as u32, (k >> 32) as u32] }
    }

    /// The key of its blocks, for a device that computes the same words.
    pub fn philox_key(&self) -> [u32; 2] {
        self.key
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
        if n <= FEW {
            // The first word of one block each: cheaper than a plane of 64.
            out.clear();
            out.extend((0..n as u64).map(|i| self.word(index, i)));
            return;
        }
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

    /// [`WIDE`] words number `plane` of `index` for input or noise, two in each element; other words than those of
    /// [`Stream::planes`]. To be inlined into a loop that is compiled per instruction set.
    #[inline(always)]
    pub(crate) fn noise(&self, index: u64, plane: u64) -> [u64; WIDE / 2] {
        const L: usize = WIDE / 4;
        let [c0, c1, c2, c3] = blocks::<FAST, L>(self.key, index, plane);
        let mut pairs = [0; WIDE / 2];
        for l in 0..L {
            pairs[l] = c0[l] & LOW | c1[l] << 32;
            pairs[L + l] = c2[l] & LOW | c3[l] << 32;
        }
        pairs
    }
}

dispatch! {
    fn planes(key: [u32; 2], index: u64, plane: u64, words: &mut [u32; PLANE]) = planes_body
}

#[inline(always)]
fn planes_body(key: [u32; 2], index: u64, plane: u64, words: &mut [u32; PLANE]) {
    const L: usize = PLANE / 4;
    let blocks = blocks::<SAFE, L>(key, index, plane);
    for (words, block) in words.as_chunks_mut::<L>().0.iter_mut().zip(blocks) {
        *words = block.map(|word| word as u32);
    }
}

/// What a lane holds that counts.
const LOW: u64 = u32::MAX as u64;

/// `L` blocks side by side, so that the compiler can give each its own vector lane. The lanes have 64
/// bits, of which a multiplication reads the lower half (`vpmuludq`): so no product has to be taken
/// apart and no lane moves. A word is the lower half; what stays in the upper half does no harm.
#[inline(always)]
fn blocks<const ROUNDS: usize, const L: usize>(mut key: [u32; 2], index: u64, plane: u64) -> [[u64; L]; 4] {
    let first = plane.wrapping_mul(L as u64);
    let mut c0: [u64; L] = std::array::from_fn(|lane| first + lane as u64);
    let mut c1 = [first >> 32; L];
    let mut c2 = [index; L];
    let mut c3 = [index >> 32; L];
    for _ in 0..ROUNDS {
        for l in 0..L {
            let p0 = u64::from(MULTIPLIERS[0]) * (c0[l] & LOW);
            let p1 = u64::from(MULTIPLIERS[1]) * (c2[l] & LOW);
            (c0[l], c1[l], c2[l], c3[l]) = (p1 >> 32 ^ c1[l] ^ u64::from(key[0]), p1, p0 >> 32 ^ c3[l] ^ u64::from(key[1]), p0);
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    [c0, c1, c2, c3]
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
    fn seven_rounds_give_the_known_answers_of_its_authors() {
        // As above: philox4x32 7.
        assert_eq!(rounds::<7>([0; 4], [0; 2]), [0x5f6f_b709, 0x0d89_3f64, 0x4f12_1f81, 0x4f73_0a48]);
        assert_eq!(rounds::<7>([u32::MAX; 4], [u32::MAX; 2]), [0x5207_ddc2, 0x4516_5e59, 0x4d8e_e751, 0x8c52_f662]);
        assert_eq!(
            rounds::<7>([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0x4dfc_caba, 0x190a_87f0, 0xc473_62ba, 0xb6b5_242a]
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
    fn noise_is_blocks_of_seven_rounds_side_by_side() {
        let stream = Stream::new(7, Purpose::Poisson, 3);
        let pairs = stream.noise(11, (5 << 32) + 6);
        for lane in 0..WIDE / 4 {
            let first = ((5u64 << 32) + 6) * (WIDE / 4) as u64 + lane as u64;
            let block = rounds::<7>([first as u32, (first >> 32) as u32, 11, 0], stream.key);
            assert_eq!(pairs[lane], u64::from(block[0]) | u64::from(block[1]) << 32);
            assert_eq!(pairs[WIDE / 4 + lane], u64::from(block[2]) | u64::from(block[3]) << 32);
        }
    }

    #[test]
    fn fill_does_not_depend_on_the_length() {
        let stream = Stream::new(1, Purpose::Targets, 2);
        let (mut long, mut short) = (Vec::new(), Vec::new());
        stream.fill(9, &mut long, 1000);
        for n in [0, 1, 4, 5, 77] {
            stream.fill(9, &mut short, n);
            assert_eq!(long[..n], short);
        }
    }

    #[test]
    fn streams_of_different_objects_and_purposes_differ() {
        let a = Stream::new(1, Purpose::Targets, 2);
        assert_ne!(a, Stream::new(1, Purpose::Weights, 2));
        assert_ne!(a, Stream::new(1, Purpose::Targets, 3));
        assert_ne!(a, Stream::new(2, Purpose::Targets, 2));
    }
}
