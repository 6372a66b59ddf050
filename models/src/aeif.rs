//! The membrane of the adaptive exponential integrate-and-fire models.
//!
//! ```text
//! C_m dV_m/dt   = -g_L (V_m - E_L) + g_L Delta_T e^((V_m - V_th) / Delta_T) - w + I
//! tau_w dw/dt   = a (V_m - E_L) - w
//! V_m >= V_peak:  V_m = V_reset, w += b
//! ```
//!
//! A substep is a Runge-Kutta step of fourth order. Near a spike V_m runs to infinity in finite time,
//! and no step in V_m is short enough. There u = e^(-(V_m - V_th) / Delta_T) takes its place: with F
//! the current without the exponential, du/dt = -(u F + g_L Delta_T) / (C_m Delta_T), which stays
//! regular down to u = 0. A Runge-Kutta step in u finds the instant at which u falls below its value at
//! `V_peak`; the rest of the substep is integrated from the reset. So a spike is located inside the
//! substep, without a branch. Where no neuron of a tile is near a spike the step in V_m alone has the same bits
//! (`calm_substep`); that spares three quarters of the work almost always.
//!
//! As in NEST, `w` jumps at that instant, V_m is held at `V_reset` and `w` evolves while refractory,
//! and V_m counts as at most `V_peak` in every current. NEST sees `V_peak` only at the end of its
//! adaptive substeps, which matters where `V_peak` is within a few `Delta_T` of `V_th`. With `Delta_T = 0`
//! the exponential is absent and the neuron fires at the end of a step with V_m >= `V_th`. With
//! `t_ref = 0` NEST allows several spikes in a step; here a second one waits for the next step.
//!
//! References: Brette R, Gerstner W (2005) J Neurophysiol 94:3637-3642; Naud R et al. (2008) Biol
//! Cybern 99:335-347.

use crate::conductance::Drive;
use crate::exact::decay_m1;
use crate::kit::*;
use crate::model::{Check, Error, Model, Parameters, steps};
use crate::{columns, cuda, device_fn, values};

columns! {
    /// Derived once per run; the same for all models of this family.
    pub struct Propagators {
        /// Substep.
        pub h: "ms",
        /// Inverse of capacitance, of `Delta_T` and of `tau_w`.
        pub inv_C, inv_Delta, inv_tau_w: "1/pF, 1/mV, 1/ms",
        /// Leak conductance, and over capacitance.
        pub g_L, leak_rate: "nS, 1/ms",
        /// Leak at 0 mV, and the constant input current.
        pub I_0: "pA",
        /// Factor of the exponential: `g_L Delta_T`.
        pub I_T: "pA",
        /// Slope factor.
        pub Delta_T: "mV",
        /// Potentials, see the parameters.
        pub E_L, V_th, V_reset, V_peak: "mV",
        /// Above this potential a substep integrates u.
        pub V_switch: "mV",
        /// At this potential the neuron fires at the end of a step: `V_peak`, or `V_th` if `Delta_T = 0`.
        pub V_fire: "mV",
        /// u at `V_peak`.
        pub u_peak: "",
        /// Subthreshold adaptation, spike-triggered adaptation.
        pub a, b: "nS, pA",
        /// Refractory time in steps.
        pub ref_steps: "steps",
        /// `V_m` is held while more than this is left of the refractory time.
        pub ref_free: "steps",
        /// Decay of the synapses over a substep, and over half of it, minus one.
        pub P11_ex_m1, P11_in_m1, P11_ex_half_m1, P11_in_half_m1: "",
        /// Slope of the alpha-shaped conductance that a spike of weight 1 starts.
        pub rise_ex, rise_in: "1/ms",
        /// Reversal potentials, where synapses are conductances.
        pub E_ex, E_in: "mV",
    }
}

values! {
    /// The part of a neuron's state that its membrane needs.
    pub(crate) struct Cell {
        /// Membrane potential.
        V_m,
        /// What is too small for the last bit of `V_m`.
        V_low,
        /// Adaptation current.
        w,
        /// What is too small for the last bit of `w`.
        w_low,
        /// Refractory steps left; one more than `ref_steps` in the step of a spike.
        ref_left,
    }
}

