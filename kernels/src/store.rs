//! Rows of synapses in memory.
//!
//! A row (all synapses of one source onto one block) is cut into **segments** of equal delay and kind.
//! A segment is delivered when it is due, into one accumulator, so no ring buffer over delays exists:
//! what would be scattered over `delays x neurons` cells stays within the block's one row of sums.
//! Synapses cost 2 bytes (constant weight), 4 (16-bit weight) or 8 (32-bit weight); a segment's head
//! costs 8 bytes and a row's place 8 more.
//!
//! Sources are gathered in chunks, each built by one thread in one go and never changed.

use std::ops::Range;

use crate::layout::Layout;
use crate::scale::Coding;
use crate::wiring::{Part, Prepared, Row};

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
    /// In steps, at least 1.
    pub delay: u16,
    /// Index into the kinds.
    pub kind: u16,
    /// Synapses.
    pub count: u32,
}

/// Sources per chunk.
pub const CHUNK: usize = 1 << CHUNK_BITS;
const CHUNK_BITS: u32 = 9;

/// Rows of [`CHUNK`] consecutive sources onto one block.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// Row r: segments `row_segments[r]..row_segments[r + 1]`, words from `row_words[r]` on.
    row_segments: Vec<u32>,
    row_words: Vec<u32>,
    segments: Vec<Segment>,
    pub(crate) words: Vec<u32>,
}

impl Chunk {
    /// Segments of a row, and where its words begin.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> (&[Segment], usize) {
        if self.segments.is_empty() {
            return (&[], 0);
        }
        (&self.segments[self.row_segments[row] as usize..self.row_segments[row + 1] as usize], self.row_words[row] as usize)
    }

    /// Asks for the head of a row.
    #[inline]
    pub(crate) fn prefetch_place(&self, row: usize) {
        crate::simd::prefetch(&self.row_segments, row);
        crate::simd::prefetch(&self.row_words, row);
    }

    /// Asks for the segments of a row.
    #[inline]
    pub(crate) fn prefetch_segments(&self, row: usize) {
        if let (Some(a), Some(b)) = (self.row_segments.get(row), self.row_segments.get(row + 1)) {
            for i in (*a..*b).step_by(8) {
                crate::simd::prefetch(&self.segments, i as usize);
            }
        }
    }

    fn bytes(&self) -> u64 {
        4 * (self.row_segments.capacity() + self.row_words.capacity() + self.words.capacity() + 2 * self.segments.capacity()) as u64
    }

    fn begin(&mut self, expected_words: usize) {
        self.words.reserve_exact(expected_words);
        self.row_segments.reserve_exact(CHUNK + 1);
        self.row_words.reserve_exact(CHUNK + 1);
    }

    fn end(&mut self) {
        self.row_segments.push(self.segments.len() as u32);
        self.row_words.push(self.words.len() as u32);
        if self.segments.is_empty() {
            *self = Chunk::default();
        }
        self.words.shrink_to_fit();
        self.segments.shrink_to_fit();
    }
}

/// All rows onto one block.
#[derive(Clone, Debug, Default)]
pub struct BlockStore {
    /// Chunk `c` holds the sources `c * CHUNK..(c + 1) * CHUNK` (global ids).
    pub chunks: Vec<Chunk>,
}

impl BlockStore {
    /// Chunk and row of a source.
    #[inline(always)]
    pub(crate) fn place(source: u32) -> (usize, usize) {
        ((source >> CHUNK_BITS) as usize, source as usize & (CHUNK - 1))
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(Chunk::bytes).sum()
    }

    /// Number of synapses.
    pub fn n_synapses(&self) -> u64 {
        self.chunks.iter().flat_map(|c| &c.segments).map(|s| u64::from(s.count)).sum()
    }
}

/// Everything needed to make the rows of any source.
pub struct Builder<'a> {
    /// All projections.
    pub wiring: &'a [Prepared<'a>],
    /// Coding of each projection.
    pub codings: &'a [Coding],
    /// All kinds.
    pub kinds: &'a [Kind],
    /// Where targets live.
    pub layout: &'a Layout,
    /// Projections that leave each population.
    pub outgoing: &'a [Vec<usize>],
    /// Step in ms.
    pub dt: f64,
}

/// Room to work in, kept from chunk to chunk.
#[derive(Default)]
pub struct Scratch {
    parts: Vec<Part>,
    row: Row,
    items: Vec<Item>,
    sorted: Vec<Item>,
    histogram: Vec<u32>,
}

/// One synapse on its way into a row: (block, delay, kind) decide the segment.
#[derive(Clone, Copy, Debug, Default)]
struct Item {
    block: u16,
    delay: u16,
    kind: u16,
    target: u16,
    weight: i32,
}

impl Item {
    fn segment(&self) -> (u16, u16, u16) {
        (self.block, self.delay, self.kind)
    }
}

