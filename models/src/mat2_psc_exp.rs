//! Integrate-and-fire neuron with a threshold that two exponentials adapt, and no reset.
//!
//! ```text
//! dV_m/dt      = -(V_m - E_L) / tau_m + (I_syn_ex + I_syn_in + I_e + I_stim) / C_m
//! dI_syn_X/dt  = -I_syn_X / tau_syn_X        I_syn_X += weight at each spike
//! threshold    = omega + V_th_alpha_1 + V_th_alpha_2
//! dV_th_alpha_i/dt = -V_th_alpha_i / tau_i   V_th_alpha_i += alpha_i when the neuron fires
//! ```
//!
//! Order inside a step: integrate exactly with the currents of the last step; let the threshold decay;
//! decay the currents and add the spikes that arrive; fire where the potential reaches the threshold,
//! unless the last spike is less than `t_ref` ago. The potential is never reset.
//!
//! Integration is exact; unlike in NEST also where `tau_m` equals `tau_syn`.
//!
//! Reference: Kobayashi R, Tsubo Y, Shinomoto S (2009) Front Comput Neurosci 3:9.

use crate::exact::{decay_m1, from_constant, from_exponential};
use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, steps};
use crate::{columns, cuda, drawers, params, step};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 100.0,
        /// Membrane time constant.
        pub tau_m: "ms" = 5.0,
        /// Resting potential.
        pub E_L: "mV" = -70.0,
        /// Least time between spikes, at least one step.
        pub t_ref: "ms" = 2.0,
        /// Time constant of the excitatory current.
        pub tau_syn_ex: "ms" = 1.0,
        /// Time constant of the inhibitory current.
        pub tau_syn_in: "ms" = 3.0,
        /// Constant input current.
        pub I_e: "pA" = 0.0,
        /// Resting threshold.
        pub omega: "mV" = -51.0,
        /// What a spike adds to the short part of the threshold.
        pub alpha_1: "mV" = 37.0,
        /// What a spike adds to the long part of the threshold.
        pub alpha_2: "mV" = 2.0,
        /// Time constant of the short part.
        pub tau_1: "ms" = 10.0,
        /// Time constant of the long part.
        pub tau_2: "ms" = 200.0,
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
        /// Decay of the two parts of the threshold, minus one.
        pub P_th_1_m1, P_th_2_m1: "",
        /// Constant input current.
        pub I_e: "pA",
        /// Resting potential, resting threshold, what a spike adds to it.
        pub E_L, omega, alpha_1, alpha_2: "mV",
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
        /// Short and long part of the threshold.
        pub V_th_alpha_1, V_th_alpha_2: "mV",
        /// Synaptic current.
        pub I_syn_ex, I_syn_in: "pA",
        /// Steps left in which the neuron does not fire.
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
    let U = (s.V_m - p.E_L) + s.V_low;
    let dV = p.P22_m1 * U + p.P21_ex * s.I_syn_ex + p.P21_in * s.I_syn_in + p.P20 * (input.I_stim + p.I_e) + s.V_low;
    let V_next = s.V_m + dV;
    s.V_low = dV - (V_next - s.V_m);
    s.V_m = V_next;

    let th_1 = decayed(s.V_th_alpha_1, p.P_th_1_m1);
    let th_2 = decayed(s.V_th_alpha_2, p.P_th_2_m1);
    s.I_syn_ex = decayed(s.I_syn_ex, p.P11_ex_m1) + input.ex;
    s.I_syn_in = decayed(s.I_syn_in, p.P11_in_m1) + input.inh;

    let awake = s.ref_left <= real(0.0);
    let fired = awake && ((V_next - p.omega) + s.V_low) - (th_1 + th_2) >= real(0.0);
    s.V_th_alpha_1 = th_1 + select(fired, p.alpha_1, real(0.0));
    s.V_th_alpha_2 = th_2 + select(fired, p.alpha_2, real(0.0));
    s.ref_left = select(fired, p.ref_steps, select(awake, s.ref_left, s.ref_left - real(1.0)));
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "mat2_psc_exp";
    const SUMMARY: &'static str = "multi-timescale adaptive threshold, exponential currents";
    const RECEPTORS: &'static [Receptor] = Receptor::CURRENTS;
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, NO_SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        let check = Check::<Self>(q);
        check.finite()?.positive(&["C_m", "tau_m", "tau_syn_ex", "tau_syn_in", "tau_1", "tau_2"])?;
        check.require("t_ref", steps(q.t_ref, dt) >= 1.0, "a time of at least one step")?;
        Ok(Propagators {
            P11_ex_m1: decay_m1(dt, q.tau_syn_ex) as real,
            P11_in_m1: decay_m1(dt, q.tau_syn_in) as real,
            P21_ex: from_exponential(dt, q.tau_m, q.tau_syn_ex, q.C_m) as real,
            P21_in: from_exponential(dt, q.tau_m, q.tau_syn_in, q.C_m) as real,
            P22_m1: decay_m1(dt, q.tau_m) as real,
            P20: from_constant(dt, q.tau_m, q.C_m) as real,
            P_th_1_m1: decay_m1(dt, q.tau_1) as real,
            P_th_2_m1: decay_m1(dt, q.tau_2) as real,
            I_e: q.I_e as real,
            E_L: q.E_L as real,
            omega: q.omega as real,
            alpha_1: q.alpha_1 as real,
            alpha_2: q.alpha_2 as real,
            ref_steps: steps(q.t_ref, dt),
        })
    }

    fn initial(q: &Params) -> State {
        State { V_m: q.E_L as real, ..Default::default() }
    }
}
