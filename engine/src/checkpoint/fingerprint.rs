//! A number that changes when the spikes could.

use std::collections::BTreeSet;

use connectome::network::{Network, Projection};
use models::{Model, Visitor};

use crate::Settings;
use crate::checksum::Fnv;

/// Over all that determines the spikes of a simulation: network, time step, seed, the arithmetic of the models. How synapses
/// are kept and the number of threads do not count.
pub fn fingerprint(network: &Network, settings: &Settings) -> u64 {
    let mut sum = Fnv::default();
    let Settings { dt, seed, threads: _, device: _ } = settings;
    let Network { regions: _, populations, projections, stimuli } = network;
    add(&mut sum, &(dt.to_bits(), seed, populations, stimuli, projections.len()));
    for Projection { source, target, rule, allow_autapses, allow_multapses, weight, delay, storage: _ } in projections {
        add(&mut sum, &(source, target, rule, allow_autapses, allow_multapses, weight, delay));
    }
    for model in populations.iter().map(|p| p.model.as_str()).collect::<BTreeSet<_>>() {
        sum.add(models::visit(model, Arithmetic).unwrap_or_default().bytes());
    }
    sum.0
}

/// Plain data as text: fields by name, floating-point numbers to the last digit.
fn add(sum: &mut Fnv, data: &impl serde::Serialize) {
    serde_json::to_writer(sum, data).expect("a network is plain data, and a sum takes everything");
}

/// A model's arithmetic as text.
struct Arithmetic;

impl Visitor for Arithmetic {
    type Output = &'static str;

    fn visit<M: Model>(self) -> &'static str {
        M::CUDA
    }
}
