//! Processes that simulate one network together: the one border between them.
//!
//! Everything that goes from process to process goes through a [`Comm`]. There are three: [`Alone`] for a single process,
//! [`Threads`] for processes that are only threads of this one, which tests use, and MPI where the program is built with it.
//! All methods but the first three are collective: every rank calls the same ones in the same order, from one thread.

use std::rc::Rc;

#[cfg(feature = "mpi")]
mod mpi;
mod threads;

#[cfg(feature = "mpi")]
pub use mpi::Mpi;
pub use threads::Threads;

/// Another process has ended, so what was to be done together cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// The ranks with which a rank exchanges spikes, itself not among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbours {
    /// Ranks that it sends to.
    pub to: Vec<usize>,
    /// Ranks that send to it.
    pub from: Vec<usize>,
}

/// A process among those that simulate one network. Messages are words of 64 bits.
pub trait Comm {
    /// Number of this process, from 0. Rank 0 is the one that watches and writes.
    fn rank(&self) -> usize;

    /// Number of processes.
    fn size(&self) -> usize;

    /// How many of them share this machine's memory.
    fn n_local(&self) -> usize;

    /// Sends `out[r]` to each rank `r`; `received[r]` becomes what rank `r` sent here.
    fn exchange(&self, out: &[Vec<u64>], received: &mut Vec<Vec<u64>>) -> Result<(), Lost>;

    /// The same among neighbours: sends `out[r]` to the ranks in `near.to` only, and receives from those in `near.from` only. Each
    /// rank is among the senders of those that it sends to. Does `meanwhile` when its letters are on their way.
    fn exchange_near(
        &self,
        _near: &Neighbours,
        out: &[Vec<u64>],
        received: &mut Vec<Vec<u64>>,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<(), Lost> {
        meanwhile();
        self.exchange(out, received)
    }

    /// Ends all ranks at once, since this one cannot go on and the others would wait for it.
    fn abort(&self, code: u8) -> ! {
        std::process::exit(i32::from(code))
    }

    /// What every rank says, by rank, at rank 0; nothing at the others.
    fn gather(&self, mine: &[u64]) -> Result<Vec<Vec<u64>>, Lost> {
        let mut out = vec![Vec::new(); self.size()];
        out[0] = mine.to_vec();
        let mut received = Vec::new();
        self.exchange(&out, &mut received)?;
        Ok(if self.rank() == 0 { received } else { Vec::new() })
    }

    /// What every rank says, by rank.
    fn all_gather(&self, mine: &[u64]) -> Result<Vec<Vec<u64>>, Lost> {
        let mut received = Vec::new();
        self.exchange(&vec![mine.to_vec(); self.size()], &mut received)?;
        Ok(received)
    }

    /// What rank 0 says.
    fn broadcast(&self, value: u64) -> Result<u64, Lost> {
        let out = if self.rank() == 0 { vec![vec![value]; self.size()] } else { vec![Vec::new(); self.size()] };
        let mut received = Vec::new();
        self.exchange(&out, &mut received)?;
        received[0].first().copied().ok_or(Lost)
    }

    /// Replaces each value by its sum over all ranks.
    fn sum(&self, values: &mut [i64]) -> Result<(), Lost> {
        let words: Vec<u64> = values.iter().map(|value| *value as u64).collect();
        let all = self.all_gather(&words)?;
        for (index, value) in values.iter_mut().enumerate() {
            *value = all.iter().map(|words| words[index] as i64).fold(0, i64::wrapping_add);
        }
        Ok(())
    }

    /// The smallest value of all ranks.
    fn min(&self, value: u64) -> Result<u64, Lost> {
        Ok(self.all_gather(&[value])?.into_iter().flatten().min().unwrap_or(value))
    }
}

/// A process by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Alone {
    /// As something that builds and runs simulations.
    pub fn comm() -> Rc<dyn Comm> {
        Rc::new(Alone)
    }
}

impl Comm for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn n_local(&self) -> usize {
        1
    }

    fn exchange(&self, out: &[Vec<u64>], received: &mut Vec<Vec<u64>>) -> Result<(), Lost> {
        received.clear();
        received.extend_from_slice(out);
        Ok(())
    }
}
