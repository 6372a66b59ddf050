//! The contract: `run` leaves a whole folder or none, says what it does on stderr only, and its exit code tells
//! how it ended. Two runs of one scenario have the same spikes.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Folder, Said, braincog_sim, run};

/// Two populations that keep each other busy; a few thousand spikes in 300 ms.
const PAIR: &str = r#"
name = "pair"

[simulation]
duration = "300 ms"
warmup = "100 ms"
seed = 5

[populations.E]
model = "iaf_psc_exp"
size = 80

[populations.I]
model = "iaf_psc_exp"
size = 20

[[projections]]
name = "excitation"
source = "E"
target = ["E", "I"]
rule = "fixed_indegree"
indegree = 10
weight = "20 pA"
delay = "1.5 ms"

[[projections]]
source = "I"
target = ["E", "I"]
rule = "fixed_indegree"
indegree = 5
weight = "-80 pA"
delay = "0.8 ms"

[[stimuli]]
kind = "poisson_generator"
target = ["E", "I"]
rate = "8000 Hz"
weight = "40 pA"

[[record.states]]
population = "E"
variables = ["V_m"]
neurons = [3, 2]
interval = "1 ms"

[variants.silent]
stimuli.0.rate = "0 Hz"
"#;

struct Runs {
    folder: Folder,
}

impl Runs {
    fn new() -> Self {
        let folder = Folder::new("run");
        folder.file("pair.toml", PAIR);
        Runs { folder }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, out: &str, more: &[&str]) -> Said {
        run(braincog_sim().arg(self.path("pair.toml")).arg("--out").arg(self.path(out)).args(more))
    }

    fn report(&self, out: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(out).join("report.json")).unwrap()).unwrap()
    }
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|n| !n.starts_with('.'));
    names.sort();
    names
}

#[test]
fn a_run_leaves_the_promised_files_and_keys() {
    let runs = Runs::new();
    let said = runs.run("out", &["--threads", "2"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(files(&runs.path("out")), ["plan.toml", "regions.h5", "report.html", "report.json", "spikes.h5", "states-V_m.h5"]);
    assert!(said.out.is_empty(), "results go into the folder: {}", said.out);
    for phase in ["load", "build", "simulate", "report"] {
        assert!(said.err.contains(phase), "{phase} in {}", said.err);
    }
    let report = runs.report("out");
    assert_eq!((&report["neurons"], &report["threads"], &report["ranks"]), (&100.into(), &2.into(), &1.into()));
    assert_eq!(report["synapses"], 100 * 15);
    assert_eq!((&report["backend"], &report["seed"]), (&"cpu".into(), &5.into()));
    assert_eq!(report["biological_seconds"], 0.3);
    assert!(report["spikes"].as_u64().unwrap() > 500, "{report}");
    let rate = report["populations"]["E"]["rate"].as_f64().unwrap();
    assert!(rate > 1.0 && rate < 300.0, "{rate}");
    let phases = &report["phases"];
    assert!(["update", "deliver", "communicate", "record"].iter().all(|p| phases[p].as_f64().is_some_and(|s| s >= 0.0)), "{phases}");
}

#[test]
fn equal_seeds_give_equal_spikes_for_any_number_of_threads() {
    let runs = Runs::new();
    for (out, threads) in [("one", "1"), ("three", "3")] {
        assert_eq!(runs.run(out, &["--threads", threads, "--no-report"]).code, 0);
    }
    assert_eq!(runs.report("one")["spike_checksum"], runs.report("three")["spike_checksum"]);
    let said = run(braincog_sim().arg("compare").arg(runs.path("one")).arg(runs.path("three")));
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(said.out.starts_with("equal: "), "{}", said.out);
}

#[test]
fn another_seed_gives_other_spikes_and_compare_names_the_first() {
    let runs = Runs::new();
    assert_eq!(runs.run("five", &["--quiet"]).code, 0);
    assert_eq!(runs.run("six", &["--quiet", "--set", "simulation.seed=6"]).code, 0);
    let said = run(braincog_sim().arg("compare").arg(runs.path("five")).arg(runs.path("six")));
    assert_eq!(said.code, 1);
    assert!(said.out.starts_with("first difference at "), "{}", said.out);
    assert!(said.err.is_empty(), "a difference is a result, not an error: {}", said.err);
}

#[test]
fn a_plan_can_be_run_again_and_gives_the_same_spikes() {
    let runs = Runs::new();
    assert_eq!(runs.run("first", &["--quiet", "--set", "simulation.seed=9", "--time", "200 ms"]).code, 0);
    let again = run(braincog_sim().arg(runs.path("first").join("plan.toml")).arg("--quiet").arg("--out").arg(runs.path("again")));
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(runs.report("first")["spike_checksum"], runs.report("again")["spike_checksum"]);
    assert_eq!(runs.report("again")["biological_seconds"], 0.2);
}

#[test]
fn quiet_says_nothing_and_writes_no_page() {
    let runs = Runs::new();
    let said = runs.run("out", &["--quiet"]);
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, "", ""));
    assert!(!runs.path("out").join("report.html").exists());
    let said = run(braincog_sim().arg("report").arg(runs.path("out")));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(fs::read_to_string(runs.path("out").join("report.html")).unwrap().contains("</html>"));
}

