//! What a user may write: one struct per table, units as text, nothing resolved.

mod choice;
mod edges;
pub(crate) mod section;
mod value;

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use models::units::{Degrees, Hertz, Millis, Picoamps, Quantity};

pub use choice::*;
pub use edges::{Edges, InlineEdge};
pub use section::{Key, Kind, Required, Section};
use section::{kinds, section};
pub use value::*;

section! {
    /// A scenario: the keys at the top of the file.
    pub struct Spec {
        /// Name of the scenario; the file's name where missing. Names the output folder.
        name: String,
        /// What it shows, for the report.
        description: String,
        /// Which of `[variants]` to lay over the rest.
        variant: Option<String>,
        /// Time and randomness.
        simulation: Simulation,
        /// Brain regions and tracts.
        connectome: Option<ConnectomeSection>,
        /// The recipe that turns regions into populations: `recipe = "..."`, and the recipe's own keys.
        regions: Option<Regions>,
        /// Populations of neurons, by name.
        populations: IndexMap<String, PopulationSection>,
        /// Synapses between populations.
        projections: Vec<ProjectionSection>,
        /// What drives the network.
        stimuli: Vec<StimulusSection>,
        /// What is written to disk.
        record: Record,
        /// Where it is written.
        output: Output,
        /// Named sets of changes: `[variants.NAME]` repeats keys of the file with other values. Elements of lists are reached by their `name` or index.
        #[serde(skip_serializing_if = "toml::Table::is_empty")]
        variants: toml::Table,
        /// What a plan states about itself: counts, checksum. Not read.
        #[serde(skip_serializing_if = "toml::Table::is_empty")]
        resolved: toml::Table,
    }
}

/// The raw `[regions]` table; its keys depend on the recipe.
pub type Regions = toml::Table;

section! {
    /// Time and randomness.
    pub struct Simulation {
        /// Length of a step.
        dt: Millis = Millis(0.1),
        /// Biological time to simulate, the warm-up included.
        duration: Millis = Millis(1000.0),
        /// Time at the start that rates and statistics leave out.
        warmup: Millis,
        /// Seed of all random numbers. The same seed gives the same spikes on any machine.
        seed: Count = Count(1),
        /// How synapses are kept, where a projection does not say: in memory as far as it reaches, or regenerated
        /// from random numbers each time a neuron fires. It never changes the spikes.
        storage: StorageName = StorageName::Auto,
    }
}

section! {
    /// Brain regions and tracts. Either `atlas` or `path` has to be there; the other keys change what was loaded, in their order here.
    pub struct ConnectomeSection {
        /// A built-in atlas: `braincog-sim atlases` lists them.
        atlas: Option<String>,
        /// A file of any format that `braincog-sim import` reads, relative to the scenario.
        path: Option<PathBuf>,
        /// Keep only these regions, in this order.
        subset: Option<Vec<String>>,
        /// Drop tracts whose weight is below this, in the unit of the weights.
        threshold: Option<f64>,
        /// Keep this fraction of the tracts, the strongest.
        strongest: Option<f64>,
        /// Add the other hemisphere as a mirror image; tracts also cross to it with this share of their weight.
        mirror: Option<f64>,
        /// Replace each weight by the mean of both directions.
        symmetrise: bool,
        /// Replace each weight `w` by `ln(1 + w / log)`.
        log: Option<f64>,
        /// Where no length is known, take the distance between the regions' centres times this.
        detour: Option<f64>,
        /// Divide all weights by their sum, by the sum over a target or a source, or by the largest.
        normalise: Option<NormalisationName>,
        /// Keep the tracts between regions; `false` cuts them all, and leaves what is inside regions as it is.
        tracts: bool = true,
    }
}

section! {
    /// Neurons of one model with the same parameters.
    pub struct PopulationSection {
        /// Neuron model: `braincog-sim models` lists them.
        model: Required<String>,
        /// Number of neurons.
        size: Required<Count>,
        /// Label of the region it belongs to.
        region: Option<String>,
        /// Parameters that differ from the model's defaults, with units.
        params: BTreeMap<String, Quantity>,
        /// Initial state variables that differ from the model's.
        initial: BTreeMap<String, Distribution>,
        /// How state variables are kept: in 32 bits or, for models that allow it, in 16.
        state: StateName = StateName::Full,
        /// Where the neurons lie, for rules that depend on distance.
        positions: Option<Positions>,
    }
}

