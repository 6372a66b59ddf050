//! The contract: every scenario in `scenarios/` does what the comment at its top says.
//!
//! Counts are exact. Rates are those of short runs, with bounds wider than the comments' by what a short run and another seed
//! may change. A build without optimisation is too slow for the large ones: they are skipped with a line that says so.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use serde_json::Value;
use tests::{Folder, braincog_sim, root};

const SHIPPED: [&str; 14] = [
    "braincog-human",
    "braincog-human-giant",
    "braincog-macaque",
    "braincog-macaque-giant",
    "braincog-mouse",
    "braincog-mouse-full",
    "brunel",
    "coba",
    "human",
    "macaque",
    "macaque-full",
    "microcircuit",
    "mouse",
    "snn-digits",
];

fn file(name: &str) -> PathBuf {
    root().join("scenarios").join(format!("{name}.toml"))
}

/// Results of a run.
struct Report(Value);

impl Report {
    /// Runs a scenario with these further arguments.
    fn of(name: &str, arguments: &[&str]) -> Self {
        let folder = Folder::new(name);
        let out = folder.path().join("out");
        let output = braincog_sim().arg("run").arg(file(name)).args(arguments).arg("--quiet").arg("--out").arg(&out).output();
        let output = output.expect("the program starts");
        assert!(output.status.success(), "{name} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(out.join("report.json")).expect("a run writes report.json");
        Report(serde_json::from_str(&text).expect("report.json is JSON"))
    }

    fn number(&self, key: &str) -> f64 {
        self.0[key].as_f64().unwrap_or_else(|| panic!("report.json has a number `{key}`"))
    }

    /// Rates of all regions.
    fn regions(&self) -> BTreeMap<String, f64> {
        let regions = self.0["regions"].as_object().expect("report.json has regions");
        regions.iter().map(|(name, region)| (name.clone(), region["rate"].as_f64().expect("a rate"))).collect()
    }

    fn population(&self, name: &str, key: &str) -> f64 {
        self.0["populations"][name][key].as_f64().unwrap_or_else(|| panic!("population {name} has `{key}`"))
    }

    /// Mean rate of all populations of this name, whatever their region.
    fn type_rate(&self, name: &str) -> f64 {
        let all = self.0["populations"].as_object().expect("report.json has populations");
        let rates = all.iter().filter(|(full, _)| full.rsplit('.').next() == Some(name));
        let rates: Vec<f64> = rates.map(|(_, p)| p["rate"].as_f64().expect("a rate")).collect();
        assert!(!rates.is_empty(), "no population is called {name}");
        rates.iter().sum::<f64>() / rates.len() as f64
    }
}

fn assert_within(what: &str, found: f64, range: Range<f64>) {
    assert!(range.contains(&found), "{what}: {found}, expected {} to {}", range.start, range.end);
}

/// True, with a line that says so, where the large scenarios would take too long.
fn too_slow() -> bool {
    if cfg!(debug_assertions) {
        println!("skipped: no optimised build");
    }
    cfg!(debug_assertions)
}

#[test]
fn every_scenario_and_every_variant_of_it_has_a_valid_plan() {
    for name in SHIPPED {
        let scenario = scenarios::Scenario::load(file(name)).unwrap_or_else(|e| panic!("{}", e.render()));
        let plan = scenario.plan().unwrap_or_else(|e| panic!("{}", e.render()));
        assert_eq!(plan.name, name);
        for variant in scenario.variants() {
            let mut changed = scenario.clone();
            changed.set(&format!("variant={variant}")).unwrap_or_else(|e| panic!("{}", e.render()));
            changed.plan().unwrap_or_else(|e| panic!("{name}, variant {variant}: {}", e.render()));
        }
    }
}

#[test]
fn no_scenario_is_shipped_without_being_tested_here() {
    let names = tests::shipped().iter().map(|p| p.file_stem().expect("a name").to_string_lossy().into_owned()).collect::<Vec<_>>();
    assert_eq!(names, SHIPPED);
}

#[test]
fn the_microcircuit_has_all_its_neurons_and_synapses() {
    let plan = scenarios::Scenario::load(file("microcircuit")).and_then(|s| s.plan()).expect("valid");
    assert_eq!(plan.network.n_neurons(), 77_169);
    assert_eq!(plan.network.expected_synapses(), 298_880_968.0);
}

#[test]
fn the_full_microcircuit_has_the_published_rates() {
    if too_slow() {
        return;
    }
    let report = Report::of("microcircuit", &[]);
    let published = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];
    for (name, rate) in ["23E", "23I", "4E", "4I", "5E", "5I", "6E", "6I"].into_iter().zip(published) {
        assert_within(name, report.population(&format!("column.{name}"), "rate"), 0.9 * rate..1.1 * rate);
    }
    assert_within("bytes", report.number("peak_rss_bytes"), 0.0..4e9);
}

