//! What every fuzz target does: bytes in, a value or an error out, never a panic, never much memory.
//!
//! How to run them: CONTRIBUTING.md.

use std::path::Path;

use snn::Error;

/// Reads the bytes as the event format of this name.
pub fn events(format: &str, bytes: &[u8]) {
    assert!(snn::events::read::FORMATS.iter().any(|known| known.name == format), "no format {format}");
    let _ = snn::events::read::parse(format, Path::new("fuzz"), bytes);
}

/// Reads the bytes with this reader.
pub fn other<T>(read: impl Fn(&Path, &[u8]) -> Result<T, Error>, bytes: &[u8]) {
    let _ = read(Path::new("fuzz"), bytes);
}
