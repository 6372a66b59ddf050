//! Contract: a run on a CUDA device gives the spikes of a run on the processor and records the same files, also where it was stopped and goes
//! on on the other. Runs that are cut and shared by processes are in `cuda_cut.rs`.
//!
//! The device is the host driver, which interprets the kernels that are shipped and stops at the first access that is not right. It is
//! slow: scenarios are shrunk to a few thousand neurons and run until some of them have fired.
#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Folder, Said, braincog_sim, root, run, shipped, shrink, with_host_driver};

/// The time after which a run should have begun.
const PATIENCE: Duration = Duration::from_secs(300);

const PROCEDURAL: &str = "simulation.storage=procedural";

/// How long a shipped scenario runs: until neurons fire.
fn time(name: &str) -> &'static str {
    match name {
        "brunel" | "microcircuit" => "16ms",
        "coba" => "4ms",
        "braincog-human" | "braincog-macaque" => "30ms",
        "braincog-macaque-giant" => "20ms",
        "mouse" => "2ms",
        _ => "8ms",
    }
}

/// Runs a scenario for a time into `out`.
fn simulate(scenario: &Path, time: &str, backend: &str, out: &Path, set: &[&str]) -> Said {
    let mut command = braincog_sim();
    command.arg("run").arg(scenario).args(["--backend", backend, "--quiet", "--time", time, "--out"]).arg(out);
    for assignment in set.iter().chain(&["simulation.warmup=0ms"]) {
        command.args(["--set", assignment]);
    }
    run(with_host_driver(&mut command))
}

fn report(out: &Path) -> Value {
    let text = std::fs::read_to_string(out.join("report.json")).expect("a run writes report.json");
    serde_json::from_str(&text).expect("report.json is JSON")
}

fn name(scenario: &Path) -> String {
    scenario.file_stem().expect("a scenario has a name").to_string_lossy().into_owned()
}

/// Names of the files of spikes, rates and states in a folder.
fn recorded(out: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(out).expect("a run leaves a folder").map(|file| file.expect("readable").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with(".h5")).collect();
    names.sort();
    names
}

/// What makes a shipped scenario small.
fn small(name: &str) -> Vec<&'static str> {
    shrink(name).collect()
}

/// Runs a scenario on both backends, and finds the same in their reports. Gives the number of spikes.
fn compare(scenario: &Path, time: &str, set: &[&str]) -> u64 {
    let name = name(scenario);
    let folder = Folder::new(&name);
    let on = |backend: &str| {
        let (start, out) = (Instant::now(), folder.path().join(backend));
        let said = simulate(scenario, time, backend, &out, set);
        assert_eq!(said.code, 0, "{name} on {backend}: {}", said.err);
        (report(&out), start.elapsed().as_secs_f64())
    };
    let ((cpu, _), (cuda, seconds)) = (on("cpu"), on("cuda"));
    println!("{name} {set:?}: {} neurons, {} spikes, {} events, {seconds:.1} s", cuda["neurons"], cuda["spikes"], cuda["synaptic_events"]);
    assert_eq!((&cpu["backend"], &cuda["backend"]), (&"cpu".into(), &"cuda".into()));
    assert_same(&folder.path().join("cuda"), &folder.path().join("cpu"), &format!("{name} {set:?}"));
    cuda["spikes"].as_u64().expect("a number of spikes")
}

/// Two folders of runs tell the same and hold the same recorded files.
fn assert_same(found: &Path, expected: &Path, what: &str) {
    for key in ["spike_checksum", "spikes", "synaptic_events", "neurons", "synapses", "populations", "regions"] {
        assert_eq!(report(found)[key], report(expected)[key], "{what}: {key}");
    }
    let files = recorded(expected);
    assert_eq!(recorded(found), files, "{what}: recorded files");
    for file in files {
        let bytes = |folder: &Path| std::fs::read(folder.join(&file)).expect("it is in the folder");
        assert!(bytes(found) == bytes(expected), "{what}: {file} differs");
    }
}

#[test]
fn every_shipped_scenario_gives_the_same_spikes_on_a_device() {
    for scenario in shipped() {
        let name = name(&scenario);
        let spikes = compare(&scenario, time(&name), &[&small(&name)[..], &["simulation.storage=stored"]].concat());
        assert!(spikes > 5, "{name}: {spikes} spikes tell little");
    }
}

