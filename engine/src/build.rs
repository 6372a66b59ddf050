//! From a network description to neurons, synapses and stimuli in memory.
//!
//! Every part is made by whichever thread is free: all draws are named by what they are for, so the
//! result does not depend on who makes it. Chunks of sources are the unit of work.

use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use connectome::network::{Network, StimulusKind, Storage};
use kernels::cells::{self, CellsSpec};
use kernels::delivery::{self, Calendar};
use kernels::layout::{Layout, Slice};
use kernels::quantile::Sampler;
use kernels::scale::Scales;
use kernels::stimuli::{Drive, SliceInfo};
use kernels::store::{BlockStore, Builder, CHUNK, Chunk, Scratch};
use kernels::wiring::Prepared;
use rayon::prelude::*;

use crate::shard::{Means, Outbox, Shard, SliceState, Tap, TargetBlock};
use crate::{Error, Probe, Settings, Simulation};

/// Longest delay in steps.
const MAX_DELAY: u32 = u16::MAX as u32 - 1;

/// Epochs are at most this long, so that recording stays smooth in networks with long delays only.
const MAX_EPOCH: u64 = 1000;

impl Simulation {
    /// Builds `network`. `progress` hears the fraction that is done, from any thread.
    ///
    /// Errors name the population or projection that cannot be built. Nothing is checked that the
    /// scenario reader checks better (with a line number), except what would make the engine fail.
    pub fn build(network: &Network, settings: &Settings, probes: &[Probe], progress: &(dyn Fn(f64) + Sync)) -> Result<Self, Error> {
        let n_neurons = network.n_neurons();
        if n_neurons > u64::from(u32::MAX) {
            return Err(Error::TooManyNeurons { found: n_neurons, most: u64::from(u32::MAX) });
        }
        let sizes: Vec<u32> = network.populations.iter().map(|p| p.size).collect();
        let layout = Layout::new(&sizes, settings.threads);
        let wiring: Vec<Prepared> = (0..network.projections.len()).map(|i| Prepared::new(network, i, settings.dt, settings.seed)).collect();
        let (min_delay, max_delay) = delays(network, &wiring, settings)?;
        let scales = Scales::new(network, &wiring, settings.dt)?;
        let mut kinds = Vec::new();
        let codings = wiring.iter().map(|w| scales.coding(w, &mut kinds)).collect::<Result<Vec<_>, _>>()?;
        let outgoing = outgoing(network);
        let builder = Builder { wiring: &wiring, codings: &codings, kinds: &kinds, layout: &layout, outgoing: &outgoing, dt: settings.dt };
        let stores = stores(&builder, settings.threads, progress)?;

        let maker = Maker { network, settings, layout: &layout, scales: &scales, probes };
        let mut shards: Vec<Shard> = (0..settings.threads).map(|_| Shard::new(kinds.clone())).collect();
        let n_receptors = network.populations.iter().enumerate().map(|(p, _)| scales.of(p).len()).max().unwrap_or(0);
        for (block, store) in stores.into_iter().enumerate() {
            shards[layout.owner[block]].blocks.push(TargetBlock {
                store,
                calendar: Calendar::new(max_delay),
                sums: (0..n_receptors).map(|_| delivery::sums()).collect(),
                slices: layout.slices.iter().filter(|s| s.block == block).map(|s| maker.slice(s)).collect::<Result<_, _>>()?,
            });
        }
        let means = Means::new(network.populations.len());
        // What step 0 reads is what the step before it would have left.
        shards.iter().flat_map(|s| &s.blocks).flat_map(|b| &b.slices).for_each(|slice| means.add(2, slice));
        let takes_mean = shards.iter().flat_map(|s| &s.blocks).flat_map(|b| &b.slices).any(|s| s.mean.is_some());
        Ok(Simulation {
            settings: *settings,
            n_neurons,
            n_synapses: shards.iter().flat_map(|s| &s.blocks).map(|b| b.store.n_synapses()).sum(),
            boards: (0..settings.threads).map(|_| [RwLock::new(Outbox::default()), RwLock::new(Outbox::default())]).collect(),
            shards,
            means,
            // A population mean must be exchanged in every step.
            min_delay: if takes_mean { 1 } else { u64::from(min_delay).min(MAX_EPOCH) },
            step: 0,
            epoch: 0,
        })
    }
}

/// Shortest and longest delay in steps; refuses what the engine cannot hold.
fn delays(network: &Network, wiring: &[Prepared], settings: &Settings) -> Result<(u32, u32), Error> {
    let (mut min, mut max) = (u32::MAX, 1);
    for prepared in wiring {
        let projection = prepared.projection();
        let (lo, hi) = prepared.delay_bounds(settings.dt);
        let name = |p: usize| network.populations[p].name.clone();
        if projection.storage == Storage::Procedural {
            return Err(Error::Procedural { from: name(projection.source), to: name(projection.target) });
        }
        if hi > MAX_DELAY {
            let most = f64::from(MAX_DELAY) * settings.dt;
            return Err(Error::DelayTooLong {
                from: name(projection.source),
                to: name(projection.target),
                found: f64::from(hi) * settings.dt,
                most,
            });
        }
        let n_source = f64::from(network.populations[projection.source].size);
        let words_per_chunk = projection.expected_synapses(network) / n_source * CHUNK as f64 * 2.0;
        if words_per_chunk > f64::from(u32::MAX) * 0.9 {
            let most = u64::from(u32::MAX) / CHUNK as u64 / 2;
            return Err(Error::RowTooLong { from: name(projection.source), to: name(projection.target), most });
        }
        min = min.min(lo);
        max = max.max(hi);
    }
    Ok((min, max))
}

/// Projections that leave each population.
fn outgoing(network: &Network) -> Vec<Vec<usize>> {
    let mut outgoing = vec![Vec::new(); network.populations.len()];
    for (index, projection) in network.projections.iter().enumerate() {
        outgoing[projection.source].push(index);
    }
    outgoing
}

/// All rows, block by block, made on `threads` threads.
fn stores(builder: &Builder, threads: usize, progress: &(dyn Fn(f64) + Sync)) -> Result<Vec<BlockStore>, Error> {
    let n = builder.n_chunks();
    let done = AtomicUsize::new(0);
    let make = |scratch: &mut Scratch, c: usize| {
        let chunk = builder.chunk(c, scratch);
        progress((done.fetch_add(1, Ordering::Relaxed) + 1) as f64 / n as f64);
        chunk
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|_| Error::Thread)?;
    let chunks: Vec<Vec<Chunk>> = pool.install(|| (0..n).into_par_iter().map_init(Scratch::default, make).collect());
    let mut stores = vec![BlockStore::default(); builder.layout.n_blocks()];
    for row in chunks {
        for (store, chunk) in stores.iter_mut().zip(row) {
            store.chunks.push(chunk);
        }
    }
    Ok(stores)
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
        let mut cells = cells::cells(&population.model, &spec)
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
        let mean = takes_mean.then(|| field(cells.as_ref(), "V_m")).flatten().map(|f| (f, f64::from(population.size)));
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
