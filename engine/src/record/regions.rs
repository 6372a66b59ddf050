//! `regions.h5`: rates of populations and regions per time bin, and the connectome they were simulated on.
//!
//! | name | content |
//! |---|---|
//! | `/populations/{name,rate}` | rate: f32 in 1/s, bins x populations; group attributes `bin_ms`, `start_ms` |
//! | `/regions/{label,rate}` | the same per region |
//! | `/connectome` | as [`connectome::io::native`] describes it |
//!
//! A group with nothing in it is left out.

use std::path::Path;

use connectome::Connectome;
use connectome::io::native::{self, Content};
use hdf5_pure::Dataset;

use super::input::InputFile;
use super::output::{Closed, OutputFile, Packing, Rows};
use super::{Error, Recording, windows};

/// What the columns and the rows of the rates mean.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLayout {
    /// Names of the populations, in the order of the columns.
    pub populations: Vec<String>,
    /// Labels of the regions, in the order of the columns.
    pub regions: Vec<String>,
    /// Width of a bin in ms.
    pub bin_ms: f64,
    /// Start of the first bin in ms.
    pub start_ms: f64,
}

/// Streams rates into a file.
pub struct RegionWriter {
    file: OutputFile,
    layout: RateLayout,
    populations: Option<Rows<f32>>,
    regions: Option<Rows<f32>>,
}

impl RegionWriter {
    /// Creates the file with its connectome and no bins.
    pub fn create(path: &Path, layout: &RateLayout, connectome: Option<&Connectome>) -> Result<Self, Error> {
        let file = OutputFile::create(path)?;
        let populations = create_rates(&file, "populations", "name", (&layout.populations, layout))?;
        let regions = create_rates(&file, "regions", "label", (&layout.regions, layout))?;
        if let Some(connectome) = connectome {
            write_connectome(&file, connectome)?;
        }
        Ok(RegionWriter { file, layout: layout.clone(), populations, regions })
    }

    /// Appends one or more bins: rates in 1/s, bin by bin, of all populations and of all regions.
    pub fn append(&mut self, population_rates: &[f32], region_rates: &[f32]) -> Result<(), Error> {
        append(&mut self.populations, population_rates)?;
        append(&mut self.regions, region_rates)
    }

    /// Completes the file and gives it its name.
    pub fn finish(self) -> Result<(), Error> {
        self.close()?.rename()
    }
}

impl Recording for RegionWriter {
    fn close(self) -> Result<Closed, Error> {
        for rows in [self.populations, self.regions].into_iter().flatten() {
            rows.finish()?;
        }
        self.file.close()
    }

    fn append_file(&mut self, path: &Path) -> Result<(), Error> {
        let reader = RegionReader::open(path)?;
        let [found, expected] = [&reader.layout, &self.layout].map(|l| (l.populations.len(), l.regions.len()));
        if found != expected {
            return Err(reader.file.malformed("/", format!("populations and regions: {found:?}"), format!("{expected:?}")));
        }
        for (first, count) in windows(reader.n_bins(), expected.0 + expected.1) {
            self.append(&reader.population_rates(first, count)?, &reader.region_rates(first, count)?)?;
        }
        Ok(())
    }
}

fn append(rows: &mut Option<Rows<f32>>, rates: &[f32]) -> Result<(), Error> {
    match rows {
        Some(rows) => rows.append(rates),
        None => {
            assert!(rates.is_empty(), "rates for columns that were not announced");
            Ok(())
        }
    }
}

fn create_rates(file: &OutputFile, group: &str, key: &str, (names, layout): (&[String], &RateLayout)) -> Result<Option<Rows<f32>>, Error> {
    if names.is_empty() {
        return Ok(None);
    }
    let group = file.group(group)?;
    group.number("bin_ms", layout.bin_ms)?;
    group.number("start_ms", layout.start_ms)?;
    group.texts(key, names)?;
    let rows = group.rows("rate", names.len(), Packing::Deflate)?;
    rows.array().text("units", "1/s")?;
    Ok(Some(rows))
}

