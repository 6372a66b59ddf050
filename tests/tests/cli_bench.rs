//! The contract: `bench` lists the benchmarks; each runs at any scale and tells everything that `report.json` tells, as a table and as JSON; what is
//! wrong with its arguments is said in one message with exit code 2.

use serde_json::Value;
use tests::{Said, braincog_sim, run};

const BENCHMARKS: [&str; 6] = ["pd14", "brunel", "braincog-200k", "construction", "procedural", "update"];

/// The keys of `report.json`, as the README promises them.
const KEYS: [&str; 20] = [
    "neurons",
    "synapses",
    "bytes_per_synapse",
    "bytes_per_neuron",
    "build_seconds",
    "simulate_seconds",
    "biological_seconds",
    "realtime_factor",
    "phases",
    "cpu_seconds",
    "synaptic_events",
    "spikes",
    "peak_rss_bytes",
    "spike_checksum",
    "ranks",
    "threads",
    "backend",
    "seed",
    "populations",
    "regions",
];

/// What a benchmark has of its own.
const RATES: [&str; 8] = [
    "cpu_seconds_per_biological_second",
    "synapses_per_cpu_second",
    "events_per_second",
    "events_per_core_second",
    "ns_per_event",
    "ns_per_neuron_step",
    "ms_per_step",
    "cpu_ns_per_neuron_step",
];

/// A benchmark so small that it takes no time.
fn tiny(name: &str, threads: &str, more: &[&str]) -> Said {
    let said = run(braincog_sim().args(["bench", name, "--scale", "0.02", "--time", "20ms", "--threads", threads]).args(more));
    assert_eq!(said.code, 0, "{name}: {}", said.err);
    said
}

/// The cases of a tiny benchmark.
fn cases(name: &str, threads: &str) -> Vec<Value> {
    let said = tiny(name, threads, &["--json"]);
    assert!(said.err.is_empty(), "{name}: {}", said.err);
    let json: Value = serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{name}: {e}: {}", said.out));
    json.as_array().unwrap_or_else(|| panic!("{name}: a list of cases")).clone()
}

fn number(case: &Value, key: &str) -> f64 {
    case[key].as_f64().unwrap_or_else(|| panic!("`{key}` is a number in {case}"))
}

#[test]
fn without_a_name_all_benchmarks_are_listed() {
    let said = run(braincog_sim().arg("bench"));
    assert_eq!(said.code, 0, "{}", said.err);
    let listed: Vec<&str> = said.out.lines().filter_map(|l| l.split_whitespace().next()).collect();
    assert_eq!(listed[1..=BENCHMARKS.len()], BENCHMARKS, "{}", said.out);
}

#[test]
fn every_benchmark_prints_every_key_in_its_table() {
    for name in BENCHMARKS {
        let said = tiny(name, "2", &[]);
        // Populations and regions are tables of their own; phases are rows.
        let rows = KEYS.iter().filter(|k| !["phases", "populations", "regions"].contains(*k));
        for key in rows.chain(&RATES) {
            assert!(said.out.lines().any(|l| l.split_whitespace().next() == Some(key)), "{name}: {key} in {}", said.out);
        }
        for text in ["update", "deliver", "communicate", "record", "load of the machine", "rate in 1/s"] {
            assert!(said.out.contains(text), "{name}: {text} in {}", said.out);
        }
    }
}

#[test]
fn every_benchmark_gives_every_key_as_json_and_says_how_busy_the_machine_was() {
    for name in BENCHMARKS {
        for case in cases(name, "2") {
            for key in KEYS {
                assert!(!case[key].is_null(), "{name}: {key} in {case}");
            }
            for key in RATES {
                assert!(case["rates"][key].is_number(), "{name}: {key} in {case}");
            }
            assert_eq!(case["benchmark"], name);
            assert_eq!(case["machine"]["load"].as_array().map(Vec::len), Some(3));
            assert_eq!(case["threads"], 2);
        }
    }
}

