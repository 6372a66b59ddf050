//! From what was typed to what will run.

mod brain;
mod check;
mod difference;
mod edges;
mod origins;
mod positions;
mod projections;
mod recording;
mod stimuli;
mod values;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use connectome::Connectome;
use connectome::network::{Network, Population, Rule, Storage};
use models::Description;

use crate::document::Resolved;
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::library::Library;
use crate::schema::{Names, PopulationSection, Required, Spec};
use crate::{names, schema};

use origins::{Keys, Origins};

pub use difference::{Difference, differences};
pub use origins::Part;
pub use recording::{Recording, StateRecording};

/// Most steps of a run: times fit into 32 bits with room for delays.
pub const MAX_STEPS: u64 = 1 << 31;

/// Time and randomness, resolved. Times in ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Length of a step.
    pub dt: f64,
    /// Biological time to simulate, the warm-up included.
    pub duration: f64,
    /// Time at the start that rates and statistics leave out.
    pub warmup: f64,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Steps in `duration`.
    pub steps: u64,
    /// Steps in `warmup`.
    pub warmup_steps: u64,
}

/// What will run. All that was checked, nothing that is only typed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name of the scenario.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// Time and randomness.
    pub simulation: Timing,
    /// Populations, projections, stimuli.
    pub network: Network,
    /// Brain regions and tracts as the network was made from them.
    pub connectome: Option<Connectome>,
    /// What is written to disk.
    pub recording: Recording,
    /// Folder for results.
    pub output: PathBuf,
    /// The variant that was chosen.
    pub variant: Option<String>,
    /// The scenario with all defaults written out, variant and overrides laid over.
    pub scenario: Spec,
    /// Files that were read.
    pub sources: Vec<PathBuf>,
    origins: Origins,
}

impl Plan {
    pub(crate) fn new(document: Resolved, mut spec: Spec, library: &Library) -> Result<Self, Error> {
        let simulation = timing(&document, &spec.simulation)?;
        let mut builder = Builder::new(&document, simulation, library);
        let connectome = builder.brain(&mut spec)?;
        builder.populations(&mut spec)?;
        builder.check_populations()?;
        builder.projections(&spec)?;
        builder.keep(spec.simulation.storage);
        builder.stimuli(&mut spec)?;
        builder.check_wiring()?;
        let recording = builder.recording(&spec.record)?;
        if spec.name.is_empty() {
            spec.name = document.file().file_stem().map_or_else(|| "scenario".to_owned(), |s| s.to_string_lossy().into_owned());
        }
        let unfit = spec.name.contains(['/', '\\', '\0']) || spec.name.starts_with('.');
        if unfit {
            let cause = Cause::unexpected(format!("\"{}\"", spec.name), "a name that can be the name of a folder");
            return Err(document.error(&KeyPath::of("name"), cause));
        }
        let output = spec.output.folder.clone().unwrap_or_else(|| Path::new("out").join(&spec.name));
        spec.output.folder = Some(output.clone());
        spec.variant = None;
        spec.variants.clear();
        spec.resolved.clear();
        let Builder { network, sources, keys, .. } = builder;
        let variant = document.variant.clone();
        let (name, description) = (spec.name.clone(), spec.description.clone());
        let origins = Origins { document, keys };
        Ok(Plan { name, description, simulation, network, connectome, recording, output, variant, scenario: spec, sources, origins })
    }
}

