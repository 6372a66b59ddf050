//! Connection rules as functions from a source neuron to its row of synapses.
//!
//! Every rule is seen from the source, so that a row can be made alone: by the thread that stores it,
//! or each time the source fires. Where a rule fixes something across sources (a total number, exact
//! indegrees), a binary tree of counter-based draws tells a source its share (see [`counts::split`]).
//! Only an exact indegree without autapses or multapses cannot be had this way; it is drawn by target
//! once and listed.

use std::ops::Range;

use connectome::network::{Decay, Edge, Network, Projection, Rule};

use crate::counts;
use crate::permutation::Permutation;
use crate::quantile::Sampler;
use crate::random::{Purpose, Stream};

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

/// Synapses of one part.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Index of the target in its population.
    pub targets: Vec<u32>,
    /// Delay in steps.
    pub delays: Vec<u16>,
    /// Weight in the unit of the receptor.
    pub weights: Vec<f32>,
    words: Vec<u32>,
    distances: Vec<f32>,
}

/// A projection, ready to make rows.
pub struct Prepared<'a> {
    projection: &'a Projection,
    index: u32,
    n_source: u64,
    n_target: u64,
    /// Sources and targets are one population and a neuron may not meet itself.
    skip_self: bool,
    weight: Sampler,
    delay: Sampler,
    streams: Streams,
    listed: Option<Listed>,
    positions: Option<Positions<'a>>,
}

/// Positions of sources and of targets in mm.
type Positions<'a> = (&'a [[f32; 3]], &'a [[f32; 3]]);

struct Streams {
    counts: Stream,
    targets: Stream,
    weights: Stream,
    delays: Stream,
    thinning: Stream,
}

/// Synapses listed by source: `rows[source]..rows[source + 1]` into the rest.
struct Listed {
    rows: Vec<u64>,
    targets: Vec<u32>,
    edges: Vec<Edge>,
}

impl<'a> Prepared<'a> {
    /// Prepares projection `index` of `network` for steps of `dt` ms.
    pub fn new(network: &'a Network, index: usize, dt: f64, seed: u64) -> Self {
        let projection = &network.projections[index];
        let (source, target) = (&network.populations[projection.source], &network.populations[projection.target]);
        let stream = |purpose| Stream::new(seed, purpose, index as u64);
        let needs_positions = projection.weight.needs_positions()
            || projection.delay.needs_positions()
            || matches!(projection.rule, Rule::PairwiseBernoulli { decay: Some(_), .. });
        let mut prepared = Prepared {
            projection,
            index: index as u32,
            n_source: u64::from(source.size),
            n_target: u64::from(target.size),
            skip_self: projection.source == projection.target && !projection.allow_autapses,
            weight: Sampler::new(&projection.weight, 1.0, f64::NEG_INFINITY),
            delay: Sampler::new(&projection.delay, 1.0 / dt, 0.5 * dt),
            streams: Streams {
                counts: stream(Purpose::Counts),
                targets: stream(Purpose::Targets),
                weights: stream(Purpose::Weights),
                delays: stream(Purpose::Delays),
                thinning: stream(Purpose::Thinning),
            },
            listed: None,
            positions: needs_positions.then_some((source.positions.as_slice(), target.positions.as_slice())),
        };
        prepared.listed = prepared.list();
        prepared
    }

