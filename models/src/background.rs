//! What BrainCog's brain models share: noisy background current and slow synapses.
//!
//! ```text
//! B += dt / tau_I (noise - B)          I_back = sigma B / sqrt(dt / (2 tau_I)) + mu
//! s += dt / tau_r (-s + weight / tau_d at each spike)
//! r += -dt / tau_d r + dt s            I_syn  = r
//! ```
//!
//! `noise` is a standard normal number per step. The factor of B is BrainCog's, which is biased: at a
//! resolution of 1 ms the current's standard deviation is 1.095 sigma. In BrainCog the filters s and r
//! belong to the presynaptic neuron; as they are linear and alike for all neurons, they stand here
//! behind the summed weights. A spike enters as `dt weight`, so the synapses too belong to one resolution.
//!
//! Reference: Zeng Y et al. (2023) Patterns 4:100789, and the code of BrainCog.

use crate::kit::*;
use crate::{device_fn, values};

values! {
    /// Filter states.
    pub(crate) struct Background {
        /// Filtered noise B.
        B,
        /// First filter of the synapses.
        s,
        /// Second filter of the synapses: their current.
        r,
    }
}

values! {
    /// Factors of a step.
    pub(crate) struct Filters {
        /// dt / tau_I.
        B,
        /// dt / tau_r.
        s,
        /// dt / (tau_r tau_d).
        weight,
        /// dt / tau_d.
        r,
        /// dt.
        dt,
    }
}

device_fn! {
    BACKGROUND_CUDA:
    /// The filters after a step in which `weight` and `noise` arrive.
    fn background(p: Filters, b: Background, weight: real, noise: real) -> Background {
        let B = b.B + p.B * (noise - b.B);
        let s = b.s - p.s * b.s + p.weight * weight;
        let r = b.r - p.r * b.r + p.dt * s;
        return Background(B, s, r);
    }
}

/// The factor that makes B a current: sigma / sqrt(dt / (2 tau_I)).
pub(crate) fn noise_scale(sigma: f64, tau_I: f64, dt: f64) -> real {
    (sigma / (dt / (2.0 * tau_I)).sqrt()) as real
}
