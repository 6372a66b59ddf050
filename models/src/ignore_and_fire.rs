//! A neuron that ignores its input and fires at a given rate: for benchmarks.
//!
//! It fires first in the step after the fraction `phase` of its period and then once per period,
//! whatever arrives. The cost of delivery is that of a real network, at a rate that no parameter can upset.
//! As in NEST the period is a whole number of steps, rounded up.
//!
//! Order inside a step: count down; at zero fire and start again.
//!
//! Reference: Albers J et al. (2022) Front Neuroinform 16:837549 (benchmarks of spiking networks).

use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, steps};
use crate::{columns, cuda, drawers, params, step};

params! {
    /// What the user sets.
    pub struct Params {
        /// Rate at which the neuron fires.
        pub rate: "1/s" = 10.0,
        /// Fraction of a period before the first spike, above 0 and at most 1.
        pub phase: "" = 1.0,
    }
}

columns! {
    /// Derived once per run.
    pub struct Propagators {
        /// Period.
        pub period: "steps",
        /// Steps before the first spike.
        pub first: "steps",
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Steps to wait, plus one; 0 before the first step.
        pub wait: "steps",
    }
}

columns! {
    /// What arrives in a step, and is ignored.
    pub struct Input {
        /// Summed positive weights, summed negative weights.
        pub ex, inh: "pA",
        /// Current from generators over the step.
        pub I_stim: "pA",
    }
}

step!(|p: &Propagators, s: &mut State, _input: &Input| {
    let wait = select(s.wait <= real(0.0), p.first, s.wait - real(1.0));
    let fired = wait <= real(0.0);
    s.wait = select(fired, p.period, wait);
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "ignore_and_fire";
    const SUMMARY: &'static str = "ignores its input and fires at a given rate";
    const RECEPTORS: &'static [Receptor] = Receptor::CURRENTS;
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, NO_SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        let check = Check::<Self>(q);
        check.finite()?.positive(&["rate", "phase"])?;
        check.require("phase", q.phase <= 1.0, "a number above 0 and at most 1")?;
        let period = steps(1000.0 / q.rate, dt) as f64;
        // A `real` counts single steps up to 2^24.
        check.require("rate", period < 16_777_216.0, "a rate with a period below 16777216 steps")?;
        check.require("rate", period >= 1.0, "a rate with a period of at least one step")?;
        Ok(Propagators { period: period as real, first: steps(1000.0 * q.phase / q.rate, dt) })
    }

    fn initial(_q: &Params) -> State {
        State::default()
    }
}
