//! Rows in memory: what one thread keeps of all synapses onto its blocks.
//!
//! A row (all synapses of one source onto one thread's blocks) is cut into segments of equal block,
//! delay and kind. A segment is delivered when it is due, into one accumulator, so no ring buffer over
//! delays exists: what would be scattered over `delays x neurons` cells stays within the block's one row
//! of sums. A segment's head costs 8 bytes and a row's place 12.
//!
//! Sources are gathered in chunks, each made by one thread in one go and then appended.

use std::ops::Range;

use crate::rows::{Scratch, Way, Wiring};
use crate::segments::{Segment, Sink};
use crate::simd::prefetch;
use crate::slabs::Slabs;

/// Sources per chunk.
pub const CHUNK: usize = 1 << CHUNK_BITS;
const CHUNK_BITS: u32 = 9;

/// 64 MiB of synapses.
type Words = Slabs<u32, 24>;
/// 8 MiB of heads.
type Heads = Slabs<u64, 20>;

/// More synapses than a store can number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// All rows onto the blocks of one thread.
#[derive(Clone, Debug)]
pub struct Store {
    /// Chunk `c` holds the sources `c * CHUNK..(c + 1) * CHUNK` (global ids); empty if they send nothing here.
    chunks: Vec<Box<[Place]>>,
    heads: Heads,
    words: Words,
    n_synapses: u64,
}

/// Where a row lies.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    heads: u32,
    n_heads: u32,
    words: u32,
}

impl Store {
    /// An empty store for `n_sources` sources.
    pub fn new(n_sources: u64) -> Self {
        let n_chunks = n_sources.div_ceil(CHUNK as u64) as usize;
        Store { chunks: vec![Box::default(); n_chunks], heads: Heads::default(), words: Words::default(), n_synapses: 0 }
    }

    /// Appends a chunk.
    pub fn put(&mut self, chunk: usize, shelf: &Shelf) -> Result<(), Full> {
        if shelf.heads.is_empty() {
            return Ok(());
        }
        let (mut head, mut word) = (0, 0);
        let mut places = Vec::with_capacity(shelf.rows.len());
        for end in &shelf.rows {
            let heads = &shelf.heads[head..end.0];
            let place = Place {
                heads: self.heads.append(heads).ok_or(Full)?,
                n_heads: heads.len() as u32,
                words: self.words.append(&shelf.words[word..end.1]).ok_or(Full)?,
            };
            places.push(place);
            (head, word) = *end;
        }
        self.chunks[chunk] = places.into_boxed_slice();
        self.n_synapses += shelf.heads.iter().map(|h| u64::from(Segment::of_head(*h).count)).sum::<u64>();
        Ok(())
    }

    fn place(&self, source: u32) -> Option<&Place> {
        self.chunks[(source >> CHUNK_BITS) as usize].get(source as usize & (CHUNK - 1))
    }

    /// Heads of a source's segments (blocks counted from the thread's first), and where its words begin.
    #[inline]
    pub(crate) fn row(&self, source: u32) -> (impl Iterator<Item = Segment>, u32) {
        let place = self.place(source).copied().unwrap_or_default();
        let heads = if place.n_heads == 0 { &[][..] } else { self.heads.slice(place.heads, place.n_heads as usize) };
        (heads.iter().map(|head| Segment::of_head(*head)), place.words)
    }

    /// Asks for the place of a row.
    #[inline]
    pub(crate) fn prefetch_place(&self, source: u32) {
        prefetch(&self.chunks[(source >> CHUNK_BITS) as usize], source as usize & (CHUNK - 1));
    }

    /// Asks for the heads of a row.
    #[inline]
    pub(crate) fn prefetch_heads(&self, source: u32) {
        if let Some(place) = self.place(source).filter(|p| p.n_heads > 0) {
            let (slab, start) = self.heads.slab(place.heads);
            for line in (0..place.n_heads as usize).step_by(8) {
                prefetch(slab, start + line);
            }
        }
    }

    /// `n` words from `start` on.
    #[inline(always)]
    pub(crate) fn words(&self, start: u32, n: usize) -> &[u32] {
        self.words.slice(start, n)
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> u64 {
        let places: usize = self.chunks.iter().map(|c| size_of_val(&**c) + size_of::<Box<[Place]>>()).sum();
        places as u64 + self.heads.bytes() + self.words.bytes()
    }

    /// Number of synapses.
    pub fn n_synapses(&self) -> u64 {
        self.n_synapses
    }
}

/// One thread's part of a chunk in the making.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    /// Ends of each row in `heads` and `words`.
    rows: Vec<(usize, usize)>,
    heads: Vec<u64>,
    words: Vec<u32>,
}

/// One chunk in the making: a shelf for each thread.
#[derive(Clone, Debug, Default)]
pub struct Shelves {
    /// By thread.
    pub shelves: Vec<Shelf>,
    /// Thread of each block, and each thread's first block.
    owner: Vec<usize>,
    first_block: Vec<u32>,
}

impl Sink for Shelves {
    #[inline]
    fn open(&mut self, segment: Segment) -> &mut Vec<u32> {
        let thread = self.owner[segment.block as usize];
        let shelf = &mut self.shelves[thread];
        shelf.heads.push(Segment { block: segment.block - self.first_block[thread], ..segment }.head());
        &mut shelf.words
    }
}

impl Shelves {
    /// Room for chunks of this wiring.
    pub fn new(wiring: &Wiring) -> Self {
        let first_block = wiring.layout.first_block.clone();
        Shelves { shelves: vec![Shelf::default(); first_block.len() - 1], owner: wiring.layout.owner.clone(), first_block }
    }

    /// Makes the rows of chunk `c` by the `ways` out of each population.
    pub fn fill(&mut self, wiring: &Wiring, ways: &[Vec<Way>], c: usize, scratch: &mut Scratch) {
        for shelf in &mut self.shelves {
            shelf.rows.clear();
            shelf.heads.clear();
            shelf.words.clear();
        }
        let ids = (c * CHUNK) as u32..((c + 1) as u64 * CHUNK as u64).min(u64::from(wiring.layout.n_neurons())) as u32;
        let mut parts = std::mem::take(&mut scratch.parts);
        wiring.parts(&ids, ways, &mut parts);
        let mut next = 0;
        for id in ids {
            let from = next;
            while next < parts.len() && wiring.id_of(&parts[next]) == id {
                next += 1;
            }
            wiring.row(&parts[from..next], scratch, self);
            self.shelves.iter_mut().for_each(|shelf| shelf.rows.push((shelf.heads.len(), shelf.words.len())));
        }
        scratch.parts = parts;
    }
}

impl Wiring {
    /// Number of chunks.
    pub fn n_chunks(&self) -> usize {
        (self.layout.n_neurons() as usize).div_ceil(CHUNK)
    }

    /// All parts of the sources `ids` that leave by these ways, source by source.
    fn parts(&self, ids: &Range<u32>, ways: &[Vec<Way>], parts: &mut Vec<crate::wiring::Part>) {
        parts.clear();
        let populations = self.layout.population_of(ids.start)..=self.layout.population_of(ids.end - 1);
        for (population, ways) in populations.clone().zip(&ways[populations]) {
            let first = self.layout.first_id[population];
            let size = self.layout.first_id[population + 1] - first;
            let local = ids.start.saturating_sub(first)..(ids.end - first).min(size);
            for way in ways {
                self.parts_by(*way, local.clone(), &mut |part| parts.push(part));
            }
        }
        parts.sort_by_key(|part| self.id_of(part));
    }
}