    /// The projection as it was described.
    pub fn projection(&self) -> &'a Projection {
        self.projection
    }

    /// How weights are drawn.
    pub fn weight(&self) -> &Sampler {
        &self.weight
    }

    /// Smallest and largest weight that can occur.
    pub fn weight_bounds(&self) -> (f64, f64) {
        match &self.projection.rule {
            Rule::Edges { edges } => {
                edges.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), e| (lo.min(e.weight), hi.max(e.weight)))
            }
            _ => {
                let (lo, hi) = self.weight.bounds(self.farthest());
                (f64::from(lo), f64::from(hi))
            }
        }
    }

    /// Smallest and largest delay in steps that can occur.
    pub fn delay_bounds(&self, dt: f64) -> (u32, u32) {
        match &self.projection.rule {
            Rule::Edges { edges } => edges.iter().fold((u32::MAX, 0), |(lo, hi), e| {
                let steps = to_steps((e.delay / dt) as f32);
                (lo.min(u32::from(steps)), hi.max(u32::from(steps)))
            }),
            _ => {
                let (lo, hi) = self.delay.bounds(self.farthest());
                (u32::from(to_steps(lo)), u32::from(to_steps(hi)))
            }
        }
    }

    fn farthest(&self) -> f32 {
        let Some((a, b)) = self.positions else { return 0.0 };
        let mut corners = [[f32::INFINITY; 3], [f32::NEG_INFINITY; 3]];
        for p in a.iter().chain(b) {
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
        let part = |source: u32, count: u64, before: u64| Part { source, projection: self.index, count, before };
        let mut each = |count: &dyn Fn(u32) -> u64| {
            for source in range.clone() {
                let n = count(source);
                if n > 0 {
                    visit(part(source, n, 0));
                }
            }
        };
        let draws = |source: u32| self.streams.counts.sequence(u64::from(source));
        if let Some(listed) = &self.listed {
            return each(&|s| listed.rows[s as usize + 1] - listed.rows[s as usize]);
        }
        match self.projection.rule {
            Rule::OneToOne => each(&|_| 1),
            Rule::AllToAll => each(&|_| self.choices()),
            Rule::FixedOutdegree { outdegree } => each(&|_| u64::from(outdegree)),
            Rule::PairwiseBernoulli { p, .. } => each(&|s| counts::binomial(self.choices(), p, &mut draws(s))),
            Rule::PairwisePoisson { mean } => each(&|s| counts::poisson(mean * self.choices() as f64, &mut draws(s))),
            Rule::FixedTotalNumber { number } => {
                let capacity = (!self.projection.allow_multapses).then(|| self.choices());
                let span = u64::from(range.start)..u64::from(range.end);
                counts::split(number, self.n_source, capacity, span, &self.streams.counts, &mut |s, n, before| {
                    visit(part(s as u32, n, before))
                });
            }
            Rule::FixedIndegree { indegree } => {
                let span = u64::from(range.start)..u64::from(range.end);
                let total = self.n_target * u64::from(indegree);
                counts::split(total, self.n_source, None, span, &self.streams.counts, &mut |s, n, before| visit(part(s as u32, n, before)));
            }
            Rule::Edges { .. } => unreachable!("explicit edges are listed"),
        }
    }

    /// Makes the synapses of one part.
    pub fn row(&self, part: &Part, dt: f64, row: &mut Row) {
        row.targets.clear();
        row.delays.clear();
        row.weights.clear();
        if let Some(listed) = &self.listed {
            let span = listed.rows[part.source as usize] as usize..listed.rows[part.source as usize + 1] as usize;
            if !listed.edges.is_empty() {
                for edge in &listed.edges[span] {
                    row.targets.push(edge.target);
                    row.delays.push(to_steps((edge.delay / dt) as f32));
                    row.weights.push(edge.weight as f32);
                }
                return;
            }
            row.targets.extend_from_slice(&listed.targets[span]);
        } else {
            self.targets(part, row);
        }
        self.measure(part.source, row);
        self.thin(part.source, row);
        self.draw_values(part.source, row);
    }

    /// Fills in the targets.
    fn targets(&self, part: &Part, row: &mut Row) {
        let source = u64::from(part.source);
        let n = part.count as usize;
        let past_self = |t: u64| (t + u64::from(self.skip_self && t >= source)) as u32;
        let distinct = |row: &mut Row| {
            let words = self.streams.targets.block(source, 0);
            let permutation = Permutation::new(self.choices(), u64::from(words[0]) << 32 | u64::from(words[1]));
            row.targets.extend((0..part.count).map(|i| past_self(permutation.at(i))));
        };
        match self.projection.rule {
            Rule::OneToOne => row.targets.push(part.source),
            Rule::AllToAll => row.targets.extend((0..self.choices()).map(past_self)),
            Rule::FixedIndegree { indegree } => {
                // Slot j belongs to target j / indegree; the permutation deals all slots to sources.
                let words = self.streams.targets.block(u64::MAX, 0);
                let slots = self.n_target * u64::from(indegree);
                let permutation = Permutation::new(slots, u64::from(words[0]) << 32 | u64::from(words[1]));
                row.targets.extend((part.before..part.before + part.count).map(|i| (permutation.at(i) / u64::from(indegree)) as u32));
            }
            Rule::PairwiseBernoulli { .. } => distinct(row),
            Rule::FixedOutdegree { .. } | Rule::FixedTotalNumber { .. } if !self.projection.allow_multapses => distinct(row),
            _ => {
                let choices = self.choices();
                // One word per target up to a million targets (bias below 2^-12 of a probability), else two.
                if choices <= 1 << 20 {
                    self.streams.targets.fill(source, &mut row.words, n);
                    row.targets.extend(row.words.iter().map(|w| past_self((u64::from(*w) * choices) >> 32)));
                } else {
                    self.streams.targets.fill(source, &mut row.words, 2 * n);
                    let pick = |w: &[u32; 2]| ((u128::from(u64::from(w[0]) << 32 | u64::from(w[1])) * u128::from(choices)) >> 64) as u64;
                    row.targets.extend(row.words.as_chunks::<2>().0.iter().map(|w| past_self(pick(w))));
                }
            }
        }
    }

    /// Fills in the distances, where anything depends on them.
    fn measure(&self, source: u32, row: &mut Row) {
        row.distances.clear();
        if let Some((from, to)) = self.positions {
            row.distances.extend(row.targets.iter().map(|t| distance(&from[source as usize], &to[*t as usize])));
        }
    }

    /// Drops candidates that are too far away.
    fn thin(&self, source: u32, row: &mut Row) {
        let Rule::PairwiseBernoulli { decay: Some(decay), .. } = self.projection.rule else { return };
        self.streams.thinning.fill(u64::from(source), &mut row.words, row.targets.len());
        let mut kept = 0;
        for i in 0..row.targets.len() {
            let u = (f64::from(row.words[i]) + 0.5) / 4_294_967_296.0;
            if u < probability(&decay, f64::from(row.distances[i])) {
                row.targets[kept] = row.targets[i];
                row.distances[kept] = row.distances[i];
                kept += 1;
            }
        }
        row.targets.truncate(kept);
        row.distances.truncate(kept);
    }

    /// Fills in weights and delays.
    fn draw_values(&self, source: u32, row: &mut Row) {
        let n = row.targets.len();
        let at = |distances: &[f32], i: usize| distances.get(i).copied().unwrap_or(0.0);
        if let Sampler::Constant(delay) = self.delay {
            row.delays.resize(n, to_steps(delay));
        } else {
            self.streams.delays.fill(u64::from(source), &mut row.words, n);
            row.delays.extend((0..n).map(|i| to_steps(self.delay.value(row.words[i], at(&row.distances, i)))));
        }
        if let Sampler::Constant(weight) = self.weight {
            row.weights.resize(n, weight);
        } else {
            self.streams.weights.fill(u64::from(source), &mut row.words, n);
            row.weights.extend((0..n).map(|i| self.weight.value(row.words[i], at(&row.distances, i))));
        }
    }

    /// Synapses that must be listed: explicit edges, and exact indegrees with something forbidden.
    fn list(&self) -> Option<Listed> {
        match &self.projection.rule {
            Rule::Edges { edges } => {
                let mut edges = edges.clone();
                edges.sort_by_key(|e| (e.source, e.target));
                let rows = offsets(self.n_source, edges.iter().map(|e| e.source));
                Some(Listed { rows, targets: Vec::new(), edges })
            }
            Rule::FixedIndegree { indegree } if self.skip_self || !self.projection.allow_multapses => {
                let mut pairs = Vec::with_capacity(self.n_target as usize * *indegree as usize);
                for target in 0..self.n_target {
                    self.sources_of(target, *indegree, &mut pairs);
                }
                pairs.sort_unstable();
                let rows = offsets(self.n_source, pairs.iter().map(|p| p.0));
                Some(Listed { rows, targets: pairs.iter().map(|p| p.1).collect(), edges: Vec::new() })
            }
            _ => None,
        }
    }

    /// Draws the sources of one target.
    fn sources_of(&self, target: u64, indegree: u32, pairs: &mut Vec<(u32, u32)>) {
        let choices = self.n_source - u64::from(self.skip_self);
        let past_self = |s: u64| (s + u64::from(self.skip_self && s >= target)) as u32;
        let mut draws = self.streams.targets.sequence(target);
        if self.projection.allow_multapses {
            pairs.extend((0..indegree).map(|_| (past_self(draws.below(choices)), target as u32)));
        } else {
            let permutation = Permutation::new(choices, u64::from(draws.word()) << 32 | u64::from(draws.word()));
            pairs.extend((0..u64::from(indegree)).map(|i| (past_self(permutation.at(i)), target as u32)));
        }
    }
}

