//! Recordings as arrays of columns, row and time: `.npz` of ES-ImageNet, `.mat` of UCF101-DVS and HMDB-DVS.

use std::path::Path;

use connectome::io::{NamedArray, arrays};

use super::{Event, Recording, recording};
use crate::error::Error;

fn read(path: &Path, bytes: &[u8]) -> Result<Vec<NamedArray>, Error> {
    arrays(&path.display().to_string(), bytes).map_err(|error| Error::Arrays { path: path.into(), what: error.to_string() })
}

fn named<'a>(arrays: &'a [NamedArray], name: &str, path: &Path) -> Result<&'a NamedArray, Error> {
    let known = || arrays.iter().map(|array| array.name.as_str()).collect::<Vec<_>>().join(", ");
    arrays.iter().find(|array| array.name == name).ok_or_else(|| {
        let what = format!("has no array {name}; there are {}", known());
        Error::Arrays { path: path.into(), what }
    })
}

/// A pixel, if it is one.
fn pixel(x: f64) -> Option<u16> {
    (x.fract() == 0.0 && (0.0..65_536.0).contains(&x)).then_some(x as u16)
}

/// ES-ImageNet: arrays `pos` and `neg` of rows x, y, t with t from 1 to 8 (Lin Y et al. (2021) doi:10.3389/fnins.2021.726582). Time
/// counts from 0.
pub fn es_imagenet(path: &Path, bytes: &[u8]) -> Result<Recording, Error> {
    let all = read(path, bytes)?;
    let mut events = Vec::new();
    for (name, on) in [("neg", false), ("pos", true)] {
        let array = named(&all, name, path)?;
        let wrong = |what: String| Error::Arrays { path: path.into(), what };
        if array.shape.last() != Some(&3) {
            return Err(wrong(format!("array {name} has shape {:?}; expected rows of x, y, t", array.shape)));
        }
        for (i, row) in array.values.chunks_exact(3).enumerate() {
            let event = pixel(row[0]).zip(pixel(row[1])).filter(|_| (1.0..=8.0).contains(&row[2]));
            let (x, y) = event.ok_or_else(|| wrong(format!("row {i} of array {name} is {row:?}; expected x, y and t from 1 to 8")))?;
            events.push(Event { t: row[2] as i64 - 1, x, y, on });
        }
    }
    Ok(recording(events, None))
}

/// UCF101-DVS and HMDB-DVS: arrays `ts`, `x`, `y`, `pol` (Bi Y et al. (2020) arXiv:1908.06648), of a camera of 240 x 180 that counts rows
/// from below.
pub fn matlab(path: &Path, bytes: &[u8]) -> Result<Recording, Error> {
    const HEIGHT: u16 = 180;
    let all = read(path, bytes)?;
    let [ts, xs, ys, pols] = ["ts", "x", "y", "pol"].map(|name| named(&all, name, path));
    let (ts, xs, ys, pols) = (&ts?.values, &xs?.values, &ys?.values, &pols?.values);
    let wrong = |what: String| Error::Arrays { path: path.into(), what };
    if [xs.len(), ys.len(), pols.len()] != [ts.len(); 3] {
        return Err(wrong(format!("ts, x, y, pol have {}, {}, {}, {} values", ts.len(), xs.len(), ys.len(), pols.len())));
    }
    let event = |i: usize| -> Option<Event> {
        let y = pixel(ys[i]).filter(|&y| y < HEIGHT)?;
        (ts[i].abs() < 9e15).then_some(Event { t: ts[i] as i64, x: pixel(xs[i])?, y: HEIGHT - 1 - y, on: pols[i] > 0.0 })
    };
    let wrong_at = |i: usize| wrong(format!("event {i} is ts {}, x {}, y {}; expected a pixel of 240 x 180", ts[i], xs[i], ys[i]));
    let events = (0..ts.len()).map(|i| event(i).ok_or_else(|| wrong_at(i))).collect::<Result<_, _>>()?;
    Ok(recording(events, Some([HEIGHT.into(), 240])))
}
