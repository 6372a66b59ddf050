//! What a stimulus does in each step: the same for all neurons that it drives, and so for host and device.

use connectome::network::{Signal, Stimulus, StimulusKind};
use models::kit::real;

/// What a stimulus does over time.
pub(super) struct Schedule {
    emission: Emission,
    start: f64,
    stop: f64,
    delay: i64,
    dt: f64,
}

enum Emission {
    Poisson(Signal),
    /// Steps in which spikes are emitted, ascending.
    Spikes(Vec<i64>),
    Steps(Signal),
    Sine {
        amplitude: f64,
        offset: f64,
        omega: f64,
        phase: f64,
    },
    /// Held for so many steps.
    Noise(i64),
    Ou,
}

/// What a stimulus does in a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Act {
    /// Poisson numbers of spikes of this mean arrive, emitted in this step.
    Poisson(f64, u64),
    /// So many spikes arrive.
    Spikes(u32),
    /// A current that is the same for all.
    Uniform(real),
    /// The draws of this number act.
    Noise(u64),
    /// A process advances by the draws of this number.
    Ou(u64),
}

impl Schedule {
    pub(super) fn new(stimulus: &Stimulus, dt: f64) -> Self {
        let emission = match &stimulus.kind {
            StimulusKind::PoissonGenerator { rate, weight: _ } => Emission::Poisson(rate.clone()),
            StimulusKind::SpikeGenerator { times, weight: _ } => {
                let active = |t: &&f64| **t > stimulus.start && **t <= stimulus.stop;
                let mut steps: Vec<i64> = times.iter().filter(active).map(|t| (t / dt).round() as i64 - 1).collect();
                steps.sort_unstable();
                Emission::Spikes(steps)
            }
            StimulusKind::CurrentSteps { amplitude } => Emission::Steps(amplitude.clone()),
            StimulusKind::AcGenerator { amplitude, offset, frequency, phase } => Emission::Sine {
                amplitude: *amplitude,
                offset: *offset,
                omega: 2.0 * std::f64::consts::PI * frequency * 1e-3,
                phase: phase.to_radians(),
            },
            StimulusKind::NoiseGenerator { interval, .. } => Emission::Noise(((interval / dt).round() as i64).max(1)),
            StimulusKind::OuCurrent { .. } => Emission::Ou,
        };
        let delay = ((stimulus.delay / dt).round() as i64).max(1);
        Schedule { emission, start: stimulus.start, stop: stimulus.stop, delay, dt }
    }

    pub(super) fn is_current(&self) -> bool {
        !matches!(self.emission, Emission::Poisson(_) | Emission::Spikes(_))
    }

    /// What acts in update step `step`; `None` if nothing does.
    pub(super) fn act(&self, step: u64) -> Option<Act> {
        if self.is_current() { self.current(step) } else { self.spikes(step) }
    }

    fn is_active(&self, time: f64) -> bool {
        // Half a step of tolerance: times are typed in decimal.
        time > self.start - 0.5 * self.dt && time < self.stop - 0.5 * self.dt
    }

    fn spikes(&self, step: u64) -> Option<Act> {
        let emitted = step as i64 - self.delay;
        let time = emitted as f64 * self.dt;
        match &self.emission {
            Emission::Spikes(steps) => {
                let n = steps.partition_point(|s| *s <= emitted) - steps.partition_point(|s| *s < emitted);
                (n > 0).then_some(Act::Spikes(n as u32))
            }
            Emission::Poisson(rate) if emitted >= 0 && self.is_active(time) => {
                let mean = rate.at(time + 1e-9) * self.dt * 1e-3;
                (mean > 0.0).then_some(Act::Poisson(mean, emitted as u64))
            }
            _ => None,
        }
    }

    fn current(&self, step: u64) -> Option<Act> {
        // It arrived at the end of the last step.
        let emitted = step as i64 - 1 - self.delay;
        let time = (emitted + 1) as f64 * self.dt;
        if emitted < -1 || !self.is_active(time) {
            return None;
        }
        match &self.emission {
            Emission::Steps(amplitude) => Some(Act::Uniform(amplitude.at(time + 1e-9) as real)),
            Emission::Sine { amplitude, offset, omega, phase } => {
                Some(Act::Uniform((*offset + *amplitude * libm::sin(*omega * time + *phase)) as real))
            }
            Emission::Noise(interval) => {
                let since = emitted + 1 - (self.start / self.dt).round() as i64;
                Some(Act::Noise(since.div_euclid(*interval) as u64))
            }
            Emission::Ou => Some(Act::Ou((emitted + 1) as u64)),
            Emission::Poisson(_) | Emission::Spikes(_) => None,
        }
    }
}
