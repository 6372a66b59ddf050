//! What one thread owns: blocks of neurons, the synapses onto them, the stimuli that drive them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use kernels::cells::{Cells, StepInput};
use kernels::delivery::{Calendar, Sums};
use kernels::stimuli::Drive;
use kernels::store::{BlockStore, Kind};

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

/// Blocks of one thread.
pub(crate) struct Shard {
    pub(crate) blocks: Vec<TargetBlock>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) phases: Phases,
    pub(crate) events: u64,
    fired: Vec<u32>,
}

/// A block: its incoming synapses, its sums and its neurons.
pub(crate) struct TargetBlock {
    pub(crate) store: BlockStore,
    pub(crate) calendar: Calendar,
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
    pub(crate) mean: Option<(usize, f64)>,
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

const MEAN_SCALE: f64 = 65_536.0;

impl Means {
    pub(crate) fn new(n_populations: usize) -> Self {
        Means { slots: std::array::from_fn(|_| (0..n_populations).map(|_| AtomicI64::new(0)).collect()) }
    }

    fn slot(&self, step: u64) -> &[AtomicI64] {
        &self.slots[(step % 3) as usize]
    }

    /// Clears what will be added to in the step after `step`. By one thread.
    pub(crate) fn clear_next(&self, step: u64) {
        self.slot(step + 1).iter().for_each(|m| m.store(0, Ordering::Relaxed));
    }

    /// Adds the potentials of a slice to what the step after `step` reads.
    pub(crate) fn add(&self, step: u64, slice: &SliceState) {
        if let Some((field, _)) = slice.mean {
            let sum: i64 = (0..slice.cells.len()).map(|i| (f64::from(slice.cells.value(field, i)) * MEAN_SCALE) as i64).sum();
            self.slot(step)[slice.population].fetch_add(sum, Ordering::Relaxed);
        }
    }

    /// The mean at the end of the step before `step`.
    fn of(&self, step: u64, slice: &SliceState) -> f32 {
        let Some((_, n)) = slice.mean else { return 0.0 };
        (self.slot(step + 2)[slice.population].load(Ordering::Relaxed) as f64 / (MEAN_SCALE * n)) as f32
    }
}

impl Shard {
    pub(crate) fn new(kinds: Vec<Kind>) -> Self {
        Shard { blocks: Vec::new(), kinds, phases: Phases::default(), events: 0, fired: Vec::new() }
    }

    /// Enters all spikes of the last epoch into the calendars.
    pub(crate) fn enter(&mut self, spikes: &[Fired], now: u64) {
        for block in &mut self.blocks {
            block.calendar.enter(&block.store, &self.kinds, spikes, now);
        }
    }

    /// One step of everything this thread owns.
    pub(crate) fn step(&mut self, step: u64, means: &Means, out: &mut Outbox) {
        for block in &mut self.blocks {
            let start = Instant::now();
            self.events += block.calendar.deliver(&block.store, &self.kinds, step, &mut block.sums);
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
        let block = |b: &TargetBlock| {
            b.store.bytes()
                + b.sums.len() as u64 * 4 * kernels::layout::BLOCK as u64
                + b.slices.iter().map(|s| s.cells.bytes()).sum::<u64>()
        };
        self.blocks.iter().map(block).sum()
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
