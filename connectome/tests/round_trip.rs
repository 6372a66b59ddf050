//! Contract: what is written is read back bit for bit, and no bytes make a loader panic.

use connectome::io::{LoadOptions, load_bytes, matrix_csv};
use connectome::{Matrix, Region};
use proptest::prelude::*;

fn regions(labels: Vec<String>) -> Vec<Region> {
    labels.into_iter().enumerate().map(|(i, l)| Region { label: format!("{l}{i}"), ..Region::default() }).collect()
}

/// Two to seven regions with letters, blanks and awkward signs in their labels, and a matrix between them.
fn labelled_matrix() -> impl Strategy<Value = (Vec<Region>, Matrix)> {
    (2_usize..8).prop_flat_map(|n| {
        let labels = prop::collection::vec("[A-Za-z][A-Za-z ,;\"'_.-]{0,8}", n);
        let values = prop::collection::vec(prop_oneof![Just(0.0), 0.0..1e-300_f64, 0.0..1e12_f64], n * n);
        (labels, values).prop_map(move |(l, v)| (regions(l), Matrix::from_rows(n, v).expect("n by n values")))
    })
}

proptest! {
    #[test]
    fn a_matrix_written_as_csv_is_read_back_exactly((regions, matrix) in labelled_matrix()) {
        let text = matrix_csv(&regions, &matrix);
        let back = load_bytes("t.csv", text.as_bytes(), &LoadOptions::default()).expect("what we write we read");
        prop_assert_eq!(&back.weights, &matrix);
        prop_assert_eq!(back.regions, regions);
    }

    #[test]
    fn no_text_makes_a_loader_panic(text in "[ -~\n\t]{0,200}") {
        let _ = load_bytes("t", text.as_bytes(), &LoadOptions::default());
    }

    #[test]
    fn no_damage_to_a_good_file_makes_a_loader_panic(
        which in 0_usize..3, place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let file = ["npy-nan.npy", "tvb-same-label.zip", "npz-two-squares.npz"][which];
        let path = format!("{}/tests/bad/{file}", env!("CARGO_MANIFEST_DIR"));
        let mut bytes = std::fs::read(path).expect("committed");
        let at = place.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(cut.index(bytes.len()) + 1);
        let _ = load_bytes("t", &bytes, &LoadOptions { max_regions: 100, ..LoadOptions::default() });
    }
}
