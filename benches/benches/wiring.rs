//! Building: drawing the rows of every rule and laying them out in memory.

use std::time::Duration;

use benches::{build, feedforward};
use connectome::network::{Rule, Value};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const NEURONS: u32 = 2_000;
const SYNAPSES: u64 = 400_000;

fn construct(c: &mut Criterion) {
    let degree = (SYNAPSES / u64::from(NEURONS)) as u32;
    let p = f64::from(degree) / f64::from(NEURONS);
    let rules = [
        ("fixed_indegree", Rule::FixedIndegree { indegree: degree }),
        ("fixed_outdegree", Rule::FixedOutdegree { outdegree: degree }),
        ("fixed_total_number", Rule::FixedTotalNumber { number: SYNAPSES }),
        ("pairwise_bernoulli", Rule::PairwiseBernoulli { p, decay: None }),
        ("pairwise_poisson", Rule::PairwisePoisson { mean: p }),
    ];
    let normal = (Value::normal_same_sign(20.0, 2.0), Value::Normal { mean: 1.5, std: 0.75, min: 0.1, max: f64::INFINITY });
    let values = [("constant", (Value::constant(20.0), Value::constant(1.5))), ("normal", normal)];
    for (kind, (weight, delay)) in values {
        let mut group = c.benchmark_group(format!("construct, {kind} weights and delays"));
        group.throughput(Throughput::Elements(SYNAPSES));
        group.sample_size(10).warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(500));
        for (name, rule) in &rules {
            let network = feedforward(NEURONS, NEURONS, rule.clone(), weight, delay);
            group.bench_function(*name, |b| b.iter_with_large_drop(|| build(&network)));
        }
        group.finish();
    }
}

criterion_group!(benches, construct);
criterion_main!(benches);