fn write_connectome(file: &OutputFile, connectome: &Connectome) -> Result<(), Error> {
    let group = file.group(native::GROUP)?;
    for entry in native::entries(connectome) {
        match entry.content {
            Content::Text(text) => group.text(entry.name, text)?,
            Content::Number(number) => group.number(entry.name, number)?,
            Content::Texts(texts) => group.texts(entry.name, &texts)?,
            Content::Numbers { shape, values } => match shape[..] {
                [_, columns] if columns > 0 => group.table(entry.name, columns, &values)?,
                _ => drop(group.array(entry.name, &shape, &values)?),
            },
        }
    }
    Ok(())
}

/// Reads a file of rates, in windows of bins.
pub struct RegionReader {
    file: InputFile,
    layout: RateLayout,
    populations: Option<Dataset>,
    regions: Option<Dataset>,
    n_bins: u64,
    connectome: Option<Connectome>,
}

const POPULATION_RATE: &str = "/populations/rate";
const REGION_RATE: &str = "/regions/rate";

impl RegionReader {
    /// Opens a file written by [`RegionWriter`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = InputFile::open(path)?;
        let populations = open_rates(&file, "/populations", "name")?;
        let regions = open_rates(&file, "/regions", "label")?;
        let Some(group) = populations.as_ref().map(|_| "/populations").or(regions.as_ref().map(|_| "/regions")) else {
            return Err(file.malformed("/", "neither /populations nor /regions".into(), "rates of one of them".into()));
        };
        let [bin_ms, start_ms] = ["bin_ms", "start_ms"].map(|name| file.number(group, name));
        let bins = [&populations, &regions].into_iter().flatten().map(|r| r.n_bins);
        let (n_bins, other) = (bins.clone().min().unwrap_or(0), bins.max().unwrap_or(0));
        if n_bins != other {
            return Err(file.malformed(REGION_RATE, format!("{n_bins} and {other} bins"), "as many as of populations".into()));
        }
        let (population_names, populations) = populations.map(|r| (r.names, r.dataset)).unzip();
        let (region_labels, regions) = regions.map(|r| (r.names, r.dataset)).unzip();
        let layout = RateLayout {
            populations: population_names.unwrap_or_default(),
            regions: region_labels.unwrap_or_default(),
            bin_ms: bin_ms?,
            start_ms: start_ms?,
        };
        let connectome = native::open(path)?;
        Ok(RegionReader { file, layout, populations, regions, n_bins, connectome })
    }

    /// What columns and rows mean.
    pub fn layout(&self) -> &RateLayout {
        &self.layout
    }

    /// Number of bins.
    pub fn n_bins(&self) -> u64 {
        self.n_bins
    }

    /// The connectome that was simulated, if there was one.
    pub fn connectome(&self) -> Option<&Connectome> {
        self.connectome.as_ref()
    }

    /// Rates of all populations in up to `count` bins from bin `first` on, bin by bin.
    pub fn population_rates(&self, first: u64, count: u64) -> Result<Vec<f32>, Error> {
        self.rates(&self.populations, POPULATION_RATE, (first, count))
    }

    /// Rates of all regions in up to `count` bins from bin `first` on, bin by bin.
    pub fn region_rates(&self, first: u64, count: u64) -> Result<Vec<f32>, Error> {
        self.rates(&self.regions, REGION_RATE, (first, count))
    }

    fn rates(&self, dataset: &Option<Dataset>, name: &str, (first, count): (u64, u64)) -> Result<Vec<f32>, Error> {
        match dataset {
            Some(d) if first < self.n_bins && count > 0 => self.file.at(name, d.read_f32_rows(first, count)),
            _ => Ok(Vec::new()),
        }
    }
}

struct Rates {
    names: Vec<String>,
    dataset: Dataset,
    n_bins: u64,
}

fn open_rates(file: &InputFile, group: &str, key: &str) -> Result<Option<Rates>, Error> {
    if !file.has_group(group) {
        return Ok(None);
    }
    let names = file.texts(&format!("{group}/{key}"))?;
    let (dataset, n_bins) = file.rows(&format!("{group}/rate"), names.len() as u64)?;
    Ok(Some(Rates { names, dataset, n_bins }))
}
