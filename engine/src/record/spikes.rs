//! `spikes.h5`: a SONATA spike file with one SONATA population, and our table of populations beside it.
//!
//! | dataset | content |
//! |---|---|
//! | `/spikes/neurons/timestamps` | ms, f64, ascending |
//! | `/spikes/neurons/node_ids` | u64; ids run through our populations in order |
//! | `/neurons/{name,region,model,first,size}` | one row per population; an empty region means none |

use std::path::Path;

use hdf5_pure::Dataset;
use rust_hdf5::DatatypeMessage;
use rust_hdf5::format::messages::datatype::EnumMember;

use super::input::InputFile;
use super::output::{Closed, OutputFile, Packing, Rows};
use super::{Error, PopulationRow, Recording, windows};

const TIMES: &str = "/spikes/neurons/timestamps";
const IDS: &str = "/spikes/neurons/node_ids";

/// Streams spikes into a file.
pub struct SpikeWriter {
    file: OutputFile,
    times: Rows<f64>,
    ids: Rows<u64>,
}

impl SpikeWriter {
    /// Creates the file with its table of populations and no spikes.
    pub fn create(path: &Path, populations: &[PopulationRow]) -> Result<Self, Error> {
        let file = OutputFile::create(path)?;
        file.mark_as_sonata()?;
        write_populations(&file, populations)?;
        let spikes = file.group("spikes")?.group("neurons")?;
        spikes.typed("sorting", sorting_type(), vec![2])?;
        let times = spikes.column("timestamps", Packing::Plain)?;
        times.array().text("units", "milliseconds")?;
        let ids = spikes.column("node_ids", Packing::FewestBits)?;
        Ok(SpikeWriter { file, times, ids })
    }

    /// Appends spikes sorted by time, then by node id, none earlier than those appended before.
    pub fn append(&mut self, times_ms: &[f64], node_ids: &[u64]) -> Result<(), Error> {
        assert_eq!(times_ms.len(), node_ids.len(), "one node id per time");
        debug_assert!(is_sorted(times_ms, node_ids), "spikes come sorted by time, then by node id");
        self.times.append(times_ms)?;
        self.ids.append(node_ids)
    }

    /// Completes the file and gives it its name.
    pub fn finish(self) -> Result<(), Error> {
        self.close()?.rename()
    }
}

impl Recording for SpikeWriter {
    fn close(self) -> Result<Closed, Error> {
        self.times.finish()?;
        self.ids.finish()?;
        self.file.close()
    }

    fn append_file(&mut self, path: &Path) -> Result<(), Error> {
        let reader = SpikeReader::open(path)?;
        windows(reader.len(), 1).try_for_each(|(first, count)| {
            let (times, ids) = reader.read(first, count)?;
            self.append(&times, &ids)
        })
    }
}

fn is_sorted(times: &[f64], ids: &[u64]) -> bool {
    times.iter().zip(ids).is_sorted_by(|a, b| a.0 < b.0 || (a.0 == b.0 && a.1 <= b.1))
}

/// The enumeration by which SONATA says how spikes are sorted.
fn sorting_type() -> DatatypeMessage {
    let members = ["none", "by_id", "by_time"];
    let members = members.iter().enumerate().map(|(i, name)| EnumMember { name: name.to_string(), value: vec![i as u8] });
    DatatypeMessage::enumeration(DatatypeMessage::u8_type(), members.collect())
}

fn write_populations(file: &OutputFile, populations: &[PopulationRow]) -> Result<(), Error> {
    let table = file.group("neurons")?;
    let texts = |of: fn(&PopulationRow) -> &str| populations.iter().map(of).collect::<Vec<_>>();
    table.texts("name", &texts(|p| &p.name))?;
    table.texts("region", &texts(|p| p.region.as_deref().unwrap_or_default()))?;
    table.texts("model", &texts(|p| &p.model))?;
    let counts = |of: fn(&PopulationRow) -> u64| populations.iter().map(of).collect::<Vec<_>>();
    table.array("first", &[populations.len()], &counts(|p| p.first))?;
    table.array("size", &[populations.len()], &counts(|p| p.size))?;
    Ok(())
}

/// Reads a spike file, whole or in windows.
pub struct SpikeReader {
    file: InputFile,
    populations: Vec<PopulationRow>,
    times: Dataset,
    ids: Dataset,
    len: u64,
}

impl SpikeReader {
    /// Opens a file written by [`SpikeWriter`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = InputFile::open(path)?;
        let populations = read_populations(&file)?;
        let (times, len) = file.rows(TIMES, 1)?;
        let (ids, n_ids) = file.rows(IDS, 1)?;
        if n_ids != len {
            return Err(file.malformed(IDS, format!("{n_ids} values"), format!("{len}, one per timestamp")));
        }
        Ok(SpikeReader { file, populations, times, ids, len })
    }

    /// The populations, in the order of their node ids.
    pub fn populations(&self) -> &[PopulationRow] {
        &self.populations
    }

    /// Number of spikes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// True if nobody fired.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Times in ms and node ids of up to `count` spikes from number `first` on.
    pub fn read(&self, first: u64, count: u64) -> Result<(Vec<f64>, Vec<u64>), Error> {
        if first >= self.len || count == 0 {
            return Ok((Vec::new(), Vec::new()));
        }
        let times = self.file.at(TIMES, self.times.read_f64_rows(first, count))?;
        let ids = self.file.at(IDS, self.ids.read_u64_rows(first, count))?;
        if times.len() != ids.len() {
            return Err(self.file.malformed(IDS, format!("{} values", ids.len()), format!("{}", times.len())));
        }
        Ok((times, ids))
    }

    /// Calls `visit` with all spikes in order, in windows of at most a million.
    pub fn for_each(&self, mut visit: impl FnMut(&[f64], &[u64])) -> Result<(), Error> {
        for (first, count) in windows(self.len, 1) {
            let (times, ids) = self.read(first, count)?;
            visit(&times, &ids);
        }
        Ok(())
    }
}

fn read_populations(file: &InputFile) -> Result<Vec<PopulationRow>, Error> {
    let [names, regions, models] = ["/neurons/name", "/neurons/region", "/neurons/model"].map(|n| file.texts(n));
    let (names, regions, models) = (names?, regions?, models?);
    let [firsts, sizes] = ["/neurons/first", "/neurons/size"].map(|n| file.counts(n));
    let (firsts, sizes) = (firsts?, sizes?);
    let lengths = [regions.len(), models.len(), firsts.len(), sizes.len()];
    if lengths.iter().any(|l| *l != names.len()) {
        let found = format!("columns of {} names and {lengths:?} other values", names.len());
        return Err(file.malformed("/neurons", found, "columns of one length".into()));
    }
    let rows = names.into_iter().zip(regions).zip(models).zip(firsts).zip(sizes);
    Ok(rows
        .map(|((((name, region), model), first), size)| {
            let region = (!region.is_empty()).then_some(region);
            PopulationRow { name, region, model, first, size }
        })
        .collect())
}
