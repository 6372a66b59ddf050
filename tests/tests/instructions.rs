//! The contract: a step of a neuron and a synaptic event cost at most a tenth more instructions than recorded in `tests/instructions.json`.
//!
//! Instructions are counted by callgrind, because on a shared machine time lies and counts do not. Of two runs that differ in nothing but their
//! length the difference is what stepping costs, without building or writing. A network whose threshold nobody reaches tells the cost of a
//! neuron's step, stimuli included; the same network with spikes tells what its events add. Callgrind knows no AVX-512, so it is the AVX2 loops
//! that are counted. Record anew what got cheaper, or dearer for a reason: `UPDATE_INSTRUCTIONS=1 cargo test --release -p tests --test instructions`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tests::{Folder, braincog_sim, root, run};

/// A network of about 2,000 neurons, small enough for callgrind.
struct Network {
    name: &'static str,
    scenario: &'static str,
    changes: &'static [&'static str],
    /// What keeps every neuron below its threshold.
    silence: &'static [&'static str],
}

const NETWORKS: [Network; 2] = [
    Network {
        name: "stored",
        scenario: "microcircuit",
        changes: &["regions.size.scale=0.026", "regions.indegree_scale=0.2"],
        silence: &["regions.neuron.V_th=1000 mV"],
    },
    Network {
        name: "procedural",
        scenario: "brunel",
        changes: &[
            "variant=reference-AI",
            "populations.E.size=1600",
            "populations.I.size=400",
            "projections.excitatory.storage=procedural",
            "projections.inhibitory.storage=procedural",
        ],
        silence: &["populations.E.params.V_th=1000 mV", "populations.I.params.V_th=1000 mV"],
    },
];

/// Lengths of the two runs in ms: the shorter one is over the start, in which the calendar and the lists of spikes take their room.
const SHORT: u32 = 50;
const LONG: u32 = 350;

/// Instructions, synaptic events and neuron-steps.
#[derive(Clone, Copy)]
struct Counts {
    instructions: f64,
    events: f64,
    neuron_steps: f64,
}

/// Runs a network for `ms` under callgrind.
fn count(network: &Network, silent: bool, ms: u32) -> Counts {
    let folder = Folder::new("instructions");
    let program = braincog_sim();
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program.get_program()).current_dir(root());
    command.args(["run", &format!("scenarios/{}.toml", network.scenario), "--quiet", "--threads", "1", "--time", &format!("{ms}ms")]);
    command.arg("--out").arg(folder.path()).args(["--set", "simulation.warmup=0 ms", "--set", "record.spikes=false"]);
    let silence: &[&str] = if silent { network.silence } else { &[] };
    network.changes.iter().chain(silence).for_each(|change| {
        command.args(["--set", change]);
    });
    let said = run(command.stdin(Stdio::null()));
    assert_eq!(said.code, 0, "{}: {}", network.name, said.err);
    let collected = said.err.lines().find_map(|l| l.split_once("Collected :")).expect("callgrind says what it collected").1;
    let report = fs::read_to_string(folder.path().join("report.json")).expect("a run writes report.json");
    let report: Value = serde_json::from_str(&report).expect("report.json is JSON");
    let number = |key: &str| report[key].as_f64().expect("a number");
    let steps = (number("biological_seconds") / 1e-4).round();
    let instructions = collected.trim().parse().expect("a number of instructions");
    Counts { instructions, events: number("synaptic_events"), neuron_steps: number("neurons") * steps }
}

/// What the time between the end of the shorter run and that of the longer one costs.
fn difference(network: &Network, silent: bool) -> Counts {
    let (short, long) = (count(network, silent, SHORT), count(network, silent, LONG));
    Counts {
        instructions: long.instructions - short.instructions,
        events: long.events - short.events,
        neuron_steps: long.neuron_steps - short.neuron_steps,
    }
}

/// Instructions per neuron-step and per synaptic event.
fn costs(network: &Network) -> [f64; 2] {
    let silent = difference(network, true);
    assert_eq!(silent.events, 0.0, "{}: nobody fires below the threshold", network.name);
    let active = difference(network, false);
    assert!(active.events > 1e5, "{}: {} events are too few to tell what one costs", network.name, active.events);
    let per_step = silent.instructions / silent.neuron_steps;
    [per_step, (active.instructions - per_step * active.neuron_steps) / active.events]
}

/// Why nothing can be counted here.
fn missing() -> Option<&'static str> {
    let valgrind = Command::new("valgrind").arg("--version").output();
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    match () {
        () if cfg!(debug_assertions) => Some("optimised build"),
        () if !cpu.contains(" avx2 ") => Some("AVX2"),
        () if !valgrind.is_ok_and(|v| v.status.success()) => Some("valgrind"),
        () => None,
    }
}

fn file() -> PathBuf {
    root().join("tests/instructions.json")
}

#[test]
fn a_step_and_an_event_cost_no_more_instructions_than_recorded() {
    if let Some(what) = missing() {
        println!("skipped: no {what}");
        return;
    }
    let found: BTreeMap<_, _> = NETWORKS.iter().map(|network| (network.name, costs(network))).collect();
    let keys = ["per_neuron_step", "per_synaptic_event"];
    if std::env::var_os("UPDATE_INSTRUCTIONS").is_some() {
        let rounded = |x: f64| (x * 100.0).round() / 100.0;
        let entry = |costs: &[f64; 2]| json!({ keys[0]: rounded(costs[0]), keys[1]: rounded(costs[1]) });
        let content: BTreeMap<_, _> = found.iter().map(|(name, costs)| (*name, entry(costs))).collect();
        fs::write(file(), serde_json::to_string_pretty(&content).expect("numbers make JSON") + "\n").expect("the file can be written");
    }
    let recorded: Value = serde_json::from_str(&fs::read_to_string(file()).expect("the file is there")).expect("it is JSON");
    for (name, costs) in found {
        for (key, found) in keys.into_iter().zip(costs) {
            let recorded = recorded[name][key].as_f64().unwrap_or_else(|| panic!("{name}, {key}: nothing is recorded, found {found:.2}"));
            println!("{name}: {found:.2} instructions {key}, recorded {recorded:.2}");
            assert!(found <= 1.1 * recorded, "{name}: {found:.2} instructions {key}, recorded were {recorded:.2}");
            if found < 0.9 * recorded {
                println!("{name}: cheaper than recorded by more than a tenth; record it with UPDATE_INSTRUCTIONS=1");
            }
        }
    }
}
