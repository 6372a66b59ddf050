//! The contract: a run on many ranks is the run of one process: the same spikes, one set of files, one message for a
//! mistake. A rank that fails or is killed ends all, and nobody waits for it.

#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Folder, Said, braincog_sim, mpirun, root, run, shipped, shrink};

/// The time in which a run that lost a rank has to end.
const PATIENCE: Duration = Duration::from_secs(60);

fn report(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("report.json")).unwrap()).unwrap()
}

/// `--set` for a small and short version of a shipped scenario.
fn small(command: &mut Command, scenario: &Path, storage: &str) {
    let name = scenario.file_stem().unwrap().to_str().unwrap();
    command.arg(scenario).args(["--no-report", "--time", "40 ms"]);
    for assignment in shrink(name).chain(["simulation.warmup=0 ms"]) {
        command.args(["--set", assignment]);
    }
    command.args(["--set", &format!("simulation.storage={storage}")]);
}

fn succeeded(command: &mut Command) -> Said {
    let said = run(command);
    assert_eq!(said.code, 0, "{command:?}\n{}", said.err);
    said
}

#[test]
fn every_shipped_scenario_has_the_same_spikes_and_files_on_any_number_of_ranks() {
    if mpirun(1).is_none() {
        return;
    }
    let folder = Folder::new("ranks");
    for (index, scenario) in shipped().iter().enumerate() {
        let alone = folder.path().join(format!("{index}-alone"));
        let mut command = braincog_sim();
        small(&mut command, scenario, "stored");
        succeeded(command.args(["--threads", "2", "--out"]).arg(&alone));
        // Together all numbers of ranks and both kinds of storage are seen.
        let cases = [[(2, "stored", "1"), (3, "procedural", "1")], [(4, "stored", "1"), (1, "procedural", "2")]];
        for (ranks, storage, threads) in cases[index % 2] {
            let out = folder.path().join(format!("{index}-{ranks}"));
            let mut command = mpirun(ranks).expect("there is MPI");
            small(&mut command, scenario, storage);
            succeeded(command.args(["--threads", threads, "--out"]).arg(&out));
            let (one, many) = (report(&alone), report(&out));
            for key in ["spike_checksum", "spikes", "neurons", "populations", "regions", "synaptic_events"] {
                assert_eq!(one[key], many[key], "{key} of {} on {ranks} ranks, {storage}", scenario.display());
            }
            assert_eq!(many["ranks"], ranks);
            assert_eq!(many["per_rank"].as_array().unwrap().len(), ranks);
            if !alone.join("spikes.h5").exists() {
                // It records none.
                continue;
            }
            let compared = run(braincog_sim().arg("compare").arg(&alone).arg(&out));
            assert_eq!(compared.code, 0, "{}{}", compared.out, compared.err);
        }
    }
}

/// Two populations in two regions, large enough to be cut.
const PAIR: &str = r#"
name = "pair"

[simulation]
duration = "200 ms"
seed = 5

[populations.E]
model = "iaf_psc_exp"
size = 800

[populations.I]
model = "iaf_psc_exp"
size = 200

[[projections]]
source = ["E", "I"]
target = ["E", "I"]
rule = "fixed_indegree"
indegree = 10
weight = "10 pA"
delay = "1.5 ms"

[[stimuli]]
kind = "poisson_generator"
target = ["E", "I"]
rate = "8000 Hz"
weight = "40 pA"

[[record.states]]
population = "E"
variables = ["V_m"]
neurons = [3, 700]
interval = "1 ms"
"#;

