//! The shipped scenarios, and how to make large ones small.

use std::path::PathBuf;

/// What makes a large scenario small and keeps every population, rule, delay and stimulus it has: values for `--set`.
pub fn shrink(name: &str) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("../small.txt").lines().map(str::split_whitespace);
    lines.filter_map(move |mut words| (words.next() == Some(name)).then_some(words)).flatten()
}

/// Files of all shipped scenarios.
pub fn shipped() -> Vec<PathBuf> {
    let folder = super::root().join("scenarios");
    let is_scenario = |p: &PathBuf| p.extension().is_some_and(|e| e == "toml") && p.file_name().is_some_and(|n| n != "Cargo.toml");
    let entries = std::fs::read_dir(folder).expect("the scenarios are shipped");
    let mut files: Vec<_> = entries.map(|f| f.expect("a folder can be listed").path()).filter(is_scenario).collect();
    files.sort_by_key(|path| path.with_extension(""));
    files
}
