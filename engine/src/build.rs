//! From a network description to neurons, synapses and stimuli in memory.
//!
//! Every part is made by whichever thread is free: all draws are named by what they are for, so the
//! result does not depend on who makes it. Chunks of sources are the unit of work.

use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use connectome::network::{Network, Rule, StimulusKind};
use connectome::partition::{self, Costs};
use kernels::cells::{self, CellsSpec};
use kernels::compact;
use kernels::delivery::{self, Calendar};
use kernels::layout::{self, Layout, Slice};
use kernels::quantile::Sampler;
use kernels::rows::{Scratch, Way, Wiring};
use kernels::scale::Scales;
use kernels::stimuli::{Drive, SliceInfo};
use kernels::store::{Full, Shelves, Store};
use kernels::wiring::bundle::bundles;
use kernels::wiring::{self, Prepared};
use rayon::prelude::*;

use crate::checkpoint::Recent;
use crate::comm::{Alone, Comm};
use crate::courier::{Courier, Holders};
use crate::device;
use crate::procedural::{Parcel, Procedural, Waiting};
use crate::shard::{Means, Outbox, Shard, SliceState, Tap, TargetBlock};
use crate::storage::{self, Class};
use crate::{Error, Probe, Settings, Simulation, agreed};

/// Longest delay in steps.
const MAX_DELAY: u32 = u16::MAX as u32 - 1;

/// Epochs are at most this long, so that recording stays smooth in networks with long delays only.
pub(crate) const MAX_EPOCH: u64 = 1000;

impl Simulation {
    /// Builds `network`. `progress` hears the fraction that is done, from any thread.
    ///
    /// Errors name the population or projection that cannot be built. Nothing is checked that the
    /// scenario reader checks better (with a line number), except what would make the engine fail.
    pub fn build(network: &Network, settings: &Settings, probes: &[Probe], progress: &(dyn Fn(f64) + Sync)) -> Result<Self, Error> {
        Simulation::build_on(&Alone::comm(), network, settings, probes, progress)
    }

    /// Builds this process's part of `network`, on all ranks together. Which rank holds what follows from the network.
    /// An error of any rank is one on all: [`Error::Lost`] on those that met none themselves.
    pub fn build_on(
        comm: &Rc<dyn Comm>,
        network: &Network,
        settings: &Settings,
        probes: &[Probe],
        progress: &(dyn Fn(f64) + Sync),
    ) -> Result<Self, Error> {
        let n_neurons = network.n_neurons();
        if n_neurons > u64::from(u32::MAX) {
            return Err(Error::TooManyNeurons { found: n_neurons, most: u64::from(u32::MAX) });
        }
        let budget = storage::budget(settings, &**comm)?;
        let classes = storage::classes(network, settings, &storage::stored_bytes(network, settings), budget);
        let built = Simulation::part(comm, network, settings, probes, progress, &classes);
        let mut simulation = agreed(&**comm, built)?;
        simulation.start_means()?;
        Ok(simulation)
    }