/// Row offsets of ascending `sources`.
fn offsets(n_source: u64, sources: impl Iterator<Item = u32>) -> Vec<u64> {
    let mut rows = vec![0u64; n_source as usize + 1];
    for source in sources {
        rows[source as usize + 1] += 1;
    }
    for i in 1..rows.len() {
        rows[i] += rows[i - 1];
    }
    rows
}

/// Rounds to whole steps, at least one.
#[inline(always)]
fn to_steps(delay: f32) -> u16 {
    (delay + 0.5).clamp(1.0, 65_535.0) as u16
}

fn distance(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt()
}

/// The factor on the connection probability at `distance` mm.
fn probability(decay: &Decay, distance: f64) -> f64 {
    match *decay {
        Decay::Exponential { length } => libm::exp(-distance / length),
        Decay::Gaussian { sigma } => libm::exp(-0.5 * (distance / sigma) * (distance / sigma)),
        Decay::Linear { range } => (1.0 - distance / range).max(0.0),
        Decay::Cutoff { range } => f64::from(distance <= range),
    }
}

impl Prepared<'_> {
    /// True if 16 bits cannot hold the spread of the weights: explicit edges, and distributions whose
    /// largest weight is far from the typical one.
    pub fn is_wide(&self) -> bool {
        if matches!(self.projection.rule, Rule::Edges { .. }) {
            return true;
        }
        let (lo, hi) = self.weight_bounds();
        let typical = f64::from(self.weight.value(1 << 31, 0.5 * self.farthest())).abs();
        lo.abs().max(hi.abs()) > 64.0 * typical
    }
}
