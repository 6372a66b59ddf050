//! What a step on a CUDA device costs, counted by the host driver in a network like the cortical microcircuit, and what that lets one
//! expect of two devices. **The last table is a prediction**: nothing here was measured on a device.
//!
//! `cargo test -p tests --test cuda_cost -- --nocapture` prints the tables of docs/gpu.md.
#![cfg(target_os = "linux")]

use scenarios::Scenario;
use serde_json::Value;
use tests::{Folder, braincog_sim, root, run, with_host_driver};

/// A twentieth of the neurons with half of their inputs: as many synapses of a source meet a block of targets as at full size, so
/// that segments are as long.
const SMALL: [&str; 4] = ["--set", "regions.size.scale=0.05", "--set", "regions.indegree_scale=0.5"];

/// Steps between the two runs whose difference is what steps cost.
const STEPS: [u64; 2] = [100, 250];

/// What one run cost, and what it did.
struct Counted {
    counters: Value,
    report: Value,
}

impl Counted {
    fn of(steps: u64) -> Self {
        let folder = Folder::new("cost");
        let (out, file) = (folder.path().join("out"), folder.path().join("counters.json"));
        let mut command = braincog_sim();
        command.args(["run", "scenarios/microcircuit.toml", "--backend", "cuda", "--quiet"]).args(SMALL);
        command.args(["--set", "simulation.warmup=0ms", "--set", "record.spikes=false"]);
        command.args(["--time", &format!("{}ms", steps as f64 * 0.1)]).arg("--out").arg(&out).env("HOST_DRIVER_COUNTERS", &file);
        let said = run(with_host_driver(&mut command));
        assert_eq!(said.code, 0, "{}", said.err);
        let json = |path| serde_json::from_str(&std::fs::read_to_string(path).expect("it was written")).expect("it is JSON");
        Counted { counters: json(file), report: json(out.join("report.json")) }
    }

    fn number(&self, kernel: Option<&str>, key: &str) -> f64 {
        let counters = kernel.map_or(&self.counters["all"], |kernel| &self.counters["kernels"][kernel]);
        counters[key].as_f64().unwrap_or_else(|| panic!("the host driver counts {key} of {kernel:?}"))
    }
}

/// What was counted between the ends of two runs.
struct Between(Counted, Counted);

impl Between {
    fn count(&self, kernel: Option<&str>, key: &str) -> f64 {
        self.1.number(kernel, key) - self.0.number(kernel, key)
    }

    fn done(&self, key: &str) -> f64 {
        let number = |counted: &Counted| counted.report[key].as_f64().expect("report.json has it");
        number(&self.1) - number(&self.0)
    }

    /// Bytes in whole sectors of 32 that the warps of a kernel touch.
    fn bytes(&self, kernel: &str, key: &str) -> f64 {
        32.0 * self.count(Some(kernel), key)
    }

    /// Bytes that memory has to move for a kernel at most: atomics both ways, though their sums mostly stay in the cache.
    fn moved(&self, kernel: &str) -> f64 {
        self.bytes(kernel, "load_sectors") + self.bytes(kernel, "store_sectors") + 2.0 * self.bytes(kernel, "atomic_sectors")
    }
}

/// What limits a device.
struct Card {
    name: &'static str,
    /// Bytes per second of its memory.
    bandwidth: f64,
    /// Instructions of warps per second: multiprocessors, four schedulers each, clock.
    issue: f64,
}

const CARDS: [Card; 2] = [
    Card { name: "H100 SXM", bandwidth: 3.35e12, issue: 132.0 * 4.0 * 1.7e9 },
    Card { name: "RTX 4090", bandwidth: 1.008e12, issue: 128.0 * 4.0 * 2.5e9 },
];

/// Seconds from one launch in a stream to the next, if the kernel does nothing: what is usually reported.
const LAUNCH: f64 = 2.5e-6;

/// Neurons of the full microcircuit, and synaptic events per second at its published rates.
fn full_size() -> (f64, f64) {
    let plan = Scenario::load(root().join("scenarios/microcircuit.toml")).and_then(|s| s.plan()).expect("it is shipped");
    let rates = [0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829];
    let network = plan.network;
    let events = |p: &connectome::network::Projection| p.expected_synapses(&network) * rates[p.source];
    (network.n_neurons() as f64, network.projections.iter().map(events).sum())
}

#[test]
fn a_step_takes_two_launches_and_an_event_reads_less_than_twice_its_synapse() {
    let between = Between(Counted::of(STEPS[0]), Counted::of(STEPS[1]));
    let steps = (STEPS[1] - STEPS[0]) as f64;
    let neuron_steps = steps * between.1.report["neurons"].as_f64().expect("a number");
    let events = between.done("synaptic_events");
    assert!(events > 10_000.0, "{events} events tell little");

    println!("{steps} steps of {} neurons, {events} synaptic events, {} spikes", neuron_steps / steps, between.done("spikes"));
    println!("| | per neuron and step (`update`) | per synaptic event (`deliver`) |\n|---|---|---|");
    let row = |what: &str, update: f64, deliver: f64| {
        println!("| {what} | {:.1} | {:.2} |", update / neuron_steps, deliver / events);
        (update / neuron_steps, deliver / events)
    };
    let loaded = row("bytes read", between.bytes("update", "load_sectors"), between.bytes("deliver", "load_sectors"));
    row("bytes written", between.bytes("update", "store_sectors"), between.bytes("deliver", "store_sectors"));
    row("bytes of atomics", between.bytes("update", "atomic_sectors"), between.bytes("deliver", "atomic_sectors"));
    let moved = row("bytes moved, atomics both ways", between.moved("update"), between.moved("deliver"));
    let warps = |kernel| between.count(Some(kernel), "warp_instructions");
    let issued = row("instructions of warps", warps("update"), warps("deliver"));
    let threads = |kernel| between.count(Some(kernel), "thread_instructions");
    row("instructions of threads", threads("update"), threads("deliver"));
    let launches = between.count(None, "launches") / steps;
    println!("launches per step: {launches}, synchronisations: {}", between.count(None, "synchronisations") / steps);
    println!(
        "bytes to the device per step: {}, to the host: {}",
        between.count(None, "bytes_to_device") / steps,
        between.count(None, "bytes_to_host") / steps
    );

    let (neurons, events_per_second) = full_size();
    println!("prediction for {neurons} neurons with {:.2e} synaptic events per second, steps of 0.1 ms:", events_per_second);
    for card in CARDS {
        let per_step = |(update, deliver): (f64, f64)| neurons * update + events_per_second * 1e-4 * deliver;
        let (memory, issue) = (per_step(moved) / card.bandwidth, per_step(issued) / card.issue);
        let step = memory.max(issue) + launches * LAUNCH;
        println!(
            "{}: memory {:.1} us, instructions {:.1} us, launches {:.1} us a step: real-time factor {:.3}",
            card.name,
            1e6 * memory,
            1e6 * issue,
            1e6 * launches * LAUNCH,
            step / 1e-4
        );
    }
    let stored = between.1.report["bytes_per_synapse"].as_f64().expect("a number");
    println!("bytes stored per synapse on the device: {stored:.2}");
    assert_eq!(launches, 2.0);
    assert!(issued.1 < 8.0, "{} instructions of warps per event", issued.1);
    assert!(loaded.1 < 1.6 * stored, "an event reads {} bytes of rows that have {stored} a synapse", loaded.1);
}
