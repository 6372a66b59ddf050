//! What a user may type: every verb, flag and default, and the text of `--help`.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use models::units::Millis;

use crate::sweep::batch::System;

const EXAMPLES: &str = "\
Start here:
  braincog-sim scenarios/macaque.toml            run a scenario; results in out/macaque
  braincog-sim check scenarios/human.toml        neurons, synapses and memory, before any is taken
  braincog-sim import my_brain.zip -o mine.h5    then, in a scenario: [connectome] path = \"mine.h5\"
  braincog-sim inspect macaque-29                tables of a connectome, an atlas or a finished run
  braincog-sim sweep scenarios/sweeps/coupling.toml    one scenario at many points, here or on a cluster
  braincog-sim models iaf_psc_exp                parameters of a neuron model

`braincog-sim SCENARIO.toml ...` is short for `braincog-sim run SCENARIO.toml ...`.

Exit codes: 0 done; 1 a comparison or check failed; 2 the input is wrong; 3 a fault of the machine;
130 stopped by Ctrl-C and 143 by SIGTERM, both after writing what was recorded so far; after SIGTERM
there is a checkpoint, from which `--resume DIR` goes on.";

/// Simulates whole brains, region by region, from their wiring.
#[derive(Debug, Parser)]
#[command(name = "braincog-sim", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run a scenario and write its results into a folder
    Run(RunArgs),
    /// Validate a scenario and show neurons, synapses and memory; builds nothing
    Check(CheckArgs),
    /// Convert a connectome file of any known format into ours
    Import(ImportArgs),
    /// Show tables of a connectome file, a built-in atlas or a finished run
    Inspect(InspectArgs),
    /// Write the HTML page of a finished run
    Report(ReportArgs),
    /// Run a scenario at many points of its parameters, here or as a job array
    Sweep(SweepArgs),
    /// Compare the spike trains of two runs: equal, or the first difference
    Compare(CompareArgs),
    /// Run one of the standard benchmarks, or list them
    Bench(BenchArgs),
    /// Predict time per step and efficiency on 1 to 10,000 ranks; a model, starts none
    ScaleModel(Box<ScaleArgs>),
    /// List the neuron models, or describe one
    Models(ModelsArgs),
    /// List the built-in connectomes and how to cite them
    Atlases,
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// How a scenario is chosen and changed.
#[derive(Debug, Args)]
pub(crate) struct ScenarioArgs {
    /// The scenario file
    #[arg(value_name = "SCENARIO.toml")]
    pub(crate) scenario: PathBuf,
    /// Take this variant of the scenario
    #[arg(long, value_name = "NAME")]
    pub(crate) variant: Option<String>,
    /// Change one key, such as `--set simulation.seed=7`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Simulate this long instead, such as `500ms` or `2s`
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<String>,
    /// Threads to use [default: all processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Backend::Cpu)]
    pub(crate) backend: Backend,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    /// Folder for the results; those of an earlier run there are replaced [default: out/NAME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Make a checkpoint every so much biological time, such as `100ms`; also on SIGUSR1, and on SIGTERM before the run ends
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) checkpoint_every: Option<Millis>,
    /// Go on from the last checkpoint of the run in DIR, or from the checkpoint DIR, and record into the folder of that run
    #[arg(long, value_name = "DIR", conflicts_with = "out")]
    pub(crate) resume: Option<PathBuf>,
    /// Write no report.html
    #[arg(long)]
    pub(crate) no_report: bool,
    /// Serve a page that shows the run while it goes on, on this machine only; its address is printed [default port: any free one]
    #[arg(long, value_name = "PORT", num_args = 0..=1, conflicts_with = "quiet", value_parser = port)]
    pub(crate) live: Option<Option<u16>>,
    /// Show the run on the terminal while it goes on; `q` stops it
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) tui: bool,
    /// Print errors only, and write no report.html
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

