//! Packets of events as NumPy pickles them: `.npy` of Bullying10K (Dong Y et al. (2023) arXiv:2306.11546), an array of arrays of records with
//! the fields timestamp, x, y and polarity. Nothing in the pickle is run.

use std::path::Path;

use super::{Event, Recording, recording};
use crate::bytes::Cursor;
use crate::error::Error;
use crate::weights::pickle::{self, Id, Objects};

const MAGIC: &[u8] = b"\x93NUMPY";

/// Rows and columns of the camera.
const SIZE: [usize; 2] = [260, 346];

/// Where a number lies in a record, and what it is.
#[derive(Clone, Copy)]
struct Field {
    offset: usize,
    width: usize,
    signed: bool,
}

/// Fields in the order of [`NAMES`], and the length of a record.
type Record = ([Field; 4], usize);

const NAMES: [&str; 4] = ["timestamp", "x", "y", "polarity"];

/// Reads all packets; time counts from the first event.
pub fn packets(path: &Path, bytes: &[u8]) -> Result<Recording, Error> {
    let mut cursor = Cursor::new(path, bytes);
    let magic = cursor.take(MAGIC.len(), "its magic number")?;
    if magic != MAGIC {
        return Err(cursor.foreign(MAGIC.len(), "its magic number", format!("{magic:02x?}"), "that of NumPy"));
    }
    let [version, _] = cursor.array("its version")?;
    let length =
        if version == 1 { cursor.u16("the length of its header")?.into() } else { cursor.u32("the length of its header")? as usize };
    let header = String::from_utf8_lossy(cursor.take(length, "its header")?).into_owned();
    if !header.contains("'|O'") {
        return Err(cursor.foreign(length, "the type", format!("{:?}", header.trim()), "an array of objects, '|O'"));
    }
    let objects = pickle::read(cursor)?;
    let bad = |what: String| Error::Arrays { path: path.into(), what };
    let [_, _, _, _, list] = state(&objects, objects.root).ok_or_else(|| bad("is no pickled array".into()))?;
    let arrays = objects.list(list).ok_or_else(|| bad("is no array of arrays".into()))?;
    let mut events = Vec::new();
    for (number, &array) in arrays.iter().enumerate() {
        let missing = |what: &str| bad(format!("packet {number} {what}"));
        let [_, _, kind, _, data] = state(&objects, array).ok_or_else(|| missing("is no array"))?;
        let record = record(&objects, kind).ok_or_else(|| missing("has no records of timestamp, x, y, polarity"))?;
        let data = objects.bytes(data).ok_or_else(|| missing("has no bytes"))?;
        if !data.len().is_multiple_of(record.1) {
            return Err(missing(&format!("has {} bytes; expected records of {}", data.len(), record.1)));
        }
        for (i, row) in data.chunks_exact(record.1).enumerate() {
            events.push(event(&record, row).ok_or_else(|| missing(&format!("has an event beside 346 x 260 pixels, number {i}")))?);
        }
    }
    let first = events.first().map_or(0, |event| event.t);
    events.iter_mut().for_each(|event| event.t = event.t.saturating_sub(first));
    Ok(recording(events, Some(SIZE)))
}

/// Version, shape, type, order and content of a pickled array.
fn state(objects: &Objects, array: Id) -> Option<[Id; 5]> {
    objects.list(objects.state(array)?)?.try_into().ok()
}

/// The fields of a type: its state has version, order, part of what, names, places of the fields, length, and more.
fn record(objects: &Objects, kind: Id) -> Option<Record> {
    let state = objects.list(objects.state(kind)?)?;
    let places = objects.entries(*state.get(4)?)?;
    let length = usize::try_from(objects.int(*state.get(5)?)?).ok().filter(|n| (1..=1 << 16).contains(n))?;
    let field = |name: &str| -> Option<Field> {
        let place = places.iter().find(|(key, _)| objects.text(*key) == Some(name))?.1;
        let &[kind, offset, ..] = objects.list(place)? else { return None };
        let (_, arguments) = objects.call(kind)?;
        let code = objects.text(*arguments.first()?)?;
        let order = objects.state(kind).and_then(|state| objects.list(state)).and_then(|state| objects.text(*state.get(1)?));
        let (signed, width) = match code.split_at_checked(1)? {
            ("i", width) => (true, width),
            ("u" | "b", width) => (false, width),
            _ => return None,
        };
        let (offset, width) = (usize::try_from(objects.int(offset)?).ok()?, width.parse().ok()?);
        let ok = matches!(width, 1 | 2 | 4 | 8) && offset.checked_add(width)? <= length && order != Some(">");
        ok.then_some(Field { offset, width, signed })
    };
    let fields = [field(NAMES[0])?, field(NAMES[1])?, field(NAMES[2])?, field(NAMES[3])?];
    Some((fields, length))
}

