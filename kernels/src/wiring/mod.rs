//! Connection rules as functions from a source neuron to its row of synapses.
//!
//! Every rule is seen from the source, so that a row can be made alone: by the thread that stores it,
//! or each time the source fires. Where a rule fixes something across sources (a total number, exact
//! indegrees), a binary tree of counter-based draws tells a source its share (see [`shares`]).
//! Only an exact indegree without autapses or multapses cannot be had this way; it is drawn by target
//! once and listed.

pub mod bundle;
mod listed;
mod on_device;
mod row;
pub mod shares;
mod thinning;

use std::ops::Range;
use std::sync::Arc;

use connectome::network::{Network, Rule};

use crate::counts::{Binomial, Poisson};
use crate::permutation::Permutation;
use crate::quantile::Sampler;
use crate::random::{Purpose, Stream};
use listed::Listed;
pub use on_device::Reason;
pub use row::Row;
use row::{distance, to_steps};
use shares::Shares;
use thinning::Thinning;

/// Part of one source's row: what one projection contributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Index of the source in its population.
    pub source: u32,
    /// Index of the projection.
    pub projection: u32,
    /// Synapses (candidates, where distance decides).
    pub count: u64,
    /// Synapses of earlier sources, where the rule numbers them all.
    before: u64,
}

/// A projection, ready to make rows.
pub struct Prepared {
    /// Index of the projection.
    pub index: u32,
    /// Population that spikes come from.
    pub source: usize,
    /// Population where they arrive.
    pub target: usize,
    /// How weights are drawn.
    pub weight: Sampler,
    rule: Pattern,
    n_source: u64,
    n_target: u64,
    /// Sources and targets are one population and a neuron may not meet itself.
    skip_self: bool,
    allow_multapses: bool,
    delay: Sampler,
    dt: f64,
    streams: Streams,
    positions: Option<Positions>,
}

/// A rule, with what it takes to apply it to one source.
enum Pattern {
    /// Known from its description only.
    Undrawn,
    OneToOne,
    AllToAll,
    /// Exact indegrees: the slots of all targets are dealt to the sources.
    Slots {
        shares: Shares,
        slots: Permutation,
    },
    Outdegree(u64),
    Total(Shares),
    Bernoulli {
        partners: Binomial,
        /// What the distance does to that.
        thinning: Option<Thinning>,
    },
    Poisson(Poisson),
    Listed(Listed),
}

/// Positions of sources and of targets in mm.
type Positions = (Arc<[[f32; 3]]>, Arc<[[f32; 3]]>);

struct Streams {
    counts: Stream,
    targets: Stream,
    weights: Stream,
    delays: Stream,
    thinning: Stream,
}

/// All projections of a network, ready to make rows in steps of `dt` ms.
pub fn prepare(network: &Network, dt: f64, seed: u64) -> Vec<Prepared> {
    let mut all = describe(network, dt, seed);
    draw(&mut all, network, |_| true);
    all
}

/// Makes projections of `network` that were only described, as far as they are `wanted`, ready to make rows.
pub fn draw(all: &mut [Prepared], network: &Network, wanted: impl Fn(&Prepared) -> bool) {
    for (prepared, projection) in all.iter_mut().zip(&network.projections) {
        if matches!(prepared.rule, Pattern::Undrawn) && wanted(prepared) {
            prepared.rule = prepared.pattern(&projection.rule);
        }
    }
}

/// All projections of a network as far as nothing must be drawn for it: enough to ask for bounds of weights
/// and delays, however large the network is, but not for rows.
pub fn describe(network: &Network, dt: f64, seed: u64) -> Vec<Prepared> {
    // Positions are shared by all projections of a population.
    let positions: Vec<Arc<[[f32; 3]]>> = network.populations.iter().map(|p| Arc::from(p.positions.as_slice())).collect();
    (0..network.projections.len()).map(|index| Prepared::new(network, index, &positions, dt, seed)).collect()
}

impl Prepared {
    /// Projection `index` of `network` in steps of `dt` ms, with what its rule draws across sources left open.
    fn new(network: &Network, index: usize, positions: &[Arc<[[f32; 3]]>], dt: f64, seed: u64) -> Self {
        let projection = &network.projections[index];
        let (source, target) = (&network.populations[projection.source], &network.populations[projection.target]);
        let stream = |purpose| Stream::new(seed, purpose, index as u64);
        let needs_positions = projection.weight.needs_positions()
            || projection.delay.needs_positions()
            || matches!(projection.rule, Rule::PairwiseBernoulli { decay: Some(_), .. });
        let mut prepared = Prepared {
            index: index as u32,
            source: projection.source,
            target: projection.target,
            weight: Sampler::new(&projection.weight, 1.0, f64::NEG_INFINITY),
            rule: Pattern::Undrawn,
            n_source: u64::from(source.size),
            n_target: u64::from(target.size),
            skip_self: projection.source == projection.target && !projection.allow_autapses,
            allow_multapses: projection.allow_multapses,
            delay: Sampler::new(&projection.delay, 1.0 / dt, 0.5 * dt),
            dt,
            streams: Streams {
                counts: stream(Purpose::Counts),
                targets: stream(Purpose::Targets),
                weights: stream(Purpose::Weights),
                delays: stream(Purpose::Delays),
                thinning: stream(Purpose::Thinning),
            },
            positions: needs_positions.then(|| (positions[projection.source].clone(), positions[projection.target].clone())),
        };
        let drawn_across_sources = matches!(projection.rule, Rule::FixedIndegree { .. } | Rule::FixedTotalNumber { .. });
        if !drawn_across_sources {
            prepared.rule = prepared.pattern(&projection.rule);
        }
        prepared
    }

