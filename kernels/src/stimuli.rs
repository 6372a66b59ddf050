//! Sources of spikes and currents from outside, for one slice of neurons.
//!
//! Semantics are NEST's. A spike source that is active from `start` on emits in the update steps
//! `start/dt ..`, and what it emits in step j arrives in step j + delay. A current that is emitted in
//! step j belongs to time (j + 1) dt and is used by the neuron in step j + delay + 1.

use connectome::network::{Stimulus, StimulusKind, Value};
use models::kit::real;

use crate::delivery::Sums;
use crate::device::{self, Address, Key};
use crate::quantile::Sampler;
use crate::random::{PLANE, Purpose, Stream};
use crate::simd::Level;

mod agenda;
mod poisson;
mod schedule;

pub use agenda::Agenda;
use poisson::{Driven, PoissonTable, Streams};
use schedule::{Act, Schedule};

/// The part of a stimulus that drives one slice.
pub struct Drive {
    stimulus: u32,
    schedule: Schedule,
    source: Source,
    /// Neurons it drives, as indices in the slice.
    neurons: std::ops::Range<usize>,
    /// Index of the slice's first neuron in its population, a multiple of [`PLANE`].
    first: u64,
    /// First neuron of the slice in its block.
    offset: usize,
    stream: Stream,
}

/// What it takes to give each neuron its own, and what a step leaves to the next.
enum Source {
    Poisson { receptor: usize, weight: i32, table: Box<PoissonTable>, rest: Stream },
    Spikes { receptor: usize, weight: i32 },
    Uniform,
    Noise { normal: Box<Sampler>, mean: real, std: real, held: Vec<real>, until: Option<u64> },
    Ou { decay: real, kick: real, mean: real, std: real, state: Vec<real>, noise: Vec<real>, normal: Box<Sampler>, started: bool },
}

/// Where a slice lies and what its weights mean.
pub struct SliceInfo {
    /// Its neurons in the population.
    pub neurons: std::ops::Range<u32>,
    /// Place of the first in its block.
    pub offset: usize,
}

impl Drive {
    /// The part of stimulus `index` that drives this slice, `None` if it drives none of it. `fixed` is
    /// the receptor and the integer weight of its spikes.
    pub fn new(stimulus: &Stimulus, index: usize, slice: &SliceInfo, fixed: (usize, i32), dt: f64, seed: u64) -> Option<Drive> {
        let driven = match stimulus.range {
            Some((first, count)) => first.max(slice.neurons.start)..first.saturating_add(count).min(slice.neurons.end),
            None => slice.neurons.clone(),
        };
        if driven.is_empty() {
            return None;
        }
        let neurons = (driven.start - slice.neurons.start) as usize..(driven.end - slice.neurons.start) as usize;
        let n = slice.neurons.len();
        let normal = |mean, std| Box::new(Sampler::new(&Value::normal(mean, std), 1.0, f64::NEG_INFINITY));
        let source = match &stimulus.kind {
            StimulusKind::PoissonGenerator { .. } => {
                let rest = Stream::new(seed, Purpose::PoissonRest, index as u64);
                Source::Poisson { receptor: fixed.0, weight: fixed.1, table: Box::new(PoissonTable::new(0.0)), rest }
            }
            StimulusKind::SpikeGenerator { .. } => Source::Spikes { receptor: fixed.0, weight: fixed.1 },
            StimulusKind::CurrentSteps { .. } | StimulusKind::AcGenerator { .. } => Source::Uniform,
            StimulusKind::NoiseGenerator { mean, std, .. } => Source::Noise {
                normal: normal(*mean, *std),
                mean: *mean as real,
                std: *std as real,
                held: vec![0.0; n.next_multiple_of(PLANE)],
                until: None,
            },
            StimulusKind::OuCurrent { mean, std, tau } => {
                let decay = libm::exp(-dt / tau);
                Source::Ou {
                    decay: decay as real,
                    kick: (1.0 - decay * decay).sqrt() as real,
                    mean: *mean as real,
                    std: *std as real,
                    state: vec![0.0; n.next_multiple_of(PLANE)],
                    noise: vec![0.0; n.next_multiple_of(PLANE)],
                    normal: normal(0.0, *std),
                    started: false,
                }
            }
        };
        Some(Drive {
            stimulus: index as u32,
            schedule: Schedule::new(stimulus, dt),
            source,
            neurons,
            first: u64::from(slice.neurons.start),
            offset: slice.offset,
            stream: Stream::new(seed, if fixed.1 != 0 { Purpose::Poisson } else { Purpose::Current }, index as u64),
        })
    }

    /// True if this is a current.
    pub fn is_current(&self) -> bool {
        self.schedule.is_current()
    }

    /// True if a step leaves something to the next, a value for each neuron of the slice.
    pub fn has_state(&self) -> bool {
        matches!(self.source, Source::Ou { .. })
    }

