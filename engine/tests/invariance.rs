//! Contract: the spikes do not depend on how a network is run.
//!
//! Not on the number of threads or processes, not on how synapses are kept, not on where a run is cut into pieces, not
//! on what is recorded. They do depend on the seed.

use std::ops::ControlFlow;
use std::rc::Rc;

use connectome::network::{Decay, Network, Population, Projection, Rule, Signal, Stimulus, StimulusKind, Storage, Value};
use engine::comm::{Alone, Comm, Threads};
use engine::{Block, Checksum, Error, Probe, Settings, Simulation};

/// Two populations with every rule, kind of weight, kind of delay and kind of stimulus.
fn network() -> Network {
    let mut network = Network::default();
    for (name, size, model) in [("E", 700u32, "iaf_psc_exp"), ("I", 300, "iaf_psc_delta"), ("C", 40, "iaf_cond_exp")] {
        let positions = (0..size).map(|i| [0.001 * i as f32, 0.0, 0.0]).collect();
        network.populations.push(Population { name: name.into(), size, model: model.into(), positions, ..Default::default() });
    }
    network.populations[0].initial.insert("V_m".into(), Value::normal(-62.0, 5.0));
    let lognormal = Value::Lognormal { mu: 2.0, sigma: 1.0, scale: 3.0, max: f64::INFINITY };
    let normal_delay = Value::Normal { mean: 1.5, std: 0.75, min: 0.1, max: f64::INFINITY };
    let mut connect = |source, target, rule, weight, delay| network.projections.push(Projection::new(source, target, rule, weight, delay));
    connect(0, 0, Rule::FixedIndegree { indegree: 40 }, Value::normal_same_sign(20.0, 4.0), normal_delay);
    connect(0, 1, Rule::FixedTotalNumber { number: 9000 }, Value::constant(0.2), Value::constant(1.0));
    connect(1, 0, Rule::PairwiseBernoulli { p: 0.1, decay: None }, Value::normal(-90.0, 30.0), Value::Uniform { min: 0.3, max: 5.0 });
    connect(1, 1, Rule::FixedOutdegree { outdegree: 20 }, Value::constant(-0.3), Value::Distance { offset: 0.5, slope: 3.0 });
    connect(0, 0, Rule::PairwisePoisson { mean: 0.01 }, lognormal, Value::constant(2.0));
    connect(
        0,
        1,
        Rule::PairwiseBernoulli { p: 0.3, decay: Some(Decay::Gaussian { sigma: 0.1 }) },
        Value::Uniform { min: 0.0, max: 0.1 },
        normal_delay,
    );
    connect(0, 2, Rule::FixedOutdegree { outdegree: 3 }, Value::constant(2.0), Value::constant(0.7));
    connect(2, 2, Rule::AllToAll, Value::constant(-3.0), Value::constant(0.9));
    // Thin enough to be drawn together.
    connect(0, 1, Rule::PairwisePoisson { mean: 0.001 }, Value::constant(0.3), Value::constant(1.2));
    connect(0, 2, Rule::PairwisePoisson { mean: 0.01 }, Value::constant(1.0), Value::constant(1.2));
    network.projections[0].allow_autapses = false;
    network.projections[0].allow_multapses = false;
    let mut drive =
        |target, kind| network.stimuli.push(Stimulus { target, range: None, kind, start: 0.0, stop: f64::INFINITY, delay: 1.0 });
    drive(0, StimulusKind::PoissonGenerator { rate: Signal(vec![(0.0, 6000.0), (50.0, 9000.0)]), weight: 40.0 });
    drive(0, StimulusKind::NoiseGenerator { mean: 50.0, std: 100.0, interval: 1.0 });
    drive(1, StimulusKind::PoissonGenerator { rate: Signal::constant(3000.0), weight: 0.6 });
    drive(1, StimulusKind::OuCurrent { mean: 20.0, std: 50.0, tau: 5.0 });
    drive(2, StimulusKind::PoissonGenerator { rate: Signal::constant(9000.0), weight: 3.0 });
    drive(2, StimulusKind::AcGenerator { amplitude: 100.0, offset: 10.0, frequency: 20.0, phase: 30.0 });
    network
}

