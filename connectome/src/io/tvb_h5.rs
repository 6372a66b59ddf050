//! The Virtual Brain's HDF5 connectivity: `W[target][source]`, lengths in mm, labels of fixed length.

use super::hdf5::{Hdf5, is_hdf5};
use super::parts::{distances, is_flag};
use super::tvb_zip::guess_hemispheres;
use super::variables::{points, side};
use super::{Column, Direction, Input, LoadOptions, Parts, Table};
use crate::brain::Connectome;
use crate::error::Error;

/// HDF5 with the two datasets that every such file has, and no other format has both of.
pub(crate) fn sniff(input: &Input) -> bool {
    let required = |f: Hdf5| f.has("weights") && (f.has("centres") || f.has("centers") || f.has("region_labels"));
    is_hdf5(input.bytes) && Hdf5::from_input(input, 0).is_ok_and(required)
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let file = Hdf5::from_input(input, (options.max_regions as u64).saturating_pow(2))?;
    let weights = file.table("weights")?;
    let labels = if file.has("region_labels") {
        Some(Column { at: file.place("region_labels"), values: file.texts("region_labels")? })
    } else {
        None
    };
    let name = ["centres", "centers"].into_iter().find(|n| file.has(n));
    let centres = name.map(|n| file.table(n).and_then(|t| points(&t))).transpose()?;
    let mut notes = Vec::new();
    let lengths = lengths(&file, centres.as_ref(), &mut notes)?;
    let flags = |name: &str| column(&file, name)?.map(|c| is_flag(c, |v| v)).transpose();
    let hemispheres = flags("hemispheres")?.map(|c| Column { at: c.at, values: c.values.into_iter().map(side).collect() });
    if hemispheres.is_none() && labels.is_some() {
        notes.push("hemispheres are guessed from the labels: the file has none".to_string());
    }
    // A list of zeros says that nobody measured areas.
    let areas = column(&file, "areas")?.filter(|a| a.values.iter().any(|v| *v != 0.0));
    Parts {
        weights: Some(weights),
        lengths,
        hemispheres: hemispheres.or_else(|| labels.as_ref().map(guess_hemispheres)),
        cortical: flags("cortical")?,
        labels,
        centres,
        areas,
        notes,
        ..Parts::default()
    }
    .assemble(input, Direction::RowsAreTargets, options)
}

/// Tract lengths; where the file has none, distances between the centres, as TVB does.
fn lengths(file: &Hdf5, centres: Option<&Column<[f64; 3]>>, notes: &mut Vec<String>) -> Result<Option<Table>, Error> {
    if file.has("tract_lengths") && file.shape("tract_lengths")?.iter().all(|d| *d > 0) {
        return file.table("tract_lengths").map(Some);
    }
    let Some(centres) = centres else { return Ok(None) };
    notes.push("tract lengths are distances between centres: the file has none".to_string());
    Ok(Some(Table { at: centres.at.clone(), ..distances(&centres.values) }))
}

/// One number per region, if the file has this dataset and it is not empty.
fn column(file: &Hdf5, name: &str) -> Result<Option<Column<f64>>, Error> {
    if !file.has(name) {
        return Ok(None);
    }
    let (_, values) = file.numbers(name)?;
    Ok((!values.is_empty()).then(|| Column { at: file.place(name), values }))
}