    /// The same for the device, with its state at `state`.
    pub fn on_device(&self, state: Address) -> device::Drive {
        let drive = device::Drive {
            stimulus: self.stimulus,
            from: self.neurons.start as u32,
            to: self.neurons.end as u32,
            stream: Key::from(&self.stream),
            state,
            ..Default::default()
        };
        match &self.source {
            Source::Poisson { receptor, weight, rest, .. } => {
                device::Drive { kind: 0, receptor: *receptor as u32, weight: *weight, rest: Key::from(rest), ..drive }
            }
            Source::Spikes { receptor, weight } => device::Drive { kind: 1, receptor: *receptor as u32, weight: *weight, ..drive },
            Source::Uniform => device::Drive { kind: 2, ..drive },
            Source::Noise { mean, std, .. } => device::Drive { kind: 3, mean: *mean, std: *std, ..drive },
            Source::Ou { decay, kick, mean, std, .. } => {
                device::Drive { kind: 4, mean: *mean, std: *std, decay: *decay, kick: *kick, ..drive }
            }
        }
    }

    /// Index of the stimulus that it is a part of.
    pub fn stimulus(&self) -> usize {
        self.stimulus as usize
    }

    /// The neurons of the population that it drives.
    pub fn neurons(&self) -> std::ops::Range<u32> {
        self.first as u32 + self.neurons.start as u32..self.first as u32 + self.neurons.end as u32
    }

    /// What a step leaves to the next, one value for each neuron that it drives. `None` where there is nothing: all
    /// that other sources emit, and noise before its start, follows from the step alone.
    pub fn memory(&self) -> Option<&[real]> {
        match &self.source {
            Source::Ou { state, started: true, .. } => Some(&state[self.neurons.clone()]),
            _ => None,
        }
    }

    /// Takes back a part of what [`Drive::memory`] gave: of the neurons from `first` on of those that it drives.
    pub fn remember(&mut self, first: usize, values: &[real]) {
        if let Source::Ou { state, started, .. } = &mut self.source {
            state[self.neurons.clone()][first..][..values.len()].copy_from_slice(values);
            *started = true;
        }
    }

    /// Adds the spikes that arrive in update step `step` to the sums of the slice's block.
    pub fn spikes(&mut self, step: u64, sums: &mut [Sums]) {
        self.spikes_at(Level::best(), step, sums);
    }

    /// The same with the instructions of `level`.
    pub fn spikes_at(&mut self, level: Level, step: u64, sums: &mut [Sums]) {
        match (self.schedule.act(step), &mut self.source) {
            (Some(Act::Poisson(mean, emitted)), Source::Poisson { receptor, weight, table, rest }) => {
                table.set_mean(mean);
                let driven = Driven { first: self.first, neurons: self.neurons.clone(), weight: *weight };
                let streams = Streams { short: self.stream, rest: *rest };
                poisson::add(level, streams, table, emitted, &driven, &mut sums[*receptor][self.offset..]);
            }
            (Some(Act::Spikes(n)), Source::Spikes { receptor, weight }) => {
                for sum in &mut sums[*receptor][self.offset + self.neurons.start..self.offset + self.neurons.end] {
                    *sum = sum.wrapping_add(weight.wrapping_mul(n as i32));
                }
            }
            _ => {}
        }
    }

    /// Adds the current that acts over update step `step` to `currents`, one per neuron of the slice.
    pub fn current(&mut self, step: u64, currents: &mut [real]) {
        let stream = self.stream;
        let first_plane = self.first / PLANE as u64;
        let driven = &mut currents[self.neurons.clone()];
        match (self.schedule.act(step), &mut self.source) {
            (Some(Act::Uniform(value)), _) => add(driven, value),
            (Some(Act::Noise(number)), Source::Noise { normal, held, until, .. }) => {
                if *until != Some(number) {
                    *until = Some(number);
                    draw(&stream, normal, first_plane, number, held);
                }
                driven.iter_mut().zip(&held[self.neurons.clone()]).for_each(|(c, h)| *c += h);
            }
            (Some(Act::Ou(number)), Source::Ou { decay, kick, mean, state, noise, normal, started, .. }) => {
                draw(&stream, normal, first_plane, number, noise);
                for (x, xi) in state.iter_mut().zip(noise.iter()) {
                    *x = if *started { *decay * *x + *kick * xi } else { *xi };
                }
                *started = true;
                driven.iter_mut().zip(&state[self.neurons.clone()]).for_each(|(c, x)| *c += *mean + x);
            }
            _ => {}
        }
    }
}

fn add(currents: &mut [real], value: real) {
    for current in currents {
        *current += value;
    }
}

/// Fills `out` with draws for (first neuron plane, number).
fn draw(stream: &Stream, sampler: &Sampler, first_plane: u64, number: u64, out: &mut [real]) {
    let mut words = [0; PLANE];
    for (plane, chunk) in out.chunks_mut(PLANE).enumerate() {
        stream.planes(number, first_plane + plane as u64, &mut words);
        for (value, word) in chunk.iter_mut().zip(words) {
            *value = sampler.value(word, 0.0);
        }
    }
}
