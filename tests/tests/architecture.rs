//! The contract: what describes a network and what executes it meet in `tools` and `snn` only, and the table
//! in ARCHITECTURE.md says which crate may use which. Cargo's own metadata are the witness.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tests::root;

/// Crates that may see both halves: programs and tests, not libraries.
const ABOVE: [&str; 4] = ["tools", "snn", "tests", "benches"];

/// Each crate of the workspace, by the name of its folder, and the names of all packages it uses.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(["metadata", "--format-version", "1", "--no-deps"]).current_dir(root()).output();
    let output = output.expect("cargo is there: it runs this test");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let folder = |manifest: &str| Path::new(manifest).parent().and_then(|p| p.file_name()).unwrap().to_string_lossy().into_owned();
    let folders: BTreeMap<&str, String> =
        packages.iter().map(|p| (p["name"].as_str().unwrap(), folder(p["manifest_path"].as_str().unwrap()))).collect();
    let dependencies = |p: &Value| {
        let names = p["dependencies"].as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap());
        names.map(|n| folders.get(n).cloned().unwrap_or_else(|| n.to_string())).collect()
    };
    packages.iter().map(|p| (folders[p["name"].as_str().unwrap()].clone(), dependencies(p))).collect()
}

/// The import table of ARCHITECTURE.md: rows of `crate`, `uses`, ....
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is there");
    let section = text.split("## Import table").nth(1).expect("ARCHITECTURE.md has an import table");
    let section = section.split("\n## ").next().unwrap_or_default();
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_string).collect::<BTreeSet<_>>();
    let rows = section.lines().filter(|l| l.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        (names(cells[0]).pop_first().unwrap(), names(cells[1]))
    })
    .collect()
}

/// The crates of the workspace that this one uses, directly or through others.
fn reaches(uses: &BTreeMap<String, BTreeSet<String>>, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_string()];
    while let Some(next) = open.pop() {
        let members = uses[&next].iter().filter(|n| uses.contains_key(*n));
        open.extend(members.filter(|n| found.insert(n.to_string())).cloned());
    }
    found
}

#[test]
fn every_crate_uses_only_what_the_import_table_allows() {
    let (uses, table) = (uses(), table());
    let members: BTreeSet<_> = uses.keys().cloned().collect();
    assert_eq!(table.keys().cloned().collect::<BTreeSet<_>>(), members, "the import table has a row for each crate");
    for (name, used) in uses.iter().filter(|(name, _)| !["tests", "benches"].contains(&name.as_str())) {
        let used: BTreeSet<_> = used.intersection(&members).cloned().collect();
        let forbidden: Vec<_> = used.difference(&table[name]).collect();
        assert!(forbidden.is_empty(), "{name} uses {forbidden:?}, which the import table in ARCHITECTURE.md forbids");
    }
}

#[test]
fn description_and_execution_meet_above_both_and_nowhere_else() {
    let uses = uses();
    for name in uses.keys().filter(|n| !ABOVE.contains(&n.as_str())) {
        let mut all = reaches(&uses, name);
        all.insert(name.clone());
        let sees = |half: &[&str]| half.iter().any(|c| all.contains(*c));
        assert!(!(sees(&["scenarios", "regions"]) && sees(&["engine", "kernels"])), "{name} sees both halves: {all:?}");
    }
}

#[test]
fn nothing_depends_on_the_programs_but_tests() {
    for (name, used) in uses().iter().filter(|(name, _)| !["tests", "benches"].contains(&name.as_str())) {
        assert!(ABOVE.iter().all(|above| !used.contains(*above)), "{name} uses {used:?}");
    }
}

#[test]
fn only_scenarios_parses_configuration() {
    let parsers = ["toml", "toml_edit", "basic-toml", "serde_yaml", "config", "ron"];
    for (name, used) in uses().iter().filter(|(name, _)| *name != "scenarios") {
        assert!(parsers.iter().all(|p| !used.contains(*p)), "{name} parses configuration");
    }
}

/// The folder of a crate: of the workspace, or of the crate that it serves.
fn place(name: &str) -> std::path::PathBuf {
    let own = root().join(name);
    if own.is_dir() { own } else { root().join("kernels").join(name) }
}

#[test]
fn only_kernels_may_hold_unsafe_code() {
    // The C border of the host driver, and the program that calls it from the other side.
    let border = [place("host-driver").join("src/api"), place("host-driver").join("tests/interface.rs")];
    for name in uses().keys() {
        let mut files = Vec::new();
        rust_files(&place(name), &mut files);
        files.retain(|file| name != "host-driver" || !border.iter().any(|allowed| file.starts_with(allowed)));
        let allows = |path: &&std::path::PathBuf| {
            let text = fs::read_to_string(path).expect("a source file can be read");
            text.lines().any(|l| l.trim_start().starts_with("#") && l.contains("allow(unsafe_code)"))
        };
        let found: Vec<_> = files.iter().filter(allows).collect();
        assert!(name == "kernels" || found.is_empty(), "{found:?} allow unsafe code");
        let manifest = fs::read_to_string(place(name).join("Cargo.toml")).expect("each crate has a manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} does not take the lints of the workspace");
    }
}

fn rust_files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the workspace can be read").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}