    fn pattern(&self, rule: &Rule) -> Pattern {
        let shares = |total, capacity| Shares::new(total, self.n_source, capacity, self.streams.counts);
        match rule {
            Rule::OneToOne => Pattern::OneToOne,
            Rule::AllToAll => Pattern::AllToAll,
            Rule::FixedIndegree { indegree } if self.skip_self || !self.allow_multapses => {
                Pattern::Listed(Listed::indegrees(self, *indegree))
            }
            Rule::FixedIndegree { indegree } => {
                // One permutation for the whole projection; no source is called u64::MAX.
                let key = self.streams.targets.key(u64::MAX);
                let slots = Permutation::grouped(self.n_target.max(1), (*indegree).max(1), key);
                Pattern::Slots { shares: shares(self.n_target * u64::from(*indegree), None), slots }
            }
            Rule::FixedOutdegree { outdegree } => Pattern::Outdegree(u64::from(*outdegree)),
            Rule::FixedTotalNumber { number } => Pattern::Total(shares(*number, (!self.allow_multapses).then(|| self.choices()))),
            Rule::PairwiseBernoulli { p, decay } => {
                Pattern::Bernoulli { partners: Binomial::new(self.choices(), *p), thinning: decay.map(Thinning::from) }
            }
            Rule::PairwisePoisson { mean } => Pattern::Poisson(Poisson::new(mean * self.choices() as f64)),
            Rule::Edges { edges } => Pattern::Listed(Listed::edges(self.n_source, edges)),
        }
    }

    /// Smallest and largest weight that can occur.
    pub fn weight_bounds(&self) -> (f64, f64) {
        match self.all_edges() {
            Some(edges) => edges.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), e| (lo.min(e.weight), hi.max(e.weight))),
            None => {
                let (lo, hi) = self.weight.bounds(self.farthest());
                (f64::from(lo), f64::from(hi))
            }
        }
    }

    /// Smallest and largest delay in steps that can occur.
    pub fn delay_bounds(&self) -> (u32, u32) {
        match self.all_edges() {
            Some(edges) => edges.iter().fold((u32::MAX, 0), |(lo, hi), e| {
                let steps = u32::from(self.edge_steps(e));
                (lo.min(steps), hi.max(steps))
            }),
            None => {
                let (lo, hi) = self.delay.bounds(self.farthest());
                (u32::from(to_steps(lo)), u32::from(to_steps(hi)))
            }
        }
    }

    /// The delay in steps, where it is the same for all.
    pub(crate) fn constant_delay(&self) -> Option<u16> {
        match (&self.rule, &self.delay) {
            (Pattern::Listed(listed), _) if listed.all_edges().is_some() => None,
            (_, Sampler::Constant(delay)) => Some(to_steps(*delay)),
            _ => None,
        }
    }

    /// True if 16 bits cannot hold the spread of the weights: explicit edges, and distributions whose
    /// largest weight is far from the typical one.
    pub fn is_wide(&self) -> bool {
        if self.all_edges().is_some() {
            return true;
        }
        let (lo, hi) = self.weight_bounds();
        let typical = f64::from(self.weight.value(1 << 31, 0.5 * self.farthest())).abs();
        lo.abs().max(hi.abs()) > 64.0 * typical
    }

    /// Memory of what is kept to make rows, in bytes.
    pub fn bytes(&self) -> u64 {
        let kept = match &self.rule {
            Pattern::Slots { shares, .. } | Pattern::Total(shares) => shares.bytes(),
            Pattern::Listed(listed) => listed.bytes(),
            _ => 0,
        };
        size_of::<Self>() as u64 + kept
    }

    fn farthest(&self) -> f32 {
        let Some((a, b)) = &self.positions else { return 0.0 };
        let mut corners = [[f32::INFINITY; 3], [f32::NEG_INFINITY; 3]];
        for p in a.iter().chain(b.iter()) {
            for axis in 0..3 {
                corners[0][axis] = corners[0][axis].min(p[axis]);
                corners[1][axis] = corners[1][axis].max(p[axis]);
            }
        }
        distance(&corners[0], &corners[1])
    }

    /// Targets a source may choose from.
    fn choices(&self) -> u64 {
        self.n_target - u64::from(self.skip_self)
    }

    /// Calls `visit` for every non-empty part of the sources in `range`, in ascending order.
    pub fn parts(&self, range: Range<u32>, visit: &mut impl FnMut(Part)) {
        let projection = self.index;
        let mut each = |count: &dyn Fn(u32) -> u64| {
            for source in range.clone() {
                let count = count(source);
                if count > 0 {
                    visit(Part { source, projection, count, before: 0 });
                }
            }
        };
        let draws = |source: u32| self.streams.counts.sequence(u64::from(source));
        match &self.rule {
            Pattern::Undrawn => unreachable!("rows are made of prepared projections"),
            Pattern::OneToOne => each(&|_| 1),
            Pattern::AllToAll => each(&|_| self.choices()),
            Pattern::Outdegree(outdegree) => each(&|_| *outdegree),
            Pattern::Bernoulli { partners, .. } => each(&|s| partners.draw(&mut draws(s))),
            Pattern::Poisson(partners) => each(&|s| partners.draw(&mut draws(s))),
            Pattern::Listed(listed) => each(&|s| listed.count(s)),
            Pattern::Slots { shares, .. } | Pattern::Total(shares) => {
                let span = u64::from(range.start)..u64::from(range.end);
                shares.visit(span, &mut |source, count, before| visit(Part { source: source as u32, projection, count, before }));
            }
        }
    }
}
