//! Contract: a run that is cut by checkpoints is the run that was never cut.
//!
//! Wherever it is cut, on however many threads and ranks it goes on and however synapses are kept there: the same spikes, the same
//! state of every neuron in every step, the same number of synaptic events. A part that is damaged, truncated or of another
//! network is refused.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use connectome::network::{Network, Population, Projection, Rule, Signal, Stimulus, StimulusKind, Storage, Value};
use engine::checkpoint::{self, FileSum, PartReader, PartWriter, fingerprint};
use engine::comm::{Alone, Comm, Threads};
use engine::{Block, Error, Probe, Settings, Simulation, Spike};
use networks::{kept, network};
use proptest::prelude::*;

mod networks;

/// All that a run shows of itself.
#[derive(Default, PartialEq)]
struct Record {
    spikes: Vec<Spike>,
    /// Probe, step, neuron and bits of the value.
    samples: Vec<(u32, u64, u32, u32)>,
    events: u64,
}

/// Where a run goes on, and how.
#[derive(Clone, Copy, Debug)]
struct Leg {
    until: u64,
    ranks: usize,
    threads: usize,
    storage: Storage,
}

fn leg(until: u64, threads: usize, storage: Storage) -> Leg {
    Leg { until, ranks: 1, threads, storage }
}

fn settings(threads: usize) -> Settings {
    Settings { dt: 0.1, seed: 17, threads, device: None }
}

/// Every state variable of every population, in every `interval`-th step.
fn probes(network: &Network, interval: u64) -> Vec<Probe> {
    let of = |(population, p): (usize, &Population)| {
        let fields = models::description(&p.model).unwrap().state;
        let neurons = 0..p.size;
        fields.into_iter().map(move |f| Probe { population, neurons: neurons.clone(), variable: f.name.into(), interval })
    };
    network.populations.iter().enumerate().flat_map(of).collect()
}

fn advance(simulation: &mut Simulation, steps: u64, record: &mut Record) {
    let mut observe = |block: &Block| {
        record.spikes.extend_from_slice(block.spikes);
        record.samples.extend(block.samples.iter().map(|s| (s.probe, s.step, s.position, s.value.to_bits())));
        ControlFlow::Continue(())
    };
    simulation.run(steps, &mut observe).unwrap();
    record.events = simulation.synaptic_events();
}

fn build(comm: Rc<dyn Comm>, network: &Network, leg: Leg, interval: u64) -> Simulation {
    let network = kept(network, |_| leg.storage);
    Simulation::build_on(&comm, &network, &settings(leg.threads), &probes(&network, interval), &|_| {}).unwrap()
}

fn save(simulation: &mut Simulation, network: &Network, path: &Path) -> FileSum {
    let mut part = PartWriter::create(path, fingerprint(network, &settings(1))).unwrap();
    simulation.save(&mut part).unwrap();
    part.finish().unwrap()
}

fn open(network: &Network, path: &Path) -> Result<PartReader, checkpoint::Error> {
    PartReader::open(path, fingerprint(network, &settings(1)))
}

/// The file of a rank.
fn part(path: &Path, rank: usize) -> PathBuf {
    path.with_extension(rank.to_string())
}

/// What one rank sees of a leg that goes on from the parts of the one before.
fn run_leg(comm: Rc<dyn Comm>, network: &Network, (leg, before): (Leg, Option<Leg>), interval: u64, path: &Path) -> Record {
    let (rank, mut record) = (comm.rank(), Record::default());
    let mut simulation = build(comm.clone(), network, leg, interval);
    if let Some(before) = before {
        let mut parts: Vec<PartReader> = (0..before.ranks).map(|rank| open(network, &part(path, rank)).unwrap()).collect();
        simulation.restore(&mut parts).unwrap();
        assert_eq!(simulation.step(), before.until);
    }
    let steps = leg.until - simulation.step();
    advance(&mut simulation, steps, &mut record);
    // The parts of the leg before have been read by all.
    comm.broadcast(0).unwrap();
    let sum = save(&mut simulation, network, &part(path, rank));
    assert_eq!(sum, FileSum::of(&part(path, rank)).unwrap());
    record
}

