//! The command line: verbs, their output, exit codes. Errors are rendered here and nowhere else.

mod args;
mod bench;
mod brain;
mod catalogue;
mod check;
mod clock;
mod compare;
mod device;
mod error;
mod folder;
mod import;
mod inspect;
mod launcher;
mod page;
mod placement;
mod progress;
mod ranks;
mod rates;
mod recorder;
mod resolve;
mod run;
mod signals;
mod states;
mod summary;
mod sweep;
mod table;
mod weights;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use engine::comm::Alone;

use args::{Cli, Verb};
pub use error::Error;
use signals::Stop;

/// How a verb ended that met no error.
enum Ending {
    /// What was asked for is done.
    Done,
    /// A comparison found a difference, or a check failed.
    Failed,
    /// Someone asked the run to stop; what was recorded until then is written.
    Stopped(Stop),
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    let cli = Cli::parse_from(args::with_verb(std::env::args_os().collect()));
    match dispatch(cli.verb) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Failed) => ExitCode::from(1),
        Ok(Ending::Stopped(stop)) => ExitCode::from(stop.exit_code()),
        Err(error) => {
            if !matches!(error, Error::OnAnotherRank { .. }) {
                eprintln!("error: {error}");
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn dispatch(verb: Verb) -> Result<Ending, Error> {
    match verb {
        Verb::Run(args) => run::run(&args),
        Verb::Check(args) => {
            let resolved = resolve::resolve(&args.scenario, 1)?;
            print(&check::describe(&resolved))?;
            if let Some(ranks) = args.ranks {
                // A network may be made for many ranks because it does not fit here.
                return print(&placement::describe(&resolved, ranks, args.rates.as_deref())?);
            }
            resolved.fits(&Alone).map(|()| Ending::Done)
        }
        Verb::Import(args) => print(&import::import(&args)?),
        Verb::Inspect(args) => print(&inspect::inspect(&args)?),
        Verb::Report(args) => {
            let path = args.output.unwrap_or_else(|| args.run.join(folder::names::PAGE));
            page::write(&args.run, &path)?;
            print(&format!("{}\n", path.display()))
        }
        Verb::Sweep(args) => sweep::sweep(&args),
        Verb::Compare(args) => {
            let (equal, sentence) = compare::compare(&args.left, &args.right)?;
            print(&format!("{sentence}\n"))?;
            Ok(if equal { Ending::Done } else { Ending::Failed })
        }
        Verb::Bench(args) => bench::bench(&args),
        Verb::Models(args) => print(&catalogue::models(args.name.as_deref())?),
        Verb::Atlases => print(&catalogue::atlases()?),
        Verb::Completions(args) => print(&completions(args.shell)),
    }
}

fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "braincog-sim", &mut script);
    String::from_utf8(script).expect("completion scripts are text")
}

/// Writes a result to stdout. A reader that has seen enough, such as `head`, is no error.
fn print(text: &str) -> Result<Ending, Error> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::Write { path: "standard output".into(), source: e }),
        _ => Ok(Ending::Done),
    }
}
