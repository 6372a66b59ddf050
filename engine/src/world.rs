//! The life of the threads of a process: epochs, and how they meet.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

use kernels::rows::Wiring;
use kernels::segments::Kind;

use crate::Error;
use crate::barrier::{Barrier, Broken};
use crate::comm::Lost;
use crate::courier::{Courier, Inbox};
use crate::procedural::{Outgoing, Parcel, Procedural};
use crate::recorder::Recorder;
use crate::shard::{Fired, Means, Outbox, Shard};

/// What the first thread does besides its own work.
pub(crate) struct Leader<'a> {
    pub(crate) recorder: Recorder<'a>,
    pub(crate) courier: Option<&'a mut Courier>,
}

/// Why a thread cannot go on.
#[derive(Debug)]
pub(crate) enum Halt {
    Broken,
    Lost,
}

impl From<Broken> for Halt {
    fn from(Broken: Broken) -> Self {
        Halt::Broken
    }
}

impl From<Lost> for Halt {
    fn from(Lost: Lost) -> Self {
        Halt::Lost
    }
}

impl From<Halt> for Error {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Broken => Error::Thread,
            Halt::Lost => Error::Lost,
        }
    }
}

/// What all threads of a run share.
pub(crate) struct World<'a> {
    pub(crate) barrier: Barrier,
    /// The epoch after which all threads stop.
    pub(crate) last_epoch: AtomicU64,
    pub(crate) means: &'a Means,
    pub(crate) wiring: &'a Wiring,
    pub(crate) procedural: Option<&'a Procedural>,
    pub(crate) boards: &'a [[RwLock<Outbox>; 2]],
    pub(crate) inbox: &'a RwLock<Inbox>,
    pub(crate) parcels: &'a [RwLock<Vec<Parcel>>],
    /// Threads that have rows left to make in a further round.
    pub(crate) left: Vec<AtomicBool>,
    pub(crate) min_delay: u64,
    pub(crate) rounds: u64,
    pub(crate) span: Range<u64>,
    pub(crate) first_epoch: u64,
}

