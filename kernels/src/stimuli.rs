//! Sources of spikes and currents from outside, for one slice of neurons.
//!
//! Semantics are NEST's. A spike source that is active from `start` on emits in the update steps
//! `start/dt ..`, and what it emits in step j arrives in step j + delay. A current that is emitted in
//! step j belongs to time (j + 1) dt and is used by the neuron in step j + delay + 1.

use connectome::network::{Signal, Stimulus, StimulusKind, Value};
use models::kit::real;

use crate::delivery::Sums;
use crate::quantile::Sampler;
use crate::random::{PLANE, Purpose, Stream};
use crate::simd::Level;

mod poisson;

use poisson::{Driven, PoissonTable, Streams};

/// The part of a stimulus that drives one slice.
pub struct Drive {
    /// Index of the stimulus in the network.
    stimulus: usize,
    source: Source,
    /// Neurons it drives, as indices in the slice.
    neurons: std::ops::Range<usize>,
    /// Index of the slice's first neuron in its population, a multiple of [`PLANE`].
    first: u64,
    /// First neuron of the slice in its block.
    offset: usize,
    stream: Stream,
    start: f64,
    stop: f64,
    delay: i64,
    dt: f64,
}

enum Source {
    Poisson { rate: Signal, receptor: usize, weight: i32, table: Box<PoissonTable>, rest: Stream },
    Spikes { steps: Vec<i64>, next: usize, receptor: usize, weight: i32 },
    Steps(Signal),
    Sine { amplitude: f64, offset: f64, omega: f64, phase: f64 },
    Noise { interval: i64, normal: Box<Sampler>, held: Vec<real>, until: i64 },
    Ou { decay: real, kick: real, mean: real, state: Vec<real>, noise: Vec<real>, normal: Box<Sampler>, started: bool },
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
            StimulusKind::PoissonGenerator { rate, weight: _ } => {
                let rest = Stream::new(seed, Purpose::PoissonRest, index as u64);
                Source::Poisson { rate: rate.clone(), receptor: fixed.0, weight: fixed.1, table: Box::new(PoissonTable::new(0.0)), rest }
            }
            StimulusKind::SpikeGenerator { times, weight: _ } => {
                let active = |t: &&f64| **t > stimulus.start && **t <= stimulus.stop;
                let mut steps: Vec<i64> = times.iter().filter(active).map(|t| (t / dt).round() as i64 - 1).collect();
                steps.sort_unstable();
                Source::Spikes { steps, next: 0, receptor: fixed.0, weight: fixed.1 }
            }
            StimulusKind::CurrentSteps { amplitude } => Source::Steps(amplitude.clone()),
            StimulusKind::AcGenerator { amplitude, offset, frequency, phase } => Source::Sine {
                amplitude: *amplitude,
                offset: *offset,
                omega: 2.0 * std::f64::consts::PI * frequency * 1e-3,
                phase: phase.to_radians(),
            },
            StimulusKind::NoiseGenerator { mean, std, interval } => Source::Noise {
                interval: ((interval / dt).round() as i64).max(1),
                normal: normal(*mean, *std),
                held: vec![0.0; n.next_multiple_of(PLANE)],
                until: i64::MIN,
            },
            StimulusKind::OuCurrent { mean, std, tau } => {
                let decay = libm::exp(-dt / tau);
                Source::Ou {
                    decay: decay as real,
                    kick: (1.0 - decay * decay).sqrt() as real,
                    mean: *mean as real,
                    state: vec![0.0; n.next_multiple_of(PLANE)],
                    noise: vec![0.0; n.next_multiple_of(PLANE)],
                    normal: normal(0.0, *std),
                    started: false,
                }
            }
        };
        Some(Drive {
            stimulus: index,
            source,
            neurons,
            first: u64::from(slice.neurons.start),
            offset: slice.offset,
            stream: Stream::new(seed, if fixed.1 != 0 { Purpose::Poisson } else { Purpose::Current }, index as u64),
            start: stimulus.start,
            stop: stimulus.stop,
            delay: ((stimulus.delay / dt).round() as i64).max(1),
            dt,
        })
    }

    /// True if this is a current.
    pub fn is_current(&self) -> bool {
        !matches!(self.source, Source::Poisson { .. } | Source::Spikes { .. })
    }

    /// Index of the stimulus that it is a part of.
    pub fn stimulus(&self) -> usize {
        self.stimulus
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
        let emitted = step as i64 - self.delay;
        let time = emitted as f64 * self.dt;
        // Half a step of tolerance: times are typed in decimal.
        let active = emitted >= 0 && time > self.start - 0.5 * self.dt && time < self.stop - 0.5 * self.dt;
        match &mut self.source {
            Source::Poisson { rate, receptor, weight, table, rest } if active => {
                table.set_mean(rate.at(time + 1e-9) * self.dt * 1e-3);
                if table.mean() > 0.0 {
                    let driven = Driven { first: self.first, neurons: self.neurons.clone(), weight: *weight };
                    let streams = Streams { short: self.stream, rest: *rest };
                    poisson::add(level, streams, table, emitted as u64, &driven, &mut sums[*receptor][self.offset..]);
                }
            }
            Source::Spikes { steps, next, receptor, weight } => {
                while *next < steps.len() && steps[*next] < emitted {
                    *next += 1;
                }
                while *next < steps.len() && steps[*next] == emitted {
                    for sum in &mut sums[*receptor][self.offset + self.neurons.start..self.offset + self.neurons.end] {
                        *sum = sum.wrapping_add(*weight);
                    }
                    *next += 1;
                }
            }
            _ => {}
        }
    }

    /// Adds the current that acts over update step `step` to `currents`, one per neuron of the slice.
    pub fn current(&mut self, step: u64, currents: &mut [real]) {
        // It arrived at the end of the last step.
        let emitted = step as i64 - 1 - self.delay;
        let time = (emitted + 1) as f64 * self.dt;
        if emitted < -1 || time < self.start - 0.5 * self.dt || time >= self.stop - 0.5 * self.dt {
            return;
        }
        let stream = self.stream;
        let first_plane = self.first / PLANE as u64;
        let driven = &mut currents[self.neurons.clone()];
        match &mut self.source {
            Source::Steps(amplitude) => add(driven, amplitude.at(time + 1e-9) as real),
            Source::Sine { amplitude, offset, omega, phase } => {
                let value = *offset + *amplitude * libm::sin(*omega * time + *phase);
                add(driven, value as real);
            }
            Source::Noise { interval, normal, held, until } => {
                let since = emitted + 1 - (self.start / self.dt).round() as i64;
                let number = since.div_euclid(*interval);
                if number != *until {
                    *until = number;
                    draw(&stream, normal, first_plane, number as u64, held);
                }
                driven.iter_mut().zip(&held[self.neurons.clone()]).for_each(|(c, h)| *c += h);
            }
            Source::Ou { decay, kick, mean, state, noise, normal, started } => {
                draw(&stream, normal, first_plane, (emitted + 1) as u64, noise);
                for (x, xi) in state.iter_mut().zip(noise.iter()) {
                    *x = if *started { *decay * *x + *kick * xi } else { *xi };
                }
                *started = true;
                driven.iter_mut().zip(&state[self.neurons.clone()]).for_each(|(c, x)| *c += *mean + x);
            }
            Source::Poisson { .. } | Source::Spikes { .. } => {}
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
