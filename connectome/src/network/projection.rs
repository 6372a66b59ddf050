//! Projections: all synapses from one population to another that follow one rule.

use serde::{Deserialize, Serialize};

use super::{Network, PopulationIndex, Value};

/// How connection probability falls with distance (in mm).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "shape")]
pub enum Decay {
    /// `exp(-distance / length)`.
    Exponential {
        /// Space constant in mm.
        length: f64,
    },
    /// `exp(-distance^2 / (2 sigma^2))`.
    Gaussian {
        /// Standard deviation in mm.
        sigma: f64,
    },
    /// `max(0, 1 - distance / range)`.
    Linear {
        /// Distance in mm at which the probability reaches zero.
        range: f64,
    },
    /// 1 up to `range`, 0 beyond.
    Cutoff {
        /// Largest distance in mm.
        range: f64,
    },
}

/// One synapse of an explicit edge list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edge {
    /// Index of the source neuron in its population.
    pub source: u32,
    /// Index of the target neuron in its population.
    pub target: u32,
    /// Weight in the unit of the target's receptor.
    pub weight: f64,
    /// Delay in ms.
    pub delay: f64,
}

/// Which pairs of neurons are connected. Names and meanings are NEST's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Rule {
    /// Neuron i to neuron i; both populations have the same size.
    OneToOne,
    /// Every source to every target.
    AllToAll,
    /// Every target receives exactly this many synapses.
    FixedIndegree {
        /// Synapses per target.
        indegree: u32,
    },
    /// Every source makes exactly this many synapses.
    FixedOutdegree {
        /// Synapses per source.
        outdegree: u32,
    },
    /// Exactly this many synapses in all, ends drawn independently.
    FixedTotalNumber {
        /// Synapses in all.
        number: u64,
    },
    /// Each pair once with this probability (times the decay with distance, where given).
    PairwiseBernoulli {
        /// Probability, at distance 0 where there is a decay.
        p: f64,
        /// Decay with distance.
        decay: Option<Decay>,
    },
    /// Each pair a Poisson number of times with this mean.
    PairwisePoisson {
        /// Mean number of synapses per pair.
        mean: f64,
    },
    /// Exactly these synapses; weight and delay of the projection are ignored.
    Edges {
        /// The synapses.
        edges: Vec<Edge>,
    },
}

/// How synapses are kept in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// The engine decides.
    #[default]
    Auto,
    /// In memory.
    Stored,
    /// Regenerated whenever the source fires.
    Procedural,
}

/// All synapses of one rule from one population to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Where spikes come from.
    pub source: PopulationIndex,
    /// Where they arrive.
    pub target: PopulationIndex,
    /// Which pairs are connected.
    pub rule: Rule,
    /// A neuron may connect to itself (only where source and target are one population).
    pub allow_autapses: bool,
    /// A pair may be connected more than once.
    pub allow_multapses: bool,
    /// Weight in the unit of the receptor; the sign chooses the receptor.
    pub weight: Value,
    /// Delay in ms, rounded to steps, at least one step.
    pub delay: Value,
    /// How to keep it.
    pub storage: Storage,
}

impl Projection {
    /// A projection with the field's defaults: autapses and multapses allowed, storage automatic.
    pub fn new(source: PopulationIndex, target: PopulationIndex, rule: Rule, weight: Value, delay: Value) -> Self {
        Projection { source, target, rule, allow_autapses: true, allow_multapses: true, weight, delay, storage: Storage::Auto }
    }

    /// Expected number of synapses; exact where the rule fixes it. A decay with distance is not
    /// counted in, so the number is then an upper bound.
    pub fn expected_synapses(&self, network: &Network) -> f64 {
        let n_source = f64::from(network.populations[self.source].size);
        let n_target = f64::from(network.populations[self.target].size);
        let forbidden = if self.source == self.target && !self.allow_autapses { n_source } else { 0.0 };
        match &self.rule {
            Rule::OneToOne => n_source,
            Rule::AllToAll => n_source * n_target - forbidden,
            Rule::FixedIndegree { indegree } => n_target * f64::from(*indegree),
            Rule::FixedOutdegree { outdegree } => n_source * f64::from(*outdegree),
            Rule::FixedTotalNumber { number } => *number as f64,
            Rule::PairwiseBernoulli { p, .. } => (n_source * n_target - forbidden) * p,
            Rule::PairwisePoisson { mean } => (n_source * n_target - forbidden) * mean,
            Rule::Edges { edges } => edges.len() as f64,
        }
    }
}
