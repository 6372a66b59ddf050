//! What was typed: a file, a variant, overrides.

use std::path::Path;

use toml::Value;

use crate::document::{Document, Resolved};
use crate::error::Error;
use crate::key::KeyPath;
use crate::plan::Plan;
use crate::schema::Spec;

/// A scenario as it was typed. [`Scenario::plan`] makes it into what will run.
#[derive(Clone, Debug)]
pub struct Scenario {
    document: Document,
}

impl Scenario {
    /// Reads a scenario file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Scenario::checked(Document::load(path.as_ref())?)
    }

    /// Reads a scenario from text. Messages call it `file`, and relative paths start at its folder.
    pub fn parse(text: &str, file: impl AsRef<Path>) -> Result<Self, Error> {
        Scenario::checked(Document::parse(text, file.as_ref())?)
    }

    /// Changes one key: `simulation.duration=2 s`. The value is TOML; what is not TOML is taken as
    /// text. Elements of lists are reached by their name or index: `projections.0.weight=1 pA`.
    /// Overrides win over the variant; the last of two for one key wins.
    pub fn set(&mut self, assignment: &str) -> Result<(), Error> {
        let mut changed = self.clone();
        changed.document.set(assignment)?;
        *self = Scenario::checked(changed.document)?;
        Ok(())
    }

    /// Names of the variants in the file.
    pub fn variants(&self) -> Vec<String> {
        self.document.variants()
    }

    /// What was typed, with variant and overrides laid over, units still as text.
    pub fn spec(&self) -> Result<Spec, Error> {
        read(&self.document.resolve()?)
    }

    /// Loads, computes and checks everything that will run.
    pub fn plan(&self) -> Result<Plan, Error> {
        let resolved = self.document.resolve()?;
        let spec = read(&resolved)?;
        Plan::new(resolved, spec)
    }

    fn checked(document: Document) -> Result<Self, Error> {
        read(&document.resolve()?)?;
        Ok(Scenario { document })
    }
}

fn read(resolved: &Resolved) -> Result<Spec, Error> {
    resolved.read(Value::Table(resolved.table.clone()), &KeyPath::root())
}