/// What is not recorded shows in the report alone.
#[test]
fn every_shipped_scenario_is_made_on_a_device_as_on_the_processor_without_recording() {
    for scenario in shipped() {
        let name = name(&scenario);
        let spikes = compare(&scenario, time(&name), &[&small(&name)[..], &[PROCEDURAL, "record.spikes=false"]].concat());
        assert!(spikes > 5, "{name}: {spikes} spikes tell little");
    }
}

#[test]
fn a_run_whose_waiting_for_the_device_is_left_out_is_noticed() {
    let scenario = root().join("scenarios/brunel.toml");
    let folder = Folder::new("no-wait");
    let said = simulate(&scenario, "16ms", "cpu", &folder.path().join("cpu"), &small("brunel"));
    assert_eq!(said.code, 0, "{}", said.err);
    let checksum = |out: &str| report(&folder.path().join(out))["spike_checksum"].clone();
    for seed in 0..3 {
        let out = format!("cuda-{seed}");
        let mut command = braincog_sim();
        command.arg("run").arg(&scenario).args(["--backend", "cuda", "--quiet", "--time", "16ms", "--out"]).arg(folder.path().join(&out));
        for assignment in small("brunel").into_iter().chain(["simulation.warmup=0ms"]) {
            command.args(["--set", assignment]);
        }
        command.env("HOST_DRIVER_MISTAKE", "no-event-wait").env("HOST_DRIVER_SEED", seed.to_string());
        let said = run(with_host_driver(&mut command));
        assert!(said.code != 0 || checksum(&out) != checksum("cpu"), "seed {seed}: nothing noticed");
        println!("seed {seed}: {} {}", said.code, said.err.lines().last().unwrap_or_default());
    }
}

/// Scenarios that between them have every rule, stimulus and way of recording.
fn good() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("tests/scenario/good")).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|file| file.expect("readable").path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    files
}

#[test]
fn every_rule_and_stimulus_does_on_a_device_what_it_does_on_the_processor() {
    let spikes: u64 = good().iter().map(|scenario| compare(scenario, "30ms", &[])).sum();
    assert!(spikes > 100, "{spikes} spikes tell little");
}

/// NVRTC, where `tools/cuda.sh` has put it.
fn nvrtc() -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let versions = std::fs::read_dir(target.join("nvcc/lib")).ok()?;
    let library = |version: PathBuf| version.join("site-packages/nvidia/cu13/lib/libnvrtc.so.13");
    versions.filter_map(|version| Some(library(version.ok()?.path()))).find(|path| path.is_file())
}

/// A run on a device with this folder among those in which libraries are looked for; instructions of warps in `update`.
fn counted(scenario: &str, set: &[&str], libraries: Option<&Path>, out: &Path) -> f64 {
    let counters = out.with_extension("json");
    let mut command = braincog_sim();
    command.args(["run", scenario, "--backend", "cuda", "--quiet", "--time", "16ms", "--out"]).arg(out);
    for assignment in set.iter().chain(&["simulation.warmup=0ms"]) {
        command.args(["--set", assignment]);
    }
    with_host_driver(&mut command).env("HOST_DRIVER_COUNTERS", &counters);
    if let Some(libraries) = libraries {
        let found = command.get_envs().find(|(name, _)| *name == "LD_LIBRARY_PATH").and_then(|(_, value)| value);
        let mut paths = found.expect("the host driver is found so").to_os_string();
        paths.push(":");
        paths.push(libraries);
        command.env("LD_LIBRARY_PATH", paths);
    }
    let said = run(&mut command);
    assert_eq!(said.code, 0, "{scenario}: {}", said.err);
    let counters: Value = serde_json::from_str(&std::fs::read_to_string(counters).expect("it was written")).expect("it is JSON");
    counters["kernels"]["update"]["warp_instructions"].as_f64().expect("the host driver counts them")
}

