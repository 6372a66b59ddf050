//! `braincog-sim`: the command line. See `tools::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tools::cli::main()
}
