//! `braincog-snn`: trains and evaluates deep spiking networks.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
