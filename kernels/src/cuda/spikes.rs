//! Spikes on the device: the ring of those that are under way, and how the host gets and gives them.

use std::ops::Range;

use super::device::Device;
use super::error::Error;
use super::memory::Array;
use super::pinned::Pinned;
use crate::device::{Cursor, Ring};

/// A spike: (step, global id).
pub type Fired = (u64, u32);

/// Words of a `Tally`, and which of them are what.
const TALLY: usize = 6;
const N: usize = 2;
const LIMIT: usize = 3;
const PULLED: usize = 4;
const LOST: usize = 5;

/// Bytes of a spike under way: id, what is left of its row.
const BYTES: u64 = 4 + size_of::<Cursor>() as u64;

/// How much room there is for spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Spikes, a power of two.
    pub spikes: u32,
    /// Steps, a power of two.
    pub steps: u32,
}

impl Room {
    /// For `neurons` that fire up to `most` times in a second each, or all in the same two steps, where spikes are under way
    /// for `span` steps of `dt` ms and the host takes them every `pace` steps.
    pub fn new(neurons: u64, span: u32, pace: u64, dt: f64) -> Room {
        const MOST: f64 = 1000.0;
        let steps = u64::from(span) + pace + 2;
        let fired = (neurons as f64 * steps as f64 * (MOST * dt * 1e-3).min(1.0)) as u64 + 2 * neurons;
        let sure = neurons.saturating_mul(steps);
        let spikes = fired.min(sure).clamp(1024, 1 << 31).next_power_of_two() as u32;
        Room { spikes, steps: steps.next_power_of_two() as u32 }
    }

    /// Where a spike lies, by its number.
    fn place(self, number: u32) -> usize {
        (number & (self.spikes - 1)) as usize
    }

    /// How many of `n` spikes from this number on lie before the end of the room; the others lie at its beginning.
    fn whole(self, number: u32, n: u32) -> usize {
        (self.spikes - (number & (self.spikes - 1))).min(n) as usize
    }

    /// Where `n` spikes from this number on lie.
    fn pieces(self, number: u32, n: u32) -> [Range<usize>; 2] {
        let (first, whole) = (self.place(number), self.whole(number, n));
        [first..first + whole, 0..n as usize - whole]
    }

    /// Memory that it takes.
    pub fn bytes(self) -> u64 {
        u64::from(self.spikes) * BYTES + u64::from(self.steps) * 4 + TALLY as u64 * 4
    }
}

/// The ring.
pub(super) struct Spikes {
    ids: Array<u32>,
    cursors: Array<Cursor>,
    ends: Array<u32>,
    tally: Array<u32>,
    room: Room,
    /// Steps for which a spike may be under way.
    span: u32,
    /// Where each step ends, as the host knows it: all that is over.
    known: Vec<u32>,
    /// Number of the first spike that the host does not have.
    pulled: u32,
    /// So many may have come until the next time.
    expected: u32,
    pulls: Pulls,
    /// Ids of those that have.
    copied: Vec<u32>,
}

/// Copies on their way to the host.
struct Pulls {
    tally: Pinned<u32>,
    ends: Pinned<u32>,
    ids: Pinned<u32>,
}

impl Spikes {
    pub(super) fn new(device: &Device, room: Room, span: u32) -> Result<Self, Error> {
        let mut tally = [0; TALLY];
        tally[LIMIT] = room.spikes;
        Ok(Spikes {
            // More of them are copied than there are.
            ids: Array::zeros(device, room.spikes as usize)?,
            cursors: Array::room(device, room.spikes as usize)?,
            ends: Array::zeros(device, room.steps as usize)?,
            tally: Array::copy(device, &tally)?,
            room,
            span,
            known: vec![0; room.steps as usize],
            pulled: 0,
            expected: 1024.min(room.spikes),
            pulls: Pulls {
                tally: Pinned::new(device, TALLY)?,
                ends: Pinned::new(device, room.steps as usize)?,
                ids: Pinned::new(device, 1024)?,
            },
            copied: Vec::new(),
        })
    }

    /// As kernels take it.
    pub(super) fn ring(&self, device: &Device) -> Ring {
        Ring {
            ids: self.ids.address(device),
            cursors: self.cursors.address(device),
            ends: self.ends.address(device),
            tally: self.tally.address(device),
            mask: self.room.spikes - 1,
            ends_mask: self.room.steps - 1,
        }
    }

