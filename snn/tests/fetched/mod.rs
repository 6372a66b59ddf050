//! Data sets that `tools/fetch-test-data.sh` fetched.

use std::path::{Path, PathBuf};

/// The folder of this name; says that the test is skipped if it is not there.
pub(crate) fn fetched(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/registry-data").join(name);
    if !folder.is_dir() {
        println!("skipped: no {}", name.split('/').next().unwrap_or(name));
        return None;
    }
    Some(folder)
}