fn time(text: &str) -> Result<Millis, String> {
    match models::units::parse(text, "ms") {
        Ok(ms) if ms > 0.0 => Ok(Millis(ms)),
        Ok(_) => Err("expected a time above 0, such as 100ms".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// Threads of this machine
    Cpu,
    /// An NVIDIA device
    Cuda,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    /// Show how the network would lie on this many ranks; starts none
    #[arg(long, value_name = "N", value_parser = count(1_000_000))]
    pub(crate) ranks: Option<usize>,
    /// Expect the rates of this finished run, and not the same of every neuron
    #[arg(long, value_name = "RUN", requires = "ranks")]
    pub(crate) rates: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) source: ConnectomeArgs,
    /// The file to write
    #[arg(short, long, value_name = "OUT.h5")]
    pub(crate) output: PathBuf,
    /// Replace OUT.h5 if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// A connectome file and what it cannot say itself.
#[derive(Debug, Args)]
pub(crate) struct ConnectomeArgs {
    /// The connectome file; its format is recognised by content
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReadingArgs {
    /// What a row of the matrix is, where the format leaves it open [default: target]
    #[arg(long, value_name = "END", value_enum)]
    pub(crate) rows: Option<Rows>,
    /// Take tracts to run both ways: a pair given in one direction only is mirrored
    #[arg(long)]
    pub(crate) undirected: bool,
    /// Array, dataset, MAT variable, sheet or key that holds the weights
    #[arg(long, value_name = "NAME")]
    pub(crate) variable: Option<String>,
    /// Array, dataset, MAT variable or sheet that holds the tract lengths
    #[arg(long, value_name = "NAME")]
    pub(crate) lengths_variable: Option<String>,
    /// File with tract lengths in mm, any matrix format
    #[arg(long, value_name = "FILE")]
    pub(crate) lengths: Option<PathBuf>,
    /// File with one label per line, a table with a column `label` or `name`, or names above neuron counts
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// File with `label x y z` or `x y z` per line, in mm
    #[arg(long, value_name = "FILE")]
    pub(crate) centres: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rows {
    /// Row = target, column = source (TVB, FLN tables)
    Target,
    /// Row = source, column = target (most adjacency matrices)
    Source,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// A connectome file, the name of an atlas, or the folder of a run
    #[arg(value_name = "FILE|ATLAS|RUN")]
    pub(crate) what: PathBuf,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The folder of the run
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The file to write [default: RUN/report.html]
    #[arg(short, long, value_name = "FILE.html")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SweepArgs {
    /// The sweep file: a scenario, and which keys of it change
    #[arg(value_name = "SWEEP.toml")]
    pub(crate) file: PathBuf,
    /// Folder for the results; finished points in it are not run again [default: out/NAME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Points that run at the same time, each in a process of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = count(1024))]
    pub(crate) workers: usize,
    /// Threads of each point [default: all processors, shared by the workers; 1 in a job array]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Run points again that failed
    #[arg(long)]
    pub(crate) retry_failed: bool,
    /// Start although a value is refused, and let its points fail
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Run nothing: only make the tables and the page of what has run
    #[arg(long, conflicts_with = "chunk")]
    pub(crate) collect: bool,
    /// Run only part I of N of the points, and make no tables
    #[arg(long, value_name = "I/N")]
    pub(crate) chunk: Option<Chunk>,
    /// Run nothing: write a SLURM job array that does
    #[arg(long, value_name = "JOB.sh", conflicts_with_all = ["pbs", "chunk", "collect"])]
    pub(crate) slurm: Option<PathBuf>,
    /// Run nothing: write an OpenPBS job array that does
    #[arg(long, value_name = "JOB.sh", conflicts_with_all = ["chunk", "collect"])]
    pub(crate) pbs: Option<PathBuf>,
    /// Tasks of the job array [default: one per point, at most 1000]
    #[arg(long, value_name = "N", value_parser = count(1_000_000))]
    pub(crate) tasks: Option<usize>,
    /// Replace JOB.sh if it exists
    #[arg(long)]
    pub(crate) force: bool,
    /// Print errors and the summary only
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Run the points whose numbers come in, as a child of another `sweep`
    #[arg(long, hide = true)]
    pub(crate) worker: bool,
}

/// Reads a number from 1 to `most`.
fn count(most: u64) -> impl clap::builder::TypedValueParser<Value = usize> {
    use clap::builder::TypedValueParser;
    clap::value_parser!(u64).range(1..=most).map(|n| n as usize)
}

impl SweepArgs {
    /// The batch system and the script to write for it, if that is what was asked for.
    pub(crate) fn script(&self) -> Option<(System, &Path)> {
        let slurm = self.slurm.as_deref().map(|path| (System::Slurm, path));
        slurm.or(self.pbs.as_deref().map(|path| (System::Pbs, path)))
    }
}

/// One of several equal parts of all points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    part: usize,
    parts: usize,
}

impl FromStr for Chunk {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
        match numbers {
            Some((part @ 1.., parts)) if part <= parts => Ok(Chunk { part, parts }),
            _ => Err("expected the number of a part and of all parts, such as 3/10"),
        }
    }
}

impl Chunk {
    /// Its numbers of `1..=n`; the parts differ by one at most.
    pub(crate) fn of(self, n: usize) -> RangeInclusive<usize> {
        let before = |part: usize| (part as u128 * n as u128 / self.parts as u128) as usize;
        before(self.part - 1) + 1..=before(self.part)
    }
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The folder of a run, or a file of spikes
    #[arg(value_name = "RUN")]
    pub(crate) left: PathBuf,
    /// The folder of another run, or a file of spikes
    #[arg(value_name = "RUN")]
    pub(crate) right: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Run this benchmark
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Threads to use [default: all processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Measure this long instead, such as `500ms`; a scenario's warm-up comes before it
    #[arg(long, value_name = "TIME")]
    pub(crate) time: Option<String>,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Backend::Cpu)]
    pub(crate) backend: Backend,
    /// Take networks this many times as large
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = positive)]
    pub(crate) scale: f64,
    /// Print JSON instead of tables, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the networks as JSON, for other simulators, and run nothing
    #[arg(long)]
    pub(crate) describe: bool,
}