    /// What this process holds.
    fn part(
        comm: &Rc<dyn Comm>,
        network: &Network,
        settings: &Settings,
        probes: &[Probe],
        progress: &(dyn Fn(f64) + Sync),
        classes: &[Class],
    ) -> Result<Self, Error> {
        let mut projections = wiring::describe(network, settings.dt, settings.seed);
        let share = Share::new(network, settings, &**comm, &projections);
        let layout = share.layout;
        wiring::draw(&mut projections, network, |prepared| layout.holds(prepared.target));
        let bundles = bundles(network, &projections, settings.seed);
        let (min_delay, max_delay) = delays(network, &projections, settings)?;
        let scales = Scales::new(network, &projections, settings.dt)?;
        let mut kinds = Vec::new();
        let codings = projections.iter().map(|w| scales.coding(w, &mut kinds)).collect::<Result<Vec<_>, _>>()?;
        let courier = share.holders.as_ref().map(|holders| Courier::new(comm, holders, &projections, &layout.first_id));
        let delays = projections.iter().map(|p| p.delay_bounds()).map(|(lo, hi)| (lo as u16, hi as u16)).collect();
        let mut wiring = Wiring { projections, bundles, codings, kinds, delays, layout };
        let procedural = procedural(network, &wiring, classes, settings)?;
        let made_anew = if comm.rank() == 0 { expected(network, &procedural) } else { 0 };
        let stored: Vec<bool> = procedural.iter().map(|procedural| !procedural).collect();
        let stores = stores(&wiring, &wiring.ways(network.populations.len(), &stored), settings.threads, progress)?;
        let procedural = Procedural::new(&wiring, &procedural, network.populations.len());
        if procedural.is_none() {
            // Nothing will be made any more.
            (wiring.projections, wiring.bundles) = (Vec::new(), Vec::new());
        }
        let maker = Maker { network, settings, layout: &wiring.layout, scales: &scales, probes };
        let n_receptors = network.populations.iter().enumerate().map(|(p, _)| scales.of(p).len()).max().unwrap_or(0);
        let mut shards: Vec<Shard> = stores.into_iter().map(Shard::new).collect();
        for (block, owner) in wiring.layout.owner.iter().enumerate() {
            let slices = wiring.layout.slices_of(block).iter().map(|s| maker.slice(s)).collect::<Result<_, _>>()?;
            let sums = (0..n_receptors).map(|_| delivery::sums()).collect();
            shards[*owner].blocks.push(TargetBlock { sums, slices });
            shards[*owner].calendars.push(Calendar::new(max_delay));
        }
        if let Some(procedural) = &procedural {
            shards.iter_mut().for_each(|shard| shard.waiting = Waiting::new(procedural, 0));
        }
        let takes_mean = network.populations.iter().any(|p| models::description(&p.model).is_some_and(|d| d.takes_mean));
        // A population mean must be exchanged in every step.
        let min_delay = if takes_mean { 1 } else { u64::from(min_delay).min(MAX_EPOCH) };
        let between = if takes_mean { 1 } else { share.shortest_between.map_or(MAX_EPOCH, u64::from).min(MAX_EPOCH) };
        let parcels = || RwLock::new((0..settings.shards()).map(|_| Parcel::default()).collect());
        Ok(Simulation {
            settings: *settings,
            comm: comm.clone(),
            courier,
            n_neurons: network.n_neurons(),
            n_synapses: shards.iter().map(|s| s.store.n_synapses()).sum::<u64>() + made_anew,
            boards: (0..settings.shards()).map(|_| [RwLock::new(Outbox::default()), RwLock::new(Outbox::default())]).collect(),
            inbox: RwLock::default(),
            parcels: (0..settings.shards()).map(|_| parcels()).collect(),
            wiring,
            procedural,
            shards,
            on_device: None,
            means: Means::new(if takes_mean { network.populations.len() } else { 0 }),
            recent: Recent::new(max_delay),
            min_delay,
            rounds: (between / min_delay).max(1),
            step: 0,
            epoch: 0,
        })
    }

    /// What the next step reads as mean potentials is what the step before it has left, or would have.
    pub(crate) fn start_means(&mut self) -> Result<(), Error> {
        self.means.clear();
        let before = self.step + 2;
        self.shards.iter().flat_map(|s| &s.blocks).flat_map(|b| &b.slices).for_each(|slice| self.means.add(before, slice));
        let mut sums = self.means.sums_of(before);
        if !sums.is_empty() {
            self.comm.sum(&mut sums)?;
            self.means.set(before, &sums);
        }
        Ok(())
    }
}

/// Which neurons this process holds.
struct Share {
    layout: Layout,
    /// Who holds what; `None` if there is only this process.
    holders: Option<Holders>,
    /// Shortest delay in steps between processes.
    shortest_between: Option<u32>,
}

