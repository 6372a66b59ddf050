//! A spiking network as plain data: populations, projections, stimuli.
//!
//! Nothing here runs. A recipe or a scenario writes a [`Network`]; the engine builds and steps it.
//! Times are in ms, weights in the unit of the target's receptor (pA, nS or mV), rates in 1/s.

mod projection;
mod stimulus;
mod value;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use projection::{Decay, Edge, Projection, Rule, Storage};
pub use stimulus::{Signal, Stimulus, StimulusKind};
pub use value::Value;

/// Index of a population in [`Network::populations`].
pub type PopulationIndex = usize;

/// Neurons of one model with the same parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Population {
    /// Unique name, such as `V1.L23E`.
    pub name: String,
    /// Index into [`Network::regions`], where the population belongs to one.
    pub region: Option<usize>,
    /// Number of neurons; at least 1.
    pub size: u32,
    /// Name of the neuron model, such as `iaf_psc_exp`.
    pub model: String,
    /// Parameters that differ from the model's defaults, by name.
    pub params: BTreeMap<String, f64>,
    /// Initial state variables that differ from the model's defaults, drawn per neuron.
    pub initial: BTreeMap<String, Value>,
    /// State variables are kept in 16 bits: half the memory, for models that have such a form.
    pub compact: bool,
    /// Neuron positions in mm, empty or one per neuron; for distance-dependent rules.
    pub positions: Vec<[f32; 3]>,
}

/// Populations, how they are wired and what drives them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Labels of the regions that populations refer to.
    pub regions: Vec<String>,
    /// All populations. Neuron ids run through them in this order.
    pub populations: Vec<Population>,
    /// All projections.
    pub projections: Vec<Projection>,
    /// All stimuli.
    pub stimuli: Vec<Stimulus>,
}

impl Network {
    /// Total number of neurons.
    pub fn n_neurons(&self) -> u64 {
        self.populations.iter().map(|p| u64::from(p.size)).sum()
    }

    /// Expected number of synapses (exact for every rule whose total is fixed).
    pub fn expected_synapses(&self) -> f64 {
        self.projections.iter().map(|p| p.expected_synapses(self)).sum()
    }

    /// Index of the population with this name.
    pub fn population(&self, name: &str) -> Option<PopulationIndex> {
        self.populations.iter().position(|p| p.name == name)
    }
}
