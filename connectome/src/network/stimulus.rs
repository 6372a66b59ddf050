//! What drives a network from outside.

use serde::{Deserialize, Serialize};

use super::PopulationIndex;

/// A quantity that may change with time: steps of (ms, value), constant from each time on.
/// Before the first time it is 0. One pair at time 0 is a constant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signal(pub Vec<(f64, f64)>);

impl Signal {
    /// The same at all times.
    pub fn constant(value: f64) -> Self {
        Signal(vec![(0.0, value)])
    }

    /// The value at `time` ms.
    pub fn at(&self, time: f64) -> f64 {
        self.0.iter().rev().find(|(t, _)| *t <= time).map_or(0.0, |(_, v)| *v)
    }
}

/// The kind of a stimulus; names are NEST's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StimulusKind {
    /// Poisson spikes, an independent train for every target neuron.
    PoissonGenerator {
        /// Rate in 1/s for each target neuron.
        rate: Signal,
        /// Weight of each spike, in the unit of the receptor its sign chooses.
        weight: f64,
    },
    /// Spikes at given times, the same for all targets.
    SpikeGenerator {
        /// Spike times in ms, ascending.
        times: Vec<f64>,
        /// Weight of each spike.
        weight: f64,
    },
    /// A constant current, or steps of it (`step_current_generator`).
    CurrentSteps {
        /// Amplitude in pA over time.
        amplitude: Signal,
    },
    /// `offset + amplitude * sin(2 pi frequency t + phase)`.
    AcGenerator {
        /// pA.
        amplitude: f64,
        /// pA.
        offset: f64,
        /// 1/s.
        frequency: f64,
        /// Degrees.
        phase: f64,
    },
    /// Gaussian white noise, held constant over `interval`, independent for every target.
    NoiseGenerator {
        /// Mean in pA.
        mean: f64,
        /// Standard deviation in pA.
        std: f64,
        /// How long each value is held, in ms.
        interval: f64,
    },
    /// An Ornstein-Uhlenbeck current, independent for every target, exact in its stationary
    /// distribution for any step.
    OuCurrent {
        /// Mean in pA.
        mean: f64,
        /// Stationary standard deviation in pA.
        std: f64,
        /// Correlation time in ms.
        tau: f64,
    },
}

/// A stimulus of one population.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stimulus {
    /// Which population it drives.
    pub target: PopulationIndex,
    /// First neuron that it drives, and how many; `None` for all.
    pub range: Option<(u32, u32)>,
    /// What it does.
    pub kind: StimulusKind,
    /// Active from this time on (ms).
    pub start: f64,
    /// Active until this time (ms), may be inf.
    pub stop: f64,
    /// Delay between source and target in ms, at least one step. NEST's semantics: a spike sent at t
    /// arrives at t + delay; a current acts in the steps (start + delay, stop + delay].
    pub delay: f64,
}
