//! One step of all neurons of a slice, for every neuron model, and the Poisson input that most networks have.

use std::time::Duration;

use benches::{build, population, time};
use connectome::network::{Network, Signal, Stimulus, StimulusKind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Neurons whose state stays in the second-level cache.
const NEURONS: u32 = 8192;

/// As many spikes as a neuron of the cortical microcircuit hears from outside its column, too weak to make it fire.
fn poisson() -> Stimulus {
    let kind = StimulusKind::PoissonGenerator { rate: Signal::constant(16_000.0), weight: 1.0 };
    Stimulus { target: 0, range: None, kind, start: 0.0, stop: f64::INFINITY, delay: benches::DT }
}

fn update(c: &mut Criterion) {
    let mut group = c.benchmark_group("update");
    group.throughput(Throughput::Elements(u64::from(NEURONS)));
    group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(500));
    for model in models::descriptions() {
        let network = Network { populations: vec![population(model.name, NEURONS)], ..Network::default() };
        let mut simulation = build(&network);
        group.bench_function(model.name, |b| b.iter_custom(|steps| time(&mut simulation, steps, |p| p.update)));
    }
    let network = Network { populations: vec![population("iaf_psc_exp", NEURONS)], stimuli: vec![poisson()], ..Network::default() };
    let mut simulation = build(&network);
    group.bench_function("iaf_psc_exp with Poisson input", |b| b.iter_custom(|steps| time(&mut simulation, steps, |p| p.update)));
    group.finish();
}

criterion_group!(benches, update);
criterion_main!(benches);