fn event(record: &Record, row: &[u8]) -> Option<Event> {
    let number = |field: Field| {
        let bytes = &row[field.offset..][..field.width];
        let negative = field.signed && bytes[field.width - 1] >> 7 == 1;
        let mut all = [if negative { 0xff } else { 0 }; 8];
        all[..field.width].copy_from_slice(bytes);
        i64::from_le_bytes(all)
    };
    let [t, x, y, on] = record.0.map(number);
    let pixel = |at: i64, size: usize| u16::try_from(at).ok().filter(|&at| usize::from(at) < size);
    Some(Event { t, x: pixel(x, SIZE[1])?, y: pixel(y, SIZE[0])?, on: on != 0 })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What NumPy's `save` writes of an array of arrays of DV's events (protocol 3).
    pub(crate) fn written(packets: &[Vec<Event>]) -> Vec<u8> {
        let header = format!("{{'descr': '|O', 'fortran_order': False, 'shape': ({},), }}", packets.len());
        let mut bytes = [MAGIC, &[1, 0], &(header.len() as u16 + 1).to_le_bytes(), header.as_bytes(), b"\n"].concat();
        let array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R";
        let kind = |code: &str, order: &str| {
            let n = [code.len() as u8, 0, 0, 0];
            [&b"cnumpy\ndtype\nX"[..], &n[..], code.as_bytes(), b"K\x00K\x01\x87R(K\x03X\x01\x00\x00\x00", order.as_bytes()].concat()
        };
        let none = b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb";
        bytes.extend(
            [
                &b"\x80\x03"[..],
                &array[..],
                b"(K\x01K",
                &[packets.len() as u8][..],
                b"\x85",
                &kind("O8", "|")[..],
                b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?tb\x89](",
            ]
            .concat(),
        );
        for packet in packets {
            bytes.extend([&array[..], b"(K\x01K", &[packet.len() as u8], b"\x85", &kind("V16", "|")].concat());
            // Names, places of the fields, length.
            let text = |text: &str| [&b"X"[..], &[text.len() as u8, 0, 0, 0][..], text.as_bytes()].concat();
            bytes.extend([&b"N("[..], &NAMES.map(text).concat()[..], b"t}("].concat());
            for (name, code, offset) in [("timestamp", "i8", 0), ("x", "i2", 8), ("y", "i2", 10), ("polarity", "i1", 12)] {
                bytes.extend([&text(name)[..], &kind(code, "<"), none, b"K", &[offset], b"\x86"].concat());
            }
            bytes.extend(b"uK\x10K\x01K\x10tb\x89B");
            bytes.extend((16 * packet.len() as u32).to_le_bytes());
            for event in packet {
                bytes.extend(
                    [&event.t.to_le_bytes()[..], &event.x.to_le_bytes(), &event.y.to_le_bytes(), &[event.on.into(), 0, 0, 0]].concat(),
                );
            }
            bytes.extend(b"tb");
        }
        bytes.extend(b"etb.");
        bytes
    }

    fn message(bytes: &[u8]) -> String {
        packets(Path::new("p"), bytes).unwrap_err().to_string()
    }

    const ONE: Event = Event { t: 1_600_000_000_000_000, x: 345, y: 259, on: true };

    #[test]
    fn packets_follow_each_other_and_time_counts_from_the_first_event() {
        let later = |t, x| Event { t: ONE.t + t, x, y: 7, on: false };
        let recording = packets(Path::new("p"), &written(&[vec![ONE, later(5, 1)], vec![], vec![later(9, 300)]])).unwrap();
        assert_eq!([recording.height, recording.width], SIZE);
        let event = |t, x| Event { t, x, y: 7, on: false };
        assert_eq!(recording.events, [Event { t: 0, ..ONE }, event(5, 1), event(9, 300)]);
    }

    #[test]
    fn damaged_files_are_refused_and_nothing_is_run() {
        let whole = written(&[vec![ONE]]);
        assert_eq!(message(b"PK\x03\x04ab"), "p: byte 0: its magic number is [50, 4b, 03, 04, 61, 62]; expected that of NumPy");
        let numbers = String::from_utf8_lossy(&whole[..70]).replace("|O", "i4").into_bytes();
        assert!(message(&[MAGIC, &numbers[8..]].concat()).contains("expected an array of objects"));
        assert!(message(&written(&[vec![Event { x: 346, ..ONE }]])).ends_with("packet 0 has an event beside 346 x 260 pixels, number 0"));
        let code = [&whole[..whole.len() - 1], b"cos\nsystem\n."].concat();
        assert!(message(&code).contains("\"os.system\""), "{}", message(&code));
        for cut in 0..whole.len() {
            assert!(packets(Path::new("p"), &whole[..cut]).is_err(), "{cut}");
        }
        for i in 0..whole.len() {
            for change in [0xff, 0x80, 0x01] {
                let mut bytes = whole.clone();
                bytes[i] ^= change;
                let _ = packets(Path::new("p"), &bytes);
            }
        }
    }
}
