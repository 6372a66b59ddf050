//! What is written, as plain data, so that any HDF5 writer can write it.

use std::borrow::Cow;

use crate::brain::{Connectome, Hemisphere, Matrix, Region};

/// Name of the group that holds a connectome.
pub const GROUP: &str = "connectome";
/// Value of the attribute `format`.
pub(super) const FORMAT: &str = "braincog-connectome";
/// Value of the attribute `version`.
pub(super) const VERSION: u32 = 1;

/// One attribute or dataset of the group.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub content: Content<'a>,
}

/// What an attribute or dataset holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content<'a> {
    /// A text attribute.
    Text(&'a str),
    /// A numeric attribute.
    Number(u32),
    /// A dataset of texts.
    Texts(Vec<&'a str>),
    /// A dataset of numbers.
    Numbers {
        /// Its dimensions.
        shape: Vec<usize>,
        /// The numbers, row by row.
        values: Cow<'a, [f64]>,
    },
}

/// Everything a connectome holds, as attributes and datasets of the group [`GROUP`].
pub fn entries(c: &Connectome) -> Vec<Entry<'_>> {
    let mut all = Entries { regions: &c.regions, entries: Vec::new() };
    all.text("format", FORMAT);
    all.push("version", Content::Number(VERSION));
    all.text("name", &c.name);
    all.text("species", c.species.as_deref().unwrap_or_default());
    all.text("weight_kind", &c.weight_kind);
    all.text("source", &c.provenance.source);
    all.text("citation", &c.provenance.citation);
    all.text("licence", &c.provenance.licence);
    all.push("directed", Content::Number(c.directed.into()));
    all.texts("notes", c.provenance.notes.iter().map(String::as_str).collect());
    all.push("labels", Content::Texts(c.regions.iter().map(|r| r.label.as_str()).collect()));
    all.texts("names", c.regions.iter().map(|r| r.name.as_deref().unwrap_or_default()).collect());
    all.texts("hemisphere", c.regions.iter().map(|r| r.hemisphere.map_or("", hemisphere_name)).collect());
    all.positions();
    all.column("volume", |r| r.volume);
    all.column("area", |r| r.area);
    all.column("neurons", |r| r.neurons);
    all.column("cortical", |r| r.cortical.map(f64::from));
    all.column("hierarchy", |r| r.hierarchy);
    all.matrix("weights", Some(&c.weights));
    all.matrix("lengths", c.lengths.as_ref());
    all.matrix("sln", c.sln.as_ref());
    all.matrix("functional", c.functional.as_ref());
    all.entries
}

/// How a file names a hemisphere.
pub(super) fn hemisphere_name(hemisphere: Hemisphere) -> &'static str {
    match hemisphere {
        Hemisphere::Left => "left",
        Hemisphere::Right => "right",
        Hemisphere::Midline => "midline",
    }
}

struct Entries<'a> {
    regions: &'a [Region],
    entries: Vec<Entry<'a>>,
}

impl<'a> Entries<'a> {
    fn push(&mut self, name: &'static str, content: Content<'a>) {
        self.entries.push(Entry { name, content });
    }

    fn text(&mut self, name: &'static str, text: &'a str) {
        if !text.is_empty() {
            self.push(name, Content::Text(text));
        }
    }

    fn texts(&mut self, name: &'static str, texts: Vec<&'a str>) {
        if texts.iter().any(|t| !t.is_empty()) {
            self.push(name, Content::Texts(texts));
        }
    }

    fn column(&mut self, name: &'static str, of: impl Fn(&Region) -> Option<f64>) {
        if self.regions.iter().any(|r| of(r).is_some()) {
            let values: Vec<f64> = self.regions.iter().map(|r| of(r).unwrap_or(f64::NAN)).collect();
            self.push(name, Content::Numbers { shape: vec![values.len()], values: values.into() });
        }
    }

    fn positions(&mut self) {
        if self.regions.iter().any(|r| r.position.is_some()) {
            let values: Vec<f64> = self.regions.iter().flat_map(|r| r.position.unwrap_or([f64::NAN; 3])).collect();
            self.push("position", Content::Numbers { shape: vec![self.regions.len(), 3], values: values.into() });
        }
    }

    fn matrix(&mut self, name: &'static str, matrix: Option<&'a Matrix>) {
        if let Some(m) = matrix {
            self.push(name, Content::Numbers { shape: vec![m.n(), m.n()], values: m.values().into() });
        }
    }
}