/// Runs leg by leg, each in simulations of its own that go on from the checkpoint of the one before.
fn run(network: &Network, legs: &[Leg], interval: u64, path: &Path) -> Record {
    let mut all = Record::default();
    for (i, leg) in legs.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| legs[i]);
        let run = |comm: Rc<dyn Comm>| run_leg(comm, network, (*leg, before), interval, path);
        let records: Vec<Record> = if leg.ranks == 1 {
            vec![run(Alone::comm())]
        } else {
            std::thread::scope(|scope| {
                let ranks: Vec<_> = Threads::ranks(leg.ranks).into_iter().map(|comm| scope.spawn(|| run(Rc::new(comm)))).collect();
                ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
            })
        };
        all.events = records.iter().map(|r| r.events).sum();
        for record in records {
            all.spikes.extend(record.spikes);
            all.samples.extend(record.samples);
        }
    }
    let ranks = legs.iter().map(|leg| leg.ranks).max().unwrap_or(0);
    (0..ranks).for_each(|rank| fs::remove_file(part(path, rank)).unwrap());
    all.samples.sort_unstable();
    all
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("braincog-checkpoint-{name}-{}.zst", std::process::id()))
}

/// Compares without printing a million samples.
fn assert_same(cut: &Record, whole: &Record, what: &str) {
    let first = cut.spikes.iter().zip(&whole.spikes).find(|(a, b)| a != b);
    assert_eq!((cut.spikes.len(), first), (whole.spikes.len(), None), "spikes, {what}");
    let first = cut.samples.iter().zip(&whole.samples).find(|(a, b)| a != b);
    assert_eq!((cut.samples.len(), first), (whole.samples.len(), None), "samples, {what}");
    assert_eq!(cut.events, whole.events, "synaptic events, {what}");
}

use Storage::{Procedural, Stored};