struct Outcome {
    checksum: String,
    spikes: [usize; 3],
    samples: Vec<(u32, u64, u32, u32)>,
}

fn run(network: &Network, settings: Settings, pieces: &[u64], probes: &[Probe]) -> Outcome {
    run_as(Alone::comm(), network, settings, pieces, probes)
}

/// What rank 0 of several sees.
fn run_on(ranks: usize, network: &Network, settings: Settings, pieces: &[u64], probes: &[Probe]) -> Outcome {
    std::thread::scope(|scope| {
        let run = |comm: Threads| scope.spawn(|| run_as(Rc::new(comm), network, settings, pieces, probes));
        let ranks: Vec<_> = Threads::ranks(ranks).into_iter().map(run).collect();
        let outcomes: Vec<Outcome> = ranks.into_iter().map(|rank| rank.join().unwrap()).collect();
        assert!(outcomes[1..].iter().all(|o| o.spikes == [0; 3] && o.samples.is_empty()), "only rank 0 sees anything");
        outcomes.into_iter().next().unwrap()
    })
}

fn run_as(comm: Rc<dyn Comm>, network: &Network, settings: Settings, pieces: &[u64], probes: &[Probe]) -> Outcome {
    let mut simulation = Simulation::build_on(&comm, network, &settings, probes, &|_| {}).unwrap();
    let mut checksum = Checksum::default();
    let mut spikes = [0; 3];
    let mut samples = Vec::new();
    for steps in pieces {
        let mut observe = |block: &Block| {
            assert!(block.spikes.is_sorted());
            checksum.add(block.spikes);
            for spike in block.spikes {
                assert!(block.steps.start < spike.step && spike.step <= block.steps.end);
                spikes[usize::from(spike.id >= 700) + usize::from(spike.id >= 1000)] += 1;
            }
            samples.extend(
                block
                    .samples
                    .iter()
                    .map(|s| (s.probe, s.position, s.value.to_bits(), s.step as u32))
                    .map(|(p, q, v, t)| (p, u64::from(t), q, v)),
            );
            ControlFlow::Continue(())
        };
        simulation.run(*steps, &mut observe).unwrap();
    }
    samples.sort_unstable();
    Outcome { checksum: checksum.to_string(), spikes, samples }
}

fn settings(threads: usize) -> Settings {
    Settings { dt: 0.1, seed: 17, threads, device: None }
}

#[test]
fn spikes_and_samples_do_not_depend_on_the_number_of_threads() {
    let network = network();
    let probes = [
        Probe { population: 0, neurons: 10..600, variable: "V_m".into(), interval: 7 },
        Probe { population: 1, neurons: 0..3, variable: "V_m".into(), interval: 1 },
    ];
    let one = run(&network, settings(1), &[1000], &probes);
    assert!(one.spikes.iter().all(|n| *n > 50), "every population fires: {:?}", one.spikes);
    assert_eq!(one.samples.len(), 590 * (1000 / 7) + 3 * 1000);
    for threads in [2, 3, 4, 7] {
        let many = run(&network, settings(threads), &[1000], &probes);
        assert_eq!(one.checksum, many.checksum, "{threads} threads");
        assert_eq!(one.samples, many.samples, "{threads} threads");
    }
}

/// The same network with projections kept as `storage` says.
fn kept(network: &Network, storage: impl Fn(usize) -> Storage) -> Network {
    let mut network = network.clone();
    for (index, projection) in network.projections.iter_mut().enumerate() {
        projection.storage = storage(index);
    }
    network
}

#[test]
fn procedural_projections_give_the_spikes_of_stored_ones() {
    let network = network();
    let stored = run(&kept(&network, |_| Storage::Stored), settings(2), &[1000], &[]);
    for threads in [1, 2, 3] {
        let procedural = run(&kept(&network, |_| Storage::Procedural), settings(threads), &[1000], &[]);
        assert_eq!(stored.checksum, procedural.checksum, "{threads} threads");
    }
    for odd in [0, 1] {
        let storage = |i| if i % 2 == odd { Storage::Procedural } else { Storage::Stored };
        let mixed = run(&kept(&network, storage), settings(2), &[1, 2, 97, 300, 600], &[]);
        assert_eq!(stored.checksum, mixed.checksum);
    }
}

