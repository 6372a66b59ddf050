//! BrainCog's adaptive exponential integrate-and-fire neuron, with background and synapses.
//!
//! ```text
//! V_m += dt / C_m (-g_L (V_m - V_reset) + g_L Delta_T e^((V_m - V_th) / Delta_T) + alpha_ad w + I)
//! w   += dt / tau_w (-w + beta_ad (V_m - V_reset))          with the new V_m
//! V_m > V_th: V_m = V_reset, w += b, then neither changes for t_ref
//! I    = I_back + I_syn + I_stim                            see `background.rs`
//! ```
//!
//! Order inside a step: background and synapses with what arrives; one Euler step, unless refractory;
//! compare with the threshold; reset. The leak's potential is `V_reset`. The model *is* its Euler step
//! of 1 ms: change the resolution and the neuron changes. BrainCog starts neurons at a random point of
//! the refractory time: give `ref_left` values from 0 to `t_ref / dt`.
//!
//! BrainCog's cell types (V_th, V_reset, C_m, tau_w, alpha_ad, beta_ad): E -50 -110 10 1 0 0; I-BC -44
//! -110 10 2 -0.2 0.45; I-MC -45 -66 8.5 2 -0.2 0.45; TC -50 -60 20 1 0 0; TI -50 -60 2 2 -0.2 0.45;
//! TRN -45 -65 4 2 -0.2 0.45. Units are those in which its numbers agree.
//!
//! References: Zeng Y et al. (2023) Patterns 4:100789; Brette R, Gerstner W (2005) J Neurophysiol
//! 94:3637-3642.

use crate::background::*;
use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, Sign, steps};
use crate::{columns, cuda, drawers, params, step};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 10.0,
        /// Leak conductance.
        pub g_L: "nS" = 0.1,
        /// Threshold.
        pub V_th: "mV" = -50.0,
        /// Potential after a spike and at rest.
        pub V_reset: "mV" = -110.0,
        /// Slope factor.
        pub Delta_T: "mV" = 0.5,
        /// Refractory time.
        pub t_ref: "ms" = 5.0,
        /// Time constant of adaptation.
        pub tau_w: "ms" = 1.0,
        /// Factor of the adaptation in the current.
        pub alpha_ad: "" = 0.0,
        /// Subthreshold adaptation.
        pub beta_ad: "nS" = 0.0,
        /// Spike-triggered adaptation.
        pub b: "pA" = 30.0,
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
        /// Step over capacitance.
        pub h_C: "ms/pF",
        /// Leak conductance.
        pub g_L: "nS",
        /// Factor of the exponential.
        pub I_T: "pA",
        /// Inverse of the slope factor.
        pub inv_Delta: "1/mV",
        /// Threshold, potential after a spike and at rest.
        pub V_th, V_reset: "mV",
        /// Step over `tau_w`.
        pub h_tau_w: "",
        /// Adaptation.
        pub alpha_ad, beta_ad, b: "",
        /// Refractory time in steps.
        pub ref_steps: "steps",
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Membrane potential.
        pub V_m: "mV",
        /// Adaptation current.
        pub w: "pA",
        /// Filtered noise.
        pub B: "",
        /// First filter of the synapses.
        pub s_syn: "pA/ms",
        /// Synaptic current.
        pub I_syn: "pA",
        /// Refractory steps left.
        pub ref_left: "steps",
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

step!(|p: &Propagators, s: &mut State, input: &Input| {
    let filters = Filters(p.f_B, p.f_s, p.f_weight, p.f_r, p.dt);
    let back = background(filters, Background(s.B, s.s_syn, s.I_syn), input.syn, input.noise);
    s.B = back.B;
    s.s_syn = back.s;
    s.I_syn = back.r;
    let I = p.noise_scale * back.B + p.mu + back.r + input.I_stim;

    let awake = s.ref_left <= real(0.0);
    let leak = p.g_L * (s.V_m - p.V_reset);
    let rise = p.I_T * exp((s.V_m - p.V_th) * p.inv_Delta);
    let V_next = select(awake, s.V_m + p.h_C * (rise - leak + p.alpha_ad * s.w + I), s.V_m);
    let w_next = select(awake, s.w + p.h_tau_w * (p.beta_ad * (V_next - p.V_reset) - s.w), s.w);

    let fired = V_next > p.V_th;
    s.V_m = select(fired, p.V_reset, V_next);
    s.w = select(fired, w_next + p.b, w_next);
    s.ref_left = select(fired, p.ref_steps, max(s.ref_left - real(1.0), real(0.0)));
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "aeif_braincog";
    const SUMMARY: &'static str = "BrainCog's adaptive exponential integrate-and-fire with background and synapses";
    const RECEPTORS: &'static [Receptor] = &[Receptor { name: "syn", accepts: Sign::Both, unit: "pA" }];
    // V_m to 8 uV and w to 16 fA, against steps of 1 mV and 30 pA; filtered noise to 1/4096 of its input's deviation;
    // synapses to a fortieth of what one event of 1.5 pA adds.
    const COMPACT: Option<&'static [real]> = Some(&[1.0 / 128.0, 1.0 / 64.0, 1.0 / 4096.0, 1.0 / 512.0, 1.0 / 64.0, 1.0]);
    const CUDA: &'static str =
        cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, Background::CUDA, Filters::CUDA, BACKGROUND_CUDA, NO_SUBSTEP_CUDA, STEP_CUDA,);

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        let check = Check::<Self>(q);
        check.finite()?.positive(&["C_m", "Delta_T", "tau_w", "tau_I", "tau_d", "tau_r"])?;
        check.not_negative(&["g_L", "t_ref", "sigma"])?.below("V_reset", q.V_th, "a potential below V_th")?;
        Ok(Propagators {
            f_B: (dt / q.tau_I) as real,
            f_s: (dt / q.tau_r) as real,
            f_weight: (dt / (q.tau_r * q.tau_d)) as real,
            f_r: (dt / q.tau_d) as real,
            dt: dt as real,
            noise_scale: noise_scale(q.sigma, q.tau_I, dt),
            mu: q.mu as real,
            h_C: (dt / q.C_m) as real,
            g_L: q.g_L as real,
            I_T: (q.g_L * q.Delta_T) as real,
            inv_Delta: (1.0 / q.Delta_T) as real,
            V_th: q.V_th as real,
            V_reset: q.V_reset as real,
            h_tau_w: (dt / q.tau_w) as real,
            alpha_ad: q.alpha_ad as real,
            beta_ad: q.beta_ad as real,
            b: q.b as real,
            ref_steps: steps(q.t_ref, dt),
        })
    }

    fn initial(q: &Params) -> State {
        State { V_m: q.V_reset as real, ..Default::default() }
    }
}
