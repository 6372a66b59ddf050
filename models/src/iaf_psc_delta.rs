//! Leaky integrate-and-fire neuron whose potential jumps at each spike that arrives.
//!
//! ```text
//! dV_m/dt = -(V_m - E_L) / tau_m + (I_e + I_stim) / C_m        V_m += weight (mV) at each spike
//! ```
//!
//! Order inside a step: integrate exactly; add the spikes that arrive; bound by `V_min`; compare with
//! the threshold; then reset and hold for `t_ref`. Spikes that arrive in the refractory time are lost; with
//! `refractory_input = 1` they wait, decaying with `tau_m`, and act when it ends.
//!
//! Integration is exact, also for time constants much longer than a step, because `V_low` keeps what
//! the last bit of `V_m` cannot.
//!
//! References: Rotter S, Diesmann M (1999) Biol Cybern 81:381-402; Diesmann M et al. (2001)
//! Neurocomputing 38-40:565-571.

use crate::exact::{decay, decay_m1, from_constant};
use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, Sign, steps};
use crate::{columns, cuda, drawers, params, step};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 250.0,
        /// Membrane time constant.
        pub tau_m: "ms" = 10.0,
        /// Resting potential.
        pub E_L: "mV" = -70.0,
        /// Threshold.
        pub V_th: "mV" = -55.0,
        /// Potential after a spike.
        pub V_reset: "mV" = -70.0,
        /// Lower bound of the potential.
        pub V_min: "mV" = f64::NEG_INFINITY,
        /// Absolute refractory time.
        pub t_ref: "ms" = 2.0,
        /// Constant input current.
        pub I_e: "pA" = 0.0,
        /// 1: spikes that arrive in the refractory time act when it ends; 0: they are lost.
        pub refractory_input: "" = 0.0,
    }
}

columns! {
    /// Derived once per run.
    pub struct Propagators {
        /// Decay of the potential over a step.
        pub P22: "",
        /// The same minus one.
        pub P22_m1: "",
        /// What the constant input current adds in a step.
        pub V_drift: "mV",
        /// From a current that is constant over the step to the potential.
        pub P20: "mV/pA",
        /// Resting potential, threshold, potential after a spike, lower bound.
        pub E_L, V_th, V_reset, V_min: "mV",
        /// Refractory time in steps.
        pub ref_steps: "steps",
        /// 1: spikes that arrive in the refractory time are kept.
        pub refractory_input: "",
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Membrane potential.
        pub V_m: "mV",
        /// What waits to be added to `V_m`: too small for its last bit, or kept while refractory.
        pub V_low: "mV",
        /// Refractory steps left.
        pub ref_left: "steps",
    }
}

columns! {
    /// What arrives in a step.
    pub struct Input {
        /// Summed weights.
        pub delta: "mV",
        /// Current from generators over the step.
        pub I_stim: "pA",
    }
}

step!(|p: &Propagators, s: &mut State, input: &Input| {
    let awake = s.ref_left <= real(0.0);

    let U = (s.V_m - p.E_L) + s.V_low;
    let dV = p.P22_m1 * U + p.P20 * input.I_stim + p.V_drift + s.V_low + input.delta;
    let V_free = s.V_m + dV;
    let low = dV - (V_free - s.V_m);
    let V_next = max(V_free, p.V_min);
    let V_low = select(V_free > p.V_min, low, real(0.0));
    let waiting = p.refractory_input * (p.P22 * s.V_low + input.delta);

    let fired = awake && (V_next - p.V_th) + V_low >= real(0.0);
    s.V_m = select(fired, p.V_reset, select(awake, V_next, s.V_m));
    s.V_low = select(fired, real(0.0), select(awake, V_low, waiting));
    s.ref_left = select(fired, p.ref_steps, select(awake, s.ref_left, s.ref_left - real(1.0)));
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "iaf_psc_delta";
    const SUMMARY: &'static str = "leaky integrate-and-fire, delta-shaped currents";
    const RECEPTORS: &'static [Receptor] = &[Receptor { name: "delta", accepts: Sign::Both, unit: "mV" }];
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, NO_SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        let check = Check::<Self>(q);
        check.finite()?.positive(&["C_m", "tau_m"])?.not_negative(&["t_ref"])?.flag("refractory_input")?;
        check.below("V_reset", q.V_th, "a potential below V_th")?.below("V_min", q.V_th, "a potential below V_th")?;
        let P20 = from_constant(dt, q.tau_m, q.C_m);
        Ok(Propagators {
            P22: decay(dt, q.tau_m) as real,
            P22_m1: decay_m1(dt, q.tau_m) as real,
            V_drift: (P20 * q.I_e) as real,
            P20: P20 as real,
            E_L: q.E_L as real,
            V_th: q.V_th as real,
            V_reset: q.V_reset as real,
            V_min: q.V_min as real,
            ref_steps: steps(q.t_ref, dt),
            refractory_input: q.refractory_input as real,
        })
    }

    fn initial(q: &Params) -> State {
        State { V_m: q.E_L as real, ..Default::default() }
    }
}
