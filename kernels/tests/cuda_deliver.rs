//! Contract: the device delivers what the host delivers. The shipped PTX runs on the host driver beside
//! `kernels::delivery`; the same spikes go in, and in every step every sum is the same, whether rows are stored
//! on the device or made there.
#![allow(unsafe_code)] // as in `support`

mod support;

use connectome::network::{Decay, Edge, Projection, Rule, Value};
use kernels::device::{Recipes, refusals};
use kernels::wiring::Reason;
use support::network::{Course, OnDevice, OnHost, SIZES, SOURCES, network, network_of, projection, spikes, wiring};
use support::{Scatter, device, shipped};

/// Steps with spikes.
const STEPS: u64 = 40;

fn constant(value: f64) -> Value {
    Value::constant(value)
}

/// Weights that take 16 bits, and some of either sign.
fn normal() -> Value {
    Value::Normal { mean: 30.0, std: 25.0, min: f64::NEG_INFINITY, max: f64::INFINITY }
}

/// Weights that take 32 bits.
fn wide() -> Value {
    Value::Lognormal { mu: 0.0, sigma: 1.4, scale: -20.0, max: 4000.0 }
}

/// Delays of 1 to about 30 steps.
fn delays() -> Value {
    Value::Normal { mean: 1.5, std: 0.75, min: 0.1, max: f64::INFINITY }
}

/// A value that grows with the distance.
fn by_distance(offset: f64, slope: f64) -> Value {
    Value::Distance { offset, slope }
}

/// A projection that gets thinner with the distance.
fn near(ends: (usize, usize), p: f64, decay: Decay, weight: Value, delay: Value) -> Projection {
    projection(ends, Rule::PairwiseBernoulli { p, decay: Some(decay) }, weight, delay)
}

fn restricted(allow_autapses: bool, allow_multapses: bool, projection: Projection) -> Projection {
    Projection { allow_autapses, allow_multapses, ..projection }
}

/// Projections of every rule, in all encodings, by name.
fn cases() -> Vec<(&'static str, Vec<Projection>)> {
    let indegree = |indegree| Rule::FixedIndegree { indegree };
    let outdegree = |outdegree| Rule::FixedOutdegree { outdegree };
    let total = |number| Rule::FixedTotalNumber { number };
    let bernoulli = |p| Rule::PairwiseBernoulli { p, decay: None };
    let poisson = |mean| Rule::PairwisePoisson { mean };
    let edges = (0..2000u32).map(|i| Edge {
        source: i * 7 % SIZES[0],
        target: i * 13 % SIZES[1],
        weight: f64::from(i) - 900.5,
        delay: 0.1 + f64::from(i % 40) * 0.1,
    });
    vec![
        ("one_to_one", vec![projection((1, 1), Rule::OneToOne, constant(3.0), constant(0.1))]),
        (
            "all_to_all",
            vec![
                restricted(false, true, projection((1, 1), Rule::AllToAll, constant(-3.0), constant(0.7))),
                projection((0, 1), Rule::AllToAll, normal(), delays()),
            ],
        ),
        (
            "fixed_indegree",
            vec![
                projection((0, 1), indegree(150), constant(3.0), delays()),
                projection((1, 2), indegree(1), constant(3.0), constant(1.2)),
                projection((1, 0), indegree(9), wide(), constant(0.1)),
            ],
        ),
        (
            "fixed_outdegree",
            vec![
                projection((0, 2), outdegree(333), normal(), delays()),
                restricted(true, false, projection((0, 2), outdegree(97), wide(), delays())),
                restricted(false, false, projection((1, 1), outdegree(3), constant(5.0), constant(2.0))),
                restricted(false, true, projection((0, 0), outdegree(4), normal(), constant(2.0))),
            ],
        ),
        (
            "fixed_total_number",
            vec![
                projection((0, 2), total(30_000), constant(2.0), delays()),
                restricted(true, false, projection((1, 2), total(9_000), normal(), constant(0.1))),
            ],
        ),
        (
            "pairwise_bernoulli",
            vec![
                projection((0, 2), bernoulli(0.002), constant(2.0), constant(1.5)),
                restricted(false, true, projection((0, 0), bernoulli(0.3), normal(), delays())),
            ],
        ),
        (
            "pairwise_poisson",
            vec![
                projection((0, 2), poisson(0.002), Value::Uniform { min: 1.0, max: 9.0 }, Value::Uniform { min: 0.2, max: 3.0 }),
                // Thin ones, which are drawn together.
                projection((1, 0), poisson(0.002), constant(2.0), Value::Uniform { min: 0.3, max: 1.0 }),
                projection((1, 1), poisson(0.003), constant(4.0), Value::Uniform { min: 0.3, max: 2.0 }),
            ],
        ),
        (
            "values by distance",
            vec![
                projection((0, 2), outdegree(150), by_distance(3.0, 0.25), by_distance(0.3, 0.05)),
                projection((1, 2), indegree(1), normal(), by_distance(0.3, 0.02)),
                restricted(false, false, projection((0, 0), outdegree(9), by_distance(-2.0, 9.0), delays())),
            ],
        ),
        (
            "decay with distance",
            vec![
                near((0, 1), 0.9, Decay::Exponential { length: 0.2 }, normal(), delays()),
                restricted(false, true, near((0, 0), 0.97, Decay::Gaussian { sigma: 0.3 }, constant(2.0), constant(0.4))),
                near((1, 0), 0.5, Decay::Linear { range: 2.0 }, by_distance(-2.0, 9.0), by_distance(0.3, 0.2)),
                near((1, 2), 0.01, Decay::Cutoff { range: 50.0 }, wide(), constant(0.1)),
            ],
        ),
        ("edges", vec![projection((0, 1), Rule::Edges { edges: edges.collect() }, constant(0.0), constant(0.1))]),
        ("drawn by target", vec![restricted(false, false, projection((0, 0), indegree(50), constant(2.0), delays()))]),
        (
            "more than eight segments due together",
            (1..=14).map(|i| projection((i % 2, 2), outdegree(10 * i as u32), constant(i as f64), constant(0.8))).collect(),
        ),
    ]
}

