//! `report.json`: what a run was and what it cost. Its keys are a promise.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::folder::names;

/// The content of `report.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Neurons.
    pub(crate) neurons: u64,
    /// Synapses.
    pub(crate) synapses: u64,
    /// Memory for synapses, per synapse.
    pub(crate) bytes_per_synapse: f64,
    /// All other memory of the network, per neuron.
    pub(crate) bytes_per_neuron: f64,
    /// Wall time of building.
    pub(crate) build_seconds: f64,
    /// Wall time of simulating.
    pub(crate) simulate_seconds: f64,
    /// Time that was simulated.
    pub(crate) biological_seconds: f64,
    /// Wall time over biological time: below 1 is faster than life.
    pub(crate) realtime_factor: f64,
    /// Where the wall time of simulating went, averaged over ranks.
    pub(crate) phases: Phases,
    /// CPU time of building and simulating, all threads of all ranks.
    pub(crate) cpu_seconds: f64,
    /// Spikes that arrived at synapses.
    pub(crate) synaptic_events: u64,
    /// Spikes.
    pub(crate) spikes: u64,
    /// The most memory that the processes had in use meanwhile, added up.
    pub(crate) peak_rss_bytes: u64,
    /// Over (step, id) of all spikes in sorted order: equal trains have equal sums.
    pub(crate) spike_checksum: String,
    /// MPI processes.
    pub(crate) ranks: u32,
    /// What each of them has spent.
    #[serde(default)]
    pub(crate) per_rank: Vec<RankSummary>,
    /// Threads per process.
    pub(crate) threads: usize,
    /// `cpu` or `cuda`.
    pub(crate) backend: String,
    /// Seed of all random numbers.
    pub(crate) seed: u64,
    /// Per population, by name.
    pub(crate) populations: BTreeMap<String, PopulationSummary>,
    /// Per region, by label.
    pub(crate) regions: BTreeMap<String, RegionSummary>,
}

/// Seconds of wall time per phase, averaged over threads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Phases {
    /// Stepping neurons.
    pub(crate) update: f64,
    /// Adding spikes to their targets.
    pub(crate) deliver: f64,
    /// Exchanging spikes and waiting for each other.
    pub(crate) communicate: f64,
    /// Handing out and writing results.
    pub(crate) record: f64,
}

/// What one rank has spent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RankSummary {
    /// Seconds of wall time per phase, averaged over its threads.
    pub(crate) phases: Phases,
    /// CPU time of building and simulating, all its threads.
    pub(crate) cpu_seconds: f64,
    /// The most memory that it had in use meanwhile.
    pub(crate) peak_rss_bytes: u64,
}

/// What one population did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PopulationSummary {
    /// Neurons.
    pub(crate) neurons: u64,
    /// Mean rate of a neuron in 1/s.
    pub(crate) rate: f64,
    /// Mean coefficient of variation of interspike intervals; null where too few spikes tell.
    pub(crate) cv_isi: Option<f64>,
}

/// What one region did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RegionSummary {
    /// Mean rate of a neuron in 1/s.
    pub(crate) rate: f64,
}

impl Summary {
    /// Reads the `report.json` of a run.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(names::REPORT);
        if !path.exists() {
            return Err(Error::NotARun { folder: folder.to_path_buf(), missing: names::REPORT });
        }
        let text = fs::read_to_string(&path).map_err(Error::read(&path))?;
        serde_json::from_str(&text).map_err(|e| Error::Damaged { path, reason: e.to_string() })
    }

    /// The text of `report.json`.
    pub(crate) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("numbers, strings and maps of them make JSON");
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_the_promised_ones() {
        let json: serde_json::Value = serde_json::from_str(&Summary::default().to_json()).unwrap();
        let mut keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let promise = "backend biological_seconds build_seconds bytes_per_neuron bytes_per_synapse cpu_seconds neurons peak_rss_bytes \
             per_rank phases populations ranks realtime_factor regions seed simulate_seconds spike_checksum spikes synapses synaptic_events threads";
        assert_eq!(keys, promise.split_whitespace().collect::<Vec<_>>());
        let phases: Vec<&str> = json["phases"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(phases, ["communicate", "deliver", "record", "update"]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut summary = Summary { neurons: 7, spike_checksum: "00ff".into(), ..Summary::default() };
        summary.populations.insert("V1/E".into(), PopulationSummary { neurons: 7, rate: 1.25, cv_isi: None });
        assert_eq!(serde_json::from_str::<Summary>(&summary.to_json()).unwrap(), summary);
    }
}
