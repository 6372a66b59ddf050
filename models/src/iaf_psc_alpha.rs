//! Leaky integrate-and-fire neuron with alpha-shaped post-synaptic currents.
//!
//! ```text
//! dV_m/dt      = -(V_m - E_L) / tau_m + (I_syn_ex + I_syn_in + I_e + I_stim) / C_m
//! I_syn_X(t)   = weight * (t / tau_syn_X) e^(1 - t / tau_syn_X) after each spike: its peak is the weight
//! ```
//!
//! Order inside a step: integrate exactly with the currents of the last step; advance them and add the
//! spikes that arrive; bound by `V_min`, compare with the threshold; then reset and hold for `t_ref`.
//!
//! Integration is exact, also where `tau_m` equals `tau_syn`; `V_low` keeps what the last bit of `V_m`
//! cannot.
//!
//! References: Rotter S, Diesmann M (1999) Biol Cybern 81:381-402; Diesmann M, Gewaltig MO, Rotter S,
//! Aertsen A (2001) Neurocomputing 38-40:565-571.

use crate::exact::{decay, decay_m1, from_alpha, from_constant, from_exponential};
use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, steps};
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
        /// Rise time of the synaptic current.
        pub tau_syn_ex, tau_syn_in: "ms" = 2.0,
        /// Constant input current.
        pub I_e: "pA" = 0.0,
    }
}

columns! {
    /// Derived once per run.
    pub struct Propagators {
        /// Decay of a synaptic current over a step, minus one.
        pub P11_ex_m1, P11_in_m1: "",
        /// From the derivative of a synaptic current to the current.
        pub P21_ex, P21_in: "ms",
        /// From the derivative of a synaptic current to the potential.
        pub P31_ex, P31_in: "mV ms/pA",
        /// From a synaptic current to the potential.
        pub P32_ex, P32_in: "mV/pA",
        /// Decay of the potential over a step, minus one.
        pub P33_m1: "",
        /// From a current that is constant over the step to the potential.
        pub P30: "mV/pA",
        /// Slope of the synaptic current that a spike of weight 1 starts.
        pub rise_ex, rise_in: "1/ms",
        /// Constant input current.
        pub I_e: "pA",
        /// Resting potential, threshold, potential after a spike, lower bound.
        pub E_L, V_th, V_reset, V_min: "mV",
        /// Refractory time in steps.
        pub ref_steps: "steps",
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Membrane potential.
        pub V_m: "mV",
        /// What is too small for the last bit of `V_m`.
        pub V_low: "mV",
        /// Synaptic current.
        pub I_syn_ex, I_syn_in: "pA",
        /// What drives the synaptic current: its derivative plus `I_syn / tau_syn`.
        pub dI_syn_ex, dI_syn_in: "pA/ms",
        /// Refractory steps left.
        pub ref_left: "steps",
    }
}

columns! {
    /// What arrives in a step.
    pub struct Input {
        /// Summed positive weights, summed negative weights.
        pub ex, inh: "pA",
        /// Current from generators over the step.
        pub I_stim: "pA",
    }
}

step!(|p: &Propagators, s: &mut State, input: &Input| {
    let awake = s.ref_left <= real(0.0);

    let U = (s.V_m - p.E_L) + s.V_low;
    let dV_ex = p.P31_ex * s.dI_syn_ex + p.P32_ex * s.I_syn_ex;
    let dV_in = p.P31_in * s.dI_syn_in + p.P32_in * s.I_syn_in;
    let dV = p.P33_m1 * U + dV_ex + dV_in + p.P30 * (input.I_stim + p.I_e) + s.V_low;
    let V_free = s.V_m + dV;
    let low = dV - (V_free - s.V_m);
    let V_next = max(V_free, p.V_min);
    let V_low = select(V_free > p.V_min, low, real(0.0));

    s.I_syn_ex = p.P21_ex * s.dI_syn_ex + decayed(s.I_syn_ex, p.P11_ex_m1);
    s.I_syn_in = p.P21_in * s.dI_syn_in + decayed(s.I_syn_in, p.P11_in_m1);
    s.dI_syn_ex = decayed(s.dI_syn_ex, p.P11_ex_m1) + p.rise_ex * input.ex;
    s.dI_syn_in = decayed(s.dI_syn_in, p.P11_in_m1) + p.rise_in * input.inh;

    let fired = awake && (V_next - p.V_th) + V_low >= real(0.0);
    s.V_m = select(fired, p.V_reset, select(awake, V_next, s.V_m));
    s.V_low = select(awake && !fired, V_low, real(0.0));
    s.ref_left = select(fired, p.ref_steps, select(awake, s.ref_left, s.ref_left - real(1.0)));
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "iaf_psc_alpha";
    const SUMMARY: &'static str = "leaky integrate-and-fire, alpha-shaped currents";
    const RECEPTORS: &'static [Receptor] = Receptor::CURRENTS;
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, NO_SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        let check = Check::<Self>(q);
        check.finite()?.positive(&["C_m", "tau_m", "tau_syn_ex", "tau_syn_in"])?.not_negative(&["t_ref"])?;
        check.below("V_reset", q.V_th, "a potential below V_th")?;
        check.below("V_min", q.V_th, "a potential below V_th")?;
        let (ex, inh) = (q.tau_syn_ex, q.tau_syn_in);
        let e = std::f64::consts::E;
        Ok(Propagators {
            P11_ex_m1: decay_m1(dt, ex) as real,
            P11_in_m1: decay_m1(dt, inh) as real,
            P21_ex: (dt * decay(dt, ex)) as real,
            P21_in: (dt * decay(dt, inh)) as real,
            P31_ex: from_alpha(dt, q.tau_m, ex, q.C_m) as real,
            P31_in: from_alpha(dt, q.tau_m, inh, q.C_m) as real,
            P32_ex: from_exponential(dt, q.tau_m, ex, q.C_m) as real,
            P32_in: from_exponential(dt, q.tau_m, inh, q.C_m) as real,
            P33_m1: decay_m1(dt, q.tau_m) as real,
            P30: from_constant(dt, q.tau_m, q.C_m) as real,
            rise_ex: (e / ex) as real,
            rise_in: (e / inh) as real,
            I_e: q.I_e as real,
            E_L: q.E_L as real,
            V_th: q.V_th as real,
            V_reset: q.V_reset as real,
            V_min: q.V_min as real,
            ref_steps: steps(q.t_ref, dt),
        })
    }

    fn initial(q: &Params) -> State {
        State { V_m: q.E_L as real, ..Default::default() }
    }
}
