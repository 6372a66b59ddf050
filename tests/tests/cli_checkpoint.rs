//! The contract: a run that was stopped, killed or ran out of disk goes on from its last checkpoint, and then leaves the very
//! files that it would have left had nothing happened. What does not fit is refused with one message.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Folder, Said, braincog_sim, run};

/// Two populations under noise with a memory; spikes, rates and potentials are recorded.
const PAIR: &str = r#"
name = "pair"

[simulation]
duration = "2 s"
warmup = "100 ms"
seed = 5

[populations.E]
model = "iaf_psc_exp"
size = 80

[populations.I]
model = "iaf_psc_exp"
size = 20

[[projections]]
source = "*"
target = "*"
rule = "fixed_indegree"
indegree = 10
weight = "10 pA"
delay = { uniform = { min = "0.8 ms", max = "9 ms" } }

[[stimuli]]
kind = "poisson_generator"
target = "*"
rate = "8000 Hz"
weight = "40 pA"

[[stimuli]]
kind = "ou_current"
target = "E"
mean = "10 pA"
std = "30 pA"
tau = "5 ms"

[[record.states]]
population = "E"
variables = ["V_m"]
neurons = [3, 2]
interval = "1 ms"
"#;

struct Runs {
    folder: Folder,
}

impl Runs {
    fn new() -> Self {
        let folder = Folder::new("checkpoint");
        folder.file("pair.toml", PAIR);
        Runs { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = braincog_sim();
        command.arg(self.path("pair.toml")).args(["--no-report", "--threads", "1"]).args(more).stderr(Stdio::piped());
        command
    }

    fn begin(&self, out: &str, more: &[&str]) -> Said {
        run(self.command(more).arg("--out").arg(self.path(out)))
    }

    fn resume(&self, from: &Path, more: &[&str]) -> Said {
        run(self.command(more).arg("--resume").arg(from))
    }

    /// The run that nothing happened to.
    fn whole(&self) -> PathBuf {
        let said = self.begin("whole", &[]);
        assert_eq!(said.code, 0, "{}", said.err);
        self.path("whole")
    }

    /// A run into `out` that was stopped by SIGTERM after it had made a checkpoint every 100 ms.
    fn stopped(&self, out: &str) -> Vec<PathBuf> {
        let child = Running(self.command(&["--time", "1000 s", "--checkpoint-every", "100 ms", "--out"]).arg(self.path(out)).spawn().ok());
        wait_for(|| checkpoints(&self.path(out)).len() == 2);
        assert_eq!(end(child, "TERM").code, 143);
        checkpoints(&self.path(out))
    }

    /// A message with the folder of this test left out.
    fn shown(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// Checkpoints of a run from which it can go on, ascending.
fn checkpoints(run: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(run.join("checkpoints")).into_iter().flatten().flatten();
    let whole = |path: &PathBuf| path.extension().is_none() && path.join("manifest.json").exists();
    let mut found: Vec<PathBuf> = entries.map(|e| e.path()).filter(whole).collect();
    found.sort();
    found
}

fn wait_for(what: impl Fn() -> bool) {
    let begun = Instant::now();
    while !what() {
        assert!(begun.elapsed() < Duration::from_secs(120), "what was waited for does not happen");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

/// A run under way, which does not outlive its test.
struct Running(Option<Child>);

impl std::ops::Deref for Running {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.0.as_ref().expect("it has not been waited for")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a signal and waits for the end.
fn end(child: Running, name: &str) -> Said {
    signal(&child, name);
    said(child)
}

fn said(mut child: Running) -> Said {
    let output = child.0.take().expect("it has not been waited for").wait_with_output().unwrap();
    Said { code: output.status.code().unwrap_or(-1), out: String::new(), err: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// Everything in the folder of a run that is not a cost is equal, byte by byte.
fn assert_same(run: &Path, whole: &Path) {
    for name in ["spikes.h5", "regions.h5", "states-V_m.h5"] {
        assert!(fs::read(run.join(name)).unwrap() == fs::read(whole.join(name)).unwrap(), "{name} differs");
    }
    let report = |folder: &Path| -> Value { serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap() };
    let (run, whole) = (report(run), report(whole));
    for key in ["spike_checksum", "spikes", "synaptic_events", "synapses", "neurons", "biological_seconds", "populations", "regions"] {
        assert_eq!(run[key], whole[key], "{key}");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|n| !n.starts_with('.'));
    names.sort();
    names
}

#[test]
fn a_run_that_is_killed_at_50_moments_leaves_the_files_of_one_that_was_not() {
    let runs = Runs::new();
    let whole = runs.whole();
    let out = runs.path("out");
    let (mut random, mut kills, mut ends) = (1u64, 0, 0);
    while kills < 50 {
        let more = ["--quiet", "--checkpoint-every", "50 ms"];
        let mut command = runs.command(&more);
        let begun = !checkpoints(&out).is_empty();
        command.arg(if begun { "--resume" } else { "--out" }).arg(&out);
        let mut child = Running(command.spawn().ok());
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Late enough for a checkpoint now and then, however busy the machine is.
        let patience = Instant::now();
        let last = checkpoints(&out).last().cloned();
        while kills % 2 == 0 && checkpoints(&out).last().cloned() == last && patience.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(random >> 48));
        let under_way = child.0.as_mut().unwrap();
        match under_way.try_wait().unwrap() {
            Some(status) => {
                assert!(status.success(), "{}", said(child).err);
                assert_same(&out, &whole);
                fs::remove_dir_all(&out).unwrap();
                ends += 1;
            }
            None => {
                under_way.kill().unwrap();
                under_way.wait().unwrap();
                kills += 1;
            }
        }
    }
    if out.exists() {
        let last = if checkpoints(&out).is_empty() { runs.begin("out", &[]) } else { runs.resume(&out, &[]) };
        assert_eq!(last.code, 0, "{}", last.err);
        assert_same(&out, &whole);
        assert_eq!(names(&out), names(&whole), "nothing is left over");
    }
    println!("{kills} kills, {ends} runs that came to their end meanwhile");
}

#[test]
fn sigterm_ends_a_run_with_a_checkpoint_and_what_was_recorded_and_it_goes_on_with_other_threads() {
    let runs = Runs::new();
    let whole = runs.whole();
    let child = Running(runs.command(&["--checkpoint-every", "100 ms", "--out"]).arg(runs.path("out")).spawn().ok());
    wait_for(|| !checkpoints(&runs.path("out")).is_empty());
    let said = end(child, "TERM");
    if said.code == 0 {
        println!("skipped: no run long enough, it ended before it could be stopped");
        return;
    }
    assert_eq!(said.code, 143, "{}", said.err);
    let out = runs.path("out");
    assert!(said.err.contains(&format!("and --resume {} goes on", out.display())), "{}", said.err);
    assert_eq!(names(&out), ["checkpoints", "plan.toml", "regions.h5", "report.json", "spikes.h5", "states-V_m.h5"]);
    let refused = runs.begin("out", &["--quiet"]);
    let expected = "holds checkpoints of a run that has not ended; go on with --resume DIR, name another folder with --out, or \
                    remove DIR/checkpoints\n";
    let expected = format!("error: {} {}", out.display(), expected.replace("DIR", &out.display().to_string()));
    assert_eq!((refused.code, refused.err), (2, expected));
    let said = run(braincog_sim()
        .arg(runs.path("pair.toml"))
        .args(["--threads", "2", "--set", "simulation.storage=procedural", "--no-report", "--resume"])
        .arg(&out));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("goes on from "), "{}", said.err);
    assert_same(&out, &whole);
    assert_eq!(names(&out), names(&whole), "checkpoints go when the run has ended");
}

#[test]
fn sigusr1_makes_a_checkpoint_and_the_run_goes_on() {
    let runs = Runs::new();
    let child = Running(runs.command(&["--time", "1000 s", "--out"]).arg(runs.path("out")).spawn().ok());
    wait_for(|| runs.path("out/regions.h5.partial").exists());
    for n in 1..=2 {
        signal(&child, "USR1");
        wait_for(|| checkpoints(&runs.path("out")).len() == n);
    }
    let last = checkpoints(&runs.path("out")).pop();
    signal(&child, "USR1");
    wait_for(|| checkpoints(&runs.path("out")).pop() > last);
    wait_for(|| checkpoints(&runs.path("out")).len() == 2);
    // Another run may neither begin nor go on here meanwhile.
    for refused in [runs.begin("out", &[]), runs.resume(&runs.path("out"), &[])] {
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains(&format!("in use by another run (process {})", child.id())), "{}", refused.err);
    }
    assert_eq!(end(child, "TERM").code, 143);
    assert_eq!(checkpoints(&runs.path("out")).len(), 2, "the last two are kept");
}

#[test]
fn sigterm_while_the_network_is_built_leaves_everything_as_it_was() {
    let runs = Runs::new();
    let whole = runs.whole();
    let before = fs::read(whole.join("report.json")).unwrap();
    let large = ["--set", "populations.E.size=100000", "--set", "projections.0.indegree=150", "--out"];
    let child = Running(runs.command(&large).arg(&whole).spawn().ok());
    // Its own number is in the lock when it listens.
    wait_for(|| fs::read_to_string(whole.join(".lock")).is_ok_and(|owner| owner.trim() == child.id().to_string()));
    let said = end(child, "TERM");
    assert_eq!(said.code, 143, "{}", said.err);
    assert!(!said.err.contains("simulate"), "it was built too soon: {}", said.err);
    assert_eq!(before, fs::read(whole.join("report.json")).unwrap());
    assert!(!whole.join("checkpoints").exists());
    assert_eq!(names(&whole), ["plan.toml", "regions.h5", "report.json", "spikes.h5", "states-V_m.h5"]);
}

#[test]
fn a_checkpoint_that_does_not_fit_is_refused_by_name() {
    let runs = Runs::new();
    let [before, last] = runs.stopped("out").try_into().unwrap();
    let (before, last_name) = (runs.shown(&before.display().to_string()), runs.shown(&last.display().to_string()));
    let refused = |more: &[&str], expected: &str| {
        let said = runs.resume(&runs.path("out"), &[&["--time", "1000 s", "--quiet"], more].concat());
        assert_eq!((said.code, runs.shown(&said.err)), (2, format!("error: {last_name}: {expected}\n")));
    };
    refused(&["--set", "simulation.seed=6"], "it is of another run, of the scenario `pair`: `simulation.seed` was 5 and is 6");
    refused(&["--set", "populations.I.size=21"], "it is of another run, of the scenario `pair`: `populations.I.size` was 20 and is 21");
    refused(
        &["--set", "record.rate_bin=2 ms"],
        "what is recorded cannot change on the way: `record.rate_bin` was \"5 ms\" and is \"2 ms\"",
    );
    let manifest = last.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"format\": 1,", "\"format\": 7,").replace("\"program\": \"0.1.0\"", "\"program\": \"9.9\""))
        .unwrap();
    refused(&[], "found format 7, written by braincog-sim 9.9, expected format 1: go on with the version that wrote it");

    let step: u64 = before.rsplit('/').next().unwrap().parse().unwrap();
    let good = format!("; the one before is good: go on from {} ms with --resume {before}", step / 10);
    let good = good.replace("000 ms with", " s with");
    fs::write(&manifest, text.replace("\"step\": ", "\"step\": 1")).unwrap();
    let said = runs.resume(&runs.path("out"), &["--time", "1000 s", "--quiet"]);
    assert!(
        runs.shown(&said.err).starts_with(&format!("error: {last_name}: manifest.json is damaged: found the checksum ")),
        "{}",
        said.err
    );
    assert!(runs.shown(&said.err).contains("the one before is good: go on from "), "{}", said.err);
    fs::write(&manifest, &text).unwrap();

    let part = last.join("neurons-0.zst");
    let whole = fs::read(&part).unwrap();
    fs::write(&part, &whole[..100]).unwrap();
    refused(&[], &format!("neurons-0.zst is damaged: found 100 bytes, expected {}{good}", whole.len()));
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    fs::write(&part, &flipped).unwrap();
    let said = runs.resume(&runs.path("out"), &["--time", "1000 s", "--quiet"]);
    assert!(
        runs.shown(&said.err).starts_with(&format!("error: {last_name}: neurons-0.zst is damaged: found the checksum ")),
        "{}",
        said.err
    );
    fs::remove_file(&part).unwrap();
    let said = runs.resume(&runs.path("out"), &["--time", "1000 s", "--quiet"]);
    assert!(said.err.contains("neurons-0.zst cannot be read: No such file"), "{}", said.err);
    // What the message offers works; it is not run for 1000 s.
    let end = format!("{} ms", step / 10 + 20);
    let said = runs.resume(&runs.path(&before), &["--time", &end]);
    assert_eq!(said.code, 0, "{}", said.err);
    let whole = runs.begin("whole", &["--time", &end]);
    assert_eq!(whole.code, 0, "{}", whole.err);
    assert_same(&runs.path("out"), &runs.path("whole"));
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let runs = Runs::new();
    let [_, last] = runs.stopped("out").try_into().unwrap();
    let said = runs.resume(&runs.path("nothing"), &["--quiet"]);
    let expected =
        "error: nothing: found no checkpoint, expected the folder of a run that was stopped, or one of the folders in its `checkpoints`\n";
    assert_eq!((said.code, runs.shown(&said.err).as_str()), (2, expected));
    assert!(!runs.path("nothing").exists());
    let said = runs.resume(&last, &["--time", "150 ms", "--quiet"]);
    assert!(said.code == 2 && said.err.contains("but the run is to end after 150 ms: expected a longer duration"), "{}", said.err);
    for wrong in ["100", "0 ms", "100 mV"] {
        assert_eq!(runs.begin("other", &["--checkpoint-every", wrong]).code, 2, "{wrong}");
    }
}

/// A small file system that is unmounted when this is dropped.
struct Small(Folder);

impl Small {
    fn mount(options: &str) -> Option<Self> {
        let folder = Folder::new("small");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path()).output();
        if !mounted.is_ok_and(|o| o.status.success()) {
            println!("skipped: no tmpfs can be mounted");
            return None;
        }
        Some(Small(folder))
    }

    fn remount(&self, options: &str) {
        let remount = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &remount]).arg(self.0.path()).status().unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_run_that_fills_the_disk_goes_on_when_there_is_room_again() {
    let Some(disk) = Small::mount("size=4m") else { return };
    let runs = Runs::new();
    let whole = runs.whole();
    let out = disk.0.path().join("out");
    let every = ["--checkpoint-every", "50 ms"];
    let said = run(runs.command(&every).arg("--out").arg(&out));
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("error: cannot write ") && said.err.contains("the disk is full"), "{}", said.err);
    assert!(said.err.contains(&format!("--resume {} goes on from there", out.display())), "{}", said.err);
    assert_eq!(names(&out), ["checkpoints"], "nothing is half-written");
    assert!(!checkpoints(&out).is_empty());
    disk.remount("size=64m");
    let said = runs.resume(&out, &every);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_same(&out, &whole);
}

#[test]
fn a_run_goes_on_where_there_is_no_room_for_a_checkpoint() {
    let Some(disk) = Small::mount("size=300k") else { return };
    let runs = Runs::new();
    let set = ["--set", "populations.E.size=60000", "--set", "record.spikes=false", "--set", "record.states=[]", "--time", "120 ms"];
    let whole = runs.begin("whole", &set);
    assert_eq!(whole.code, 0, "{}", whole.err);
    let out = disk.0.path().join("out");
    let said = run(runs.command(&set).args(["--checkpoint-every", "50 ms", "--out"]).arg(&out));
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("warning: no checkpoint at 50 ms: ") && said.err.contains("the disk is full"), "{}", said.err);
    assert_eq!(names(&out), ["plan.toml", "regions.h5", "report.json"]);
    assert!(fs::read(out.join("regions.h5")).unwrap() == fs::read(runs.path("whole/regions.h5")).unwrap());
}

#[test]
fn a_folder_that_cannot_be_written_is_a_fault_of_the_machine() {
    let Some(disk) = Small::mount("size=1m") else { return };
    disk.remount("ro");
    let runs = Runs::new();
    let said = run(runs.command(&[]).arg("--out").arg(disk.0.path().join("out")));
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("error: cannot write ") && said.err.contains("Read-only file system"), "{}", said.err);
}
