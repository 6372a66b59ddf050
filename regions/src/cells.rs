//! BrainCog's six cell types and their parameters.

use std::collections::BTreeMap;

use connectome::network::Value;
use serde::{Deserialize, Serialize};

/// Which three types a region has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellClass {
    /// E, I-BC, I-MC.
    Cortical,
    /// TC, TI, TRN.
    Thalamic,
}

/// A cell type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellType {
    Excitatory,
    Basket,
    Martinotti,
    Relay,
    Interneuron,
    Reticular,
}

/// Neuron model of all cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellModel {
    /// `aeif_braincog`: adaptive exponential integrate-and-fire, for steps of 1 ms.
    #[default]
    Aeif,
    /// `hh_braincog`: Hodgkin-Huxley, for steps of 0.1 ms and less.
    Hh,
}

impl CellClass {
    pub(crate) fn types(self) -> [CellType; 3] {
        match self {
            CellClass::Cortical => [CellType::Excitatory, CellType::Basket, CellType::Martinotti],
            CellClass::Thalamic => [CellType::Relay, CellType::Interneuron, CellType::Reticular],
        }
    }
}

impl CellType {
    /// Name of the population.
    pub(crate) fn name(self) -> &'static str {
        match self {
            CellType::Excitatory => "E",
            CellType::Basket => "I-BC",
            CellType::Martinotti => "I-MC",
            CellType::Relay => "TC",
            CellType::Interneuron => "TI",
            CellType::Reticular => "TRN",
        }
    }

    pub(crate) fn is_excitatory(self) -> bool {
        matches!(self, CellType::Excitatory | CellType::Relay)
    }

    /// Threshold, rest and reset (mV), capacitance (pF), time constant of adaptation (ms), its weight in the
    /// current and its coupling to the potential (nS), as BrainCog's scripts have them.
    fn aeif(self) -> [(&'static str, f64); 6] {
        let row = match self {
            CellType::Excitatory => [-50.0, -110.0, 10.0, 1.0, 0.0, 0.0],
            CellType::Basket => [-44.0, -110.0, 10.0, 2.0, -0.2, 0.45],
            CellType::Martinotti => [-45.0, -66.0, 8.5, 2.0, -0.2, 0.45],
            CellType::Relay => [-50.0, -60.0, 20.0, 1.0, 0.0, 0.0],
            CellType::Interneuron => [-50.0, -60.0, 2.0, 2.0, -0.2, 0.45],
            CellType::Reticular => [-45.0, -65.0, 4.0, 2.0, -0.2, 0.45],
        };
        let names = ["V_th", "V_reset", "C_m", "tau_w", "alpha_ad", "beta_ad"];
        std::array::from_fn(|i| (names[i], row[i]))
    }
}

impl CellModel {
    /// Name of the model.
    pub(crate) fn name(self) -> &'static str {
        match self {
            CellModel::Aeif => "aeif_braincog",
            CellModel::Hh => "hh_braincog",
        }
    }

    /// Initial state. BrainCog starts its integrate-and-fire neurons anywhere in the refractory time of 5 steps.
    pub(crate) fn initial(self) -> BTreeMap<String, Value> {
        match self {
            CellModel::Aeif => BTreeMap::from([("ref_left".to_owned(), Value::Uniform { min: 0.0, max: 6.0 })]),
            CellModel::Hh => BTreeMap::new(),
        }
    }

    /// Parameters of one cell type.
    pub(crate) fn params(self, cell: CellType) -> BTreeMap<String, f64> {
        let named = match self {
            CellModel::Aeif => cell.aeif().to_vec(),
            CellModel::Hh => vec![("V_th", if cell.is_excitatory() { 50.0 } else { 60.0 })],
        };
        named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
