//! The processes of a run: joined when a launcher started several, failing together.

use std::cell::Cell;
use std::rc::Rc;

use engine::comm::{Alone, Comm, Lost};

use super::error::Error;
use super::launcher;
use super::signals::Stop;

/// This process among those that a launcher started, or alone.
pub(crate) struct Ranks {
    comm: Rc<dyn Comm>,
    /// All ranks know that they cannot go on.
    agreed: Cell<bool>,
}

/// What a rank tells of its result: nothing wrong, wrong elsewhere, or wrong here.
const FINE: u64 = 0;
const LOST: u64 = 1;
const WRONG: u64 = 2;

impl Ranks {
    /// One process.
    pub(crate) fn alone() -> Self {
        Ranks::new(Alone::comm())
    }

    /// Joins the other processes, if a launcher started any. A build without MPI refuses to be one of several.
    pub(crate) fn join() -> Result<Self, Error> {
        match launcher::processes(|name| std::env::var(name).ok()) {
            None => Ok(Ranks::alone()),
            #[cfg(feature = "mpi")]
            Some(_) => engine::comm::Mpi::start().map(|mpi| Ranks::new(Rc::new(mpi))).ok_or(Error::MpiDoesNotStart),
            #[cfg(not(feature = "mpi"))]
            Some(launched) => Err(launched.without_mpi()),
        }
    }

    fn new(comm: Rc<dyn Comm>) -> Self {
        Ranks { comm, agreed: Cell::new(false) }
    }

    /// The border to the others.
    pub(crate) fn comm(&self) -> &Rc<dyn Comm> {
        &self.comm
    }

    /// True on the one that speaks and writes.
    pub(crate) fn leads(&self) -> bool {
        self.comm.rank() == 0
    }

    /// How many there are.
    pub(crate) fn size(&self) -> usize {
        self.comm.size()
    }

    /// What came of `result` on all ranks together: where one has an error all have, and one of them tells it.
    pub(crate) fn together<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if self.size() == 1 {
            return result;
        }
        let word = match &result {
            Ok(_) => FINE,
            Err(Error::Engine(engine::Error::Lost)) => LOST,
            Err(error) => WRONG + u64::from(error.exit_code()),
        };
        let words: Vec<u64> = self.comm.all_gather(&[word])?.into_iter().flatten().collect();
        let worst = *words.iter().max().unwrap_or(&FINE);
        if worst == FINE {
            return result;
        }
        self.agreed.set(true);
        let teller = words.iter().position(|word| *word >= WRONG.min(worst)).unwrap_or(0);
        match result {
            Err(error) if teller == self.comm.rank() => Err(error),
            _ if words[teller] == LOST => Err(Lost.into()),
            _ => Err(Error::OnAnotherRank { code: (words[teller] - WRONG) as u8 }),
        }
    }

    /// Lets rank 0 do something; the others learn whether it could.
    pub(crate) fn on_first<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<Option<T>, Error> {
        self.together(if self.leads() { work().map(Some) } else { Ok(None) })
    }

    /// The signal that rank 0 has received.
    pub(crate) fn stopped(&self, received: Option<Stop>) -> Result<Option<Stop>, Error> {
        let code = self.comm.broadcast(received.map_or(0, |stop| u64::from(stop.exit_code())))?;
        Ok(Stop::from_exit_code(code as u8))
    }

    /// Ends all ranks when this one met an error that the others do not know of: they would wait for it.
    pub(crate) fn end<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if let (Err(error), true) = (&result, self.agreed.get()) {
            if !matches!(error, Error::OnAnotherRank { .. }) {
                eprintln!("error: {error}");
            }
            // The launcher ends all ranks when the first one ends: none does before the message is out.
            self.comm.all_gather(&[])?;
            return Err(Error::OnAnotherRank { code: error.exit_code() });
        }
        if let (Err(error), false, true) = (&result, self.agreed.get(), self.size() > 1) {
            eprintln!("error: rank {}: {error}", self.comm.rank());
            self.comm.abort(error.exit_code());
        }
        result
    }
}

impl From<Lost> for Error {
    fn from(lost: Lost) -> Self {
        Error::Engine(lost.into())
    }
}
