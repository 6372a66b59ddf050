//! A network on a device: the same steps, blocks and observers, with one host thread that drives one device.
//!
//! The device owns all blocks and keeps its spikes under way itself. The host tells it once in about 10 ms of biological time
//! what stimuli will do, starts these steps, and while the device computes them hands out what happened in the ones before.

use std::ops::Range;
use std::rc::Rc;
use std::time::Instant;

use connectome::network::{Network, Storage};
use kernels::cuda::{Device, Parts, Resident, Room, SliceOnHost, Tap, Value};
use kernels::device::{Image, Recipes};
use kernels::rows::Wiring;
use kernels::stimuli::Agenda;
use kernels::store::Store;

use crate::comm::Comm;
use crate::recorder::{Recorder, pace};
use crate::shard::{Outbox, Shard, SliceState};
use crate::simulation::{Phases, Sample};
use crate::{Error, Probe, Settings, Simulation};

/// The part of a simulation that lives on a device.
pub(crate) struct OnDevice {
    resident: Resident,
    /// Probe and position of each tap.
    taps: Vec<(u32, u32)>,
    values: Vec<Value>,
    outbox: Outbox,
    pace: u64,
    pub(crate) bytes: u64,
    pub(crate) synapse_bytes: u64,
    pub(crate) events: u64,
    pub(crate) phases: Phases,
}

impl Simulation {
    /// Builds this process's part of `network` and moves it onto `device`, where it is stepped from then on; all else is as for
    /// [`Simulation::build_on`]. `settings.device` need not be set.
    ///
    /// Refused before anything is built is what a device does not do, and before device memory is taken what it has no room for.
    pub fn build_on_device(
        device: &Device,
        comm: &Rc<dyn Comm>,
        network: &Network,
        settings: &Settings,
        probes: &[Probe],
        progress: &(dyn Fn(f64) + Sync),
    ) -> Result<Self, Error> {
        refuse_on_device(network)?;
        if comm.size() > 1 {
            let why = "spikes do not travel between devices yet".into();
            return Err(Error::NotOnDevice { what: format!("a run on {} processes", comm.size()), why });
        }
        let settings = Settings { device: Some(device.free_bytes()?), ..*settings };
        let mut simulation = Simulation::build_on(comm, network, &settings, probes, progress)?;
        simulation.on_device = Some(simulation.move_onto(device, network)?);
        Ok(simulation)
    }

    fn move_onto(&mut self, device: &Device, network: &Network) -> Result<OnDevice, Error> {
        let dt = self.settings.dt;
        let pace = pace(dt, self.min_delay);
        let mut shard = self.shards.pop().expect("there is one shard for a device");
        let too_large = |error: kernels::device::TooLarge| Error::NotOnDevice { what: "the network".into(), why: error.to_string() };
        let image = Image::new(&shard.store, &self.wiring.kinds, self.wiring.layout.n_neurons()).map_err(too_large)?;
        // The image replaces it, and both are large.
        shard.store = Store::new(0);
        let recipes = self.recipes(network)?;
        // At least one step: the device looks up where a spike's time ends after it was noted.
        let span = recipes.as_ref().map_or(0, Recipes::span).max(image.span).max(1);
        let parts = Parts {
            slices: slices(&shard).map(|(block, slice)| on_host(network, block, slice)).collect::<Result<_, _>>()?,
            agenda: Agenda::new(&network.stimuli, dt),
            taps: slices(&shard).enumerate().flat_map(|(index, (_, slice))| taps(index, slice)).collect(),
            // What the first step reads is what the one before it has left.
            means: self.means.sums_of(self.step + 2),
            n_blocks: shard.blocks.len(),
            n_receptors: shard.blocks.iter().map(|block| block.sums.len()).max().unwrap_or(0),
            room: Room::new(self.n_neurons, span, pace, dt),
            image,
            recipes,
            span,
            pace,
        };
        let synapse_bytes = parts.image.bytes() + parts.recipes.as_ref().map_or(0, Recipes::bytes);
        let bytes = parts.bytes();
        Ok(OnDevice {
            resident: Resident::new(device, parts)?,
            taps: slices(&shard).flat_map(|(_, slice)| slice.taps.iter().map(|tap| (tap.probe, tap.position))).collect(),
            values: Vec::new(),
            outbox: Outbox::default(),
            pace,
            bytes,
            synapse_bytes,
            events: 0,
            phases: Phases::default(),
        })
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

fn on_host<'a>(network: &Network, block: usize, slice: &'a SliceState) -> Result<SliceOnHost<'a>, Error> {
    let population = &network.populations[slice.population];
    Ok(SliceOnHost {
        cells: slice.cells.handover().ok_or_else(|| compact(&population.name))?,
        n: slice.cells.len(),
        drives: &slice.drives,
        population: slice.population,
        size: population.size,
        id: slice.first_id,
        block,
    })
}

fn taps(slice: usize, state: &SliceState) -> impl Iterator<Item = Tap> {
    state.taps.iter().map(move |tap| Tap { slice, neuron: tap.neuron, field: tap.field, interval: tap.interval })
}

fn compact(population: &str) -> Error {
    Error::NotOnDevice { what: format!("population `{population}`"), why: "its state is kept in 16 bits".into() }
}

fn not_made(network: &Network, projection: usize, why: &str) -> Error {
    let projection = &network.projections[projection];
    let name = |population: usize| &network.populations[population].name;
    let what = format!("procedural projection {} -> {}", name(projection.source), name(projection.target));
    Error::NotOnDevice { what, why: format!("{why}; use storage = \"auto\" or \"stored\"") }
}

/// Refuses what no device does, from the description alone.
pub fn refuse_on_device(network: &Network) -> Result<(), Error> {
    network.populations.iter().find(|p| p.compact).map_or(Ok(()), |population| Err(compact(&population.name)))
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

impl OnDevice {
    /// Steps through `span`, or until the observer breaks off; gives the step at which it stops.
    pub(crate) fn run(&mut self, span: Range<u64>, mut recorder: Recorder) -> Result<u64, Error> {
        let (mut step, mut stop) = (span.start, false);
        while step < span.end && !stop {
            let until = (step + self.pace).min(span.end);
            let start = Instant::now();
            self.resident.launch(step..until)?;
            let launched = Instant::now();
            stop = step > span.start && recorder.flush(step, false, self.phases)?.is_break();
            let handed_out = Instant::now();
            self.collect(&mut recorder)?;
            self.phases.record += (handed_out - launched).as_secs_f64();
            self.share_out((launched - start) + handed_out.elapsed());
            step = until;
        }
        if step > span.start {
            let start = Instant::now();
            // Nothing is left to be broken off.
            let _ = recorder.flush(step, true, self.phases)?;
            self.phases.record += start.elapsed().as_secs_f64();
        }
        Ok(step)
    }

    /// Waits for the device and takes what happened on it.
    fn collect(&mut self, recorder: &mut Recorder) -> Result<(), Error> {
        self.outbox.clear();
        self.values.clear();
        self.events = self.resident.take(&mut self.outbox.spikes, &mut self.values)?;
        self.outbox.samples.extend(self.values.iter().map(|value| {
            let (probe, position) = self.taps[value.tap];
            Sample { probe, step: value.step + 1, position, value: value.value }
        }));
        recorder.take(&self.outbox);
        Ok(())
    }

    /// Adds wall time to the phases as the device has spent it in a step.
    fn share_out(&mut self, time: std::time::Duration) {
        let deliver = time.as_secs_f64() * self.resident.deliver_share();
        self.phases.deliver += deliver;
        self.phases.update += time.as_secs_f64() - deliver;
    }
}
