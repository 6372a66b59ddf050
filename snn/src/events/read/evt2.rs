//! Prophesee's EVT 2.0: words of 32 bits; the upper part of the time comes in words of its own.

use super::percent::Header;
use super::{Event, Recording, recording};
use crate::bytes::Cursor;
use crate::error::Error;

const OFF: u32 = 0x0;
const ON: u32 = 0x1;
const TIME_HIGH: u32 = 0x8;

pub(super) fn read(mut cursor: Cursor) -> Result<Recording, Error> {
    let size = Header::read(&mut cursor).size();
    let mut events = Vec::new();
    let mut high = None;
    while !cursor.is_empty() {
        let word = cursor.u32("an event")?;
        match (word >> 28, high) {
            (TIME_HIGH, _) => high = Some(i64::from(word & 0x0fff_ffff) << 6),
            // Without the upper part of the time there is no time.
            (OFF | ON, Some(high)) => {
                let pixel = |shift: u32| (word >> shift & 0x7ff) as u16;
                events.push(Event { t: high | i64::from(word >> 22 & 0x3f), x: pixel(11), y: pixel(0), on: word >> 28 == ON });
            }
            // Triggers and whatever the makers add.
            _ => {}
        }
    }
    Ok(recording(events, size))
}