/// Takes what follows `--live`, which may be the scenario if someone wrote that last.
fn port(text: &str) -> Result<u16, String> {
    let found = text.parse().ok().filter(|port| *port > 0);
    found.ok_or_else(|| "expected a port from 1 to 65535, or nothing; the scenario comes before --live".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct ScaleArgs {
    #[command(flatten)]
    pub(crate) scenario: ScenarioArgs,
    /// Predict for these numbers of ranks [default: 1, 2, 4, ... 8192, 10000]
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', value_parser = count(1_000_000))]
    pub(crate) ranks: Vec<usize>,
    /// Take costs and rates from this finished run
    #[arg(long, value_name = "RUN")]
    pub(crate) from: Option<PathBuf>,
    /// Show what these runs took beside what is predicted for their ranks and threads; costs and rates are the first one's
    #[arg(long, value_name = "RUN", num_args = 1.., conflicts_with_all = ["ranks", "csv", "svg"])]
    pub(crate) compare: Vec<PathBuf>,
    /// Write the predictions as a table for programs
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) csv: Option<PathBuf>,
    /// Write the predictions as a picture
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) svg: Option<PathBuf>,
    /// With two clocks take no synapse between rank groups to be faster than this
    #[arg(long, value_name = "MS", value_parser = positive)]
    pub(crate) tract_delay_ms: Option<f64>,
    /// Core time per neuron and step [default: 0.9]
    #[arg(long, value_name = "NS", value_parser = positive)]
    pub(crate) neuron_ns: Option<f64>,
    /// Core time per synaptic event [default: 1.33]
    #[arg(long, value_name = "NS", value_parser = positive)]
    pub(crate) event_ns: Option<f64>,
    /// Core time per spike that a rank takes in [default: 250]
    #[arg(long, value_name = "NS", value_parser = positive)]
    pub(crate) spike_ns: Option<f64>,
    /// Ranks of a node [default: 128]
    #[arg(long, value_name = "N", value_parser = count(1_000_000))]
    pub(crate) node_ranks: Option<usize>,
    /// Latency between ranks of a node [default: 0.25]
    #[arg(long, value_name = "US", value_parser = positive)]
    pub(crate) node_latency_us: Option<f64>,
    /// Bandwidth of a rank inside its node [default: 8]
    #[arg(long, value_name = "GB/S", value_parser = positive)]
    pub(crate) node_bandwidth_gbs: Option<f64>,
    /// Latency between nodes [default: 1.5]
    #[arg(long, value_name = "US", value_parser = positive)]
    pub(crate) latency_us: Option<f64>,
    /// Bandwidth of a node to others [default: 12.5]
    #[arg(long, value_name = "GB/S", value_parser = positive)]
    pub(crate) bandwidth_gbs: Option<f64>,
}

fn positive(text: &str) -> Result<f64, String> {
    let found = text.parse().ok().filter(|x: &f64| *x > 0.0 && x.is_finite());
    found.ok_or_else(|| "expected a number above 0, such as 0.1".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    /// Describe this model
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Puts the verb `run` in front of arguments that start with none, so that `braincog-sim SCENARIO.toml` runs it.
///
/// A word that is no verb but looks like a misspelt one is left for clap to refuse.
pub(crate) fn with_verb(mut args: Vec<OsString>) -> Vec<OsString> {
    let command = Cli::command();
    let Some(first) = args.get(1) else { return args };
    let text = first.to_string_lossy();
    let verb = |c: &clap::Command| c.get_name() == text;
    let about_us = ["help", "-h", "--help", "-V", "--version"].contains(&text.as_ref());
    let misspelt = || {
        let like = |c: &clap::Command| strsim::jaro_winkler(c.get_name(), &text) > 0.8;
        !text.contains(['.', '/', '\\']) && !PathBuf::from(first).exists() && command.get_subcommands().any(like)
    };
    if !about_us && !command.get_subcommands().any(verb) && !misspelt() {
        args.insert(1, "run".into());
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        let args = std::iter::once("braincog-sim").chain(line.split_whitespace()).map(OsString::from).collect();
        Cli::try_parse_from(with_verb(args))
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_scenario_without_a_verb_is_run() {
        for line in ["x.toml --threads 3 --out o", "--threads 3 x.toml --out o", "run x.toml --out o --threads 3"] {
            let Verb::Run(run) = parsed(line).unwrap().verb else { panic!("{line}") };
            assert_eq!((run.scenario.scenario.to_str(), run.scenario.threads), (Some("x.toml"), Some(3)));
        }
    }

    #[test]
    fn chunks_share_all_points_evenly() {
        for (n, parts) in [(24, 5), (3, 7), (1_000_000, 999)] {
            let chunks = (1..=parts).map(|part| Chunk { part, parts }.of(n));
            let sizes: Vec<usize> = chunks.clone().map(|c| c.count()).collect();
            assert!(chunks.flatten().eq(1..=n));
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{n} / {parts}");
        }
        assert!(["0/3", "4/3", "3", "a/b", "-1/2"].iter().all(|text| text.parse::<Chunk>().is_err()));
    }

    #[test]
    fn a_misspelt_verb_is_refused_with_the_verb_that_was_meant() {
        let message = parsed("inspct macaque-29").unwrap_err().to_string();
        assert!(message.contains("'inspect'"), "{message}");
    }
}
