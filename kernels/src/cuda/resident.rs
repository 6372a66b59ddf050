//! A network that lives on a device: what it is made of, and its steps.

use std::ops::Range;

use cudarc::driver::sys::CUevent_flags;
use cudarc::driver::{CudaEvent, CudaFunction, PushKernelArg};
use models::kit::LANES;

use super::blocks;
use super::device::Device;
use super::error::{Error, doing};
use super::memory::Array;
use super::neurons::{Neurons, SliceOnHost, Tap};
use super::samples::{Samples, Value};
use super::specialised::Known;
use super::spikes::{Fired, Room, Spikes};
use super::synapses::Synapses;
use crate::device::{Drives, Image, Means, Moment, PoissonTable, Recipes, Store, Sums};
use crate::layout::BLOCK;
use crate::quantile::standard_normal;
use crate::stimuli::Agenda;

/// Blocks of `deliver` for each multiprocessor: as many as fit.
const BLOCKS: u32 = 4;

/// What moves to a device.
pub struct Parts<'a> {
    /// All neurons.
    pub slices: Vec<SliceOnHost<'a>>,
    /// Stored rows.
    pub image: Image,
    /// What rows that are not stored are made from.
    pub recipes: Option<Recipes>,
    /// What stimuli do.
    pub agenda: Agenda,
    /// Neurons whose state is recorded.
    pub taps: Vec<Tap>,
    /// Sums of `V_m` of all populations in units of 2^-16 mV, if a model takes their means.
    pub means: Vec<i64>,
    /// Most receptors of a population.
    pub n_receptors: usize,
    /// Steps for which a spike may be under way.
    pub span: u32,
    /// Room for spikes.
    pub room: Room,
    /// Most steps between two calls of [`Resident::take`].
    pub pace: u64,
}

impl Parts<'_> {
    /// Slots of the sums, a power of two, minus 1.
    fn slot_mask(&self) -> u32 {
        self.recipes.as_ref().map_or(0, |recipes| recipes.slot_mask)
    }

    /// Places of a receptor: up to the last that a neuron has. Where they end depends on the last block, which is rarely full.
    fn n_places(&self) -> usize {
        let end = |slice: &SliceOnHost| slice.block * BLOCK + slice.cells.offset + slice.n;
        self.slices.iter().map(end).max().unwrap_or(0).next_multiple_of(LANES)
    }

    fn n_sums(&self) -> usize {
        (self.slot_mask() as usize + 1) * self.n_receptors * self.n_places()
    }

    /// Memory that is taken on the device, in bytes, but for a few small tables.
    pub fn bytes(&self) -> u64 {
        let state: usize = self.slices.iter().map(|slice| slice.bytes()).sum();
        let rows: u64 = self.taps.iter().map(|tap| Samples::rows(tap.interval, self.pace)).sum();
        let moments = self.agenda.n_stimuli() * self.pace as usize * size_of::<Moment>();
        let counted = state + self.n_sums() * size_of::<i32>() + moments + 16 * self.means.len();
        let recipes = self.recipes.as_ref().map_or(0, Recipes::bytes);
        counted as u64 + self.image.bytes() + recipes + self.room.bytes() + 4 * rows + 8 * self.taps.len() as u64
    }
}

/// A network on a device.
pub struct Resident {
    pub(super) device: Device,
    deliver: CudaFunction,
    pub(super) enter: CudaFunction,
    /// Blocks of `deliver`.
    blocks: u32,
    pub(super) neurons: Neurons,
    pub(super) synapses: Synapses,
    pub(super) spikes: Spikes,
    samples: Samples,
    pub(super) sums: Sums,
    /// What `sums` and `means` name.
    pub(super) cells: Array<i32>,
    pub(super) means: Means,
    pub(super) potentials: Array<i64>,
    quantiles: Array<f32>,
    pub(super) agenda: Agenda,
    moments: Array<Moment>,
    tables: Array<PoissonTable>,
    pub(super) span: u32,
    /// Steps that were launched and not taken.
    launched: Range<u64>,
    clock: Clock,
}

/// Times the first of the steps that are launched together.
struct Clock {
    begun: CudaEvent,
    delivered: CudaEvent,
    updated: CudaEvent,
    deliver_share: f64,
}

impl Clock {
    fn new(device: &Device) -> Result<Self, Error> {
        let event = || device.context.new_event(Some(CUevent_flags::CU_EVENT_DEFAULT)).map_err(doing("making an event"));
        Ok(Clock { begun: event()?, delivered: event()?, updated: event()?, deliver_share: 0.0 })
    }

    /// Notes the time at which the device comes here, if it is `wanted`.
    fn mark(&self, device: &Device, event: &CudaEvent, wanted: bool) -> Result<(), Error> {
        if wanted { event.record(&device.stream).map_err(doing("timing a step")) } else { Ok(()) }
    }

    /// After all has been waited for.
    fn read(&mut self) -> Result<(), Error> {
        let ms = |start: &CudaEvent, end| start.elapsed_ms(end).map(f64::from).map_err(doing("timing a step"));
        let (deliver, update) = (ms(&self.begun, &self.delivered)?, ms(&self.delivered, &self.updated)?);
        self.deliver_share = if deliver + update > 0.0 { deliver / (deliver + update) } else { 0.0 };
        Ok(())
    }
}