impl Builder<'_> {
    /// Number of chunks.
    pub fn n_chunks(&self) -> usize {
        (self.layout.n_neurons() as usize).div_ceil(CHUNK)
    }

    /// Makes the rows of chunk `c`: one [`Chunk`] per block.
    pub fn chunk(&self, c: usize, scratch: &mut Scratch) -> Vec<Chunk> {
        let ids = (c * CHUNK) as u32..((c + 1) * CHUNK).min(self.layout.n_neurons() as usize) as u32;
        self.parts(&ids, &mut scratch.parts);
        let mut chunks = vec![Chunk::default(); self.layout.n_blocks()];
        let expected = self.expected_words(&scratch.parts);
        for chunk in &mut chunks {
            chunk.begin(expected / self.layout.n_blocks());
        }
        let mut next = 0;
        for id in ids.clone() {
            let from = next;
            while next < scratch.parts.len() && self.id_of(&scratch.parts[next]) == id {
                next += 1;
            }
            self.items(from..next, scratch);
            sort(scratch, self.layout.n_blocks(), self.kinds.len());
            for chunk in &mut chunks {
                chunk.row_segments.push(chunk.segments.len() as u32);
                chunk.row_words.push(chunk.words.len() as u32);
            }
            for run in scratch.items.chunk_by(|a, b| a.segment() == b.segment()) {
                append(&mut chunks[run[0].block as usize], run, self.kinds[run[0].kind as usize].encoding);
            }
        }
        for chunk in &mut chunks {
            chunk.row_segments.resize(CHUNK, chunk.segments.len() as u32);
            chunk.row_words.resize(CHUNK, chunk.words.len() as u32);
            chunk.end();
        }
        chunks
    }

    fn id_of(&self, part: &Part) -> u32 {
        self.layout.first_id[self.wiring[part.projection as usize].projection().source] + part.source
    }

    fn expected_words(&self, parts: &[Part]) -> usize {
        parts.iter().map(|p| self.kinds[self.codings[p.projection as usize].positive as usize].encoding.words(p.count as usize)).sum()
    }

    /// All parts of the sources `ids`, source by source.
    fn parts(&self, ids: &Range<u32>, parts: &mut Vec<Part>) {
        parts.clear();
        let populations = self.layout.population_of(ids.start)..=self.layout.population_of(ids.end - 1);
        for population in populations {
            let first = self.layout.first_id[population];
            let size = self.layout.first_id[population + 1] - first;
            let local = ids.start.saturating_sub(first)..(ids.end - first).min(size);
            for projection in &self.outgoing[population] {
                self.wiring[*projection].parts(local.clone(), &mut |part| parts.push(part));
            }
        }
        parts.sort_by_key(|part| self.id_of(part));
    }

    /// The synapses of one source.
    fn items(&self, parts: Range<usize>, scratch: &mut Scratch) {
        scratch.items.clear();
        for part in &scratch.parts[parts] {
            let prepared = &self.wiring[part.projection as usize];
            let coding = &self.codings[part.projection as usize];
            let population = prepared.projection().target;
            prepared.row(part, self.dt, &mut scratch.row);
            let row = &scratch.row;
            for i in 0..row.targets.len() {
                let (block, offset) = self.layout.locate(population, row.targets[i]);
                let sign = usize::from(row.weights[i] >= 0.0);
                // A power of two times a float is exact; half away from zero, by hand: baseline x86-64
                // would call a library to round.
                let units = row.weights[i] * coding.unit[sign] as f32;
                let weight = (units + if sign == 1 { 0.5 } else { -0.5 }) as i32;
                let kind = if sign == 1 { coding.positive } else { coding.negative };
                scratch.items.push(Item { block: block as u16, delay: row.delays[i], kind, target: offset as u16, weight });
            }
        }
    }
}

/// Sorts the items by segment: by counting where the segments are few beside the items.
fn sort(scratch: &mut Scratch, n_blocks: usize, n_kinds: usize) {
    let items = &mut scratch.items;
    let Some(first) = items.first() else { return };
    let (mut lo, mut hi) = (first.delay, first.delay);
    for item in items.iter() {
        lo = lo.min(item.delay);
        hi = hi.max(item.delay);
    }
    let n_delays = (hi - lo) as usize + 1;
    let buckets = n_blocks * n_delays * n_kinds;
    if buckets > 2 * items.len() + 256 {
        items.sort_unstable_by_key(Item::segment);
        return;
    }
    let bucket = |i: &Item| (i.block as usize * n_delays + (i.delay - lo) as usize) * n_kinds + i.kind as usize;
    scratch.histogram.clear();
    scratch.histogram.resize(buckets, 0);
    for item in items.iter() {
        scratch.histogram[bucket(item)] += 1;
    }
    let mut sum = 0;
    for count in &mut scratch.histogram {
        sum += std::mem::replace(count, sum);
    }
    scratch.sorted.resize(items.len(), Item::default());
    for item in items.iter() {
        let place = &mut scratch.histogram[bucket(item)];
        scratch.sorted[*place as usize] = *item;
        *place += 1;
    }
    std::mem::swap(items, &mut scratch.sorted);
}

/// Appends one segment to a chunk.
fn append(chunk: &mut Chunk, run: &[Item], encoding: Encoding) {
    chunk.segments.push(Segment { delay: run[0].delay, kind: run[0].kind, count: run.len() as u32 });
    match encoding {
        Encoding::Constant => {
            chunk.words.extend(run.chunks(2).map(|pair| u32::from(pair[0].target) | u32::from(pair.get(1).map_or(0, |i| i.target)) << 16))
        }
        Encoding::Compact => chunk.words.extend(run.iter().map(|i| u32::from(i.target) | (i.weight as u32) << 16)),
        Encoding::Wide => chunk.words.extend(run.iter().flat_map(|i| [u32::from(i.target), i.weight as u32])),
    }
}
