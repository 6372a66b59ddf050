//! Propagators of linear models, after Rotter & Diesmann (1999) Biol Cybern 81:381-402.
//!
//! A membrane with time constant `tau_m` and capacitance `C_m` receives a current that decays with
//! `tau_syn`. The closed forms divide by `tau_m - tau_syn`; they are written here with [`decay_mean`],
//! which has no singularity, so equal time constants need no special case.

/// 1 - e^(-x) over x, the mean of a decay from 1 over a time of x time constants; 1 at x = 0.
fn decay_mean(x: f64) -> f64 {
    if x.abs() < 1e-8 { 1.0 - 0.5 * x } else { -libm::expm1(-x) / x }
}

/// Minus the derivative of [`decay_mean`]; 1/2 at x = 0.
fn decay_mean_slope(x: f64) -> f64 {
    if x.abs() < 1e-2 {
        // The closed form loses digits to cancellation; the Taylor series to x^6 does not.
        0.5 - x * (1.0 / 3.0 - x * (1.0 / 8.0 - x * (1.0 / 30.0 - x * (1.0 / 144.0 - x / 840.0))))
    } else {
        (-libm::expm1(-x) - x * libm::exp(-x)) / (x * x)
    }
}

/// Decay over a step.
pub(crate) fn decay(dt: f64, tau: f64) -> f64 {
    libm::exp(-dt / tau)
}

/// Decay over a step, minus one.
pub(crate) fn decay_m1(dt: f64, tau: f64) -> f64 {
    libm::expm1(-dt / tau)
}

/// From a current that is constant over the step to the potential (mV/pA).
pub(crate) fn from_constant(dt: f64, tau_m: f64, C_m: f64) -> f64 {
    -tau_m / C_m * decay_m1(dt, tau_m)
}

/// From an exponentially decaying current to the potential (mV/pA):
/// the integral of e^(-s/tau_syn) e^(-(dt-s)/tau_m) / C_m over the step.
pub(crate) fn from_exponential(dt: f64, tau_m: f64, tau_syn: f64, C_m: f64) -> f64 {
    let (slow, x) = ordered(dt, tau_m, tau_syn);
    dt / C_m * slow * decay_mean(x)
}

/// From the derivative of an alpha-shaped current to the potential (mV ms/pA):
/// the integral of s e^(-s/tau_syn) e^(-(dt-s)/tau_m) / C_m over the step.
pub(crate) fn from_alpha(dt: f64, tau_m: f64, tau_syn: f64, C_m: f64) -> f64 {
    let x = dt * (1.0 / tau_syn - 1.0 / tau_m);
    // Where the synapse is the slower one, count s from the end: s = dt - r.
    let integral =
        if x >= 0.0 { decay(dt, tau_m) * decay_mean_slope(x) } else { decay(dt, tau_syn) * (decay_mean(-x) - decay_mean_slope(-x)) };
    dt * dt / C_m * integral
}

/// The decay with the longer time constant, and how much faster the other one is over a step.
fn ordered(dt: f64, tau_a: f64, tau_b: f64) -> (f64, f64) {
    let x = dt * (1.0 / tau_b - 1.0 / tau_a);
    if x >= 0.0 { (decay(dt, tau_a), x) } else { (decay(dt, tau_b), -x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Simpson's rule over one step.
    fn integral(dt: f64, f: impl Fn(f64) -> f64) -> f64 {
        let n = 2000;
        let h = dt / n as f64;
        let inner: f64 = (1..n).map(|i| f(i as f64 * h) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
        h / 3.0 * (f(0.0) + inner + f(dt))
    }

    #[test]
    fn propagators_equal_their_integrals_also_where_time_constants_meet() {
        for dt in [0.05, 0.1, 1.0] {
            for tau_m in [1.0, 10.0, 10.000_001, 10.01, 20.0] {
                for tau_syn in [0.2, 2.0, 10.0, 10.5, 50.0] {
                    let kernel = |s: f64| (-s / tau_syn - (dt - s) / tau_m).exp() / 250.0;
                    let cases = [
                        (from_exponential(dt, tau_m, tau_syn, 250.0), integral(dt, kernel)),
                        (from_alpha(dt, tau_m, tau_syn, 250.0), integral(dt, |s| s * kernel(s))),
                    ];
                    for (found, expected) in cases {
                        assert!((found / expected - 1.0).abs() < 1e-10, "{found} {expected} at {dt} {tau_m} {tau_syn}");
                    }
                }
            }
        }
    }
}