#[test]
fn coba_sustains_itself() {
    let report = Report::of("coba", &[]);
    for name in ["E", "I"] {
        assert_within(name, report.population(name, "rate"), 14.0..26.0);
        assert_within(name, report.population(name, "cv_isi"), 1.1..2.0);
    }
}

#[test]
fn brunel_has_four_regimes() {
    if too_slow() {
        return;
    }
    let of = |variant: &str| Report::of("brunel", &["--variant", variant]);
    let check = |variant: &str, rate: Range<f64>, cv: Range<f64>| {
        let report = of(variant);
        assert_within(variant, report.population("E", "rate"), rate);
        assert_within(variant, report.population("E", "cv_isi"), cv);
    };
    check("SR", 325.0..340.0, 0.0..0.05);
    check("AI", 35.0..41.0, 0.3..0.6);
    check("SI-fast", 54.0..62.0, 0.55..0.9);
    check("SI-slow", 3.5..8.0, 0.15..1.0);
}

#[test]
fn brunel_reproduces_the_reference_networks() {
    let check = |variant: &str, rate: Range<f64>, cv: Range<f64>| {
        let report = Report::of("brunel", &["--variant", variant]);
        for name in ["E", "I"] {
            assert_within(variant, report.population(name, "rate"), rate.clone());
            assert_within(variant, report.population(name, "cv_isi"), cv.clone());
        }
    };
    check("reference-AI", 36.0..44.0, 0.65..0.8);
    check("reference-SR", 331.0..335.0, 0.0..0.02);
}

/// Runs a brain as it is and with its tracts cut; checks that each region is alive, and gives both.
fn with_and_without_tracts(name: &str, n: usize, arguments: &[&str], alive: Range<f64>) -> (Report, Report) {
    let intact = Report::of(name, arguments);
    let cut = Report::of(name, &[arguments, &["--variant", "cut"]].concat());
    for report in [&intact, &cut] {
        let regions = report.regions();
        assert_eq!(regions.len(), n);
        for (label, rate) in regions {
            assert_within(&format!("{name}, {label}"), rate, alive.clone());
        }
    }
    (intact, cut)
}

fn spread(report: &Report) -> f64 {
    let rates: Vec<f64> = report.regions().into_values().collect();
    let mean = rates.iter().sum::<f64>() / rates.len() as f64;
    (rates.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / rates.len() as f64).sqrt()
}

#[test]
fn macaque_is_alive_in_every_area_and_its_tracts_matter() {
    if too_slow() {
        return;
    }
    let (intact, cut) = with_and_without_tracts("macaque", 29, &["--time", "500ms"], 0.1..30.0);
    let (before, after) = (intact.regions(), cut.regions());
    let rise = before.iter().filter(|(label, rate)| **rate > 1.2 * after[*label]).count();
    assert!(rise > 15, "only {rise} of 29 areas fire a fifth more because of their tracts");
    assert!(spread(&intact) > 3.0 * spread(&cut), "tracts make areas differ");
    assert!(before["TEpd"] > 1.5 * before["8m"]);
    assert!(intact.type_rate("5E") > 4.0 * intact.type_rate("23E"));
    assert!(intact.type_rate("23E") > 2.0 * cut.type_rate("23E"));
    assert_within("bytes", intact.number("peak_rss_bytes"), 0.0..4e9);
}

#[test]
fn human_and_mouse_are_alive_in_every_region_and_their_tracts_matter() {
    if too_slow() {
        return;
    }
    for (name, n) in [("human", 84), ("mouse", 232)] {
        let (intact, cut) = with_and_without_tracts(name, n, &["--time", "400ms"], 0.1..30.0);
        assert!(intact.type_rate("23E") > 1.8 * cut.type_rate("23E"), "{name}");
        assert!(intact.type_rate("4E") > 1.2 * cut.type_rate("4E"), "{name}");
    }
}