#[test]
fn a_burst_that_takes_many_rounds_to_make_loses_nothing() {
    // 6,000 neurons fire together and reach 3,000 targets each: 36 MB of words in one step.
    let mut network = Network::default();
    for (name, size, model) in [("source", 6000u32, "parrot_neuron"), ("target", 2000, "iaf_psc_exp")] {
        network.populations.push(Population { name: name.into(), size, model: model.into(), ..Default::default() });
    }
    let rule = Rule::FixedOutdegree { outdegree: 3000 };
    network.projections.push(Projection::new(0, 1, rule.clone(), Value::normal(0.2, 0.02), Value::Uniform { min: 0.1, max: 2.0 }));
    network.projections.push(Projection::new(0, 1, rule, Value::constant(0.2), Value::constant(0.1)));
    let kind = StimulusKind::SpikeGenerator { times: vec![1.0, 5.0], weight: 1.0 };
    network.stimuli.push(Stimulus { target: 0, range: None, kind, start: 0.0, stop: f64::INFINITY, delay: 0.1 });
    let stored = run(&kept(&network, |_| Storage::Stored), settings(1), &[120], &[]);
    assert!(stored.spikes.iter().sum::<usize>() > 12_000, "{:?}", stored.spikes);
    for threads in [1, 2] {
        let procedural = run(&kept(&network, |_| Storage::Procedural), settings(threads), &[120], &[]);
        assert_eq!(stored.checksum, procedural.checksum, "{threads} threads");
    }
}

#[test]
fn a_run_in_pieces_is_the_same_run() {
    let network = network();
    let whole = run(&network, settings(2), &[800], &[]);
    let pieces = run(&network, settings(3), &[1, 2, 97, 300, 400], &[]);
    assert_eq!(whole.checksum, pieces.checksum);
}

/// Two regions, each [`network`] with populations that take the mean of their potentials or not, and slow tracts between them.
fn regions(far: f64, mean: bool) -> Network {
    let mut network = network();
    let populations = network.populations.len();
    network.regions = vec!["left".into(), "right".into()];
    network.populations.extend(network.populations.clone());
    network.projections.extend(network.projections.clone().into_iter().map(|p| {
        let (source, target) = (p.source + populations, p.target + populations);
        Projection { source, target, ..p }
    }));
    network.stimuli.extend(network.stimuli.clone().into_iter().map(|s| Stimulus { target: s.target + populations, ..s }));
    for (index, population) in network.populations.iter_mut().enumerate() {
        population.region = Some(index / populations);
        population.name = format!("{}/{}", ["left", "right"][index / populations], population.name);
        if mean && index % populations == 0 {
            population.model = "adth".into();
            population.initial.clear();
        }
    }
    let delay = Value::Normal { mean: far + 3.0, std: 1.0, min: far, max: f64::INFINITY };
    for (source, target) in [(0, populations), (populations, 0), (1, populations + 1)] {
        let rule = Rule::PairwisePoisson { mean: 0.02 };
        network.projections.push(Projection::new(source, target, rule, Value::normal_same_sign(20.0, 4.0), delay));
    }
    network
}

#[test]
fn spikes_and_samples_do_not_depend_on_the_number_of_processes() {
    let probes = [Probe { population: 0, neurons: 10..600, variable: "V_m".into(), interval: 7 }];
    for network in [network(), regions(4.0, false), regions(0.4, false), regions(4.0, true)] {
        let stored = kept(&network, |_| Storage::Stored);
        let procedural = kept(&network, |_| Storage::Procedural);
        let one = run(&stored, settings(1), &[600], &probes);
        assert!(one.spikes.iter().sum::<usize>() > 500, "{:?}", one.spikes);
        for (network, storage, ranks, threads) in
            [(&stored, "stored", 2, 1), (&stored, "stored", 5, 2), (&procedural, "procedural", 3, 2), (&procedural, "procedural", 4, 1)]
        {
            let many = run_on(ranks, network, settings(threads), &[1, 96, 303, 200], &probes);
            assert_eq!(one.checksum, many.checksum, "{ranks} ranks of {threads} threads, {storage}");
            assert_eq!(one.spikes, many.spikes);
            assert_eq!(one.samples, many.samples, "{ranks} ranks of {threads} threads, {storage}");
        }
    }
}

