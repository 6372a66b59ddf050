//! What is written to disk, resolved.

use connectome::network::PopulationIndex;
use models::units::Millis;

use super::{Builder, whole_steps};
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::schema::{Chosen, Record, StateSection};

/// What is written to disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Populations whose spikes are recorded, ascending.
    pub spikes: Vec<PopulationIndex>,
    /// Bin of rates in ms.
    pub rate_bin: f64,
    /// State variables.
    pub states: Vec<StateRecording>,
}

/// State variables of chosen neurons of one population, sampled.
#[derive(Clone, Debug, PartialEq)]
pub struct StateRecording {
    /// Whose.
    pub population: PopulationIndex,
    /// Names, such as `V_m`.
    pub variables: Vec<String>,
    /// First neuron.
    pub first: u32,
    /// Number of neurons.
    pub count: u32,
    /// Time between samples in ms, a multiple of the step.
    pub interval: f64,
}

impl Builder<'_> {
    pub(super) fn recording(&self, given: &Record) -> Result<Recording, Error> {
        let record = KeyPath::of("record");
        let mut spikes = match &given.spikes {
            Chosen::All(true) => (0..self.network.populations.len()).collect(),
            Chosen::All(false) => Vec::new(),
            Chosen::Named(names) => self.named(names, &record.key("spikes"))?,
        };
        spikes.sort_unstable();
        self.check_interval(given.rate_bin, &record.key("rate_bin"))?;
        let mut states = Vec::new();
        for (i, section) in given.states.iter().enumerate() {
            self.states(section, &record.key("states").index(i), &mut states)?;
        }
        Ok(Recording { spikes, rate_bin: given.rate_bin.0, states })
    }

    fn states(&self, section: &StateSection, table: &KeyPath, states: &mut Vec<StateRecording>) -> Result<(), Error> {
        self.check_interval(section.interval, &table.key("interval"))?;
        if section.variables.is_empty() {
            return Err(self.document.error(table, Cause::missing("variables", "such as variables = [\"V_m\"]")));
        }
        let names = self.required(&section.population, table, "population")?;
        for population in self.named(names, &table.key("population"))? {
            let described = &self.network.populations[population];
            let fields = &self.models[described.model.as_str()].state;
            for (i, variable) in section.variables.iter().enumerate() {
                if fields.iter().all(|f| f.name != variable) {
                    let cause = Cause::unknown("state variable", variable, fields.iter().map(|f| f.name));
                    return Err(self.document.error(&table.key("variables").index(i), cause));
                }
            }
            let range = section.neurons.unwrap_or([0, described.size]);
            let (first, count) = self.neurons(range, described.size, &table.key("neurons"))?;
            states.push(StateRecording { population, variables: section.variables.clone(), first, count, interval: section.interval.0 });
        }
        Ok(())
    }

    fn check_interval(&self, interval: Millis, key: &KeyPath) -> Result<(), Error> {
        let dt = Millis(self.timing.dt);
        if interval.0 < dt.0 * (1.0 - 1e-9) {
            return Err(self.document.error(key, Cause::unexpected(interval, format!("at least one step of {dt}"))));
        }
        whole_steps(self.document, key, interval, dt).map(drop)
    }
}
