//! `braincog-sim`: the command line.
fn main() {}
