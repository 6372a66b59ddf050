//! The numbers of Potjans & Diesmann (2014) and what follows from them.
//!
//! Sizes, connection probabilities and external in-degrees: Potjans TC, Diesmann M (2014) The cell-type
//! specific cortical microcircuit. Cereb Cortex 24:785-806, Tables 4 and 5. Mean rates and the initial
//! potentials that avoid a start-up transient: van Albada SJ et al. (2018) Front Neurosci 12:291 and the
//! NEST example that goes with it.

use crate::Cell;

/// Populations of the circuit, in the order of every table here: layer, then E before I.
pub const POPULATIONS: [&str; 8] = ["23E", "23I", "4E", "4I", "5E", "5I", "6E", "6I"];

/// Neurons under 1 mm2; 77,169 in all.
pub const NEURONS: [u32; 8] = [20_683, 5_834, 21_915, 5_479, 4_850, 1_065, 14_395, 2_948];

/// Synapses per neuron that come from outside the circuit.
pub const EXTERNAL_INDEGREES: [f64; 8] = [1600.0, 1500.0, 2100.0, 1900.0, 2000.0, 1900.0, 2900.0, 2100.0];

/// Mean rates of the full-size circuit in 1/s.
pub const MEAN_RATES: [f64; 8] = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];

/// Mean of the initial potentials in mV.
pub(crate) const INITIAL_MEAN: [f64; 8] = [-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43];

/// Standard deviation of the initial potentials in mV.
pub(crate) const INITIAL_STD: [f64; 8] = [5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48];

/// Connection probabilities, `[target][source]`.
const PROBABILITIES: [[f64; 8]; 8] = [
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0000, 0.0076, 0.0000],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0000, 0.0042, 0.0000],
    [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0000],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0000, 0.1057, 0.0000],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0000],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0000],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443],
];

/// Neurons of the full-size circuit.
pub(crate) fn full_size() -> f64 {
    NEURONS.iter().map(|n| f64::from(*n)).sum()
}

/// True for the excitatory populations.
pub(crate) const fn is_excitatory(population: usize) -> bool {
    population.is_multiple_of(2)
}

/// Place of the layer of a population among 2/3, 4, 5, 6.
pub(crate) const fn layer(population: usize) -> usize {
    population / 2
}

/// Synapses from `source` to `target` at full size, not rounded. A probability C of at least one
/// synapse between a pair means `ln(1 - C) / ln(1 - 1 / (N_target N_source))` synapses in all, for
/// multapses are allowed (Potjans & Diesmann 2014, equation 1).
pub(crate) fn synapses(target: usize, source: usize) -> f64 {
    let pairs = f64::from(NEURONS[target]) * f64::from(NEURONS[source]);
    // Not `log1p(-1 / pairs)`, which is closer to the truth: the published 298,880,968 comes from this.
    libm::log(1.0 - PROBABILITIES[target][source]) / libm::log((pairs - 1.0) / pairs)
}

/// Synapses from `source` on each neuron of `target`.
pub(crate) fn indegree(target: usize, source: usize) -> f64 {
    synapses(target, source) / f64::from(NEURONS[target])
}

/// The current in pA that an exponential synapse needs for a potential of 1 mV at its peak.
pub(crate) fn current_per_psp(cell: &Cell, tau_syn: f64) -> f64 {
    let (tau_m, capacitance) = (cell.tau_m.0, cell.C_m.0);
    if tau_m == tau_syn {
        return capacitance / tau_m * std::f64::consts::E;
    }
    let ratio = tau_m / tau_syn;
    let difference = tau_syn - tau_m;
    let peak = libm::pow(ratio, tau_m / difference) - libm::pow(ratio, tau_syn / difference);
    capacitance * difference / (tau_m * tau_syn * peak)
}
