//! Contract: a run on devices may be cut and shared. It goes on from a checkpoint on a device or on the processor, whichever made it, with
//! synapses stored or made anew; and processes with a device each have the spikes of one. Spikes, states and synaptic events are in all
//! cases those of a run on the processor.
//!
//! Ranks are threads of the test here, and all share the one device that the host driver has; `mpi.rs` has real processes.
#![cfg(target_os = "linux")]

#[path = "../../engine/tests/networks/mod.rs"]
mod networks;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use connectome::network::{Network, Population, Projection, Rule, Signal, Stimulus, StimulusKind, Storage, Value};
use engine::checkpoint::{PartReader, PartWriter, fingerprint};
use engine::comm::{Alone, Comm, Threads};
use engine::{Block, Device, Probe, Settings, Simulation, Spike};
use networks::{kept, network};
use scenarios::Scenario;
use tests::{Folder, on_host_driver, shipped, shrink};

/// Where a part of a run is computed: so many threads of each rank, or its device.
#[derive(Clone, Copy, Debug)]
enum On {
    Cpu(usize),
    Cuda,
}

/// A part of a run up to a step; `made` if synapses are made anew as far as they can be.
#[derive(Clone, Copy, Debug)]
struct Leg {
    on: On,
    ranks: usize,
    made: bool,
    until: u64,
}

fn leg(on: On, ranks: usize, made: bool, until: u64) -> Leg {
    Leg { on, ranks, made, until }
}

/// A network, and how it is stepped and watched.
struct Case {
    name: &'static str,
    network: Network,
    dt: f64,
    seed: u64,
    probes: Vec<Probe>,
}

/// All that a run shows of itself.
#[derive(Default, PartialEq)]
struct Record {
    spikes: Vec<Spike>,
    /// Probe, step, neuron and bits of the value.
    samples: Vec<(u32, u64, u32, u32)>,
    events: u64,
}

impl Case {
    /// A network in steps of 0.1 ms of which some state is recorded.
    fn new(name: &'static str, network: Network) -> Self {
        let probe = |population| Probe { population, neurons: 2..19, variable: "V_m".into(), interval: 7 };
        let probes = (0..network.populations.len()).map(probe).collect();
        Case { name, network, dt: 0.1, seed: 17, probes }
    }

