//! Hodgkin-Huxley neuron after Traub & Miles with exponential post-synaptic conductances.
//!
//! ```text
//! C_m dV_m/dt = -g_Na m^3 h (V_m - E_Na) - g_K n^4 (V_m - E_K) - g_L (V_m - E_L)
//!               - g_ex (V_m - E_ex) - g_in (V_m - E_in) + I_e + I_stim
//! dx/dt       = alpha_x (1 - x) - beta_x x        x = m, h, n: rates of V_m - V_T
//! dg_X/dt     = -g_X / tau_syn_X        g_X += |weight| at each spike
//! ```
//!
//! Order inside a step: integrate; add the spikes that arrive to the conductances; a potential of at
//! least `V_T` + 30 mV that fell in this step is a spike, unless the last one is less than `t_ref` ago.
//! Nothing is reset.
//!
//! As in NEST, channels start in the steady state of a potential of `E_L` above `V_T` (at the defaults:
//! all closed), not of `E_L`.
//!
//! Synapses are exact; membrane and channels take Runge-Kutta substeps of fourth order of at most 0.0125 ms:
//! within 1e-3 mV of the limit of small substeps away from spikes (a test states it).
//!
//! References: Traub RD, Miles R (1991) Neuronal Networks of the Hippocampus, Cambridge University Press;
//! Brette R et al. (2007) J Comput Neurosci 23:349-398.

use crate::conductance::Drive;
use crate::hh::*;
use crate::kit::*;
use crate::model::{Error, Model, Receptor};
use crate::{columns, cuda, drawers, params, step, substep};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 200.0,
        /// Peak conductance of sodium.
        pub g_Na: "nS" = 20000.0,
        /// Peak conductance of potassium.
        pub g_K: "nS" = 6000.0,
        /// Leak conductance.
        pub g_L: "nS" = 10.0,
        /// Reversal potential of sodium.
        pub E_Na: "mV" = 50.0,
        /// Reversal potential of potassium.
        pub E_K: "mV" = -90.0,
        /// Reversal potential of the leak.
        pub E_L: "mV" = -60.0,
        /// Shifts the rates; the threshold is about 13 mV above it.
        pub V_T: "mV" = -63.0,
        /// Reversal potential of excitation.
        pub E_ex: "mV" = 0.0,
        /// Reversal potential of inhibition.
        pub E_in: "mV" = -80.0,
        /// Least time between spikes.
        pub t_ref: "ms" = 2.0,
        /// Time constant of the synaptic conductance.
        pub tau_syn_ex: "ms" = 5.0,
        /// Time constant of the synaptic conductance.
        pub tau_syn_in: "ms" = 10.0,
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
        /// Membrane potential before this step.
        pub V_old: "mV",
        /// Activation of sodium.
        pub Act_m: "",
        /// Inactivation of sodium.
        pub Inact_h: "",
        /// Activation of potassium.
        pub Act_n: "",
        /// What is too small for the last bit of `Inact_h`, of `Act_n`.
        pub h_low, n_low: "",
        /// Synaptic conductance.
        pub g_ex, g_in: "nS",
        /// Steps left in which no spike counts.
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

gated_membrane!(traub_rates);

substep!(|p: &Propagators, s: &mut State, input: &Input| {
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
    let more = advance(p, Channels((s.V_m - p.V_0) + s.V_low, s.Act_m, s.Inact_h, s.Act_n), drive);
    let dV = more.V + s.V_low;
    let V_next = s.V_m + dV;
    s.V_low = dV - (V_next - s.V_m);
    s.V_m = V_next;
    s.Act_m += more.m;
    let dh = more.h + s.h_low;
    let h_next = s.Inact_h + dh;
    s.h_low = dh - (h_next - s.Inact_h);
    s.Inact_h = h_next;
    let dn = more.n + s.n_low;
    let n_next = s.Act_n + dn;
    s.n_low = dn - (n_next - s.Act_n);
    s.Act_n = n_next;
    s.g_ex = ex_end;
    s.g_in = in_end;
});

step!(|p: &Propagators, s: &mut State, input: &Input| {
    s.g_ex += input.ex;
    s.g_in -= input.inh;

    let awake = s.ref_left <= real(0.0);
    let fired = awake && s.V_m >= p.V_spike && s.V_old > s.V_m;
    s.ref_left = select(fired, p.ref_steps, select(awake, s.ref_left, s.ref_left - real(1.0)));
    s.V_old = s.V_m;
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(substep, step);

    const NAME: &'static str = "hh_cond_exp_traub";
    const SUMMARY: &'static str = "Hodgkin-Huxley after Traub and Miles, exponential conductances";
    const RECEPTORS: &'static [Receptor] = Receptor::CONDUCTANCES;
    const MAX_SUBSTEP: f64 = 0.0125;
    const CUDA: &'static str = cuda!(
        Propagators::CUDA,
        State::CUDA,
        Input::CUDA,
        Drive::CUDA,
        Channels::CUDA,
        Rates::CUDA,
        LINOID_CUDA,
        TRAUB_CUDA,
        FLOW_CUDA,
        MOVED_CUDA,
        ADVANCE_CUDA,
        SUBSTEP_CUDA,
        STEP_CUDA,
    );

    fn propagators(q: &Params, dt: f64, h: f64) -> Result<Propagators, Error> {
        propagators::<Self>(q, dt, h, q.V_T, q.V_T + 30.0)
    }

    fn initial(q: &Params) -> State {
        let (Act_m, Inact_h, Act_n) = at_rest(traub_rates(q.E_L as real));
        State { V_m: q.E_L as real, V_old: q.E_L as real, Act_m, Inact_h, Act_n, ..Default::default() }
    }
}
