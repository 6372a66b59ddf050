//! What a network will need, before anything is allocated.

use std::collections::BTreeMap;

use connectome::network::{Network, Projection, Rule, StimulusKind};
use kernels::cuda::Room;
use kernels::wiring::Prepared;
use kernels::wiring::shares::Shares;

use crate::Settings;
use crate::build::MAX_EPOCH;
use crate::comm::Alone;
use crate::procedural::ROUND;
use crate::recorder::pace;
use crate::storage::{self, Class, stored_bytes};

/// Spikes per neuron and second of a lively network, by which memory is estimated that goes with activity.
const LIVELY: f64 = 10.0;

/// Bytes of a synapse from when it is made until it is delivered: its word, its segment, both once more on their way to another thread, and room
/// for them to grow.
const MADE: f64 = 40.0;

/// Neurons, synapses and memory of a network, from its description alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Neurons.
    pub neurons: u64,
    /// Expected synapses; exact where the rules fix them.
    pub synapses: f64,
    /// Expected synapses by how they are kept.
    pub classes: BTreeMap<Class, f64>,
    /// What memory goes to, largest first: (what, bytes).
    pub terms: Vec<(String, f64)>,
    /// The same for the memory of a device; empty without one.
    pub device_terms: Vec<(String, f64)>,
}

impl Estimate {
    /// Total memory in bytes.
    pub fn bytes(&self) -> f64 {
        self.terms.iter().map(|t| t.1).sum()
    }
}

/// Estimates what `network` needs.
pub fn estimate(network: &Network, settings: &Settings) -> Estimate {
    let mut synapses: BTreeMap<Class, (f64, f64)> = BTreeMap::new();
    let (mut heads, mut kept) = (0.0, 0.0);
    let stored = stored_bytes(network, settings);
    let budget = storage::budget(settings, &Alone).unwrap_or(f64::INFINITY);
    let classes = storage::classes(network, settings, &stored, budget);
    for ((projection, class), bytes) in network.projections.iter().zip(classes).zip(stored) {
        let n = projection.expected_synapses(network);
        let entry = synapses.entry(class).or_default();
        entry.0 += n;
        if class == Class::Procedural {
            kept += kept_bytes(projection, n, f64::from(network.populations[projection.source].size));
            continue;
        }
        entry.1 += bytes.0;
        heads += bytes.1;
    }
    let classes = synapses.iter().map(|(class, (n, _))| (*class, *n)).collect();
    let mut terms: Vec<(String, f64)> = synapses.iter().map(|(class, (_, bytes))| (class.name().to_string(), *bytes)).collect();
    terms.push(("segment heads".into(), heads));
    terms.push(("what procedural synapses are made from".into(), kept));
    let procedural = synapses.get(&Class::Procedural).map_or(0.0, |(n, _)| *n);
    if procedural > 0.0 {
        terms.push(("synapses being made".into(), made_bytes(procedural, delays(network, settings).0, settings)));
    }
    let device_terms = settings.device.map_or_else(Vec::new, |_| sorted([terms.clone(), on_device(network, settings, heads)].concat()));
    terms.extend(neurons(network, settings));
    let stored: f64 = terms.iter().take(synapses.len()).map(|t| t.1).sum();
    if stored > 0.0 {
        terms.push(("rows".into(), storage::rows_bytes(network, settings)));
    }
    if settings.device.is_some() {
        terms.push(("copy of synapses for the device".into(), stored + heads));
    }
    // Room for building: a chunk for each thread in the making, drawn rows, sorted rows.
    let chunk = (stored / network.n_neurons().max(1) as f64) * kernels::store::CHUNK as f64;
    terms.push(("working room".into(), (16e6 + 2.0 * chunk) * settings.threads as f64));
    Estimate { neurons: network.n_neurons(), synapses: network.expected_synapses(), classes, terms: sorted(terms), device_terms }
}

/// The largest first, without those that are nothing.
fn sorted(mut terms: Vec<(String, f64)>) -> Vec<(String, f64)> {
    terms.retain(|t| t.1 > 0.0);
    terms.sort_by(|a, b| b.1.total_cmp(&a.1));
    terms
}