    fn settings(&self, threads: usize) -> Settings {
        Settings { dt: self.dt, seed: self.seed, threads, device: None }
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.network, &self.settings(1))
    }

    fn build(&self, comm: &Rc<dyn Comm>, leg: Leg) -> Simulation {
        // A device that has next to no room makes what it can.
        let (storage, room) = match (leg.on, leg.made) {
            (_, false) => (Storage::Stored, None),
            (On::Cpu(_), true) => (Storage::Procedural, None),
            (On::Cuda, true) => (Storage::Auto, Some(1)),
        };
        let network = kept(&self.network, |_| storage);
        let built = match leg.on {
            On::Cpu(threads) => Simulation::build_on(comm, &network, &self.settings(threads), &self.probes, &|_| {}),
            On::Cuda => {
                let device = Device::open(0).expect("the host driver has a device");
                let settings = Settings { device: room, ..self.settings(1) };
                Simulation::build_on_device(&device, comm, &network, &settings, &self.probes, &|_| {})
            }
        };
        built.unwrap_or_else(|error| panic!("{}, {leg:?}: {error}", self.name))
    }

    /// What one rank sees of a leg that goes on from the parts of the one before.
    fn on_rank(&self, comm: Rc<dyn Comm>, (leg, before): (Leg, Option<Leg>), folder: &Path) -> Record {
        let (rank, mut record) = (comm.rank(), Record::default());
        let mut simulation = self.build(&comm, leg);
        if let Some(before) = before {
            let open = |rank| PartReader::open(&part(folder, rank), self.fingerprint()).expect("it was written");
            simulation.restore(&mut (0..before.ranks).map(open).collect::<Vec<_>>()).expect("it can go on");
            assert_eq!(simulation.step(), before.until);
        }
        let mut observe = |block: &Block| {
            record.spikes.extend_from_slice(block.spikes);
            record.samples.extend(block.samples.iter().map(|s| (s.probe, s.step, s.position, s.value.to_bits())));
            ControlFlow::Continue(())
        };
        simulation.run(leg.until - simulation.step(), &mut observe).unwrap_or_else(|error| panic!("{}, {leg:?}: {error}", self.name));
        record.events = simulation.synaptic_events();
        // The parts of the leg before have been read by all.
        comm.broadcast(0).expect("all ranks are there");
        let mut out = PartWriter::create(&part(folder, rank), self.fingerprint()).expect("it can be written");
        simulation.save(&mut out).expect("it can be saved");
        out.finish().expect("it can be written");
        record
    }

    /// Runs leg by leg, each in simulations of its own that go on from the checkpoint of the one before.
    fn run(&self, legs: &[Leg]) -> Record {
        let folder = Folder::new(self.name);
        let mut all = Record::default();
        for (i, leg) in legs.iter().enumerate() {
            let before = i.checked_sub(1).map(|i| legs[i]);
            let run = |comm: Rc<dyn Comm>| self.on_rank(comm, (*leg, before), folder.path());
            let records: Vec<Record> = if leg.ranks == 1 {
                vec![run(Alone::comm())]
            } else {
                std::thread::scope(|scope| {
                    let ranks: Vec<_> = Threads::ranks(leg.ranks).into_iter().map(|comm| scope.spawn(|| run(Rc::new(comm)))).collect();
                    ranks.into_iter().map(|rank| rank.join().expect("no rank fails")).collect()
                })
            };
            all.events = records.iter().map(|r| r.events).sum();
            for record in records {
                all.spikes.extend(record.spikes);
                all.samples.extend(record.samples);
            }
        }
        all.samples.sort_unstable();
        all
    }

    /// The whole run on the processor.
    fn whole(&self, until: u64, least: usize) -> Record {
        let whole = self.run(&[leg(On::Cpu(2), 1, false, until)]);
        assert!(whole.spikes.len() > least, "{}: {} spikes tell little", self.name, whole.spikes.len());
        whole
    }

    /// Compares without printing all of it.
    fn compare(&self, legs: &[Leg], whole: &Record) {
        let found = self.run(legs);
        let first = found.spikes.iter().zip(&whole.spikes).find(|(a, b)| a != b);
        assert_eq!((found.spikes.len(), first), (whole.spikes.len(), None), "{}: spikes, {legs:?}", self.name);
        let first = found.samples.iter().zip(&whole.samples).find(|(a, b)| a != b);
        assert_eq!((found.samples.len(), first), (whole.samples.len(), None), "{}: samples, {legs:?}", self.name);
        assert_eq!(found.events, whole.events, "{}: synaptic events, {legs:?}", self.name);
    }
}

/// The file of a rank.
fn part(folder: &Path, rank: usize) -> PathBuf {
    folder.join(format!("{rank}.zst"))
}

/// State of a few neurons of every tenth population.
fn some_probes(network: &Network) -> Vec<Probe> {
    let probe = |(population, p): (usize, &Population)| {
        let variable = models::description(&p.model).expect("the model is in the list").state[0].name.to_string();
        Probe { population, neurons: 0..p.size.min(20), variable, interval: 7 }
    };
    network.populations.iter().enumerate().step_by(10).map(probe).collect()
}

/// A shipped scenario, small, and the ms until neurons have fired.
fn small(file: &Path) -> (Case, f64) {
    let name: &'static str = Box::leak(file.file_stem().expect("it has a name").to_string_lossy().into_owned().into_boxed_str());
    let mut scenario = Scenario::load(file).expect("it is shipped");
    shrink(name).for_each(|assignment| scenario.set(assignment).expect("it can be set"));
    let plan = scenario.plan().unwrap_or_else(|error| panic!("{}", error.render()));
    let ms = match name {
        "brunel" | "microcircuit" => 15.0,
        "coba" | "mouse" | "braincog-mouse" | "braincog-mouse-full" => 3.0,
        "braincog-human" | "braincog-macaque" | "braincog-macaque-giant" => 24.0,
        _ => 6.0,
    };
    let probes = some_probes(&plan.network);
    (Case { name, network: plan.network, dt: plan.simulation.dt, seed: plan.simulation.seed, probes }, ms)
}

