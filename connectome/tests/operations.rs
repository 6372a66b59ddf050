//! Contract: operations on a connectome do what their names say and leave the original alone.

use connectome::io::{LoadOptions, load_bytes};
use connectome::{Connectome, Error, Hemisphere, Normalisation, atlas};

fn brain() -> Connectome {
    let text = "source,target,weight,length\nA,B,4,10\nB,A,2,10\nB,C,1,20\nC,A,1,30\n";
    load_bytes("small.csv", text.as_bytes(), &LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_subset_keeps_order_tracts_and_lengths() {
    let c = brain().subset(&["C", "B"]).expect("both are there");
    assert_eq!(c.regions.iter().map(|r| r.label.as_str()).collect::<Vec<_>>(), ["C", "B"]);
    assert_eq!(c.weights.values(), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(c.lengths.expect("kept").at(0, 1), 20.0);
}

#[test]
fn an_unknown_region_is_answered_with_the_nearest() {
    let error = atlas::load("human-84").expect("built in").subset(&["L.PrCg"]).expect_err("not its label");
    assert_eq!(error.to_string(), "no region `L.PrCg` in human-84; did you mean `L.PrCG`?");
    assert!(matches!(brain().subset::<&str>(&[]), Err(Error::Missing { .. })));
    assert!(matches!(brain().subset(&["A", "A"]), Err(Error::DuplicateLabel { .. })));
}

#[test]
fn thresholds_cut_by_weight_or_by_rank() {
    assert_eq!(brain().thresholded(2.0).expect("valid").n_tracts(), 2);
    assert_eq!(brain().strongest(0.25).expect("valid").weights.sum(), 4.0);
    assert_eq!(brain().strongest(0.0).expect("valid").n_tracts(), 0);
    // Two tracts of weight 1 tie: both stay.
    assert_eq!(brain().strongest(0.75).expect("valid").n_tracts(), 4);
    assert!(brain().strongest(1.5).is_err() && brain().thresholded(f64::NAN).is_err());
}

#[test]
fn symmetrising_averages_weights_and_completes_lengths() {
    let c = brain().symmetrised();
    assert!(c.weights.is_symmetric() && !c.directed);
    assert_eq!((c.weights.at(0, 1), c.weights.at(2, 0)), (3.0, 0.5));
    assert_eq!(c.lengths.expect("kept").at(2, 0), 30.0);
}

#[test]
fn normalising_makes_the_named_sums_one() {
    let c = brain();
    assert_eq!(c.normalised(Normalisation::Total).weights.sum(), 1.0);
    assert_eq!(c.normalised(Normalisation::Max).weights.at(1, 0), 1.0);
    let by_target = c.normalised(Normalisation::ByTarget).weights;
    assert!((0..3).all(|t| by_target.row(t).iter().sum::<f64>() == 1.0));
    let by_source = c.normalised(Normalisation::BySource).weights.transposed();
    assert!((0..3).all(|s| (by_source.row(s).iter().sum::<f64>() - 1.0).abs() < 1e-15));
    assert_eq!(c, brain());
}

#[test]
fn the_logarithm_keeps_zeros_and_order() {
    let c = brain().log_weights(1.0).expect("valid");
    assert_eq!(c.n_tracts(), 4);
    assert_eq!(c.weights.at(1, 0), 5.0_f64.ln());
    assert!(brain().log_weights(0.0).is_err());
}

#[test]
fn delays_are_lengths_over_speed_and_need_lengths() {
    assert_eq!(brain().delays(5.0).expect("has lengths").at(1, 0), 2.0);
    let error = atlas::load("mouse-232").expect("built in").delays(3.0).expect_err("it has none");
    assert_eq!(error.to_string(), "mouse-232 has no tract lengths: give lengths, or take them from positions");
    assert!(brain().delays(0.0).is_err());
}

#[test]
fn distances_need_positions_and_fill_unknown_lengths() {
    assert!(brain().distances().is_err());
    let macaque = atlas::load("macaque-29").expect("built in");
    let filled = macaque.with_lengths_from_positions(1.1).expect("has positions").lengths.expect("made");
    let known = macaque.lengths.as_ref().expect("known");
    assert!(known.entries().all(|(t, s, l)| filled.at(t, s) == l));
    assert_eq!(filled.entries().count(), 29 * 28);
}

#[test]
fn a_mirrored_brain_has_two_equal_halves() {
    let one = atlas::load("macaque-29").expect("built in");
    let two = one.mirrored(0.0).expect("valid");
    assert_eq!((two.n(), two.n_tracts()), (58, 2 * 536));
    let crossed = one.mirrored(0.1).expect("valid");
    let (l, r) = (crossed.region("L.V1").expect("there"), crossed.region("R.V2").expect("there"));
    assert!((crossed.weights.at(l, r) - 0.07322).abs() < 1e-12);
    assert_eq!(crossed.regions[l].hemisphere, Some(Hemisphere::Left));
    assert!(crossed.regions[l].position.expect("kept")[0] < 0.0);
    assert_eq!(crossed.sln_of(l, r), one.sln_of(one.region("V1").expect("there"), one.region("V2").expect("there")));
    assert_eq!(crossed.sln_of(l, crossed.region("R.V1").expect("there")), None, "nobody traced a tract to the mirror image");
    let lengths = crossed.lengths.as_ref().expect("kept");
    assert!(crossed.weights.entries().all(|(t, s, _)| lengths.at(t, s) > 0.0));
}
