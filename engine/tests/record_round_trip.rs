//! What the writers of a run's output files store is what the readers return, however it was cut into pieces,
//! and what h5py, libsonata and bmtk read.

mod record_support;

use connectome::{Connectome, Hemisphere, Matrix, Provenance, Region};
use engine::record::{
    Error, PopulationRow, RateLayout, RegionReader, RegionWriter, SpikeReader, SpikeWriter, StateReader, StateWriter, Variable, states_path,
};
use record_support::{Folder, check_outputs};

fn populations() -> Vec<PopulationRow> {
    let row = |name: &str, region: Option<&str>, first, size| PopulationRow {
        name: name.into(),
        region: region.map(Into::into),
        model: "iaf_psc_exp".into(),
        first,
        size,
    };
    vec![row("V1/E", Some("V1"), 0, 800), row("V1/I", Some("V1"), 800, 200), row("stray α", None, 1000, 77_000)]
}

/// `n` spikes at multiples of 0.1 ms, several per step, sorted by time and id.
fn spikes(n: u64) -> (Vec<f64>, Vec<u64>) {
    let times = (0..n).map(|i| (i / 7) as f64 * 0.1).collect();
    let ids = (0..n).map(|i| (i % 7) * 11_000 + i % 1009).collect();
    (times, ids)
}

#[test]
fn spikes_come_back_whatever_the_pieces_they_were_written_in() {
    let folder = Folder::new("spikes");
    let path = folder.path("spikes.h5");
    let (times, ids) = spikes(200_003);
    let mut writer = SpikeWriter::create(&path, &populations()).expect("a writable folder");
    let mut at = 0;
    for piece in [1, 2, 70_000, 0, 65_536, 3].into_iter().cycle() {
        let end = (at + piece).min(times.len());
        writer.append(&times[at..end], &ids[at..end]).expect("room on the disk");
        at = end;
        if at == times.len() {
            break;
        }
    }
    assert!(!path.exists(), "an unfinished file does not have its name");
    writer.finish().expect("room on the disk");
    assert!(path.exists() && !folder.path("spikes.h5.partial").exists());

    let reader = SpikeReader::open(&path).expect("a spike file");
    assert_eq!(reader.populations(), populations());
    assert_eq!(reader.len(), times.len() as u64);
    let (mut all_times, mut all_ids) = (Vec::new(), Vec::new());
    let collect = |t: &[f64], i: &[u64]| {
        all_times.extend_from_slice(t);
        all_ids.extend_from_slice(i);
    };
    reader.for_each(collect).expect("readable spikes");
    assert_eq!(all_times, times, "times are stored exactly");
    assert_eq!(all_ids, ids);
    let window = reader.read(65_530, 10).expect("readable spikes");
    assert_eq!(window, (times[65_530..65_540].to_vec(), ids[65_530..65_540].to_vec()));
    assert!(reader.read(times.len() as u64, 5).expect("an empty window").0.is_empty());
    check_outputs(&folder);
}

#[test]
fn a_run_without_spikes_leaves_a_valid_file() {
    let folder = Folder::new("silent");
    let path = folder.path("spikes.h5");
    SpikeWriter::create(&path, &populations()).and_then(SpikeWriter::finish).expect("a writable folder");
    let reader = SpikeReader::open(&path).expect("a spike file");
    assert!(reader.is_empty());
    check_outputs(&folder);
}

#[test]
fn a_run_that_dies_leaves_a_partial_file_and_the_old_result() {
    let folder = Folder::new("dies");
    let path = folder.path("spikes.h5");
    std::fs::write(&path, "an older result").expect("a writable folder");
    let mut writer = SpikeWriter::create(&path, &populations()).expect("a writable folder");
    writer.append(&[1.0], &[1]).expect("room on the disk");
    drop(writer);
    assert!(folder.path("spikes.h5.partial").exists());
    assert_eq!(std::fs::read_to_string(&path).expect("the older file"), "an older result");
}