fn timing(document: &Resolved, given: &schema::Simulation) -> Result<Timing, Error> {
    let here = KeyPath::of("simulation");
    let dt = given.dt.0;
    let refuse = |key: &str, found: String, expected: String| Err(document.error(&here.key(key), Cause::unexpected(found, expected)));
    if !(dt > 0.0 && dt.is_finite()) {
        return refuse("dt", given.dt.to_string(), "a step longer than 0 ms".to_owned());
    }
    let steps = given.duration.0 / dt;
    if steps < 1.0 - 1e-9 {
        return refuse("duration", given.duration.to_string(), format!("at least one step of {}", given.dt));
    }
    if steps > MAX_STEPS as f64 {
        return refuse("duration", format!("{} ({steps:.3e} steps)", given.duration), format!("at most {MAX_STEPS} steps of {}", given.dt));
    }
    let duration_steps = whole_steps(document, &here.key("duration"), given.duration, given.dt)?;
    if !(given.warmup.0 >= 0.0 && given.warmup.0 < given.duration.0) {
        return refuse("warmup", given.warmup.to_string(), format!("a time from 0 ms to less than the duration of {}", given.duration));
    }
    let warmup_steps = whole_steps(document, &here.key("warmup"), given.warmup, given.dt)?;
    Ok(Timing { dt, duration: given.duration.0, warmup: given.warmup.0, seed: given.seed.0, steps: duration_steps, warmup_steps })
}

/// A time in steps; an error if it is not a multiple of `dt`.
fn whole_steps(document: &Resolved, key: &KeyPath, time: models::units::Millis, dt: models::units::Millis) -> Result<u64, Error> {
    let steps = time.0 / dt.0;
    if (steps - steps.round()).abs() > 1e-6 * steps.max(1.0) {
        return Err(document.error(key, Cause::unexpected(time, format!("a multiple of the step of {dt}"))));
    }
    Ok(steps.round() as u64)
}

/// A network in the making, and which key each part of it comes from.
struct Builder<'a> {
    document: &'a Resolved,
    library: &'a Library,
    timing: Timing,
    models: BTreeMap<&'static str, Description>,
    network: Network,
    keys: Keys,
    sources: Vec<PathBuf>,
}

impl Builder<'_> {
    /// Keeps the synapses of all projections that do not say otherwise in this way. Explicit edges exist only
    /// where they are stored.
    fn keep(&mut self, storage: schema::StorageName) {
        for projection in &mut self.network.projections {
            if projection.storage == Storage::Auto && !matches!(projection.rule, Rule::Edges { .. }) {
                projection.storage = storage.into();
            }
        }
    }
}

impl<'a> Builder<'a> {
    fn new(document: &'a Resolved, timing: Timing, library: &'a Library) -> Self {
        Builder {
            document,
            library,
            timing,
            models: models::descriptions().into_iter().map(|d| (d.name, d)).collect(),
            network: Network::default(),
            keys: Keys::default(),
            sources: vec![document.file().to_owned()],
        }
    }

    /// The path of a file that a scenario names, relative to the scenario's own folder.
    fn path(&mut self, given: &Path) -> PathBuf {
        let folder = self.document.file().parent().unwrap_or(Path::new(""));
        let path = folder.join(given);
        self.sources.push(path.clone());
        path
    }

    /// An error about the key `name` of the table that something was made from.
    fn blame(&self, origin: &KeyPath, name: &str, cause: impl Into<Cause>) -> Error {
        self.document.error(&origins::key(origin, name), cause)
    }

