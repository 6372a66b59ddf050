//! The ring of spikes on the device.

use std::sync::Arc;

use cudarc::driver::{CudaSlice, CudaStream, DriverError};
use kernels::device::{Ring, Tally};

use super::{Argument, address};

/// Its memory.
pub(crate) struct OnRing {
    pub(crate) ids: CudaSlice<u32>,
    cursors: CudaSlice<u32>,
    pub(crate) ends: CudaSlice<u32>,
    pub(crate) tally: CudaSlice<Argument<Tally>>,
}

impl OnRing {
    /// With room for so many spikes and steps, both powers of two.
    pub(crate) fn new(stream: &Arc<CudaStream>, capacity: usize, n_ends: usize) -> Result<Self, DriverError> {
        let tally = Tally { limit: capacity as u32, ..Default::default() };
        // SAFETY: plain numbers; the host driver notices if they are read before they are written.
        let room = |n: usize| unsafe { stream.alloc::<u32>(n) };
        Ok(OnRing {
            ids: room(capacity)?,
            cursors: room(4 * capacity)?,
            ends: stream.alloc_zeros(n_ends)?,
            tally: stream.clone_htod(&[Argument(tally)])?,
        })
    }

    /// As kernels take it.
    pub(crate) fn ring(&self, stream: &Arc<CudaStream>) -> Ring {
        Ring {
            ids: address(&self.ids, stream),
            cursors: address(&self.cursors, stream),
            ends: address(&self.ends, stream),
            tally: address(&self.tally, stream),
            mask: self.ids.len() as u32 - 1,
            ends_mask: self.ends.len() as u32 - 1,
        }
    }

    /// No spikes, but numbers go on from `first`.
    pub(crate) fn start(&mut self, stream: &Arc<CudaStream>, first: u32) -> Result<(), DriverError> {
        let limit = first.wrapping_add(self.ids.len() as u32);
        stream.memcpy_htod(&vec![first; self.ends.len()], &mut self.ends)?;
        stream.memcpy_htod(&[Argument(Tally { n: first, pulled: first, limit, ..Default::default() })], &mut self.tally)
    }

    /// Appends ids from number `first` on, and tells the number after the last.
    pub(crate) fn append(&mut self, stream: &Arc<CudaStream>, first: u32, ids: &[u32]) -> Result<u32, DriverError> {
        for (number, id) in ids.iter().enumerate() {
            let place = first.wrapping_add(number as u32) as usize & (self.ids.len() - 1);
            stream.memcpy_htod(&[*id], &mut self.ids.slice_mut(place..place + 1))?;
        }
        let n = first.wrapping_add(ids.len() as u32);
        let tally = Tally { n, pulled: n, ..self.tally(stream)? };
        stream.memcpy_htod(&[Argument(tally)], &mut self.tally)?;
        Ok(n)
    }

    /// What was counted before.
    pub(crate) fn set_events(&mut self, stream: &Arc<CudaStream>, events: u64) -> Result<(), DriverError> {
        let tally = Tally { events, ..self.tally(stream)? };
        stream.memcpy_htod(&[Argument(tally)], &mut self.tally)
    }

    /// No spikes, and room for so many.
    pub(crate) fn restart(&mut self, stream: &Arc<CudaStream>, limit: u32) -> Result<(), DriverError> {
        let tally = Tally { limit, ..Default::default() };
        stream.memcpy_htod(&[Argument(tally)], &mut self.tally)
    }

    pub(crate) fn tally(&self, stream: &Arc<CudaStream>) -> Result<Tally, DriverError> {
        Ok(stream.clone_dtoh(&self.tally)?[0].0)
    }

    /// Spikes since the start, all of which the ring still has: id, cursor.
    pub(crate) fn spikes(&self, stream: &Arc<CudaStream>) -> Result<Vec<(u32, [u32; 4])>, DriverError> {
        let tally = self.tally(stream)?;
        let n = tally.n.min(tally.limit) as usize;
        if n == 0 {
            return Ok(Vec::new());
        }
        // What was not written must not be read.
        let ids = stream.clone_dtoh(&self.ids.slice(..n))?;
        let cursors = stream.clone_dtoh(&self.cursors.slice(..4 * n))?;
        Ok(ids.iter().zip(cursors.as_chunks().0).map(|(id, cursor)| (*id, *cursor)).collect())
    }
}
