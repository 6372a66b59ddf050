//! Membranes under currents that are linear in the potential.
//!
//! Leak, synapses and constant currents together are `S0 - S1 * V_m`: for a conductance g with reversal
//! potential E, S0 grows by g E and S1 by g. Over a substep S0 and S1 are known exactly at its begin,
//! middle and end, because conductances decay in closed form; only the potential is integrated, with
//! the classical Runge-Kutta method of fourth order.

use crate::kit::*;
use crate::{device_fn, values};

values! {
    /// The current `S0 - S1 * V_m` over a substep.
    pub(crate) struct Drive {
        /// S0 at the begin (pA).
        S0_begin,
        /// S0 in the middle (pA).
        S0_mid,
        /// S0 at the end (pA).
        S0_end,
        /// S1 at the begin (nS).
        S1_begin,
        /// S1 in the middle (nS).
        S1_mid,
        /// S1 at the end (nS).
        S1_end,
    }
}

device_fn! {
    LEAKY_CUDA:
    /// What a substep adds to the potential `V` of a leaky membrane; `h_C` is the substep over `C_m`.
    /// As in NEST, currents do not see a potential above the threshold.
    fn leaky(V: real, V_th: real, h_C: real, d: Drive) -> real {
        let k1 = h_C * (d.S0_begin - d.S1_begin * min(V, V_th));
        let k2 = h_C * (d.S0_mid - d.S1_mid * min(V + real(0.5) * k1, V_th));
        let k3 = h_C * (d.S0_mid - d.S1_mid * min(V + real(0.5) * k2, V_th));
        let k4 = h_C * (d.S0_end - d.S1_end * min(V + k3, V_th));
        return (k1 + real(2.0) * (k2 + k3) + k4) * real(0.16666666666666666);
    }
}
