//! Neurons on the device: state, what is fixed for each slice, and the kernel of each model.

use std::collections::BTreeMap;
use std::ops::Range;

use cudarc::driver::CudaFunction;
use models::kit::{LANES, real};

use super::device::Device;
use super::error::Error;
use super::memory::Array;
use super::samples::{Form, Reading};
use super::specialised::Known;
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
    pub(super) tiles: Array<u32>,
    pub(super) places: Vec<Place>,
    /// State of Ornstein-Uhlenbeck processes, which drives name.
    pub(super) processes: Array<real>,
    drives: Array<device::Drive>,
    /// Units of state in 16 bits, which slices name.
    _units: Array<real>,
}

/// Where a slice's state lies.
pub(super) struct Place {
    /// Its words in the tiles.
    pub(super) tiles: Range<usize>,
    fields: usize,
    compact: Option<&'static [real]>,
    pub(super) processes: Vec<Process>,
}

/// An Ornstein-Uhlenbeck process of a slice.
pub(super) struct Process {
    /// Index of the drive among those of the slice.
    pub(super) drive: usize,
    pub(super) stimulus: usize,
    /// Of the neurons that it drives, among all processes.
    pub(super) values: Range<usize>,
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
    common: Common,
}

/// What slices of a model have in common.
#[derive(Default)]
struct Common {
    /// Some have their state in 16 bits, are driven by other than Poisson sources, or in part.
    is_compact: bool,
    is_driven_otherwise: bool,
    is_driven_in_part: bool,
    /// Least and most drives of one.
    n_drives: Option<(usize, usize)>,
}

impl Common {
    fn add(&mut self, slice: &SliceOnHost, drives: &[device::Drive]) {
        self.is_compact |= slice.cells.compact.is_some();
        self.is_driven_otherwise |= drives.iter().any(|drive| drive.kind != 0);
        self.is_driven_in_part |= drives.iter().any(|drive| drive.from > 0 || (drive.to as usize) < slice.n);
        let (least, most) = self.n_drives.unwrap_or((usize::MAX, 0));
        self.n_drives = Some((least.min(drives.len()), most.max(drives.len())));
    }

    fn known(&self, slots: usize) -> Known {
        let n_drives = self.n_drives.filter(|(least, most)| least == most).map_or(0, |(n, _)| n as u32);
        Known::default()
            .and(!self.is_compact, "WHOLE_STATE", 1)
            .and(slots == 1, "ONE_SLOT", 1)
            // More would make the code long.
            .and((1..=4).contains(&n_drives), "N_DRIVES", n_drives)
            .and(!self.is_driven_otherwise, "ONLY_POISSON", 1)
            .and(!self.is_driven_in_part, "WHOLE_DRIVES", 1)
    }
}

impl Neurons {
    /// The sums have `slots` slots.
    pub(super) fn new(device: &Device, slices: &[SliceOnHost], slots: usize) -> Result<Self, Error> {
        let (mut tiles, mut units) = (Vec::new(), Vec::new());
        for slice in slices {
            tiles.extend_from_slice(&slice.cells.tiles);
            units.extend_from_slice(slice.cells.compact.unwrap_or_default());
        }
        let (tiles, units) = (Array::copy(device, &tiles)?, Array::copy(device, &units)?);
        let n_processes = slices.iter().map(|s| s.drives.iter().filter(|d| d.has_state()).count() * s.n).sum();
        let processes = Array::room(device, n_processes)?;
        let mut driven = Driven { processes: processes.address(device), value: 0, drives: Vec::new() };
        let mut groups: BTreeMap<&'static str, Group> = BTreeMap::new();
        let (mut places, mut word, mut unit) = (Vec::with_capacity(slices.len()), 0, 0);
        for slice in slices {
            let (n_words, n_units) = (slice.cells.tiles.len(), slice.cells.compact.map_or(0, <[real]>::len));
            let group = groups.entry(slice.cells.model).or_default();
            let compact = if n_units > 0 { word_at(units.address(device), unit) } else { 0 };
            let (own, from) = (driven.add(slice), driven.drives.len());
            let state = (word_at(tiles.address(device), word), compact);
            group.push(slice, state, (from - slice.drives.len()) as u32..from as u32, &driven.drives[from - slice.drives.len()..]);
            places.push(Place { tiles: word..word + n_words, processes: own, ..Place::of(&slice.cells, slice.n) });
            (word, unit) = (word + n_words, unit + n_units);
        }
        let models = groups.into_iter().map(|(model, group)| group.onto(device, model, slots)).collect::<Result<_, _>>()?;
        Ok(Neurons { models, tiles, places, processes, drives: Array::copy(device, &driven.drives)?, _units: units })
    }

    /// Where all drives are listed.
    pub(super) fn drives(&self, device: &Device) -> Address {
        self.drives.address(device)
    }

    /// Where the recorded number of a tap lies, and what it is.
    pub(super) fn reading_of(&self, device: &Device, tap: &Tap) -> Reading {
        let place = &self.places[tap.slice];
        let neuron = tap.neuron as usize;
        let index = (neuron / LANES * place.fields + tap.field) * LANES + neuron % LANES;
        let (word, form) = match place.compact {
            None => (index, Form::Whole),
            Some(units) => (index / 2, Form::Half { upper: index % 2 == 1, unit: units[tap.field] }),
        };
        Reading { address: word_at(self.tiles.address(device), place.tiles.start + word), form, interval: tap.interval }
    }
}

/// Word number `n` of an array of them.
fn word_at(array: Address, n: usize) -> Address {
    array + (size_of::<u32>() * n) as u64
}

impl Place {
    /// Of `n` neurons, with where they lie still open.
    fn of(cells: &Handover, n: usize) -> Self {
        let values_of_a_word = if cells.compact.is_some() { 2 } else { 1 };
        let fields = cells.tiles.len() * values_of_a_word / n.next_multiple_of(LANES);
        Place { tiles: 0..0, fields, compact: cells.compact, processes: Vec::new() }
    }
}

/// Drives in the making.
struct Driven {
    /// Where the state of processes lies.
    processes: Address,
    /// How many values of it are taken.
    value: usize,
    drives: Vec<device::Drive>,
}

impl Driven {
    /// Adds the drives of a slice; its processes.
    fn add(&mut self, slice: &SliceOnHost) -> Vec<Process> {
        let mut own = Vec::new();
        for (index, drive) in slice.drives.iter().enumerate() {
            let on_device = drive.on_device(word_at(self.processes, self.value));
            if drive.has_state() {
                let values = self.value + on_device.from as usize..self.value + on_device.to as usize;
                own.push(Process { drive: index, stimulus: drive.stimulus(), values });
                self.value += slice.n;
            }
            self.drives.push(on_device);
        }
        own
    }
}

impl Group {
    /// Adds a slice with its state and the units of that at these addresses, and these drives.
    fn push(&mut self, slice: &SliceOnHost, (tiles, compact): (Address, Address), drives: Range<u32>, own: &[device::Drive]) {
        self.common.add(slice, own);
        let cells = &slice.cells;
        let record = Slice {
            tiles,
            compact,
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

    fn onto(self, device: &Device, model: &str, slots: usize) -> Result<Updates, Error> {
        let kernel = device.kernel_for(&format!("update/{model}"), "update", &self.common.known(slots))?;
        Ok(Updates { kernel, slices: Array::copy(device, &self.slices)?, shares: Array::copy(device, &self.shares)? })
    }
}