#[test]
fn stored_rows_of_every_rule_give_the_hosts_sums() {
    let text = shipped("deliver");
    for (seed, (name, projections)) in cases().into_iter().enumerate() {
        let (_turn, context) = device(seed as u64);
        let stored = vec![false; projections.len()];
        let network = network(projections);
        let course = Course::new(&network, STEPS);
        course.compare(&context, &text, &stored).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        println!("{name}: equal over {} events", course.events);
        assert!(course.events > 90, "{name}: {} events tell little", course.events);
    }
}

#[test]
fn rows_that_the_device_makes_give_the_hosts_sums() {
    let text = shipped("deliver");
    for (seed, (name, projections)) in cases().into_iter().enumerate() {
        let (_turn, context) = device(seed as u64);
        let network = network(projections);
        let refused: Vec<bool> = refusals(&wiring(&network)).iter().map(Option::is_some).collect();
        if refused.contains(&true) {
            continue;
        }
        let course = Course::new(&network, STEPS);
        for procedural in [vec![true; refused.len()], (0..refused.len()).map(|i| i % 2 == 1).collect()] {
            // The members of a bundle are all made or all stored.
            if name == "pairwise_poisson" && procedural[1] != procedural[2] {
                continue;
            }
            course.compare(&context, &text, &procedural).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            println!("{name}: equal over {} events", course.events);
        }
    }
}

#[test]
fn targets_among_more_than_a_million_take_two_words() {
    const SIZES: [u32; 3] = [300, 200, (1 << 20) + 77];
    let (_turn, context) = device(9);
    let rule = || Rule::FixedOutdegree { outdegree: 70 };
    let projections = vec![projection((0, 2), rule(), normal(), constant(0.1)), projection((1, 2), rule(), constant(2.0), constant(0.2))];
    let network = network_of(SIZES, projections);
    let course = Course::new(&network, 3);
    course.compare(&context, &shipped("deliver"), &[true, true]).unwrap_or_else(|e| panic!("{e:?}"));
    assert!(course.events > 500, "{} events tell little", course.events);
}

#[test]
fn what_the_device_cannot_make_is_named_with_its_reason() {
    let mut named = Vec::new();
    for (name, projections) in cases() {
        let wiring = wiring(&network(projections));
        let refusals = refusals(&wiring);
        if let Some(first) = refusals.iter().position(Option::is_some) {
            let error = Recipes::new(&wiring, &vec![true; refusals.len()], SIZES.len()).expect_err("it cannot be made");
            assert_eq!((error.projection as usize, Some(error.reason)), (first, refusals[first]));
            named.push((name, refusals));
        }
    }
    assert_eq!(named, [("edges", vec![Some(Reason::Listed)]), ("drawn by target", vec![Some(Reason::Listed)])]);
}

#[test]
fn a_run_that_goes_on_delivers_what_was_under_way() {
    let (_turn, context) = device(4);
    let (_, projections) = cases().swap_remove(3);
    let network = network(projections);
    let mut host = OnHost::new(&network);
    let mut on_device = OnDevice::new(&context, &shipped("deliver"), &network, &[false; 4]).expect("it works");
    let fired = spikes(&mut Scatter::new(3), 100);
    assert!(fired.iter().flatten().all(|id| *id < SOURCES));
    for (step, own) in (1..).zip(&fired) {
        if step == 71 {
            on_device.forget().expect("it works");
            let first = step as usize - 1 - on_device.span as usize;
            let under_way = (first..).zip(&fired[first..step as usize]).flat_map(|(at, ids)| ids.iter().map(move |id| (at as u64, *id)));
            on_device.enter(&under_way.collect::<Vec<_>>(), step).expect("it works");
        } else {
            on_device.enter(&own.iter().map(|id| (step - 1, *id)).collect::<Vec<_>>(), step).expect("it works");
        }
        assert!(host.deliver(step, own) == on_device.deliver(step).expect("it works"), "step {step}");
    }
    assert!(host.events > 1000 && host.events == on_device.events().expect("it works"));
}
