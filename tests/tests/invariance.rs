//! Contract: the spikes of every shipped scenario are the same on 1, 2, 3 and 4 threads, with all synapses stored
//! and with none.
//!
//! Large scenarios are shrunk so that four builds of each stay short; what is kept is every population,
//! rule, delay and stimulus they have.

use std::ops::ControlFlow;

use engine::{Block, Checksum, Settings, Simulation};
use scenarios::Scenario;
use tests::{shipped, shrink};

/// Number of spikes and their checksum after 60 ms.
fn run(plan: &scenarios::Plan, threads: usize) -> (usize, String) {
    let settings = Settings { dt: plan.simulation.dt, seed: plan.simulation.seed, threads, device: None };
    let mut simulation = Simulation::build(&plan.network, &settings, &[], &|_| {}).unwrap();
    let (mut spikes, mut checksum) = (0, Checksum::default());
    let mut observe = |block: &Block| {
        spikes += block.spikes.len();
        checksum.add(block.spikes);
        ControlFlow::Continue(())
    };
    simulation.run((60.0 / settings.dt) as u64, &mut observe).unwrap();
    (spikes, checksum.to_string())
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
    }
}
