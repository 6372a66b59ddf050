//! The synapses of one source: targets, delays and weights as columns.

use connectome::network::Edge;

use super::{Part, Pattern, Prepared};
use crate::permutation::Permutation;
use crate::quantile::Sampler;
use crate::simd::{dispatch, to_i32};

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
    values: Vec<f32>,
    distances: Vec<f32>,
}

impl Prepared {
    /// Makes the synapses of one part.
    pub fn row(&self, part: &Part, row: &mut Row) {
        row.targets.clear();
        row.delays.clear();
        row.weights.clear();
        if let Pattern::Listed(listed) = &self.rule
            && let Some(edges) = listed.edges_of(part.source)
        {
            for edge in edges {
                row.targets.push(edge.target);
                row.delays.push(self.edge_steps(edge));
                row.weights.push(edge.weight as f32);
            }
            return;
        }
        self.targets(part, row);
        self.measure(part.source, row);
        self.thin(part.source, row);
        self.draw_values(part.source, row);
    }

    /// All explicit edges, if the rule is to have these.
    pub(super) fn all_edges(&self) -> Option<&[Edge]> {
        match &self.rule {
            Pattern::Listed(listed) => listed.all_edges(),
            _ => None,
        }
    }

    /// Delay of an explicit edge in steps.
    pub(super) fn edge_steps(&self, edge: &Edge) -> u16 {
        to_steps((edge.delay / self.dt) as f32)
    }

    /// Fills in the targets.
    fn targets(&self, part: &Part, row: &mut Row) {
        let n = part.count as usize;
        let targets = &mut row.targets;
        match &self.rule {
            Pattern::Undrawn => unreachable!("parts are made of prepared projections"),
            Pattern::OneToOne => targets.push(part.source),
            Pattern::AllToAll => {
                targets.extend(0..self.choices() as u32);
                self.pass_self(part.source, targets);
            }
            Pattern::Slots { slots, .. } => {
                targets.resize(n, 0);
                slots.fill(part.before, targets);
            }
            Pattern::Listed(listed) => targets.extend_from_slice(listed.targets_of(part.source)),
            Pattern::Bernoulli { .. } => self.distinct(part.source, n, targets),
            Pattern::Outdegree(_) | Pattern::Total(_) if !self.allow_multapses => self.distinct(part.source, n, targets),
            Pattern::Outdegree(_) | Pattern::Total(_) | Pattern::Poisson(_) => self.independent(part.source, n, row),
        }
    }

    /// `n` different targets.
    fn distinct(&self, source: u32, n: usize, targets: &mut Vec<u32>) {
        if n > 0 {
            targets.resize(n, 0);
            Permutation::new(self.choices(), self.streams.targets.key(u64::from(source))).fill(0, targets);
            self.pass_self(source, targets);
        }
    }

    /// `n` targets, each chosen without regard to the others.
    fn independent(&self, source: u32, n: usize, row: &mut Row) {
        let (choices, name) = (self.choices(), u64::from(source));
        row.targets.resize(n, 0);
        // One word per target up to a million targets (bias below 2^-12 of a probability), else two.
        if choices <= 1 << 20 {
            self.streams.targets.fill(name, &mut row.words, n);
            choose(&row.words, choices as u32, &mut row.targets);
        } else {
            self.streams.targets.fill(name, &mut row.words, 2 * n);
            for (target, [high, low]) in row.targets.iter_mut().zip(row.words.as_chunks().0) {
                let word = u64::from(*high) << 32 | u64::from(*low);
                *target = ((u128::from(word) * u128::from(choices)) >> 64) as u32;
            }
        }
        self.pass_self(source, &mut row.targets);
    }

    /// Choices are numbered without the source itself, where it may not meet itself.
    fn pass_self(&self, source: u32, targets: &mut [u32]) {
        if self.skip_self {
            targets.iter_mut().for_each(|t| *t += u32::from(*t >= source));
        }
    }

    /// Fills in the distances, where anything depends on them.
    fn measure(&self, source: u32, row: &mut Row) {
        row.distances.clear();
        if let Some((from, to)) = &self.positions {
            row.distances.extend(row.targets.iter().map(|t| distance(&from[source as usize], &to[*t as usize])));
        }
    }

    /// Drops candidates that are too far away.
    fn thin(&self, source: u32, row: &mut Row) {
        let Pattern::Bernoulli { thinning: Some(thinning), .. } = &self.rule else { return };
        self.streams.thinning.fill(u64::from(source), &mut row.words, row.targets.len());
        let mut kept = 0;
        for i in 0..row.targets.len() {
            if thinning.keeps(row.distances[i], row.words[i]) {
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
        let (n, name) = (row.targets.len(), u64::from(source));
        if let Sampler::Constant(delay) = self.delay {
            row.delays.resize(n, to_steps(delay));
        } else {
            self.streams.delays.fill(name, &mut row.words, n);
            self.delay.values(&row.words, &row.distances, &mut row.values);
            row.delays.resize(n, 0);
            all_to_steps(&row.values, &mut row.delays);
        }
        if let Sampler::Constant(weight) = self.weight {
            row.weights.resize(n, weight);
        } else {
            self.streams.weights.fill(name, &mut row.words, n);
            self.weight.values(&row.words, &row.distances, &mut row.weights);
        }
    }
}

dispatch! {
    /// The choice below `choices` that each word points to.
    fn choose(words: &[u32], choices: u32, targets: &mut [u32]) = choose_body
}

#[inline(always)]
fn choose_body(words: &[u32], choices: u32, targets: &mut [u32]) {
    for (target, word) in targets.iter_mut().zip(words) {
        *target = ((u64::from(*word) * u64::from(choices)) >> 32) as u32;
    }
}

dispatch! {
    /// Rounds all to whole steps.
    fn all_to_steps(values: &[f32], delays: &mut [u16]) = all_to_steps_body
}

#[inline(always)]
fn all_to_steps_body(values: &[f32], delays: &mut [u16]) {
    for (delay, value) in delays.iter_mut().zip(values) {
        *delay = to_steps(*value);
    }
}

/// Rounds to whole steps, at least one.
#[inline(always)]
pub(super) fn to_steps(delay: f32) -> u16 {
    to_i32((delay + 0.5).clamp(1.0, 65_535.0)) as u16
}

pub(super) fn distance(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    let d = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    (d[0] * d[0] + d[1] * d[1] + d[2] * d[2]).sqrt()
}
