//! The data of a page, as its script reads them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::data::RunData;
use super::raster::Dots;
use super::series::{self, Matrices, Spectra, Traces};
use crate::analysis::{PopulationStatistics, mean};

/// Most regions of a page; of more, evenly spaced ones are drawn.
const MOST_REGIONS: usize = 400;

/// Most populations that take the place of regions where a run has at most one region.
const MOST_OWN_ROWS: usize = 60;

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
        let mut notes = Vec::new();
        let drawn = drawn_regions(run, &mut notes);
        let keep = kept_populations(run, &drawn);
        let statistics = run.spikes.as_ref().map(|s| s.summary(run.end_ms));
        let kinds = kinds(run, &keep);
        let region_rows = region_series(run, &drawn);
        let region_slices: Vec<&[f64]> = region_rows.iter().map(Vec::as_slice).collect();
        let population_slices = population_series(run, &keep);
        let by_kind =
            |kind: usize| keep.iter().zip(&population_slices).filter(|(k, _)| kinds.1[k.population] == kind).map(|(_, s)| *s).collect();
        let kind_slices: Vec<Vec<&[f64]>> =
            if population_slices.is_empty() { Vec::new() } else { (0..kinds.0.len()).map(by_kind).collect() };
        let rows = |k: &Kept| population_row(run, k, kinds.1[k.population], statistics.as_ref().map(|s| &s[k.population]));
        let mut page = Page {
            title: &run.title,
            plan: &run.plan,
            report: &run.report,
            start_ms: run.start_ms,
            end_ms: run.end_ms,
            regions: Vec::new(),
            populations: keep.iter().map(rows).collect(),
            raster: run.spikes.as_ref().map(|s| s.raster.dots(&keep.iter().map(|k| k.population).collect::<Vec<_>>())),
            isi: statistics.iter().flatten().next().map(|s| IsiAxis { lowest: s.isi.lowest, per_decade: s.isi.per_decade }),
            region_rates: series::traces(&region_slices, run.rates.bin_ms),
            population_rates: series::traces(&population_slices, run.rates.bin_ms),
            spectra: series::spectra(&region_slices, &kind_slices, run.rates.bin_ms),
            matrices: series::matrices(run, &drawn, &region_slices),
            provenance: &run.provenance,
            kinds: kinds.0,
            notes,
        };
        page.regions = drawn.iter().enumerate().map(|(row, &r)| region_row(run, r, row, &page.populations, &region_rows)).collect();
        if drawn.is_empty() && !keep.is_empty() {
            page.regions.push(region_row(run, usize::MAX, 0, &page.populations, &region_rows));
        }
        page
    }
}

/// A population that the page shows, and its region's place there.
struct Kept {
    population: usize,
    row: usize,
}

fn drawn_regions(run: &RunData, notes: &mut Vec<String>) -> Vec<usize> {
    let n = run.regions.len();
    for (matrix, what) in [(&run.weights, "weights"), (&run.functional, "functional connectivity")] {
        if let Some(m) = matrix.as_ref().filter(|m| m.n() != n) {
            notes.push(format!("The {what} are of {} regions, the run has {n}: not shown.", m.n()));
        }
    }
    let every = n.div_ceil(MOST_REGIONS).max(1);
    if every > 1 {
        notes.push(format!("One in {every} of {n} regions is shown."));
    }
    (0..n).step_by(every).collect()
}

/// Populations of the drawn regions, in the order of the regions. Without regions, all belong to one.
fn kept_populations(run: &RunData, drawn: &[usize]) -> Vec<Kept> {
    let row = |region: Option<usize>| if drawn.is_empty() { Some(0) } else { region.and_then(|r| drawn.binary_search(&r).ok()) };
    let kept = run.populations.iter().enumerate().filter_map(|(population, p)| Some(Kept { population, row: row(p.region)? }));
    let mut kept: Vec<Kept> = kept.collect();
    kept.sort_by_key(|k| k.row);
    kept
}

/// The names of populations without their regions, and the index of each population's.
fn kinds(run: &RunData, keep: &[Kept]) -> (Vec<String>, Vec<usize>) {
    let mut names: Vec<String> = Vec::new();
    let mut of = vec![0; run.populations.len()];
    for k in keep {
        let p = &run.populations[k.population];
        let label = p.region.and_then(|r| run.regions.get(r)).map_or("", |r| &r.label);
        let rest = p.name.strip_prefix(label).map(|r| r.trim_start_matches(['.', '/', '_', ':', '-', ' '])).filter(|r| !r.is_empty());
        let name = rest.unwrap_or(&p.name);
        of[k.population] = names.iter().position(|n| n == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        });
    }
    (names, of)
}