impl Share {
    fn new(network: &Network, settings: &Settings, comm: &dyn Comm, projections: &[Prepared]) -> Self {
        let sizes: Vec<u32> = network.populations.iter().map(|p| p.size).collect();
        if comm.size() == 1 {
            return Share { layout: Layout::new(&sizes, settings.shards()), holders: None, shortest_between: None };
        }
        let rates = vec![partition::ASSUMED_RATE; sizes.len()];
        let partition = partition::partition(network, &rates, comm.size(), &Costs::at(settings.dt));
        let own = |population: usize| {
            let parts: Vec<Range<u32>> = partition.parts(population).filter(|part| part.1 == comm.rank()).map(|part| part.0).collect();
            let at = |neuron: u32| layout::border(neuron, sizes[population]);
            // Parts of one rank follow each other.
            parts.first().map_or(0..0, |first| at(first.start)..at(parts[parts.len() - 1].end))
        };
        let own: Vec<Range<u32>> = (0..sizes.len()).map(own).collect();
        let holders = Holders::new(network, &partition);
        let shortest_between = holders.shortest_between(projections);
        Share { layout: Layout::of_process(&sizes, &own, settings.shards()), holders: Some(holders), shortest_between }
    }
}

/// Shortest and longest delay in steps; refuses what the engine cannot hold.
fn delays(network: &Network, wiring: &[Prepared], settings: &Settings) -> Result<(u32, u32), Error> {
    let (mut min, mut max) = (u32::MAX, 1);
    for prepared in wiring {
        let (lo, hi) = prepared.delay_bounds();
        if hi > MAX_DELAY {
            let name = |p: usize| network.populations[p].name.clone();
            let most = f64::from(MAX_DELAY) * settings.dt;
            let found = f64::from(hi) * settings.dt;
            return Err(Error::DelayTooLong { from: name(prepared.source), to: name(prepared.target), found, most });
        }
        min = min.min(lo);
        max = max.max(hi);
    }
    Ok((min, max))
}

/// Which projections are procedural. The members of a bundle are drawn together, so all are if one is.
fn procedural(network: &Network, wiring: &Wiring, classes: &[Class], settings: &Settings) -> Result<Vec<bool>, Error> {
    let mut procedural: Vec<bool> = classes.iter().map(|c| *c == Class::Procedural).collect();
    if settings.device.is_some() {
        device::store_what_must_be(network, wiring, &mut procedural)?;
    }
    for bundle in &wiring.bundles {
        let any = bundle.members.iter().any(|member| procedural[*member as usize]);
        bundle.members.iter().for_each(|member| procedural[*member as usize] = any);
    }
    let edges = network.projections.iter().zip(&procedural).find(|(p, procedural)| **procedural && matches!(p.rule, Rule::Edges { .. }));
    match edges {
        Some((projection, _)) => {
            let name = |p: usize| network.populations[p].name.clone();
            Err(Error::ProceduralEdges { from: name(projection.source), to: name(projection.target) })
        }
        None => Ok(procedural),
    }
}

/// Synapses of procedural projections: exact where the rule fixes their number.
fn expected(network: &Network, procedural: &[bool]) -> u64 {
    let projections = network.projections.iter().zip(procedural).filter(|(_, procedural)| **procedural);
    projections.map(|(projection, _)| projection.expected_synapses(network).round() as u64).sum()
}

/// All stored rows, thread by thread, made on `threads` threads.
fn stores(wiring: &Wiring, ways: &[Vec<Way>], threads: usize, progress: &(dyn Fn(f64) + Sync)) -> Result<Vec<Store>, Error> {
    let shards = wiring.layout.first_block.len() - 1;
    let stores: Vec<Mutex<Store>> = (0..shards).map(|_| Mutex::new(Store::new(u64::from(wiring.layout.n_neurons())))).collect();
    if ways.iter().any(|ways| !ways.is_empty()) {
        let n = wiring.n_chunks();
        let done = AtomicUsize::new(0);
        let make = |(scratch, shelves): &mut (Scratch, Shelves), chunk: usize| -> Result<(), Full> {
            shelves.fill(wiring, ways, chunk, scratch);
            for (store, shelf) in stores.iter().zip(&shelves.shelves) {
                store.lock().unwrap_or_else(PoisonError::into_inner).put(chunk, shelf)?;
            }
            progress((done.fetch_add(1, Ordering::Relaxed) + 1) as f64 / n as f64);
            Ok(())
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|_| Error::Thread)?;
        let room = || (Scratch::default(), Shelves::new(wiring));
        let made: Result<(), Full> = pool.install(|| (0..n).into_par_iter().map_init(room, make).collect());
        made.map_err(|Full| Error::StoreFull { most: 16, row: 16 })?;
    }
    Ok(stores.into_iter().map(|store| store.into_inner().unwrap_or_else(PoisonError::into_inner)).collect())
}

