//! Leaky integrate-and-fire neuron with exponential post-synaptic currents.
//!
//! ```text
//! dV_m/dt      = -(V_m - E_L) / tau_m + (I_syn_ex + I_syn_in + I_e + I_stim) / C_m
//! dI_syn_X/dt  = -I_syn_X / tau_syn_X        I_syn_X += weight at each spike
//! ```
//!
//! Order inside a step: integrate exactly with the currents of the last step; decay them and add the
//! spikes that arrive; compare with the threshold; then reset and hold for `t_ref`.
//!
//! Integration is exact; also where `tau_m` equals `tau_syn`, and for time constants much longer than
//! a step, because `V_low` keeps what the last bit of `V_m` cannot. NEST's escape noise (`delta`,
//! `rho`) is left out.
//!
//! References: Rotter S, Diesmann M (1999) Biol Cybern 81:381-402; Tsodyks M et al. (2000) J Neurosci
//! 20:RC50.

use crate::exact::{decay_m1, from_constant, from_exponential};
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
        /// Absolute refractory time.
        pub t_ref: "ms" = 2.0,
        /// Time constant of the synaptic current.
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
        /// From a synaptic current to the potential.
        pub P21_ex, P21_in: "mV/pA",
        /// Decay of the potential over a step, minus one.
        pub P22_m1: "",
        /// From a current that is constant over the step to the potential.
        pub P20: "mV/pA",
        /// Constant input current.
        pub I_e: "pA",
        /// Resting potential, threshold, potential after a spike.
        pub E_L, V_th, V_reset: "mV",
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
    let dV_free = p.P22_m1 * U + p.P21_ex * s.I_syn_ex + p.P21_in * s.I_syn_in + p.P20 * (input.I_stim + p.I_e) + s.V_low;
    let dV = select(awake, dV_free, real(0.0));
    let V_next = s.V_m + dV;
    let V_low = dV - (V_next - s.V_m);

    s.I_syn_ex = decayed(s.I_syn_ex, p.P11_ex_m1) + input.ex;
    s.I_syn_in = decayed(s.I_syn_in, p.P11_in_m1) + input.inh;

    let fired = awake && (V_next - p.V_th) + V_low >= real(0.0);
    s.V_m = select(fired, p.V_reset, V_next);
    s.V_low = select(fired, real(0.0), V_low);
    s.ref_left = select(fired, p.ref_steps, max(s.ref_left - real(1.0), real(0.0)));
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "iaf_psc_exp";
    const SUMMARY: &'static str = "leaky integrate-and-fire, exponential currents";
    const RECEPTORS: &'static [Receptor] = Receptor::CURRENTS;
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, NO_SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        let check = Check::<Self>(q);
        check.finite()?.positive(&["C_m", "tau_m", "tau_syn_ex", "tau_syn_in"])?.not_negative(&["t_ref"])?;
        check.below("V_reset", q.V_th, "a potential below V_th")?;
        Ok(Propagators {
            P11_ex_m1: decay_m1(dt, q.tau_syn_ex) as real,
            P11_in_m1: decay_m1(dt, q.tau_syn_in) as real,
            P21_ex: from_exponential(dt, q.tau_m, q.tau_syn_ex, q.C_m) as real,
            P21_in: from_exponential(dt, q.tau_m, q.tau_syn_in, q.C_m) as real,
            P22_m1: decay_m1(dt, q.tau_m) as real,
            P20: from_constant(dt, q.tau_m, q.C_m) as real,
            I_e: q.I_e as real,
            E_L: q.E_L as real,
            V_th: q.V_th as real,
            V_reset: q.V_reset as real,
            ref_steps: steps(q.t_ref, dt),
        })
    }

    fn initial(q: &Params) -> State {
        State { V_m: q.E_L as real, ..Default::default() }
    }
}
