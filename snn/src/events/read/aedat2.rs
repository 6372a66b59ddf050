//! AEDAT 2.0, which jAER writes: lines of text that begin with `#`, then a big-endian address and a time of 32 bits each per event.
//! CIFAR10-DVS is in this format.

use super::{Event, Recording, recording};
use crate::bytes::Cursor;
use crate::error::Error;

/// How an address tells pixel and polarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Camera {
    /// 128 x 128.
    Dvs128,
    /// 240 x 180; samples of the frame camera are left out.
    Davis240,
    /// 346 x 260, with both axes turned; samples of the frame camera are left out.
    Davis346,
}

impl Camera {
    fn size(self) -> [usize; 2] {
        match self {
            Camera::Dvs128 => [128, 128],
            Camera::Davis240 => [180, 240],
            Camera::Davis346 => [260, 346],
        }
    }

    /// The pixel, or nothing for what is no event.
    fn event(self, address: u32, t: i64) -> Option<Event> {
        let [height, width] = self.size().map(|n| n as u16);
        if self == Camera::Dvs128 {
            return Some(Event { t, x: (address >> 1 & 0x7f) as u16, y: (address >> 8 & 0x7f) as u16, on: address & 1 == 1 });
        }
        let (x, y) = ((address >> 12 & 0x3ff) as u16, (address >> 22 & 0x1ff) as u16);
        if address >> 31 == 1 || x >= width || y >= height {
            return None;
        }
        let turned = self == Camera::Davis346;
        let (x, y) = if turned { (width - 1 - x, height - 1 - y) } else { (x, y) };
        Some(Event { t, x, y, on: address >> 11 & 1 == 1 })
    }
}

pub(super) fn read(mut cursor: Cursor, camera: Camera) -> Result<Recording, Error> {
    if !cursor.rest().starts_with(b"#!AER-DAT2") {
        let found = String::from_utf8_lossy(&cursor.rest()[..cursor.rest().len().min(10)]).into_owned();
        return Err(cursor.foreign(0, "the first line", format!("{found:?}"), "#!AER-DAT2.0"));
    }
    // An address may begin with the byte of `#`; a line of text has no others than these.
    while is_text(cursor.rest()) {
        cursor.line();
    }
    let whole = cursor.rest().len() / 8;
    let mut events = Vec::with_capacity(whole);
    for _ in 0..whole {
        let (address, t) = (u32::from_be_bytes(cursor.array("an event")?), u32::from_be_bytes(cursor.array("an event")?));
        events.extend(camera.event(address, i64::from(t)));
    }
    if !cursor.is_empty() {
        return Err(cursor.truncated(8, "an event"));
    }
    Ok(recording(events, Some(camera.size())))
}

fn is_text(rest: &[u8]) -> bool {
    let line = &rest[..rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len()).min(4096)];
    rest.first() == Some(&b'#') && line.iter().all(|b| b.is_ascii_graphic() || matches!(b, b' ' | b'\t' | b'\r'))
}