/// The rate over time of each drawn region; from its populations where it was not recorded itself.
fn region_series(run: &RunData, drawn: &[usize]) -> Vec<Vec<f64>> {
    if run.rates.regions.len() == run.regions.len() && !drawn.is_empty() {
        return drawn.iter().map(|&r| run.rates.regions[r].clone()).collect();
    }
    if run.rates.populations.len() != run.populations.len() {
        return Vec::new();
    }
    let members = |region: Option<usize>| {
        run.populations.iter().zip(&run.rates.populations).filter(move |(p, _)| region.is_none() || p.region == region)
    };
    let regions = if drawn.is_empty() && !run.populations.is_empty() { vec![None] } else { drawn.iter().copied().map(Some).collect() };
    regions.into_iter().map(|r| weighted(members(r).map(|(p, rates)| (p.size as f64, rates.as_slice())))).collect()
}

/// The mean of series of some weight.
fn weighted<'s>(series: impl Iterator<Item = (f64, &'s [f64])> + Clone) -> Vec<f64> {
    let total: f64 = series.clone().map(|(w, _)| w).sum();
    let bins = series.clone().map(|(_, s)| s.len()).min().unwrap_or(0);
    let mut out = vec![0.0; bins];
    for (weight, values) in series {
        for (o, v) in out.iter_mut().zip(values) {
            *o += v * weight / total.max(1.0);
        }
    }
    out
}

fn population_series<'a>(run: &'a RunData, keep: &[Kept]) -> Vec<&'a [f64]> {
    let recorded = run.rates.populations.len() == run.populations.len();
    if recorded { keep.iter().map(|k| run.rates.populations[k.population].as_slice()).collect() } else { Vec::new() }
}

fn population_row<'a>(run: &'a RunData, kept: &Kept, kind: usize, statistics: Option<&PopulationStatistics>) -> PopulationRow<'a> {
    let p = &run.populations[kept.population];
    let reported = &run.report["populations"][&p.name];
    let series = (run.rates.populations.len() == run.populations.len()).then(|| run.rates.populations[kept.population].as_slice());
    PopulationRow {
        name: &p.name,
        region: kept.row,
        kind,
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

fn region_row<'a>(run: &'a RunData, region: usize, row: usize, populations: &[PopulationRow], series: &[Vec<f64>]) -> RegionRow<'a> {
    let r = run.regions.get(region);
    let label = r.map_or("network", |r| &r.label);
    let members = || populations.iter().filter(|p| p.region == row);
    let neurons: u64 = members().map(|p| p.size).sum();
    let from_populations = || {
        members().map(|p| p.rate.map(|v| v * p.size as f64)).sum::<Option<f64>>().filter(|_| neurons > 0).map(|sum| sum / neurons as f64)
    };
    RegionRow {
        label,
        name: r.and_then(|r| r.name.as_deref()),
        hemisphere: r.and_then(|r| r.hemisphere),
        position: r.and_then(|r| r.position).filter(|p| p.iter().all(|c| c.is_finite())),
        hierarchy: r.and_then(|r| r.hierarchy),
        neurons,
        rate: run.report["regions"][label]["rate"].as_f64().or_else(|| series.get(row).and_then(|s| mean(s))).or_else(from_populations),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Population, Rates};
    use connectome::Region;

    fn run(regions: usize) -> RunData {
        let region = |i: usize| Region { label: format!("R{i}"), ..Region::default() };
        let population = |i: usize| Population {
            name: format!("R{}.{}", i / 2, ["E", "I"][i % 2]),
            region: Some(i / 2),
            size: 1 + 2 * (i as u64 % 2),
            ..Default::default()
        };
        RunData {
            regions: (0..regions).map(region).collect(),
            populations: (0..2 * regions).map(population).collect(),
            ..RunData::default()
        }
    }

    #[test]
    fn populations_of_one_kind_share_their_name_without_the_region() {
        let run = run(3);
        let page = Page::of(&run);
        assert_eq!(page.kinds, ["E", "I"]);
        assert_eq!(
            page.populations.iter().map(|p| (p.region, p.kind)).collect::<Vec<_>>(),
            [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]
        );
    }

    #[test]
    fn regions_without_a_recording_take_the_mean_of_their_neurons() {
        let mut run = run(1);
        run.rates = Rates { bin_ms: 1.0, regions: Vec::new(), populations: vec![vec![8.0, 0.0], vec![4.0, 4.0]] };
        let page = Page::of(&run);
        assert_eq!(region_series(&run, &[0]), [vec![5.0, 3.0]]);
        assert_eq!(page.regions[0].rate, Some(4.0));
    }

    #[test]
    fn very_many_regions_are_thinned_out_with_a_note() {
        let run = run(1000);
        let page = Page::of(&run);
        assert_eq!((page.regions.len(), page.regions[1].label), (334, "R3"));
        assert!(page.populations.iter().all(|p| p.name.starts_with(&format!("{}.", page.regions[p.region].label))));
        assert!(page.notes[0].contains("One in 3 of 1000"), "{:?}", page.notes);
    }

    #[test]
    fn populations_without_regions_form_one_network() {
        let mut run = run(2);
        run.regions.clear();
        run.populations.iter_mut().for_each(|p| p.region = None);
        let page = Page::of(&run);
        assert_eq!((page.regions.len(), page.regions[0].label, page.regions[0].neurons), (1, "network", 8));
    }
}