/// Makes slices.
struct Maker<'a> {
    network: &'a Network,
    settings: &'a Settings,
    layout: &'a Layout,
    scales: &'a Scales,
    probes: &'a [Probe],
}

impl Maker<'_> {
    fn slice(&self, slice: &Slice) -> Result<SliceState, Error> {
        let population = &self.network.populations[slice.population];
        let spec = CellsSpec {
            params: &population.params,
            dt: self.settings.dt,
            first: slice.neurons.start,
            n: slice.neurons.len(),
            offset: slice.offset,
            scales: self.scales.of(slice.population),
            seed: self.settings.seed,
            population: slice.population,
        };
        let unknown_variable = |name: &str| Error::UnknownVariable {
            population: population.name.clone(),
            model: population.model.clone(),
            variable: name.to_string(),
        };
        let make = if population.compact { compact::compact_cells } else { cells::cells };
        let mut cells = make(&population.model, &spec)
            .ok_or_else(|| Error::UnknownModel { population: population.name.clone(), model: population.model.clone() })?
            .map_err(|source| Error::Model { population: population.name.clone(), source })?;
        let field = |cells: &dyn cells::Cells, name: &str| cells.fields().iter().position(|f| f.name == name);
        for (variable, value) in &population.initial {
            let column = field(cells.as_ref(), variable).ok_or_else(|| unknown_variable(variable))?;
            cells::initialise(cells.as_mut(), column, &Sampler::new(value, 1.0, f64::NEG_INFINITY), &spec);
        }
        let mut taps = Vec::new();
        for (index, probe) in self.probes.iter().enumerate().filter(|(_, p)| p.population == slice.population) {
            let column = field(cells.as_ref(), &probe.variable).ok_or_else(|| unknown_variable(&probe.variable))?;
            let neurons = probe.neurons.start.max(slice.neurons.start)..probe.neurons.end.min(slice.neurons.end);
            taps.extend(neurons.map(|n| Tap {
                probe: index as u32,
                position: n - probe.neurons.start,
                neuron: n - slice.neurons.start,
                field: column,
                interval: probe.interval.max(1),
            }));
        }
        let drives = self.drives(slice)?;
        let has_current = drives.iter().any(Drive::is_current);
        let takes_mean = models::description(&population.model).is_some_and(|d| d.takes_mean);
        let mean = takes_mean.then(|| field(cells.as_ref(), "V_m")).flatten().map(|f| (f, population.size));
        Ok(SliceState {
            cells,
            population: slice.population,
            first_id: self.layout.first_id[slice.population] + slice.neurons.start,
            drives,
            currents: if has_current { vec![0.0; slice.neurons.len().next_multiple_of(models::kit::LANES)] } else { Vec::new() },
            taps,
            mean,
        })
    }

    fn drives(&self, slice: &Slice) -> Result<Vec<Drive>, Error> {
        let mut drives = Vec::new();
        for (index, stimulus) in self.network.stimuli.iter().enumerate().filter(|(_, s)| s.target == slice.population) {
            let fixed = match stimulus.kind {
                StimulusKind::PoissonGenerator { weight, .. } | StimulusKind::SpikeGenerator { weight, .. } => {
                    self.scales.fixed(slice.population, weight)?
                }
                _ => (0, 0),
            };
            let info = SliceInfo { neurons: slice.neurons.clone(), offset: slice.offset };
            drives.extend(Drive::new(stimulus, index, &info, fixed, self.settings.dt, self.settings.seed));
        }
        Ok(drives)
    }
}
