//! Delivery: from a spike to the sums that its targets read.
//!
//! When a source fires, its segments go into the calendars of their blocks, each under the step it is
//! due: stored segments by their place, regenerated ones with their synapses. When a step comes, its
//! page is a flat list of segments, and the loop over that list is where a simulation spends its time.
//! It is bound by memory: a stored segment is a few cache lines anywhere in gigabytes, while the sums of
//! a block stay in the second-level cache. So the loop asks for the words of segments well ahead of the
//! one it adds up, into the second-level cache, which can wait for twice as many lines as the first
//! (a quarter faster). Each addition goes to its own cell and commutes with all others.

use std::ops::{Deref, DerefMut};

use crate::layout::BLOCK;
use crate::lines::LINE;
use crate::segments::{Encoding, Kind, Segment};
use crate::simd::prefetch_l2;
use crate::store::Store;

/// How many segments ahead of the present one words are asked for.
const AHEAD: usize = 12;
/// Spikes whose rows are looked up together.
const TOGETHER: usize = 16;
/// Lengths of segments that are told apart; all longer ones count as one.
const LENGTHS: usize = 128;

/// Summed input of one receptor of a block, in fixed point. Its length, which is known, lets 16-bit targets go unchecked.
#[derive(Debug)]
pub struct Sums(Box<Cells>);

/// As many as a block has places, beginning with a cache line.
#[derive(Debug)]
#[repr(align(64))]
struct Cells([i32; BLOCK]);

/// New sums, all zero.
pub fn sums() -> Sums {
    Sums(Box::new(Cells([0; BLOCK])))
}

impl Deref for Sums {
    type Target = [i32; BLOCK];

    #[inline(always)]
    fn deref(&self) -> &[i32; BLOCK] {
        &self.0.0
    }
}

impl DerefMut for Sums {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [i32; BLOCK] {
        &mut self.0.0
    }
}

/// A segment that is due: where its words begin, how many synapses, of what kind.
#[derive(Clone, Copy, Debug, Default)]
struct Due {
    start: u32,
    count: u16,
    kind: u16,
}

/// What is due in one step.
#[derive(Clone, Debug, Default)]
struct Page {
    /// Segments in the store.
    stored: Vec<Due>,
    made: Made,
}

/// Segments that were made for a page, with their words.
#[derive(Clone, Debug, Default)]
struct Made {
    segments: Vec<Due>,
    words: Vec<u32>,
}

/// Segments of one block by the step they are due.
#[derive(Clone, Debug)]
pub struct Calendar {
    pages: Vec<Page>,
    mask: u64,
    /// Room for the stored segments of a page.
    sorted: Vec<Due>,
    /// Room for what will be made, from pages that are over: pages in turn would each come to hold as much as the fullest.
    rooms: Vec<Made>,
}

impl Calendar {
    /// A calendar for delays up to `max_delay` steps.
    pub fn new(max_delay: u32) -> Self {
        let n = (u64::from(max_delay) + 1).next_power_of_two();
        Calendar { pages: vec![Page::default(); n as usize], mask: n - 1, sorted: Vec::new(), rooms: Vec::new() }
    }

    /// Where the page of a step is.
    #[inline(always)]
    fn place(&self, step: u64) -> usize {
        (step & self.mask) as usize
    }

    /// Enters a segment that is made only now; its words are appended to what is returned.
    #[inline]
    pub fn make(&mut self, due: u64, segment: Segment) -> &mut Vec<u32> {
        let place = self.place(due);
        let made = &mut self.pages[place].made;
        if made.segments.capacity() == 0 {
            *made = self.rooms.pop().unwrap_or_default();
        }
        made.segments.push(Due { start: made.words.len() as u32, count: segment.count, kind: segment.kind });
        &mut made.words
    }

    /// Adds up everything that is due at `step`, and forgets it. Returns the number of synaptic events.
    pub fn deliver(&mut self, store: &Store, kinds: &[Kind], step: u64, sums: &mut [Sums]) -> u64 {
        let mut events = 0;
        let place = self.place(step);
        let page = &mut self.pages[place];
        let stored = by_length(&page.stored, &mut self.sorted);
        for (i, due) in stored.iter().enumerate() {
            if let Some(ahead) = stored.get(i + AHEAD) {
                ask_for(store, kinds, ahead);
            }
            let kind = &kinds[due.kind as usize];
            let words = store.words(due.start, kind.encoding.words(due.count as usize));
            add(words, due.count as usize, kind, &mut sums[kind.receptor as usize]);
            events += u64::from(due.count);
        }
        page.stored.clear();
        if !page.made.segments.is_empty() {
            let mut made = std::mem::take(&mut page.made);
            for due in &made.segments {
                let kind = &kinds[due.kind as usize];
                let words = &made.words[due.start as usize..][..kind.encoding.words(due.count as usize)];
                add(words, due.count as usize, kind, &mut sums[kind.receptor as usize]);
                events += u64::from(due.count);
            }
            made.segments.clear();
            made.words.clear();
            self.rooms.push(made);
        }
        events
    }
}

