//! Benchmarks; see the README beside this crate for what a benchmark has to say about itself.