#[test]
fn tracts_change_the_activity_of_braincog_brains() {
    if too_slow() {
        return;
    }
    for (name, n, most) in [("braincog-macaque", 29, 30.0), ("braincog-human", 84, 100.0), ("braincog-mouse", 232, 150.0)] {
        let (intact, cut) = with_and_without_tracts(name, n, &["--time", "500ms"], 8.0..most);
        assert_within(name, cut.type_rate("E"), 10.0..11.0);
        assert_within(name, intact.type_rate("E"), 12.0..18.0);
        if name != "braincog-macaque" {
            assert_within(name, cut.type_rate("TC"), 33.0..36.0);
            assert_within(name, intact.type_rate("TC"), 39.0..62.0);
        }
    }
}

#[test]
fn as_sparse_as_in_braincog_tracts_hardly_matter() {
    if too_slow() {
        return;
    }
    let report = Report::of("braincog-macaque", &["--variant", "original-density", "--time", "500ms"]);
    assert_eq!(report.number("neurons"), 200_000.0);
    assert_within("synapses", report.number("synapses"), 2.77e6..2.79e6);
    for (name, rate) in [("E", 10.0..11.0), ("I-BC", 3.5..4.5), ("I-MC", 30.0..34.0)] {
        assert_within(name, report.type_rate(name), rate);
    }
}

#[test]
fn large_scenarios_have_the_neurons_and_synapses_they_claim() {
    for (name, neurons, synapses) in [
        ("macaque-full", 2_237_901, 10.04e9),
        ("braincog-mouse-full", 50_341_590, 1.007e9),
        ("braincog-macaque-giant", 1_210_000_002, 1.3e12),
        ("braincog-human-giant", 859_999_980, 2.5e12),
    ] {
        let scenario = scenarios::Scenario::load(file(name)).unwrap_or_else(|e| panic!("{}", e.render()));
        let network = scenario.plan().unwrap_or_else(|e| panic!("{}", e.render())).network;
        assert_eq!(network.n_neurons(), neurons, "{name}");
        assert_within(name, network.expected_synapses() / synapses, 0.999..1.001);
    }
}

#[test]
fn the_full_mouse_brain_does_in_small_what_its_comment_says() {
    if too_slow() {
        return;
    }
    // 1/200 of the neurons, with as many synapses each.
    let report = Report::of("braincog-mouse-full", &["--set", "regions.size.scale=0.005", "--set", "regions.size.least=50"]);
    for (cell, rates) in
        [("E", 9.5..13.0), ("I-BC", 3.2..6.0), ("I-MC", 29.0..36.0), ("TC", 32.0..42.0), ("TI", 88.0..105.0), ("TRN", 50.0..62.0)]
    {
        assert_within(cell, report.type_rate(cell), rates);
    }
}

#[test]
fn digits_get_the_answers_of_the_network_that_was_exported() {
    let folder = Folder::new("snn-digits");
    let out = folder.path().join("out");
    let output = braincog_sim().arg("run").arg(file("snn-digits")).arg("--quiet").arg("--out").arg(&out).output();
    let output = output.expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let states = engine::record::StateReader::open(&engine::record::states_path(&out, "V_m")).expect("V_m was recorded");
    let values = states.read(0, states.n_frames()).expect("readable");
    let frames: Vec<&[f32]> = values.chunks(10).collect();
    let table = std::fs::read_to_string(root().join("scenarios/snn-digits/answers.csv")).expect("answers are shipped");
    let rows: Vec<Vec<usize>> =
        table.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().expect("a number")).collect()).collect();
    // At time 0, before the first frame, all neurons are at 0.
    let before = |image: usize, class: usize| if image == 0 { 0.0 } else { frames[image - 1][class] };
    let rise = |image: usize, class: usize| frames[image][class] - before(image, class);
    let answer = |image: usize| (0..10).max_by(|&a, &b| rise(image, a).total_cmp(&rise(image, b))).expect("ten classes");
    assert_eq!((states.node_ids().len(), frames.len()), (10, rows.len()));
    for row in &rows {
        assert_eq!(answer(row[0]), row[2], "image {}", row[0]);
    }
    let right = rows.iter().filter(|row| row[1] == row[2]).count();
    assert!(right * 10 >= rows.len() * 9, "{right} of {}", rows.len());
}
