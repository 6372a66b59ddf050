//! Which projections are stored, and what storing them takes.

use std::collections::{BTreeMap, BTreeSet};

use connectome::network::{Network, Projection, Rule, Storage, Value};

use crate::Settings;
use crate::comm::{Comm, Lost};
use crate::process;

/// Part of the memory that is free which stored synapses may take when the engine decides.
const SHARE: f64 = 0.7;

/// What one thread may be given to store: a tenth less than its numbers reach, since threads have uneven shares.
const MOST_STORED: f64 = 0.9 * 17_179_869_184.0;

/// How the synapses of a projection are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// One weight for all.
    Constant,
    /// 16-bit weights.
    Compact,
    /// 32-bit weights.
    Wide,
    /// Listed one by one in the description.
    Edges,
    /// Made anew when the source fires.
    Procedural,
}

impl Class {
    /// How a projection is kept if it is stored.
    pub fn stored(projection: &Projection) -> Self {
        match (&projection.rule, &projection.weight) {
            (Rule::Edges { .. }, _) => Class::Edges,
            (_, Value::Constant { .. }) => Class::Constant,
            (_, Value::Lognormal { sigma, .. }) if *sigma > 0.7 => Class::Wide,
            _ => Class::Compact,
        }
    }

    /// Bytes per synapse, without heads of segments.
    pub fn bytes_per_synapse(self) -> f64 {
        match self {
            Class::Constant => 2.0,
            Class::Compact => 4.0,
            Class::Wide | Class::Edges => 8.0,
            Class::Procedural => 0.0,
        }
    }

    /// What a table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Class::Constant => "synapses of constant weight",
            Class::Compact => "synapses with 16-bit weights",
            Class::Wide => "synapses with 32-bit weights",
            Class::Edges => "explicit edges",
            Class::Procedural => "procedural synapses",
        }
    }
}

/// Bytes of each projection if all were stored: (synapses, heads of segments).
///
/// Synapses of one source that share block, delay and kind share a head of 8 bytes, also across
/// projections. So heads are counted over all projections from a population to the same neighbourhood:
/// n synapses of a source, dropped into c cells, fill c (1 - e^(-n / c)) of them.
pub(crate) fn stored_bytes(network: &Network, settings: &Settings) -> Vec<(f64, f64)> {
    let mut first = 0u64;
    let mut block = Vec::with_capacity(network.populations.len());
    for population in &network.populations {
        block.push(first / kernels::layout::BLOCK as u64);
        first += u64::from(population.size);
    }
    let mut neighbourhoods: BTreeMap<(usize, u64), Neighbourhood> = BTreeMap::new();
    for projection in &network.projections {
        let n_source = f64::from(network.populations[projection.source].size);
        let cells = neighbourhoods.entry((projection.source, block[projection.target])).or_default();
        cells.synapses += projection.expected_synapses(network) / n_source;
        cells.targets.insert(projection.target);
        cells.delays = cells.delays.max(delays(&projection.delay, settings.dt));
        cells.signs.insert(sign(&projection.weight));
    }
    let heads: BTreeMap<_, f64> = neighbourhoods.into_iter().map(|(key, cells)| (key, cells.heads(network, settings))).collect();
    let bytes = |projection: &Projection| {
        let n = projection.expected_synapses(network);
        (n * Class::stored(projection).bytes_per_synapse(), 8.0 * n * heads[&(projection.source, block[projection.target])])
    };
    network.projections.iter().map(bytes).collect()
}

/// What the sources of a population send to populations that share a block.
#[derive(Default)]
struct Neighbourhood {
    /// Of one source.
    synapses: f64,
    targets: BTreeSet<usize>,
    delays: f64,
    signs: BTreeSet<bool>,
}

impl Neighbourhood {
    /// Heads per synapse.
    fn heads(&self, network: &Network, settings: &Settings) -> f64 {
        let neurons: f64 = self.targets.iter().map(|t| f64::from(network.populations[*t].size)).sum();
        // Every thread has its part of every population that is large enough.
        let blocks = (neurons / kernels::layout::BLOCK as f64).ceil().max((settings.shards() as f64).min(neurons / 128.0)).max(1.0);
        let cells = blocks * self.delays * self.signs.len() as f64;
        if self.synapses > 0.0 { cells * (1.0 - libm::exp(-self.synapses / cells)) / self.synapses } else { 0.0 }
    }
}

/// True if weights are positive, as far as one number tells.
fn sign(weight: &Value) -> bool {
    match *weight {
        Value::Constant { value } => value >= 0.0,
        Value::Normal { mean, .. } => mean >= 0.0,
        Value::Lognormal { scale, .. } => scale >= 0.0,
        Value::Uniform { min, .. } => min >= 0.0,
        Value::Distance { offset, .. } => offset >= 0.0,
    }
}