#[test]
fn kernels_that_are_compiled_for_a_run_give_its_bits_with_fewer_instructions() {
    let Some(library) = nvrtc() else {
        println!("skipped: no nvrtc");
        return;
    };
    let folder = Folder::new("nvrtc");
    // Under the name by which it is looked for, beside what it loads itself.
    let beside = folder.path().join("lib");
    std::fs::create_dir(&beside).expect("a new folder");
    for file in std::fs::read_dir(library.parent().expect("it lies in a folder")).expect("it is there") {
        let file = file.expect("readable");
        std::os::unix::fs::symlink(file.path(), beside.join(file.file_name())).expect("a new name");
    }
    std::os::unix::fs::symlink(&library, beside.join("libnvrtc.so")).expect("a new name");
    for (name, storage) in [("microcircuit", "stored"), ("brunel", "procedural")] {
        let scenario = format!("scenarios/{name}.toml");
        let storage = format!("simulation.storage={storage}");
        let set = [&small(name)[..], &[&storage]].concat();
        let out = |which: &str| folder.path().join(format!("{name}-{which}"));
        let said = simulate(&root().join(&scenario), "16ms", "cpu", &out("cpu"), &set);
        assert_eq!(said.code, 0, "{}", said.err);
        let (shipped, compiled) =
            (counted(&scenario, &set, None, &out("shipped")), counted(&scenario, &set, Some(&beside), &out("compiled")));
        assert_same(&out("compiled"), &out("cpu"), name);
        println!("{name}: {shipped} instructions of warps in `update`, {compiled} where it was compiled for the run");
        if compiled == shipped {
            println!("skipped: no machine on which NVRTC is not found anyway");
        } else {
            assert!(compiled < 0.95 * shipped, "{name}: {compiled} of {shipped}");
        }
    }
}

/// Populations with currents of every kind, several probes and a delay longer than a block of recorded steps; one has its state in 16 bits.
const RECORDED: &str = r#"
name = "recorded"

[populations.E]
model = "iaf_psc_exp"
size = 300
params = { I_e = "900 pA" }
initial = { V_m = { uniform = { min = "-70 mV", max = "-56 mV" } } }

[populations.G]
model = "adth"
size = 70

[populations.C]
model = "aeif_braincog"
size = 90
state = "compact"

[[projections]]
source = "E"
target = ["E", "G", "C"]
rule = "fixed_indegree"
indegree = 30
weight = { normal = { mean = "20 pA", std = "4 pA" } }
delay = { uniform = { min = "0.3 ms", max = "14 ms" } }

[[stimuli]]
kind = "noise_generator"
target = "E"
mean = "10 pA"
std = "40 pA"

[[record.states]]
population = "E"
variables = ["V_m"]
neurons = [3, 5]
interval = "0.1 ms"

[[record.states]]
population = "G"
variables = ["V_m"]
neurons = [60, 10]
interval = "0.7 ms"

[[record.states]]
population = "C"
variables = ["V_m", "w"]
neurons = [13, 20]
interval = "0.3 ms"
"#;

#[test]
fn a_device_records_what_the_processor_records_and_the_spikes_do_not_depend_on_it() {
    let folder = Folder::new("recorded");
    let scenario = folder.file("recorded.toml", RECORDED);
    assert!(compare(&scenario, "25ms", &[]) > 50);
    let without = folder.file("without.toml", RECORDED.split("[[record.states]]").next().expect("what comes before"));
    let checksum = |scenario: &Path, out: &str| {
        let out = folder.path().join(out);
        let said = simulate(scenario, "25ms", "cuda", &out, &["simulation.seed=3"]);
        assert_eq!(said.code, 0, "{}", said.err);
        report(&out)["spike_checksum"].clone()
    };
    assert_eq!(checksum(&scenario, "with"), checksum(&without, "without"));
}

/// A run without end that is stopped by SIGTERM when it records: the step of its checkpoint.
fn stopped(scenario: &Path, backend: &str, out: &Path) -> u64 {
    let mut command = braincog_sim();
    command.arg("run").arg(scenario).args(["--backend", backend, "--quiet", "--time", "1000s", "--out"]).arg(out);
    let mut child = with_host_driver(&mut command).stderr(Stdio::null()).spawn().expect("the program starts");
    let begun = Instant::now();
    while !out.join("spikes.h5.partial").exists() && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(50));
    let status = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("there is `kill`");
    assert!(status.success() && child.wait().expect("it ends").code() == Some(143), "{backend}");
    let checkpoints = std::fs::read_dir(out.join("checkpoints")).expect("it was stopped with a checkpoint");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("readable").file_name().to_string_lossy().parse().ok();
    checkpoints.filter_map(name).max().expect("a checkpoint is called by its step")
}

