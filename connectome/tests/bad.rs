//! Contract: every file in `tests/bad` is refused with exactly the message beside it (`NAME.message`).
//!
//! Binary files are made by `tests/bad/make.py`. After changing a message on purpose, run this test with
//! `MINT_MESSAGES=1` and read the difference before committing it.

use std::path::{Path, PathBuf};

use connectome::io::{LoadOptions, formats, load};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

fn bad_files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("tests/bad exists");
    let mut files: Vec<PathBuf> = entries.map(|e| e.expect("readable").path()).collect();
    files.retain(|p| !matches!(p.extension().and_then(|e| e.to_str()), Some("message" | "py" | "md")));
    files.sort();
    files
}

#[test]
fn bad_files_are_refused_with_the_message_beside_them() {
    let mut wrong = Vec::new();
    let all_formats = formats().collect::<Vec<_>>().join(", ");
    let mint = std::env::var_os("MINT_MESSAGES").is_some();
    for file in bad_files() {
        let found = match load(&file, &LoadOptions::default()) {
            Ok(c) => format!("(was read: {} regions)", c.n()),
            Err(error) => error.to_string().replace(&format!("{}/", folder().display()), "").replace(&all_formats, "(all formats)"),
        };
        let message = PathBuf::from(format!("{}.message", file.display()));
        if mint {
            std::fs::write(&message, format!("{found}\n")).expect("writable");
        }
        let expected = std::fs::read_to_string(&message).unwrap_or_default();
        if found != expected.trim_end() || found.starts_with('(') {
            wrong.push(format!("{}:\n  found    {found}\n  expected {}", file.display(), expected.trim_end()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_enough_bad_files_and_each_names_itself() {
    let files = bad_files();
    assert!(files.len() >= 30, "{}", files.len());
    for file in files {
        let message = std::fs::read_to_string(format!("{}.message", file.display())).expect("a message beside the file");
        let name = file.file_name().expect("a file").to_string_lossy().into_owned();
        assert!(message.starts_with(&format!("{name}: ")), "{name}: {message}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = load(Path::new("no/such/brain.zip"), &LoadOptions::default()).expect_err("it is not there");
    assert!(error.to_string().starts_with("no/such/brain.zip: "), "{error}");
}
