//! `sweep`: one scenario at many points, here or as a job array, and one table of them all.

mod pool;
mod store;
mod worker;

use std::fmt::Write;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use scenarios::{Library, Sweep};

use super::args::SweepArgs;
use super::error::Error;
use super::folder::Folder;
use super::progress::Progress;
use super::resolve::Resolved;
use super::signals::{Signals, Stop};
use super::table::duration;
use super::{Ending, launcher, print};
use crate::sweep::batch::{self, Job, System};
use crate::sweep::{Results, page, table};
use pool::News;
use store::{Mark, Store};
use worker::Fate;

/// The tables and the page, in the sweep's folder.
const CSV: &str = "table.csv";
const HDF5: &str = "table.h5";
const PAGE: &str = "sweep.html";
/// Folder for the output of a job array's tasks.
const LOGS: &str = "logs";
/// Most tasks of a job array unless asked for: what SLURM allows where nobody has raised it.
const MAX_TASKS: usize = 1000;

/// Runs a sweep, or writes the script that does.
pub(super) fn sweep(args: &SweepArgs) -> Result<Ending, Error> {
    launcher::refuse_many_processes("sweep")?;
    let sweep = Sweep::load(&args.file)?;
    let root = args.out.clone().unwrap_or_else(|| Path::new("out").join(&sweep.name));
    let store = Store { sweep, library: Library::default(), root };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.map_or_else(|| (processors / args.workers).max(1), usize::from);
    if args.worker {
        return worker::serve(&store, threads);
    }
    if let Some((system, script)) = args.script() {
        return write_script(&store, args, (system, script));
    }
    let numbers: Vec<usize> = args.chunk.map_or(1..=store.sweep.n_points(), |chunk| chunk.of(store.sweep.n_points())).collect();
    // Tasks of one array share the folder; each point has a lock of its own.
    let folder = if args.chunk.is_none() { Some(Folder::lock(&store.root)?) } else { None };
    let marks = store.verified(&numbers)?;
    let open = |mark: &Option<Mark>| mark.as_ref().is_none_or(|m| args.retry_failed && m.failed.is_some());
    let open: Vec<usize> = numbers.iter().zip(&marks).filter(|(_, mark)| open(mark)).map(|(number, _)| *number).collect();
    let mut stop = None;
    if !open.is_empty() && !args.collect {
        // Wrong values are met before the first point runs. Later they have been met.
        if open.len() == store.sweep.n_points() && !args.keep_going {
            store.sweep.check(&store.library, |_| ())?;
        }
        stop = run_points(&store, args, (open, threads))?;
    }
    let marks = numbers.iter().map(|number| store.mark(*number)).collect::<Result<Vec<_>, _>>()?;
    let failed = marks.iter().flatten().filter(|m| m.failed.is_some()).count();
    let mut text = summary(&store, &numbers, &marks);
    if let Some(folder) = folder {
        let results = store.results(&marks)?;
        let _ = writeln!(text, "{}", write_results(&folder, &results)?.display());
    }
    print(&text)?;
    Ok(match stop {
        Some(stop) => Ending::Stopped(stop),
        None if failed > 0 => Ending::Failed,
        None => Ending::Done,
    })
}

/// Runs points in worker processes and shows how far they are.
fn run_points(store: &Store, args: &SweepArgs, (open, threads): (Vec<usize>, usize)) -> Result<Option<Stop>, Error> {
    fs::create_dir_all(&store.root).map_err(Error::write(&store.root))?;
    let progress = Progress::new(args.quiet);
    let signals = Signals::listen();
    let (total, mut ended) = (open.len(), 0);
    // Several tasks of an array share the folder, so a log is known by its process.
    let log = |worker: usize| store.root.join(format!(".worker-{}-{worker}.log", std::process::id()));
    let start = |worker: usize| start_worker(store, args, threads, &log(worker));
    let stop = pool::run(open, args.workers, &start, &signals, &mut |number, news| {
        ended += 1;
        let point = store.point(number);
        let said = match news {
            News::Ended(Fate::Done) => {
                let seconds = store.mark(number)?.map_or(f64::NAN, |m| m.seconds);
                format!("done     {}", duration(seconds))
            }
            News::Ended(Fate::Failed) => format!("failed   {}", store.mark(number)?.and_then(|m| m.failed).unwrap_or_default()),
            News::Ended(Fate::Busy) => "is run by another process".to_string(),
            News::Ended(Fate::Stopped) => "stopped".to_string(),
            News::Lost { worker, status } => {
                let reason = lost(status, &log(worker));
                store.write_mark(number, &Mark { failed: Some(reason.clone()), ..store.blank_mark(&point) })?;
                format!("failed   {reason}")
            }
        };
        progress.line(&format!("{ended:>5} of {total}  point {number}: {point}  {said}"));
        Ok(())
    });
    for worker in 0..args.workers {
        // Only for the reasons above, which are written down by now.
        let _ = fs::remove_file(log(worker));
    }
    stop
}

