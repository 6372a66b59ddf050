//! Contract: published connectomes are read with the sums and counts that numpy finds in them.
//!
//! The files are fetched by `tools/fetch-test-data.sh` (or lie where `REGISTRY_DATA` says); without them the tests
//! print that they were skipped.

use std::path::PathBuf;

use connectome::io::{LoadOptions, load};
use connectome::{Connectome, Hemisphere};

fn find(file: &str) -> Option<PathBuf> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/registry-data");
    let folder = std::env::var_os("REGISTRY_DATA").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let path = folder.join(file);
    if !path.exists() {
        println!("skipped: no registry data ({file})");
        return None;
    }
    Some(path)
}

fn read(file: &str, options: &LoadOptions) -> Option<Connectome> {
    find(file).map(|path| load(&path, options).unwrap_or_else(|e| panic!("{e}")))
}

fn close(found: f64, expected: f64, digits: i32) {
    assert!((found - expected).abs() <= 0.5001 * 10_f64.powi(-digits), "found {found}, expected {expected}");
}

#[test]
fn tvb_archives_have_the_sums_of_numpy() {
    let figures = [
        (66, 65.55462, 113373.09109, 1377),
        (68, 10.05976, 94166.45803, 1244),
        (76, 2988.84566, 403394.74501, 1560),
        (96, 9642.0, 636817.40885, 3939),
        (192, 6820.84566, 1332536.357, 3532),
    ];
    for (n, weights, lengths, nonzero) in figures {
        let file = format!("tvb-data/tvb_data/connectivity/connectivity_{n}.zip");
        let Some(c) = read(&file, &LoadOptions::default()) else { return };
        assert_eq!(c.n(), n);
        close(c.weights.sum(), weights, 5);
        close(c.lengths.as_ref().expect("lengths").sum(), lengths, if n == 192 { 3 } else { 5 });
        assert_eq!(c.weights.entries().count(), nonzero, "{n}");
        assert!(c.regions.iter().all(|r| r.position.is_some() && r.hemisphere.is_some()));
    }
}

#[test]
fn tvb_76_is_directed_with_hemispheres_from_its_labels() {
    let Some(c) = read("tvb-data/tvb_data/connectivity/connectivity_76.zip", &LoadOptions::default()) else { return };
    assert!(c.directed);
    assert_eq!(c.regions[0].label, "rA1");
    assert_eq!(c.regions[0].hemisphere, Some(Hemisphere::Right));
    assert_eq!(c.regions[0].area, Some(396.44065));
    assert_eq!((c.weights.at(0, 1), c.weights.at(1, 0)), (2.0, 3.0));
}

#[test]
fn tvb_192_has_22_tracts_of_no_length() {
    let Some(c) = read("tvb-data/tvb_data/connectivity/connectivity_192.zip", &LoadOptions::default()) else { return };
    let lengths = c.lengths.as_ref().expect("lengths");
    assert_eq!(c.weights.entries().filter(|(t, s, _)| t != s && lengths.at(*t, *s) == 0.0).count(), 22);
}

#[test]
fn a_tvboptim_archive_gives_weights_lengths_and_labels() {
    let Some(c) = read("tvboptim/tvboptim/data/connectivity/dk_average/data.npz", &LoadOptions::default()) else { return };
    close(c.weights.sum(), 27035910.48, 2);
    close(c.lengths.as_ref().expect("lengths").sum(), 866005.456, 3);
    assert_eq!(c.regions[83].label, "R.CER");
}

#[test]
fn pickled_labels_are_left_out_and_the_rest_is_read() {
    let Some(c) = read("tvboptim/tvboptim/data/connectivity/dTOR/data.npz", &LoadOptions::default()) else { return };
    assert_eq!((c.n(), c.regions[0].label.as_str()), (370, "region-1"));
    assert!(c.provenance.notes.iter().any(|n| n.contains("pickle")), "{:?}", c.provenance.notes);
}

#[test]
fn a_bids_relmat_takes_its_sidecar_labels_lengths_and_correlations_along() {
    let file = "tvbo/tvbo/database/networks/bids/dk_average/atlas-DesikanKilliany_meas-streamlineCount_relmat.dense.tsv";
    let Some(c) = read(file, &LoadOptions::default()) else { return };
    assert_eq!((c.n(), c.regions[0].label.as_str(), c.directed), (84, "L.BSTS", false));
    assert_eq!(c.weight_kind, "streamlineCount");
    assert!((c.weights.sum() / 27035910.48 - 1.0).abs() < 1e-6, "{}", c.weights.sum());
    assert!((c.lengths.as_ref().expect("lengths").sum() / 866005.456 - 1.0).abs() < 1e-6);
    assert!(c.functional.is_some());
}

#[test]
fn cubnm_lengths_come_as_the_only_array() {
    let file = "cubnm/cubnm/data/hcp/sc/group-train706/ctx_parc-schaefer-100_desc-strength.npz";
    let Some(lengths) = find("cubnm/cubnm/data/hcp/sc/group-train706/ctx_parc-schaefer-100_desc-length.npz") else { return };
    let options = LoadOptions { lengths: Some(lengths), ..LoadOptions::default() };
    let Some(c) = read(file, &options) else { return };
    assert_eq!(c.n(), 100);
    close(c.lengths.as_ref().expect("lengths").sum(), 1315569.603, 3);
}

#[test]
fn a_graspologic_edge_list_is_undirected_on_request() {
    let file = "graspologic/graspologic/datasets/mice/edgelists/sub-54866_ses-1_dti.edgelist";
    let Some(c) = read(file, &LoadOptions { directed: Some(false), ..LoadOptions::default() }) else { return };
    assert!(c.weights.is_symmetric());
    assert_eq!((c.weights.at(0, 1), c.weights.at(1, 0)), (5631.0, 5631.0));
}
