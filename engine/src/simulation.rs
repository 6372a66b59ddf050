//! The run loop: threads, epochs, and what an observer sees.

use std::ops::{ControlFlow, Range};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

use kernels::rows::Wiring;
use kernels::segments::Kind;

use crate::Error;
use crate::barrier::{Barrier, Broken};
use crate::comm::{Comm, Lost};
use crate::courier::{Courier, Inbox};
use crate::device::OnDevice;
use crate::procedural::{Outgoing, Parcel, Procedural};
use crate::shard::{Fired, Means, Outbox, Shard};

/// What a run needs besides the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Time step in ms.
    pub dt: f64,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Threads, at least 1. The spikes do not depend on it.
    pub threads: usize,
    /// Free memory of the device that the network is to live on, in bytes; `None` for the threads of this machine.
    pub device: Option<u64>,
}

impl Settings {
    /// In how many parts a process steps its network: one on a device, whoever builds it.
    pub(crate) fn shards(&self) -> usize {
        if self.device.is_some() { 1 } else { self.threads }
    }
}

/// State variables to record.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Index of the population.
    pub population: usize,
    /// Which neurons of it.
    pub neurons: Range<u32>,
    /// State variable, such as `V_m`.
    pub variable: String,
    /// Every how many steps; at least 1.
    pub interval: u64,
}

/// A neuron that fired. Its time is `step * dt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spike {
    /// Time of the spike in steps.
    pub step: u64,
    /// Global neuron id: ids run through the populations in order.
    pub id: u32,
}

/// A recorded value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Index of the probe.
    pub probe: u32,
    /// Time in steps.
    pub step: u64,
    /// Which of the probe's neurons, from 0.
    pub position: u32,
    /// The value in the variable's unit.
    pub value: f32,
}

impl Sample {
    fn to_words(self) -> [u64; 3] {
        [u64::from(self.probe) << 32 | u64::from(self.position), self.step, u64::from(self.value.to_bits())]
    }

    fn from_words(words: &[u64; 3]) -> Self {
        let [place, step, value] = *words;
        Sample { probe: (place >> 32) as u32, step, position: place as u32, value: f32::from_bits(value as u32) }
    }
}

/// What happened in a stretch of time.
#[derive(Debug)]
pub struct Block<'a> {
    /// Times in steps, `(start, end]`: after each update the time is one step later.
    pub steps: Range<u64>,
    /// All spikes, sorted by step, then id.
    pub spikes: &'a [Spike],
    /// All samples, sorted by probe, step, position.
    pub samples: &'a [Sample],
}

/// Sees what happens while a simulation runs. Called about every 10 ms of biological time.
pub trait Observer {
    /// Takes a block. `Break` ends the run at the end of the next epoch, on a device of the next block.
    fn block(&mut self, block: &Block) -> ControlFlow<()>;
}

impl<F: FnMut(&Block) -> ControlFlow<()>> Observer for F {
    fn block(&mut self, block: &Block) -> ControlFlow<()> {
        self(block)
    }
}

/// Wall-clock seconds per phase, mean over threads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phases {
    /// Stimuli and neurons.
    pub update: f64,
    /// From spikes to what their targets read: entering them into calendars, adding up synaptic events.
    pub deliver: f64,
    /// Exchanging spikes, and waiting for other threads and processes.
    pub communicate: f64,
    /// Handing out what happened.
    pub record: f64,
}

impl std::ops::AddAssign for Phases {
    fn add_assign(&mut self, other: Phases) {
        self.update += other.update;
        self.deliver += other.deliver;
        self.communicate += other.communicate;
        self.record += other.record;
    }
}

