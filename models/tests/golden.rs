//! Contract: BrainCog's neurons repeat the spike counts measured in BrainCog itself under constant
//! input, without background noise.

#![allow(non_snake_case)] // physics names

mod support;

use support::{Protocol, simulate};

fn count(protocol: Protocol) -> usize {
    simulate(&protocol).spikes.len()
}

#[test]
fn aeif_braincog_repeats_the_counts_of_all_six_cell_types() {
    // V_th, V_reset, C_m, tau_w, alpha_ad, beta_ad: spikes in 1000 ms at 10, 15, 20, 30.
    let types = [
        ("E", [-50.0, -110.0, 10.0, 1.0, 0.0, 0.0], [10, 17, 24, 35]),
        ("I-BC", [-44.0, -110.0, 10.0, 2.0, -0.2, 0.45], [0, 10, 17, 29]),
        ("I-MC", [-45.0, -66.0, 8.5, 2.0, -0.2, 0.45], [34, 50, 62, 83]),
        ("TC", [-50.0, -60.0, 20.0, 1.0, 0.0, 0.0], [37, 52, 62, 83]),
        ("TI", [-50.0, -60.0, 2.0, 2.0, -0.2, 0.45], [111, 125, 143, 152]),
        ("TRN", [-45.0, -65.0, 4.0, 2.0, -0.2, 0.45], [59, 83, 91, 111]),
    ];
    for (name, values, counts) in types {
        let found = [10.0, 15.0, 20.0, 30.0].map(|mu| {
            let names = ["V_th", "V_reset", "C_m", "tau_w", "alpha_ad", "beta_ad"];
            let quiet = Protocol::quiet("aeif_braincog", 1.0, 1000).with("mu", mu).with("sigma", 0.0);
            count(names.iter().zip(values).fold(quiet, |q, (n, v)| q.with(n, v)))
        });
        println!("{name}: {found:?}");
        assert_eq!(found, counts, "{name}");
    }
}

#[test]
fn hh_braincog_repeats_its_counts() {
    for (I, rate) in [(5.0, 1), (7.0, 59), (10.0, 69), (20.0, 87)] {
        let quiet = Protocol::quiet("hh_braincog", 0.01, 100_000).with("mu", I).with("sigma", 0.0);
        let spikes = simulate(&quiet).spikes;
        println!("{I}: {} spikes, first in step {:?}", spikes.len(), spikes.first());
        assert_eq!(spikes.len(), rate, "at {I}");
        if I == 10.0 {
            assert!(spikes[0].abs_diff(178) <= 1, "first spike in step {}", spikes[0]);
        }
    }
}

#[test]
fn ctizh_repeats_the_counts_of_izhnodemu() {
    // BrainCog's IzhNodeMU takes an Euler step of V and then one of U with the new V, as ctizh does
    // (and as neither mode of NEST's izhikevich does). 0.04 V^2 + 5 V + 140 = 0.04 (V - V_r) (V - V_t),
    // and U counted from b V_r makes up the rest.
    let root = (25.0_f64 - 22.4).sqrt();
    let (V_r, V_t, b) = ((-5.0 - root) / 0.08, (-5.0 + root) / 0.08, 0.2);
    for (I, n) in [(5.0, 9), (10.0, 20), (15.0, 29), (20.0, 39)] {
        let names = ["C_m", "k", "V_r", "V_t", "V_peak", "a", "b", "c", "d", "I_e"];
        let values = [1.0, 0.04, V_r, V_t, 30.0, 0.02, b, -65.0, 8.0, I - b * V_r];
        let mut protocol = names.iter().zip(values).fold(Protocol::quiet("ctizh", 1.0, 1000), |q, (n, v)| q.with(n, v));
        protocol.init = [("V_m".into(), -70.0), ("U_m".into(), -b * V_r)].into();
        // A step of 1 ms magnifies rounding from spike to spike: one spike more or less.
        let found = count(protocol);
        assert!(found.abs_diff(n) <= 1, "{found} at {I}, BrainCog {n}");
    }
}

#[test]
fn a_synaptic_event_of_aeif_braincog_carries_the_same_charge_through_both_filters() {
    // s gains w / (tau_r tau_d) dt and decays with tau_r; r gains its sum and decays with tau_d: in all w.
    let mut protocol = Protocol::quiet("aeif_braincog", 1.0, 400).with("mu", 0.0).with("sigma", 0.0);
    protocol.arrivals.push((5, 1.5));
    let current: f64 = simulate(&protocol).states["I_syn"].iter().sum();
    assert!((current - 1.5).abs() < 1e-5, "{current}");
}

#[test]
fn ctizh_rests_at_v_r_and_fires_faster_under_more_current() {
    let at = |I: f64| count(Protocol::quiet("ctizh", 0.5, 2000).with("I_e", I));
    let rest = simulate(&Protocol::quiet("ctizh", 0.5, 2000)).states["V_m"][1999];
    assert!((rest + 60.0).abs() < 1e-3, "rests at {rest}");
    let counts = [0.0, 400.0, 800.0].map(at);
    assert!(counts[0] == 0 && counts[1] > 0 && counts[1] < counts[2], "{counts:?}");
}

#[test]
fn a_pulse_of_ctizh_moves_the_potential_by_dt_over_capacitance() {
    let mut protocol = Protocol::quiet("ctizh", 0.5, 2);
    protocol.init = [("V_m".into(), -60.0), ("U_m".into(), 0.0)].into();
    protocol.arrivals.push((0, 150.0));
    assert!((simulate(&protocol).states["V_m"][0] - (-60.0 + 0.5 * 150.0 / 100.0)).abs() < 1e-5);
}

#[test]
fn adth_fires_once_per_upward_crossing_and_only_resets_where_asked() {
    // Towards 20 mV with a time constant of 40 ms: crosses 10 mV after 40 ln 2 = 27.7 ms.
    let driven = Protocol::quiet("adth", 1.0, 200).with("mu", 20.0).with("sigma", 0.0);
    let resets = simulate(&driven).spikes;
    assert!(resets[0] == 28 && resets.windows(2).all(|w| w[1] - w[0] == 28), "{resets:?}");
    let free = simulate(&driven.with("reset", 0.0));
    assert_eq!(free.spikes, [28]);
    assert!((free.states["V_m"][199] - 20.0).abs() < 0.2);
}

#[test]
fn gap_junctions_of_adth_pull_towards_the_mean() {
    // With Gamma_c against a mean of 0 the leak is 1 + Gamma_c: the potential settles at mu over that.
    let quiet = Protocol::quiet("adth", 1.0, 2000).with("mu", 5.0).with("sigma", 0.0).with("Gamma_c", 1.0 / 9.0);
    let settled = simulate(&quiet).states["V_m"][1999];
    assert!((settled - 4.5).abs() < 1e-3, "{settled}");
}
