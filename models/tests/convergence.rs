//! Contract: for models integrated in substeps, the default substep is short enough. Against substeps
//! four times shorter, spikes fall into the same steps or their neighbours and potentials differ by less
//! than the manual pages state; and where the error exceeds rounding, halving the substep lowers it.

mod support;

use support::{Protocol, simulate};

/// A strong current with excitation and inhibition on top.
fn driven(model: &str, current: f64, excitation: f64, inhibition: f64) -> Protocol {
    let mut protocol = Protocol::quiet(model, 0.1, 2000).stimulated(current);
    protocol.arrivals = (0..40).map(|i| (17 + 41 * i, excitation)).chain((0..20).map(|i| (60 + 83 * i, inhibition))).collect();
    protocol
}

/// Largest difference of `V_m` away from spikes between substeps `a` and `b` times shorter than usual.
fn difference(protocol: &Protocol, a: u32, b: u32) -> f64 {
    let run = |refine| simulate(&Protocol { refine, ..protocol.clone() });
    let (coarse, fine) = (run(a), run(b));
    assert!(!fine.spikes.is_empty(), "{} does not fire", protocol.model);
    assert_eq!(coarse.spikes.len(), fine.spikes.len(), "{}", protocol.model);
    assert!(coarse.spikes.iter().zip(&fine.spikes).all(|(x, y)| x.abs_diff(*y) <= 1), "{}", protocol.model);
    let window = if protocol.model.starts_with("hh_") { 20 } else { 3 };
    let far = |step: usize| fine.spikes.iter().all(|s| s.abs_diff(step + 1) > window);
    let pairs = coarse.states["V_m"].iter().zip(&fine.states["V_m"]).enumerate();
    pairs.filter(|(step, _)| far(*step)).map(|(_, (x, y))| (x - y).abs()).fold(0.0, f64::max)
}

fn check(protocol: &Protocol, stated: f64) {
    let usual = difference(protocol, 1, 4);
    println!("{}: {usual:.1e} mV at the default substep", protocol.model);
    assert!(usual < stated, "{}: {usual:e}", protocol.model);
}

#[test]
fn conductance_models_stay_within_1e_4_mv_of_short_substeps() {
    check(&driven("iaf_cond_exp", 300.0, 60.0, -80.0), 1e-4);
    check(&driven("iaf_cond_alpha", 300.0, 20.0, -30.0), 1e-4);
}

#[test]
fn adaptive_exponential_models_stay_within_1e_3_mv_of_short_substeps_also_after_spikes() {
    check(&driven("aeif_psc_exp", 900.0, 500.0, -300.0), 1e-3);
    check(&driven("aeif_cond_exp", 900.0, 30.0, -20.0), 1e-3);
    check(&driven("aeif_cond_alpha", 900.0, 10.0, -10.0), 1e-3);
}

#[test]
fn hodgkin_huxley_models_stay_within_1e_3_mv_of_short_substeps() {
    check(&driven("hh_psc_alpha", 900.0, 400.0, -300.0), 1e-3);
    check(&driven("hh_cond_exp_traub", 500.0, 20.0, -20.0), 1e-3);
}

#[test]
fn halving_long_substeps_lowers_the_error_at_least_eightfold() {
    // Huge conductances and no spikes: truncation exceeds rounding by far.
    let mut protocol = driven("iaf_cond_exp", 0.0, 4000.0, -4000.0).with("V_th", 1000.0).with("V_reset", -60.0);
    protocol.arrivals.truncate(60);
    let run = |refine| simulate(&Protocol { refine, ..protocol.clone() }).states["V_m"].clone();
    let error = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    let limit = run(8);
    let (whole, half) = (error(&run(1), &limit), error(&run(2), &limit));
    println!("{whole:.1e} {half:.1e}");
    assert!(whole > 8.0 * half && half > 1e-5, "{whole:e} {half:e}");
}
