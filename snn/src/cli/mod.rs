//! The command line. Errors are values everywhere else and become text here.
//!
//! Exit codes: 0 done, 2 the input is wrong, 3 a fault of the machine, 130 or 143 stopped by a signal after a checkpoint was written.

mod args;
mod bench;
mod convert;
mod data;
mod eval;
mod export;
mod glsnn;
mod progress;
mod screen;
mod signals;
mod stdp;
mod table;
mod train;

use std::process::ExitCode;

use clap::Parser;
use snn::Error;

use args::{Cli, Command};

/// How a command ended, if not by an error.
pub(crate) enum Ending {
    Done,
    /// By this signal.
    Stopped(i32),
}

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let threads = rayon::ThreadPoolBuilder::new().num_threads(cli.threads).build();
    let pool = match threads {
        Ok(pool) => pool,
        Err(error) => {
            eprintln!("error: {} threads cannot be started: {error}", cli.threads);
            return ExitCode::from(3);
        }
    };
    let result = pool.install(|| match &cli.command {
        Command::Train(args) => train::run(args),
        Command::Eval(args) => eval::run(args).map(|()| Ending::Done),
        Command::Convert(args) => convert::run(args).map(|()| Ending::Done),
        Command::Export(args) => export::run(args).map(|()| Ending::Done),
        Command::Stdp(args) => stdp::run(args).map(|()| Ending::Done),
        Command::Glsnn(args) => glsnn::run(args).map(|()| Ending::Done),
        Command::Data(args) => data::run(args).map(|()| Ending::Done),
        Command::Bench(args) => bench::run(args).map(|()| Ending::Done),
    });
    match result {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Stopped(signal)) => ExitCode::from(128 + signal as u8),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(exit_code(&error))
        }
    }
}

fn exit_code(error: &Error) -> u8 {
    if error.is_fault_of_machine() { 3 } else { 2 }
}
