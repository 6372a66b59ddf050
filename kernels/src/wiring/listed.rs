//! Synapses that no source can know alone: explicit edges, and exact indegrees with something forbidden.

use connectome::network::Edge;

use super::Prepared;
use crate::permutation::Permutation;

/// Synapses listed by source: `rows[source]..rows[source + 1]` into the rest.
pub(super) struct Listed {
    rows: Vec<u64>,
    /// Targets of drawn synapses, whose weights and delays are drawn like everyone's.
    targets: Vec<u32>,
    /// Explicit edges, sorted by source, where the rule is to have these.
    edges: Option<Vec<Edge>>,
}

impl Listed {
    /// Explicit edges.
    pub(super) fn edges(n_source: u64, edges: &[Edge]) -> Self {
        let mut edges = edges.to_vec();
        edges.sort_by_key(|e| (e.source, e.target));
        let rows = offsets(n_source, edges.iter().map(|e| e.source));
        Listed { rows, targets: Vec::new(), edges: Some(edges) }
    }

    /// Exactly `indegree` sources for every target, drawn target by target.
    pub(super) fn indegrees(prepared: &Prepared, indegree: u32) -> Self {
        let mut pairs = Vec::with_capacity(prepared.n_target as usize * indegree as usize);
        for target in 0..prepared.n_target {
            prepared.sources_of(target, indegree, &mut pairs);
        }
        pairs.sort_unstable();
        let rows = offsets(prepared.n_source, pairs.iter().map(|p| p.0));
        Listed { rows, targets: pairs.iter().map(|p| p.1).collect(), edges: None }
    }

    /// All explicit edges, if the rule is to have these.
    pub(super) fn all_edges(&self) -> Option<&[Edge]> {
        self.edges.as_deref()
    }

    /// Number of synapses of a source.
    pub(super) fn count(&self, source: u32) -> u64 {
        self.rows[source as usize + 1] - self.rows[source as usize]
    }

    /// Drawn targets of a source.
    pub(super) fn targets_of(&self, source: u32) -> &[u32] {
        &self.targets[self.span(source)]
    }

    /// Explicit edges of a source, if the rule is to have these.
    pub(super) fn edges_of(&self, source: u32) -> Option<&[Edge]> {
        self.edges.as_ref().map(|edges| &edges[self.span(source)])
    }

    fn span(&self, source: u32) -> std::ops::Range<usize> {
        self.rows[source as usize] as usize..self.rows[source as usize + 1] as usize
    }

    /// Memory in bytes.
    pub(super) fn bytes(&self) -> u64 {
        (8 * self.rows.len() + 4 * self.targets.len() + size_of::<Edge>() * self.edges.as_ref().map_or(0, Vec::len)) as u64
    }
}

impl Prepared {
    /// Draws the sources of one target.
    fn sources_of(&self, target: u64, indegree: u32, pairs: &mut Vec<(u32, u32)>) {
        let choices = self.n_source - u64::from(self.skip_self);
        let past_self = |s: u64| (s + u64::from(self.skip_self && s >= target)) as u32;
        if self.allow_multapses {
            let mut draws = self.streams.targets.sequence(target);
            pairs.extend((0..indegree).map(|_| (past_self(draws.below(choices)), target as u32)));
        } else {
            let permutation = Permutation::new(choices, self.streams.targets.key(target));
            let mut sources = vec![0; indegree as usize];
            permutation.fill(0, &mut sources);
            pairs.extend(sources.into_iter().map(|s| (past_self(u64::from(s)), target as u32)));
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
