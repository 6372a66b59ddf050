//! The synapses of a row in the order of their segments.
//!
//! Every segment that a row may have gets a number: by block, then delay, then kind. A synapse is its segment's number and what
//! it will be in memory, and to sort a row is to count numbers. Where a row may have many more segments than it has
//! synapses, it counts twice, or, if it is short, compares.

use std::ops::RangeInclusive;

use crate::segments::{Encoding, Kind, MOST, Segment, Sink};

/// Numbers of the segments that a row may have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Numbering {
    first_block: u32,
    pub(crate) first_delay: u16,
    n_blocks: u64,
    n_delays: u64,
    pub(crate) n_kinds: u64,
}

impl Numbering {
    /// For these blocks and delays, which may not be empty.
    pub(crate) fn new(blocks: &RangeInclusive<u32>, delays: &RangeInclusive<u16>, n_kinds: usize) -> Self {
        Numbering {
            first_block: *blocks.start(),
            first_delay: *delays.start(),
            n_blocks: u64::from(blocks.end() - blocks.start()) + 1,
            n_delays: u64::from(delays.end() - delays.start()) + 1,
            n_kinds: n_kinds as u64,
        }
    }

    fn n_segments(&self) -> u64 {
        self.n_blocks * self.n_delays * self.n_kinds
    }

    /// The number of a block's first segment: of the first delay and kind. Those of the next delay are `n_kinds` later.
    pub(crate) fn first_of(&self, block: u32) -> u64 {
        u64::from(block - self.first_block) * self.n_delays * self.n_kinds
    }

    /// The segment with a number.
    fn segment(&self, number: u64, count: usize) -> Segment {
        let (arrival, kind) = (number / self.n_kinds, number % self.n_kinds);
        let (block, delay) = (arrival / self.n_delays, arrival % self.n_delays);
        let (block, delay) = (self.first_block + block as u32, self.first_delay + delay as u16);
        Segment { block, delay, kind: kind as u16, count: count as u16 }
    }
}

/// Synapses in the order in which they were drawn, and room to sort them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    /// The number of each synapse's segment.
    pub(crate) numbers: Vec<u64>,
    /// What it is in memory, whatever the encoding: the target below in 16 bits, the weight above in 32.
    pub(crate) contents: Vec<u64>,
    sorted: Vec<u64>,
    sorted_numbers: Vec<u64>,
    pairs: Vec<(u64, u64)>,
    histogram: Vec<u32>,
}

impl Order {
    /// Numbers from this one on are no segments here.
    pub(crate) const ELSEWHERE: u64 = 1 << 63;

    /// Forgets all synapses.
    pub(crate) fn clear(&mut self) {
        self.numbers.clear();
        self.contents.clear();
    }

    /// Room for `n` more synapses: their numbers and their contents.
    pub(crate) fn room(&mut self, n: usize) -> (&mut [u64], &mut [u64]) {
        let begin = self.numbers.len();
        self.numbers.resize(begin + n, 0);
        self.contents.resize(begin + n, 0);
        (&mut self.numbers[begin..], &mut self.contents[begin..])
    }

    /// Takes those of the last `n` synapses out again whose numbers say that they lie elsewhere.
    pub(crate) fn leave_out_elsewhere(&mut self, n: usize) {
        let first = self.numbers.len() - n;
        let mut kept = first;
        for i in first..self.numbers.len() {
            (self.numbers[kept], self.contents[kept]) = (self.numbers[i], self.contents[i]);
            kept += usize::from(self.numbers[i] < Self::ELSEWHERE);
        }
        self.numbers.truncate(kept);
        self.contents.truncate(kept);
    }

