//! `compare`: whether two runs have the same spike trains, and where they first differ.

use std::path::{Path, PathBuf};

use engine::record::{PopulationRow, SpikeReader};

use super::error::Error;
use super::folder::names;
use super::table::count;

/// Spikes read at a time.
const WINDOW: u64 = 1 << 18;

/// What the comparison found: whether they are equal, and a sentence.
pub(crate) fn compare(left: &Path, right: &Path) -> Result<(bool, String), Error> {
    let sides = [Side::open(left)?, Side::open(right)?];
    if let Some(sentence) = different_populations(&sides) {
        return Ok((false, sentence));
    }
    if let Some(sentence) = first_difference(&sides)? {
        return Ok((false, sentence));
    }
    Ok((true, format!("equal: {} spikes in both", count(sides[0].spikes.len() as f64))))
}

/// One of the two runs.
struct Side {
    name: String,
    spikes: SpikeReader,
}

impl Side {
    fn open(path: &Path) -> Result<Self, Error> {
        let spikes = SpikeReader::open(&spikes_of(path)?)?;
        Ok(Side { name: path.display().to_string(), spikes })
    }
}

/// The spike file that a path means: itself, or the one in a run's folder.
fn spikes_of(path: &Path) -> Result<PathBuf, Error> {
    if !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    let file = path.join(names::SPIKES);
    if file.exists() { Ok(file) } else { Err(Error::NotARun { folder: path.to_path_buf(), missing: names::SPIKES }) }
}

fn different_populations([left, right]: &[Side; 2]) -> Option<String> {
    let (a, b) = (left.spikes.populations(), right.spikes.populations());
    let same = |(a, b): (&PopulationRow, &PopulationRow)| (&a.name, a.first, a.size) == (&b.name, b.first, b.size);
    if let Some((a, b)) = a.iter().zip(b).find(|(a, b)| !same((a, b))) {
        let shown = |p: &PopulationRow| format!("`{}` with {} neurons from id {}", p.name, count(p.size as f64), p.first);
        return Some(format!("different networks: {} has {}, {} has {}", left.name, shown(a), right.name, shown(b)));
    }
    let sizes = |a: usize, b: usize| format!("different networks: {} has {a} populations, {} has {b}", left.name, right.name);
    (a.len() != b.len()).then(|| sizes(a.len(), b.len()))
}

/// Walks through both in windows. Spikes are sorted by time and id, so at the first place where they
/// differ the smaller one is in one run only.
fn first_difference(sides: &[Side; 2]) -> Result<Option<String>, Error> {
    let [left, right] = sides;
    let most = left.spikes.len().max(right.spikes.len());
    for first in (0..most).step_by(WINDOW as usize) {
        let ((ta, ia), (tb, ib)) = (left.spikes.read(first, WINDOW)?, right.spikes.read(first, WINDOW)?);
        let a = ta.iter().zip(&ia).map(|(t, i)| (*t, *i));
        let b = tb.iter().zip(&ib).map(|(t, i)| (*t, *i));
        let same = a.clone().zip(b.clone()).take_while(|(a, b)| a == b).count();
        let (a, b) = (a.clone().nth(same), b.clone().nth(same));
        let only_left = match (a, b) {
            (None, None) => continue,
            (Some(a), Some(b)) => a.0 < b.0 || (a.0 == b.0 && a.1 < b.1),
            (a, _) => a.is_some(),
        };
        let (has, lacks, spike) = if only_left { (left, right, a) } else { (right, left, b) };
        let Some((time, id)) = spike else { continue };
        return Ok(Some(difference(has, lacks, (time, id), first + same as u64)));
    }
    Ok(None)
}

fn difference(has: &Side, lacks: &Side, (time, id): (f64, u64), equal: u64) -> String {
    let populations = has.spikes.populations();
    let neuron = match populations.iter().find(|p| id.checked_sub(p.first).is_some_and(|n| n < p.size)) {
        Some(p) => format!("neuron {} of `{}` (id {id})", id - p.first, p.name),
        None => format!("the neuron with id {id}"),
    };
    format!(
        "first difference at {time} ms: {neuron} fires in {} and not in {}; {} spikes before are equal, {} and {} in all",
        has.name,
        lacks.name,
        count(equal as f64),
        count(has.spikes.len() as f64),
        count(lacks.spikes.len() as f64),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::record::SpikeWriter;

    fn file(name: &str, size: u64, times: &[f64], ids: &[u64]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("braincog-sim-compare-{}-{name}.h5", std::process::id()));
        let row = |name: &str, first, size| PopulationRow { name: name.into(), region: None, model: "iaf_psc_exp".into(), first, size };
        let mut writer = SpikeWriter::create(&path, &[row("E", 0, 8), row("I", 8, size)]).unwrap();
        writer.append(times, ids).unwrap();
        writer.finish().unwrap();
        path
    }

    #[test]
    fn equal_trains_are_equal() {
        let (a, b) = (file("a1", 4, &[1.0, 1.0, 2.5], &[3, 9, 3]), file("b1", 4, &[1.0, 1.0, 2.5], &[3, 9, 3]));
        assert_eq!(compare(&a, &b).unwrap(), (true, "equal: 3 spikes in both".into()));
    }

    #[test]
    fn the_first_spike_that_only_one_run_has_is_named() {
        let a = file("a2", 4, &[1.0, 1.5, 2.5], &[3, 9, 3]);
        let b = file("b2", 4, &[1.0, 2.5, 2.5], &[3, 3, 4]);
        for (left, right) in [(&a, &b), (&b, &a)] {
            let (equal, sentence) = compare(left, right).unwrap();
            assert!(!equal);
            assert!(sentence.starts_with("first difference at 1.5 ms: neuron 1 of `I` (id 9) fires in "), "{sentence}");
            assert!(sentence.contains("a2.h5 and not in") && sentence.contains("1 spikes before"), "{sentence}");
        }
    }

    #[test]
    fn a_run_that_ends_early_differs_at_its_end() {
        let a = file("a3", 4, &[1.0, 2.0], &[3, 3]);
        let b = file("b3", 4, &[1.0], &[3]);
        assert!(compare(&a, &b).unwrap().1.starts_with("first difference at 2 ms"));
    }

    #[test]
    fn different_networks_are_different_whatever_they_fire() {
        let (a, b) = (file("a4", 4, &[], &[]), file("b4", 5, &[], &[]));
        let (equal, sentence) = compare(&a, &b).unwrap();
        assert!(!equal && sentence.contains("`I` with 4 neurons") && sentence.contains("`I` with 5 neurons"), "{sentence}");
    }
}