    /// The number after that of the last spike that is known.
    pub(super) fn end(&self) -> u32 {
        self.pulled
    }

    /// The number of spikes before the end of a step that is over, which may lie before the start.
    fn end_of(&self, step: u64) -> u32 {
        self.known[self.place_of(step)]
    }

    fn place_of(&self, step: u64) -> usize {
        step as usize & (self.room.steps as usize - 1)
    }

    /// Lets the device copy what has happened when it has done all that was launched; waits for nothing. How many spikes there will be nobody
    /// knows: twice as many are copied as the last time.
    pub(super) fn pull(&mut self, device: &Device) -> Result<(), Error> {
        self.pulls.tally.pull(device, &self.tally, [0..TALLY, 0..0])?;
        self.pulls.ends.pull(device, &self.ends, [0..self.room.steps as usize, 0..0])?;
        self.pulls.ids.pull(device, &self.ids, self.room.pieces(self.pulled, self.expected))
    }

    /// Waits for what was pulled and appends what fired in `steps`, all that were launched since the last time. Gives
    /// the number of synaptic events so far.
    pub(super) fn take(&mut self, device: &Device, steps: Range<u64>, fired: &mut Vec<Fired>) -> Result<u64, Error> {
        let mut tally = [0; TALLY];
        tally.copy_from_slice(self.pulls.tally.wait()?);
        if tally[LOST] > 0 {
            return Err(Error::RingFull { room: self.room.spikes, lost: tally[LOST] });
        }
        if !steps.is_empty() {
            self.known.copy_from_slice(self.pulls.ends.wait()?);
            let last = self.place_of(steps.end - 1);
            self.known[last] = tally[N];
        }
        let n = tally[N].wrapping_sub(self.pulled);
        self.copy_ids(device, n)?;
        self.expected = n.saturating_mul(2).max(1024).min(self.room.spikes);
        let mut next = 0;
        for step in steps {
            let end = self.end_of(step).wrapping_sub(self.pulled) as usize;
            fired.extend(self.copied[next..end].iter().map(|id| (step, *id)));
            next = end;
        }
        self.pulled = tally[N];
        self.tally.write(device, PULLED, &[self.pulled])?;
        Ok(u64::from(tally[0]) | u64::from(tally[1]) << 32)
    }

    /// Ids of the next `n` spikes: what was pulled of them, and what are more is waited for once more.
    fn copy_ids(&mut self, device: &Device, n: u32) -> Result<(), Error> {
        let pulled = self.pulls.ids.wait()?;
        self.copied.clear();
        self.copied.extend_from_slice(&pulled[..pulled.len().min(n as usize)]);
        let here = self.copied.len() as u32;
        self.copied.resize(n as usize, 0);
        let mut rest = &mut self.copied[here as usize..];
        for piece in self.room.pieces(self.pulled.wrapping_add(here), n - here) {
            let (own, others) = rest.split_at_mut(piece.len());
            self.ids.read(device, piece.start, own)?;
            rest = others;
        }
        Ok(())
    }

    /// Makes `fired`, sorted by step, the spikes of the last `steps`, in place of those that are there; nothing is launched. Gives the
    /// number of the first.
    pub(super) fn put(&mut self, device: &Device, steps: Range<u64>, fired: &[Fired]) -> Result<u32, Error> {
        let first = self.end_of(steps.start.wrapping_sub(1));
        let before = first.wrapping_sub(self.end_of(steps.end.wrapping_sub(u64::from(self.span) + 1)));
        let too_many = (u64::from(before) + fired.len() as u64).saturating_sub(u64::from(self.room.spikes));
        if too_many > 0 {
            return Err(Error::RingFull { room: self.room.spikes, lost: too_many.min(u64::from(u32::MAX)) as u32 });
        }
        for step in steps {
            let place = self.place_of(step);
            self.known[place] = first.wrapping_add(fired.partition_point(|spike| spike.0 <= step) as u32);
        }
        self.copied.clear();
        self.copied.extend(fired.iter().map(|spike| spike.1));
        let n = fired.len() as u32;
        let (before_end, rest) = self.copied.split_at(self.room.whole(first, n));
        self.ids.write(device, self.room.place(first), before_end)?;
        self.ids.write(device, 0, rest)?;
        self.ends.write(device, 0, &self.known)?;
        self.pulled = first.wrapping_add(n);
        self.tally.write(device, N, &[self.pulled])?;
        self.tally.write(device, PULLED, &[self.pulled])?;
        Ok(first)
    }
}