#[test]
fn a_run_that_was_stopped_goes_on_on_the_other_backend_and_leaves_the_same_files() {
    let folder = Folder::new("stopped");
    let scenario = folder.file("recorded.toml", RECORDED);
    for (first, second) in [("cuda", "cpu"), ("cpu", "cuda")] {
        let out = folder.path().join(first);
        let step = stopped(&scenario, first, &out);
        let time = format!("{} ms", step as f64 / 10.0 + 3.0);
        let mut command = braincog_sim();
        command.arg("run").arg(&scenario).args(["--backend", second, "--quiet", "--time", &time, "--resume"]).arg(&out);
        let said = run(with_host_driver(&mut command));
        assert_eq!(said.code, 0, "{first}, then {second}: {}", said.err);
        let whole = folder.path().join(format!("whole-{first}"));
        let said = run(braincog_sim().arg("run").arg(&scenario).args(["--quiet", "--time", &time, "--out"]).arg(&whole));
        assert_eq!(said.code, 0, "{}", said.err);
        assert_same(&out, &whole, &format!("{first} up to step {step}, then {second}"));
    }
}

#[test]
fn a_benchmark_on_a_device_does_the_work_of_the_processors() {
    let measured = |backend: &str| {
        let arguments = ["bench", "brunel", "--scale", "0.01", "--time", "2ms", "--json", "--backend", backend];
        let said = run(with_host_driver(braincog_sim().args(arguments)));
        assert_eq!(said.code, 0, "{}", said.err);
        let cases: Value = serde_json::from_str(&said.out).expect("it prints JSON");
        cases[0].clone()
    };
    let (cpu, cuda) = (measured("cpu"), measured("cuda"));
    assert_eq!((&cpu["backend"], &cuda["backend"]), (&"cpu".into(), &"cuda".into()));
    for key in ["spike_checksum", "spikes", "synaptic_events", "steps", "neurons", "synapses"] {
        assert_eq!(cuda[key], cpu[key], "{key}");
    }
    assert!(cuda["spikes"].as_u64() > Some(0) && cuda["rates"]["ns_per_neuron_step"].as_f64() > Some(0.0));
}

#[test]
fn check_says_what_a_device_needs_and_a_run_that_needs_more_is_refused() {
    let check = |scenario: &str| run(with_host_driver(braincog_sim().args(["check", scenario, "--backend", "cuda"])));
    let said = check("scenarios/microcircuit.toml");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(
        said.out.contains("host driver") && said.out.contains("device memory") && said.out.contains("spikes under way"),
        "{}",
        said.out
    );
    // Ten times the 8 GiB that the host driver has.
    let said = run(with_host_driver(
        braincog_sim().args(["check", "scenarios/macaque-full.toml", "--backend", "cuda"]).args(["--set", "simulation.storage=stored"]),
    ));
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("of device memory, but 8.00 GiB are available"), "{}", said.err);
}

#[test]
fn a_machine_without_a_driver_is_told_what_was_looked_for() {
    let folder = Folder::new("no-driver");
    let arguments = ["check", "scenarios/brunel.toml", "--backend", "cuda"];
    let said = run(braincog_sim().args(arguments).env("LD_LIBRARY_PATH", folder.path()));
    if said.code == 0 {
        println!("skipped: no machine without a CUDA device");
        return;
    }
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("found no CUDA driver; looked for libcuda.so") && said.err.contains("libcuda.so.1"), "{}", said.err);
    assert!(said.err.contains("leave out `--backend cuda`"), "{}", said.err);
}

#[test]
fn the_script_for_machines_with_a_gpu_runs() {
    let folder = Folder::new("gpu-check");
    let result = folder.path().join("result.json");
    let mut script = std::process::Command::new(root().join("tools/gpu-check.sh"));
    script.arg("--short").env("BRAINCOG_SIM", braincog_sim().get_program()).env("GPU_CHECK_OUT", &result);
    let said = run(with_host_driver(&mut script));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let result: Value = serde_json::from_str(&std::fs::read_to_string(result).expect("it writes its result")).expect("the result is JSON");
    assert_eq!(result["all_equal"], true);
    assert_eq!(result["runs"].as_array().expect("a list").len(), shipped().len());
    let measured = &result["measured"][0];
    assert_eq!((&measured["benchmark"], &measured["backend"]), (&"brunel".into(), &"cuda".into()));
    assert!(measured["rates"]["ms_per_step"].as_f64() > Some(0.0) && measured["synapses"].as_u64() > Some(1000), "{measured}");
    assert!(said.out.contains("ms a step"), "{}", said.out);
}
