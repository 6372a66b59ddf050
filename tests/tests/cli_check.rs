//! The contract: what the engine would refuse to build is refused by `check`, and by `run` before it makes a folder, at
//! the line of the scenario. Every file in `tests/scenario/unbuildable` has its message, after `#^ `, in the line below.

use std::fs;
use std::path::{Path, PathBuf};

use tests::{Folder, braincog_sim, root, run};

/// Files that a reader of scenarios finds no fault with.
fn unbuildable() -> Vec<PathBuf> {
    let folder = root().join("tests/scenario/unbuildable");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).expect("part of the project").map(|e| e.expect("readable").path()).collect();
    files.sort();
    files
}

/// `FILE:LINE: message`, as the file says.
fn expected(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("UTF-8");
    let message = text.lines().enumerate().find_map(|(line, text)| Some((line, text.strip_prefix("#^ ")?)));
    let (line, message) = message.expect("a message below the faulty line");
    format!("error: {}:{line}: {message}", path.display())
}

#[test]
fn weights_that_fixed_point_cannot_hold_are_refused_at_their_line() {
    let files = unbuildable();
    assert!(files.len() >= 4, "found {} files", files.len());
    let folder = Folder::new("unbuildable");
    for path in files {
        assert!(scenarios::Scenario::load(&path).and_then(|s| s.plan()).is_ok(), "{}", path.display());
        let out = folder.path().join("out");
        for (verb, more) in [("check", vec![]), ("run", vec!["--quiet".as_ref(), "--out".as_ref(), out.as_os_str()])] {
            let said = run(braincog_sim().arg(verb).arg(&path).args(more));
            assert_eq!(said.code, 2, "{verb}: {}", said.err);
            assert_eq!(said.err.lines().next(), Some(expected(&path).as_str()), "{verb}");
            assert!(!out.exists(), "{verb} leaves nothing behind");
        }
    }
}
