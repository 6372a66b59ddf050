//! BrainCog's linear neuron with adaptation and gap junctions, of its thalamo-cortical models.
//!
//! ```text
//! V_m    += dt / C_m (-g_L (V_m - E_L) + alpha_ad w + I_back + I_chem + Gamma_c (mean V_m - V_m) + I_stim)
//! w      += dt / tau_ad (-w + beta_ad (V_m - E_L))         with the new V_m
//! I_chem += dt / tau_I (-I_chem + weights of this step's spikes)
//! B      += dt / tau_I (noise - B)       I_back = sigma B / sqrt(dt / (2 tau_I)) + mu
//! ```
//!
//! Order inside a step: background and synapses with what arrives; one Euler step; the neuron fires if
//! the potential went from below `V_th` to at least `V_th`. With `reset = 1` (excitatory and relay cells)
//! it then returns to `E_L`; inhibitory cells are not reset. The mean is that of the population before the step.
//!
//! The factor of B is BrainCog's, which is biased, see `background.rs`. BrainCog's potentials are relative
//! to rest (`E_L` = 0). Its cell types (V_th, C_m / (g_L + Gamma_c), mu, sigma, alpha_ad, beta_ad, reset): E 10
//! 40 5 12 0 0 1; I 4 10 -20 10 -2 4.5 0; TC 10 30 5 12 0 0 1; TI 4 20 -20 10 -2 4.5 0; TRN 4 40 -20 10 -2
//! 4.5 0; Gamma_c is 1/9 for inhibitory cells.
//!
//! Reference: Zeng Y et al. (2023) Patterns 4:100789, and the code of BrainCog.

use crate::background::noise_scale;
use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, Sign};
use crate::{columns, cuda, drawers, params, step};

params! {
    /// What the user sets.
    pub struct Params {
        /// Capacitance of the membrane.
        pub C_m: "pF" = 40.0,
        /// Leak conductance.
        pub g_L: "nS" = 1.0,
        /// Resting potential.
        pub E_L: "mV" = 0.0,
        /// Threshold.
        pub V_th: "mV" = 10.0,
        /// 1: the potential returns to `E_L` after a spike; 0: it does not.
        pub reset: "" = 1.0,
        /// Factor of the adaptation in the current.
        pub alpha_ad: "" = 0.0,
        /// Subthreshold adaptation.
        pub beta_ad: "nS" = 0.0,
        /// Time constant of adaptation.
        pub tau_ad: "ms" = 20.0,
        /// Conductance of the gap junctions.
        pub Gamma_c: "nS" = 0.0,
        /// Time constant of synapses and background current.
        pub tau_I: "ms" = 10.0,
        /// Mean background current.
        pub mu: "pA" = 5.0,
        /// Nominal standard deviation of the background current.
        pub sigma: "pA" = 12.0,
    }
}

columns! {
    /// Derived once per run.
    pub struct Propagators {
        /// Step over `tau_I`, over `tau_ad`.
        pub h_tau_I, h_tau_ad: "",
        /// Step over capacitance.
        pub h_C: "ms/pF",
        /// Conductances of leak and gap junctions.
        pub g_L, Gamma_c: "nS",
        /// Resting potential, threshold.
        pub E_L, V_th: "mV",
        /// Adaptation.
        pub alpha_ad, beta_ad: "",
        /// From filtered noise to current, and the mean of that current.
        pub noise_scale, mu: "pA",
        /// 1: the potential is reset.
        pub reset: "",
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
        /// Synaptic current.
        pub I_chem: "pA",
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
        /// Mean membrane potential of the population.
        pub V_mean: "mV",
    }
}

step!(|p: &Propagators, s: &mut State, input: &Input| {
    s.B += p.h_tau_I * (input.noise - s.B);
    s.I_chem += p.h_tau_I * (input.syn - s.I_chem);
    let I = p.noise_scale * s.B + p.mu + s.I_chem + p.Gamma_c * (input.V_mean - s.V_m) + input.I_stim;

    let V_next = s.V_m + p.h_C * (p.g_L * (p.E_L - s.V_m) + p.alpha_ad * s.w + I);
    s.w += p.h_tau_ad * (p.beta_ad * (V_next - p.E_L) - s.w);

    let fired = V_next >= p.V_th && s.V_m < p.V_th;
    s.V_m = select(fired && p.reset > real(0.5), p.E_L, V_next);
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "adth";
    const SUMMARY: &'static str = "BrainCog's linear neuron with adaptation and gap junctions";
    const RECEPTORS: &'static [Receptor] = &[Receptor { name: "syn", accepts: Sign::Both, unit: "pA" }];
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, NO_SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        let check = Check::<Self>(q);
        check.finite()?.positive(&["C_m", "tau_ad", "tau_I"])?.not_negative(&["g_L", "Gamma_c", "sigma"])?.flag("reset")?;
        check.below("E_L", q.V_th, "a potential below V_th")?;
        Ok(Propagators {
            h_tau_I: (dt / q.tau_I) as real,
            h_tau_ad: (dt / q.tau_ad) as real,
            h_C: (dt / q.C_m) as real,
            g_L: q.g_L as real,
            Gamma_c: q.Gamma_c as real,
            E_L: q.E_L as real,
            V_th: q.V_th as real,
            alpha_ad: q.alpha_ad as real,
            beta_ad: q.beta_ad as real,
            noise_scale: noise_scale(q.sigma, q.tau_I, dt),
            mu: q.mu as real,
            reset: q.reset as real,
        })
    }

    fn initial(q: &Params) -> State {
        State { V_m: q.E_L as real, ..Default::default() }
    }
}
