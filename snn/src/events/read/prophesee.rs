//! Prophesee's `.dat`: a header, a byte each for kind and size of events, then a time and an address per event. N-Cars is in this format.

use super::percent::Header;
use super::{Event, Recording, recording};
use crate::bytes::Cursor;
use crate::error::Error;

/// Kinds of events that are changes of pixels.
const CHANGES: [u8; 2] = [0x00, 0x0c];

pub(super) fn read(mut cursor: Cursor) -> Result<Recording, Error> {
    let size = Header::read(&mut cursor).size();
    let [kind, bytes] = cursor.array("its header")?;
    if !CHANGES.contains(&kind) {
        return Err(cursor.foreign(2, "the kind of events", kind, "0 or 12"));
    }
    if bytes != 8 {
        return Err(cursor.foreign(1, "the size of an event", bytes, 8));
    }
    let mut events = Vec::with_capacity(cursor.rest().len() / 8);
    while !cursor.is_empty() {
        let (t, address) = (cursor.u32("an event")?, cursor.u32("an event")?);
        let pixel = |shift: u32| (address >> shift & 0x3fff) as u16;
        events.push(Event { t: t.into(), x: pixel(0), y: pixel(14), on: address >> 28 & 1 == 1 });
    }
    Ok(recording(events, size))
}