/// The same segments, those of one length side by side, in `sorted`: so the processor foresees where the loop over the synapses of a
/// segment ends. Each wrong guess costs as much as some ten synapses, of the thirty or so that a segment has where it matters (a
/// sixth of delivery). Few segments stay as they are: there sorting would cost more.
fn by_length<'a>(segments: &'a [Due], sorted: &'a mut Vec<Due>) -> &'a [Due] {
    if segments.len() < LENGTHS {
        return segments;
    }
    let length = |due: &Due| (due.count as usize).min(LENGTHS - 1);
    let mut places = [0; LENGTHS];
    segments.iter().for_each(|due| places[length(due)] += 1);
    let mut next = 0u32;
    for place in &mut places {
        next += std::mem::replace(place, next);
    }
    sorted.resize(segments.len(), Due::default());
    for due in segments {
        let place = &mut places[length(due)];
        sorted[*place as usize] = *due;
        *place += 1;
    }
    sorted
}

/// Asks for the words of a segment.
#[inline(always)]
fn ask_for(store: &Store, kinds: &[Kind], due: &Due) {
    let words = store.words(due.start, kinds[due.kind as usize].encoding.words(due.count as usize));
    // The last word may lie in a line of its own.
    words.iter().step_by(LINE).chain(words.last()).for_each(prefetch_l2);
}

/// Enters the stored rows of sources that fired into the calendars of a thread's blocks. Spikes are (step
/// of the update in which it fired, global id); what was due before `now` is left out (after a restart).
pub fn enter(store: &Store, kinds: &[Kind], spikes: &[(u64, u32)], now: u64, calendars: &mut [Calendar]) {
    // Where a row lies and its heads are two misses, one after the other: asked for together, for as many
    // spikes as the caches can wait for.
    for spikes in spikes.chunks(TOGETHER) {
        spikes.iter().for_each(|(_, source)| store.prefetch_place(*source));
        spikes.iter().for_each(|(_, source)| store.prefetch_heads(*source));
        for (step, source) in spikes {
            let (segments, mut start) = store.row(*source);
            for segment in segments {
                let due = step + u64::from(segment.delay);
                if due >= now {
                    let entry = Due { start, count: segment.count, kind: segment.kind };
                    let calendar = &mut calendars[segment.block as usize];
                    let place = calendar.place(due);
                    calendar.pages[place].stored.push(entry);
                }
                start += kinds[segment.kind as usize].encoding.words(segment.count as usize) as u32;
            }
        }
    }
}

/// Adds one segment to the sums of its receptor.
#[inline(always)]
fn add(words: &[u32], count: usize, kind: &Kind, sums: &mut [i32; BLOCK]) {
    let mut add_to = |target: u32, weight: i32| {
        let sum = &mut sums[(target & 0xffff) as usize];
        *sum = sum.wrapping_add(weight);
    };
    match kind.encoding {
        Encoding::Compact => words.iter().for_each(|word| add_to(*word, (*word as i32 >> 16) << kind.shift)),
        Encoding::Wide => words.as_chunks().0.iter().for_each(|[target, weight]| add_to(*target, *weight as i32)),
        Encoding::Constant => {
            for word in &words[..count / 2] {
                add_to(*word, kind.weight);
                add_to(word >> 16, kind.weight);
            }
            if count % 2 == 1 {
                add_to(words[count / 2], kind.weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind { encoding: Encoding::Compact, receptor: 0, shift: 0, weight: 0 };

    #[test]
    fn segments_of_one_length_come_together_and_none_is_lost() {
        let of = |i: u32| Due { start: i, count: (i * 37 % 301) as u16, kind: 0 };
        let segments: Vec<Due> = (0..1000).map(of).collect();
        let mut sorted = vec![Due::default(); 3];
        let sorted = by_length(&segments, &mut sorted);
        assert!(sorted.is_sorted_by_key(|due| (due.count as usize).min(LENGTHS - 1)));
        let starts = |dues: &[Due]| -> std::collections::BTreeSet<u32> { dues.iter().map(|due| due.start).collect() };
        assert_eq!((sorted.len(), starts(sorted)), (segments.len(), starts(&segments)));
        assert_eq!(by_length(&segments[..LENGTHS - 1], &mut Vec::new()).len(), LENGTHS - 1);
    }

    #[test]
    fn pages_share_the_room_of_what_is_made() {
        let (mut calendar, store, mut cells) = (Calendar::new(63), Store::new(1), [sums()]);
        let mut events = 0;
        for step in 0..200 {
            for target in 0..100 {
                calendar.make(step, Segment { block: 0, delay: 1, kind: 0, count: 1 }).push(1 << 16 | target);
            }
            events += calendar.deliver(&store, &[KIND], step, &mut cells);
        }
        assert_eq!((events, cells[0][99], cells[0][100]), (20_000, 200, 0));
        let held: usize = calendar.pages.iter().map(|page| &page.made).chain(&calendar.rooms).map(|made| made.words.capacity()).sum();
        assert!(held < 300, "room for {held} words where 100 are made at a time");
    }

    #[test]
    fn sums_begin_with_a_cache_line() {
        assert!((0..9).all(|_| sums().as_ptr().addr().is_multiple_of(64)));
    }
}
