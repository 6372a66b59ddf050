//! Segments: the synapses of one source that arrive at one block in one step, at one receptor.
//!
//! A segment is the unit of storage, of regeneration and of delivery. All its synapses share delay and
//! kind, so a synapse costs 2 bytes (constant weight), 4 (16-bit weight) or 8 (32-bit weight).

/// How the synapses of a segment are laid out in 32-bit words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Two 16-bit targets a word; the weight is the kind's.
    Constant,
    /// Target in the low half, signed weight in the high half.
    Compact,
    /// A word for the target, a word for the weight.
    Wide,
}

impl Encoding {
    /// Words of `n` synapses.
    #[inline(always)]
    pub fn words(self, n: usize) -> usize {
        match self {
            Encoding::Constant => n.div_ceil(2),
            Encoding::Compact => n,
            Encoding::Wide => 2 * n,
        }
    }
}

/// What all synapses of a segment have in common besides the delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Layout.
    pub encoding: Encoding,
    /// Which accumulator.
    pub receptor: u8,
    /// Compact weights are shifted up by this.
    pub shift: u8,
    /// The weight, where it is the same for all.
    pub weight: i32,
}

/// Head of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Block of the targets.
    pub block: u32,
    /// In steps, at least 1.
    pub delay: u16,
    /// Index into the kinds.
    pub kind: u16,
    /// Synapses.
    pub count: u16,
}

impl Segment {
    /// In 64 bits. The block has to be below 2^16: it counts from the first of its thread.
    #[inline(always)]
    pub fn head(self) -> u64 {
        let block = u64::from(self.block) & 0xffff;
        block << 48 | u64::from(self.delay) << 32 | u64::from(self.kind) << 16 | u64::from(self.count)
    }

    /// From 64 bits.
    #[inline(always)]
    pub fn of_head(head: u64) -> Segment {
        Segment { block: (head >> 48) as u32, delay: (head >> 32) as u16, kind: (head >> 16) as u16, count: head as u16 }
    }
}

/// Most synapses in a segment; longer ones are cut.
pub const MOST: usize = u16::MAX as usize;

/// Where segments go: onto the shelf of a chunk that is being stored, or straight into a calendar.
pub trait Sink {
    /// Opens a segment; its words are appended to what is returned.
    fn open(&mut self, segment: Segment) -> &mut Vec<u32>;
}

/// One synapse on its way into a segment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Synapse {
    pub(crate) block: u32,
    pub(crate) delay: u16,
    pub(crate) kind: u16,
    pub(crate) target: u16,
    pub(crate) weight: i32,
}

impl Synapse {
    /// What decides the segment.
    pub(crate) fn key(&self) -> u64 {
        u64::from(self.block) << 32 | u64::from(self.delay) << 16 | u64::from(self.kind)
    }
}

/// Appends the words of synapses that share a segment.
pub(crate) fn pack(encoding: Encoding, synapses: &[Synapse], words: &mut Vec<u32>) {
    match encoding {
        Encoding::Constant => words.extend(synapses.chunks(2).map(|pair| pair_word(pair[0].target, pair.get(1).map_or(0, |s| s.target)))),
        Encoding::Compact => words.extend(synapses.iter().map(|s| u32::from(s.target) | (s.weight as u32) << 16)),
        Encoding::Wide => words.extend(synapses.iter().flat_map(|s| [u32::from(s.target), s.weight as u32])),
    }
}

/// Appends the words of synapses of constant weight onto `targets`, which lie in a block from `offset` on.
pub(crate) fn pack_targets(targets: &[u32], offset: u32, words: &mut Vec<u32>) {
    let (pairs, rest) = targets.as_chunks::<2>();
    words.extend(pairs.iter().map(|[a, b]| (a.wrapping_add(offset) & 0xffff) | b.wrapping_add(offset) << 16));
    words.extend(rest.iter().map(|a| a.wrapping_add(offset) & 0xffff));
}

fn pair_word(first: u16, second: u16) -> u32 {
    u32::from(first) | u32::from(second) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_pack_like_synapses_of_constant_weight() {
        for n in 0..7u16 {
            let synapses: Vec<Synapse> = (0..n).map(|i| Synapse { target: 100 + 7 * i, ..Default::default() }).collect();
            let targets: Vec<u32> = (0..n).map(|i| 7 * u32::from(i)).collect();
            let (mut a, mut b) = (Vec::new(), Vec::new());
            pack(Encoding::Constant, &synapses, &mut a);
            pack_targets(&targets, 100, &mut b);
            assert_eq!(a, b);
            assert_eq!(a.len(), Encoding::Constant.words(n as usize));
        }
    }
}
