//! The contract: `sweep` runs every point once, each as `run` would; a point that fails or is killed leaves the others
//! alone; what has ended is not run again, and never mixed with what has changed. Job arrays run the same points.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tests::{Folder, Said, braincog_sim, root, run};

/// Four points, of which the last is impossible: eight different sources of four neurons. No other one is.
const SWEEP: &str = r#"
scenario = "base.toml"

[set]
simulation.duration = "30 ms"
projections.recurrent.allow_multapses = false

[grid]
projections.recurrent.indegree = [3, 8]
populations.E.size = [40, 4]
"#;

/// Three seeds that take a few seconds each.
const LONG: &str = r#"
scenario = "base.toml"
seeds = [1, 2, 3]

[set]
simulation.duration = "60 s"
"#;

struct Sweeps {
    folder: Folder,
}

impl Sweeps {
    fn new(sweep: &str) -> Self {
        let folder = Folder::new("sweep");
        fs::copy(root().join("tests/sweep/base.toml"), folder.path().join("base.toml")).unwrap();
        folder.file("s.toml", sweep);
        Sweeps { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = braincog_sim();
        command.arg("sweep").arg(self.path("s.toml")).arg("--out").arg(self.path("out")).args(["--threads", "1"]).args(more);
        command
    }

    fn sweep(&self, more: &[&str]) -> Said {
        run(&mut self.command(more))
    }

    fn json(&self, point: usize, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(&format!("out/points/{point:05}/{name}"))).unwrap()).unwrap()
    }

    fn marked(&self, point: usize) -> bool {
        self.path(&format!("out/points/{point:05}/point.json")).exists()
    }

    fn written(&self, point: usize) -> SystemTime {
        fs::metadata(self.path(&format!("out/points/{point:05}/report.json"))).unwrap().modified().unwrap()
    }

    /// A column of `table.csv`, whose cells here hold no commas.
    fn column(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path("out/table.csv")).unwrap();
        let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split(',').collect()).collect();
        let at = rows[0].iter().position(|c| *c == name).unwrap_or_else(|| panic!("no column {name} in {:?}", rows[0]));
        rows[1..].iter().map(|row| row[at].to_string()).collect()
    }

    /// Starts a sweep and waits until a point is being simulated.
    fn begun(&self, more: &[&str]) -> Child {
        let child = self.command(more).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.wait_for("out/points/00001/spikes.h5.partial");
        child
    }

    fn wait_for(&self, name: &str) {
        let begun = Instant::now();
        while !self.path(name).exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{name} does not come");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn kill(signal: &str, process: u32) {
    assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
}