    /// Opens the segments in ascending order of their numbers. Where synapses are counted, those of a segment keep their
    /// order.
    pub(crate) fn emit(&mut self, numbering: &Numbering, kinds: &[Kind], sink: &mut impl Sink) {
        let n = numbering.n_segments();
        let few = 2 * self.numbers.len() as u64 + 256;
        if n <= few {
            self.count(n as usize);
            let mut begin = 0;
            for (number, end) in self.histogram.iter().enumerate() {
                let end = *end as usize;
                open(numbering, number as u64, &self.sorted[begin..end], kinds, sink);
                begin = end;
            }
            return;
        }
        // So many binary digits can be counted at a time.
        let digits = few.ilog2();
        if n <= 1 << (2 * digits) {
            // Counting keeps the order of equals, so the second pass keeps what the first has done.
            self.count_digits(digits, 0);
            self.count_digits(digits, digits);
        } else {
            self.compare();
        }
        let mut rest = self.contents.as_slice();
        for run in self.numbers.chunk_by(|a, b| a == b) {
            let (own, others) = rest.split_at(run.len());
            open(numbering, run[0], own, kinds, sink);
            rest = others;
        }
    }

    /// Sorts the contents alone by their numbers, which are less than `n`; the histogram then has the end of each.
    fn count(&mut self, n: usize) {
        begins(&mut self.histogram, n, self.numbers.iter().map(|number| *number as usize));
        self.sorted.resize(self.contents.len(), 0);
        for (number, content) in self.numbers.iter().zip(&self.contents) {
            let place = &mut self.histogram[*number as usize];
            self.sorted[*place as usize] = *content;
            *place += 1;
        }
    }

    /// Sorts numbers and contents by `digits` binary digits of the numbers from `from` on.
    fn count_digits(&mut self, digits: u32, from: u32) {
        let digit = |number: u64| (number >> from) as usize & ((1 << digits) - 1);
        begins(&mut self.histogram, 1 << digits, self.numbers.iter().map(|number| digit(*number)));
        self.sorted.resize(self.contents.len(), 0);
        self.sorted_numbers.resize(self.contents.len(), 0);
        for (number, content) in self.numbers.iter().zip(&self.contents) {
            let place = &mut self.histogram[digit(*number)];
            self.sorted[*place as usize] = *content;
            self.sorted_numbers[*place as usize] = *number;
            *place += 1;
        }
        std::mem::swap(&mut self.contents, &mut self.sorted);
        std::mem::swap(&mut self.numbers, &mut self.sorted_numbers);
    }

    /// Sorts numbers and contents.
    fn compare(&mut self) {
        self.pairs.clear();
        self.pairs.extend(self.numbers.iter().copied().zip(self.contents.iter().copied()));
        self.pairs.sort_by_key(|pair| pair.0);
        for ((number, content), pair) in self.numbers.iter_mut().zip(&mut self.contents).zip(&self.pairs) {
            (*number, *content) = *pair;
        }
    }
}

/// Makes the histogram say where each of `n` buckets begins.
fn begins(histogram: &mut Vec<u32>, n: usize, buckets: impl Iterator<Item = usize>) {
    histogram.clear();
    histogram.resize(n, 0);
    buckets.for_each(|bucket| histogram[bucket] += 1);
    let mut sum = 0;
    for count in histogram.iter_mut() {
        sum += std::mem::replace(count, sum);
    }
}