#[test]
fn a_variant_is_what_its_table_says() {
    let runs = Runs::new();
    assert_eq!(runs.run("out", &["--quiet", "--variant", "silent"]).code, 0);
    assert_eq!(runs.report("out")["spikes"], 0);
    let said = runs.run("other", &["--variant", "silnt"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("silent"), "{}", said.err);
    assert!(!runs.path("other").exists(), "nothing is written for a wrong scenario");
}

#[test]
fn a_second_run_replaces_the_first_one_whole() {
    let runs = Runs::new();
    assert_eq!(runs.run("out", &[]).code, 0);
    fs::write(runs.path("out").join("notes.txt"), "mine").unwrap();
    let said = runs.run("out", &["--no-report", "--set", "record.states=[]"]);
    assert!(said.err.contains("replaces the run"), "{}", said.err);
    assert_eq!(files(&runs.path("out")), ["notes.txt", "plan.toml", "regions.h5", "report.json", "spikes.h5"]);
}

#[test]
fn recording_no_spikes_still_counts_them() {
    let runs = Runs::new();
    let said = runs.run("out", &["--set", "record.spikes=false"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(files(&runs.path("out")), ["plan.toml", "regions.h5", "report.html", "report.json", "states-V_m.h5"]);
    assert!(runs.report("out")["spikes"].as_u64().unwrap() > 500);
}

#[test]
fn what_cannot_fit_is_refused_with_the_numbers_before_anything_is_taken() {
    let runs = Runs::new();
    let huge = ["--set", "populations.E.size=4000000000"];
    let started = Instant::now();
    for verb in ["run", "check"] {
        let said = run(braincog_sim().arg(verb).arg(runs.path("pair.toml")).args(huge).current_dir(runs.folder.path()));
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.starts_with("error: pair needs ") && said.err.contains("are available; the largest part is "), "{}", said.err);
    }
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(files(runs.folder.path()), ["pair.toml"]);
}

#[test]
fn check_tells_neurons_synapses_and_memory_and_writes_nothing() {
    let runs = Runs::new();
    let said = run(braincog_sim().arg("check").arg(runs.path("pair.toml")).current_dir(runs.folder.path()));
    assert_eq!(said.code, 0, "{}", said.err);
    let words =
        |key: &str| said.out.lines().find(|l| l.trim_start().starts_with(key)).map(|l| l.split_whitespace().last().unwrap().to_string());
    assert_eq!((words("neurons"), words("synapses")), (Some("100".into()), Some("1,500".into())), "{}", said.out);
    assert!(said.out.contains("in all"), "{}", said.out);
    assert_eq!(files(runs.folder.path()), ["pair.toml"]);
}

#[test]
fn a_wrong_scenario_points_at_its_line_and_ends_with_2() {
    let runs = Runs::new();
    runs.folder.file("pair.toml", PAIR.replace("delay = \"1.5 ms\"", "delay = 1.5"));
    let said = runs.run("out", &[]);
    let line = PAIR.lines().position(|l| l == "delay = \"1.5 ms\"").unwrap() + 1;
    assert_eq!(said.code, 2);
    assert!(said.err.contains(&format!("pair.toml:{line}:")) && said.err.contains("delay = 1.5"), "{}", said.err);
    assert_eq!(said.err.matches("error:").count(), 1, "rendered once: {}", said.err);
    assert!(!runs.path("out").exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_a_fault_of_the_machine() {
    let runs = Runs::new();
    runs.folder.file("occupied", "a file");
    let said = runs.run("occupied", &[]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("error: cannot write ") && said.err.contains("occupied"), "{}", said.err);
}

#[test]
fn mpi_is_refused_by_a_build_without_it() {
    let runs = Runs::new();
    for variables in [[("OMPI_COMM_WORLD_SIZE", "4"), ("OMPI_COMM_WORLD_RANK", "1")], [("SLURM_NTASKS", "2"), ("SLURM_PROCID", "0")]] {
        let said = run(braincog_sim().arg(runs.path("pair.toml")).envs(variables));
        assert_eq!(said.code, 2);
        assert!(said.err.contains("this build has no MPI"), "{}", said.err);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_with_what_was_recorded() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let runs = Runs::new();
        let mut child = braincog_sim()
            .arg(runs.path("pair.toml"))
            .args(["--time", "10000 s", "--no-report", "--out"])
            .arg(runs.path("out"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Recording has begun when the files are there.
        let begun = Instant::now();
        while !runs.path("out").join("regions.h5.partial").exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "the run does not begin");
            std::thread::sleep(Duration::from_millis(20));
        }
        let locked = runs.run("out", &[]);
        assert_eq!(locked.code, 2);
        assert!(locked.err.contains(&format!("in use by another run (process {})", child.id())), "{}", locked.err);
        std::thread::sleep(Duration::from_millis(300));
        let kill = std::process::Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let report = runs.report("out");
        let seconds = report["biological_seconds"].as_f64().unwrap();
        assert!(seconds > 0.0 && seconds < 10_000.0, "{seconds}");
        assert_eq!(files(&runs.path("out")), ["plan.toml", "regions.h5", "report.json", "spikes.h5", "states-V_m.h5"]);
        let inspected = run(braincog_sim().arg("inspect").arg(runs.path("out")));
        assert_eq!(inspected.code, 0, "{}", inspected.err);
        assert!(inspected.out.contains("spike checksum"), "{}", inspected.out);
    }
}