device_fn! {
    SLOPE_CUDA:
    /// dV_m/dt under the current `S0 - S1 V_m`.
    fn slope(p: &Propagators, V_m: real, w: real, S0: real, S1: real) -> real {
        let V = min(V_m, p.V_peak);
        return (S0 - S1 * V - w + p.I_T * exp((V - p.V_th) * p.inv_Delta)) * p.inv_C;
    }
}

device_fn! {
    DRIFT_CUDA:
    /// dw/dt.
    fn drift(p: &Propagators, V_m: real, w: real) -> real {
        return (p.a * (min(V_m, p.V_peak) - p.E_L) - w) * p.inv_tau_w;
    }
}

device_fn! {
    FALL_CUDA:
    /// du/dt under the current `S0 - S1 V`.
    fn fall(p: &Propagators, u: real, V: real, w: real, S0: real, S1: real) -> real {
        return -u * (S0 - S1 * V - w) * p.inv_C * p.inv_Delta - p.leak_rate;
    }
}

device_fn! {
    NEAR_CUDA:
    /// Whether a membrane is so near a spike that u must be integrated.
    fn is_near(p: &Propagators, m: Cell, d: Drive) -> bool {
        let V = min(m.V_m, p.V_peak);
        let rise = exp((V - p.V_th) * p.inv_Delta);
        let F = (d.S0_begin - d.S1_begin * V - m.w) * p.inv_C;
        return m.ref_left <= real(0.0) && V + p.h * (F + p.I_T * p.inv_C * rise) > p.V_switch;
    }
}

device_fn! {
    RUNGE_KUTTA_CUDA:
    /// A membrane after a time `h` under the current `d`; `w` jumps by `dw` first.
    fn runge_kutta(p: &Propagators, m: Cell, dw: real, d: Drive, h: real) -> Cell {
        let held = m.ref_left > p.ref_free;
        let half = real(0.5) * h;
        let w_1 = m.w + dw;
        let kV1 = select(held, real(0.0), slope(p, m.V_m, w_1, d.S0_begin, d.S1_begin));
        let kw1 = drift(p, m.V_m, w_1);
        let V_2 = m.V_m + half * kV1;
        let w_2 = w_1 + half * kw1;
        let kV2 = select(held, real(0.0), slope(p, V_2, w_2, d.S0_mid, d.S1_mid));
        let kw2 = drift(p, V_2, w_2);
        let V_3 = m.V_m + half * kV2;
        let w_3 = w_1 + half * kw2;
        let kV3 = select(held, real(0.0), slope(p, V_3, w_3, d.S0_mid, d.S1_mid));
        let kw3 = drift(p, V_3, w_3);
        let V_4 = m.V_m + h * kV3;
        let w_4 = w_1 + h * kw3;
        let kV4 = select(held, real(0.0), slope(p, V_4, w_4, d.S0_end, d.S1_end));
        let kw4 = drift(p, V_4, w_4);

        let sixth = h * real(0.16666666666666666);
        let dV = sixth * (kV1 + real(2.0) * (kV2 + kV3) + kV4) + m.V_low;
        let dw_all = sixth * (kw1 + real(2.0) * (kw2 + kw3) + kw4) + dw + m.w_low;
        let V_next = m.V_m + dV;
        let w_next = m.w + dw_all;
        let V_low = select(V_next >= p.V_peak, real(0.0), dV - (V_next - m.V_m));
        return Cell(min(V_next, p.V_peak), V_low, w_next, dw_all - (w_next - m.w), m.ref_left);
    }
}

device_fn! {
    REST_CUDA:
    /// The current over what is left of a substep after the part `from`: on the parabolas through begin, middle and end.
    fn rest(d: Drive, from: real) -> Drive {
        let b0 = real(4.0) * (d.S0_mid - d.S0_begin) - (d.S0_end - d.S0_begin);
        let b1 = real(4.0) * (d.S1_mid - d.S1_begin) - (d.S1_end - d.S1_begin);
        let c0 = (d.S0_end - d.S0_begin) - b0;
        let c1 = (d.S1_end - d.S1_begin) - b1;
        let mid = real(0.5) + real(0.5) * from;
        let S0_begin = d.S0_begin + from * (b0 + from * c0);
        let S1_begin = d.S1_begin + from * (b1 + from * c1);
        let S0_mid = select(from > real(0.0), d.S0_begin + mid * (b0 + mid * c0), d.S0_mid);
        let S1_mid = select(from > real(0.0), d.S1_begin + mid * (b1 + mid * c1), d.S1_mid);
        return Drive(S0_begin, S0_mid, d.S0_end, S1_begin, S1_mid, d.S1_end);
    }
}

