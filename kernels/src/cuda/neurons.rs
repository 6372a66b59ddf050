//! Neurons on the device: state, what is fixed for each slice, and the kernel of each model.

use std::collections::BTreeMap;

use cudarc::driver::CudaFunction;
use models::kit::{LANES, real};

use super::device::Device;
use super::error::Error;
use super::memory::Array;
use crate::cells::Handover;
use crate::device::{self, Address, Share, Slice, shares, slice_words};
use crate::layout::BLOCK;
use crate::stimuli::Drive;

/// A slice of neurons that moves to a device.
pub struct SliceOnHost<'a> {
    /// Its neurons.
    pub cells: Handover,
    /// How many.
    pub n: usize,
    /// What drives them, in the order of the stimuli.
    pub drives: &'a [Drive],
    /// Index of the population.
    pub population: usize,
    /// Neurons of the population.
    pub size: u32,
    /// Global id of the first.
    pub id: u32,
    /// Its block.
    pub block: usize,
}

impl SliceOnHost<'_> {
    /// Memory that it takes on the device, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let fixed =
            size_of::<Slice>() + size_of_val(&*self.cells.propagators) + self.n.div_ceil(device::THREADS as usize) * size_of::<Share>();
        let drives = self.drives.iter().map(|d| size_of::<device::Drive>() + if d.has_state() { self.n * size_of::<real>() } else { 0 });
        fixed + size_of_val(&*self.cells.tiles) + drives.sum::<usize>()
    }
}

/// A neuron whose state is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Index of the slice.
    pub slice: usize,
    /// Its index there.
    pub neuron: u32,
    /// Column of the state variable.
    pub field: usize,
    /// Every how many steps.
    pub interval: u64,
}

/// All neurons of a device.
pub(super) struct Neurons {
    pub(super) models: Vec<Updates>,
    tiles: Array<real>,
    /// Where each slice's state begins in `tiles`, and how many fields it has.
    places: Vec<(usize, usize)>,
    /// State of Ornstein-Uhlenbeck processes, which drives name.
    _processes: Array<real>,
    drives: Array<device::Drive>,
}

/// What one launch updates: all slices of a model.
pub(super) struct Updates {
    pub(super) kernel: CudaFunction,
    pub(super) slices: Array<u32>,
    pub(super) shares: Array<Share>,
}

/// Slices and shares of a model in the making.
#[derive(Default)]
struct Group {
    slices: Vec<u32>,
    shares: Vec<Share>,
    n: u32,
}

impl Neurons {
    pub(super) fn new(device: &Device, slices: &[SliceOnHost]) -> Result<Self, Error> {
        let mut places = Vec::with_capacity(slices.len());
        let mut state = Vec::new();
        for slice in slices {
            places.push((state.len(), slice.cells.tiles.len() / slice.n.next_multiple_of(LANES)));
            state.extend_from_slice(&slice.cells.tiles);
        }
        let tiles = Array::copy(device, &state)?;
        drop(state);
        let n_processes = slices.iter().map(|s| s.drives.iter().filter(|d| d.has_state()).count() * s.n).sum();
        let processes = Array::room(device, n_processes)?;
        let mut drives = Vec::new();
        let mut groups: BTreeMap<&'static str, Group> = BTreeMap::new();
        let mut process = processes.address(device);
        for (slice, (first, _)) in slices.iter().zip(&places) {
            let from = drives.len();
            for drive in slice.drives {
                drives.push(drive.on_device(process));
                process += if drive.has_state() { size_of::<real>() as u64 * slice.n as u64 } else { 0 };
            }
            let address = tiles.address(device) + size_of::<real>() as u64 * *first as u64;
            groups.entry(slice.cells.model).or_default().push(slice, address, from as u32..drives.len() as u32);
        }
        let models = groups.into_iter().map(|(model, group)| group.onto(device, model)).collect::<Result<_, _>>()?;
        Ok(Neurons { models, tiles, places, _processes: processes, drives: Array::copy(device, &drives)? })
    }

    /// Where all drives are listed.
    pub(super) fn drives(&self, device: &Device) -> Address {
        self.drives.address(device)
    }

    /// Where the recorded number of a tap lies.
    pub(super) fn address_of(&self, device: &Device, tap: &Tap) -> Address {
        let (first, fields) = self.places[tap.slice];
        let neuron = tap.neuron as usize;
        let index = first + (neuron / LANES * fields + tap.field) * LANES + neuron % LANES;
        self.tiles.address(device) + (size_of::<real>() * index) as u64
    }
}

impl Group {
    fn push(&mut self, slice: &SliceOnHost, tiles: Address, drives: std::ops::Range<u32>) {
        let cells = &slice.cells;
        let record = Slice {
            tiles,
            compact: 0,
            n: slice.n as u32,
            first: cells.first,
            id: slice.id,
            place: (slice.block * BLOCK + cells.offset) as u32,
            drives: drives.start,
            drives_end: drives.end,
            population: slice.population as u32,
            size: slice.size,
            substeps: cells.substeps,
            noise: (&cells.noise).into(),
            units: cells.units,
        };
        self.slices.extend(slice_words(&record, &cells.propagators));
        self.shares.extend(shares(self.n, slice.n as u32));
        self.n += 1;
    }

    fn onto(self, device: &Device, model: &str) -> Result<Updates, Error> {
        let kernel = device.kernel(&format!("update/{model}"), "update")?;
        Ok(Updates { kernel, slices: Array::copy(device, &self.slices)?, shares: Array::copy(device, &self.shares)? })
    }
}
