//! Recipes: how a brain region becomes populations and projections.
//!
//! A [`Recipe`] takes a [`Connectome`] and gives a [`Network`]: every region gets its populations, named
//! `REGION.POPULATION`, and every tract becomes projections whose strength follows from the weight matrix and whose delay
//! from the tract's length. The crate describes; it never draws a random number and never runs anything.
//!
//! * [`Microcircuit`]: the eight populations of Potjans & Diesmann (2014), scaled in size;
//! * [`Braincog`]: BrainCog's cortical and thalamic cell types.
//!
//! **Adding a recipe** is one file with a parameter struct and its `network`, and one line in [`Recipe`].
//!
//! ```
//! use connectome::{Connectome, Matrix};
//! use regions::{Microcircuit, Recipe, Size};
//!
//! // Two regions, the first projecting to the second along 14 mm.
//! let mut brain = regions::isolated("V1");
//! brain.regions.push(connectome::Region { label: "V2".into(), ..Default::default() });
//! brain.weights = Matrix::from_rows(2, vec![0.0, 0.0, 0.7, 0.0]).expect("2 x 2");
//! brain.lengths = Matrix::from_rows(2, vec![0.0, 14.0, 14.0, 0.0]);
//!
//! let recipe = Recipe::Microcircuit(Microcircuit { size: Size::equal(7717.0), indegree_scale: 0.1, ..Default::default() });
//! let network = recipe.network(&brain)?;
//! assert_eq!(network.populations.len(), 16);
//! assert!(network.population("V2.23E").is_some());
//! # Ok::<(), regions::Error>(())
//! ```

mod assembly;
mod braincog;
mod cells;
mod conduction;
mod corticocortical;
mod error;
mod meanfield;
mod microcircuit;
pub mod pd14;
mod size;

use connectome::network::Network;
use connectome::{Connectome, Matrix, Provenance, Region};
use serde::{Deserialize, Serialize};

pub use assembly::Counts;
pub use braincog::{Braincog, BraincogRegion, BraincogTracts, State, WeightSign};
pub use cells::{CellClass, CellModel};
pub use corticocortical::CorticoCortical;
pub use error::Error;
pub use microcircuit::{Background, Cell, Microcircuit, MicrocircuitRegion};
pub use size::{Size, SizeSource};

/// How regions become neurons and tracts become synapses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "recipe", rename_all = "snake_case")]
pub enum Recipe {
    /// The cortical microcircuit of Potjans & Diesmann (2014).
    Microcircuit(Microcircuit),
    /// BrainCog's cell types.
    Braincog(Braincog),
}

impl Recipe {
    /// Names of all recipes, as `recipe = "..."` has them.
    pub const NAMES: [&'static str; 2] = ["microcircuit", "braincog"];

    /// Turns a connectome into a network. A connectome with no tracts is fine.
    pub fn network(&self, connectome: &Connectome) -> Result<Network, Error> {
        self.lesioned(connectome, connectome)
    }

    /// Turns a connectome from which tracts were cut (weights set to 0) into a network. What is relative to
    /// all tracts (shares of a row, the mean in-degree) is taken from the `intact` connectome, so that the
    /// tracts that are left neither grow nor shrink, and what was cut is missing.
    pub fn lesioned(&self, connectome: &Connectome, intact: &Connectome) -> Result<Network, Error> {
        match self {
            Recipe::Microcircuit(recipe) => recipe.network(connectome, intact),
            Recipe::Braincog(recipe) => recipe.network(connectome, intact),
        }
    }
}

/// A connectome of one region and no tract, for recipes without a brain around them.
pub fn isolated(label: &str) -> Connectome {
    Connectome {
        name: label.to_owned(),
        species: None,
        weight_kind: String::new(),
        regions: vec![Region { label: label.to_owned(), ..Region::default() }],
        weights: Matrix::zeros(1),
        lengths: None,
        sln: None,
        functional: None,
        directed: true,
        provenance: Provenance::default(),
    }
}