section! {
    /// All synapses of one rule. Several sources or targets make one projection for each pair of populations.
    pub struct ProjectionSection {
        /// A name to reach it by, in variants and overrides.
        name: Option<String>,
        /// Population or populations where spikes come from.
        source: Required<Names>,
        /// Population or populations where they arrive.
        target: Required<Names>,
        /// Which pairs of neurons are connected.
        rule: Required<RuleName>,
        /// Synapses per target, for `fixed_indegree`.
        indegree: Option<Count>,
        /// Synapses per source, for `fixed_outdegree`.
        outdegree: Option<Count>,
        /// Synapses in all, for `fixed_total_number`.
        number: Option<Count>,
        /// Probability of each pair, for `pairwise_bernoulli`; at distance 0 where there is a `decay`.
        p: Option<f64>,
        /// Mean number of synapses per pair, for `pairwise_poisson`.
        mean: Option<f64>,
        /// How `p` falls with distance.
        decay: Option<DecayShape>,
        /// The synapses, for `edges`.
        edges: Option<Edges>,
        /// Weight, in the unit of the target's receptor. Its sign chooses the receptor.
        weight: Option<Distribution>,
        /// Time between spike and arrival; at least `dt`, rounded to steps.
        delay: Option<Distribution>,
        /// Let a neuron connect to itself.
        allow_autapses: bool = true,
        /// Let a pair be connected more than once.
        allow_multapses: bool = true,
        /// How synapses are kept: in memory, or regenerated from random numbers when needed.
        storage: StorageName = StorageName::Auto,
    }
}

section! {
    /// What drives a population.
    pub struct StimulusSection {
        /// A name to reach it by, in variants and overrides.
        name: Option<String>,
        /// What it does.
        kind: Required<StimulusName>,
        /// Population or populations it drives.
        target: Required<Names>,
        /// Drive only these neurons of each population.
        neurons: Option<[u32; 2]>,
        /// Active from this time on.
        start: Millis,
        /// Active until this time; to the end where missing.
        stop: Option<Millis>,
        /// Time between generator and neuron; `dt` where missing.
        delay: Option<Millis>,
        /// Spikes per second and neuron, for `poisson_generator`.
        rate: Option<Steps>,
        /// Weight of each spike, for `poisson_generator` and `spike_generator`.
        weight: Option<Quantity>,
        /// Spike times, ascending, for `spike_generator`.
        times: Option<Vec<Millis>>,
        /// Current, for `dc_generator`, `step_current_generator` (steps) and `ac_generator` (of the sine).
        amplitude: Option<Steps>,
        /// Constant part, for `ac_generator`; 0 where missing.
        offset: Option<Picoamps>,
        /// Frequency, for `ac_generator`.
        frequency: Option<Hertz>,
        /// Phase at time 0, for `ac_generator`; 0 where missing.
        phase: Option<Degrees>,
        /// Mean current, for `noise_generator` and `ou_current`; 0 where missing.
        mean: Option<Picoamps>,
        /// Standard deviation of the current, for `noise_generator` and `ou_current`.
        std: Option<Picoamps>,
        /// How long each value is held, for `noise_generator`; 1 ms where missing.
        interval: Option<Millis>,
        /// Correlation time, for `ou_current`.
        tau: Option<Millis>,
    }
}

section! {
    /// What is written to disk.
    pub struct Record {
        /// Whose spikes are recorded.
        spikes: Chosen = Chosen::All(true),
        /// Rates of populations and regions are counted in bins of this length.
        rate_bin: Millis = Millis(5.0),
        /// State variables of chosen neurons.
        states: Vec<StateSection>,
    }
}

section! {
    /// State variables of chosen neurons, sampled.
    pub struct StateSection {
        /// Population or populations.
        population: Required<Names>,
        /// State variables, such as `V_m`: `braincog-sim models NAME` lists them.
        variables: Vec<String>,
        /// Which neurons; all where missing.
        neurons: Option<[u32; 2]>,
        /// Time between samples.
        interval: Millis = Millis(1.0),
    }
}

section! {
    /// Where results go.
    pub struct Output {
        /// Folder, relative to the working folder; `out/NAME` where missing.
        folder: Option<PathBuf>,
    }
}

section! {
    /// A sweep: one scenario, and what changes from point to point. Its points are all combinations of what `grid`, `lists`, `random` and `seeds` say.
    pub struct SweepSpec {
        /// Name of the sweep; the file's name where missing. Names the output folder.
        name: String,
        /// What it asks, for the comparison page.
        description: String,
        /// The scenario that is run at every point, relative to this file.
        scenario: Required<PathBuf>,
        /// Keys of the scenario that are the same at all points.
        set: toml::Table,
        /// Keys of the scenario with a list of values each; every combination is a point.
        grid: toml::Table,
        /// Keys of the scenario with lists of one length, gone through side by side.
        lists: toml::Table,
        /// Keys of the scenario with a distribution each, from which every draw takes a value.
        random: toml::Table,
        /// How many times the values of `[random]` are drawn.
        draws: Option<Count>,
        /// Seed of these draws. The same seed gives the same values, however many are drawn.
        draw_seed: Count = Count(1),
        /// Every point is run once with each of these values of `simulation.seed`.
        seeds: Vec<Count>,
    }
}

kinds! {
    toml::Table: "table",
    Simulation: "table",
    ConnectomeSection: "table",
    PopulationSection: "table",
    ProjectionSection: "table",
    StimulusSection: "table",
    StateSection: "table",
    Record: "table",
    Output: "table",
}