/// Memory of the places of rows of all sources, in bytes, if anything is stored.
pub(crate) fn rows_bytes(network: &Network, settings: &Settings) -> f64 {
    12.0 * network.n_neurons() as f64 * settings.shards() as f64
}

/// About how many different delays in steps occur.
fn delays(delay: &Value, dt: f64) -> f64 {
    match *delay {
        Value::Constant { .. } => 1.0,
        Value::Normal { std, .. } => (6.0 * std / dt).max(1.0),
        Value::Uniform { min, max } => ((max - min) / dt).max(1.0),
        Value::Lognormal { mu, sigma, scale, .. } => (4.0 * sigma * libm::exp(mu) * scale.abs() / dt).max(1.0),
        Value::Distance { .. } => 32.0,
    }
}

/// Bytes that stored synapses of all ranks may take. Ranks have about equal parts of everything, so the one with the
/// least memory decides.
pub(crate) fn budget(settings: &Settings, comm: &dyn Comm) -> Result<f64, Lost> {
    let here = process::available_bytes().map_or(u64::MAX, |bytes| bytes / comm.n_local() as u64);
    let available = comm.min(here.min(settings.device.unwrap_or(u64::MAX)))?;
    Ok((available as f64 * SHARE).min(MOST_STORED * settings.shards() as f64) * comm.size() as f64)
}

/// How each projection is kept if stored synapses may take `budget` bytes, given what [`stored_bytes`] says: what asks to
/// be stored is stored; of the others the largest are procedural until the rest fits. It never changes the spikes.
pub(crate) fn classes(network: &Network, settings: &Settings, bytes: &[(f64, f64)], budget: f64) -> Vec<Class> {
    let mut classes: Vec<Class> = network.projections.iter().map(Class::stored).collect();
    let mut open = Vec::new();
    let mut total = rows_bytes(network, settings);
    for (index, (projection, (synapses, heads))) in network.projections.iter().zip(bytes).enumerate() {
        match projection.storage {
            Storage::Procedural => classes[index] = Class::Procedural,
            Storage::Auto if can_be_made_anew(projection) => open.push((index, synapses + heads)),
            Storage::Auto | Storage::Stored => total += synapses + heads,
        }
    }
    open.sort_by(|a, b| a.1.total_cmp(&b.1));
    for (index, bytes) in open {
        total += bytes;
        if total > budget {
            classes[index] = Class::Procedural;
        }
    }
    classes
}

/// False where the synapses exist only as a list, so that making them anew would save nothing.
fn can_be_made_anew(projection: &Projection) -> bool {
    match projection.rule {
        Rule::Edges { .. } => false,
        Rule::FixedIndegree { .. } => projection.allow_multapses && (projection.allow_autapses || projection.source != projection.target),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use connectome::network::Population;

    fn network(storage: [Storage; 3]) -> Network {
        let mut network = Network::default();
        network.populations.push(Population { name: "E".into(), size: 1000, model: "iaf_psc_exp".into(), ..Default::default() });
        for (outdegree, storage) in [10, 100, 1000].into_iter().zip(storage) {
            let rule = Rule::FixedOutdegree { outdegree };
            let projection = Projection::new(0, 0, rule, Value::constant(1.0), Value::constant(1.0));
            network.projections.push(Projection { storage, ..projection });
        }
        network
    }

    const SETTINGS: Settings = Settings { dt: 0.1, seed: 1, threads: 1, device: None };

    #[test]
    fn the_engine_stores_what_fits_and_makes_the_largest_anew() {
        let network = network([Storage::Auto; 3]);
        // 12 bytes a source and about 2 a synapse: 12 kB, and then 20 kB, 200 kB, 2 MB.
        for (budget, stored) in [(1e9, 3), (1e6, 2), (1e5, 1), (1e3, 0)] {
            let classes = classes(&network, &SETTINGS, &stored_bytes(&network, &SETTINGS), budget);
            let procedural = classes.iter().map(|c| *c == Class::Procedural).collect::<Vec<_>>();
            assert_eq!(procedural, (0..3).map(|i| i >= stored).collect::<Vec<_>>(), "{budget}");
        }
    }

    #[test]
    fn what_the_user_says_is_done() {
        let network = network([Storage::Procedural, Storage::Auto, Storage::Stored]);
        let classes = classes(&network, &SETTINGS, &stored_bytes(&network, &SETTINGS), 1e3);
        assert_eq!(classes, [Class::Procedural, Class::Procedural, Class::Constant]);
    }
}
