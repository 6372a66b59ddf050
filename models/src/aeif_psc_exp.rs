//! Adaptive exponential integrate-and-fire neuron with exponential post-synaptic currents.
//!
//! ```text
//! C_m dV_m/dt  = -g_L (V_m - E_L) + g_L Delta_T e^((V_m - V_th) / Delta_T) - w + I
//! tau_w dw/dt  = a (V_m - E_L) - w
//! I            = I_syn_ex + I_syn_in + I_e + I_stim
//! dI_syn_X/dt  = -I_syn_X / tau_syn_X        I_syn_X += weight at each spike
//! V_m >= V_peak: V_m = V_reset, w += b, V_m is held for t_ref
//! ```
//!
//! Order inside a step: integrate, with reset and jump of `w` at the instant of the spike; add the
//! spikes that arrive to the currents.
//!
//! Synapses are exact; membrane and adaptation take Runge-Kutta substeps of at most 1/60 ms, and spikes are
//! located inside them (see `aeif.rs`): within 1e-3 mV of NEST's adaptive solver also after spikes.
//!
//! References: Brette R, Gerstner W (2005) J Neurophysiol 94:3637-3642.

use crate::aeif::*;
use crate::conductance::Drive;
use crate::kit::*;
use crate::model::{Error, Model, Receptor};
use crate::{columns, cuda, drawers, params, step};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 281.0,
        /// Leak conductance.
        pub g_L: "nS" = 30.0,
        /// Resting potential.
        pub E_L: "mV" = -70.6,
        /// Threshold of the exponential.
        pub V_th: "mV" = -50.4,
        /// Slope factor; 0 leaves the exponential out.
        pub Delta_T: "mV" = 2.0,
        /// Potential at which the neuron fires.
        pub V_peak: "mV" = 0.0,
        /// Potential after a spike.
        pub V_reset: "mV" = -60.0,
        /// Absolute refractory time.
        pub t_ref: "ms" = 0.0,
        /// Subthreshold adaptation.
        pub a: "nS" = 4.0,
        /// Spike-triggered adaptation.
        pub b: "pA" = 80.5,
        /// Time constant of adaptation.
        pub tau_w: "ms" = 144.0,
        /// Time constant of the synaptic current.
        pub tau_syn_ex: "ms" = 0.2,
        /// Time constant of the synaptic current.
        pub tau_syn_in: "ms" = 2.0,
        /// Constant input current.
        pub I_e: "pA" = 0.0,
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Membrane potential.
        pub V_m: "mV",
        /// What is too small for the last bit of `V_m`.
        pub V_low: "mV",
        /// Adaptation current.
        pub w: "pA",
        /// What is too small for the last bit of `w`.
        pub w_low: "pA",
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

calm_substep!(|p: &Propagators, s: &mut State, input: &Input, advance| {
    let ex_end = decayed(s.I_syn_ex, p.P11_ex_m1);
    let in_end = decayed(s.I_syn_in, p.P11_in_m1);
    let I = p.I_0 + input.I_stim;
    let I_mid = I + decayed(s.I_syn_ex, p.P11_ex_half_m1) + decayed(s.I_syn_in, p.P11_in_half_m1);
    let drive = Drive(I + s.I_syn_ex + s.I_syn_in, I_mid, I + ex_end + in_end, p.g_L, p.g_L, p.g_L);
    let m = advance(p, Cell(s.V_m, s.V_low, s.w, s.w_low, s.ref_left), drive);
    s.V_m = m.V_m;
    s.V_low = m.V_low;
    s.w = m.w;
    s.w_low = m.w_low;
    s.ref_left = m.ref_left;
    s.I_syn_ex = ex_end;
    s.I_syn_in = in_end;
});

step!(|p: &Propagators, s: &mut State, input: &Input| {
    // Without the exponential, or where a substep leapt over V_peak: fire at the end of the step.
    let late = s.ref_left <= real(0.0) && s.V_m >= p.V_fire;
    s.V_m = select(late, p.V_reset, s.V_m);
    s.V_low = select(late, real(0.0), s.V_low);
    s.w = select(late, s.w + p.b, s.w);
    let ref_left = select(late, p.ref_steps + real(1.0), s.ref_left);
    s.ref_left = max(ref_left - real(1.0), real(0.0));
    s.I_syn_ex += input.ex;
    s.I_syn_in += input.inh;
    return ref_left > p.ref_steps;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(substep, calm_substep, step);

    const NAME: &'static str = "aeif_psc_exp";
    const SUMMARY: &'static str = "adaptive exponential integrate-and-fire, exponential currents";
    const RECEPTORS: &'static [Receptor] = Receptor::CURRENTS;
    const MAX_SUBSTEP: f64 = 0.1 / 6.0;
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, MEMBRANE_CUDA, SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, h: f64) -> Result<Propagators, Error> {
        propagators::<Self>(q, dt, h)
    }

    fn initial(q: &Params) -> State {
        State { V_m: q.E_L as real, ..Default::default() }
    }
}
