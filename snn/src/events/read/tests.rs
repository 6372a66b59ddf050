//! Files made here byte by byte, as the makers of the formats describe them, whole and damaged.

use super::*;

const PATH: &str = "film";

fn read(format: &str, bytes: &[u8]) -> Result<Recording, Error> {
    parse(format, Path::new(PATH), bytes)
}

fn message(format: &str, bytes: &[u8]) -> String {
    let message = read(format, bytes).unwrap_err().to_string();
    message.strip_prefix("film: ").unwrap_or_else(|| panic!("{message} names the file")).to_string()
}

fn event(t: i64, x: u16, y: u16, on: bool) -> Event {
    Event { t, x, y, on }
}

fn le(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn shorts(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[test]
fn aedat2_has_addresses_after_its_text() {
    let mut bytes = b"#!AER-DAT2.0\r\n# This is a raw AE data file\r\n".to_vec();
    // The first address begins with the byte of '#'.
    for (address, t) in [(0x2300_0000u32 | 126 << 1, 10u32), (5 << 1 | 7 << 8 | 1, 20)] {
        bytes.extend(address.to_be_bytes());
        bytes.extend(t.to_be_bytes());
    }
    let recording = read("aedat2", &bytes).unwrap();
    assert_eq!((recording.height, recording.width), (128, 128));
    assert_eq!(recording.events, [event(10, 126, 0, false), event(20, 5, 7, true)]);
    assert_eq!(message("aedat2", &bytes[..bytes.len() - 3]), "ends at byte 57, inside of an event; 60 bytes were expected");
    assert_eq!(message("aedat2", b"#!AER-DAT9"), "byte 0: the first line is \"#!AER-DAT9\"; expected #!AER-DAT2.0");
    let davis = 30u32 << 12 | 20 << 22 | 1 << 11;
    let mut bytes = b"#!AER-DAT2.0\n".to_vec();
    for address in [davis, davis | 1 << 31] {
        bytes.extend(address.to_be_bytes());
        bytes.extend(4u32.to_be_bytes());
    }
    let of = |camera| aedat2(Path::new(PATH), &bytes, camera).unwrap().events;
    assert_eq!(of(Camera::Davis240), [event(4, 30, 20, true)]);
    assert_eq!(of(Camera::Davis346), [event(4, 315, 239, true)]);
}

fn aedat3(size: u32, capacity: u32, body: &[u32]) -> Vec<u8> {
    let mut bytes = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n".to_vec();
    bytes.extend(shorts(&[1, 1]));
    bytes.extend(le(&[size, 4, 1, capacity, capacity, capacity]));
    bytes.extend(le(body));
    bytes
}

#[test]
fn aedat3_has_packets_with_valid_and_invalid_events() {
    let pixel = |x: u32, y: u32, on: u32, valid: u32| x << 17 | y << 2 | on << 1 | valid;
    let mut bytes = aedat3(8, 2, &[pixel(9, 3, 1, 1), 50, pixel(1, 1, 1, 0), 60]);
    // A packet of another kind is passed over.
    bytes.extend(shorts(&[3, 1]));
    bytes.extend(le(&[4, 0, 0, 1, 1, 1, 77]));
    let recording = read("aedat3", &bytes).unwrap();
    assert_eq!(recording.events, [event((1 << 31) + 50, 9, 3, true)]);
    assert_eq!((recording.height, recording.width), (4, 10));
    let cut = aedat3(8, 2, &[1, 2, 3]);
    assert_eq!(message("aedat3", &cut), "ends at byte 82, inside of a packet; 86 bytes were expected");
    assert_eq!(message("aedat3", b"#!AER-DAT3.1\r\n# no end"), "ends at byte 22, inside of its header; 34 bytes were expected");
    assert_eq!(message("aedat3", &aedat3(16, 1, &[0; 4])), "byte 46: the size of an event is 16; expected 8");
    let absurd = aedat3(u32::MAX, u32::MAX, &[]);
    assert!(message("aedat3", &absurd).contains("inside of a packet"));
}

#[test]
fn atis_has_five_bytes_and_time_overflows() {
    let bytes = [3, 4, 0x80, 1, 2, 0, 240, 0, 0, 0, 5, 6, 0, 0, 7];
    let recording = read("atis", &bytes).unwrap();
    assert_eq!(recording.events, [event(258, 3, 4, true), event(8192 + 7, 5, 6, false)]);
    assert_eq!((recording.height, recording.width), (7, 6));
    assert_eq!(message("atis", &bytes[..12]), "ends at byte 12, inside of an event; 15 bytes were expected");
}

#[test]
fn dat_has_sizes_in_its_text() {
    let mut bytes = b"% Data file\n% Height 10\n% Width 20\n".to_vec();
    bytes.extend([0x0c, 8]);
    bytes.extend(le(&[99, 11 | 6 << 14 | 1 << 28]));
    let recording = read("dat", &bytes).unwrap();
    assert_eq!(recording, Recording { height: 10, width: 20, events: vec![event(99, 11, 6, true)] });
    assert_eq!(message("dat", &bytes[..bytes.len() - 1]), "ends at byte 44, inside of an event; 45 bytes were expected");
    assert_eq!(message("dat", b"% x\n\x01\x08"), "byte 4: the kind of events is 1; expected 0 or 12");
    assert_eq!(message("dat", b"\x00\x10"), "byte 1: the size of an event is 16; expected 8");
}

#[test]
fn evt2_has_the_upper_part_of_time_in_words_of_its_own() {
    let mut bytes = b"% evt 2.0\n% geometry 640x480\n% end\n".to_vec();
    let change = |on: u32, low: u32, x: u32, y: u32| on << 28 | low << 22 | x << 11 | y;
    bytes.extend(le(&[change(1, 1, 1, 1), 8 << 28 | 3, change(1, 5, 100, 200), 10 << 28, change(0, 6, 7, 8)]));
    assert_eq!(sniff("raw", &bytes), Some("evt2"));
    let recording = read("evt2", &bytes).unwrap();
    assert_eq!((recording.height, recording.width), (480, 640));
    assert_eq!(recording.events, [event(3 * 64 + 5, 100, 200, true), event(3 * 64 + 6, 7, 8, false)]);
    assert_eq!(message("evt2", &bytes[..bytes.len() - 1]), "ends at byte 54, inside of an event; 55 bytes were expected");
}

#[test]
fn evt3_has_single_events_vectors_and_times_that_begin_anew() {
    let mut bytes = b"% format EVT3;height=720;width=1280\n% end\n".to_vec();
    let time = |high: u16, low: u16| [0x8000 | high, 0x6000 | low];
    bytes.extend(shorts(&[0x2000 | 5]));
    bytes.extend(shorts(&time(0xfff, 7)));
    bytes.extend(shorts(&[9, 0x2800 | 30, 0x3000 | 100, 0x4000 | 0b1000_0000_0001, 0x5000 | 0b10]));
    bytes.extend(shorts(&time(1, 2)));
    bytes.extend(shorts(&[0x2000 | 1]));
    assert_eq!(sniff("raw", &bytes), Some("evt3"));
    let recording = read("evt3", &bytes).unwrap();
    assert_eq!((recording.height, recording.width), (720, 1280));
    let (first, later) = ((0xfff << 12) + 7, (1 << 24) + (1 << 12) + 2);
    let expected = [event(first, 30, 9, true), event(first, 100, 9, false), event(first, 111, 9, false), event(first, 113, 9, false)];
    assert_eq!(recording.events[..4], expected);
    assert_eq!(recording.events[4..], [event(later, 1, 9, false)]);
    assert_eq!(message("evt3", &bytes[..bytes.len() - 1]), "ends at byte 63, inside of an event; 64 bytes were expected");
}

/// A FlatBuffer with its length before it: a table with these fields of four or eight bytes, then what they point to.
fn table(fields: &[&[u8]], kind: &[u8], tail: &[u8]) -> Vec<u8> {
    let mut list = shorts(&[4 + 2 * fields.len() as u16, 0]);
    let mut body: Vec<u8> = Vec::new();
    for field in fields {
        list.extend(((4 + body.len()) as u16 * u16::from(!field.is_empty())).to_le_bytes());
        body.extend(*field);
    }
    let start = 8 + list.len() as u32;
    let mut buffer = start.to_le_bytes().to_vec();
    buffer.extend(kind);
    buffer.extend(&list);
    buffer.extend((list.len() as u32).to_le_bytes());
    buffer.extend(body);
    buffer.extend(tail);
    let mut bytes = (buffer.len() as u32).to_le_bytes().to_vec();
    bytes.extend(buffer);
    bytes
}

/// A vector behind a table with one field: the offset counts from the field.
fn events(list: &[Event]) -> Vec<u8> {
    let mut tail = (list.len() as u32).to_le_bytes().to_vec();
    for Event { t, x, y, on } in list {
        tail.extend(t.to_le_bytes());
        tail.extend(shorts(&[*x, *y]));
        tail.extend([u8::from(*on), 0, 0, 0]);
    }
    table(&[&4u32.to_le_bytes()], b"EVTS", &tail)
}

const XML: &str = "<dv version=\"2.0\"><node name=\"outInfo\"><node name=\"0\"><attr key=\"typeIdentifier\" type=\"string\">EVTS</attr>\
                   <node name=\"info\"><attr key=\"sizeX\" type=\"int\">346</attr><attr key=\"sizeY\" type=\"int\">260</attr></node></node>\
                   </node></dv>";

fn aedat4(compression: i32, packets: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut text = (XML.len() as u32).to_le_bytes().to_vec();
    text.extend(XML.as_bytes());
    let header = table(&[&compression.to_le_bytes(), &(-1i64).to_le_bytes(), &4u32.to_le_bytes()], b"IOHE", &text);
    let mut bytes = b"#!AER-DAT4.0\r\n".to_vec();
    bytes.extend(header);
    for (id, packet) in packets {
        bytes.extend(le(&[*id, packet.len() as u32]));
        bytes.extend(packet);
    }
    bytes
}

#[test]
fn aedat4_is_read_plain_and_with_both_compressions() {
    use std::io::Write;
    let list = [event(1_600_000_000_000_001, 340, 250, true), event(1_600_000_000_000_009, 1, 2, false)];
    let packet = events(&list);
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(&packet).unwrap();
    let forms = [(0, packet.clone()), (1, lz4.finish().unwrap()), (3, zstd::encode_all(&packet[..], 1).unwrap())];
    for (compression, packet) in forms {
        // A packet of another stream is passed over.
        let bytes = aedat4(compression, &[(0, packet), (7, vec![1, 2, 3])]);
        let recording = read("aedat4", &bytes).unwrap();
        assert_eq!(recording, Recording { height: 260, width: 346, events: list.to_vec() }, "compression {compression}");
    }
}

#[test]
fn damaged_aedat4_files_are_refused() {
    let whole = aedat4(0, &[(0, events(&[event(5, 1, 1, true)]))]);
    for cut in [3, 20, 60, whole.len() - 20, whole.len() - 1] {
        let text = message("aedat4", &whole[..cut]);
        assert!(text.contains("ends at byte"), "{cut}: {text}");
    }
    assert!(message("aedat4", &aedat4(9, &[])).contains("the compression is 9; expected 0 to 4"));
    assert!(message("aedat4", &aedat4(1, &[(0, vec![7; 40])])).contains("a packet"));
    // Every byte changed in turn: an answer or an error, never a panic.
    for i in 0..whole.len() {
        for change in [0xff, 0x80, 0x01] {
            let mut bytes = whole.clone();
            bytes[i] ^= change;
            let _ = read("aedat4", &bytes);
        }
    }
}

/// Packets of events in a pickle.
pub(crate) use super::packets::tests::written as packets;

/// A recording of 346 x 260 pixels.
pub(crate) fn written_aedat4(list: &[Event]) -> Vec<u8> {
    aedat4(0, &[(0, events(list))])
}

pub(crate) fn npy(rows: &[[i32; 3]]) -> Vec<u8> {
    let header = format!("{{'descr': '<i4', 'fortran_order': False, 'shape': ({}, 3), }}", rows.len());
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(rows.iter().flatten().flat_map(|x| x.to_le_bytes()));
    bytes
}

/// A zip archive of members that are not compressed.
pub(crate) fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let n = content.len() as u32;
        let common = |to: &mut Vec<u8>| {
            to.extend(shorts(&[20, 0, 0, 0, 0]));
            to.extend(le(&[crc.sum(), n, n]));
            to.extend(shorts(&[name.len() as u16, 0]));
        };
        let start = bytes.len() as u32;
        bytes.extend(b"PK\x03\x04");
        common(&mut bytes);
        bytes.extend(name.as_bytes());
        bytes.extend(content);
        list.extend(b"PK\x01\x02\x14\x00");
        common(&mut list);
        list.extend(shorts(&[0, 0, 0, 0, 0]));
        list.extend(start.to_le_bytes());
        list.extend(name.as_bytes());
    }
    let start = bytes.len() as u32;
    bytes.extend(&list);
    bytes.extend(b"PK\x05\x06");
    bytes.extend(shorts(&[0, 0, members.len() as u16, members.len() as u16]));
    bytes.extend(le(&[list.len() as u32, start]));
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn es_imagenet_has_arrays_of_both_polarities() {
    let path = Path::new("a.npz");
    let bytes = zip(&[("pos.npy", npy(&[[5, 6, 8]])), ("neg.npy", npy(&[[1, 2, 1]]))]);
    let recording = es_imagenet(path, &bytes).unwrap();
    assert_eq!(recording.events, [event(0, 1, 2, false), event(7, 5, 6, true)]);
    let wrong = zip(&[("pos.npy", npy(&[[5, 6, 9]])), ("neg.npy", npy(&[]))]);
    let message = es_imagenet(path, &wrong).unwrap_err().to_string();
    assert_eq!(message, "a.npz: row 0 of array pos is [5.0, 6.0, 9.0]; expected x, y and t from 1 to 8");
    let missing = es_imagenet(path, &zip(&[("pos.npy", npy(&[]))])).unwrap_err().to_string();
    assert_eq!(missing, "a.npz: has no array neg; there are pos");
}

/// A MAT-file of version 5 with columns of doubles.
fn mat(arrays: &[(&str, &[f64])]) -> Vec<u8> {
    let mut bytes = vec![b' '; 124];
    bytes.extend([0x00, 0x01, b'I', b'M']);
    for (name, values) in arrays {
        let mut body = le(&[6, 8, 6, 0, 5, 8, values.len() as u32, 1, 1, name.len() as u32]);
        body.extend(name.as_bytes());
        body.resize(body.len().next_multiple_of(8), 0);
        body.extend(le(&[9, 8 * values.len() as u32]));
        body.extend(values.iter().flat_map(|x| x.to_le_bytes()));
        bytes.extend(le(&[14, body.len() as u32]));
        bytes.extend(body);
    }
    bytes
}

#[test]
fn matlab_recordings_count_rows_from_below() {
    let path = Path::new("a.mat");
    let bytes = mat(&[("ts", &[10.0, 20.0]), ("x", &[3.0, 4.0]), ("y", &[0.0, 179.0]), ("pol", &[1.0, 0.0])]);
    let recording = matlab(path, &bytes).unwrap();
    assert_eq!(recording, Recording { height: 180, width: 240, events: vec![event(10, 3, 179, true), event(20, 4, 0, false)] });
    let short = matlab(path, &mat(&[("ts", &[1.0]), ("x", &[]), ("y", &[1.0]), ("pol", &[1.0])])).unwrap_err().to_string();
    assert_eq!(short, "a.mat: ts, x, y, pol have 1, 0, 1, 1 values");
    let beside = matlab(path, &mat(&[("ts", &[1.0]), ("x", &[1.0]), ("y", &[180.0]), ("pol", &[1.0])])).unwrap_err().to_string();
    assert_eq!(beside, "a.mat: event 0 is ts 1, x 1, y 180; expected a pixel of 240 x 180");
}

#[test]
fn no_bytes_make_any_reader_panic() {
    let mut random = crate::random::Random::new(7, 1);
    let starts: [&[u8]; 6] =
        [b"", b"#!AER-DAT2.0\r\n", b"#!AER-DAT3.1\r\n#!END-HEADER\r\n", b"#!AER-DAT4.0\r\n", b"% evt 3.0\n% end\n", b"% x\n\x00\x08"];
    for _ in 0..300 {
        let n = random.below(200);
        let noise: Vec<u8> = (0..n).map(|_| random.below(256) as u8).collect();
        for start in starts {
            let bytes = [start, &noise].concat();
            for format in FORMATS {
                let _ = read(format.name, &bytes);
            }
        }
    }
}

/// Three samples that h5py wrote: `vlen` of float16 and uint16, the last one empty.
const SHD: &[u8] = include_bytes!("../../../tests/data/shd.h5");

#[test]
fn heidelberg_digits_are_read_from_their_heaps() {
    let samples = shd(Path::new("a.h5"), SHD).unwrap();
    let labels: Vec<u32> = samples.iter().map(|sample| sample.0).collect();
    assert_eq!((&labels[..], samples[0].1.width, samples[2].1.events.len()), (&[4, 19, 0][..], 700, 0));
    let first: Vec<(i64, u16)> = samples[0].1.events.iter().map(|e| (e.t, e.x)).collect();
    // Half precision: 0.1 is 0.09998, 0.4 is 0.39990.
    assert_eq!(first, [(0, 3), (99_976, 699), (250_000, 0), (399_902, 3)]);
    for i in (0..SHD.len()).step_by(3) {
        let mut bytes = SHD.to_vec();
        bytes[i] ^= 0xff;
        let _ = shd(Path::new("a.h5"), &bytes);
    }
    assert!(shd(Path::new("a.h5"), &SHD[..SHD.len() / 2]).is_err());
}
