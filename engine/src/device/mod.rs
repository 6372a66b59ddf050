//! A network on a device: the same steps, blocks and observers, with one host thread that drives one device.
//!
//! The device owns all blocks and keeps its spikes under way itself. The host tells it once in about 10 ms of biological time
//! what stimuli will do, starts these steps, and while the device computes them hands out what happened in the ones before. Of
//! several processes each has a device; their hosts exchange spikes as they do without one, and only then a device waits.
//!
//! What the host held of the neurons stays there, as room for what is copied back when the run is saved.

mod state;
mod steps;

use std::rc::Rc;

use connectome::network::{Network, Storage};
use kernels::cuda::{Device, Parts, Resident, Room, SliceOnHost, Tap, Value};
use kernels::device::{Image, Recipes};
use kernels::rows::Wiring;
use kernels::stimuli::Agenda;
use kernels::store::Store;

use crate::checkpoint::Recent;
use crate::comm::Comm;
use crate::recorder::pace;
use crate::shard::{Fired, Outbox, Shard, SliceState};
use crate::simulation::Phases;
use crate::{Error, Probe, Settings, Simulation, agreed};
pub(crate) use steps::Others;

/// The part of a simulation that lives on a device.
pub(crate) struct OnDevice {
    resident: Resident,
    /// Probe and position of each tap.
    taps: Vec<(u32, u32)>,
    values: Vec<Value>,
    outbox: Outbox,
    /// Own spikes since the last exchange between processes.
    own: Vec<Fired>,
    /// Spikes of other processes that came with it.
    received: Vec<Fired>,
    /// Those of other processes that may be under way.
    visitors: Recent,
    pace: u64,
    pub(crate) bytes: u64,
    pub(crate) synapse_bytes: u64,
    /// Synaptic events that the device has counted; those of rows that it makes it counts when it makes them.
    counted: u64,
    /// What the count was when the run went on, less what the device had counted by then.
    before: i64,
    pub(crate) phases: Phases,
}

impl Simulation {
    /// Builds this process's part of `network` and moves it onto `device`, where it is stepped from then on; all else is as for
    /// [`Simulation::build_on`]. `settings.device` need not be set; where several processes share a device it is the part of each.
    ///
    /// Refused before anything is stored is what a device does not do, and before device memory is taken what it has no room for.
    pub fn build_on_device(
        device: &Device,
        comm: &Rc<dyn Comm>,
        network: &Network,
        settings: &Settings,
        probes: &[Probe],
        progress: &(dyn Fn(f64) + Sync),
    ) -> Result<Self, Error> {
        let free = settings.device.map_or_else(|| device.free_bytes().map_err(Error::from), Ok);
        let settings = Settings { device: Some(agreed(&**comm, free)?), ..*settings };
        let mut simulation = Simulation::build_on(comm, network, &settings, probes, progress)?;
        let moved = simulation.move_onto(device, network);
        simulation.on_device = Some(agreed(&**comm, moved)?);
        Ok(simulation)
    }

    fn move_onto(&mut self, device: &Device, network: &Network) -> Result<OnDevice, Error> {
        let (dt, pace) = (self.settings.dt, pace(self.settings.dt, self.min_delay));
        let recipes = self.recipes(network)?;
        let n_reaching = self.n_reaching(network);
        let shard = &mut self.shards[0];
        let too_large = |error: kernels::device::TooLarge| Error::NotOnDevice { what: "the network".into(), why: error.to_string() };
        let image = Image::new(&shard.store, &self.wiring.kinds, self.wiring.layout.n_neurons()).map_err(too_large)?;
        let n_receptors = shard.blocks.iter().map(|block| block.sums.len()).max().unwrap_or(0);
        // The image replaces them, and all are large.
        (shard.store, shard.calendars) = (Store::new(0), Vec::new());
        shard.blocks.iter_mut().for_each(|block| block.sums = Vec::new());
        // At least one step: the device looks up where a spike's time ends after it was noted. Spikes of other processes come late.
        let late = self.courier.as_ref().map_or(1, |_| (self.min_delay * self.rounds) as u32);
        let span = recipes.as_ref().map_or(0, Recipes::span).max(image.span).max(late);
        let shard = &self.shards[0];
        let parts = Parts {
            slices: slices(shard).map(|(block, slice)| on_host(network, block, slice)).collect(),
            agenda: Agenda::new(&network.stimuli, dt),
            taps: slices(shard).enumerate().flat_map(|(index, (_, slice))| taps(index, slice)).collect(),
            // What the first step reads is what the one before it has left.
            means: self.means.sums_of(self.step + 2),
            n_receptors,
            room: Room::new(n_reaching, span, pace, dt),
            image,
            recipes,
            span,
            pace,
        };
        let synapse_bytes = parts.image.bytes() + parts.recipes.as_ref().map_or(0, Recipes::bytes);
        let bytes = parts.bytes();
        Ok(OnDevice {
            resident: Resident::new(device, parts)?,
            taps: slices(shard).flat_map(|(_, slice)| slice.taps.iter().map(|tap| (tap.probe, tap.position))).collect(),
            values: Vec::new(),
            outbox: Outbox::default(),
            own: Vec::new(),
            received: Vec::new(),
            visitors: self.recent.empty(),
            pace,
            bytes,
            synapse_bytes,
            counted: 0,
            before: 0,
            phases: Phases::default(),
        })
    }

