//! What a network will need, before anything is allocated.

use connectome::network::{Network, Rule, Value};

use crate::Settings;

/// Neurons, synapses and memory of a network, from its description alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Neurons.
    pub neurons: u64,
    /// Expected synapses; exact where the rules fix them.
    pub synapses: f64,
    /// What memory goes to, largest first: (what, bytes).
    pub terms: Vec<(String, f64)>,
}

impl Estimate {
    /// Total memory in bytes.
    pub fn bytes(&self) -> f64 {
        self.terms.iter().map(|t| t.1).sum()
    }
}

/// Estimates what `network` needs.
pub fn estimate(network: &Network, settings: &Settings) -> Estimate {
    let neurons = network.n_neurons();
    let blocks = (neurons as f64 / kernels::layout::BLOCK as f64).ceil().max(settings.threads as f64);
    let mut terms = Vec::new();
    let mut receptors = 1usize;
    let mut state = 0.0;
    for population in &network.populations {
        if let Some(model) = models::description(&population.model) {
            receptors = receptors.max(model.receptors.len());
            state += f64::from(population.size) * 4.0 * model.state.len() as f64;
        }
    }
    terms.push(("neuron state".to_string(), state));
    terms.push(("sums of synaptic input".to_string(), blocks * (receptors * kernels::layout::BLOCK * 4) as f64));
    // A row's place is 8 bytes per source and block; a segment's head is 8 bytes, and a row has about
    // one segment per delay that occurs, or per synapse where it has few.
    terms.push(("rows".to_string(), neurons as f64 * blocks * 8.0));
    let mut segments = 0.0;
    for projection in &network.projections {
        let n_source = f64::from(network.populations[projection.source].size);
        let n = projection.expected_synapses(network);
        segments += 8.0 * n.min(n_source * blocks * delays(&projection.delay, settings.dt));
        let (from, to) = (&network.populations[projection.source].name, &network.populations[projection.target].name);
        terms.push((format!("synapses {from} -> {to}"), n * bytes_per_synapse(&projection.rule, &projection.weight)));
    }
    terms.push(("segment heads".to_string(), segments));
    // Room for building: one chunk per thread in the making, drawn rows, sorted rows.
    terms.push(("working room".to_string(), 64e6 * settings.threads as f64));
    terms.sort_by(|a, b| b.1.total_cmp(&a.1));
    Estimate { neurons, synapses: network.expected_synapses(), terms }
}

fn bytes_per_synapse(rule: &Rule, weight: &Value) -> f64 {
    match (rule, weight) {
        (Rule::Edges { .. }, _) => 8.0,
        (_, Value::Constant { .. }) => 2.0,
        (_, Value::Lognormal { sigma, .. }) if *sigma > 0.7 => 8.0,
        _ => 4.0,
    }
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