/// Opens a segment for these contents, or as many as they need; none for none.
#[inline]
fn open(numbering: &Numbering, number: u64, contents: &[u64], kinds: &[Kind], sink: &mut impl Sink) {
    for contents in contents.chunks(MOST) {
        let segment = numbering.segment(number, contents.len());
        let words = sink.open(segment);
        match kinds[segment.kind as usize].encoding {
            Encoding::Constant => {
                let (pairs, rest) = contents.as_chunks();
                words.extend(pairs.iter().map(|[a, b]| (*a as u32 & 0xffff) | (*b as u32) << 16));
                words.extend(rest.iter().map(|a| *a as u32 & 0xffff));
            }
            Encoding::Compact => words.extend(contents.iter().map(|c| *c as u32)),
            Encoding::Wide => words.extend(contents.iter().flat_map(|c| [*c as u32 & 0xffff, (*c >> 16) as u32])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Segments as they were opened, with their words.
    #[derive(Default)]
    struct Opened(Vec<(Segment, Vec<u32>)>);

    impl Sink for Opened {
        fn open(&mut self, segment: Segment) -> &mut Vec<u32> {
            self.0.push((segment, Vec::new()));
            &mut self.0.last_mut().expect("one was just pushed").1
        }
    }

    const KINDS: [Kind; 3] = [
        Kind { encoding: Encoding::Constant, receptor: 0, shift: 0, weight: 5 },
        Kind { encoding: Encoding::Compact, receptor: 0, shift: 2, weight: 0 },
        Kind { encoding: Encoding::Wide, receptor: 1, shift: 0, weight: 0 },
    ];

    fn number(numbering: &Numbering, block: u32, delay: u16, kind: u16) -> u64 {
        numbering.first_of(block) + u64::from(delay - numbering.first_delay) * numbering.n_kinds + u64::from(kind)
    }

    fn content(target: u16, weight: i32) -> u64 {
        u64::from(target) | u64::from(weight as u32) << 16
    }

    /// Words of a segment, one synapse at a time.
    fn words(kind: u16, synapses: &[(u16, i32)]) -> Vec<u32> {
        match KINDS[kind as usize].encoding {
            Encoding::Constant => synapses.chunks(2).map(|c| u32::from(c[0].0) | u32::from(c.get(1).map_or(0, |s| s.0)) << 16).collect(),
            Encoding::Compact => synapses.iter().map(|s| u32::from(s.0) | (s.1 as u32) << 16).collect(),
            Encoding::Wide => synapses.iter().flat_map(|s| [u32::from(s.0), s.1 as u32]).collect(),
        }
    }

    #[test]
    fn synapses_come_sorted_however_many_segments_there_may_be() {
        // Few segments, many, and far too many to count.
        for (blocks, delays) in [(7..=9, 1..=20), (0..=300, 3..=40), (5..=60_000, 1..=60_000)] {
            let numbering = Numbering::new(&blocks, &delays, KINDS.len());
            let mut order = Order::default();
            let mut expected = std::collections::BTreeMap::<(u32, u16, u16), Vec<(u16, i32)>>::new();
            for i in 0..700u32 {
                let draw = |salt: u32, n: u64| u64::from(i.wrapping_mul(0x9E37_79B9).wrapping_add(salt).wrapping_mul(0x85EB_CA6B) >> 8) % n;
                let block = blocks.start() + draw(1, u64::from(blocks.end() - blocks.start()) + 1) as u32;
                let delay = delays.start() + draw(2, u64::from(delays.end() - delays.start()) + 1) as u16;
                let (kind, target, weight) = (draw(3, 3) as u16, draw(4, 65_536) as u16, draw(5, 60_000) as i32 - 30_000);
                order.numbers.push(number(&numbering, block, delay, kind));
                order.contents.push(content(target, weight));
                expected.entry((block, delay, kind)).or_default().push((target, weight));
            }
            let mut opened = Opened::default();
            order.emit(&numbering, &KINDS, &mut opened);
            assert_eq!(opened.0.len(), expected.len());
            for ((segment, found), ((block, delay, kind), synapses)) in opened.0.iter().zip(&expected) {
                let count = synapses.len() as u16;
                assert_eq!(*segment, Segment { block: *block, delay: *delay, kind: *kind, count });
                assert_eq!(*found, words(*kind, synapses));
            }
        }
    }

    #[test]
    fn a_segment_that_is_too_long_is_cut() {
        let numbering = Numbering::new(&(0..=0), &(1..=1), KINDS.len());
        let n = MOST + 10;
        let mut order = Order { numbers: vec![number(&numbering, 0, 1, 1); n], contents: vec![content(3, -4); n], ..Order::default() };
        let mut opened = Opened::default();
        order.emit(&numbering, &KINDS, &mut opened);
        assert_eq!(opened.0.iter().map(|(s, w)| (s.count as usize, w.len())).collect::<Vec<_>>(), [(MOST, MOST), (10, 10)]);
    }

    #[test]
    fn no_synapses_open_nothing() {
        let mut opened = Opened::default();
        Order::default().emit(&Numbering::new(&(0..=0), &(1..=5), 1), &KINDS, &mut opened);
        assert!(opened.0.is_empty());
    }
}
