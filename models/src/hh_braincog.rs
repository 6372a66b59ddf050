//! BrainCog's Hodgkin-Huxley neuron, with background and synapses.
//!
//! ```text
//! x   += dt (alpha_x (1 - x) - beta_x x)        x = n, m, h: the rates of the squid axon
//! V_m += dt / C_m (-g_Na m^3 h (V_m - E_Na) - g_K n^4 (V_m - E_K) - g_L (V_m - E_L) + I)
//! I    = I_back + I_syn + I_stim                see `background.rs`
//! ```
//!
//! All potentials are relative to rest, as in 1952 and in BrainCog: rest is 0 mV, `V_th` 50 mV. Currents and
//! conductances are those of one square centimetre in BrainCog's numbers, read as pA, nS and pF.
//!
//! Order inside a step: Euler substeps of at most 0.01 ms (BrainCog's step), channels first, under the
//! current of the last step; the neuron fires if the step took it from below `V_th` to above, and is
//! not reset; then background and synapses take what arrives. The background is drawn once per step: use
//! 0.01 ms for BrainCog's own process.
//!
//! References: Hodgkin AL, Huxley AF (1952) J Physiol 117:500-544; Zeng Y et al. (2023) Patterns 4:100789.

use crate::background::*;
use crate::hh::*;
use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, Sign};
use crate::{columns, cuda, drawers, params, step, substep};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 1.0,
        /// Peak conductance of sodium.
        pub g_Na: "nS" = 120.0,
        /// Peak conductance of potassium.
        pub g_K: "nS" = 36.0,
        /// Leak conductance.
        pub g_L: "nS" = 0.3,
        /// Reversal potential of sodium, relative to rest.
        pub E_Na: "mV" = 115.0,
        /// Reversal potential of potassium, relative to rest.
        pub E_K: "mV" = -12.0,
        /// Reversal potential of the leak, relative to rest.
        pub E_L: "mV" = 10.6,
        /// Threshold, relative to rest.
        pub V_th: "mV" = 50.0,
        /// Time constant of the background current.
        pub tau_I: "ms" = 3.0,
        /// Mean background current.
        pub mu: "pA" = 10.0,
        /// Nominal standard deviation of the background current.
        pub sigma: "pA" = 12.0,
        /// Time constant of the synapses.
        pub tau_d: "ms" = 3.0,
        /// Time constant of the synapses' first filter.
        pub tau_r: "ms" = 6.0,
    }
}

columns! {
    /// Derived once per run.
    pub struct Propagators {
        /// Factors of the filters, see `background.rs`.
        pub f_B, f_s, f_weight, f_r, dt: "",
        /// From filtered noise to current, and the mean of that current.
        pub noise_scale, mu: "pA",
        /// Substep, and over capacitance.
        pub h, h_C: "ms, ms/pF",
        /// Conductances.
        pub g_Na, g_K, g_L: "nS",
        /// Reversal potentials and threshold, relative to rest.
        pub E_Na, E_K, E_L, V_th: "mV",
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Membrane potential, relative to rest.
        pub V_m: "mV",
        /// Membrane potential before this step.
        pub V_old: "mV",
        /// Activation of sodium.
        pub Act_m: "",
        /// Inactivation of sodium.
        pub Inact_h: "",
        /// Activation of potassium.
        pub Act_n: "",
        /// Filtered noise.
        pub B: "",
        /// First filter of the synapses.
        pub s_syn: "pA/ms",
        /// Synaptic current.
        pub I_syn: "pA",
        /// All current of the last step.
        pub I: "pA",
    }
}

columns! {
    /// What arrives in a step.
    pub struct Input {
        /// Summed weights.
        pub syn: "pA",
        /// Current from generators over the step.
        pub I_stim: "pA",
        /// A standard normal number.
        pub noise: "",
    }
}

substep!(|p: &Propagators, s: &mut State, _input: &Input| {
    let r = classic_rates(s.V_m);
    s.Act_n += p.h * (r.alpha_n * (real(1.0) - s.Act_n) - r.beta_n * s.Act_n);
    // Far below rest, where Euler's step would overshoot, the gate goes straight to its steady state.
    let h_m = min(p.h, real(1.0) / (r.alpha_m + r.beta_m));
    s.Act_m += h_m * (r.alpha_m * (real(1.0) - s.Act_m) - r.beta_m * s.Act_m);
    s.Inact_h += p.h * (r.alpha_h * (real(1.0) - s.Inact_h) - r.beta_h * s.Inact_h);
    let I_Na = p.g_Na * s.Act_m * s.Act_m * s.Act_m * s.Inact_h * (p.E_Na - s.V_m);
    let I_K = p.g_K * (s.Act_n * s.Act_n) * (s.Act_n * s.Act_n) * (p.E_K - s.V_m);
    s.V_m += p.h_C * (I_Na + I_K + p.g_L * (p.E_L - s.V_m) + s.I);
});

step!(|p: &Propagators, s: &mut State, input: &Input| {
    let fired = s.V_old < p.V_th && s.V_m > p.V_th;
    s.V_old = s.V_m;

    let filters = Filters(p.f_B, p.f_s, p.f_weight, p.f_r, p.dt);
    let back = background(filters, Background(s.B, s.s_syn, s.I_syn), input.syn, input.noise);
    s.B = back.B;
    s.s_syn = back.s;
    s.I_syn = back.r;
    s.I = p.noise_scale * back.B + p.mu + back.r + input.I_stim;
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(substep, step);

    const NAME: &'static str = "hh_braincog";
    const SUMMARY: &'static str = "BrainCog's Hodgkin-Huxley neuron with background and synapses";
    const RECEPTORS: &'static [Receptor] = &[Receptor { name: "syn", accepts: Sign::Both, unit: "pA" }];
    const MAX_SUBSTEP: f64 = 0.01;
    const CUDA: &'static str = cuda!(
        Propagators::CUDA,
        State::CUDA,
        Input::CUDA,
        Background::CUDA,
        Filters::CUDA,
        BACKGROUND_CUDA,
        Rates::CUDA,
        LINOID_CUDA,
        CLASSIC_CUDA,
        SUBSTEP_CUDA,
        STEP_CUDA,
    );

    fn propagators(q: &Params, dt: f64, h: f64) -> Result<Propagators, Error> {
        let check = Check::<Self>(q);
        check.finite()?.positive(&["C_m", "tau_I", "tau_d", "tau_r"])?.not_negative(&["g_Na", "g_K", "g_L", "sigma"])?;
        Ok(Propagators {
            f_B: (dt / q.tau_I) as real,
            f_s: (dt / q.tau_r) as real,
            f_weight: (dt / (q.tau_r * q.tau_d)) as real,
            f_r: (dt / q.tau_d) as real,
            dt: dt as real,
            noise_scale: noise_scale(q.sigma, q.tau_I, dt),
            mu: q.mu as real,
            h: h as real,
            h_C: (h / q.C_m) as real,
            g_Na: q.g_Na as real,
            g_K: q.g_K as real,
            g_L: q.g_L as real,
            E_Na: q.E_Na as real,
            E_K: q.E_K as real,
            E_L: q.E_L as real,
            V_th: q.V_th as real,
        })
    }

    fn initial(q: &Params) -> State {
        State { Act_m: 0.05, Inact_h: 0.59, Act_n: 0.31, I: q.mu as real, ..Default::default() }
    }
}