#[test]
fn only_what_comes_after_the_warm_up_is_measured() {
    let case = &cases("brunel", "2")[0];
    assert_eq!(number(case, "steps"), 200.0);
    assert!((number(case, "biological_seconds") - 0.02).abs() < 1e-9, "{case}");
    let rate: f64 = number(case, "spikes") / number(case, "neurons") / 0.02;
    let e = number(&case["populations"]["E"], "rate") * number(&case["populations"]["E"], "neurons");
    let i = number(&case["populations"]["I"], "rate") * number(&case["populations"]["I"], "neurons");
    assert!((rate * number(case, "neurons") - e - i).abs() < 1e-6 * rate * number(case, "neurons") + 1e-9, "{case}");
    assert!(rate > 0.0, "the warm-up has brought the network to life: {case}");
}

#[test]
fn spikes_do_not_depend_on_the_number_of_threads() {
    let checksum = |threads| cases("braincog-200k", threads)[0]["spike_checksum"].clone();
    assert_eq!(checksum("1"), checksum("3"));
}

#[test]
fn construction_builds_and_does_not_simulate() {
    let cases = cases("construction", "2");
    assert_eq!(cases.iter().map(|c| c["case"].as_str().unwrap_or_default()).collect::<Vec<_>>(), ["constant", "normal"]);
    for case in &cases {
        assert!(number(case, "synapses") > 0.0, "{case}");
        assert_eq!([number(case, "steps"), number(case, "spikes"), number(case, "biological_seconds")], [0.0; 3], "{case}");
    }
}

#[test]
fn procedural_synapses_give_the_spikes_of_stored_ones() {
    let cases = cases("procedural", "2");
    let [procedural, stored] = cases.as_slice() else { panic!("two cases, found {}", cases.len()) };
    assert_eq!(procedural["spike_checksum"], stored["spike_checksum"]);
    assert_eq!(procedural["synaptic_events"], stored["synaptic_events"]);
    assert!(number(procedural, "synaptic_events") > 0.0);
    assert!(number(procedural, "bytes_per_synapse") < number(stored, "bytes_per_synapse"));
}

#[test]
fn wrong_arguments_end_with_2_and_one_message() {
    for (args, message) in [
        (vec!["brunl"], "did you mean `brunel`"),
        (vec!["PD41"], "did you mean `pd14`"),
        (vec!["brunel", "--scale", "0"], "a number above 0"),
        (vec!["brunel", "--scale", "big"], "a number above 0"),
        (vec!["brunel", "--threads", "0"], "1..=1024"),
        (vec!["brunel", "--time", "soon"], "simulation.duration"),
        (vec!["brunel", "--time", "0.05 ms"], "simulation.duration"),
        (vec!["pd14", "--scale", "1e6"], "expected at most"),
    ] {
        let said = run(braincog_sim().arg("bench").args(&args));
        assert_eq!(said.code, 2, "{args:?}: {}", said.err);
        assert!(said.err.contains(message), "{args:?}: {}", said.err);
        assert_eq!(said.err.matches("error:").count(), 1, "{args:?}: {}", said.err);
        assert!(said.out.is_empty(), "{args:?}: {}", said.out);
    }
}

#[test]
fn a_network_can_be_described_for_other_simulators_without_being_run() {
    let said = run(braincog_sim().args(["bench", "pd14", "--scale", "0.1", "--time", "1s", "--describe"]));
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let json: Value = serde_json::from_str(&said.out).expect("JSON");
    let (case, network) = (&json[0], &json[0]["network"]);
    assert_eq!([number(case, "dt"), number(case, "duration") - number(case, "warmup")], [0.1, 1000.0]);
    let sizes = network["populations"].as_array().expect("populations").iter().map(|p| number(p, "size"));
    assert!((sizes.sum::<f64>() - 7_717.0).abs() <= 4.0);
    let rules: Vec<&Value> = network["projections"].as_array().expect("projections").iter().map(|p| &p["rule"]["rule"]).collect();
    assert!(!rules.is_empty() && rules.iter().all(|r| *r == "fixed_total_number"), "{rules:?}");
}
