//! Contract: the same small brain comes out of every binary format, with row = target.
//!
//! `tests/good/make.py` writes the files with h5py and scipy. The wiring is directed, so that no transposition
//! can hide: from A to B 1, from B to C 2, from C to A 5.

use std::path::{Path, PathBuf};

use connectome::io::{Direction, LoadOptions, formats, load, load_bytes, native};
use connectome::{Connectome, Hemisphere};

const W: [f64; 9] = [0.0, 0.0, 5.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0];
const LENGTHS: [f64; 9] = [0.0, 10.0, 30.0, 10.0, 0.0, 20.0, 30.0, 20.0, 0.0];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good").join(name)
}

fn good(name: &str) -> Connectome {
    load(&file(name), &LoadOptions::default()).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn labels(c: &Connectome) -> Vec<&str> {
    c.regions.iter().map(|r| r.label.as_str()).collect()
}

#[test]
fn every_binary_format_gives_the_same_directed_weights_and_labels() {
    let names = [
        "tvb.h5",
        "mat5-plain.mat",
        "mat5-packed.mat",
        "mat5-int-char.mat",
        "mat73.mat",
        "matrix.xlsx",
        "matrix.xls",
        "edges.xlsx",
        "sonata-allen/config.json",
        "sonata-allen/circuit_config.json",
        "sonata-blue-brain/circuit_config.json",
    ];
    for name in names {
        let mut c = good(name);
        if name == "edges.xlsx" {
            c = connectome_in_order(&c);
        }
        assert_eq!(labels(&c), ["A", "B", "C"], "{name}");
        assert_eq!(c.weights.values(), W, "{name}");
        assert!(c.directed, "{name}");
        assert!(c.provenance.source.ends_with(name), "{name}: {}", c.provenance.source);
    }
}

/// An edge list names regions in the order in which they appear.
fn connectome_in_order(c: &Connectome) -> Connectome {
    let at = |label: &str| c.index_of(label).expect("three labels");
    let order = ["A", "B", "C"].map(at);
    let mut sorted = c.clone();
    for (i, from) in order.iter().enumerate() {
        sorted.regions[i] = c.regions[*from].clone();
        for (j, to) in order.iter().enumerate() {
            *sorted.weights.at_mut(i, j) = c.weights.at(*from, *to);
        }
    }
    sorted
}

#[test]
fn tract_lengths_come_along_where_the_file_has_them() {
    for name in ["tvb.h5", "mat5-plain.mat", "mat5-packed.mat", "mat73.mat"] {
        assert_eq!(good(name).lengths.expect(name).values(), LENGTHS, "{name}");
    }
    assert!(good("mat5-sparse.mat").lengths.is_none());
}

#[test]
fn a_sparse_matlab_matrix_is_filled_in() {
    let c = good("mat5-sparse.mat");
    assert_eq!(c.weights.values(), W);
    assert_eq!(labels(&c), ["region-1", "region-2", "region-3"]);
}

#[test]
fn tvb_hdf5_brings_hemispheres_positions_areas_and_cortex() {
    let c = good("tvb.h5");
    let b = &c.regions[1];
    assert_eq!((b.hemisphere, b.position, b.area, b.cortical), (Some(Hemisphere::Right), Some([3.0, 4.0, 5.0]), Some(2.0), Some(true)));
    assert_eq!(c.regions[0].hemisphere, Some(Hemisphere::Left));
}

#[test]
fn sonata_positions_become_millimetres_and_weights_say_what_they_count() {
    let (allen, blue) = (good("sonata-allen/config.json"), good("sonata-blue-brain/circuit_config.json"));
    for c in [&allen, &blue] {
        assert_eq!(c.regions[2].position, Some([2.0, 0.0, 0.0]));
    }
    assert_eq!((allen.weight_kind.as_str(), blue.weight_kind.as_str()), ("synapses", "edges"));
}

#[test]
fn a_sonata_edge_file_alone_names_its_nodes_by_number() {
    let c = good("sonata-allen/edges.h5");
    assert_eq!(labels(&c), ["brain-0", "brain-1", "brain-2"]);
    assert_eq!(c.weights.values(), W);
}

#[test]
fn the_direction_of_rows_is_the_users_to_say_where_the_format_does_not() {
    let options = LoadOptions { direction: Direction::RowsAreSources, ..LoadOptions::default() };
    for (name, turns) in [("mat5-plain.mat", true), ("mat73.mat", true), ("matrix.xlsx", true), ("matrix.xls", true), ("tvb.h5", false)] {
        let c = load(&file(name), &options).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(c.weights.at(2, 0) == 5.0, turns, "{name}");
        assert_eq!(c.weights.at(0, 2) == 5.0, !turns, "{name}");
    }
}

#[test]
fn a_variable_or_sheet_can_be_asked_for_and_a_wrong_name_gets_a_suggestion() {
    let of = |name: &str| LoadOptions { variable: Some(name.into()), ..LoadOptions::default() };
    let c = load(&file("mat5-plain.mat"), &of("len")).expect("lengths taken for weights");
    assert_eq!(c.weights.values(), LENGTHS);
    assert!(load(&file("matrix.xlsx"), &of("SC")).is_ok());
    let error = load(&file("mat5-plain.mat"), &of("lens")).expect_err("no such variable").to_string();
    assert!(error.contains("did you mean `len`?"), "{error}");
    let error = load(&file("matrix.xlsx"), &of("sc")).expect_err("no such sheet").to_string();
    assert!(error.contains("did you mean `SC`?"), "{error}");
}

#[test]
fn a_blank_sln_in_a_sheet_of_edges_is_unknown() {
    let c = good("edges-sln.xlsx");
    let sln = |target: &str, source: &str| c.sln_of(c.index_of(target).expect("a label"), c.index_of(source).expect("a label"));
    assert_eq!([sln("B", "A"), sln("C", "B"), sln("A", "C")], [Some(0.0), None, Some(0.75)]);
}

#[test]
fn braincogs_sheet_of_names_and_counts_gives_regions_alone_and_completes_weights_beside_it() {
    let neurons = |c: &Connectome| c.regions.iter().map(|r| r.neurons).collect::<Vec<_>>();
    let alone = good("braincog-regions.xlsx");
    assert_eq!(labels(&alone), ["A", "B", "C"]);
    assert_eq!(neurons(&alone), [Some(1200.0), Some(800.0), Some(500.0)]);
    assert_eq!(alone.n_tracts(), 0);
    let options = LoadOptions { labels: Some(file("braincog-regions.xlsx")), ..LoadOptions::default() };
    let c = load(&file("mat5-sparse.mat"), &options).expect("weights with their census");
    assert_eq!((labels(&c), neurons(&c)), (labels(&alone), neurons(&alone)));
    assert_eq!(c.weights.values(), W);
}

#[test]
fn our_own_file_holds_everything_exactly() {
    let folder = std::env::temp_dir().join(format!("braincog-native-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a writable folder");
    for name in ["tvb.h5", "mat5-sparse.mat", "sonata-allen/config.json"] {
        let mut c = good(name);
        c.provenance.citation = "Müller et al. 2026".into();
        c.regions[0].hierarchy = Some(0.1 + 0.2);
        c.regions[2].name = Some("third".into());
        c.functional = Some(c.weights.transposed());
        let path = folder.join("own.h5");
        native::write(&c, &path).expect("room on the disk");
        assert_eq!(load(&path, &LoadOptions::default()).expect("our own file"), c, "{name}");
        assert_eq!(native::open(&path).expect("our own file"), Some(c), "{name}");
    }
    assert_eq!(native::open(&file("tvb.h5")).expect("readable HDF5"), None);
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn no_damaged_byte_and_no_cut_makes_a_loader_panic() {
    for name in ["tvb.h5", "mat5-packed.mat", "mat5-plain.mat", "mat73.mat", "matrix.xlsx", "matrix.xls", "sonata-allen/edges.h5"] {
        let whole = std::fs::read(file(name)).expect("a good file");
        let step = (whole.len() / 150).max(1);
        for at in (0..whole.len()).step_by(step) {
            let _ = load_bytes(name, &whole[..at], &LoadOptions::default());
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            let _ = load_bytes(name, &bytes, &LoadOptions::default());
        }
    }
}

#[test]
fn the_binary_formats_are_in_the_list() {
    let all: Vec<&str> = formats().collect();
    for name in ["BrainCog HDF5", "TVB HDF5", "SONATA", "MAT 7.3 or other HDF5", "MAT 5", "spreadsheet"] {
        assert!(all.contains(&name), "{name} in {all:?}");
    }
}
