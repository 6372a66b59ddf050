//! The page of a run, from the files in its folder.

use std::fs;
use std::path::Path;

use engine::record::{RegionReader, SpikeReader};
use scenarios::Scenario;

use super::error::Error;
use super::folder::names;
use super::summary::Summary;
use crate::report::{self, Population, Rates, RunData, SpikeData};

/// Writes the page of the run in `folder` to `path`.
pub(crate) fn write(folder: &Path, path: &Path) -> Result<(), Error> {
    Ok(report::write(&read(folder)?, path)?)
}

/// How well the correlations of a run's rates agree with the empirical ones, where its connectome has those.
pub(crate) fn functional_fit(folder: &Path) -> Result<Option<f64>, Error> {
    let summary = Summary::read(folder)?;
    let mut run = RunData { end_ms: summary.biological_seconds * 1000.0, ..RunData::default() };
    let regions = RegionReader::open(&folder.join(names::REGIONS))?;
    read_regions(&mut run, &regions)?;
    run.populations = unrecorded(&regions, &summary);
    Ok(report::functional_fit(&run))
}

/// Everything that a page shows of a run.
fn read(folder: &Path) -> Result<RunData, Error> {
    let summary = Summary::read(folder)?;
    let file = folder.join(names::PLAN);
    let plan = fs::read_to_string(&file).map_err(Error::read(&file))?;
    let mut run = RunData {
        title: Scenario::parse(&plan, &file)?.spec()?.name,
        report: serde_json::to_value(&summary).expect("a summary is plain data"),
        plan,
        end_ms: summary.biological_seconds * 1000.0,
        ..RunData::default()
    };
    let regions = RegionReader::open(&folder.join(names::REGIONS))?;
    read_regions(&mut run, &regions)?;
    let spikes = folder.join(names::SPIKES);
    if spikes.exists() {
        read_spikes(&mut run, &SpikeReader::open(&spikes)?)?;
    } else {
        run.populations = unrecorded(&regions, &summary);
    }
    Ok(run)
}

fn read_regions(run: &mut RunData, regions: &RegionReader) -> Result<(), Error> {
    let layout = regions.layout();
    let n_bins = regions.n_bins();
    run.start_ms = layout.start_ms;
    run.rates = Rates {
        bin_ms: layout.bin_ms,
        regions: columns(&regions.region_rates(0, n_bins)?, layout.regions.len()),
        populations: columns(&regions.population_rates(0, n_bins)?, layout.populations.len()),
    };
    describe_regions(run, &layout.regions, regions.connectome());
    Ok(())
}

/// What is known of regions with these labels and of their wiring.
pub(super) fn describe_regions(run: &mut RunData, labels: &[String], brain: Option<&connectome::Connectome>) {
    run.regions = labels.iter().map(|label| connectome::Region { label: label.clone(), ..Default::default() }).collect();
    // The matrices of the page are in the connectome's order, which is that of the rates unless a network names other regions.
    if let Some(brain) = brain.filter(|c| c.regions.iter().map(|r| &r.label).eq(labels)) {
        run.regions = brain.regions.clone();
        run.weight_kind = brain.weight_kind.clone();
        run.weights = Some(brain.weights.clone());
        run.functional = brain.functional.clone();
        run.provenance = brain.provenance.clone();
    }
}

fn read_spikes(run: &mut RunData, file: &SpikeReader) -> Result<(), Error> {
    let region = |label: &Option<String>| label.as_ref().and_then(|l| run.regions.iter().position(|r| r.label == *l));
    let populations = file.populations().iter().map(|p| Population {
        name: p.name.clone(),
        region: region(&p.region),
        model: p.model.clone(),
        first: p.first,
        size: p.size,
    });
    run.populations = populations.collect();
    let mut spikes = SpikeData::new(&run.spans(), run.start_ms);
    file.for_each(|times, ids| spikes.add(times, ids))?;
    run.spikes = Some(spikes);
    Ok(())
}

/// The populations of a run that recorded no spikes: names and sizes are all that is known.
fn unrecorded(regions: &RegionReader, summary: &Summary) -> Vec<Population> {
    let mut first = 0;
    let population = |name: &String| {
        let size = summary.populations.get(name).map_or(0, |p| p.neurons);
        let p = Population { name: name.clone(), first, size, ..Population::default() };
        first += size;
        p
    };
    regions.layout().populations.iter().map(population).collect()
}

/// Series per column of values that stand row by row.
fn columns(values: &[f32], n: usize) -> Vec<Vec<f64>> {
    (0..n).map(|c| values.iter().skip(c).step_by(n.max(1)).map(|v| f64::from(*v)).collect()).collect()
}