#[test]
fn every_shipped_scenario_goes_on_between_device_and_processor() {
    if !on_host_driver("every_shipped_scenario_goes_on_between_device_and_processor") {
        return;
    }
    for (index, file) in shipped().iter().enumerate() {
        let (case, ms) = small(file);
        let steps = (ms / case.dt).round() as u64;
        let whole = case.whole(steps, 0);
        let (first, then) = (index % 2 == 0, index % 2 == 1);
        let legs = [leg(On::Cuda, 1, first, steps / 3), leg(On::Cpu(3), 1, first, steps / 2), leg(On::Cuda, 1, then, steps)];
        case.compare(&legs, &whole);
        println!("{}: {} spikes, {} events, {first} {then}", case.name, whole.spikes.len(), whole.events);
    }
}

/// Two populations in different slices with slow projections, so that processes meet every 15 steps. Delays differ, so that a row
/// which is made is under way for a while; one current has a memory.
fn slow() -> Network {
    let mut network = Network::default();
    for (name, size) in [("E", 900), ("I", 300)] {
        network.populations.push(Population { name: name.into(), size, model: "iaf_psc_exp".into(), ..Default::default() });
    }
    let delay = Value::Uniform { min: 1.5, max: 5.0 };
    for (source, target, weight) in [(0, 0, 30.0), (0, 1, 40.0), (1, 0, -60.0), (1, 1, -50.0)] {
        let rule = Rule::FixedOutdegree { outdegree: 30 };
        network.projections.push(Projection::new(source, target, rule, Value::normal(weight, 3.0), delay));
    }
    for target in 0..2 {
        let mut drive = |kind| network.stimuli.push(Stimulus { target, range: None, start: 0.0, stop: f64::INFINITY, delay: 1.0, kind });
        drive(StimulusKind::PoissonGenerator { rate: Signal::constant(9000.0), weight: 60.0 });
        drive(StimulusKind::OuCurrent { mean: 100.0, std: 60.0, tau: 4.0 });
    }
    network
}

/// A population whose neurons take the mean of all their potentials, in every step.
fn mean() -> Network {
    let mut network = Network::default();
    let params = [("Gamma_c".to_string(), 0.5)].into();
    network.populations.push(Population { name: "M".into(), size: 300, model: "adth".into(), params, ..Default::default() });
    let rule = Rule::FixedOutdegree { outdegree: 9 };
    network.projections.push(Projection::new(0, 0, rule, Value::constant(20.0), Value::constant(1.2)));
    let kind = StimulusKind::PoissonGenerator { rate: Signal::constant(9000.0), weight: 300.0 };
    network.stimuli.push(Stimulus { target: 0, range: None, start: 0.0, stop: f64::INFINITY, delay: 1.0, kind });
    network
}

#[test]
fn processes_with_a_device_each_have_the_spikes_of_one() {
    if !on_host_driver("processes_with_a_device_each_have_the_spikes_of_one") {
        return;
    }
    for (name, network, steps) in [("fast", network(), 90), ("slow", slow(), 160), ("mean", mean(), 60)] {
        let case = Case::new(name, network);
        let whole = case.whole(steps, 10);
        println!("{name}: {} spikes, {} events", whole.spikes.len(), whole.events);
        for (ranks, made) in [(2, true), (3, false)] {
            case.compare(&[leg(On::Cuda, ranks, made, steps)], &whole);
        }
    }
}

#[test]
fn a_run_goes_on_with_other_numbers_of_devices() {
    if !on_host_driver("a_run_goes_on_with_other_numbers_of_devices") {
        return;
    }
    for (name, network, steps) in [("fast", network(), 90), ("slow", slow(), 160)] {
        let case = Case::new(name, network);
        let whole = case.whole(steps, 10);
        // 20 and 77 lie between two meetings of the slow ones.
        let legs = [
            leg(On::Cuda, 2, true, 20),
            leg(On::Cuda, 1, true, 45),
            leg(On::Cpu(2), 3, true, 50),
            leg(On::Cuda, 3, false, 77),
            leg(On::Cuda, 2, true, steps),
        ];
        case.compare(&legs, &whole);
    }
}
