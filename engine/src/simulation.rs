//! A built network at some point of its time, and what an observer sees of it.

use std::ops::{ControlFlow, Range};
use std::rc::Rc;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64};

use kernels::rows::Wiring;

use crate::Error;
use crate::barrier::Barrier;
use crate::checkpoint::Recent;
use crate::comm::Comm;
use crate::courier::{Courier, Inbox};
use crate::device::{OnDevice, Others};
use crate::procedural::{Parcel, Procedural};
use crate::recorder::{Recorder, pace};
use crate::shard::{Means, Outbox, Shard};
use crate::world::{Leader, World};

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
    pub(crate) fn to_words(self) -> [u64; 3] {
        [u64::from(self.probe) << 32 | u64::from(self.position), self.step, u64::from(self.value.to_bits())]
    }

    pub(crate) fn from_words(words: &[u64; 3]) -> Self {
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
    /// Where the time went so far, on the thread that hands this out.
    pub phases: Phases,
}

/// Sees what happens while a simulation runs. Called about every 10 ms of biological time, and sooner where millions of spikes have come together.
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
    /// On a device one, which keeps no synapses and only its room for the neurons.
    pub(crate) shards: Vec<Shard>,
    pub(crate) on_device: Option<OnDevice>,
    pub(crate) means: Means,
    /// Two outboxes per thread: one is read while the other is written.
    pub(crate) boards: Vec<[RwLock<Outbox>; 2]>,
    pub(crate) inbox: RwLock<Inbox>,
    /// Regenerated rows on their way: by sender, then receiver.
    pub(crate) parcels: Vec<RwLock<Vec<Parcel>>>,
    /// Spikes of this process that may be under way, for checkpoints.
    pub(crate) recent: Recent,
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
        self.events_on_device().unwrap_or_else(|| self.shards.iter().map(|s| s.events).sum())
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
        let recorder = Recorder::new((observer, &mut self.recent), &*self.comm, span.start, pace(self.settings.dt, self.min_delay));
        if let Some(device) = &mut self.on_device {
            let every = self.min_delay * self.rounds;
            let others = self.courier.as_mut().map(|courier| Others { courier, every });
            self.step = device.run(span, recorder, others)?;
            return Ok(());
        }
        let n = self.shards.len();
        let world = World {
            barrier: Barrier::new(n),
            last_epoch: AtomicU64::new(u64::MAX),
            means: &self.means,
            wiring: &self.wiring,
            procedural: self.procedural.as_ref(),
            boards: &self.boards,
            inbox: &self.inbox,
            parcels: &self.parcels,
            left: (0..n).map(|_| AtomicBool::new(false)).collect(),
            min_delay: self.min_delay,
            rounds: self.courier.as_ref().map_or(u64::MAX, |_| self.rounds),
            span,
            first_epoch: self.epoch,
        };
        let (step, epoch) = world.run(&mut self.shards, Leader { recorder, courier: self.courier.as_mut() })?;
        self.step = step;
        self.epoch = epoch;
        Ok(())
    }
}
