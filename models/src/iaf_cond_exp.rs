//! Leaky integrate-and-fire neuron with exponential post-synaptic conductances.
//!
//! ```text
//! C_m dV_m/dt  = -g_L (V_m - E_L) - g_ex (V_m - E_ex) - g_in (V_m - E_in) + I_e + I_stim
//! dg_X/dt      = -g_X / tau_syn_X        g_X += |weight| at each spike
//! ```
//!
//! Order inside a step: integrate; add the spikes that arrive to the conductances; compare with the
//! threshold; then reset and hold for `t_ref`.
//!
//! Conductances are exact; the potential takes Runge-Kutta substeps of fourth order of at most 0.05 ms:
//! within 1e-4 mV of the limit of small substeps as long as the membrane's time constant
//! under all conductances stays above 0.3 ms (a test states it).
//!
//! References: Meffin H, Burkitt AN, Grayden DB (2004) J Comput Neurosci 16:159-175.

use crate::conductance::*;
use crate::exact::decay_m1;
use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, steps};
use crate::{columns, cuda, drawers, params, step, substep};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 250.0,
        /// Leak conductance.
        pub g_L: "nS" = 16.6667,
        /// Resting potential.
        pub E_L: "mV" = -70.0,
        /// Threshold.
        pub V_th: "mV" = -55.0,
        /// Potential after a spike.
        pub V_reset: "mV" = -60.0,
        /// Absolute refractory time.
        pub t_ref: "ms" = 2.0,
        /// Reversal potential of excitation.
        pub E_ex: "mV" = 0.0,
        /// Reversal potential of inhibition.
        pub E_in: "mV" = -85.0,
        /// Time constant of the synaptic conductance.
        pub tau_syn_ex: "ms" = 0.2,
        /// Time constant of the synaptic conductance.
        pub tau_syn_in: "ms" = 2.0,
        /// Constant input current.
        pub I_e: "pA" = 0.0,
    }
}

columns! {
    /// Derived once per run.
    pub struct Propagators {
        /// Decay of a conductance over a substep, and over half of it, minus one.
        pub P11_ex_m1, P11_in_m1, P11_ex_half_m1, P11_in_half_m1: "",
        /// Substep over capacitance.
        pub h_C: "ms/pF",
        /// Leak conductance.
        pub g_L: "nS",
        /// Leak at 0 mV, and the constant input current.
        pub I_0: "pA",
        /// Reversal potentials, threshold, potential after a spike.
        pub E_ex, E_in, V_th, V_reset: "mV",
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
        /// Synaptic conductance.
        pub g_ex, g_in: "nS",
        /// Refractory steps left.
        pub ref_left: "steps",
    }
}

columns! {
    /// What arrives in a step.
    pub struct Input {
        /// Summed positive weights, summed negative weights.
        pub ex, inh: "nS",
        /// Current from generators over the step.
        pub I_stim: "pA",
    }
}

substep!(|p: &Propagators, s: &mut State, input: &Input| {
    let awake = s.ref_left <= real(0.0);
    let I = p.I_0 + input.I_stim;
    let ex_mid = decayed(s.g_ex, p.P11_ex_half_m1);
    let in_mid = decayed(s.g_in, p.P11_in_half_m1);
    let ex_end = decayed(s.g_ex, p.P11_ex_m1);
    let in_end = decayed(s.g_in, p.P11_in_m1);
    let S0_begin = I + s.g_ex * p.E_ex + s.g_in * p.E_in;
    let S0_mid = I + ex_mid * p.E_ex + in_mid * p.E_in;
    let S0_end = I + ex_end * p.E_ex + in_end * p.E_in;
    let S1_begin = p.g_L + s.g_ex + s.g_in;
    let drive = Drive(S0_begin, S0_mid, S0_end, S1_begin, p.g_L + ex_mid + in_mid, p.g_L + ex_end + in_end);

    let dV = select(awake, leaky(s.V_m, p.V_th, p.h_C, drive), real(0.0)) + s.V_low;
    let V_next = s.V_m + dV;
    s.V_low = dV - (V_next - s.V_m);
    s.V_m = V_next;
    s.g_ex = ex_end;
    s.g_in = in_end;
});

step!(|p: &Propagators, s: &mut State, input: &Input| {
    s.g_ex += input.ex;
    s.g_in -= input.inh;

    let awake = s.ref_left <= real(0.0);
    let fired = awake && (s.V_m - p.V_th) + s.V_low >= real(0.0);
    s.V_m = select(fired, p.V_reset, s.V_m);
    s.V_low = select(fired, real(0.0), s.V_low);
    s.ref_left = select(fired, p.ref_steps, select(awake, s.ref_left, s.ref_left - real(1.0)));
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(substep, step);

    const NAME: &'static str = "iaf_cond_exp";
    const SUMMARY: &'static str = "leaky integrate-and-fire, exponential conductances";
    const RECEPTORS: &'static [Receptor] = Receptor::CONDUCTANCES;
    const MAX_SUBSTEP: f64 = 0.05;
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, Drive::CUDA, LEAKY_CUDA, SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, h: f64) -> Result<Propagators, Error> {
        let check = Check::<Self>(q);
        check.finite()?.positive(&["C_m", "tau_syn_ex", "tau_syn_in"])?.not_negative(&["g_L", "t_ref"])?;
        check.below("V_reset", q.V_th, "a potential below V_th")?;
        let (ex, inh) = (q.tau_syn_ex, q.tau_syn_in);
        Ok(Propagators {
            P11_ex_m1: decay_m1(h, ex) as real,
            P11_in_m1: decay_m1(h, inh) as real,
            P11_ex_half_m1: decay_m1(0.5 * h, ex) as real,
            P11_in_half_m1: decay_m1(0.5 * h, inh) as real,
            h_C: (h / q.C_m) as real,
            g_L: q.g_L as real,
            I_0: (q.g_L * q.E_L + q.I_e) as real,
            E_ex: q.E_ex as real,
            E_in: q.E_in as real,
            V_th: q.V_th as real,
            V_reset: q.V_reset as real,
            ref_steps: steps(q.t_ref, dt),
        })
    }

    fn initial(q: &Params) -> State {
        State { V_m: q.E_L as real, ..Default::default() }
    }
}