fn start_worker(store: &Store, args: &SweepArgs, threads: usize, log: &Path) -> Result<Child, Error> {
    let program = std::env::current_exe().map_err(|source| Error::Worker { source })?;
    let log = fs::File::create(log).map_err(Error::write(log))?;
    let mut command = Command::new(program);
    command.arg("sweep").arg(&args.file).arg("--out").arg(&store.root).args(["--worker", "--threads", &threads.to_string()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
    command.spawn().map_err(|source| Error::Worker { source })
}

/// Why a worker ended that should not have.
fn lost(status: ExitStatus, log: &Path) -> String {
    let mut text = String::new();
    // A log that cannot be read says nothing.
    let _ = fs::File::open(log).and_then(|mut file| file.read_to_string(&mut text));
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty() && !line.starts_with("note:"));
    format!("the process that ran it ended with {status}{}", last.map_or_else(String::new, |line| format!(": {line}")))
}

/// How many points are done, which failed and why.
fn summary(store: &Store, numbers: &[usize], marks: &[Option<Mark>]) -> String {
    let failed: Vec<(usize, &str)> =
        numbers.iter().zip(marks).filter_map(|(n, mark)| Some((*n, mark.as_ref()?.failed.as_deref()?))).collect();
    let left = marks.iter().filter(|m| m.is_none()).count();
    let done = marks.len() - left - failed.len();
    let mut text = format!("{}: {} points, {done} done, {} failed, {left} left\n", store.sweep.name, marks.len(), failed.len());
    for (number, reason) in &failed {
        let _ = writeln!(text, "  point {number} failed ({}): {reason}", store.point(*number));
    }
    if !failed.is_empty() {
        text.push_str("  run them again with --retry-failed\n");
    }
    text
}

/// Writes tables and page; returns where the page is.
fn write_results(folder: &Folder, results: &Results) -> Result<PathBuf, Error> {
    folder.write(CSV, table::csv(results).as_bytes())?;
    let path = folder.path().join(HDF5);
    let hdf5 = table::hdf5(results).map_err(|e| Error::Write { path, source: std::io::Error::other(e.to_string()) })?;
    folder.write(HDF5, &hdf5)?;
    folder.write(PAGE, page::render(results).as_bytes())?;
    Ok(folder.path().join(PAGE))
}

fn write_script(store: &Store, args: &SweepArgs, (system, script): (System, &Path)) -> Result<Ending, Error> {
    if script.exists() && !args.force {
        return Err(Error::Exists { path: script.to_path_buf() });
    }
    let n_points = store.sweep.n_points();
    store.verified(&(1..=n_points).collect::<Vec<_>>())?;
    let threads = args.threads.map_or(1, usize::from);
    let mut bytes = 0.0_f64;
    store.sweep.check(&store.library, |plan| {
        bytes = bytes.max(Resolved::of(plan, threads).estimate.bytes());
    })?;
    let absolute = |path: &Path| std::path::absolute(path).map_err(Error::write(path));
    // SLURM ends a job without a word whose output has no folder.
    let logs = absolute(&store.root.join(LOGS))?;
    fs::create_dir_all(&logs).map_err(Error::write(&logs))?;
    let job = Job {
        name: &store.sweep.name,
        program: &std::env::current_exe().map_err(|source| Error::Worker { source })?,
        folder: &absolute(Path::new("."))?,
        sweep: &args.file,
        out: &store.root,
        logs: &logs,
        points: n_points,
        tasks: args.tasks.unwrap_or(MAX_TASKS).min(n_points),
        threads,
        bytes,
    };
    fs::write(script, batch::script(system, &job)).map_err(Error::write(script))?;
    print(&format!("{}: {n_points} points in {} tasks\n", script.display(), job.tasks))
}