#[test]
fn every_point_is_what_run_makes_of_it_and_a_failed_one_leaves_the_others_alone() {
    let sweeps = Sweeps::new(SWEEP);
    let said = sweeps.sweep(&["--workers", "3"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.starts_with("s: 4 points, 3 done, 1 failed, 0 left\n"), "{}", said.out);
    let reason = "point 4 failed (projections.recurrent.indegree=8 populations.E.size=4): ";
    assert!(said.out.contains(reason) && said.out.contains("s.toml:9: projections[0].indegree: "), "{}", said.out);
    assert_eq!(sweeps.column("state"), ["done", "done", "done", "failed"]);
    assert_eq!(sweeps.column("populations.E.size"), ["40", "4", "40", "4"]);
    assert_eq!(sweeps.column("neurons"), ["50", "14", "50", ""]);

    let changes = ["simulation.duration=30 ms", "projections.recurrent.allow_multapses=false", "projections.recurrent.indegree=8"];
    let alone = run(braincog_sim()
        .arg(sweeps.path("base.toml"))
        .arg("--quiet")
        .arg("--out")
        .arg(sweeps.path("alone"))
        .args(changes.map(|c| format!("--set={c}"))));
    assert_eq!(alone.code, 0, "{}", alone.err);
    let report: Value = serde_json::from_slice(&fs::read(sweeps.path("alone/report.json")).unwrap()).unwrap();
    assert_eq!(sweeps.json(3, "report.json")["spike_checksum"], report["spike_checksum"]);
    for name in ["sweep.html", "table.h5"] {
        assert!(fs::metadata(sweeps.path("out").join(name)).unwrap().len() > 1000, "{name}");
    }
    assert!(fs::read_dir(sweeps.path("out")).unwrap().flatten().all(|e| !e.file_name().to_string_lossy().contains("worker")));
}

#[test]
fn a_value_that_is_refused_is_met_before_any_point_runs() {
    // Now the impossible point differs from the first one in one value only.
    let sweeps = Sweeps::new(&SWEEP.replace("[40, 4]", "[4, 40]"));
    let said = sweeps.sweep(&[]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("s.toml:9: projections[0].indegree: "), "{}", said.err);
    assert_eq!(said.err.matches("error:").count(), 1, "{}", said.err);
    assert!(!sweeps.path("out/points").exists());
    assert_eq!(sweeps.sweep(&["--keep-going"]).code, 1);
    assert_eq!(sweeps.column("state"), ["done", "done", "failed", "done"]);
    let said = Sweeps::new(&SWEEP.replace("populations.E.size", "populations.E.sizes")).sweep(&[]);
    assert!(said.code == 2 && said.err.contains("s.toml:10: populations.E: unknown key `sizes`; did you mean `size`?"), "{}", said.err);
}

#[test]
fn what_has_ended_is_not_run_again_and_what_failed_only_on_request() {
    let sweeps = Sweeps::new(SWEEP);
    assert_eq!(sweeps.sweep(&[]).code, 1);
    assert_eq!(sweeps.column("state"), ["done", "done", "done", "failed"]);
    let before: Vec<_> = (1..=3).map(|p| sweeps.written(p)).collect();
    fs::remove_file(sweeps.path("out/points/00002/point.json")).unwrap();
    let said = sweeps.sweep(&[]);
    assert!(said.code == 1 && said.err.contains("1 of 1  point 2: "), "{}", said.err);
    let after: Vec<_> = (1..=3).map(|p| sweeps.written(p)).collect();
    assert!(before[0] == after[0] && before[1] < after[1] && before[2] == after[2]);
    let said = sweeps.sweep(&["--retry-failed"]);
    assert!(said.code == 1 && said.err.contains("1 of 1  point 4: "), "{}", said.err);
    assert_eq!(sweeps.sweep(&["--collect", "--quiet"]).err, "");
}

#[test]
fn a_changed_sweep_or_scenario_is_refused_and_leaves_the_results() {
    let sweeps = Sweeps::new(&SWEEP.replace("[3, 8]", "[3, 4]").replace("[40, 4]", "[40, 30]"));
    assert_eq!(sweeps.sweep(&[]).code, 0);
    let sweep = fs::read_to_string(sweeps.path("s.toml")).unwrap();
    let base = fs::read_to_string(sweeps.path("base.toml")).unwrap();
    let refused = |sweep: &str, base: &str, message: &str| {
        sweeps.folder.file("s.toml", sweep);
        sweeps.folder.file("base.toml", base);
        let said = sweeps.sweep(&[]);
        assert!(said.code == 2 && said.err.contains(message) && said.err.contains("--out"), "{}", said.err);
        assert!(said.out.is_empty() && sweeps.marked(4));
    };
    refused(&sweep.replace("[40, 30]", "[40, 31]"), &base, "point 2 was populations.E.size=30 projections.recurrent.indegree=3 and is");
    refused(
        &sweep,
        &base.replace("8 kHz", "9 kHz"),
        "point 1 was populations.E.size=40 projections.recurrent.indegree=3, but its scenario has changed since",
    );
    refused(&sweep.replace("[3, 4]", "[3]"), &base, "point 4 was one of more points than the 2 that there are now");
    // More values of the slowest key leave every point that has run as it was.
    sweeps.folder.file("s.toml", sweep.replace("[3, 4]", "[3, 4, 5]"));
    sweeps.folder.file("base.toml", base.replace("name = \"base\"", "name = \"renamed\""));
    let said = sweeps.sweep(&[]);
    assert!(said.code == 0 && said.err.contains("1 of 2  point 5: "), "{}", said.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_worker_costs_its_point_only() {
    let sweeps = Sweeps::new(LONG);
    let mut child = sweeps.begun(&[]);
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
    kill("-KILL", children.trim().parse().expect("one worker"));
    // The others need not run to their end for this.
    sweeps.wait_for("out/points/00002/spikes.h5.partial");
    assert!(sweeps.json(1, "point.json")["failed"].as_str().unwrap().contains("signal: 9"));
    kill("-TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!sweeps.marked(2) && !sweeps.marked(3), "stopped is not ended");
    assert_eq!(sweeps.column("state"), ["failed", "left", "left"]);
}

#[cfg(target_os = "linux")]
#[test]
fn workers_do_not_outlive_a_sweep_that_is_killed_and_it_can_go_on() {
    let sweeps = Sweeps::new(&LONG.replace("60 s", "3 s"));
    let mut child = sweeps.begun(&["--workers", "2"]);
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap();
    let busy = sweeps.sweep(&[]);
    assert!(busy.code == 2 && busy.err.contains("in use by another run"), "{}", busy.err);
    kill("-KILL", child.id());
    child.wait().unwrap();
    let begun = Instant::now();
    while children.split_whitespace().any(|c| fs::read_to_string(format!("/proc/{c}/cmdline")).is_ok_and(|line| line.contains("--worker")))
    {
        assert!(begun.elapsed() < Duration::from_secs(30), "workers go on without their parent");
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = sweeps.sweep(&["--workers", "2"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(sweeps.column("state"), ["done"; 3]);
    assert!(sweeps.column("biological_seconds").iter().all(|s| s == "3.0"));
}

#[test]
fn a_job_array_runs_the_same_points() {
    let sweeps = Sweeps::new(&SWEEP.replace("[3, 8]", "[3, 4, 5]").replace("[40, 4]", "[40, 30]"));
    assert_eq!(sweeps.sweep(&["--quiet"]).code, 0);
    let local = sweeps.column("spike_checksum");
    let environments: [(&str, BTreeMap<&str, &str>); 2] = [
        (
            "--slurm",
            [
                ("SLURM_ARRAY_TASK_ID", ""),
                ("SLURM_CPUS_PER_TASK", "1"),
                ("SLURM_NTASKS", "1"),
                ("SLURM_PROCID", "0"),
                ("SLURM_JOB_ID", "7"),
            ]
            .into(),
        ),
        ("--pbs", [("PBS_ARRAY_INDEX", ""), ("NCPUS", "1")].into()),
    ];
    for (flag, environment) in environments {
        fs::remove_dir_all(sweeps.path("out")).unwrap();
        let script = sweeps.path(&format!("job{flag}.sh"));
        let arguments = [flag, script.to_str().unwrap(), "--tasks", "4"];
        let said = sweeps.sweep(&arguments);
        assert!(said.code == 0 && said.out.ends_with("6 points in 4 tasks\n"), "{} {}", said.out, said.err);
        assert!(!sweeps.path("out/points").exists() && sweeps.path("out/logs").exists());
        assert!(sweeps.sweep(&arguments).err.contains("exists; name another file or add --force"));
        check_script(&script);
        for task in ["1", "2", "3", "4"] {
            let mut bash = Command::new("bash");
            bash.arg(&script).envs(environment.iter().map(|(name, value)| (name, if value.is_empty() { task } else { value })));
            let said = run(&mut bash);
            assert_eq!(said.code, 0, "{}", said.err);
        }
        assert!(!sweeps.path("out/table.csv").exists(), "tasks make no tables");
        assert_eq!(sweeps.sweep(&["--collect"]).code, 0);
        assert_eq!(sweeps.column("spike_checksum"), local, "{flag}");
    }
}

fn check_script(script: &std::path::Path) {
    let mut shellcheck = Command::new("shellcheck");
    shellcheck.arg(script);
    if shellcheck.stdout(Stdio::null()).status().is_err() {
        println!("skipped: no shellcheck");
        return;
    }
    let said = run(Command::new("shellcheck").arg(script));
    assert_eq!(said.code, 0, "{}", said.out);
}
