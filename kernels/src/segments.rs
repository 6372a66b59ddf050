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

/// Appends the words of synapses of constant weight onto `targets`, which lie in a block from `offset` on.
pub(crate) fn pack_targets(targets: &[u32], offset: u32, words: &mut Vec<u32>) {
    let (pairs, rest) = targets.as_chunks::<2>();
    words.extend(pairs.iter().map(|[a, b]| (a.wrapping_add(offset) & 0xffff) | b.wrapping_add(offset) << 16));
    words.extend(rest.iter().map(|a| a.wrapping_add(offset) & 0xffff));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_constant_weight_take_half_a_word() {
        for n in 0..7u32 {
            let targets: Vec<u32> = (0..n).map(|i| 7 * i).collect();
            let mut words = Vec::new();
            pack_targets(&targets, 100, &mut words);
            let unpacked = words.iter().flat_map(|word| [word & 0xffff, word >> 16]).take(n as usize);
            assert!(unpacked.eq(targets.iter().map(|target| target + 100)));
            assert_eq!(words.len(), Encoding::Constant.words(n as usize));
        }
    }
}