/// A built network at some point of its time. One of several processes holds its part, and knows of the others'.
pub struct Simulation {
    pub(crate) settings: Settings,
    pub(crate) comm: Rc<dyn Comm>,
    /// `None` if there is only this process.
    pub(crate) courier: Option<Courier>,
    /// How rows are made; without projections if all are stored.
    pub(crate) wiring: Wiring,
    pub(crate) procedural: Option<Procedural>,
    /// Empty if all lives on a device.
    pub(crate) shards: Vec<Shard>,
    pub(crate) on_device: Option<OnDevice>,
    pub(crate) means: Means,
    /// Two outboxes per thread: one is read while the other is written.
    pub(crate) boards: Vec<[RwLock<Outbox>; 2]>,
    pub(crate) inbox: RwLock<Inbox>,
    /// Regenerated rows on their way: by sender, then receiver.
    pub(crate) parcels: Vec<RwLock<Vec<Parcel>>>,
    /// Steps between two exchanges of threads.
    pub(crate) min_delay: u64,
    /// Epochs between two exchanges of processes.
    pub(crate) rounds: u64,
    pub(crate) step: u64,
    pub(crate) epoch: u64,
    pub(crate) n_neurons: u64,
    pub(crate) n_synapses: u64,
}

impl Simulation {
    /// Time in steps.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Time in ms.
    pub fn time(&self) -> f64 {
        self.step as f64 * self.settings.dt
    }

    /// Number of neurons.
    pub fn n_neurons(&self) -> u64 {
        self.n_neurons
    }

    /// Number of synapses of this process; of procedural projections the expected number, which is exact where the rule
    /// fixes it, and which rank 0 counts for all.
    pub fn n_synapses(&self) -> u64 {
        self.n_synapses
    }

    /// Shortest delay in steps: the time between two exchanges of threads.
    pub fn min_delay(&self) -> u64 {
        self.min_delay
    }

    /// Most steps between two exchanges of processes.
    pub fn min_delay_between_ranks(&self) -> u64 {
        self.min_delay * self.rounds
    }

    /// Memory of synapses, neurons and sums in bytes.
    pub fn bytes(&self) -> u64 {
        if let Some(device) = &self.on_device {
            return device.bytes;
        }
        self.shards.iter().map(Shard::bytes).sum::<u64>() + self.wiring_bytes()
    }

    /// Memory of synapses alone in bytes.
    pub fn synapse_bytes(&self) -> u64 {
        if let Some(device) = &self.on_device {
            return device.synapse_bytes;
        }
        self.shards.iter().map(|s| s.store.bytes()).sum::<u64>() + self.wiring_bytes()
    }

    /// Memory of what procedural projections keep to make rows.
    fn wiring_bytes(&self) -> u64 {
        self.wiring.projections.iter().map(|p| p.bytes()).sum()
    }

    /// Synaptic events so far.
    pub fn synaptic_events(&self) -> u64 {
        self.on_device.as_ref().map_or_else(|| self.shards.iter().map(|s| s.events).sum(), |device| device.events)
    }

    /// Where the time went so far.
    pub fn phases(&self) -> Phases {
        if let Some(device) = &self.on_device {
            return device.phases;
        }
        let mut sum = Phases::default();
        for shard in &self.shards {
            sum += shard.phases;
        }
        let n = self.shards.len() as f64;
        Phases { update: sum.update / n, deliver: sum.deliver / n, communicate: sum.communicate / n, record: sum.record / n }
    }

    /// Advances by `steps` steps, or until the observer breaks off. All ranks do so together; what happens anywhere is
    /// shown to the observer of rank 0.
    pub fn run(&mut self, steps: u64, observer: &mut dyn Observer) -> Result<(), Error> {
        let span = self.step..self.step + steps;
        let recorder = Recorder::new(observer, &*self.comm, span.start, pace(self.settings.dt, self.min_delay));
        if let Some(device) = &mut self.on_device {
            self.step = device.run(span, recorder)?;
            return Ok(());
        }
        let world = World {
            barrier: Barrier::new(self.shards.len()),
            last_epoch: AtomicU64::new(u64::MAX),
            means: &self.means,
            wiring: &self.wiring,
            procedural: self.procedural.as_ref(),
            boards: &self.boards,
            inbox: &self.inbox,
            parcels: &self.parcels,
            left: (0..self.shards.len()).map(|_| AtomicBool::new(false)).collect(),
            min_delay: self.min_delay,
            rounds: self.courier.as_ref().map_or(u64::MAX, |_| self.rounds),
            span,
            first_epoch: self.epoch,
        };
        let mut leader = Leader { recorder, courier: self.courier.as_mut() };
        let mut shards = self.shards.iter_mut().enumerate();
        let (_, first) = shards.next().expect("a simulation has at least one thread");
        let end = std::thread::scope(|scope| {
            for (thread, shard) in shards {
                let world = &world;
                scope.spawn(move || world.work(thread, shard, None));
            }
            world.work(0, first, Some(&mut leader))
        });
        let (step, epoch) = end?;
        self.step = step;
        self.epoch = epoch;
        Ok(())
    }
}

