//! `states-VARIABLE.h5`: a SONATA frame report, one value per recorded neuron and frame.
//!
//! | dataset | content |
//! |---|---|
//! | `/report/neurons/data` | f32, frames x neurons, attribute `units` |
//! | `/report/neurons/mapping/node_ids` | u64, ascending |
//! | `/report/neurons/mapping/{index_pointers,element_ids}` | one element per neuron |
//! | `/report/neurons/mapping/time` | start, stop, interval in ms; stop is one interval after the last frame |

use std::path::{Path, PathBuf};

use hdf5_pure::Dataset;

use super::input::InputFile;
use super::output::{Closed, Node, OutputFile, Packing, Rows};
use super::{Error, Recording, windows};

const DATA: &str = "/report/neurons/data";
const NODE_IDS: &str = "/report/neurons/mapping/node_ids";
const TIME: &str = "/report/neurons/mapping/time";

/// What is recorded and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Name of the state variable, such as `V_m`.
    pub name: String,
    /// Its unit, such as `mV`.
    pub units: String,
    /// Time of the first frame in ms.
    pub start_ms: f64,
    /// Time between frames in ms.
    pub interval_ms: f64,
}

/// The name of the file that holds this variable in a run's folder. Characters that a file name cannot hold
/// on every system are replaced.
pub fn states_path(folder: &Path, variable: &str) -> PathBuf {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' };
    folder.join(format!("states-{}.h5", variable.chars().map(safe).collect::<String>()))
}

/// Streams frames of one state variable into a file.
pub struct StateWriter {
    file: OutputFile,
    mapping: Node,
    /// `None` if no neuron is recorded.
    data: Option<Rows<f32>>,
    start_ms: f64,
    interval_ms: f64,
    n_nodes: usize,
    n_frames: u64,
}

impl StateWriter {
    /// Creates the file for these neurons (ascending ids) with no frames.
    pub fn create(path: &Path, variable: &Variable, node_ids: &[u64]) -> Result<Self, Error> {
        assert!(node_ids.is_sorted_by(|a, b| a < b), "recorded neurons come in ascending order");
        let n = node_ids.len();
        let file = OutputFile::create(path)?;
        file.mark_as_sonata()?;
        let report = file.group("report")?.group("neurons")?;
        report.text("variable", &variable.name)?;
        let mapping = report.group("mapping")?;
        mapping.array("node_ids", &[n], node_ids)?.number("sorted", 1_u8)?;
        mapping.array("index_pointers", &[n + 1], &(0..=n as u64).collect::<Vec<_>>())?;
        mapping.array("element_ids", &[n], &vec![0_u32; n])?;
        let data = if n > 0 { Some(report.rows("data", n, Packing::Plain)?) } else { None };
        if let Some(data) = &data {
            data.array().text("units", &variable.units)?;
        }
        let (start_ms, interval_ms) = (variable.start_ms, variable.interval_ms);
        Ok(StateWriter { file, mapping, data, start_ms, interval_ms, n_nodes: n, n_frames: 0 })
    }

    /// Appends whole frames, each with one value per neuron in the order of the node ids.
    pub fn append(&mut self, frames: &[f32]) -> Result<(), Error> {
        let Some(data) = &mut self.data else { return Ok(()) };
        assert_eq!(frames.len() % self.n_nodes, 0, "whole frames");
        self.n_frames += (frames.len() / self.n_nodes) as u64;
        data.append(frames)
    }

    /// Completes the file and gives it its name.
    pub fn finish(self) -> Result<(), Error> {
        self.close()?.rename()
    }
}

impl Recording for StateWriter {
    fn close(self) -> Result<Closed, Error> {
        if let Some(data) = self.data {
            data.finish()?;
        }
        let stop_ms = self.start_ms + self.n_frames as f64 * self.interval_ms;
        let time = self.mapping.array("time", &[3], &[self.start_ms, stop_ms, self.interval_ms])?;
        time.text("units", "ms")?;
        self.file.close()
    }

    fn append_file(&mut self, path: &Path) -> Result<(), Error> {
        let reader = StateReader::open(path)?;
        let n = reader.node_ids().len();
        if n != self.n_nodes {
            return Err(reader.file.malformed(NODE_IDS, format!("{n} neurons"), format!("{}", self.n_nodes)));
        }
        windows(reader.n_frames(), n).try_for_each(|(first, count)| self.append(&reader.read(first, count)?))
    }
}

/// Reads a file of one state variable, in windows of frames.
pub struct StateReader {
    file: InputFile,
    data: Option<Dataset>,
    node_ids: Vec<u64>,
    n_frames: u64,
    start_ms: f64,
    interval_ms: f64,
}

impl StateReader {
    /// Opens a file written by [`StateWriter`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = InputFile::open(path)?;
        let node_ids = file.counts(NODE_IDS)?;
        let (data, n_frames) = match node_ids.len() {
            0 => (None, 0),
            n => file.rows(DATA, n as u64).map(|(data, n_frames)| (Some(data), n_frames))?,
        };
        let (time, n_times) = file.rows(TIME, 1)?;
        if n_times != 3 {
            return Err(file.malformed(TIME, format!("{n_times} values"), "start, stop and interval".into()));
        }
        let time = file.at(TIME, time.read_f64())?;
        Ok(StateReader { file, data, node_ids, n_frames, start_ms: time[0], interval_ms: time[2] })
    }

    /// The recorded neurons, in the order of the values in a frame.
    pub fn node_ids(&self) -> &[u64] {
        &self.node_ids
    }

    /// Number of frames.
    pub fn n_frames(&self) -> u64 {
        self.n_frames
    }

    /// Time of a frame in ms.
    pub fn time_ms(&self, frame: u64) -> f64 {
        self.start_ms + frame as f64 * self.interval_ms
    }

    /// Up to `count` frames from number `first` on, frame by frame.
    pub fn read(&self, first: u64, count: u64) -> Result<Vec<f32>, Error> {
        match &self.data {
            Some(data) if first < self.n_frames && count > 0 => self.file.at(DATA, data.read_f32_rows(first, count)),
            _ => Ok(Vec::new()),
        }
    }
}
