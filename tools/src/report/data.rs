//! What a page is made of.

use connectome::{Matrix, Provenance, Region};

use super::raster::Raster;
use crate::analysis::{PopulationStatistics, Span, SpikeStatistics};

/// One population of the run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    /// Unique name, such as `V1.L23E`.
    pub name: String,
    /// Index into [`RunData::regions`], where it belongs to one.
    pub region: Option<usize>,
    /// Neuron model.
    pub model: String,
    /// Id of its first neuron.
    pub first: u64,
    /// Number of neurons.
    pub size: u64,
}

/// Mean rates (1/s) in bins of time, the first of which opens at [`RunData::start_ms`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// Width of a bin; 0 where no rates were recorded.
    pub bin_ms: f64,
    /// One series per region, or empty.
    pub regions: Vec<Vec<f64>>,
    /// One series per population, or empty.
    pub populations: Vec<Vec<f64>>,
}

/// Everything that the page shows of a run. What was not recorded stays empty, and the page says so.
#[derive(Default)]
pub struct RunData {
    /// Name of the scenario.
    pub title: String,
    /// The text of `plan.toml`.
    pub plan: String,
    /// `report.json`.
    pub report: serde_json::Value,
    /// The populations, in the order of their neuron ids.
    pub populations: Vec<Population>,
    /// The regions, in the order of the matrices.
    pub regions: Vec<Region>,
    /// What kind of number a weight is: `FLN`, `streamlines`, ...
    pub weight_kind: String,
    /// Strength of the tracts between the regions.
    pub weights: Option<Matrix>,
    /// Empirical functional connectivity.
    pub functional: Option<Matrix>,
    /// Where the wiring comes from.
    pub provenance: Provenance,
    /// Begin of what was recorded.
    pub start_ms: f64,
    /// End of what was recorded.
    pub end_ms: f64,
    /// Rates over time.
    pub rates: Rates,
    /// What the spikes say, if they were recorded.
    pub spikes: Option<SpikeData>,
}

impl RunData {
    /// The neuron ids of each population.
    pub fn spans(&self) -> Vec<(u64, u64)> {
        self.populations.iter().map(|p| (p.first, p.size)).collect()
    }
}

/// What the page keeps of the spikes, taken in one pass however many there are.
pub struct SpikeData {
    /// Rate and irregularity of each population.
    pub statistics: SpikeStatistics,
    /// The dots of the raster.
    pub raster: Raster,
}

impl SpikeData {
    /// Nothing yet, for populations given as (first id, size), from `start_ms` on.
    pub fn new(populations: &[(u64, u64)], start_ms: f64) -> Self {
        let spans: Vec<Span> = populations.iter().map(|&(first, size)| Span { first, size }).collect();
        SpikeData { statistics: SpikeStatistics::new(&spans, start_ms), raster: Raster::new(&spans, start_ms) }
    }

    /// Takes spikes in the order of time.
    pub fn add(&mut self, times_ms: &[f64], ids: &[u64]) {
        self.statistics.add(times_ms, ids);
        self.raster.add(times_ms, ids);
    }

    /// The statistics up to `end_ms`.
    pub fn summary(&self, end_ms: f64) -> Vec<PopulationStatistics> {
        self.statistics.finish(end_ms)
    }
}
