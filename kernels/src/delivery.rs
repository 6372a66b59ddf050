//! Delivery: from a spike to the sums that its targets read.
//!
//! When a source fires, the heads of its segments go into a calendar, each under the step it is due.
//! When a step comes, its page is one flat list of segments. The loop over that list is where a
//! simulation spends its time, and it is bound by memory: synapses stream in from DRAM once per spike,
//! sums stay in cache. So the loop asks for the words of segments a few entries ahead while it adds up
//! the present one. Each addition goes to its own cell and commutes with all others.

use crate::layout::BLOCK;
use crate::simd::prefetch;
use crate::store::{BlockStore, Encoding, Kind};

/// How many entries ahead of the present one words are asked for.
const AHEAD: usize = 10;
/// Words in a cache line.
const LINE: usize = 16;

/// Summed input of one receptor of a block, in fixed point. Its length lets 16-bit targets go unchecked.
pub type Sums = Box<[i32; BLOCK]>;

/// New sums, all zero.
pub fn sums() -> Sums {
    vec![0i32; BLOCK].into_boxed_slice().try_into().expect("the length is BLOCK")
}

/// A segment that is due.
#[derive(Clone, Copy, Debug)]
struct Due {
    chunk: u32,
    /// First word.
    start: u32,
    count: u32,
    kind: u32,
}

/// Segments of one block by the step they are due.
#[derive(Clone, Debug)]
pub struct Calendar {
    pages: Vec<Vec<Due>>,
    mask: u64,
}

impl Calendar {
    /// A calendar for delays up to `max_delay` steps.
    pub fn new(max_delay: u32) -> Self {
        let n = (u64::from(max_delay) + 1).next_power_of_two();
        Calendar { pages: vec![Vec::new(); n as usize], mask: n - 1 }
    }

    /// Enters the rows of sources that fired: (step of the update in which it fired, global id).
    /// Segments that were due before `now` are left out (they matter after a restart).
    pub fn enter(&mut self, store: &BlockStore, kinds: &[Kind], spikes: &[(u64, u32)], now: u64) {
        for (i, (step, source)) in spikes.iter().enumerate() {
            if let Some((_, later)) = spikes.get(i + 16) {
                let (chunk, row) = BlockStore::place(*later);
                store.chunks[chunk].prefetch_place(row);
            }
            if let Some((_, soon)) = spikes.get(i + 6) {
                let (chunk, row) = BlockStore::place(*soon);
                store.chunks[chunk].prefetch_segments(row);
            }
            self.enter_row(store, kinds, *source, *step, now);
        }
    }

    #[inline]
    fn enter_row(&mut self, store: &BlockStore, kinds: &[Kind], source: u32, step: u64, now: u64) {
        let (chunk, row) = BlockStore::place(source);
        let (segments, mut start) = store.chunks[chunk].row(row);
        for segment in segments {
            let due = step + u64::from(segment.delay);
            if due >= now {
                let entry = Due { chunk: chunk as u32, start: start as u32, count: segment.count, kind: u32::from(segment.kind) };
                self.pages[(due & self.mask) as usize].push(entry);
            }
            start += kinds[segment.kind as usize].encoding.words(segment.count as usize);
        }
    }

    /// Adds up everything that is due at `step`, and forgets it. Returns the number of synaptic events.
    pub fn deliver(&mut self, store: &BlockStore, kinds: &[Kind], step: u64, sums: &mut [Sums]) -> u64 {
        let mut events = 0;
        let page = &mut self.pages[(step & self.mask) as usize];
        for i in 0..page.len() {
            if let Some(ahead) = page.get(i + AHEAD) {
                let words = &store.chunks[ahead.chunk as usize].words;
                let n = kinds[ahead.kind as usize].encoding.words(ahead.count as usize);
                for line in (0..n).step_by(LINE) {
                    prefetch(words, ahead.start as usize + line);
                }
            }
            let due = page[i];
            let kind = &kinds[due.kind as usize];
            let start = due.start as usize;
            let words = &store.chunks[due.chunk as usize].words[start..start + kind.encoding.words(due.count as usize)];
            add(words, due.count as usize, kind, &mut sums[kind.receptor as usize]);
            events += u64::from(due.count);
        }
        page.clear();
        events
    }
}

/// Adds one segment to the sums of its receptor.
#[inline(always)]
fn add(words: &[u32], count: usize, kind: &Kind, sums: &mut [i32; BLOCK]) {
    match kind.encoding {
        Encoding::Compact => {
            for word in words {
                let weight = (*word as i32 >> 16) << kind.shift;
                let sum = &mut sums[(word & 0xffff) as usize];
                *sum = sum.wrapping_add(weight);
            }
        }
        Encoding::Constant => {
            for word in &words[..count / 2] {
                for target in [word & 0xffff, word >> 16] {
                    let sum = &mut sums[target as usize];
                    *sum = sum.wrapping_add(kind.weight);
                }
            }
            if count % 2 == 1 {
                let sum = &mut sums[(words[count / 2] & 0xffff) as usize];
                *sum = sum.wrapping_add(kind.weight);
            }
        }
        Encoding::Wide => {
            for [target, weight] in words.as_chunks::<2>().0 {
                let sum = &mut sums[(target & 0xffff) as usize];
                *sum = sum.wrapping_add(*weight as i32);
            }
        }
    }
}
