//! Spiking Heidelberg Digits and Spiking Speech Commands: HDF5 with a list of times and a list of units per sample (Cramer B et al. (2022)
//! doi:10.1109/TNNLS.2020.3044364). Lists of different lengths lie in global heaps, which are read here.

use std::collections::HashMap;
use std::path::Path;

use hdf5_pure::File;

use super::{Event, Recording, recording};
use crate::bytes::{Cursor, half};
use crate::error::Error;

/// Units of the artificial ear.
pub const UNITS: usize = 700;

/// All samples with their labels: unit u at column u, times in microseconds.
pub fn samples(path: &Path, bytes: &[u8]) -> Result<Vec<(u32, Recording)>, Error> {
    let bad = |what: String| Error::Arrays { path: path.into(), what };
    let file = File::from_bytes(bytes.to_vec()).map_err(|error| bad(format!("not an HDF5 file: {error}")))?;
    let mut heap = Heap { cursor: Cursor::new(path, bytes), found: HashMap::new() };
    let [times, units] = ["spikes/times", "spikes/units"].map(|name| lists(&file, name, bytes.len()));
    let (times, units) = (times.map_err(bad)?, units.map_err(bad)?);
    let labels = file.dataset("labels").and_then(|labels| labels.read_i64()).map_err(|error| bad(format!("labels: {error}")))?;
    if [units.len(), labels.len()] != [times.len(); 2] {
        return Err(bad(format!("has {} lists of times, {} of units and {} labels", times.len(), units.len(), labels.len())));
    }
    let mut all = Vec::new();
    for (i, ((times, units), &label)) in times.iter().zip(&units).zip(&labels).enumerate() {
        let (times, units) = (heap.numbers(times, true)?, heap.numbers(units, false)?);
        let label = u32::try_from(label).map_err(|_| bad(format!("label {i} is {label}")))?;
        if times.len() != units.len() {
            return Err(bad(format!("sample {i} has {} times and {} units", times.len(), units.len())));
        }
        let event = |(&t, &unit): (&f64, &f64)| {
            let ok = (0.0..1e6).contains(&t) && (0.0..UNITS as f64).contains(&unit);
            ok.then_some(Event { t: (t * 1e6).round() as i64, x: unit as u16, y: 0, on: true })
        };
        let events: Option<Vec<Event>> = times.iter().zip(&units).map(event).collect();
        let events = events.ok_or_else(|| bad(format!("sample {i} has a time below 0 or a unit beyond {UNITS}")))?;
        all.push((label, recording(events, Some([1, UNITS]))));
    }
    Ok(all)
}

/// Where a list lies: its length, heap and number in there.
struct Reference {
    n: usize,
    heap: usize,
    number: u32,
}

fn lists(file: &File, name: &str, size: usize) -> Result<Vec<Reference>, String> {
    let failed = |error: hdf5_pure::Error| format!("{name}: {error}");
    let dataset = file.dataset(name).map_err(failed)?;
    let n = dataset.shape().map_err(failed)?.iter().try_fold(1u64, |n, &d| n.checked_mul(d)).unwrap_or(u64::MAX);
    if n > size as u64 {
        return Err(format!("{name} has {n} lists; a file of {size} bytes cannot"));
    }
    let raw = dataset.read_raw().map_err(failed)?;
    if raw.len() as u64 != n * 16 {
        return Err(format!("{name} is no array of lists"));
    }
    let reference = |row: &[u8; 16]| {
        let word = |at: usize| u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
        let heap = usize::try_from(u64::from(word(8)) << 32 | u64::from(word(4))).unwrap_or(usize::MAX);
        Reference { n: word(0) as usize, heap, number: word(12) }
    };
    Ok(raw.as_chunks().0.iter().map(reference).collect())
}

/// Global heaps by where they lie: the place and length of each object.
struct Heap<'a> {
    cursor: Cursor<'a>,
    found: HashMap<usize, HashMap<u32, Cursor<'a>>>,
}

const WHAT: &str = "a heap of lists";

impl<'a> Heap<'a> {
    /// The numbers of a list; how wide each is, their number and the size of the object tell.
    fn numbers(&mut self, reference: &Reference, float: bool) -> Result<Vec<f64>, Error> {
        if reference.n == 0 {
            return Ok(Vec::new());
        }
        if !self.found.contains_key(&reference.heap) {
            let objects = self.objects(reference.heap)?;
            self.found.insert(reference.heap, objects);
        }
        let object = self.found[&reference.heap].get(&reference.number);
        let object = object.ok_or_else(|| self.cursor.foreign(0, WHAT, format!("without object {}", reference.number), "that object"))?;
        let bytes = object.rest();
        let width = bytes.len() / reference.n;
        let decode: fn(&[u8]) -> f64 = match (width, float) {
            (2, true) => |b| half(u16::from_le_bytes([b[0], b[1]])).into(),
            (4, true) => |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]).into(),
            (8, true) => |b| f64::from_le_bytes(b.try_into().expect("eight bytes")),
            (1, false) => |b| b[0].into(),
            (2, false) => |b| u16::from_le_bytes([b[0], b[1]]).into(),
            (4, false) => |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]).into(),
            (8, false) => |b| u64::from_le_bytes(b.try_into().expect("eight bytes")) as f64,
            _ => return Err(object.foreign(0, "a list", format!("{} bytes for {} numbers", bytes.len(), reference.n), "1 to 8 each")),
        };
        Ok(bytes.chunks_exact(width).take(reference.n).map(decode).collect())
    }

    fn objects(&self, at: usize) -> Result<HashMap<u32, Cursor<'a>>, Error> {
        let mut cursor = self.cursor;
        cursor.seek(at, WHAT)?;
        let magic: [u8; 4] = cursor.array(WHAT)?;
        if &magic != b"GCOL" {
            return Err(cursor.foreign(4, WHAT, format!("{magic:?}"), "GCOL"));
        }
        cursor.take(4, WHAT)?;
        let size = u64::from_le_bytes(cursor.array(WHAT)?);
        let size = usize::try_from(size.saturating_sub(16)).unwrap_or(usize::MAX);
        let mut heap = cursor.part(size, WHAT)?;
        let mut objects = HashMap::new();
        while heap.rest().len() >= 16 {
            let number = heap.u16(WHAT)?;
            heap.take(6, WHAT)?;
            let length = usize::try_from(u64::from_le_bytes(heap.array(WHAT)?)).unwrap_or(usize::MAX);
            if number == 0 {
                break; // free space until the end
            }
            let object = heap.part(length, WHAT)?;
            objects.insert(number.into(), object);
            let filling = length.next_multiple_of(8) - length;
            heap.take(filling.min(heap.rest().len()), WHAT)?;
        }
        Ok(objects)
    }
}
