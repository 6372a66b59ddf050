//! Izhikevich's neuron with a capacitance, as in BrainCog's corticothalamic column.
//!
//! ```text
//! V_m += dt / C_m (k (V_m - V_r) (V_m - V_t) - U_m + I_e + I_stim + weights of this step's spikes)
//! U_m += dt a (b (V_m - V_r) - U_m)             with the new V_m
//! V_m >= V_peak:  V_m = c, U_m += d
//! ```
//!
//! Order inside a step: one Euler step under what arrives in this step; compare with the peak; reset.
//! A spike is a current pulse of one step (BrainCog draws it from +-140 to 160 pA). The model *is* its
//! Euler step: change the resolution and the neuron changes.
//!
//! The column's classes (C_m, k, V_r, V_t, V_peak, a, b, c, d): RS 100 3 -60 -50 50 0.01 5 -60 400; FS 20 1
//! -55 -40 25 0.15 8 -55 200; LTS 100 1 -55 -42 40 0.03 8 -50 20; LS 20 0.3 -66 -40 30 0.17 5 -45 100;
//! TC 200 1.6 -60 -50 40 0.1 15 -60 10; TI 20 0.5 -60 -50 20 0.05 7 -65 50; TRN 40 0.25 -65 -45 0 0.015
//! 10 -55 50.
//!
//! Reference: Izhikevich EM, Edelman GM (2008) PNAS 105:3593-3598.

use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, Sign};
use crate::{columns, cuda, drawers, params, step};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 100.0,
        /// Curvature of the current.
        pub k: "nS/mV" = 3.0,
        /// Resting potential.
        pub V_r: "mV" = -60.0,
        /// Instantaneous threshold.
        pub V_t: "mV" = -50.0,
        /// Potential at which the neuron fires.
        pub V_peak: "mV" = 50.0,
        /// Rate of recovery.
        pub a: "1/ms" = 0.01,
        /// Sensitivity of recovery to the potential.
        pub b: "nS" = 5.0,
        /// Potential after a spike.
        pub c: "mV" = -60.0,
        /// What a spike adds to recovery.
        pub d: "pA" = 400.0,
        /// Constant input current.
        pub I_e: "pA" = 0.0,
    }
}

columns! {
    /// Derived once per run.
    pub struct Propagators {
        /// Step over capacitance.
        pub h_C: "ms/pF",
        /// Curvature of the current.
        pub k: "nS/mV",
        /// Potentials, see the parameters.
        pub V_r, V_t, V_peak, c: "mV",
        /// Step times rate of recovery.
        pub h_a: "",
        /// Sensitivity of recovery, what a spike adds to it.
        pub b, d: "nS, pA",
        /// Constant input current.
        pub I_e: "pA",
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Membrane potential.
        pub V_m: "mV",
        /// Recovery current.
        pub U_m: "pA",
    }
}

columns! {
    /// What arrives in a step.
    pub struct Input {
        /// Summed weights.
        pub pulse: "pA",
        /// Current from generators over the step.
        pub I_stim: "pA",
    }
}

step!(|p: &Propagators, s: &mut State, input: &Input| {
    let I = p.I_e + input.I_stim + input.pulse;
    let V_next = s.V_m + p.h_C * (p.k * (s.V_m - p.V_r) * (s.V_m - p.V_t) - s.U_m + I);
    let U_next = s.U_m + p.h_a * (p.b * (V_next - p.V_r) - s.U_m);

    let fired = V_next >= p.V_peak;
    s.V_m = select(fired, p.c, V_next);
    s.U_m = select(fired, U_next + p.d, U_next);
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "ctizh";
    const SUMMARY: &'static str = "Izhikevich's neuron with a capacitance";
    const RECEPTORS: &'static [Receptor] = &[Receptor { name: "pulse", accepts: Sign::Both, unit: "pA" }];
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, NO_SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        Check::<Self>(q).finite()?.positive(&["C_m"])?.below("c", q.V_peak, "a potential below V_peak")?;
        Ok(Propagators {
            h_C: (dt / q.C_m) as real,
            k: q.k as real,
            V_r: q.V_r as real,
            V_t: q.V_t as real,
            V_peak: q.V_peak as real,
            c: q.c as real,
            h_a: (dt * q.a) as real,
            b: q.b as real,
            d: q.d as real,
            I_e: q.I_e as real,
        })
    }

    fn initial(_q: &Params) -> State {
        State { V_m: -65.0, U_m: -13.0 }
    }
}
