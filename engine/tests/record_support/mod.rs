//! A folder of its own for each test, and the check of output files by the Python libraries of our field.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder that is removed at the end of a test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// An empty folder for the test of this name.
    pub(crate) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("braincog-record-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the folder for temporary files is writable");
        Folder(path)
    }

    /// A file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Lets h5py, libsonata and, if it is there, bmtk read everything in the folder.
pub(crate) fn check_outputs(folder: &Folder) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    let Some(python) = python(root) else {
        println!("skipped: no python with h5py and libsonata");
        return;
    };
    let script = root.join("tests/python/check_outputs.py");
    let output = Command::new(python).arg(script).arg(&folder.0).output().expect("python was found");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    print!("{}", text(&output.stdout));
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

fn python(root: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("BRAINCOG_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| root.join(".venv/bin/python"));
    let found = Command::new(&python).args(["-c", "import h5py, libsonata, numpy"]).output();
    found.is_ok_and(|o| o.status.success()).then_some(python)
}
