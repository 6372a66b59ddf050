//! From a spike to the sums that its targets read: adding up the synapses of each encoding, and entering a source's rows into the calendar.

use std::time::Duration;

use benches::{PERIOD, build, feedforward, time};
use connectome::network::{Network, Rule, Storage, Value};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

const SOURCES: u32 = 10_000;
const TARGETS: u32 = 20_000;
const OUTDEGREE: u32 = 1_000;
const SPIKES_PER_STEP: u64 = (SOURCES / PERIOD) as u64;

/// Ten million synapses with these values.
fn network(weight: Value, delay: Value) -> Network {
    feedforward(SOURCES, TARGETS, Rule::FixedOutdegree { outdegree: OUTDEGREE }, weight, delay)
}

/// A cortical delay.
fn spread() -> Value {
    Value::Normal { mean: 1.5, std: 0.75, min: 0.1, max: f64::INFINITY }
}

fn short(group: &mut BenchmarkGroup<WallTime>) {
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
}

fn deliver(c: &mut Criterion) {
    let lognormal = Value::Lognormal { mu: 3.0, sigma: 2.0, scale: 1.0, max: 1e6 };
    let encodings = [
        ("constant weight, one delay", Value::constant(20.0), Value::constant(1.5)),
        ("constant weight, delays spread", Value::constant(20.0), spread()),
        ("compact weights, delays spread", Value::normal_same_sign(20.0, 2.0), spread()),
        ("wide weights, delays spread", lognormal, spread()),
    ];
    let mut group = c.benchmark_group("deliver");
    group.throughput(Throughput::Elements(SPIKES_PER_STEP * u64::from(OUTDEGREE)));
    short(&mut group);
    for (name, weight, delay) in encodings {
        let mut simulation = build(&network(weight, delay));
        group.bench_function(name, |b| b.iter_custom(|steps| time(&mut simulation, steps, |p| p.deliver)));
    }
    group.finish();
}

/// Synapses that are made anew whenever their source fires: drawing them and adding them up.
fn regenerate(c: &mut Criterion) {
    let mut group = c.benchmark_group("regenerate");
    group.throughput(Throughput::Elements(SPIKES_PER_STEP * u64::from(OUTDEGREE)));
    short(&mut group);
    let values = [
        ("constant weight, one delay", Value::constant(20.0), Value::constant(1.5)),
        ("compact weights, delays spread", Value::normal_same_sign(20.0, 2.0), spread()),
    ];
    for (name, weight, delay) in values {
        let mut network = network(weight, delay);
        network.projections[0].storage = Storage::Procedural;
        let mut simulation = build(&network);
        group.bench_function(name, |b| b.iter_custom(|steps| time(&mut simulation, steps, |p| p.deliver + p.communicate)));
    }
    group.finish();
}

fn enter(c: &mut Criterion) {
    let mut group = c.benchmark_group("enter");
    group.throughput(Throughput::Elements(SPIKES_PER_STEP));
    short(&mut group);
    for (name, delay) in [("one delay", Value::constant(1.5)), ("delays spread", spread())] {
        let mut simulation = build(&network(Value::constant(20.0), delay));
        // On one thread nobody waits, so communicating is entering.
        group.bench_function(name, |b| b.iter_custom(|steps| time(&mut simulation, steps, |p| p.communicate)));
    }
    group.finish();
}

criterion_group!(benches, deliver, regenerate, enter);
criterion_main!(benches);