fn connectome() -> Connectome {
    let region = |label: &str, hemisphere, position| Region {
        label: label.into(),
        name: (label == "V1").then(|| "primary visual cortex".into()),
        hemisphere,
        position,
        volume: position.map(|p| p[0]),
        neurons: Some(1e6 / 3.0),
        cortical: hemisphere.map(|h| h == Hemisphere::Left),
        ..Region::default()
    };
    let regions = vec![
        region("V1", Some(Hemisphere::Left), Some([0.1, -2.5, 1e-300])),
        region("θ", None, None),
        region("M1", Some(Hemisphere::Midline), Some([f64::MAX, 0.0, -0.0])),
    ];
    let matrix = |scale: f64| Matrix::from_rows(3, (0..9).map(|i| scale * f64::from(i) / 7.0).collect()).expect("9 values");
    Connectome {
        name: "three".into(),
        species: Some("macaque".into()),
        weight_kind: "FLN".into(),
        regions,
        weights: matrix(1.0),
        lengths: Some(matrix(30.0)),
        sln: None,
        functional: Some(matrix(-0.1)),
        directed: true,
        provenance: Provenance {
            source: "here".into(),
            citation: "Ünique et al. 2026".into(),
            licence: String::new(),
            notes: vec!["first".into(), "second note, with ünicode".into()],
        },
    }
}

fn layout() -> RateLayout {
    let populations = populations().into_iter().map(|p| p.name).collect();
    RateLayout { populations, regions: vec!["V1".into(), "θ".into()], bin_ms: 5.0, start_ms: 100.0 }
}

#[test]
fn rates_and_the_connectome_come_back() {
    let folder = Folder::new("rates");
    let path = folder.path("regions.h5");
    let (bins, brain) = (100_001_usize, connectome());
    let population_rates: Vec<f32> = (0..bins * 3).map(|i| i as f32 / 3.0).collect();
    let region_rates: Vec<f32> = (0..bins * 2).map(|i| (i as f32).sqrt()).collect();
    let mut writer = RegionWriter::create(&path, &layout(), Some(&brain)).expect("a writable folder");
    let mut bin = 0;
    for piece in [1, 999, 2, 40_000].into_iter().cycle() {
        let end = (bin + piece).min(bins);
        writer.append(&population_rates[bin * 3..end * 3], &region_rates[bin * 2..end * 2]).expect("room");
        bin = end;
        if bin == bins {
            break;
        }
    }
    writer.finish().expect("room on the disk");

    let reader = RegionReader::open(&path).expect("a file of rates");
    assert_eq!(reader.layout(), &layout());
    assert_eq!(reader.n_bins(), bins as u64);
    assert_eq!(reader.population_rates(0, u64::MAX).expect("rates"), population_rates);
    assert_eq!(reader.region_rates(99_999, 2).expect("rates"), region_rates[99_999 * 2..]);
    assert_eq!(reader.connectome(), Some(&brain));
    let loaded = connectome::io::load(&path, &connectome::io::LoadOptions::default()).expect("a connectome file too");
    assert_eq!(loaded, brain);
    check_outputs(&folder);
}

#[test]
fn a_network_without_regions_or_connectome_has_rates_of_populations_only() {
    let folder = Folder::new("column");
    let path = folder.path("regions.h5");
    let layout = RateLayout { regions: Vec::new(), ..layout() };
    let mut writer = RegionWriter::create(&path, &layout, None).expect("a writable folder");
    writer.append(&[1.0, 2.0, 3.0], &[]).expect("room on the disk");
    writer.finish().expect("room on the disk");
    let reader = RegionReader::open(&path).expect("a file of rates");
    assert_eq!(reader.layout(), &layout);
    assert_eq!(reader.population_rates(0, 9).expect("rates"), [1.0, 2.0, 3.0]);
    assert!(reader.region_rates(0, 9).expect("none").is_empty() && reader.connectome().is_none());
    check_outputs(&folder);
}