device_fn! {
    ADVANCE_CUDA:
    /// One substep of a membrane.
    fn advance(p: &Propagators, m: Cell, d: Drive) -> Cell {
        let near = is_near(p, m, d);
        let V = min(m.V_m, p.V_peak);
        let F = (d.S0_begin - d.S1_begin * V - m.w) * p.inv_C;

        // Near a spike: a Runge-Kutta step in u, where V = V_th - Delta_T ln u.
        let u = real(1.0) / exp((V - p.V_th) * p.inv_Delta);
        let du1 = -u * F * p.inv_Delta - p.leak_rate;
        let u2 = max(u + real(0.5) * p.h * du1, p.u_peak);
        let V2 = p.V_th - p.Delta_T * ln(u2);
        let w_mid = m.w + real(0.5) * p.h * drift(p, V, m.w);
        let du2 = fall(p, u2, V2, w_mid, d.S0_mid, d.S1_mid);
        let u3 = max(u + real(0.5) * p.h * du2, p.u_peak);
        let V3 = p.V_th - p.Delta_T * ln(u3);
        let du3 = fall(p, u3, V3, w_mid, d.S0_mid, d.S1_mid);
        let u4 = max(u + p.h * du3, p.u_peak);
        let V4 = p.V_th - p.Delta_T * ln(u4);
        let w_late = m.w + p.h * drift(p, V3, w_mid);
        let du4 = fall(p, u4, V4, w_late, d.S0_end, d.S1_end);
        let change = p.h * (du1 + real(2.0) * (du2 + du3) + du4) * real(0.16666666666666666);
        let spiked = near && u + change <= p.u_peak;
        // Two Newton steps find where the cubic through both ends meets u_peak.
        let begin = p.h * du1;
        let end = -p.h * p.leak_rate;
        let c2 = real(3.0) * change - real(2.0) * begin - end;
        let c3 = begin + end - real(2.0) * change;
        let over = u - p.u_peak;
        let x1 = min(max(-over / change, real(0.0)), real(1.0));
        let x2 = x1 - (over + x1 * (begin + x1 * (c2 + x1 * c3))) / (begin + x1 * (real(2.0) * c2 + real(3.0) * x1 * c3));
        let y = min(max(x2, real(0.0)), real(1.0));
        let x3 = y - (over + y * (begin + y * (c2 + y * c3))) / (begin + y * (real(2.0) * c2 + real(3.0) * y * c3));
        let at_spike = min(max(x3, real(0.0)), real(1.0));
        // w sees the mean of V_th - Delta_T ln u, which is integrable, over a straight fall of u.
        let u_end = max(u + change, p.u_peak);
        let V_near = p.V_th - p.Delta_T * ln(u_end);
        let falls = u - u_end > real(0.001) * u;
        let mean = p.Delta_T + (u * V - u_end * V_near) / select(falls, u - u_end, real(1.0));
        let V_mean = min(select(falls, mean, V), p.V_peak);
        let h_near = p.h * select(spiked, at_spike, real(1.0));
        let dw_free = h_near * (drift(p, V_mean, m.w) * (real(1.0) - real(0.5) * h_near * p.inv_tau_w));
        let dw_near = select(near, dw_free, real(0.0)) + select(spiked, p.b, real(0.0));

        // The rest of the substep: all of it far from a spike, what a spike leaves, or nothing.
        let from = select(spiked, at_spike, select(near, real(1.0), real(0.0)));
        let V_1 = select(spiked, p.V_reset, select(near, V_near, m.V_m));
        let V_low = select(near, real(0.0), m.V_low);
        let ref_left = select(spiked, p.ref_steps + real(1.0), m.ref_left);
        return runge_kutta(p, Cell(V_1, V_low, m.w, m.w_low, ref_left), dw_near, rest(d, from), p.h * (real(1.0) - from));
    }
}

/// What [`advance`] does to a membrane that is not near a spike, and whether this one is not.
#[inline(always)]
pub(crate) fn calm_advance(p: &Propagators, m: Cell, d: Drive) -> (Cell, bool) {
    (runge_kutta(p, m, 0.0, d, p.h), !is_near(p, m, d))
}