#[test]
fn recorded_states_come_from_all_ranks_into_one_file() {
    let Some(mut command) = mpirun(3) else { return };
    let folder = Folder::new("states");
    let scenario = folder.file("pair.toml", PAIR);
    succeeded(command.arg(&scenario).args(["--no-report", "--threads", "1", "--out"]).arg(folder.path().join("many")));
    succeeded(braincog_sim().arg(&scenario).args(["--no-report", "--out"]).arg(folder.path().join("one")));
    let read = |run: &str, file: &str| std::fs::read(folder.path().join(run).join(file)).unwrap();
    for file in ["states-V_m.h5", "spikes.h5", "regions.h5", "plan.toml"] {
        assert!(read("one", file) == read("many", file), "{file} differs");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn ranks_with_a_device_each_have_the_files_of_one_process() {
    let Some(mut command) = mpirun(2) else { return };
    let folder = Folder::new("devices");
    let scenario = folder.file("pair.toml", PAIR);
    let out = |name: &str| folder.path().join(name);
    let run_for = ["--time", "20 ms", "--no-report", "--threads", "1"];
    tests::with_host_driver(command.arg(&scenario).args(["--backend", "cuda"]).args(run_for).arg("--out").arg(out("devices")));
    let said = succeeded(&mut command);
    assert!(said.err.contains("host driver (interprets PTX, for tests only), numbers on their machines, by rank: 0 0"), "{}", said.err);
    succeeded(braincog_sim().arg(&scenario).args(run_for).arg("--out").arg(out("one")));
    for file in ["states-V_m.h5", "spikes.h5", "regions.h5"] {
        assert!(std::fs::read(out("devices").join(file)).unwrap() == std::fs::read(out("one").join(file)).unwrap(), "{file} differs");
    }
    let (devices, one) = (report(&out("devices")), report(&out("one")));
    for key in ["spike_checksum", "spikes", "synaptic_events", "populations"] {
        assert_eq!(devices[key], one[key], "{key}");
    }
    assert!(one["spikes"].as_u64().unwrap() > 100);
    assert_eq!((&devices["backend"], &devices["ranks"]), (&"cuda".into(), &2.into()));
}

#[test]
fn two_hosts_over_tcp_have_the_spikes_of_one_process() {
    let Some(launcher) = mpirun(2) else { return };
    let program = launcher.get_args().last().expect("the program is the last argument");
    let folder = Folder::new("hosts");
    let scenario = folder.file("pair.toml", PAIR);
    let mut command = Command::new(root().join("tests/mpi/two-hosts.sh"));
    command.arg(program).arg(&scenario).args(["--no-report", "--threads", "1", "--out"]).arg(folder.path().join("hosts"));
    let said = run(&mut command);
    if said.code == 77 {
        println!("skipped: no network namespaces");
        return;
    }
    assert_eq!(said.code, 0, "{}", said.err);
    succeeded(braincog_sim().arg(&scenario).args(["--no-report", "--out"]).arg(folder.path().join("one")));
    let (hosts, one) = (report(&folder.path().join("hosts")), report(&folder.path().join("one")));
    assert_eq!(hosts["spike_checksum"], one["spike_checksum"]);
    assert_eq!(hosts["ranks"], 2);
}

#[test]
fn a_mistake_is_told_once_and_has_its_exit_code() {
    let Some(mut command) = mpirun(3) else { return };
    let folder = Folder::new("mistake");
    let scenario = folder.file("pair.toml", PAIR.replace("iaf_psc_exp", "iaf_psc_exq"));
    let said = run(command.arg(&scenario).arg("--out").arg(folder.path().join("out")));
    assert_eq!(said.code, 2, "{}", said.err);
    assert_eq!(said.err.matches("error:").count(), 1, "{}", said.err);
    assert!(said.err.contains("did you mean `iaf_psc_exp`?"), "{}", said.err);
    let said = run(mpirun(2).expect("there is MPI").args(["sweep", "scenarios/sweeps/coupling.toml"]));
    assert_eq!(said.code, 2);
    assert!(said.err.contains("`sweep` is for one"), "{}", said.err);
}

/// A run on three ranks that would take for ever, begun; and the process ids of its ranks.
fn begun(folder: &Folder, more: &[&str]) -> Option<(Child, Vec<u32>)> {
    let mut command = mpirun(3)?;
    let scenario = folder.file("pair.toml", PAIR);
    command
        .arg(&scenario)
        .args(["--time", "100000 s", "--no-report", "--threads", "1"])
        .args(more)
        .arg("--out")
        .arg(folder.path().join("out"));
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !folder.path().join("out/spikes.h5.partial").exists() {
        assert!(begun.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(), "the run does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    let children = run(Command::new("pgrep").args(["-P", &child.id().to_string(), "braincog"])).out;
    let ranks: Vec<u32> = children.split_whitespace().map(|id| id.parse().unwrap()).collect();
    assert_eq!(ranks.len(), 3, "{children}");
    Some((child, ranks))
}

fn signal(name: &str, process: u32) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

/// Waits for the end and returns the exit code.
fn end(child: &mut Child) -> Option<i32> {
    let waiting = Instant::now();
    while waiting.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    panic!("the run does not end");
}

#[test]
fn a_rank_that_is_killed_ends_the_run_and_the_folder_can_be_used_again() {
    for victim in [0, 1, 2] {
        let folder = Folder::new("killed");
        let Some((mut child, ranks)) = begun(&folder, &[]) else { return };
        std::thread::sleep(Duration::from_millis(100 * victim as u64));
        signal("-KILL", ranks[victim]);
        assert_ne!(end(&mut child), Some(0), "rank {victim} killed");
        assert!(!folder.path().join("out/report.json").exists(), "an unfinished run has no report");
        let scenario = folder.path().join("pair.toml");
        succeeded(braincog_sim().arg(scenario).args(["--no-report", "--out"]).arg(folder.path().join("out")));
    }
}

#[test]
fn a_signal_to_rank_0_ends_all_with_what_was_recorded() {
    let folder = Folder::new("stopped");
    let Some((mut child, ranks)) = begun(&folder, &[]) else { return };
    std::thread::sleep(Duration::from_millis(300));
    // The launcher numbers processes as it starts them.
    signal("-TERM", *ranks.iter().min().unwrap());
    assert_eq!(end(&mut child), Some(143));
    let report = report(&folder.path().join("out"));
    assert!(report["biological_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!(report["ranks"], 3);
}

#[test]
fn ranks_that_are_killed_go_on_from_their_checkpoint_on_another_number_of_them() {
    let folder = Folder::new("restart");
    let Some((mut child, ranks)) = begun(&folder, &["--checkpoint-every", "20 ms"]) else { return };
    let out = folder.path().join("out");
    let checkpoints = || {
        let entries = std::fs::read_dir(out.join("checkpoints")).into_iter().flatten().flatten().map(|e| e.path());
        let mut steps: Vec<u64> = entries
            .filter(|path| path.join("manifest.json").exists())
            .filter_map(|path| path.file_name()?.to_str()?.parse().ok())
            .collect();
        steps.sort_unstable();
        steps
    };
    let waiting = Instant::now();
    while checkpoints().len() < 2 {
        assert!(waiting.elapsed() < PATIENCE, "no checkpoint is made");
        std::thread::sleep(Duration::from_millis(5));
    }
    ranks.iter().for_each(|rank| signal("-KILL", *rank));
    assert_ne!(end(&mut child), Some(0));
    let time = format!("{} ms", checkpoints().last().unwrap() / 10 + 30);
    let scenario = folder.path().join("pair.toml");
    let run_for = ["--no-report", "--threads", "1", "--time", &time];
    let mut command = mpirun(2).expect("there is MPI");
    succeeded(command.arg(&scenario).args(run_for).args(["--set", "simulation.storage=procedural", "--resume"]).arg(&out));
    succeeded(braincog_sim().arg(&scenario).args(run_for).arg("--out").arg(folder.path().join("one")));
    for file in ["states-V_m.h5", "spikes.h5", "regions.h5"] {
        assert!(std::fs::read(out.join(file)).unwrap() == std::fs::read(folder.path().join("one").join(file)).unwrap(), "{file} differs");
    }
    let (cut, one) = (report(&out), report(&folder.path().join("one")));
    for key in ["spike_checksum", "synaptic_events", "populations"] {
        assert_eq!(cut[key], one[key], "{key}");
    }
}

#[test]
fn a_slow_rank_is_waited_for_and_nothing_is_lost() {
    let folder = Folder::new("slow");
    let Some(mut command) = mpirun(2) else { return };
    let scenario = folder.file("pair.toml", PAIR);
    let run_for = ["--no-report", "--threads", "1", "--time", "4 s", "--out"];
    let mut child = command.arg(&scenario).args(run_for).arg(folder.path().join("slow")).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !folder.path().join("slow/spikes.h5.partial").exists() {
        assert!(begun.elapsed() < PATIENCE, "the run does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    let ranks = run(Command::new("pgrep").args(["-P", &child.id().to_string(), "braincog"])).out;
    let slow: u32 = ranks.split_whitespace().map(|id| id.parse().unwrap()).max().unwrap();
    // Nine tenths of the time it stands still.
    while child.try_wait().unwrap().is_none() {
        let _ = Command::new("kill").args(["-STOP", &slow.to_string()]).stderr(Stdio::null()).status();
        std::thread::sleep(Duration::from_millis(90));
        let _ = Command::new("kill").args(["-CONT", &slow.to_string()]).stderr(Stdio::null()).status();
        std::thread::sleep(Duration::from_millis(10));
        assert!(begun.elapsed() < 5 * PATIENCE, "the run does not end");
    }
    succeeded(braincog_sim().arg(&scenario).args(run_for).arg(folder.path().join("fast")));
    let (slow, fast) = (report(&folder.path().join("slow")), report(&folder.path().join("fast")));
    assert_eq!(slow["spike_checksum"], fast["spike_checksum"]);
    let waits = |rank: usize| slow["per_rank"][rank]["phases"]["communicate"].as_f64().unwrap();
    assert!(waits(0) > waits(1), "rank 0 waits for rank 1: {} s, {} s", waits(0), waits(1));
}
