//! The data of a page, as its script reads them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::data::RunData;
use super::layout::{Kept, Layout, Row};
use super::raster::Dots;
use super::series::{self, Matrices, Spectra, Traces};
use crate::analysis::{PopulationStatistics, mean};

/// Bins of an interval histogram: lower edge of the first, and bins per decade.
#[derive(Serialize)]
struct IsiAxis {
    lowest: f64,
    per_decade: u32,
}

/// All that the page shows.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    title: &'a str,
    plan: &'a str,
    report: &'a Value,
    start_ms: f64,
    end_ms: f64,
    /// What a row of the page is: `region`, or `population` where there is at most one region.
    row: &'static str,
    regions: Vec<RegionRow<'a>>,
    kinds: Vec<String>,
    populations: Vec<PopulationRow<'a>>,
    raster: Option<Dots>,
    isi: Option<IsiAxis>,
    region_rates: Option<Traces>,
    population_rates: Option<Traces>,
    spectra: Option<Spectra>,
    matrices: Matrices,
    provenance: &'a connectome::Provenance,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct RegionRow<'a> {
    label: Cow<'a, str>,
    name: Option<&'a str>,
    hemisphere: Option<connectome::Hemisphere>,
    position: Option<[f64; 3]>,
    hierarchy: Option<f64>,
    neurons: u64,
    rate: Option<f64>,
}

#[derive(Serialize)]
struct PopulationRow<'a> {
    name: &'a str,
    /// Index into the page's regions.
    region: usize,
    /// Index into the page's kinds.
    kind: usize,
    model: &'a str,
    first: u64,
    size: u64,
    rate: Option<f64>,
    cv_isi: Option<f64>,
    fano: Option<f64>,
    spikes: Option<u64>,
    isi: Vec<u64>,
    counts: Vec<u64>,
    count_width: u64,
}

impl<'a> Page<'a> {
    /// The page of a run.
    pub(super) fn of(run: &'a RunData) -> Self {
        let layout = Layout::of(run);
        let statistics = run.spikes.as_ref().map(|s| s.summary(run.end_ms));
        let of_population = |p: usize| statistics.as_ref().and_then(|s| s.get(p));
        let row_series = layout.series(run);
        let rows: Vec<&[f64]> = row_series.iter().map(Vec::as_slice).collect();
        let recorded = run.rates.populations.len() == run.populations.len();
        let of_kept = |k: &Kept| run.rates.populations[k.population].as_slice();
        let populations: Vec<&[f64]> = if recorded { layout.kept.iter().map(of_kept).collect() } else { Vec::new() };
        let own_rows = layout.rows.iter().any(|r| matches!(r, Row::Population(_)));
        // Where populations are the rows, their kinds would only repeat them.
        let kinds = if recorded && !own_rows { layout.kinds.len() } else { 0 };
        let of_kind = |kind: usize| layout.kept.iter().filter(|k| k.kind == kind).map(of_kept).collect();
        let by_kind: Vec<Vec<&[f64]>> = (0..kinds).map(of_kind).collect();
        let kept: Vec<usize> = layout.kept.iter().map(|k| k.population).collect();
        let population_rows: Vec<_> = layout.kept.iter().map(|k| population_row(run, k, of_population(k.population))).collect();
        Page {
            title: &run.title,
            plan: &run.plan,
            report: &run.report,
            start_ms: run.start_ms,
            end_ms: run.end_ms,
            row: if own_rows { "population" } else { "region" },
            regions: (0..layout.rows.len()).map(|row| region_row(run, &layout, row, (&population_rows, &row_series))).collect(),
            raster: run.spikes.as_ref().map(|s| s.raster.dots(&kept)),
            isi: statistics.iter().flatten().next().map(|s| IsiAxis { lowest: s.isi.lowest, per_decade: s.isi.per_decade }),
            region_rates: series::traces(&rows, run.rates.bin_ms),
            population_rates: series::traces(&populations, run.rates.bin_ms),
            spectra: series::spectra(&rows, &by_kind, run.rates.bin_ms),
            matrices: series::matrices(run, &layout, &rows),
            provenance: &run.provenance,
            populations: population_rows,
            kinds: layout.kinds,
            notes: layout.notes,
        }
    }
}