#[test]
fn state_variables_come_back_frame_by_frame() {
    let folder = Folder::new("states");
    for (name, units, n) in [("V_m", "mV", 3_usize), ("I_syn_ex", "pA", 1), ("w", "pA", 70_000)] {
        let variable = Variable { name: name.into(), units: units.into(), start_ms: 0.5, interval_ms: 0.1 };
        let path = states_path(&folder.path(""), name);
        let ids: Vec<u64> = (0..n as u64).map(|i| i * 3 + 1).collect();
        let frames = if n == 3 { 100_001 } else { 7 };
        let values: Vec<f32> = (0..frames * n).map(|i| -65.0 + (i % 1013) as f32 / 100.0).collect();
        let mut writer = StateWriter::create(&path, &variable, &ids).expect("a writable folder");
        for piece in values.chunks(n * 5) {
            writer.append(piece).expect("room on the disk");
        }
        writer.finish().expect("room on the disk");
        let reader = StateReader::open(&path).expect("a report");
        assert_eq!(reader.node_ids(), ids);
        assert_eq!(reader.n_frames(), frames as u64);
        assert_eq!(reader.read(0, u64::MAX).expect("frames"), values, "{name}");
        assert_eq!(reader.read(5, 1).expect("a frame"), values[5 * n..6 * n]);
        assert!((reader.time_ms(10) - 1.5).abs() < 1e-12);
    }
    check_outputs(&folder);
}

#[test]
fn a_file_name_holds_only_what_every_system_allows() {
    let folder = std::path::Path::new("out");
    assert_eq!(states_path(folder, "V_m"), folder.join("states-V_m.h5"));
    assert_eq!(states_path(folder, "../a b/ü"), folder.join("states-.._a_b__.h5"));
}

#[test]
fn a_missing_folder_and_foreign_files_are_told_apart() {
    let folder = Folder::new("errors");
    let error = SpikeWriter::create(&folder.path("no/such/spikes.h5"), &[]).err().expect("there is no such folder");
    assert!(matches!(error, Error::Write { .. }) && error.is_fault_of_machine(), "{error}");

    let path = folder.path("text.h5");
    std::fs::write(&path, "not HDF5").expect("a writable folder");
    let error = SpikeReader::open(&path).err().expect("not a spike file");
    assert!(matches!(error, Error::Open { .. }) && !error.is_fault_of_machine(), "{error}");
    assert!(error.to_string().contains("text.h5"), "{error}");

    let path = folder.path("regions.h5");
    let mut writer = RegionWriter::create(&path, &layout(), None).expect("a writable folder");
    writer.append(&[0.0; 3], &[0.0; 2]).expect("room on the disk");
    writer.finish().expect("room on the disk");
    let error = SpikeReader::open(&path).err().expect("rates are no spikes");
    assert!(matches!(error, Error::ReadDataset { .. }), "{error}");
    assert!(error.to_string().contains("/neurons/name"), "{error}");
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let folder = Folder::new("damaged");
    let path = folder.path("spikes.h5");
    let (times, ids) = spikes(1000);
    let mut writer = SpikeWriter::create(&path, &populations()).expect("a writable folder");
    writer.append(&times, &ids).expect("room on the disk");
    writer.finish().expect("room on the disk");
    let whole = std::fs::read(&path).expect("the file");
    let mut refused = 0;
    for cut in (0..whole.len()).step_by(997) {
        let mut bytes = whole.clone();
        bytes.truncate(cut);
        std::fs::write(&path, &bytes).expect("a writable folder");
        refused += usize::from(SpikeReader::open(&path).and_then(|r| r.read(0, 1000)).is_err());
        let mut bytes = whole.clone();
        bytes[cut..].iter_mut().take(8).for_each(|b| *b = !*b);
        std::fs::write(&path, &bytes).expect("a writable folder");
        let _ = SpikeReader::open(&path).and_then(|r| r.read(0, 1000));
    }
    assert!(refused > 0, "a file cut short is refused");
}