/// What the first thread does besides its own work.
struct Leader<'a> {
    recorder: Recorder<'a>,
    courier: Option<&'a mut Courier>,
}

/// Why a thread cannot go on.
#[derive(Debug)]
enum Halt {
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
struct World<'a> {
    barrier: Barrier,
    /// The epoch after which all threads stop.
    last_epoch: AtomicU64,
    means: &'a Means,
    wiring: &'a Wiring,
    procedural: Option<&'a Procedural>,
    boards: &'a [[RwLock<Outbox>; 2]],
    inbox: &'a RwLock<Inbox>,
    parcels: &'a [RwLock<Vec<Parcel>>],
    /// Threads that have rows left to make in a further round.
    left: Vec<AtomicBool>,
    min_delay: u64,
    rounds: u64,
    span: Range<u64>,
    first_epoch: u64,
}

impl World<'_> {
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
                if leader.recorder.flush(step, stop || step == self.span.end)?.is_break() {
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

/// About every so many ms of biological time the observer sees what happened.
const RECORDED: f64 = 10.0;

/// Steps of a block, at least one epoch.
pub(crate) fn pace(dt: f64, min_delay: u64) -> u64 {
    (RECORDED.max(min_delay as f64 * dt) / dt) as u64
}

/// Gathers what threads, a device and processes publish and hands it to the observer of rank 0, sorted.
pub(crate) struct Recorder<'a> {
    observer: &'a mut dyn Observer,
    comm: &'a dyn Comm,
    spikes: Vec<Spike>,
    samples: Vec<Sample>,
    start: u64,
    /// In steps.
    interval: u64,
}

impl<'a> Recorder<'a> {
    fn new(observer: &'a mut dyn Observer, comm: &'a dyn Comm, start: u64, interval: u64) -> Self {
        Recorder { observer, comm, spikes: Vec::new(), samples: Vec::new(), start, interval }
    }

    pub(crate) fn take(&mut self, outbox: &Outbox) {
        self.spikes.extend(outbox.spikes.iter().map(|(step, id): &Fired| Spike { step: step + 1, id: *id }));
        self.samples.extend_from_slice(&outbox.samples);
    }

    pub(crate) fn flush(&mut self, step: u64, last: bool) -> Result<ControlFlow<()>, Lost> {
        if step - self.start < self.interval && !last {
            return Ok(ControlFlow::Continue(()));
        }
        if self.comm.size() > 1 {
            self.gather()?;
        }
        let steps = self.start..step;
        self.start = step;
        let mut flow = ControlFlow::Continue(());
        if self.comm.rank() == 0 {
            self.spikes.sort_unstable();
            self.samples.sort_unstable_by_key(|s| (s.probe, s.step, s.position));
            flow = self.observer.block(&Block { steps, spikes: &self.spikes, samples: &self.samples });
        }
        self.spikes.clear();
        self.samples.clear();
        if self.comm.size() > 1 && self.comm.broadcast(u64::from(flow.is_break()))? != 0 {
            flow = ControlFlow::Break(());
        }
        Ok(flow)
    }

    /// Brings what all ranks have to rank 0.
    fn gather(&mut self) -> Result<(), Lost> {
        let spikes: Vec<u64> = self.spikes.drain(..).flat_map(|s| [s.step, u64::from(s.id)]).collect();
        let samples: Vec<u64> = self.samples.drain(..).flat_map(Sample::to_words).collect();
        for words in self.comm.gather(&spikes)? {
            self.spikes.extend(words.as_chunks().0.iter().map(|[step, id]| Spike { step: *step, id: *id as u32 }));
        }
        for words in self.comm.gather(&samples)? {
            self.samples.extend(words.as_chunks().0.iter().map(Sample::from_words));
        }
        Ok(())
    }
}