#[test]
fn a_run_cut_anywhere_goes_on_with_other_threads_ranks_and_storage() {
    let (network, path) = (network(), file("anywhere"));
    let whole = run(&network, &[leg(300, 2, Stored)], 50, &path);
    assert!(whole.spikes.len() > 500);
    for cuts in [&[1, 2, 3][..], &[40, 41, 90], &[299]] {
        let threads = [3, 1, 2, 4];
        let mut legs: Vec<Leg> = cuts.iter().zip(threads).map(|(&until, t)| leg(until, t, Stored)).collect();
        legs.push(leg(300, 3, Stored));
        for first in [0, 1] {
            for (i, leg) in legs.iter_mut().enumerate() {
                (leg.storage, leg.ranks) = if i % 2 == first { (Procedural, i % 3 + 1) } else { (Stored, (i + 1) % 3 + 1) };
            }
            assert_same(&run(&network, &legs, 50, &path), &whole, &format!("{legs:?}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_run_cut_at_random_is_the_same_run(cuts in proptest::collection::btree_set(1u64..300, 1..5), threads in 1usize..5, bits: u8) {
        let (network, path) = (network(), file("random"));
        let whole = run(&network, &[leg(300, 1, Stored)], 75, &path);
        let ends = cuts.into_iter().chain([300]).enumerate();
        let storage = |i: usize| if bits >> i & 1 == 0 { Stored } else { Procedural };
        let ranks = |i: usize| if i == usize::from(bits % 4) { 2 } else { 1 };
        let legs: Vec<Leg> = ends.map(|(i, until)| Leg { ranks: ranks(i), ..leg(until, (threads + i) % 4 + 1, storage(i)) }).collect();
        assert_same(&run(&network, &legs, 75, &path), &whole, &format!("{legs:?}"));
        }
}

/// Some neurons of every model that inhibit or excite each other a little, under noise with a memory.
fn every_model() -> Network {
    let mut network = Network::default();
    for description in models::descriptions() {
        for compact in [false, true].into_iter().filter(|compact| !compact || description.compact) {
            let name = format!("{}{}", description.name, if compact { "-compact" } else { "" });
            let model = description.name.to_string();
            network.populations.push(Population { name, size: 150, model, compact, ..Default::default() });
            let target = network.populations.len() - 1;
            let rule = Rule::FixedOutdegree { outdegree: 7 };
            network.projections.push(Projection::new(target, target, rule, Value::constant(1.0), Value::Uniform { min: 0.4, max: 3.0 }));
            let stimulus = |kind| Stimulus { target, range: None, start: 0.0, stop: f64::INFINITY, delay: 0.3, kind };
            network.stimuli.push(stimulus(StimulusKind::PoissonGenerator { rate: Signal::constant(9000.0), weight: 2.0 }));
            if description.takes_current {
                network.stimuli.push(stimulus(StimulusKind::OuCurrent { mean: 300.0, std: 200.0, tau: 4.0 }));
            }
        }
    }
    network
}

#[test]
fn every_model_goes_on_in_every_state_variable() {
    let (network, path) = (every_model(), file("models"));
    let whole = run(&network, &[leg(400, 1, Stored)], 1, &path);
    let fired = |p: usize| whole.spikes.iter().any(|s| s.id as usize / 150 == p);
    let silent: Vec<_> = network.populations.iter().enumerate().filter(|(p, _)| !fired(*p)).map(|(_, p)| &p.name).collect();
    assert!(silent.len() < 3, "{silent:?} do not fire");
    let legs = [leg(133, 3, Stored), Leg { ranks: 3, ..leg(260, 2, Procedural) }, leg(400, 4, Stored)];
    let cut = run(&network, &legs, 1, &path);
    assert_same(&cut, &whole, "every model");
}

#[test]
fn every_stimulus_goes_on_whether_it_has_begun_or_ended() {
    let mut network = Network::default();
    let kinds = [
        StimulusKind::PoissonGenerator { rate: Signal(vec![(0.0, 6000.0), (12.0, 9000.0)]), weight: 60.0 },
        StimulusKind::SpikeGenerator { times: vec![1.0, 1.0, 7.3, 10.0, 10.1, 19.9, 28.0], weight: 900.0 },
        StimulusKind::CurrentSteps { amplitude: Signal(vec![(5.0, 500.0), (15.0, 900.0)]) },
        StimulusKind::AcGenerator { amplitude: 400.0, offset: 400.0, frequency: 90.0, phase: 30.0 },
        StimulusKind::NoiseGenerator { mean: 500.0, std: 300.0, interval: 0.7 },
        StimulusKind::OuCurrent { mean: 500.0, std: 300.0, tau: 5.0 },
    ];
    for (target, kind) in kinds.into_iter().enumerate() {
        let (name, model) = (format!("p{target}"), "iaf_psc_exp".to_string());
        network.populations.push(Population { name, size: 600, model, ..Default::default() });
        for (range, start, stop) in [(None, 0.0, f64::INFINITY), (Some((100, 350)), 5.0, 18.0), (Some((500, 100)), 21.0, f64::INFINITY)] {
            network.stimuli.push(Stimulus { target, range, start, stop, delay: 1.5, kind: kind.clone() });
        }
    }
    let path = file("stimuli");
    let whole = run(&network, &[leg(300, 1, Stored)], 6, &path);
    for cut in [3, 66, 120, 199] {
        let legs = [leg(cut, 2, Stored), Leg { ranks: 2, ..leg(cut + 30, 1, Stored) }, leg(300, 3, Stored)];
        assert_same(&run(&network, &legs, 6, &path), &whole, &format!("{legs:?}"));
    }
}

#[test]
fn a_burst_under_way_over_the_longest_delay_arrives_once() {
    let mut network = Network::default();
    for (name, model) in [("source", "parrot_neuron"), ("target", "iaf_psc_exp")] {
        network.populations.push(Population { name: name.into(), size: 500, model: model.into(), ..Default::default() });
    }
    let rule = Rule::FixedOutdegree { outdegree: 40 };
    network.projections.push(Projection::new(0, 1, rule, Value::normal(9.0, 0.5), Value::Uniform { min: 0.1, max: 20.0 }));
    let kind = StimulusKind::SpikeGenerator { times: vec![1.0], weight: 1.0 };
    network.stimuli.push(Stimulus { target: 0, range: None, kind, start: 0.0, stop: f64::INFINITY, delay: 0.1 });
    let path = file("burst");
    let whole = run(&network, &[leg(240, 1, Stored)], 1, &path);
    assert_eq!(whole.events, 20_000);
    for storage in [Stored, Procedural] {
        let legs: Vec<Leg> = (10..240).step_by(23).chain([240]).map(|until| leg(until, until as usize % 3 + 1, storage)).collect();
        assert_same(&run(&network, &legs, 1, &path), &whole, "burst");
    }
}

/// A simulation of one process that has not begun.
fn alone(network: &Network, threads: usize) -> Simulation {
    build(Alone::comm(), network, leg(0, threads, Stored), 1000)
}

/// A checkpoint of the network at step 100.
fn saved(name: &str) -> (Network, PathBuf) {
    let (network, path) = (network(), file(name));
    let mut simulation = alone(&network, 2);
    advance(&mut simulation, 100, &mut Record::default());
    save(&mut simulation, &network, &path);
    (network, path)
}

#[test]
fn what_gives_other_spikes_has_another_fingerprint_and_is_refused() {
    let (network, path) = saved("foreign");
    let own = fingerprint(&network, &settings(1));
    assert_eq!(own, fingerprint(&kept(&network, |_| Procedural), &settings(4)), "threads and storage do not count");
    let mut others =
        vec![fingerprint(&network, &Settings { seed: 18, ..settings(1) }), fingerprint(&network, &Settings { dt: 0.2, ..settings(1) })];
    let mut other = network.clone();
    other.projections[3].delay = Value::constant(1.0);
    others.push(fingerprint(&other, &settings(1)));
    let mut other = network.clone();
    other.stimuli[0].stop = 1e6;
    others.push(fingerprint(&other, &settings(1)));
    let mut other = network.clone();
    other.populations[1].params.insert("tau_m".into(), 10.5);
    others.push(fingerprint(&other, &settings(1)));
    for other in others {
        assert_ne!(own, other);
        assert!(matches!(PartReader::open(&path, other), Err(checkpoint::Error::OtherNetwork { .. })));
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn a_truncated_or_changed_part_is_refused_or_recognised_and_never_panics() {
    let (network, path) = saved("damaged");
    let good = fs::read(&path).unwrap();
    let sum = FileSum::of(&path).unwrap();
    let refuses = || open(&network, &path).map_err(Error::from).and_then(|part| alone(&network, 1).restore(&mut [part]));
    for length in [0, 3, 20, good.len() / 3, good.len() / 2, good.len() - 1] {
        fs::write(&path, &good[..length]).unwrap();
        assert!(matches!(refuses(), Err(Error::Checkpoint(checkpoint::Error::Damaged { .. }))), "{length} of {} bytes", good.len());
    }
    for at in (0..good.len()).step_by(good.len() / 23) {
        let mut bad = good.clone();
        bad[at] ^= 0x55;
        fs::write(&path, &bad).unwrap();
        // The stream may still be one; the sum never is.
        let _ = refuses();
        assert_ne!(FileSum::of(&path).unwrap(), sum);
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn two_parts_of_one_checkpoint_are_refused_where_they_do_not_fit() {
    let (network, path) = saved("twice");
    let open = || open(&network, &path).unwrap();
    let twice = alone(&network, 1).restore(&mut [open(), open()]);
    assert!(matches!(twice, Err(Error::Checkpoint(checkpoint::Error::Damaged { .. }))), "every neuron is there twice");
    fs::remove_file(path).unwrap();
}
