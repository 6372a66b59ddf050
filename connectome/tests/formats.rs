//! Contract: the traps of each format are handled; the archives are built here, member by member.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use connectome::io::{Direction, LoadOptions, load, load_bytes};
use connectome::{Connectome, Hemisphere};
use zip::write::SimpleFileOptions;

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a valid name");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

fn tvb(members: &[(&str, &[u8])]) -> Connectome {
    load_bytes("brain.zip", &archive(members), &LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn bz2(content: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    out.write_all(content).expect("memory");
    out.finish().expect("memory")
}

#[test]
fn tvb_members_are_found_in_folders_under_prefixes_and_packed() {
    let c = tvb(&[
        ("__MACOSX/._weights.txt", b"rubbish"),
        ("brain/.DS_Store", b"rubbish"),
        ("brain/my_weights.txt", b"0 1\n2 0\n"),
        ("brain/centers.txt.bz2", &bz2(b"A 0 0 0 None\nB 3 4 0 None\n")),
        ("brain/tract_lengths.txt", b""),
        ("brain/info.txt", b"anything"),
        ("brain/hemispheres.txt", b"1\n0\n"),
        ("brain/cortical.txt", b"1 0\n"),
    ]);
    // W[target][source], as it stands.
    assert_eq!((c.weights.at(0, 1), c.weights.at(1, 0)), (1.0, 2.0));
    assert_eq!(c.lengths.expect("Euclidean").at(0, 1), 5.0);
    assert_eq!(c.regions[0].hemisphere, Some(Hemisphere::Right));
    assert_eq!(c.regions[1].cortical, Some(false));
    assert!(c.provenance.notes.iter().any(|n| n.contains("Euclidean")));
}

#[test]
fn tvb_ignores_the_direction_that_is_meant_for_bare_matrices() {
    let bytes = archive(&[("weights.txt", b"0 1\n2 0\n"), ("centres.txt", b"A 0 0 0\nB 1 0 0\n"), ("tract_lengths.txt", b"0 1\n1 0\n")]);
    let options = LoadOptions { direction: Direction::RowsAreSources, ..LoadOptions::default() };
    assert_eq!(load_bytes("t", &bytes, &options).expect("valid").weights.at(0, 1), 1.0);
}

/// A folder of this test with these files in it.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("writable");
    files.iter().for_each(|(file, text)| std::fs::write(folder.join(file), text).expect("writable"));
    folder
}

#[test]
fn companions_bring_labels_lengths_and_centres() {
    let files = [
        ("w.txt", "0 1\n2 0\n"),
        ("l.csv", "0,10\n10,0\n"),
        ("labels.txt", "area one\narea two\n"),
        ("centres.csv", "label,x,y,z\narea two,4,5,6\narea one,1,2,3\n"),
    ];
    let f = folder("companions", &files);
    let options = LoadOptions {
        lengths: Some(f.join("l.csv")),
        labels: Some(f.join("labels.txt")),
        centres: Some(f.join("centres.csv")),
        ..LoadOptions::default()
    };
    let c = load(&f.join("w.txt"), &options).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(c.regions[0].label, "area one");
    assert_eq!(c.regions[0].position, Some([1.0, 2.0, 3.0]));
    assert_eq!(c.lengths.expect("given").at(0, 1), 10.0);
}

#[test]
fn a_directed_relmat_is_turned_as_the_user_says() {
    let files = [
        ("sub-1_meas-tracer_relmat.dense.tsv", "0\t1\n2\t0\n"),
        ("sub-1_meas-tracer_relmat.json", r#"{"RelationshipMeasure": "tracer", "Directed": true, "Axes": [{"NodeFile": "nodes.tsv"}]}"#),
        ("nodes.tsv", "index\tlabel\n0\tA\n1\tB\n"),
    ];
    let f = folder("relmat", &files);
    let options = LoadOptions { direction: Direction::RowsAreSources, ..LoadOptions::default() };
    let c = load(&f.join(files[0].0), &options).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((c.weights.at(1, 0), c.regions[1].label.as_str(), c.weight_kind.as_str()), (1.0, "B", "tracer"));
}

#[test]
fn an_undirected_file_with_two_weights_for_a_pair_is_refused() {
    let options = LoadOptions { directed: Some(false), ..LoadOptions::default() };
    let error = load_bytes("t.csv", b"0,1\n2,0\n", &options).expect_err("1 and 2 differ");
    assert_eq!(
        error.to_string(),
        "t.csv: found weights 2 and 1 for the two directions between regions 1 and 2, expected equal ones, as the connectome is said to be undirected"
    );
}

#[test]
fn the_limit_on_regions_holds_for_every_format() {
    let options = LoadOptions { max_regions: 2, ..LoadOptions::default() };
    let files: [(&str, &[u8]); 3] = [
        ("matrix.csv", b"0,1,2\n1,0,2\n1,2,0\n"),
        ("edges.csv", b"source,target\nA,B\nB,C\n"),
        ("x.graphml", b"<graphml><graph><node id='a'/><node id='b'/><node id='c'/></graph></graphml>"),
    ];
    for (name, bytes) in files {
        let error = load_bytes(name, bytes, &options).expect_err("three are too many");
        assert!(error.to_string().contains("found 3 regions, expected at most 2"), "{error}");
    }
}
