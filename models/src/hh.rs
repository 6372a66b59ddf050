//! Membranes with sodium and potassium channels after Hodgkin & Huxley.
//!
//! ```text
//! C_m dV_m/dt = -g_Na m^3 h (V_m - E_Na) - g_K n^4 (V_m - E_K) - g_L (V_m - E_L) + I
//! dx/dt       = alpha_x (1 - x) - beta_x x        x = m, h, n
//! ```
//!
//! The rates alpha and beta are functions of the potential, in one of two sets.
//!
//! References: Hodgkin AL, Huxley AF (1952) J Physiol 117:500-544; Traub RD, Miles R (1991) Neuronal
//! Networks of the Hippocampus, Cambridge University Press.

use crate::exact::decay_m1;
use crate::kit::*;
use crate::model::{Check, Error, Model, Parameters, steps};
use crate::{columns, device_fn, values};

columns! {
    /// Derived once per run; the same for all models of this family.
    pub struct Propagators {
        /// Substep.
        pub h: "ms",
        /// Bound of the rates of sodium activation, for stability far below rest, where it is shut.
        pub fastest: "1/ms",
        /// Inverse of the capacitance.
        pub inv_C: "1/pF",
        /// Conductances.
        pub g_Na, g_K, g_L: "nS",
        /// Origin of the potential in the rates; substeps count from there, where a `real` is finer.
        pub V_0: "mV",
        /// Reversal potentials of channels and, where they are conductances, of synapses, from `V_0`.
        pub E_Na, E_K, E_ex, E_in: "mV",
        /// Leak at `V_0`, and the constant input current.
        pub I_0: "pA",
        /// A maximum above this potential is a spike.
        pub V_spike: "mV",
        /// Decay of the synapses over a substep, and over half of it, minus one.
        pub P11_ex_m1, P11_in_m1, P11_ex_half_m1, P11_in_half_m1: "",
        /// Slope of the alpha-shaped current that a spike of weight 1 starts.
        pub rise_ex, rise_in: "1/ms",
        /// Refractory time in steps.
        pub ref_steps: "steps",
    }
}

values! {
    /// Potential and channels, or their derivatives.
    pub(crate) struct Channels {
        /// Membrane potential, from `V_0`.
        V,
        /// Activation of sodium.
        m,
        /// Inactivation of sodium.
        h,
        /// Activation of potassium.
        n,
    }
}

values! {
    /// Opening and closing rates of the channels (1/ms).
    pub(crate) struct Rates {
        /// Activation of sodium.
        alpha_m,
        /// Deactivation of sodium.
        beta_m,
        /// End of the inactivation of sodium.
        alpha_h,
        /// Inactivation of sodium.
        beta_h,
        /// Activation of potassium.
        alpha_n,
        /// Deactivation of potassium.
        beta_n,
    }
}

device_fn! {
    LINOID_CUDA:
    /// x / (1 - e^(-x)); near 0, where that is 0/0, its series.
    fn linoid(x: real) -> real {
        let q = x * x;
        let series = real(1.0) + real(0.5) * x + q * (real(0.08333333333333333) - q * real(0.001388888888888889));
        let small = abs(x) < real(0.3);
        let safe = select(small, real(1.0), x);
        return select(small, series, safe / (real(1.0) - exp(-safe)));
    }
}

device_fn! {
    CLASSIC_CUDA:
    /// Rates of the squid axon; the potential is relative to rest, and bounded by -150 mV.
    fn classic_rates(V: real) -> Rates {
        let v = max(V, real(-150.0));
        let alpha_m = linoid((v - real(25.0)) * real(0.1));
        let beta_m = real(4.0) * exp(v * real(-0.05555555555555555));
        let alpha_h = real(0.07) * exp(v * real(-0.05));
        let beta_h = real(1.0) / (real(1.0) + exp((real(30.0) - v) * real(0.1)));
        let alpha_n = real(0.1) * linoid((v - real(10.0)) * real(0.1));
        let beta_n = real(0.125) * exp(v * real(-0.0125));
        return Rates(alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n);
    }
}

device_fn! {
    TRAUB_CUDA:
    /// Rates of a hippocampal pyramidal cell; the potential is relative to `V_T`, and bounded by -100 mV.
    fn traub_rates(V: real) -> Rates {
        let v = max(V, real(-100.0));
        let alpha_m = real(1.28) * linoid((v - real(13.0)) * real(0.25));
        let beta_m = real(1.4) * linoid((real(40.0) - v) * real(0.2));
        let alpha_h = real(0.128) * exp((real(17.0) - v) * real(0.05555555555555555));
        let beta_h = real(4.0) / (real(1.0) + exp((real(40.0) - v) * real(0.2)));
        let alpha_n = real(0.16) * linoid((v - real(15.0)) * real(0.2));
        let beta_n = real(0.5) * exp((real(10.0) - v) * real(0.025));
        return Rates(alpha_m, beta_m, alpha_h, beta_h, alpha_n, beta_n);
    }
}