/// The texts that a model of the family needs before its substep.
pub(crate) const MEMBRANE_CUDA: &str =
    cuda!(Drive::CUDA, Cell::CUDA, SLOPE_CUDA, DRIFT_CUDA, FALL_CUDA, NEAR_CUDA, RUNGE_KUTTA_CUDA, REST_CUDA, ADVANCE_CUDA);

/// Defines `substep` and `SUBSTEP_CUDA` from one body that calls `advance`, and `calm_substep`: the same body
/// with [`calm_advance`] in its place.
macro_rules! calm_substep {
    (|$p:ident: &$P:ident, $s:ident: &mut $S:ident, $i:ident: &$I:ident, $advance:ident| $body:tt) => {
        $crate::substep!(|$p: &$P, $s: &mut $S, $i: &$I| $body);

        #[inline(always)]
        #[allow(non_snake_case)]
        fn calm_substep($p: &$P, $s: &mut $S, $i: &$I) -> bool {
            let mut is_calm = false;
            let mut $advance = |p: &$P, m: Cell, d: Drive| {
                let (cell, calm) = calm_advance(p, m, d);
                is_calm = calm;
                cell
            };
            $body
            is_calm
        }
    };
}
pub(crate) use calm_substep;

/// Checks the parameters that the family shares and derives the propagators.
pub(crate) fn propagators<M: Model>(q: &M::Params, dt: f64, h: f64) -> Result<Propagators, Error> {
    let check = Check::<M>(q);
    let of = |name: &str| q.value(name).unwrap_or(0.0);
    let (V_th, V_peak, Delta_T, g_L, C_m) = (of("V_th"), of("V_peak"), of("Delta_T"), of("g_L"), of("C_m"));
    check.finite()?.positive(&["C_m", "tau_w", "tau_syn_ex", "tau_syn_in"])?.not_negative(&["t_ref", "Delta_T", "g_L"])?;
    check.below("V_reset", V_peak, "a potential below V_peak")?;
    check.require("V_peak", V_peak >= V_th, "a potential of at least V_th")?;
    let exponent = if Delta_T > 0.0 { (V_peak - V_th) / Delta_T } else { 0.0 };
    check.require("Delta_T", exponent < OVERFLOW, "0, or more than (V_peak - V_th) / 663")?;

    // In a substep at V_switch the exponential adds a quarter of Delta_T.
    let V_switch = if Delta_T > 0.0 { V_th - Delta_T * libm::log(4.0 * h * g_L / C_m) } else { f64::INFINITY };
    let ref_steps = steps(of("t_ref"), dt);
    Ok(Propagators {
        h: h as real,
        inv_C: (1.0 / C_m) as real,
        inv_Delta: if Delta_T > 0.0 { (1.0 / Delta_T) as real } else { 0.0 },
        inv_tau_w: (1.0 / of("tau_w")) as real,
        g_L: g_L as real,
        leak_rate: (g_L / C_m) as real,
        I_0: (g_L * of("E_L") + of("I_e")) as real,
        I_T: (g_L * Delta_T) as real,
        Delta_T: Delta_T as real,
        E_L: of("E_L") as real,
        V_th: V_th as real,
        V_reset: of("V_reset") as real,
        V_peak: V_peak as real,
        V_switch: V_switch as real,
        V_fire: (if Delta_T > 0.0 { V_peak } else { V_th }) as real,
        u_peak: libm::exp(-exponent.min(80.0)) as real,
        a: of("a") as real,
        b: of("b") as real,
        ref_steps,
        ref_free: if ref_steps > 0.0 { 0.0 } else { 1.0 },
        P11_ex_m1: decay_m1(h, of("tau_syn_ex")) as real,
        P11_in_m1: decay_m1(h, of("tau_syn_in")) as real,
        P11_ex_half_m1: decay_m1(0.5 * h, of("tau_syn_ex")) as real,
        P11_in_half_m1: decay_m1(0.5 * h, of("tau_syn_in")) as real,
        rise_ex: (std::f64::consts::E / of("tau_syn_ex")) as real,
        rise_in: (std::f64::consts::E / of("tau_syn_in")) as real,
        E_ex: of("E_ex") as real,
        E_in: of("E_in") as real,
    })
}

/// NEST's bound on the exponent at `V_peak`: the logarithm of the largest double over 1e20.
const OVERFLOW: f64 = 663.7;