impl World<'_> {
    /// Runs all threads, the first of them this one: (step, epoch) at the end.
    pub(crate) fn run(&self, shards: &mut [Shard], mut leader: Leader) -> Result<(u64, u64), Halt> {
        let (first, others) = shards.split_first_mut().expect("a simulation has at least one thread");
        std::thread::scope(|scope| {
            for (other, shard) in others.iter_mut().enumerate() {
                scope.spawn(move || self.work(other + 1, shard, None));
            }
            self.work(0, first, Some(&mut leader))
        })
    }

    /// The life of one thread: (step, epoch) at its end.
    fn work(&self, thread: usize, shard: &mut Shard, leader: Option<&mut Leader>) -> Result<(u64, u64), Halt> {
        let _guard = self.barrier.guard();
        kernels::slices::ask_for_short_slices();
        let end = self.epochs(thread, shard, leader);
        if end.is_err() {
            self.barrier.break_off();
        }
        end
    }

    fn epochs(&self, thread: usize, shard: &mut Shard, mut leader: Option<&mut Leader>) -> Result<(u64, u64), Halt> {
        let (mut step, mut epoch) = (self.span.start, self.first_epoch);
        while step < self.span.end {
            let until = (step + self.min_delay).min(self.span.end);
            self.epoch(thread, epoch, step..until, shard)?;
            step = until;
            self.meet(epoch, step, shard, leader.as_mut().and_then(|leader| leader.courier.as_deref_mut()))?;
            let stop = epoch >= self.last_epoch.load(Ordering::Acquire);
            let met = Instant::now();
            if let Some(leader) = leader.as_deref_mut() {
                self.boards.iter().for_each(|b| leader.recorder.take(&read(&b[parity(epoch)])));
                if leader.recorder.flush(step, stop || step == self.span.end, shard.phases)?.is_break() {
                    // A slow thread may read this before or after its barrier of the present epoch, but all
                    // read it after the next one: so the epoch is named, and all stop at the same step.
                    self.last_epoch.fetch_min(epoch + 1, Ordering::AcqRel);
                }
                shard.phases.record += met.elapsed().as_secs_f64();
            }
            epoch += 1;
            if stop {
                break;
            }
        }
        Ok((step, epoch))
    }

    /// What a thread does between two meetings.
    fn epoch(&self, thread: usize, epoch: u64, steps: Range<u64>, shard: &mut Shard) -> Result<(), Halt> {
        let start = Instant::now();
        self.read_boards(thread, epoch, steps.start, shard);
        shard.phases.deliver += start.elapsed().as_secs_f64();
        if let Some(procedural) = self.procedural {
            self.make_rows(procedural, thread, steps.clone(), shard)?;
        }
        let mut out = self.boards[thread][parity(epoch)].write().unwrap_or_else(PoisonError::into_inner);
        out.clear();
        for now in steps {
            if thread == 0 {
                self.means.clear_next(now);
            }
            shard.step(&self.wiring.kinds, now, self.means, &mut out);
        }
        Ok(())
    }

    /// Lets a thread meet the others, and the process the other processes where it is time, at step `now`. Nobody waits while
    /// there is something to deliver in the next step, most of which is known before all others are here: so it takes
    /// more than an uneven step to make someone wait.
    fn meet(&self, epoch: u64, now: u64, shard: &mut Shard, courier: Option<&mut Courier>) -> Result<(), Halt> {
        let arrival = self.barrier.arrive();
        let mut ahead = Ahead { kinds: &self.wiring.kinds, shard, step: (now < self.span.end).then_some(now), seconds: 0.0 };
        let start = Instant::now();
        let exchanges = (epoch + 1).is_multiple_of(self.rounds);
        match courier {
            Some(courier) => {
                if !exchanges {
                    ahead.deliver();
                }
                self.barrier.wait_since(arrival)?;
                self.boards.iter().for_each(|b| courier.take(&read(&b[parity(epoch)])));
                if exchanges {
                    self.exchange(courier, epoch, now, &mut ahead)?;
                }
            }
            None => {
                ahead.deliver();
                self.barrier.wait_since(arrival)?;
            }
        }
        if exchanges {
            self.barrier.wait()?;
        }
        let seconds = ahead.seconds;
        shard.phases.deliver += seconds;
        shard.phases.communicate += start.elapsed().as_secs_f64() - seconds;
        Ok(())
    }

    /// Exchanges spikes, and means where models take them, with the other processes at step `now`.
    fn exchange(&self, courier: &mut Courier, epoch: u64, now: u64, ahead: &mut Ahead) -> Result<(), Lost> {
        let mut inbox = self.inbox.write().unwrap_or_else(PoisonError::into_inner);
        inbox.epoch = epoch + 1;
        let mut sums = self.means.sums_of(now - 1);
        courier.exchange(now, &mut inbox.spikes, &mut sums, &mut || ahead.deliver())?;
        self.means.set(now - 1, &sums);
        Ok(())
    }

    /// Enters what all threads published in the last epoch, and what other processes sent.
    fn read_boards(&self, thread: usize, epoch: u64, now: u64, shard: &mut Shard) {
        let mut enter = |spikes: &[Fired]| {
            shard.enter(&self.wiring.kinds, spikes, now);
            if self.procedural.is_some() {
                shard.waiting.take(spikes, thread, self.boards.len());
            }
        };
        self.boards.iter().for_each(|board| enter(&read(&board[1 - parity(epoch)]).spikes));
        let inbox = read(self.inbox);
        if inbox.epoch == epoch {
            enter(&inbox.spikes);
        }
        shard.waiting.reach(now);
    }

    /// Makes the rows of procedural projections that may be due in this epoch, in as many rounds as it takes.
    fn make_rows(&self, procedural: &Procedural, thread: usize, span: Range<u64>, shard: &mut Shard) -> Result<(), Halt> {
        let wiring = self.wiring;
        loop {
            let start = Instant::now();
            {
                let mut parcels = self.parcels[thread].write().unwrap_or_else(PoisonError::into_inner);
                parcels.iter_mut().for_each(Parcel::clear);
                let mut out = Outgoing::new(thread, span.start, wiring, &mut shard.calendars, &mut parcels);
                let left = shard.waiting.make(procedural, wiring, span.end, &mut out);
                self.left[thread].store(left, Ordering::Release);
            }
            let made = Instant::now();
            self.barrier.wait()?;
            let met = Instant::now();
            for (_, parcels) in self.parcels.iter().enumerate().filter(|(sender, _)| *sender != thread) {
                let parcels = parcels.read().unwrap_or_else(PoisonError::into_inner);
                parcels[thread].unpack(&wiring.kinds, &mut shard.calendars, wiring.layout.first_block[thread]);
            }
            let again = self.left.iter().any(|left| left.load(Ordering::Acquire));
            if again {
                // What is due in this very step need not wait, and so takes no memory.
                shard.deliver(&wiring.kinds, span.start);
            }
            shard.phases.communicate += (met - made).as_secs_f64();
            shard.phases.deliver += (made - start).as_secs_f64() + met.elapsed().as_secs_f64();
            if !again {
                return Ok(());
            }
            self.barrier.wait()?;
        }
    }
}

/// What a thread can deliver before it has met the others.
struct Ahead<'a> {
    kinds: &'a [Kind],
    shard: &'a mut Shard,
    /// The next step, if there is one.
    step: Option<u64>,
    /// What it took.
    seconds: f64,
}

impl Ahead<'_> {
    fn deliver(&mut self) {
        if let Some(step) = self.step {
            let start = Instant::now();
            self.shard.deliver(self.kinds, step);
            self.seconds += start.elapsed().as_secs_f64();
        }
    }
}

fn parity(epoch: u64) -> usize {
    (epoch % 2) as usize
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