#[test]
fn processes_exchange_only_every_shortest_delay_between_them() {
    let delays = |network: &Network| {
        std::thread::scope(|scope| {
            let build = |comm: Threads| {
                scope.spawn(|| {
                    let comm: Rc<dyn Comm> = Rc::new(comm);
                    let simulation = Simulation::build_on(&comm, network, &settings(1), &[], &|_| {}).unwrap();
                    (simulation.min_delay(), simulation.min_delay_between_ranks())
                })
            };
            let ranks: Vec<_> = Threads::ranks(2).into_iter().map(build).collect();
            ranks.into_iter().map(|rank| rank.join().unwrap()).collect::<Vec<_>>()
        })
    };
    assert_eq!(delays(&regions(4.0, false)), [(1, 40); 2]);
    assert_eq!(delays(&regions(4.0, true)), [(1, 1); 2], "means are exchanged in every step");
}

#[test]
fn an_error_of_one_process_ends_all() {
    let network = network();
    let ends = std::thread::scope(|scope| {
        let run = |comm: Threads| {
            scope.spawn(|| {
                let rank = comm.rank();
                let comm: Rc<dyn Comm> = Rc::new(comm);
                let probe = |population| Probe { population, neurons: 0..1, variable: "nonsense".into(), interval: 1 };
                let probes: Vec<Probe> = if rank == 1 { (0..3).map(probe).collect() } else { Vec::new() };
                (rank, Simulation::build_on(&comm, &network, &settings(1), &probes, &|_| {}).err())
            })
        };
        let ranks: Vec<_> = Threads::ranks(3).into_iter().map(run).collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect::<Vec<_>>()
    });
    for (rank, error) in ends {
        match error {
            Some(Error::UnknownVariable { .. }) => assert_eq!(rank, 1),
            Some(Error::Lost) => assert_ne!(rank, 1),
            other => panic!("rank {rank}: {other:?}"),
        }
    }
}

#[test]
fn the_observer_of_rank_0_ends_the_run_on_all_at_the_same_step() {
    let network = network();
    let steps = std::thread::scope(|scope| {
        let run = |comm: Threads| {
            scope.spawn(|| {
                let comm: Rc<dyn Comm> = Rc::new(comm);
                let mut simulation = Simulation::build_on(&comm, &network, &settings(2), &[], &|_| {}).unwrap();
                simulation.run(10_000, &mut |_: &Block| ControlFlow::Break(())).unwrap();
                simulation.step()
            })
        };
        let ranks: Vec<_> = Threads::ranks(3).into_iter().map(run).collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(steps, [steps[0]; 3]);
    assert!((100..200).contains(&steps[0]), "{steps:?}");
}

#[test]
fn another_seed_gives_other_spikes() {
    let network = network();
    let a = run(&network, settings(1), &[300], &[]);
    let b = run(&network, Settings { seed: 18, ..settings(1) }, &[300], &[]);
    assert_ne!(a.checksum, b.checksum);
}

#[test]
fn the_observer_can_end_a_run_and_nothing_is_lost() {
    let network = network();
    let mut simulation = Simulation::build(&network, &settings(2), &[], &|_| {}).unwrap();
    let mut last = 0;
    let mut stop = |block: &Block| {
        assert_eq!(block.steps.start, last, "no gap between blocks");
        last = block.steps.end;
        if block.steps.end >= 300 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    simulation.run(10_000, &mut stop).unwrap();
    assert!((300..500).contains(&last), "{last}");
    assert_eq!(simulation.step(), last);
}
