//! What was typed: a file, a variant, overrides.

use std::path::Path;

use toml::Value;

use crate::checksum::Fnv;
use crate::document::{Document, Override, Resolved};
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::library::Library;
use crate::plan::Plan;
use crate::schema::{Edges, Spec};

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
        self.plan_with(&Library::default())
    }

    /// The same; connectomes come from `library`, which loads each only once.
    pub fn plan_with(&self, library: &Library) -> Result<Plan, Error> {
        let resolved = self.document.resolve()?;
        let spec = read(&resolved)?;
        Plan::new(resolved, spec, library)
    }

    /// A number that changes when the results could: over all keys with their defaults, variant and overrides laid over,
    /// and over the files that they name. What only names things for people is left out.
    pub fn fingerprint(&self, library: &Library) -> Result<u64, Error> {
        let resolved = self.document.resolve()?;
        let mut spec = read(&resolved)?;
        (spec.name, spec.description, spec.output) = Default::default();
        let folder = resolved.file().parent().unwrap_or(Path::new(""));
        let mut sum = Fnv::default();
        sum.add(toml::to_string(&spec).expect("a scenario has only values that TOML knows").as_bytes());
        let connectome = spec.connectome.as_ref().and_then(|c| c.path.as_ref()).map(|path| (path.clone(), KeyPath::of("connectome.path")));
        let edges = spec.projections.iter().enumerate().filter_map(|(i, projection)| match &projection.edges {
            Some(Edges::File(file)) => Some((file.into(), KeyPath::of("projections").index(i).key("edges"))),
            _ => None,
        });
        for (path, key) in connectome.into_iter().chain(edges) {
            let content = library.checksum(&folder.join(path)).map_err(|e| resolved.error(&key, Cause::Read(e)))?;
            sum.add(&content.to_le_bytes());
        }
        Ok(sum.value())
    }

    /// This scenario with more overrides, checked.
    pub(crate) fn laid(&self, changes: impl IntoIterator<Item = Override>) -> Result<Self, Error> {
        let mut document = self.document.clone();
        changes.into_iter().for_each(|change| document.lay(change));
        Scenario::checked(document)
    }

    fn checked(document: Document) -> Result<Self, Error> {
        read(&document.resolve()?)?;
        Ok(Scenario { document })
    }
}

fn read(resolved: &Resolved) -> Result<Spec, Error> {
    resolved.read(Value::Table(resolved.table.clone()), &KeyPath::root())
}
