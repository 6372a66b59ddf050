//! Lists the device kernels that are shipped, so that a new neuron model's needs no line anywhere.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package")).join("cuda/ptx");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut units = Vec::new();
    find(&root, &root, &mut units)?;
    units.sort();
    let mut list = String::from("&[\n");
    for (name, path) in units {
        writeln!(list, "    ({name:?}, include_str!({path:?})),").expect("a string takes any text");
    }
    list.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder"));
    fs::write(out.join("units.rs"), list)
}

/// Names (paths below `root` without their ending) and paths of all units in `folder`.
fn find(root: &Path, folder: &Path, units: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(root, &path, units)?;
        } else if path.extension().is_some_and(|ending| ending == "ptx") {
            let name = path.strip_prefix(root).expect("it lies below").with_extension("");
            units.push((name.to_string_lossy().replace('\\', "/"), path));
        }
    }
    Ok(())
}
