//! Event files as TensorBoard reads them: records with checksums, each an `Event` message in the wire format of protocol buffers.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::Error;

/// Writes scalars as they come.
pub struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// A new file in `folder`, which is made if it is not there.
    pub fn create(folder: &Path) -> Result<EventFile, Error> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let path = folder.join(format!("events.out.tfevents.{:010}.{}.braincog-snn", now() as u64, std::process::id()));
        let file = File::create_new(&path).map_err(Error::io(&path))?;
        let mut events = EventFile { path, file };
        events.record(&message(now(), 0, &field(3, b"brain.Event:2")))?;
        Ok(events)
    }

    /// Adds the values of `step` by their tags, such as `accuracy/test`.
    pub fn scalars(&mut self, step: u64, scalars: &[(String, f64)]) -> Result<(), Error> {
        let value = |(tag, value): &(String, f64)| {
            let mut bytes = field(1, tag.as_bytes());
            bytes.push(2 << 3 | 5); // simple_value, 32 bits
            bytes.extend((*value as f32).to_le_bytes());
            field(1, &bytes)
        };
        let summary: Vec<u8> = scalars.iter().flat_map(value).collect();
        self.record(&message(now(), step, &field(5, &summary)))
    }

    fn record(&mut self, data: &[u8]) -> Result<(), Error> {
        self.file.write_all(&framed(data)).map_err(Error::io(&self.path))
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// Length, checksum of the length, data, checksum of the data.
fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(crc32c(&length)).to_le_bytes(), data, &masked(crc32c(data)).to_le_bytes()].concat()
}

/// An `Event`: wall time, step and one more field.
fn message(time: f64, step: u64, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1 << 3 | 1]; // wall_time, 64 bits
    bytes.extend(time.to_le_bytes());
    bytes.push(2 << 3); // step
    bytes.extend(varint(step));
    bytes.extend(content);
    bytes
}

/// A field of bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &varint(bytes.len() as u64), bytes].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The checksum of Castagnoli's polynomial.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 }))
}

/// As records store it, so that a checksum of data with a checksum in it is not trivial.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_scalar_is_encoded_as_by_protobuf() {
        // Made by TensorBoard's own Event message: wall_time 1.5, step 300, summary { value { tag: "a", simple_value: 0.25 } }.
        let expected =
            [0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 0xac, 0x02, 0x2a, 0x0a, 0x0a, 0x08, 0x0a, 0x01, b'a', 0x15, 0, 0, 0x80, 0x3e];
        let mut value = field(1, b"a");
        value.push(0x15);
        value.extend(0.25f32.to_le_bytes());
        assert_eq!(message(1.5, 300, &field(5, &field(1, &value))), expected);
    }

    #[test]
    fn records_follow_one_another_with_their_lengths() {
        let folder = std::env::temp_dir().join(format!("braincog-snn-events-{}", std::process::id()));
        let mut events = EventFile::create(&folder).unwrap();
        events.scalars(1, &[("loss".into(), 0.5), ("accuracy".into(), 0.75)]).unwrap();
        let bytes = std::fs::read(&events.path).unwrap();
        let (mut at, mut records) = (0, Vec::new());
        while at < bytes.len() {
            let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
            let data = &bytes[at + 12..at + 12 + length];
            assert_eq!(framed(data), bytes[at..at + 16 + length]);
            records.push(data.to_vec());
            at += 16 + length;
        }
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(records.len(), 2);
        assert!(records[0].ends_with(b"brain.Event:2") && records[1].windows(8).any(|w| w == b"accuracy"));
    }
}