/// What a device keeps besides synapses, whose heads take `heads` bytes.
fn on_device(network: &Network, settings: &Settings, heads: f64) -> Vec<(String, f64)> {
    let (shortest, longest) = delays(network, settings);
    let pace = pace(settings.dt, shortest);
    let mut terms = vec![
        // Segments begin at multiples of 16 bytes: half of that is lost in the mean, for each head of 8 bytes.
        ("ends of segments".into(), heads),
        ("rows".into(), 16.0 * network.n_neurons() as f64),
        ("spikes under way".into(), Room::new(network.n_neurons(), longest, pace, settings.dt).bytes() as f64),
        ("what stimuli do".into(), (16 * network.stimuli.len() as u64 * pace) as f64),
    ];
    // Currents are added on the way to the neuron; only what goes on from step to step is kept.
    let processes = network.stimuli.iter().filter(|s| matches!(s.kind, StimulusKind::OuCurrent { .. }));
    terms.push(("currents from generators".into(), processes.map(|s| 4.0 * f64::from(network.populations[s.target].size)).sum()));
    terms.extend(neurons(network, settings).into_iter().take(2));
    terms
}

/// Steps of an epoch, and of the longest delay.
fn delays(network: &Network, settings: &Settings) -> (u64, u32) {
    let bounds = kernels::wiring::describe(network, settings.dt, settings.seed).iter().map(|w| w.delay_bounds()).collect::<Vec<_>>();
    let longest = bounds.iter().map(|b| b.1).max().unwrap_or(1);
    (bounds.iter().map(|b| u64::from(b.0)).min().unwrap_or(u64::MAX).min(MAX_EPOCH), longest)
}

/// Memory of those of `n` procedural synapses that are made in an epoch, or in a round of one.
fn made_bytes(n: f64, epoch: u64, settings: &Settings) -> f64 {
    let seconds = epoch as f64 * settings.dt / 1000.0;
    MADE * (n * LIVELY * seconds).min((ROUND * settings.threads) as f64)
}

/// Memory of what `n` procedural synapses of `n_source` sources are made from.
fn kept_bytes(projection: &Projection, n: f64, n_source: f64) -> f64 {
    let shared = matches!(projection.rule, Rule::FixedIndegree { .. } | Rule::FixedTotalNumber { .. });
    size_of::<Prepared>() as f64 + if shared { 8.0 * Shares::n_leaves(n as u64, n_source as u64) as f64 } else { 0.0 }
}

/// Memory of neurons and of what drives them.
fn neurons(network: &Network, settings: &Settings) -> [(String, f64); 3] {
    let blocks = (network.n_neurons() as f64 / kernels::layout::BLOCK as f64).ceil().max(settings.shards() as f64);
    let (mut receptors, mut state) = (1, 0.0);
    for population in &network.populations {
        if let Some(model) = models::description(&population.model) {
            receptors = receptors.max(model.receptors.len());
            let bytes = if population.compact { 2.0 } else { 4.0 };
            state += f64::from(population.size) * bytes * model.state.len() as f64;
        }
    }
    let mut currents = vec![0.0f64; network.populations.len()];
    for stimulus in &network.stimuli {
        // Every current has room to be summed; some keep a number per neuron.
        let own = match stimulus.kind {
            StimulusKind::PoissonGenerator { .. } | StimulusKind::SpikeGenerator { .. } => continue,
            StimulusKind::OuCurrent { .. } => 8.0,
            StimulusKind::NoiseGenerator { .. } => 4.0,
            _ => 0.0,
        };
        let room = &mut currents[stimulus.target];
        *room = room.max(4.0) + own;
    }
    let currents = currents.iter().zip(&network.populations).map(|(bytes, p)| bytes * f64::from(p.size)).sum();
    [
        ("neuron state".into(), state),
        ("sums of synaptic input".into(), blocks * (receptors * kernels::layout::BLOCK * 4) as f64),
        ("currents from generators".into(), currents),
    ]
}
