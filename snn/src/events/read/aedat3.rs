//! AEDAT 3.1, which cAER writes: a header of text, then packets of events of one kind. DVS128 Gesture is in this format.

use super::{Event, Recording, recording};
use crate::bytes::Cursor;
use crate::error::Error;

/// The kind of packets that hold changes of pixels.
const POLARITY: u16 = 1;

const END: &[u8] = b"#!END-HEADER";

pub(super) fn read(mut cursor: Cursor) -> Result<Recording, Error> {
    if !cursor.rest().starts_with(b"#!AER-DAT3") {
        let found = String::from_utf8_lossy(&cursor.rest()[..cursor.rest().len().min(10)]).into_owned();
        return Err(cursor.foreign(0, "the first line", format!("{found:?}"), "#!AER-DAT3.1"));
    }
    loop {
        if cursor.is_empty() {
            return Err(cursor.truncated(END.len(), "its header"));
        }
        let line = cursor.line();
        if line == END {
            break;
        }
        if line.first() != Some(&b'#') {
            return Err(cursor.foreign(line.len() + 1, "a line of the header", "no text", "# and text, or #!END-HEADER"));
        }
    }
    let mut events = Vec::new();
    while !cursor.is_empty() {
        packet(&mut cursor, &mut events)?;
    }
    Ok(recording(events, None))
}

fn packet(cursor: &mut Cursor, events: &mut Vec<Event>) -> Result<(), Error> {
    let what = "the header of a packet";
    let (kind, _source) = (cursor.u16(what)?, cursor.u16(what)?);
    let [size, _offset, overflow, capacity, _number, _valid] = {
        let mut words = [0; 6];
        for word in &mut words {
            *word = cursor.u32(what)?;
        }
        words
    };
    let bytes = u64::from(size) * u64::from(capacity);
    let bytes = usize::try_from(bytes).map_err(|_| cursor.foreign(24, "the size of a packet", bytes, "what fits into memory"))?;
    let mut body = cursor.part(bytes, "a packet")?;
    if kind != POLARITY {
        return Ok(());
    }
    if size != 8 {
        return Err(cursor.foreign(bytes + 24, "the size of an event", size, 8));
    }
    while !body.is_empty() {
        let (data, t) = (body.u32("an event")?, body.u32("an event")?);
        if data & 1 == 1 {
            let t = i64::from(t) | i64::from(overflow) << 31;
            events.push(Event { t, x: (data >> 17 & 0x7fff) as u16, y: (data >> 2 & 0x7fff) as u16, on: data >> 1 & 1 == 1 });
        }
    }
    Ok(())
}