/// Defines `advance` with its text `ADVANCE_CUDA`: what a substep adds to [`Channels`] whose rates are
/// `$rates`, by the classical Runge-Kutta method of fourth order.
macro_rules! gated_membrane {
    ($rates:ident) => {
        $crate::device_fn! {
            FLOW_CUDA:
            /// Derivatives under the current `S0 - S1 V`.
            fn flow(p: &Propagators, c: Channels, S0: real, S1: real) -> Channels {
                let r = $rates(c.V);
                let I_Na = p.g_Na * c.m * c.m * c.m * c.h * (p.E_Na - c.V);
                let I_K = p.g_K * (c.n * c.n) * (c.n * c.n) * (p.E_K - c.V);
                let calm = min(real(1.0), p.fastest / (r.alpha_m + r.beta_m));
                let dm = calm * (r.alpha_m - (r.alpha_m + r.beta_m) * c.m);
                let dh = r.alpha_h - (r.alpha_h + r.beta_h) * c.h;
                let dn = r.alpha_n - (r.alpha_n + r.beta_n) * c.n;
                return Channels((I_Na + I_K + S0 - S1 * c.V) * p.inv_C, dm, dh, dn);
            }
        }
        $crate::device_fn! {
            MOVED_CUDA:
            /// `c` after a time `t` with the derivatives `k`.
            fn moved(c: Channels, t: real, k: Channels) -> Channels {
                return Channels(c.V + t * k.V, c.m + t * k.m, c.h + t * k.h, c.n + t * k.n);
            }
        }
        $crate::device_fn! {
            ADVANCE_CUDA:
            /// What a substep adds.
            fn advance(p: &Propagators, c: Channels, d: Drive) -> Channels {
                let half = real(0.5) * p.h;
                let k1 = flow(p, c, d.S0_begin, d.S1_begin);
                let k2 = flow(p, moved(c, half, k1), d.S0_mid, d.S1_mid);
                let k3 = flow(p, moved(c, half, k2), d.S0_mid, d.S1_mid);
                let k4 = flow(p, moved(c, p.h, k3), d.S0_end, d.S1_end);
                let sixth = p.h * real(0.16666666666666666);
                let dV = sixth * (k1.V + real(2.0) * (k2.V + k3.V) + k4.V);
                let dm = sixth * (k1.m + real(2.0) * (k2.m + k3.m) + k4.m);
                let dh = sixth * (k1.h + real(2.0) * (k2.h + k3.h) + k4.h);
                let dn = sixth * (k1.n + real(2.0) * (k2.n + k3.n) + k4.n);
                return Channels(dV, dm, dh, dn);
            }
        }
    };
}
pub(crate) use gated_membrane;

/// Checks the parameters that the family shares and derives the propagators.
pub(crate) fn propagators<M: Model>(q: &M::Params, dt: f64, h: f64, V_0: f64, V_spike: f64) -> Result<Propagators, Error> {
    let of = |name: &str| q.value(name).unwrap_or(0.0);
    let check = Check::<M>(q);
    check.finite()?.positive(&["C_m", "tau_syn_ex", "tau_syn_in"])?.not_negative(&["t_ref", "g_Na", "g_K", "g_L"])?;
    Ok(Propagators {
        h: h as real,
        fastest: (2.2 / h) as real,
        inv_C: (1.0 / of("C_m")) as real,
        g_Na: of("g_Na") as real,
        g_K: of("g_K") as real,
        g_L: of("g_L") as real,
        E_Na: (of("E_Na") - V_0) as real,
        E_K: (of("E_K") - V_0) as real,
        E_ex: (of("E_ex") - V_0) as real,
        E_in: (of("E_in") - V_0) as real,
        I_0: (of("g_L") * (of("E_L") - V_0) + of("I_e")) as real,
        V_0: V_0 as real,
        V_spike: V_spike as real,
        P11_ex_m1: decay_m1(h, of("tau_syn_ex")) as real,
        P11_in_m1: decay_m1(h, of("tau_syn_in")) as real,
        P11_ex_half_m1: decay_m1(0.5 * h, of("tau_syn_ex")) as real,
        P11_in_half_m1: decay_m1(0.5 * h, of("tau_syn_in")) as real,
        rise_ex: (std::f64::consts::E / of("tau_syn_ex")) as real,
        rise_in: (std::f64::consts::E / of("tau_syn_in")) as real,
        ref_steps: steps(of("t_ref"), dt),
    })
}

/// The channels' steady state under these rates.
pub(crate) fn at_rest(r: Rates) -> (real, real, real) {
    (r.alpha_m / (r.alpha_m + r.beta_m), r.alpha_h / (r.alpha_h + r.beta_h), r.alpha_n / (r.alpha_n + r.beta_n))
}
