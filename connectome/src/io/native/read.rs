//! Reading the group back.

use std::collections::HashMap;
use std::path::Path;

use hdf5_pure::AttrValue;

use super::layout::{FORMAT, GROUP, VERSION, hemisphere_name};
use super::{Input, LoadOptions};
use crate::brain::{Connectome, Hemisphere, Matrix, Provenance, Region};
use crate::error::Error;
use crate::io::hdf5::{Hdf5, is_hdf5};
use crate::{MAX_REGIONS, io::Direction};

pub(crate) fn sniff(input: &Input) -> bool {
    is_hdf5(input.bytes) && Hdf5::from_input(input, 0).is_ok_and(|f| is_native(&f))
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    read(&Hdf5::from_input(input, most_values(options.max_regions))?, options.max_regions)
}

/// Reads the group `/connectome` of a file, and nothing else of it. `None` if it has none.
pub fn open(path: &Path) -> Result<Option<Connectome>, Error> {
    let file = Hdf5::open(path, most_values(MAX_REGIONS))?;
    if !is_native(&file) {
        return Ok(None);
    }
    let connectome = read(&file, MAX_REGIONS)?;
    connectome.check()?;
    Ok(Some(connectome))
}

fn most_values(regions: usize) -> u64 {
    (regions as u64).saturating_mul(regions as u64)
}

fn is_native(file: &Hdf5) -> bool {
    text(&file.attributes(GROUP), "format") == FORMAT
}

fn read(file: &Hdf5, max_regions: usize) -> Result<Connectome, Error> {
    let attributes = file.attributes(GROUP);
    let version = attributes.get("version").and_then(AttrValue::as_u64);
    if version != Some(VERSION.into()) {
        let found = version.map_or("no version".into(), |v| format!("version {v}"));
        return Err(Error::Malformed { at: file.place(&format!("/{GROUP}")), found, expected: format!("version {VERSION}") });
    }
    let labels = file.texts(&path("labels"))?;
    if labels.len() > max_regions {
        let (found, limit) = (labels.len() as u64, max_regions as u64);
        return Err(Error::TooLarge { at: file.place(&path("labels")), what: "regions".into(), found, limit });
    }
    let n = labels.len();
    let weights = matrix(file, "weights", n)?.ok_or_else(|| Error::Missing {
        at: file.place(&path("weights")),
        what: "weights".into(),
        found: file.datasets_in(GROUP).join(", "),
    })?;
    let notes = if file.has(&path("notes")) { file.texts(&path("notes"))? } else { Vec::new() };
    let [source, citation, licence] = ["source", "citation", "licence"].map(|name| text(&attributes, name));
    Ok(Connectome {
        name: text(&attributes, "name"),
        species: attributes.contains_key("species").then(|| text(&attributes, "species")),
        weight_kind: text(&attributes, "weight_kind"),
        regions: regions(file, labels)?,
        weights,
        lengths: matrix(file, "lengths", n)?,
        sln: matrix(file, "sln", n)?,
        functional: matrix(file, "functional", n)?,
        directed: attributes.get("directed").and_then(AttrValue::as_u64) != Some(0),
        provenance: Provenance { source, citation, licence, notes },
    })
}

fn path(name: &str) -> String {
    format!("/{GROUP}/{name}")
}

fn text(attributes: &HashMap<String, AttrValue>, name: &str) -> String {
    attributes.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_string()
}

fn regions(file: &Hdf5, labels: Vec<String>) -> Result<Vec<Region>, Error> {
    let n = labels.len();
    let mut regions: Vec<Region> = labels.into_iter().map(|label| Region { label, ..Region::default() }).collect();
    for (region, name) in regions.iter_mut().zip(texts(file, "names", n)?) {
        region.name = (!name.is_empty()).then_some(name);
    }
    for (region, name) in regions.iter_mut().zip(texts(file, "hemisphere", n)?) {
        region.hemisphere = hemisphere(file, &name)?;
    }
    for (region, p) in regions.iter_mut().zip(numbers(file, "position", &[n, 3])?.chunks_exact(3)) {
        region.position = p.iter().all(|x| !x.is_nan()).then(|| [p[0], p[1], p[2]]);
    }
    let columns: [(&str, Setter); 5] = [
        ("volume", |r, v| r.volume = Some(v)),
        ("area", |r, v| r.area = Some(v)),
        ("neurons", |r, v| r.neurons = Some(v)),
        ("cortical", |r, v| r.cortical = Some(v != 0.0)),
        ("hierarchy", |r, v| r.hierarchy = Some(v)),
    ];
    for (name, set) in columns {
        let known = regions.iter_mut().zip(numbers(file, name, &[n])?).filter(|(_, v)| !v.is_nan());
        known.for_each(|(region, v)| set(region, v));
    }
    Ok(regions)
}

/// Puts one number into a region.
type Setter = fn(&mut Region, f64);

fn hemisphere(file: &Hdf5, name: &str) -> Result<Option<Hemisphere>, Error> {
    if name.is_empty() {
        return Ok(None);
    }
    let known = [Hemisphere::Left, Hemisphere::Right, Hemisphere::Midline];
    let found = known.into_iter().find(|h| hemisphere_name(*h) == name);
    found.map(Some).ok_or_else(|| file.malformed(&path("hemisphere"), format!("`{name}`"), "left, right, midline or nothing"))
}

/// One text per region, or none if the dataset is left out.
fn texts(file: &Hdf5, name: &str, n: usize) -> Result<Vec<String>, Error> {
    if !file.has(&path(name)) {
        return Ok(Vec::new());
    }
    let texts = file.texts(&path(name))?;
    match texts.len() == n {
        true => Ok(texts),
        false => Err(mismatch(file, name, texts.len(), n)),
    }
}

/// Numbers of this shape, or none if the dataset is left out.
fn numbers(file: &Hdf5, name: &str, shape: &[usize]) -> Result<Vec<f64>, Error> {
    if !file.has(&path(name)) {
        return Ok(Vec::new());
    }
    let (found, values) = file.numbers(&path(name))?;
    match found.iter().eq(shape.iter().map(|d| *d as u64).collect::<Vec<_>>().iter()) {
        true => Ok(values),
        false => Err(file.malformed(&path(name), format!("shape {found:?}"), format!("{shape:?}"))),
    }
}

fn matrix(file: &Hdf5, name: &str, n: usize) -> Result<Option<Matrix>, Error> {
    if !file.has(&path(name)) {
        return Ok(None);
    }
    let table = file.table(&path(name))?;
    let rows = table.rows;
    let matrix = table.into_matrix(Direction::RowsAreTargets)?;
    if matrix.n() != n { Err(mismatch(file, name, rows, n)) } else { Ok(Some(matrix)) }
}

fn mismatch(file: &Hdf5, name: &str, found: usize, expected: usize) -> Error {
    Error::CountMismatch { at: file.place(&path(name)), what: format!("rows of {name}"), found, expected }
}
