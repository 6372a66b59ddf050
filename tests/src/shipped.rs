//! The shipped scenarios, and how to make large ones small.

use std::path::PathBuf;

/// What makes a large scenario small and keeps every population, rule, delay and stimulus it has.
pub fn shrink(name: &str) -> &'static [&'static str] {
    match name {
        "macaque" | "macaque-full" => &["regions.size.scale=0.02", "regions.indegree_scale=0.02"],
        "human" | "mouse" => &["regions.size.neurons=150", "regions.indegree_scale=0.05"],
        "microcircuit" => &["regions.size.scale=0.05", "regions.indegree_scale=0.05"],
        "braincog-human" | "braincog-macaque" => &["regions.size.neurons=150"],
        "braincog-mouse" | "braincog-mouse-full" => &["regions.size.scale=0.0005", "regions.size.least=50"],
        "braincog-macaque-giant" | "braincog-human-giant" => &["regions.size.neurons=150", "regions.tracts.indegree=100"],
        _ => &[],
    }
}

/// Files of all shipped scenarios.
pub fn shipped() -> Vec<PathBuf> {
    let folder = super::root().join("scenarios");
    let is_scenario = |p: &PathBuf| p.extension().is_some_and(|e| e == "toml") && p.file_name().is_some_and(|n| n != "Cargo.toml");
    let entries = std::fs::read_dir(folder).expect("the scenarios are shipped");
    let mut files: Vec<_> = entries.map(|f| f.expect("a folder can be listed").path()).filter(is_scenario).collect();
    files.sort();
    files
}