fn population_row<'a>(run: &'a RunData, kept: &Kept, statistics: Option<&PopulationStatistics>) -> PopulationRow<'a> {
    let p = &run.populations[kept.population];
    let reported = &run.report["populations"][&p.name];
    let series = (run.rates.populations.len() == run.populations.len()).then(|| run.rates.populations[kept.population].as_slice());
    PopulationRow {
        name: &p.name,
        region: kept.row,
        kind: kept.kind,
        model: &p.model,
        first: p.first,
        size: p.size,
        rate: reported["rate"].as_f64().or(statistics.map(|s| s.rate)).or(series.and_then(mean)),
        cv_isi: reported["cv_isi"].as_f64().or(statistics.and_then(|s| s.cv_isi)),
        fano: series.and_then(|s| series::population_fano(s, p.size, run.rates.bin_ms)),
        spikes: statistics.map(|s| s.spikes),
        isi: statistics.map(|s| trimmed(&s.isi.counts)).unwrap_or_default(),
        counts: statistics.map(|s| s.spike_counts.clone()).unwrap_or_default(),
        count_width: statistics.map_or(1, |s| s.count_width),
    }
}

/// Counts without the zeros at the end.
fn trimmed(counts: &[u64]) -> Vec<u64> {
    let end = counts.iter().rposition(|&c| c > 0).map_or(0, |last| last + 1);
    counts[..end].to_vec()
}

fn region_row<'a>(run: &'a RunData, layout: &Layout, row: usize, (populations, series): (&[PopulationRow], &[Vec<f64>])) -> RegionRow<'a> {
    let region = if let Row::Region(r) = layout.rows[row] { run.regions.get(r) } else { None };
    let label = layout.label(run, row);
    let members = || populations.iter().filter(|p| p.region == row);
    let neurons: u64 = members().map(|p| p.size).sum();
    let spikes_per_second: Option<f64> = members().map(|p| p.rate.map(|rate| rate * p.size as f64)).sum();
    let of_neurons = spikes_per_second.filter(|_| neurons > 0).map(|s| s / neurons as f64);
    let reported = region.and_then(|r| run.report["regions"][&r.label]["rate"].as_f64());
    RegionRow {
        label,
        name: region.and_then(|r| r.name.as_deref()),
        hemisphere: region.and_then(|r| r.hemisphere),
        position: region.and_then(|r| r.position).filter(|p| p.iter().all(|c| c.is_finite())),
        hierarchy: region.and_then(|r| r.hierarchy),
        neurons,
        rate: reported.or(of_neurons).or_else(|| series.get(row).and_then(|s| mean(s))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Population;

    #[test]
    fn what_the_report_says_of_a_population_goes_before_what_the_page_counts() {
        let population = |name: &str, first| Population { name: name.into(), first, size: 2, ..Population::default() };
        let mut run = RunData { populations: vec![population("E", 0), population("I", 2)], end_ms: 1000.0, ..RunData::default() };
        let mut spikes = crate::report::SpikeData::new(&run.spans(), 0.0);
        spikes.add(&[1.0, 2.0, 3.0, 4.0], &[0, 0, 2, 3]);
        run.spikes = Some(spikes);
        run.report = serde_json::json!({ "populations": { "I": { "rate": 7.5 } } });
        let page = Page::of(&run);
        assert_eq!(page.populations.iter().map(|p| p.rate).collect::<Vec<_>>(), [Some(1.0), Some(7.5)]);
        assert_eq!(page.populations[0].counts, [1, 0, 1]);
    }
}
