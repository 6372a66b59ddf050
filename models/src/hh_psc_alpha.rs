//! Hodgkin-Huxley neuron with alpha-shaped post-synaptic currents.
//!
//! ```text
//! C_m dV_m/dt = -g_Na m^3 h (V_m - E_Na) - g_K n^4 (V_m - E_K) - g_L (V_m - E_L)
//!               + I_syn_ex + I_syn_in + I_e + I_stim
//! dx/dt       = alpha_x (1 - x) - beta_x x        x = m, h, n: the rates of the squid axon at rest -65 mV
//! I_syn_X(t)  = weight * (t / tau_syn_X) e^(1 - t / tau_syn_X) after each spike: its peak is the weight
//! ```
//!
//! Order inside a step: integrate; add the spikes that arrive to the currents; a potential of at least
//! 0 mV that fell in this step is a spike, unless the last one is less than `t_ref` ago. Nothing is
//! reset.
//!
//! Synapses are exact; membrane and channels take Runge-Kutta substeps of fourth order of at most 0.0125 ms:
//! within 1e-3 mV of the limit of small substeps away from spikes (a test states it).
//!
//! References: Hodgkin AL, Huxley AF (1952) J Physiol 117:500-544; Gerstner W, Kistler W (2002) Spiking
//! Neuron Models, Cambridge University Press.

use crate::conductance::Drive;
use crate::hh::*;
use crate::kit::*;
use crate::model::{Error, Model, Receptor};
use crate::{columns, cuda, drawers, params, step, substep};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 100.0,
        /// Peak conductance of sodium.
        pub g_Na: "nS" = 12000.0,
        /// Peak conductance of potassium.
        pub g_K: "nS" = 3600.0,
        /// Leak conductance.
        pub g_L: "nS" = 30.0,
        /// Reversal potential of sodium.
        pub E_Na: "mV" = 50.0,
        /// Reversal potential of potassium.
        pub E_K: "mV" = -77.0,
        /// Reversal potential of the leak.
        pub E_L: "mV" = -54.402,
        /// Least time between spikes.
        pub t_ref: "ms" = 2.0,
        /// Rise time of the synaptic current.
        pub tau_syn_ex: "ms" = 0.2,
        /// Rise time of the synaptic current.
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
        /// Synaptic current.
        pub I_syn_ex, I_syn_in: "pA",
        /// What drives the synaptic current: its derivative plus `I_syn / tau_syn`.
        pub dI_syn_ex, dI_syn_in: "pA/ms",
        /// Steps left in which no spike counts.
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

gated_membrane!(classic_rates);

substep!(|p: &Propagators, s: &mut State, input: &Input| {
    let I = p.I_0 + input.I_stim;
    let half = real(0.5) * p.h;
    let ex_mid = decayed(s.I_syn_ex + half * s.dI_syn_ex, p.P11_ex_half_m1);
    let in_mid = decayed(s.I_syn_in + half * s.dI_syn_in, p.P11_in_half_m1);
    let ex_end = decayed(s.I_syn_ex + p.h * s.dI_syn_ex, p.P11_ex_m1);
    let in_end = decayed(s.I_syn_in + p.h * s.dI_syn_in, p.P11_in_m1);
    let drive = Drive(I + s.I_syn_ex + s.I_syn_in, I + ex_mid + in_mid, I + ex_end + in_end, p.g_L, p.g_L, p.g_L);
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
    s.I_syn_ex = ex_end;
    s.I_syn_in = in_end;
    s.dI_syn_ex = decayed(s.dI_syn_ex, p.P11_ex_m1);
    s.dI_syn_in = decayed(s.dI_syn_in, p.P11_in_m1);
});

step!(|p: &Propagators, s: &mut State, input: &Input| {
    s.dI_syn_ex += p.rise_ex * input.ex;
    s.dI_syn_in += p.rise_in * input.inh;

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

    const NAME: &'static str = "hh_psc_alpha";
    const SUMMARY: &'static str = "Hodgkin-Huxley, alpha-shaped currents";
    const RECEPTORS: &'static [Receptor] = Receptor::CURRENTS;
    const MAX_SUBSTEP: f64 = 0.0125;
    const CUDA: &'static str = cuda!(
        Propagators::CUDA,
        State::CUDA,
        Input::CUDA,
        Drive::CUDA,
        Channels::CUDA,
        Rates::CUDA,
        LINOID_CUDA,
        CLASSIC_CUDA,
        FLOW_CUDA,
        MOVED_CUDA,
        ADVANCE_CUDA,
        SUBSTEP_CUDA,
        STEP_CUDA,
    );

    fn propagators(q: &Params, dt: f64, h: f64) -> Result<Propagators, Error> {
        propagators::<Self>(q, dt, h, -65.0, 0.0)
    }

    fn initial(_q: &Params) -> State {
        let (Act_m, Inact_h, Act_n) = at_rest(classic_rates(0.0));
        State { V_m: -65.0, V_old: -65.0, Act_m, Inact_h, Act_n, ..Default::default() }
    }
}
