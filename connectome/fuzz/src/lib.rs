//! What every fuzz target does: bytes in, a connectome or an error out, never a panic, never much memory.
//!
//! How to run them: CONTRIBUTING.md.

use connectome::io::{LoadOptions, load_bytes, load_bytes_as};

fn options() -> LoadOptions {
    // Dense matrices of many regions are legal and slow; small ones show the same faults.
    LoadOptions { max_regions: 128, ..LoadOptions::default() }
}

/// Reads the bytes as whatever they look like.
pub fn any(bytes: &[u8]) {
    let _ = load_bytes("fuzz", bytes, &options());
}

/// Reads the bytes as the format of this name.
pub fn format(name: &str, bytes: &[u8]) {
    assert!(connectome::io::formats().any(|f| f == name), "no format {name}");
    let _ = load_bytes_as(name, "fuzz", bytes, &options());
}
