//! Counter-based random numbers, 64 words at a time.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kernels::random::{PLANE, Purpose, Stream};

fn planes(c: &mut Criterion) {
    let stream = Stream::new(1, Purpose::Other, 0);
    let mut words = [0; PLANE];
    let mut plane = 0;
    let mut group = c.benchmark_group("random");
    group.throughput(Throughput::Elements(PLANE as u64));
    group.bench_function("philox planes", |b| {
        b.iter(|| {
            plane += 1;
            stream.planes(7, black_box(plane), &mut words);
            black_box(words[0])
        });
    });
    group.finish();
}

criterion_group!(benches, planes);
criterion_main!(benches);
