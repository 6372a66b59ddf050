//! Spikes on the device: the ring of those that are under way, and how the host gets and gives them.

use std::ops::Range;

use super::device::Device;
use super::error::Error;
use super::memory::Array;
use crate::device::{Cursor, Ring};

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
    /// Number of the first spike that the host does not have.
    pulled: u32,
    /// Room to copy into.
    copied: Vec<u32>,
}

impl Spikes {
    pub(super) fn new(device: &Device, room: Room) -> Result<Self, Error> {
        let mut tally = [0; TALLY];
        tally[LIMIT] = room.spikes;
        Ok(Spikes {
            ids: Array::room(device, room.spikes as usize)?,
            cursors: Array::room(device, room.spikes as usize)?,
            ends: Array::zeros(device, room.steps as usize)?,
            tally: Array::copy(device, &tally)?,
            room,
            pulled: 0,
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

    /// Waits for the device and appends what fired in `steps`, all that were launched since the last time, as (step, id). Gives
    /// the number of synaptic events so far.
    pub(super) fn take(&mut self, device: &Device, steps: Range<u64>, fired: &mut Vec<(u64, u32)>) -> Result<u64, Error> {
        let mut tally = [0; TALLY];
        self.tally.read(device, 0, &mut tally)?;
        if tally[LOST] > 0 {
            return Err(Error::RingFull { room: self.room.spikes, lost: tally[LOST] });
        }
        let mut ends = vec![0; self.room.steps as usize];
        self.ends.read(device, 0, &mut ends)?;
        let n = tally[N].wrapping_sub(self.pulled);
        self.copied.resize(n as usize, 0);
        let start = self.pulled & (self.room.spikes - 1);
        let whole = (self.room.spikes - start).min(n) as usize;
        let (first, second) = self.copied.split_at_mut(whole);
        self.ids.read(device, start as usize, first)?;
        self.ids.read(device, 0, second)?;
        let mut next = 0;
        for step in steps.clone() {
            let end = if step + 1 == steps.end { tally[N] } else { ends[step as usize & (self.room.steps as usize - 1)] };
            let end = end.wrapping_sub(self.pulled) as usize;
            fired.extend(self.copied[next..end].iter().map(|id| (step, *id)));
            next = end;
        }
        self.pulled = tally[N];
        self.tally.write(device, PULLED, &[self.pulled])?;
        Ok(u64::from(tally[0]) | u64::from(tally[1]) << 32)
    }
}