    fn required<'b, T>(&self, value: &'b Required<T>, table: &KeyPath, name: &str) -> Result<&'b T, Error> {
        value.0.as_ref().ok_or_else(|| self.document.error(table, Cause::missing(name, "")))
    }

    fn populations(&mut self, spec: &mut Spec) -> Result<(), Error> {
        for (name, section) in &mut spec.populations {
            let table = KeyPath::of("populations").key(name);
            if self.network.population(name).is_some() {
                return Err(self.document.error(&table, Cause::Duplicate { name: name.clone() }));
            }
            let population = self.population(name, section, &table)?;
            self.network.populations.push(population);
            self.keys.populations.push(table);
        }
        Ok(())
    }

    /// Resolves a population, and writes the model's defaults into its table.
    fn population(&mut self, name: &str, section: &mut PopulationSection, table: &KeyPath) -> Result<Population, Error> {
        let model = self.required(&section.model, table, "model")?.clone();
        let description = self.model(&model, &table.key("model"))?.clone();
        let size = self.required(&section.size, table, "size")?.0;
        let size = match u32::try_from(size) {
            Ok(size) if size > 0 => size,
            _ => {
                let cause = Cause::unexpected(size, format!("a number of neurons from 1 to {}", u32::MAX));
                return Err(self.document.error(&table.key("size"), cause));
            }
        };
        let mut params = BTreeMap::new();
        for (param, quantity) in &section.params {
            let key = table.key("params").key(param);
            let info =
                description.params.iter().find(|p| p.name == param).ok_or_else(|| {
                    self.document.error(&key, Cause::unknown("parameter", param, description.params.iter().map(|p| p.name)))
                })?;
            params.insert(param.clone(), self.quantity(quantity, &key, info.unit)?);
        }
        let may_be_compact = description.compact;
        let mut initial = BTreeMap::new();
        for (variable, distribution) in &section.initial {
            let key = table.key("initial").key(variable);
            let field = description.state.iter().find(|f| f.name == variable).ok_or_else(|| {
                self.document.error(&key, Cause::unknown("state variable", variable, description.state.iter().map(|f| f.name)))
            })?;
            initial.insert(variable.clone(), self.value(distribution, &key, field.unit, values::Bounds::NONE)?);
        }
        // A default that no text can say, such as no bound at all, stays a default.
        for info in description.params.iter().filter(|info| info.default.is_finite()) {
            section.params.entry(info.name.to_owned()).or_insert_with(|| models::units::Quantity::new(info.default, info.unit));
        }
        let positions = match &section.positions {
            Some(given) => self.positions(given, size, &table.key("positions"))?,
            None => Vec::new(),
        };
        let region = section.region.as_ref().map(|label| self.region(label, &table.key("region"))).transpose()?;
        let compact = section.state == schema::StateName::Compact;
        if compact && !may_be_compact {
            let forms: Vec<_> = self.models.values().filter(|d| d.compact).map(|d| format!("`{}`", d.name)).collect();
            let expected = format!("\"full\": only {} can be kept in 16 bits", forms.join(", "));
            return Err(self.document.error(&table.key("state"), Cause::unexpected("\"compact\"".to_owned(), expected)));
        }
        Ok(Population { name: name.to_owned(), region, size, model, params, initial, compact, positions })
    }

    /// The description of a model.
    fn model(&self, name: &str, key: &KeyPath) -> Result<&Description, Error> {
        self.models.get(name).ok_or_else(|| self.document.error(key, Cause::unknown("neuron model", name, self.models.keys().copied())))
    }

    /// The index of a region. Without a connectome a scenario's regions are those that it names.
    fn region(&mut self, label: &str, key: &KeyPath) -> Result<usize, Error> {
        let regions = &mut self.network.regions;
        if let Some(index) = regions.iter().position(|r| r == label) {
            return Ok(index);
        }
        if self.document.table.contains_key("connectome") {
            return Err(self.document.error(key, Cause::unknown("region", label, regions.iter().map(String::as_str))));
        }
        regions.push(label.to_owned());
        Ok(regions.len() - 1)
    }

    /// Populations with these names, in the network's order for each pattern.
    fn named(&self, given: &Names, key: &KeyPath) -> Result<Vec<usize>, Error> {
        let populations = &self.network.populations;
        let mut found = Vec::new();
        for (i, name) in given.0.iter().enumerate() {
            let key = if given.0.len() == 1 { key.clone() } else { key.index(i) };
            if names::is_pattern(name) {
                let before = found.len();
                found.extend((0..populations.len()).filter(|p| names::fits(name, &populations[*p].name)));
                if found.len() == before {
                    return Err(self.document.error(&key, Cause::EmptyPattern { pattern: name.clone() }));
                }
            } else {
                let unknown = || Cause::unknown("population", name, populations.iter().map(|p| p.name.as_str()));
                found.push(self.network.population(name).ok_or_else(|| self.document.error(&key, unknown()))?);
            }
        }
        if found.is_empty() {
            return Err(self.document.error(key, Cause::unexpected("an empty list", "the name of a population")));
        }
        // Two patterns may name one population: it still gets its synapses once.
        let mut seen = std::collections::HashSet::new();
        found.retain(|p| seen.insert(*p));
        Ok(found)
    }
}
