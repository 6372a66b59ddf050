//! Synapses on the device: rows that are stored, and what others are made from.

use models::kit::real;

use super::device::Device;
use super::error::Error;
use super::memory::Array;
use crate::device::{Image, Kind, Made, Place, Recipes, Row, Store, Way};
use crate::quantile::standard_normal;

/// All synapses of a device.
pub(super) struct Synapses {
    stored: Option<Stored>,
    recipes: Option<Tables>,
}

/// An [`Image`].
struct Stored {
    rows: Array<Row>,
    heads: Array<u64>,
    words: Array<u32>,
    kinds: Array<Kind>,
}

/// [`Recipes`].
struct Tables {
    leads: Array<u32>,
    ways: Array<Way>,
    spans: Array<[u32; 2]>,
    first_ids: Array<u32>,
    places: Array<Place>,
    before: Array<u32>,
    turns: Array<u32>,
    positions: Array<[f32; 3]>,
    quantiles: Array<real>,
    n_classes: u32,
    n_populations: u32,
}

impl Synapses {
    pub(super) fn new(device: &Device, image: &Image, recipes: Option<&Recipes>) -> Result<Self, Error> {
        let stored = (!image.heads.is_empty()).then(|| Stored::new(device, image)).transpose()?;
        Ok(Synapses { stored, recipes: recipes.map(|recipes| Tables::new(device, recipes)).transpose()? })
    }

    /// Stored rows, as kernels take them.
    pub(super) fn store(&self, device: &Device) -> Store {
        self.stored.as_ref().map_or_else(Store::default, |stored| Store {
            rows: stored.rows.address(device),
            heads: stored.heads.address(device),
            words: stored.words.address(device),
            kinds: stored.kinds.address(device),
        })
    }

    /// Procedural projections, as kernels take them.
    pub(super) fn made(&self, device: &Device) -> Made {
        self.recipes.as_ref().map_or_else(Made::default, |tables| Made {
            leads: tables.leads.address(device),
            ways: tables.ways.address(device),
            spans: tables.spans.address(device),
            first_ids: tables.first_ids.address(device),
            places: tables.places.address(device),
            before: tables.before.address(device),
            positions: tables.positions.address(device),
            turns: tables.turns.address(device),
            quantiles: tables.quantiles.address(device),
            n_classes: tables.n_classes,
            n_populations: tables.n_populations,
        })
    }
}

impl Stored {
    fn new(device: &Device, image: &Image) -> Result<Self, Error> {
        Ok(Stored {
            rows: Array::copy(device, &image.rows)?,
            heads: Array::copy(device, &image.heads)?,
            words: Array::copy(device, &image.words)?,
            kinds: Array::copy(device, &image.kinds)?,
        })
    }
}

impl Tables {
    fn new(device: &Device, recipes: &Recipes) -> Result<Self, Error> {
        Ok(Tables {
            leads: Array::copy(device, &recipes.leads)?,
            ways: Array::copy(device, &recipes.ways)?,
            spans: Array::copy(device, &recipes.spans)?,
            first_ids: Array::copy(device, &recipes.first_ids)?,
            places: Array::copy(device, &recipes.places)?,
            before: Array::copy(device, &recipes.before)?,
            positions: Array::copy(device, &recipes.positions)?,
            turns: Array::copy(device, &recipes.turns)?,
            quantiles: Array::copy(device, standard_normal().rows())?,
            n_classes: recipes.leads.len() as u32,
            n_populations: recipes.first_ids.len() as u32,
        })
    }
}
