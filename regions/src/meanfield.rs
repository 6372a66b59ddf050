//! Stationary rates of coupled microcircuits from mean-field theory.
//!
//! The input of a neuron is taken as Gaussian white noise with the mean and variance that its presynaptic
//! rates give; the rate of an integrate-and-fire neuron with such input, with thresholds shifted for the time constant of
//! synapses, is known (Siegert AJF 1951 Phys Rev 81:617-623; Fourcaud N, Brunel N 2002 Neural Comput
//! 14:2057-2110, equation 4.33); a damped iteration makes input and output agree. For the isolated circuit at full
//! size the result is within 0.5 spikes per second of the simulated rates.

use std::f64::consts::PI;

use crate::corticocortical::Inputs;
use crate::microcircuit::{Background, Cell, Microcircuit};
use crate::pd14::{self, EXTERNAL_INDEGREES};

/// Rates of the eight populations of a region in 1/s.
pub(crate) type Rates = [f64; 8];

/// Part of the way that a step of the iteration goes.
const DAMPING: f64 = 0.15;

/// Steps at most; the iteration ends when no rate changes by more than `TOLERANCE` (1/s).
const STEPS: usize = 400;

/// See [`STEPS`].
const TOLERANCE: f64 = 1e-3;

/// Nodes and weights of Gauss-Legendre quadrature on [-1, 1].
const NODES: [(f64, f64); 4] = [
    (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    (-0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];

/// Intervals of the quadrature.
const PANELS: usize = 16;

/// Stationary rates of all regions at full scale. `backgrounds` is the rate of external synapses in each region.
pub(crate) fn stationary(recipe: &Microcircuit, inputs: &Inputs, backgrounds: &[f64]) -> Vec<Rates> {
    let mut rates = vec![pd14::MEAN_RATES; backgrounds.len()];
    for _ in 0..STEPS {
        let arriving = inputs.arriving(&rates);
        let mut largest: f64 = 0.0;
        for (region, background) in backgrounds.iter().enumerate() {
            let mut next = [0.0; 8];
            for (target, next) in next.iter_mut().enumerate() {
                let (mean, variance) = input(recipe, inputs, &rates[region], arriving[region][target], *background, target);
                *next = rate(&recipe.neuron, mean, variance);
            }
            for (rate, next) in rates[region].iter_mut().zip(next) {
                largest = largest.max((next - *rate).abs());
                *rate += DAMPING * (next - *rate);
            }
        }
        if largest < TOLERANCE {
            break;
        }
    }
    rates
}

/// Mean (pA) of a population's input and variance (mV2) of the noise that it makes of the potential.
fn input(recipe: &Microcircuit, inputs: &Inputs, rates: &Rates, arriving: f64, background: f64, target: usize) -> (f64, f64) {
    let cell = &recipe.neuron;
    let external = background * EXTERNAL_INDEGREES[target] * inputs.background_share();
    let mut mean = 0.0;
    let mut variance = 0.0;
    let mut add = |spikes: f64, weight: f64, source: usize, noisy: bool| {
        let tau_syn = recipe.tau_syn(source);
        mean += recipe.mean_current(spikes, weight, source);
        let jump = weight * tau_syn / cell.C_m.0;
        variance += if noisy { 1e-3 * cell.tau_m.0 * spikes * jump * jump } else { 0.0 };
    };
    for (source, rate) in rates.iter().enumerate() {
        add(rate * pd14::indegree(target, source), recipe.full_weight(source, target), source, true);
    }
    add(arriving, recipe.tract_weight(target), 0, true);
    add(external, recipe.full_weight(0, 1), 0, recipe.background == Background::Poisson);
    (mean, variance)
}

/// Rate (1/s) of a neuron with this input.
fn rate(cell: &Cell, mean: f64, variance: f64) -> f64 {
    let tau_m = cell.tau_m.0;
    let sigma = libm::sqrt(variance).max(1e-9);
    let rest = cell.E_L.0 + mean * tau_m / cell.C_m.0;
    // sqrt(2) |zeta(1/2)| / 2
    let shift = 1.032_634_6 * libm::sqrt(cell.tau_syn_ex.0 / tau_m);
    let (from, to) = ((cell.V_reset.0 - rest) / sigma + shift, (cell.V_th.0 - rest) / sigma + shift);
    if to > 25.0 {
        return 0.0; // e^625 steps would pass before the first spike
    }
    let width = (to - from) / PANELS as f64;
    let panel = |i: usize| {
        let middle = from + width * (i as f64 + 0.5);
        NODES.iter().map(|(x, w)| w * integrand(middle + 0.5 * width * x)).sum::<f64>()
    };
    let integral = 0.5 * width * (0..PANELS).map(panel).sum::<f64>();
    1e3 / (cell.t_ref.0 + tau_m * libm::sqrt(PI) * integral)
}

/// `exp(x^2) (1 + erf(x))`, without loss far below zero.
fn integrand(x: f64) -> f64 {
    if x < -10.0 {
        return -(1.0 - 0.5 / (x * x)) / (x * libm::sqrt(PI));
    }
    libm::exp(x * x) * libm::erfc(-x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integrand_is_continuous_where_its_form_changes() {
        assert!((integrand(-10.0) / integrand(-10.000_001) - 1.0).abs() < 1e-4);
        assert!((integrand(0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn without_noise_the_rate_is_that_of_a_constant_current() {
        let cell = Cell::default();
        let current = 500.0; // 20 mV above rest, 5 mV above threshold
        let expected = 1e3 / (2.0 + 10.0 * libm::log(20.0 / 5.0));
        let found = rate(&cell, current, 1e-4);
        assert!((found - expected).abs() < 0.01 * expected, "{found} instead of {expected}");
    }

    #[test]
    fn a_neuron_far_below_threshold_is_silent() {
        assert_eq!(rate(&Cell::default(), 0.0, 1e-3), 0.0);
    }
}
