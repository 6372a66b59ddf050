//! Which key each part of a network comes from, for errors that are found after the plan was made.

use std::error::Error as StdError;

use connectome::network::Network;

use super::Plan;
use crate::document::Resolved;
use crate::error::{Cause, Error};
use crate::key::KeyPath;

/// The table that each part of the network was made from; the root for a recipe's own.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    pub(super) populations: Vec<KeyPath>,
    pub(super) projections: Vec<KeyPath>,
    pub(super) stimuli: Vec<KeyPath>,
}

/// Keys, and the text that they stand in.
#[derive(Clone, Debug)]
pub(super) struct Origins {
    pub(super) document: Resolved,
    pub(super) keys: Keys,
}

/// A part of a plan's network that has weights, by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A projection.
    Projection(usize),
    /// A stimulus.
    Stimulus(usize),
}

impl Part {
    /// The part by the populations at its ends.
    pub(super) fn describe(self, network: &Network) -> String {
        let name = |population: usize| network.populations[population].name.as_str();
        match self {
            Part::Projection(i) => {
                let projection = &network.projections[i];
                format!("projection from `{}` to `{}`", name(projection.source), name(projection.target))
            }
            Part::Stimulus(i) => format!("stimulus of `{}`", name(network.stimuli[i].target)),
        }
    }
}

/// The key `name` of the table `origin`. A recipe has no such key, so it is the recipe as a whole that is blamed.
pub(super) fn key(origin: &KeyPath, name: &str) -> KeyPath {
    if origin.is_root() { KeyPath::of("regions") } else { origin.key(name) }
}

/// Says which part of a recipe's network an error is about; a user's own part is known by its key.
pub(super) fn in_recipe(error: Error, origin: &KeyPath, what: impl Fn() -> String) -> Error {
    if !origin.is_root() {
        return error;
    }
    Error { cause: Cause::InRecipe { what: what(), cause: Box::new(error.cause) }, ..error }
}

impl Plan {
    /// The error that the weights of this part cannot be built, at the line where they stand. Who builds the network
    /// finds that out, not this crate; `cause` is what it said.
    pub fn weight_error(&self, part: Part, cause: impl StdError + Send + Sync + 'static) -> Error {
        let (Part::Projection(index) | Part::Stimulus(index)) = part;
        let keys = &self.origins.keys;
        let origin = if let Part::Projection(_) = part { &keys.projections[index] } else { &keys.stimuli[index] };
        let weight = key(origin, "weight");
        // Edges may bring weights of their own.
        let weight = if self.origins.document.value(&weight).is_some() { weight } else { key(origin, "edges") };
        let error = self.origins.document.error(&weight, Cause::Build(Box::new(cause)));
        in_recipe(error, origin, || part.describe(&self.network))
    }
}
