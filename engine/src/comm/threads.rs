//! Ranks that are threads of one process: for tests, and to look for faults without MPI.

use std::sync::{Arc, PoisonError, RwLock};

use super::{Comm, Lost};
use crate::barrier::Barrier;

/// One of several ranks that are threads of this process.
pub struct Threads {
    rank: usize,
    meeting: Arc<Meeting>,
}

struct Meeting {
    barrier: Barrier,
    /// What each rank has for each other.
    letters: Vec<RwLock<Vec<Vec<u64>>>>,
}

impl Threads {
    /// As many ranks as are asked for, one for each thread.
    pub fn ranks(n: usize) -> Vec<Threads> {
        let meeting = Arc::new(Meeting { barrier: Barrier::new(n), letters: (0..n).map(|_| RwLock::default()).collect() });
        (0..n).map(|rank| Threads { rank, meeting: meeting.clone() }).collect()
    }
}

impl Comm for Threads {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.meeting.letters.len()
    }

    fn n_local(&self) -> usize {
        self.size()
    }

    fn exchange(&self, out: &[Vec<u64>], received: &mut Vec<Vec<u64>>) -> Result<(), Lost> {
        let Meeting { barrier, letters } = &*self.meeting;
        *letters[self.rank].write().unwrap_or_else(PoisonError::into_inner) = out.to_vec();
        barrier.wait().map_err(|_| Lost)?;
        received.clear();
        received.extend(letters.iter().map(|from| from.read().unwrap_or_else(PoisonError::into_inner)[self.rank].clone()));
        // Nobody writes the next letters before all have read these.
        barrier.wait().map_err(|_| Lost)
    }
}

impl Drop for Threads {
    /// A rank that is gone will not come to any further meeting.
    fn drop(&mut self) {
        self.meeting.barrier.break_off();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every rank of `n` says.
    fn on_all<T: Send>(n: usize, work: impl Fn(Threads) -> T + Sync) -> Vec<T> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = Threads::ranks(n).into_iter().map(|comm| scope.spawn(|| work(comm))).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        })
    }

    #[test]
    fn every_letter_arrives_at_its_rank() {
        on_all(4, |comm| {
            for round in 0..50u64 {
                let out: Vec<Vec<u64>> = (0..4).map(|to| vec![round * 100 + comm.rank() as u64 * 10 + to; to as usize]).collect();
                let mut received = Vec::new();
                comm.exchange(&out, &mut received).unwrap();
                let here = comm.rank() as u64;
                assert_eq!(received, (0..4).map(|from| vec![round * 100 + from * 10 + here; here as usize]).collect::<Vec<_>>());
            }
        });
    }

    #[test]
    fn what_is_gathered_summed_and_told() {
        on_all(3, |comm| {
            let rank = comm.rank() as u64;
            let gathered = comm.gather(&vec![rank; rank as usize]).unwrap();
            assert_eq!(gathered, if rank == 0 { vec![vec![], vec![1], vec![2, 2]] } else { vec![] });
            assert_eq!(comm.broadcast(40 + rank).unwrap(), 40);
            assert_eq!(comm.min(7 - rank).unwrap(), 5);
            let mut sums = [rank as i64, -1];
            comm.sum(&mut sums).unwrap();
            assert_eq!(sums, [3, -3]);
        });
    }

    #[test]
    fn a_rank_that_is_gone_is_missed_and_not_waited_for() {
        let ends = on_all(3, |comm| {
            comm.broadcast(1).unwrap();
            if comm.rank() == 1 { Ok(0) } else { comm.broadcast(2) }
        });
        assert_eq!(ends, [Err(Lost), Ok(0), Err(Lost)]);
    }
}
