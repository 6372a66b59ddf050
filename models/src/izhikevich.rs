//! Izhikevich's simple neuron.
//!
//! ```text
//! dV_m/dt = 0.04 V_m^2 + 5 V_m + 140 - U_m + I_e + I_stim        V_m += weight (mV) at each spike
//! dU_m/dt = a (b V_m - U_m)
//! V_m >= V_th:  V_m = c, U_m += d
//! ```
//!
//! Order inside a step: one Euler step with the old V_m and U_m; add the spikes that arrive; bound by
//! `V_min`; compare with the threshold; then reset. There is no refractory time.
//!
//! Constants and state carry what their last bit leaves out (`_low`): a neuron that creeps past its
//! threshold would magnify rounding otherwise.
//!
//! The model *is* its Euler step: change the resolution and the neuron changes. With
//! `consistent_integration = 0` the step is that of the 2003 paper (resolution 1 ms): V_m in two half
//! steps, spikes as a current, then U_m with the new V_m.
//!
//! Reference: Izhikevich EM (2003) IEEE Trans Neural Netw 14:1569-1572.

use crate::kit::*;
use crate::model::{Check, Error, Model, Receptor, Sign};
use crate::{columns, cuda, drawers, params, step};

params! {
    /// What the user sets.
    pub struct Params {
        /// Rate of recovery.
        pub a: "" = 0.02,
        /// Sensitivity of recovery to the potential.
        pub b: "" = 0.2,
        /// Potential after a spike.
        pub c: "mV" = -65.0,
        /// What a spike adds to recovery.
        pub d: "mV" = 8.0,
        /// Threshold.
        pub V_th: "mV" = 30.0,
        /// Lower bound of the potential.
        pub V_min: "mV" = f64::NEG_INFINITY,
        /// Constant input current.
        pub I_e: "pA" = 0.0,
        /// 1: Euler's method; 0: the two half steps of the 2003 paper.
        pub consistent_integration: "" = 1.0,
    }
}

columns! {
    /// Derived once per run.
    pub struct Propagators {
        /// Step, half of it where the potential takes two; and what its last bit leaves out.
        pub h, h_low: "ms",
        /// 0.04 times that step.
        pub h_q, h_q_low: "",
        /// Step times `a`.
        pub h_a, h_a_low: "ms",
        /// Sensitivity of recovery to the potential.
        pub b, b_low: "",
        /// Potential after a spike, what it adds to recovery, threshold, lower bound.
        pub c, d, V_th, V_min: "mV",
        /// Constant input current and the constant term.
        pub I_e: "pA",
        /// 1: Euler's method.
        pub euler: "",
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Membrane potential.
        pub V_m: "mV",
        /// Recovery.
        pub U_m: "mV",
        /// What is too small for the last bit of `V_m`, of `U_m`.
        pub V_low, U_low: "mV",
    }
}

columns! {
    /// What arrives in a step.
    pub struct Input {
        /// Summed weights.
        pub delta: "mV",
        /// Current from generators over the step.
        pub I_stim: "pA",
    }
}

step!(|p: &Propagators, s: &mut State, input: &Input| {
    let euler = p.euler > real(0.5);
    let I = p.I_e - s.U_m - s.U_low + input.I_stim + select(euler, real(0.0), input.delta);
    // 0.04 V^2 + 5 V + 140 = 0.04 (V + 62.5)^2 - 16.25: no cancellation of large terms.
    let x = s.V_m + real(62.5);
    let x_low = (s.V_m - (x - real(62.5))) + s.V_low;
    let dV_1 = p.h_q * x * x + p.h * I + (p.h_q_low * x * x + p.h_low * I + real(2.0) * p.h_q * x * x_low);
    let y = x + dV_1;
    let y_low = (dV_1 - (y - x)) + x_low;
    let dV_2 = p.h_q * y * y + p.h * I + (p.h_q_low * y * y + p.h_low * I + real(2.0) * p.h_q * y * y_low);
    let dV = dV_1 + select(euler, input.delta, dV_2) + s.V_low;
    let V_free = s.V_m + dV;
    let V_next = max(V_free, p.V_min);
    let V_low = select(V_free > p.V_min, dV - (V_free - s.V_m), real(0.0));
    let V_seen = select(euler, s.V_m, V_next);
    let lag = (p.b * V_seen - s.U_m) + (p.b_low * V_seen + p.b * select(euler, s.V_low, V_low));
    let dU = p.h_a * lag + (p.h_a_low * lag + s.U_low);

    let fired = (V_next - p.V_th) + V_low >= real(0.0);
    s.V_m = select(fired, p.c, V_next);
    s.V_low = select(fired, real(0.0), V_low);
    let more = dU + select(fired, p.d, real(0.0));
    let U_next = s.U_m + more;
    s.U_low = more - (U_next - s.U_m);
    s.U_m = U_next;
    return fired;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "izhikevich";
    const SUMMARY: &'static str = "simple spiking neuron, quadratic with recovery";
    const RECEPTORS: &'static [Receptor] = &[Receptor { name: "delta", accepts: Sign::Both, unit: "mV" }];
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, NO_SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(q: &Params, dt: f64, _h: f64) -> Result<Propagators, Error> {
        Check::<Self>(q).finite()?.flag("consistent_integration")?;
        let euler = q.consistent_integration == 1.0;
        let h = if euler { dt } else { 0.5 * dt };
        let low = |x: f64| (x - (x as real) as f64) as real;
        Ok(Propagators {
            h: h as real,
            h_low: low(h),
            h_q: (0.04 * h) as real,
            h_q_low: low(0.04 * h),
            h_a: (dt * q.a) as real,
            h_a_low: low(dt * q.a),
            b: q.b as real,
            b_low: low(q.b),
            c: q.c as real,
            d: q.d as real,
            V_th: q.V_th as real,
            V_min: q.V_min as real,
            I_e: (q.I_e - 16.25) as real,
            euler: q.consistent_integration as real,
        })
    }

    fn initial(q: &Params) -> State {
        State { V_m: -65.0, U_m: (q.b * -65.0) as real, ..Default::default() }
    }
}
