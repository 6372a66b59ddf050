//! What one thread owns: blocks of neurons, the synapses onto them, the stimuli that drive them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use kernels::cells::{self, Cells, StepInput};
use kernels::delivery::{self, Calendar, Sums};
use kernels::segments::Kind;
use kernels::stimuli::Drive;
use kernels::store::Store;

use crate::procedural::Waiting;
use crate::simulation::{Phases, Sample};

/// A spike inside the engine: (index of the update step, global id).
pub(crate) type Fired = (u64, u32);

/// What a thread publishes at the end of an epoch.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) spikes: Vec<Fired>,
    pub(crate) samples: Vec<Sample>,
}

impl Outbox {
    pub(crate) fn clear(&mut self) {
        self.spikes.clear();
        self.samples.clear();
    }
}

/// What one thread owns.
pub(crate) struct Shard {
    /// Stored synapses onto its blocks.
    pub(crate) store: Store,
    pub(crate) blocks: Vec<TargetBlock>,
    /// What is under way to each block.
    pub(crate) calendars: Vec<Calendar>,
    /// Its share of the spikes that leave through procedural projections.
    pub(crate) waiting: Waiting,
    pub(crate) phases: Phases,
    /// Synaptic events of the steps that were made.
    pub(crate) events: u64,
    /// Those of the next step that were added up already.
    ahead: u64,
    fired: Vec<u32>,
}

/// A block: its sums and its neurons.
pub(crate) struct TargetBlock {
    pub(crate) sums: Vec<Sums>,
    pub(crate) slices: Vec<SliceState>,
}

/// A run of neurons of one population.
pub(crate) struct SliceState {
    pub(crate) cells: Box<dyn Cells>,
    pub(crate) population: usize,
    pub(crate) first_id: u32,
    pub(crate) drives: Vec<Drive>,
    /// Room for currents; empty where no current drives the slice.
    pub(crate) currents: Vec<f32>,
    pub(crate) taps: Vec<Tap>,
    /// Column of `V_m` and number of neurons of the population, where the model wants their mean.
    pub(crate) mean: Option<(usize, u32)>,
}

/// A recorded state variable of one neuron.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tap {
    pub(crate) probe: u32,
    pub(crate) position: u32,
    pub(crate) neuron: u32,
    pub(crate) field: usize,
    pub(crate) interval: u64,
}

/// Sums of `V_m` per population, for models that need the mean: fixed point, so that the order in which
/// threads add does not matter. Three slots: one is read, one is added to, one is cleared.
pub(crate) struct Means {
    slots: [Vec<AtomicI64>; 3],
}

impl Means {
    pub(crate) fn new(n_populations: usize) -> Self {
        Means { slots: std::array::from_fn(|_| (0..n_populations).map(|_| AtomicI64::new(0)).collect()) }
    }

    fn slot(&self, step: u64) -> &[AtomicI64] {
        &self.slots[(step % 3) as usize]
    }

    /// Clears all.
    pub(crate) fn clear(&self) {
        self.slots.iter().flatten().for_each(|m| m.store(0, Ordering::Relaxed));
    }

    /// Clears what will be added to in the step after `step`. By one thread.
    pub(crate) fn clear_next(&self, step: u64) {
        self.slot(step + 1).iter().for_each(|m| m.store(0, Ordering::Relaxed));
    }

    /// Adds the potentials of a slice to what the step after `step` reads.
    pub(crate) fn add(&self, step: u64, slice: &SliceState) {
        if let Some((field, _)) = slice.mean {
            let sum: i64 = (0..slice.cells.len()).map(|i| cells::mean_part(slice.cells.value(field, i))).sum();
            self.slot(step)[slice.population].fetch_add(sum, Ordering::Relaxed);
        }
    }

    /// What the potentials sum up to in this process after `step`, for each population.
    pub(crate) fn sums_of(&self, step: u64) -> Vec<i64> {
        self.slot(step).iter().map(|m| m.load(Ordering::Relaxed)).collect()
    }

    /// Sets these sums to those of all processes.
    pub(crate) fn set(&self, step: u64, sums: &[i64]) {
        self.slot(step).iter().zip(sums).for_each(|(m, sum)| m.store(*sum, Ordering::Relaxed));
    }

    /// The mean at the end of the step before `step`.
    fn of(&self, step: u64, slice: &SliceState) -> f32 {
        let Some((_, n)) = slice.mean else { return 0.0 };
        cells::mean(self.slot(step + 2)[slice.population].load(Ordering::Relaxed), n)
    }
}

impl Shard {
    pub(crate) fn new(store: Store) -> Self {
        Shard {
            store,
            blocks: Vec::new(),
            calendars: Vec::new(),
            waiting: Waiting::default(),
            phases: Phases::default(),
            events: 0,
            ahead: 0,
            fired: Vec::new(),
        }
    }

    /// Enters the stored rows of all spikes of the last epoch into the calendars.
    pub(crate) fn enter(&mut self, kinds: &[Kind], spikes: &[Fired], now: u64) {
        delivery::enter(&self.store, kinds, spikes, now, &mut self.calendars);
    }

    /// Adds up what is due at `step`, the next one, as far as it is known.
    pub(crate) fn deliver(&mut self, kinds: &[Kind], step: u64) {
        for (block, calendar) in self.blocks.iter_mut().zip(&mut self.calendars) {
            self.ahead += calendar.deliver(&self.store, kinds, step, &mut block.sums);
        }
    }

    /// One step of everything this thread owns.
    pub(crate) fn step(&mut self, kinds: &[Kind], step: u64, means: &Means, out: &mut Outbox) {
        self.events += std::mem::take(&mut self.ahead);
        for (block, calendar) in self.blocks.iter_mut().zip(&mut self.calendars) {
            let start = Instant::now();
            self.events += calendar.deliver(&self.store, kinds, step, &mut block.sums);
            let delivered = Instant::now();
            for slice in &mut block.slices {
                self.fired.clear();
                let mean = means.of(step, slice);
                slice.advance(step, mean, &mut block.sums, &mut self.fired);
                out.spikes.extend(self.fired.iter().map(|i| (step, slice.first_id + i)));
                slice.sample(step, out);
                means.add(step, slice);
            }
            self.phases.deliver += (delivered - start).as_secs_f64();
            self.phases.update += delivered.elapsed().as_secs_f64();
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        let sums = |b: &TargetBlock| b.sums.len() as u64 * 4 * kernels::layout::BLOCK as u64;
        let cells = |b: &TargetBlock| b.slices.iter().map(|s| s.cells.bytes()).sum::<u64>();
        self.store.bytes() + self.blocks.iter().map(|b| sums(b) + cells(b)).sum::<u64>()
    }
}

impl SliceState {
    fn advance(&mut self, step: u64, mean: f32, sums: &mut [Sums], fired: &mut Vec<u32>) {
        self.currents.fill(0.0);
        for drive in &mut self.drives {
            if drive.is_current() {
                drive.current(step, &mut self.currents);
            } else {
                drive.spikes(step, sums);
            }
        }
        self.cells.advance(&mut StepInput { sums, currents: &self.currents, mean, step }, fired);
    }

    fn sample(&self, step: u64, out: &mut Outbox) {
        for tap in &self.taps {
            if (step + 1).is_multiple_of(tap.interval) {
                let value = self.cells.value(tap.field, tap.neuron as usize);
                out.samples.push(Sample { probe: tap.probe, step: step + 1, position: tap.position, value });
            }
        }
    }
}
