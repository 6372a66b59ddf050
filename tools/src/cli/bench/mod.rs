//! `bench`: the standard benchmarks, and what they cost on this machine.
//!
//! A benchmark is one or more cases, each a shipped scenario with a few changes, measured one after
//! another in this process. What is printed says where the time went, how busy the machine was, and the
//! checksum by which two machines see that they did the same work.

mod cases;
mod cost;
mod measure;
mod table;

use std::fs;

use connectome::network::Network;
use engine::comm::Alone;
use serde::Serialize;

use super::args::BenchArgs;
use super::catalogue::nearest;
use super::error::Error;
use super::folder::Folder;
use super::progress::Progress;
use super::resolve::Resolved;
use super::signals::Signals;
use super::table::Table;
use super::{Ending, launcher, print};
use cases::{BENCHMARKS, Benchmark, Case};
use cost::Cost;

/// Runs a benchmark, or lists all.
pub(crate) fn bench(args: &BenchArgs) -> Result<Ending, Error> {
    let Some(name) = &args.name else { return print(&list()) };
    launcher::refuse_many_processes("bench")?;
    let unknown = || Error::UnknownBenchmark { name: name.clone(), nearest: nearest(name, BENCHMARKS.iter().map(|b| b.name)) };
    let benchmark = BENCHMARKS.iter().find(|b| b.name == name).ok_or_else(unknown)?;
    if args.describe {
        return print(&describe(benchmark, args)?);
    }
    let (progress, signals) = (Progress::new(args.json), Signals::listen());
    let mut costs = Vec::new();
    for case in benchmark.cases {
        costs.push(one(benchmark, case, args, (&progress, &signals))?);
        if let Some(stop) = signals.received() {
            return Ok(Ending::Stopped(stop));
        }
    }
    print(&if args.json { table::json(&costs) } else { table::text(benchmark, &costs) })
}

/// Plans and measures one case.
fn one(benchmark: &Benchmark, case: &Case, args: &BenchArgs, show: (&Progress, &Signals)) -> Result<Cost, Error> {
    show.0.line(&format!("{} {}", benchmark.name, case.name));
    let plan = case.plan(args.scale, args.time.as_deref())?;
    let resolved = Resolved::new(plan, args.threads, 1).on(args.backend, 1)?;
    resolved.fits(&Alone)?;
    let scratch = Scratch::new(benchmark.name)?;
    let cost = measure::measure(case, &resolved, &scratch.0, show)?;
    Ok(Cost { benchmark: benchmark.name, scale: args.scale, ..cost })
}

/// The networks of a benchmark, so that another simulator can run the very same.
fn describe(benchmark: &Benchmark, args: &BenchArgs) -> Result<String, Error> {
    #[derive(Serialize)]
    struct Described {
        case: &'static str,
        /// Step, warm-up and whole duration in ms.
        dt: f64,
        warmup: f64,
        duration: f64,
        seed: u64,
        network: Network,
    }
    let described = |case: &Case| {
        let scenarios::Plan { simulation, network, .. } = case.plan(args.scale, args.time.as_deref())?;
        let scenarios::Timing { dt, warmup, duration, seed, .. } = simulation;
        Ok(Described { case: case.name, dt, warmup, duration, seed, network })
    };
    let cases = benchmark.cases.iter().map(described).collect::<Result<Vec<_>, Error>>()?;
    Ok(table::json(&cases))
}

/// A folder for what a run records, removed with all its content.
struct Scratch(Folder);

impl Scratch {
    fn new(name: &str) -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("braincog-sim-bench-{name}-{}", std::process::id()));
        Folder::lock(&path).map(Scratch)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Rubbish in the system's folder for it is no reason to fail.
        let _ = fs::remove_dir_all(self.0.path());
    }
}

fn list() -> String {
    let mut table = Table::new(&["benchmark", "what it measures"]);
    for benchmark in BENCHMARKS {
        table.row([benchmark.name, benchmark.summary]);
    }
    format!("{table}\nbraincog-sim bench NAME runs one: --threads N --backend cpu|cuda --time T --scale X --json --describe\n")
}
