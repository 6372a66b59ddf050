//! The zip archive of The Virtual Brain: text members `weights`, `centres`, `tract_lengths` and more.
//!
//! Read as tvb-library reads it: a member is found by a part of its name, in any folder, packed with bzip2 or not;
//! `W[target][source]`; an empty `tract_lengths` means Euclidean distances; a hemisphere that is not given is
//! guessed from the labels, else the second half of the regions is right.

use super::parts::{distances, is_flag};
use super::text::{Grid, matrix};
use super::zip::{Archive, is_zip};
use super::{Column, Direction, Input, LoadOptions, Parts, Table};
use crate::brain::{Connectome, Hemisphere};
use crate::error::{Error, Place, quoted};

/// Any zip archive that no other loader took.
pub(crate) fn sniff(input: &Input) -> bool {
    is_zip(input.bytes)
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let mut archive = Archive::open(input)?;
    let weights = required(&mut archive, &["weights"])?;
    let mut weights = matrix::read_numbers(&weights.values, weights.at, options)?;
    if weights.rows == 0 {
        return Err(Error::Missing { at: weights.at, what: "rows of numbers".into(), found: "an empty member".into() });
    }
    let (labels, centres) = centres(required(&mut archive, &["centres", "centers"])?)?;
    let lengths = required(&mut archive, &["tract_lengths"])?;
    let mut lengths = matrix::read_numbers(&lengths.values, lengths.at, options)?;
    let mut notes = Vec::new();
    if lengths.rows == 0 && centres.values.len() <= options.max_regions {
        lengths = Table { at: lengths.at, ..distances(&centres.values) };
        notes.push("tract lengths are Euclidean distances between centres: the file has none".to_string());
    }
    let mut areas = optional(&mut archive, "areas", options)?;
    let cortical = optional(&mut archive, "cortical", options)?.map(|c| is_flag(c, |v| v)).transpose()?;
    let right = optional(&mut archive, "hemispheres", options)?.map(|c| is_flag(c, |v| v)).transpose()?;
    let hemispheres = right.map(|r| Column { at: r.at, values: r.values.into_iter().map(side).collect() });
    if hemispheres.is_none() {
        notes.push("hemispheres are guessed from the labels: the file has none".to_string());
    }
    // A list of zeros says that nobody measured areas.
    areas = areas.filter(|a| a.values.iter().any(|v| *v != 0.0));
    weights.at = input.part("member weights");
    let hemispheres = hemispheres.unwrap_or_else(|| guess_hemispheres(&labels));
    Parts {
        weights: Some(weights),
        lengths: Some(lengths),
        labels: Some(labels),
        centres: Some(centres),
        hemispheres: Some(hemispheres),
        areas,
        cortical,
        notes,
        ..Parts::default()
    }
    .assemble(input, Direction::RowsAreTargets, options)
}

/// The member whose name holds one of `wanted`: by its own name first, then by its whole path.
fn find(archive: &Archive, wanted: &[&str]) -> Option<String> {
    let real: Vec<&String> =
        archive.names().iter().filter(|n| !n.starts_with("__MACOSX/") && !n.ends_with('/') && !n.ends_with(".DS_Store")).collect();
    let own = |n: &str| n.rsplit('/').next().unwrap_or(n).to_string();
    let stem = |n: &str| own(n).split('.').next().unwrap_or("").to_string();
    let exact = real.iter().find(|n| wanted.contains(&stem(n).as_str()));
    let by_name = || real.iter().find(|n| wanted.iter().any(|w| own(n).contains(w)));
    let by_path = || real.iter().find(|n| wanted.iter().any(|w| n.contains(w)));
    exact.or_else(by_name).or_else(by_path).map(|n| n.to_string())
}

fn required(archive: &mut Archive, wanted: &[&str]) -> Result<Column<u8>, Error> {
    let Some(name) = find(archive, wanted) else {
        return Err(Error::Missing {
            at: archive.file(),
            what: format!("member {}, which a TVB connectivity needs", quoted(wanted[0])),
            found: archive.names().iter().take(12).map(|n| quoted(n)).collect::<Vec<_>>().join(", "),
        });
    };
    Ok(Column { at: archive.place(&name), values: archive.read(&name)? })
}

fn optional(archive: &mut Archive, wanted: &str, options: &LoadOptions) -> Result<Option<Column<f64>>, Error> {
    let Some(name) = find(archive, &[wanted]) else { return Ok(None) };
    let table = matrix::read_numbers(&archive.read(&name)?, archive.place(&name), options)?;
    // An empty member is as good as none.
    Ok((!table.values.is_empty()).then_some(Column { at: table.at, values: table.values }))
}

fn centres(member: Column<u8>) -> Result<(Column<String>, Column<[f64; 3]>), Error> {
    let grid = Grid::read_blank_separated(&member.values, member.at)?;
    let (mut labels, mut positions) = (Vec::new(), Vec::new());
    for row in &grid.rows {
        if row.fields.len() < 4 {
            return Err(Error::Malformed {
                at: grid.at.line(row.line),
                found: format!("{} values", row.fields.len()),
                expected: "label x y z".into(),
            });
        }
        let coordinate = |column| grid.number(row, column, "a coordinate");
        positions.push([coordinate(1)?, coordinate(2)?, coordinate(3)?]);
        labels.push(row.fields[0].to_string());
    }
    Ok((Column { at: grid.at.clone(), values: labels }, Column { at: grid.at, values: positions }))
}

fn side(right: bool) -> Hemisphere {
    if right { Hemisphere::Right } else { Hemisphere::Left }
}

/// TVB's own guess: every label starts with r or l, or every label ends so, or the second half is right.
pub(crate) fn guess_hemispheres(labels: &Column<String>) -> Column<Hemisphere> {
    let side_of = |c: Option<char>| match c.map(|c| c.to_ascii_lowercase()) {
        Some('r') => Some(Hemisphere::Right),
        Some('l') => Some(Hemisphere::Left),
        _ => None,
    };
    let by = |end: fn(&str) -> Option<char>| labels.values.iter().map(|l| side_of(end(l))).collect::<Option<Vec<_>>>();
    let n = labels.values.len();
    let values =
        by(|l| l.chars().next()).or_else(|| by(|l| l.chars().next_back())).unwrap_or_else(|| (0..n).map(|i| side(i >= n / 2)).collect());
    Column { at: Place::clone(&labels.at), values }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(labels: &[&str]) -> Vec<Hemisphere> {
        let values = labels.iter().map(|l| l.to_string()).collect();
        guess_hemispheres(&Column { at: Place::file("t"), values }).values
    }

    #[test]
    fn hemispheres_come_from_first_letters_then_last_letters_then_halves() {
        use Hemisphere::{Left, Right};
        assert_eq!(guess(&["rA", "LB"]), [Right, Left]);
        assert_eq!(guess(&["A_L", "B_R"]), [Left, Right]);
        assert_eq!(guess(&["V1", "V2", "V3", "V4"]), [Left, Left, Right, Right]);
    }
}