    /// Neurons whose spikes may be under way here: those of this process, and all that may reach them.
    fn n_reaching(&self, network: &Network) -> u64 {
        let mut reach: Vec<u64> = vec![0; network.populations.len()];
        slices(&self.shards[0]).for_each(|(_, slice)| reach[slice.population] += slice.cells.len() as u64);
        for projection in network.projections.iter().filter(|projection| self.wiring.layout.holds(projection.target)) {
            reach[projection.source] = u64::from(network.populations[projection.source].size);
        }
        reach.iter().sum()
    }

    /// What procedural projections are made from, if there are any.
    fn recipes(&self, network: &Network) -> Result<Option<Recipes>, Error> {
        let Some(procedural) = &self.procedural else { return Ok(None) };
        let made = procedural.projections(&self.wiring);
        let recipes = Recipes::new(&self.wiring, &made, network.populations.len());
        recipes.map(Some).map_err(|refused| not_made(network, refused.projection as usize, &refused.reason.to_string()))
    }
}

/// All slices of a shard with the block of each.
fn slices(shard: &Shard) -> impl Iterator<Item = (usize, &SliceState)> {
    shard.blocks.iter().enumerate().flat_map(|(index, block)| block.slices.iter().map(move |slice| (index, slice)))
}

fn on_host<'a>(network: &Network, block: usize, slice: &'a SliceState) -> SliceOnHost<'a> {
    SliceOnHost {
        cells: slice.cells.handover(),
        n: slice.cells.len(),
        drives: &slice.drives,
        population: slice.population,
        size: network.populations[slice.population].size,
        id: slice.first_id,
        block,
    }
}

fn taps(slice: usize, state: &SliceState) -> impl Iterator<Item = Tap> {
    state.taps.iter().map(move |tap| Tap { slice, neuron: tap.neuron, field: tap.field, interval: tap.interval })
}

fn not_made(network: &Network, projection: usize, why: &str) -> Error {
    let projection = &network.projections[projection];
    let name = |population: usize| &network.populations[population].name;
    let what = format!("procedural projection {} -> {}", name(projection.source), name(projection.target));
    Error::NotOnDevice { what, why: format!("{why}; use storage = \"auto\" or \"stored\"") }
}

/// Takes off the list of procedural projections those that a device cannot make; refuses them where the user insists.
/// Members of a bundle stay together.
pub(crate) fn store_what_must_be(network: &Network, wiring: &Wiring, procedural: &mut [bool]) -> Result<(), Error> {
    let refusals = kernels::device::refusals(wiring);
    for (index, reason) in refusals.iter().enumerate().filter(|(index, _)| procedural[*index]) {
        let Some(reason) = reason else { continue };
        if network.projections[index].storage == Storage::Procedural {
            return Err(not_made(network, index, &reason.to_string()));
        }
    }
    for (index, _) in refusals.iter().enumerate().filter(|(_, reason)| reason.is_some()) {
        procedural[index] = false;
        let bundles = wiring.bundles.iter().filter(|bundle| bundle.members.contains(&(index as u32)));
        bundles.flat_map(|bundle| &bundle.members).for_each(|member| procedural[*member as usize] = false);
    }
    Ok(())
}
