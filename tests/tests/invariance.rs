//! Contract: the spikes of every shipped scenario are the same on 1, 2, 3 and 4 threads, with all synapses stored
//! and with none, and where a checkpoint lies between a stored and a procedural part of the run.
//!
//! Large scenarios are shrunk so that four builds of each stay short; what is kept is every population,
//! rule, delay and stimulus they have.

use std::ops::ControlFlow;

use engine::checkpoint::{PartReader, PartWriter, fingerprint};
use engine::{Block, Checksum, Settings, Simulation};
use scenarios::Scenario;
use tests::{shipped, shrink};

/// Number of spikes and their checksum.
#[derive(Debug, Default, PartialEq)]
struct Seen(usize, Checksum);

fn build(plan: &scenarios::Plan, threads: usize) -> Simulation {
    Simulation::build(&plan.network, &settings(plan, threads), &[], &|_| {}).unwrap()
}

fn settings(plan: &scenarios::Plan, threads: usize) -> Settings {
    Settings { dt: plan.simulation.dt, seed: plan.simulation.seed, threads, device: None }
}

/// Steps up to a time in ms.
fn advance(simulation: &mut Simulation, plan: &scenarios::Plan, until: f64, seen: &mut Seen) {
    let mut observe = |block: &Block| {
        seen.0 += block.spikes.len();
        seen.1.add(block.spikes);
        ControlFlow::Continue(())
    };
    simulation.run((until / plan.simulation.dt) as u64 - simulation.step(), &mut observe).unwrap();
}

/// What 60 ms show.
fn run(plan: &scenarios::Plan, threads: usize) -> Seen {
    let mut seen = Seen::default();
    advance(&mut build(plan, threads), plan, 60.0, &mut seen);
    seen
}

/// The same, cut at 25 ms: the second part goes on from a checkpoint in another plan with as many threads.
fn cut(first: &scenarios::Plan, second: &scenarios::Plan, threads: [usize; 2]) -> Seen {
    let path = std::env::temp_dir().join(format!("braincog-invariance-{}.zst", std::process::id()));
    let mut seen = Seen::default();
    let mut simulation = build(first, threads[0]);
    advance(&mut simulation, first, 25.0, &mut seen);
    let mut part = PartWriter::create(&path, fingerprint(&first.network, &settings(first, 1))).unwrap();
    simulation.save(&mut part).unwrap();
    part.finish().unwrap();
    let mut simulation = build(second, threads[1]);
    let part = PartReader::open(&path, fingerprint(&second.network, &settings(second, 1))).unwrap();
    simulation.restore(&mut [part]).unwrap();
    advance(&mut simulation, second, 60.0, &mut seen);
    std::fs::remove_file(path).unwrap();
    seen
}

#[test]
fn every_shipped_scenario_gives_the_same_spikes_on_any_number_of_threads_stored_and_procedural() {
    let files = shipped();
    assert!(files.len() >= 9, "{files:?}");
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let mut scenario = Scenario::load(&file).unwrap();
        for assignment in shrink(name) {
            scenario.set(assignment).unwrap();
        }
        let mut kept = |storage: &str| {
            scenario.set(&format!("simulation.storage={storage}")).unwrap();
            scenario.plan().unwrap_or_else(|e| panic!("{}", e.render()))
        };
        let (stored, procedural) = (kept("stored"), kept("procedural"));
        let one = run(&stored, 1);
        assert!(one.0 > 100, "{name}: only {} spikes", one.0);
        for threads in 2..=4 {
            assert_eq!(run(&stored, threads), one, "{name} on {threads} threads");
        }
        for threads in [1, 3] {
            assert_eq!(run(&procedural, threads), one, "{name} procedural on {threads} threads");
        }
        assert_eq!(cut(&stored, &procedural, [2, 1]), one, "{name} cut by a checkpoint");
        assert_eq!(cut(&procedural, &stored, [1, 3]), one, "{name} cut by a checkpoint");
    }
}
