//! What the benchmarks share: small networks, and the time that one phase of their steps takes.
//!
//! The loops are measured where they run, inside the engine, by the engine's own clock of its phases. So a benchmark says what a user pays, and it does
//! not change when a loop gets another signature. See the README beside this crate for motive, method and results.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use connectome::network::{Network, Population, Projection, Rule, Value};
use engine::{Block, Phases, Settings, Simulation};

/// Step in ms.
pub const DT: f64 = 0.1;

/// Steps between two spikes of a [`clockwork`] neuron.
pub const PERIOD: u32 = 50;

/// One population called `cells`.
pub fn population(model: &str, size: u32) -> Population {
    Population { name: "cells".into(), size, model: model.into(), ..Population::default() }
}

/// Neurons that fire once per [`PERIOD`], evenly spread over it, whatever they receive.
pub fn clockwork(size: u32) -> Population {
    let rate = 1000.0 / (DT * f64::from(PERIOD));
    let wait = Value::Uniform { min: 1.0, max: f64::from(PERIOD) + 1.0 };
    Population {
        params: BTreeMap::from([("rate".to_owned(), rate)]),
        initial: BTreeMap::from([("wait".to_owned(), wait)]),
        ..population("ignore_and_fire", size)
    }
}

/// [`clockwork`] neurons that send to `targets` neurons of a cortical model.
pub fn feedforward(sources: u32, targets: u32, rule: Rule, weight: Value, delay: Value) -> Network {
    let populations = vec![clockwork(sources), Population { name: "targets".into(), ..population("iaf_psc_exp", targets) }];
    Network { populations, projections: vec![Projection::new(0, 1, rule, weight, delay)], ..Network::default() }
}

/// Builds a network on one thread.
pub fn build(network: &Network) -> Simulation {
    let settings = Settings { dt: DT, seed: 1, threads: 1, device: None };
    Simulation::build(network, &settings, &[], &|_| {}).expect("the benchmarks' networks can be built")
}

/// Advances by `steps` steps and tells how long one phase took of it.
pub fn time(simulation: &mut Simulation, steps: u64, phase: fn(&Phases) -> f64) -> Duration {
    let before = phase(&simulation.phases());
    simulation.run(steps, &mut |_: &Block| ControlFlow::Continue(())).expect("the benchmarks' networks can be stepped");
    Duration::from_secs_f64(phase(&simulation.phases()) - before)
}
