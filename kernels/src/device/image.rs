//! Stored rows as the device keeps them.
//!
//! On the device a spike under way walks along its row: so a row is sorted by delay, its segments lie one after another at
//! multiples of 16 bytes, which is what a thread reads at a time, and a head says when the next segment is due rather than when
//! its own is: nothing has to be read ahead.

use super::{Kind, Row};
use crate::segments::{self, Segment};
use crate::store::Store;

/// Words that a thread reads at a time.
const QUAD: usize = 4;

/// More synapses or segments than 32 bits number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored synapses take more than the {most} bytes that a device can hold of them")]
pub struct TooLarge {
    /// Bytes of synapses that can be numbered.
    pub most: u64,
}

/// All stored rows.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// By source.
    pub rows: Vec<Row>,
    /// Heads of segments, row by row, by delay, with the steps to the next one in place of the delay.
    pub heads: Vec<u64>,
    /// Synapses.
    pub words: Vec<u32>,
    /// What kinds of segments there are.
    pub kinds: Vec<Kind>,
    /// Longest delay in steps, 0 if there is nothing.
    pub span: u32,
}

impl Image {
    /// The rows of a store that keeps all blocks, for `n_sources` sources.
    pub fn new(store: &Store, kinds: &[segments::Kind], n_sources: u32) -> Result<Image, TooLarge> {
        let mut image = Image { kinds: kinds.iter().map(Kind::from).collect(), ..Default::default() };
        image.rows.reserve_exact(n_sources as usize);
        let mut row = Vec::new();
        for source in 0..n_sources {
            let (segments, mut start) = store.row(source);
            row.clear();
            for segment in segments {
                row.push((segment, start));
                start += kinds[segment.kind as usize].encoding.words(segment.count as usize) as u32;
            }
            row.sort_by_key(|(segment, _)| segment.delay);
            image.append(store, kinds, &row)?;
        }
        Ok(image)
    }

    fn append(&mut self, store: &Store, kinds: &[segments::Kind], row: &[(Segment, u32)]) -> Result<(), TooLarge> {
        let fits = |n: usize| u32::try_from(n).map_err(|_| TooLarge { most: (size_of::<u32>() * QUAD) as u64 * u64::from(u32::MAX) });
        let (head, quad) = (fits(self.heads.len())?, fits(self.words.len() / QUAD)?);
        for (i, (segment, start)) in row.iter().enumerate() {
            let n = kinds[segment.kind as usize].encoding.words(segment.count as usize);
            let lag = row.get(i + 1).map_or(0, |(next, _)| next.delay - segment.delay);
            self.heads.push(Segment { delay: lag, ..*segment }.head());
            self.words.extend_from_slice(store.words(*start, n));
            self.words.resize(self.words.len().next_multiple_of(QUAD), 0);
        }
        let delay = row.first().map_or(0, |(segment, _)| u32::from(segment.delay));
        self.span = row.last().map_or(0, |(segment, _)| u32::from(segment.delay)).max(self.span);
        self.rows.push(Row { head, end: fits(self.heads.len())?, quad, delay });
        fits(self.words.len() / QUAD).map(|_| ())
    }

    /// Memory on the device in bytes.
    pub fn bytes(&self) -> u64 {
        (size_of_val(&*self.rows) + size_of_val(&*self.heads) + size_of_val(&*self.words) + size_of_val(&*self.kinds)) as u64
    }
}
