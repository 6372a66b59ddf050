//! Connectome and recipe, resolved.

use std::path::Path;

use connectome::{Connectome, Normalisation};
use regions::Recipe;
use toml::{Table, Value};

use super::Builder;
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::schema::{ConnectomeSection, NormalisationName, Regions, Spec};

/// The only region of a recipe that has no connectome.
const LONE_REGION: &str = "column";

type Loaded = Result<Connectome, connectome::Error>;

impl Builder<'_> {
    /// Loads the connectome and lets the recipe describe the network. Writes the recipe's defaults into its table.
    pub(super) fn brain(&mut self, spec: &mut Spec) -> Result<Option<Connectome>, Error> {
        let intact = spec.connectome.as_ref().map(|section| self.connectome(section)).transpose()?;
        let cut = spec.connectome.as_ref().is_some_and(|section| !section.tracts);
        let connectome = intact.clone().map(|brain| if cut { without_tracts(brain) } else { brain });
        if let Some(connectome) = &connectome {
            self.network.regions = connectome.regions.iter().map(|r| r.label.clone()).collect();
        }
        if let Some(table) = &mut spec.regions {
            let recipe = self.recipe(table)?;
            let lone = regions::isolated(LONE_REGION);
            let (here, whole) = (connectome.as_ref().unwrap_or(&lone), intact.as_ref().unwrap_or(&lone));
            self.network = recipe.lesioned(here, whole).map_err(|e| self.recipe_error(e))?;
            self.keys.populations = vec![KeyPath::root(); self.network.populations.len()];
            self.keys.projections = vec![KeyPath::root(); self.network.projections.len()];
            self.keys.stimuli = vec![KeyPath::root(); self.network.stimuli.len()];
            *table = Table::try_from(&recipe).expect("a recipe has only values that TOML knows");
        }
        Ok(connectome)
    }

    fn connectome(&mut self, section: &ConnectomeSection) -> Result<Connectome, Error> {
        let table = KeyPath::of("connectome");
        let loaded = match (&section.atlas, &section.path) {
            (Some(_), Some(_)) => {
                let cause = Cause::Conflict { key: "path".to_owned(), other: "`atlas`".to_owned(), why: "give one of them".to_owned() };
                return Err(self.document.error(&table.key("path"), cause));
            }
            (None, None) => return Err(self.document.error(&table, Cause::missing("atlas", "or give `path`"))),
            (Some(name), None) => {
                if !connectome::atlas::names().any(|n| n == name) {
                    let cause = Cause::unknown("atlas", name, connectome::atlas::names());
                    return Err(self.document.error(&table.key("atlas"), cause));
                }
                self.done("atlas", self.library.atlas(name))?
            }
            (None, Some(path)) => {
                let path = self.path(Path::new(path));
                self.done("path", self.library.file(&path))?
            }
        };
        self.changed(loaded, section)
    }

    /// The operations that a user asks for, always in this order.
    fn changed(&self, loaded: Connectome, section: &ConnectomeSection) -> Result<Connectome, Error> {
        let mut brain = loaded;
        if let Some(labels) = &section.subset {
            for (i, label) in labels.iter().enumerate() {
                if brain.index_of(label).is_none() {
                    let cause = Cause::unknown("region", label, brain.regions.iter().map(|r| r.label.as_str()));
                    return Err(self.document.error(&KeyPath::of("connectome.subset").index(i), cause));
                }
            }
            brain = self.done("subset", brain.subset(labels))?;
        }
        if let Some(least) = section.threshold {
            brain = self.done("threshold", brain.thresholded(least))?;
        }
        if let Some(fraction) = section.strongest {
            brain = self.done("strongest", brain.strongest(fraction))?;
        }
        if let Some(crossing) = section.mirror {
            brain = self.done("mirror", brain.mirrored(crossing))?;
        }
        if section.symmetrise {
            brain = brain.symmetrised();
        }
        if let Some(unit) = section.log {
            brain = self.done("log", brain.log_weights(unit))?;
        }
        if let Some(detour) = section.detour {
            brain = self.done("detour", brain.with_lengths_from_positions(detour))?;
        }
        Ok(match section.normalise {
            None => brain,
            Some(NormalisationName::Total) => brain.normalised(Normalisation::Total),
            Some(NormalisationName::Target) => brain.normalised(Normalisation::ByTarget),
            Some(NormalisationName::Source) => brain.normalised(Normalisation::BySource),
            Some(NormalisationName::Max) => brain.normalised(Normalisation::Max),
        })
    }

    fn done(&self, key: &str, result: Loaded) -> Result<Connectome, Error> {
        result.map_err(|e| self.document.error(&KeyPath::of("connectome").key(key), Cause::Connectome(Box::new(e))))
    }

    /// Reads `[regions]`: `recipe` says which keys there are.
    fn recipe(&self, table: &Regions) -> Result<Recipe, Error> {
        let here = KeyPath::of("regions");
        let mut keys = table.clone();
        let name = match keys.remove("recipe") {
            Some(Value::String(name)) => name,
            Some(other) => return Err(self.document.error(&here.key("recipe"), Cause::unexpected(other, "the name of a recipe"))),
            None => return Err(self.document.error(&here, Cause::missing("recipe", ""))),
        };
        // Read as the recipe's own struct and not through the tag, so that an error knows its key.
        match name.as_str() {
            "microcircuit" => self.document.read(Value::Table(keys), &here).map(Recipe::Microcircuit),
            "braincog" => self.document.read(Value::Table(keys), &here).map(Recipe::Braincog),
            _ => Err(self.document.error(&here.key("recipe"), Cause::unknown("recipe", &name, Recipe::NAMES))),
        }
    }

    /// A recipe's refusal, at the key it is about where it names one.
    fn recipe_error(&self, error: regions::Error) -> Error {
        let here = KeyPath::of("regions");
        let at = |key: &str| here.join(&KeyPath::of(key));
        match error {
            regions::Error::BadValue { key, found, expected } => self.document.error(&at(&key), Cause::unexpected(found, expected)),
            regions::Error::Conflict { key, other } => {
                let cause = Cause::Conflict { key: key.to_owned(), other: format!("`{other}`"), why: String::new() };
                self.document.error(&at(key), cause)
            }
            regions::Error::Unused { key, expected } => {
                let why = format!("it has a meaning only with {expected}");
                let cause = Cause::Conflict { key: key.to_owned(), other: "the rest".to_owned(), why };
                self.document.error(&at(key), cause)
            }
            other => self.document.error(&here, Cause::Regions(Box::new(other))),
        }
    }
}

/// The brain with every tract between different regions cut.
fn without_tracts(mut brain: Connectome) -> Connectome {
    for target in 0..brain.n() {
        for source in (0..brain.n()).filter(|source| *source != target) {
            *brain.weights.at_mut(target, source) = 0.0;
        }
    }
    brain.provenance.notes.push("all tracts between regions cut".to_owned());
    brain
}

#[cfg(test)]
mod tests {
    use regions::Recipe;

    #[test]
    fn every_recipe_can_be_named() {
        for name in Recipe::NAMES {
            let text = format!("[regions]\nrecipe = \"{name}\"\nsize = {{ neurons = 2000.0 }}\n");
            let plan = crate::Scenario::parse(&text, "x.toml").and_then(|s| s.plan());
            let plan = plan.unwrap_or_else(|e| panic!("{}", e.render()));
            assert!(plan.network.populations[0].name.starts_with("column."), "{name}");
        }
    }
}
