//! AEDAT 4.0, which DV writes: a description in XML, then packets, compressed, each a FlatBuffer. N-Omniglot and Bullying10K are in this
//! format.

use std::io::Read;

use super::flatbuffer::Table;
use super::{Event, Recording, recording};
use crate::bytes::Cursor;
use crate::error::Error;

const MAGIC: &[u8] = b"#!AER-DAT4.0\r\n";

/// Bytes of an event: time, column, row, polarity, filling.
const EVENT: usize = 16;

/// A packet has at most so many bytes for each byte of its compressed form, and so many in any case.
const RATIO: u64 = 1100;
const ALWAYS: u64 = 1 << 16;

/// Rows and columns of a camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

pub(super) fn read(mut cursor: Cursor) -> Result<Recording, Error> {
    let magic = cursor.take(MAGIC.len(), "the first line")?;
    if magic != MAGIC {
        let found = String::from_utf8_lossy(magic).into_owned();
        return Err(cursor.foreign(MAGIC.len(), "the first line", format!("{found:?}"), "#!AER-DAT4.0"));
    }
    let length = cursor.clone().u32("its description")? as usize;
    let header = Table::root(cursor.part(length.saturating_add(4), "its description")?)?;
    let compression = header.i32(0)?.unwrap_or(0);
    if !(0..=4).contains(&compression) {
        return Err(cursor.foreign(length, "the compression", compression, "0 to 4"));
    }
    // Behind the packets there may be a table of them.
    let end = header.i64(1)?.and_then(|at| usize::try_from(at).ok()).filter(|&at| at > cursor.offset());
    let (stream, size) = description(&header.string(2)?);
    let mut events = Vec::new();
    while !cursor.is_empty() && end.is_none_or(|end| cursor.offset() < end) {
        let (id, bytes) = (cursor.u32("the header of a packet")?, cursor.u32("the header of a packet")? as usize);
        let packet = cursor.part(bytes, "a packet")?;
        if stream.is_none_or(|stream| stream == id) {
            let unpacked = unpack(packet, compression)?;
            append(Cursor::new(cursor.path(), &unpacked), &mut events)?;
        }
    }
    Ok(recording(events, size.map(|size| [size.height, size.width])))
}

fn append(packet: Cursor, events: &mut Vec<Event>) -> Result<(), Error> {
    // Without a description any packet may come; only one of events says so.
    if packet.rest().get(8..12).is_some_and(|kind| kind != b"EVTS") {
        return Ok(());
    }
    let mut list = Table::root(packet)?.vector(0, EVENT)?;
    events.reserve(list.rest().len() / EVENT);
    while !list.is_empty() {
        let mut event = list.part(EVENT, "an event")?;
        let t = i64::from_le_bytes(event.array("an event")?);
        let (x, y) = (event.u16("an event")?, event.u16("an event")?);
        let [on] = event.array("an event")?;
        events.push(Event { t, x, y, on: on != 0 });
    }
    Ok(())
}

/// The bytes of a packet.
fn unpack(packet: Cursor, compression: i32) -> Result<Vec<u8>, Error> {
    let bytes = packet.rest();
    let limit = (bytes.len() as u64).saturating_mul(RATIO).max(ALWAYS);
    let mut unpacked = Vec::new();
    let read = match compression {
        0 => return Ok(bytes.to_vec()),
        1 | 2 => lz4_flex::frame::FrameDecoder::new(bytes).take(limit).read_to_end(&mut unpacked),
        _ => zstd::stream::read::Decoder::new(bytes).and_then(|decoder| decoder.take(limit).read_to_end(&mut unpacked)),
    };
    read.map_err(|error| packet.foreign(0, "a packet", error, "LZ4 or zstd, as its description says"))?;
    Ok(unpacked)
}

/// The number of the first stream of events, and the size of its camera.
fn description(xml: &str) -> (Option<u32>, Option<Size>) {
    for output in xml.split("<node").filter(|node| node.contains("typeIdentifier")) {
        // Attributes of a node stand between its start and the next node.
        if attribute(output, "typeIdentifier").as_deref() != Some("EVTS") {
            continue;
        }
        let id = output.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).and_then(|name| name.parse().ok());
        let after = &xml[output.as_ptr() as usize - xml.as_ptr() as usize..];
        let number = |key| attribute(after, key).and_then(|text| text.parse().ok()).filter(|n| (1..=65_536).contains(n));
        let size = number("sizeY").zip(number("sizeX")).map(|(height, width)| Size { height, width });
        return (id, size);
    }
    (None, None)
}

/// The text of `<attr key="KEY" ...>TEXT</attr>`.
fn attribute(xml: &str, key: &str) -> Option<String> {
    let start = xml.find(&format!("key=\"{key}\""))?;
    let rest = xml[start..].split_once('>')?.1;
    Some(rest.split('<').next()?.trim().to_string())
}
