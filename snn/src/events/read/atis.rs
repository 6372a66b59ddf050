//! ATIS: five bytes per event. N-MNIST and N-Caltech101 are in this format.

use super::{Event, Recording, recording};
use crate::bytes::Cursor;
use crate::error::Error;

/// An event in this row says that time went on by so many microseconds, as tonic reads it.
const OVERFLOW_ROW: u8 = 240;
const OVERFLOW: i64 = 1 << 13;

pub(super) fn read(mut cursor: Cursor) -> Result<Recording, Error> {
    let mut events = Vec::with_capacity(cursor.rest().len() / 5);
    let mut past = 0;
    while !cursor.is_empty() {
        let [x, y, high, middle, low] = cursor.array("an event")?;
        if y == OVERFLOW_ROW {
            past += OVERFLOW;
            continue;
        }
        let t = past + i64::from(u32::from_be_bytes([0, high & 0x7f, middle, low]));
        events.push(Event { t, x: x.into(), y: y.into(), on: high >> 7 == 1 });
    }
    Ok(recording(events, None))
}

/// N-Caltech101: the first row and column with an event count as 0, as tonic has them.
pub(super) fn shifted(cursor: Cursor) -> Result<Recording, Error> {
    let mut all = read(cursor)?;
    let least = |f: fn(&Event) -> u16| all.events.iter().map(f).min().unwrap_or(0);
    let (x, y) = (least(|e| e.x), least(|e| e.y));
    all.events.iter_mut().for_each(|event| (event.x, event.y) = (event.x - x, event.y - y));
    Ok(all)
}
