//! Files of event cameras. Every reader is given all bytes; no header is believed before the bytes that it promises are there.

mod aedat2;
mod aedat3;
mod aedat4;
mod atis;
mod evt2;
mod evt3;
mod flatbuffer;
mod packets;
mod percent;
mod prophesee;
mod shd;
mod table;

use std::path::Path;

pub use aedat2::Camera;
pub use aedat4::Size;
pub use packets::packets;
pub use shd::{UNITS, samples as shd};
pub use table::{es_imagenet, matlab};

use super::{Event, Recording};
use crate::bytes::{self, Cursor};
use crate::error::Error;

/// A format of event files.
pub struct Format {
    /// What it is called.
    pub name: &'static str,
    read: fn(Cursor) -> Result<Recording, Error>,
}

/// All formats that a single file can be read as.
pub const FORMATS: [Format; 7] = [
    Format { name: "aedat2", read: |cursor| aedat2::read(cursor, Camera::Dvs128) },
    Format { name: "aedat3", read: aedat3::read },
    Format { name: "aedat4", read: aedat4::read },
    Format { name: "atis", read: atis::read },
    Format { name: "dat", read: prophesee::read },
    Format { name: "evt2", read: evt2::read },
    Format { name: "evt3", read: evt3::read },
];

/// More than any recording has: 8 GiB.
const LIMIT: u64 = 1 << 33;

/// Reads a file of events; what it is, its name and its first bytes tell.
pub fn load(path: &Path) -> Result<Recording, Error> {
    let bytes = bytes::read(path, LIMIT)?;
    let known = || FORMATS.map(|format| format.name).join(", ");
    let extension = path.extension().map_or(String::new(), |e| e.to_string_lossy().to_lowercase());
    let name = sniff(&extension, &bytes);
    let name = name.ok_or_else(|| Error::Unknown { what: "format of events", name: path.display().to_string(), known: known() })?;
    parse(name, path, &bytes)
}

fn sniff(extension: &str, bytes: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    Some(match extension {
        _ if starts(b"#!AER-DAT2") => "aedat2",
        _ if starts(b"#!AER-DAT3") => "aedat3",
        _ if starts(b"#!AER-DAT4") => "aedat4",
        "aedat" => "aedat2",
        "bin" => "atis",
        "dat" => "dat",
        "raw" if percent::version(bytes) == Some(2) => "evt2",
        "raw" => "evt3",
        _ => return None,
    })
}

/// Reads `bytes` of `path` as the format of this name, one of [`FORMATS`].
pub fn parse(format: &str, path: &Path, bytes: &[u8]) -> Result<Recording, Error> {
    let known = || FORMATS.map(|format| format.name).join(", ");
    let found = FORMATS.into_iter().find(|row| row.name == format);
    let found = found.ok_or_else(|| Error::Unknown { what: "format of events", name: format.into(), known: known() })?;
    (found.read)(Cursor::new(path, bytes))
}

/// Reads a file of jAER with the addresses of this camera.
pub fn aedat2(path: &Path, bytes: &[u8], camera: Camera) -> Result<Recording, Error> {
    aedat2::read(Cursor::new(path, bytes), camera)
}

/// Reads a file of N-Caltech101: ATIS, with the first row and column that have an event as 0.
pub fn caltech(path: &Path, bytes: &[u8]) -> Result<Recording, Error> {
    atis::shifted(Cursor::new(path, bytes))
}

/// As large as the events need, for files that do not say it; in the order of time.
fn recording(mut events: Vec<Event>, size: Option<[usize; 2]>) -> Recording {
    if !events.is_sorted_by_key(|event| event.t) {
        events.sort_by_key(|event| event.t);
    }
    let most = |f: fn(&Event) -> u16| events.iter().map(f).max().map_or(0, |x| usize::from(x) + 1);
    let [height, width] = size.unwrap_or_else(|| [most(|e| e.y), most(|e| e.x)]);
    Recording { height, width, events }
}

#[cfg(test)]
pub(crate) mod tests;