impl Resident {
    /// Moves `parts` onto `device`. Refuses before it takes any memory what the device has no room for.
    pub fn new(device: &Device, parts: Parts) -> Result<Resident, Error> {
        device.fits(parts.bytes())?;
        let neurons = Neurons::new(device, &parts.slices, parts.slot_mask() as usize + 1)?;
        let is_stored = !parts.image.heads.is_empty();
        let known = Known::default().and(parts.slot_mask() == 0, "ONE_SLOT", 1).and(parts.recipes.is_none(), "ONLY_STORED", 1).and(
            !is_stored,
            "ONLY_MADE",
            1,
        );
        let taps: Vec<_> = parts.taps.iter().map(|tap| neurons.reading_of(device, tap)).collect();
        let cells = Array::zeros(device, parts.n_sums())?;
        let potentials = Array::copy(device, &[vec![0; parts.means.len()], parts.means.clone()].concat())?;
        Ok(Resident {
            deliver: device.kernel_for("deliver", "deliver", &known)?,
            enter: device.kernel_for("deliver", "enter", &known)?,
            blocks: BLOCKS * device.multiprocessors()?,
            synapses: Synapses::new(device, &parts.image, parts.recipes.as_ref())?,
            spikes: Spikes::new(device, parts.room, parts.span)?,
            samples: Samples::new(device, &taps, parts.pace)?,
            sums: Sums {
                cells: cells.address(device),
                n_places: parts.n_places() as u32,
                n_receptors: parts.n_receptors as u32,
                slot_mask: parts.slot_mask(),
                unused: 0,
            },
            cells,
            means: Means {
                sums: if parts.means.is_empty() { 0 } else { potentials.address(device) },
                n_populations: parts.means.len() as u32,
                unused: 0,
            },
            potentials,
            quantiles: Array::copy(device, standard_normal().rows())?,
            moments: Array::room(device, parts.agenda.n_stimuli() * parts.pace as usize)?,
            tables: Array::copy(device, &[])?,
            agenda: parts.agenda,
            span: parts.span,
            launched: 0..0,
            clock: Clock::new(device)?,
            neurons,
            device: device.clone(),
        })
    }

    /// Starts the next steps, at most `pace`, and behind them the copies of what happens, and waits for none. Those before must have been taken.
    pub fn launch(&mut self, steps: Range<u64>) -> Result<(), Error> {
        self.tell(&steps)?;
        let device = &self.device;
        let ring = self.spikes.ring(device);
        let store = self.synapses.store(device);
        let row = (self.agenda.n_stimuli() * size_of::<Moment>()) as u64;
        let mut drives = Drives {
            list: self.neurons.drives(device),
            moments: self.moments.address(device),
            tables: self.tables.address(device),
            quantiles: self.quantiles.address(device),
        };
        for step in steps.clone() {
            self.clock.mark(device, &self.clock.begun, step == steps.start)?;
            self.launch_deliver(step, &store, &self.means)?;
            self.clock.mark(device, &self.clock.delivered, step == steps.start)?;
            for model in &self.neurons.models {
                let mut launch = device.stream.launch_builder(&model.kernel);
                launch.arg(&model.slices.0).arg(&model.shares.0).arg(&drives).arg(&ring).arg(&store);
                launch.arg(&self.sums).arg(&self.means).arg(&step);
                // SAFETY: these are the kernel's arguments; what their addresses name lives as long as `self` does.
                unsafe { launch.launch(blocks(model.shares.len() as u32)) }.map_err(doing("launching `update`"))?;
            }
            self.clock.mark(device, &self.clock.updated, step == steps.start)?;
            self.samples.launch(device, steps.start, step)?;
            drives.moments += row;
        }
        self.spikes.pull(device)?;
        self.samples.pull(device, &steps)?;
        self.launched = steps;
        Ok(())
    }

    /// Starts the delivery of a step.
    pub(super) fn launch_deliver(&self, step: u64, store: &Store, means: &Means) -> Result<(), Error> {
        let (ring, made) = (self.spikes.ring(&self.device), self.synapses.made(&self.device));
        let mut launch = self.device.stream.launch_builder(&self.deliver);
        launch.arg(&ring).arg(store).arg(&made).arg(&self.sums).arg(means).arg(&step).arg(&self.span);
        // SAFETY: these are the kernel's arguments; what their addresses name lives as long as `self` does.
        unsafe { launch.launch(blocks(self.blocks)) }.map(|_| ()).map_err(doing("launching `deliver`"))
    }

    /// Tells the device what stimuli do in these steps.
    fn tell(&mut self, steps: &Range<u64>) -> Result<(), Error> {
        let (moments, tables) = self.agenda.steps(steps.clone());
        self.moments.write(&self.device, 0, moments)?;
        if tables.len() > self.tables.len() {
            self.tables = Array::copy(&self.device, tables)?;
        } else {
            self.tables.write(&self.device, 0, tables)?;
        }
        Ok(())
    }

    /// Waits for what was launched and appends what happened in it.
    /// Gives the number of synaptic events so far.
    pub fn take(&mut self, fired: &mut Vec<Fired>, values: &mut Vec<Value>) -> Result<u64, Error> {
        let steps = std::mem::take(&mut self.launched);
        let events = self.spikes.take(&self.device, steps.clone(), fired)?;
        self.samples.take(steps, values)?;
        self.clock.read()?;
        Ok(events)
    }

    /// Which part of a step's time went into delivery, as far as is known.
    pub fn deliver_share(&self) -> f64 {
        self.clock.deliver_share
    }
}
