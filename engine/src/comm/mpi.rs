//! Ranks of MPI.
//!
//! Only the thread that started MPI calls it ([`Threading::Funneled`]). An error of the library ends all ranks at once: that
//! is MPI's own default, and so is that the launcher ends all ranks when one of them dies.

use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Destination, Source};
use mpi::{Count, Threading};

use super::{Comm, Lost, Neighbours};

/// The ranks that a launcher started.
pub struct Mpi {
    world: SimpleCommunicator,
    n_local: usize,
    /// Ends MPI when it is dropped.
    _universe: Universe,
}

impl Mpi {
    /// Starts MPI; `None` if it was started before, or cannot leave the other threads of this process alone.
    pub fn start() -> Option<Mpi> {
        let (universe, threading) = mpi::initialize_with_threading(Threading::Funneled)?;
        let world = universe.world();
        let n_local = world.split_shared(world.rank()).size() as usize;
        (threading >= Threading::Funneled).then_some(Mpi { world, n_local, _universe: universe })
    }
}

impl Drop for Mpi {
    /// To end MPI is collective too: a rank that panics would wait there for the others, and they for it elsewhere.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.abort(101);
        }
    }
}

impl Comm for Mpi {
    fn rank(&self) -> usize {
        self.world.rank() as usize
    }

    fn size(&self) -> usize {
        self.world.size() as usize
    }

    fn n_local(&self) -> usize {
        self.n_local
    }

    fn abort(&self, code: u8) -> ! {
        self.world.abort(i32::from(code))
    }

    fn exchange(&self, out: &[Vec<u64>], received: &mut Vec<Vec<u64>>) -> Result<(), Lost> {
        let outgoing = out.iter().map(|words| Count::try_from(words.len())).collect::<Result<Vec<_>, _>>().map_err(|_| Lost)?;
        let mut incoming: Vec<Count> = vec![0; outgoing.len()];
        self.world.all_to_all_into(&outgoing, &mut incoming);
        let sent: Vec<u64> = out.concat();
        let mut room = vec![0u64; incoming.iter().map(|n| *n as usize).sum()];
        let letters = Partition::new(&sent, outgoing.as_slice(), begins(&outgoing));
        let mut slots = PartitionMut::new(&mut room, incoming.as_slice(), begins(&incoming));
        self.world.all_to_all_varcount_into(&letters, &mut slots);
        let mut rest = room.as_slice();
        received.clear();
        received.extend(incoming.iter().map(|n| {
            let (own, others) = rest.split_at(*n as usize);
            rest = others;
            own.to_vec()
        }));
        Ok(())
    }

    /// One message to each neighbour: a collective over all ranks would take two, for its length comes first.
    fn exchange_near(
        &self,
        near: &Neighbours,
        out: &[Vec<u64>],
        received: &mut Vec<Vec<u64>>,
        meanwhile: &mut dyn FnMut(),
    ) -> Result<(), Lost> {
        received.resize(out.len(), Vec::new());
        received.iter_mut().for_each(Vec::clear);
        let process = |rank: &usize| self.world.process_at_rank(*rank as i32);
        mpi::request::multiple_scope(near.to.len(), |scope, sends| {
            for rank in &near.to {
                sends.add(process(rank).immediate_send(scope, out[*rank].as_slice()));
            }
            meanwhile();
            // Messages of one rank arrive in the order in which they were sent.
            for rank in &near.from {
                received[*rank] = process(rank).receive_vec().0;
            }
            sends.wait_all(&mut Vec::new());
        });
        Ok(())
    }
}

/// Where each part begins.
fn begins(counts: &[Count]) -> Vec<Count> {
    let ends = counts.iter().scan(0, |sum, n| {
        *sum += n;
        Some(*sum)
    });
    ends.zip(counts).map(|(end, n)| end - n).collect()
}
