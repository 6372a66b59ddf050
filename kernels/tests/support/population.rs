//! A population on host and device side by side, from the same scattered states, with the same random input: sums of
//! synapses, and stimuli of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use connectome::network::{Signal, Stimulus, StimulusKind};
use cudarc::driver::{CudaContext, CudaFunction, CudaSlice, CudaStream, DriverError, PushKernelArg};
use kernels::cells::{self, Cells, CellsSpec, StepInput, cells};
use kernels::compact::compact_cells;
use kernels::delivery::{Sums, sums};
use kernels::device::{self, Drives, Key, Means, Row, Slice, Store, shares, slice_words};
use kernels::quantile::standard_normal;
use kernels::random::{PLANE, Purpose, Stream};
use kernels::stimuli::{Agenda, Drive, SliceInfo};
use models::kit::{Columns, LANES, real};
use models::{Model, Receptor, Sign, Visitor};

use super::ring::OnRing;
use super::{Argument, Scatter, address, bytes, fault, grid, kernel, put};

/// Neurons, in slices of which the first ends with a plane of random words: in the last tile, warp and block not full.
pub(crate) const N: usize = 397;
const CUT: usize = 5 * PLANE;
const DT: f64 = 0.1;
const SEED: u64 = 5;
/// Index of the population, and its first neuron here: noise is named by them.
const POPULATION: usize = 3;
const FIRST: usize = 7 * PLANE;
/// Global id of the population's first neuron.
const FIRST_ID: u32 = 10_000;
/// Integer units per weight unit.
const SCALE: f64 = 4096.0;
/// Places of a receptor, and the first that the population has.
const PLACES: usize = 1024;
const PLACE: usize = 112;
/// Room for spikes.
pub(crate) const RING: usize = 1024;

/// A state, an input or a current that a neuron may well meet.
fn plausible(scatter: &mut Scatter, name: &str, unit: &str) -> real {
    (match (name, unit) {
        ("ref_left" | "wait", _) => scatter.uniform(0.0, 4.0).floor(),
        ("spikes" | "n_spikes", _) => 0.0,
        (low, _) if low.ends_with("_low") => scatter.uniform(-1e-6, 1e-6),
        ("Act_m" | "Inact_h" | "Act_n", _) => scatter.uniform(0.0, 1.0),
        (_, "mV") => scatter.uniform(-80.0, -50.0),
        _ => scatter.uniform(0.0, 20.0),
    }) as real
}

/// What a receptor's sum may be: mostly nothing, at times a weight of its sign.
fn weights(scatter: &mut Scatter, receptor: &Receptor) -> i32 {
    if !scatter.chance(0.1) {
        return 0;
    }
    let weight = match receptor.accepts {
        Sign::Positive => scatter.uniform(0.0, 90.0),
        Sign::Negative => scatter.uniform(-60.0, 0.0),
        Sign::Both => scatter.uniform(-3.0, 6.0),
        // Whole spikes.
        Sign::Count => return scatter.uniform(1.0, 4.0) as i32 * SCALE as i32,
    };
    (weight * SCALE) as i32
}

/// Stimuli of every kind onto some of the neurons, each with what a spike adds. They begin and end, change and overlap.
fn stimuli(receptors: &[Receptor]) -> Vec<(Stimulus, (usize, i32))> {
    let spike = |receptor: usize| match receptors[receptor].accepts {
        Sign::Positive | Sign::Both => (receptor, (1.7 * SCALE) as i32),
        Sign::Negative => (receptor, (-1.3 * SCALE) as i32),
        Sign::Count => (receptor, SCALE as i32),
    };
    let last = receptors.len() - 1;
    let rate = |low: f64, high: f64| Signal(vec![(0.0, low), (3.0, high), (9.0, 0.0), (11.0, low)]);
    let kinds = [
        (StimulusKind::PoissonGenerator { rate: rate(300.0, 14_000.0), weight: 1.0 }, spike(0)),
        (StimulusKind::PoissonGenerator { rate: rate(2_000.0, 5.0), weight: 1.0 }, spike(last)),
        (StimulusKind::PoissonGenerator { rate: rate(2.5e5, 2e4), weight: 1.0 }, (0, 3)),
        (StimulusKind::SpikeGenerator { times: vec![0.1, 2.0, 2.0, 7.7, 7.8], weight: 1.0 }, spike(last)),
        (StimulusKind::CurrentSteps { amplitude: Signal(vec![(0.0, 620.5), (8.0, 337.25)]) }, (0, 0)),
        (StimulusKind::AcGenerator { amplitude: 90.0, offset: 20.0, frequency: 130.0, phase: 30.0 }, (0, 0)),
        (StimulusKind::NoiseGenerator { mean: 3.3, std: 77.7, interval: 0.7 }, (0, 0)),
        (StimulusKind::OuCurrent { mean: -4.0, std: 91.0, tau: 2.0 }, (0, 0)),
    ];
    let place = |(index, (kind, fixed)): (usize, (StimulusKind, (usize, i32)))| {
        let range = (index % 3 != 0).then_some((FIRST as u32 + 37 * index as u32, 300 - 7 * index as u32));
        let (start, delay) = (0.3 * index as f64, 0.1 + 0.1 * (index % 4) as f64);
        (Stimulus { target: POPULATION, range, kind, start, stop: 18.0, delay }, fixed)
    };
    kinds.into_iter().enumerate().map(place).collect()
}

/// A row that tells whose it is.
fn row(id: u32) -> Row {
    Row { head: id, end: !id, quad: id.rotate_left(9), delay: id % 70 }
}

/// Neurons of a slice on the host.
struct OnHost {
    cells: Box<dyn Cells>,
    drives: Vec<Drive>,
    /// First of its neurons among the `N`.
    from: usize,
    currents: Vec<real>,
}

impl OnHost {
    fn new<M: Model>(neurons: std::ops::Range<usize>, compact: bool, scatter: &mut Scatter) -> OnHost {
        let (params, scales) = (BTreeMap::new(), vec![SCALE; M::RECEPTORS.len()]);
        let (first, n, offset) = ((FIRST + neurons.start) as u32, neurons.len(), PLACE + neurons.start);
        let spec = CellsSpec { params: &params, dt: DT, first, n, offset, scales: &scales, seed: SEED, population: POPULATION };
        let made = if compact { compact_cells(M::NAME, &spec) } else { cells(M::NAME, &spec) };
        let mut cells = made.expect("the model is in the list").expect("defaults are right");
        for (field, info) in cells.fields().iter().enumerate() {
            (0..n).for_each(|neuron| cells.set(field, neuron, plausible(scatter, info.name, info.unit)));
        }
        let info = SliceInfo { neurons: first..first + n as u32, offset };
        let part = |(index, (stimulus, fixed)): (usize, &(Stimulus, (usize, i32)))| Drive::new(stimulus, index, &info, *fixed, DT, SEED);
        let drives = stimuli(M::RECEPTORS).iter().enumerate().filter_map(part).collect();
        OnHost { cells, drives, from: neurons.start, currents: vec![0.0; n.next_multiple_of(PLANE)] }
    }

    /// One step; global ids of who fired.
    fn advance(&mut self, step: u64, sums: &mut [Sums], mean: real, fired: &mut Vec<u32>) {
        self.currents.fill(0.0);
        for drive in &mut self.drives {
            if drive.is_current() {
                drive.current(step, &mut self.currents);
            } else {
                drive.spikes(step, sums);
            }
        }
        let mut own = Vec::new();
        self.cells.advance(&mut StepInput { sums, currents: &self.currents, mean, step }, &mut own);
        fired.extend(own.iter().map(|i| FIRST_ID + (self.from as u32) + i));
    }

    /// State as the device keeps it.
    fn state<M: Model>(&self, compact: bool) -> Vec<u8> {
        if compact { bytes(&self.packed(M::COMPACT.expect("it has units"))).to_vec() } else { bytes(&self.tiles()).to_vec() }
    }

    /// In 16 bits.
    fn packed(&self, units: &[real]) -> Vec<i16> {
        self.tiles().iter().enumerate().map(|(i, x)| (x / units[i / LANES % units.len()]) as i16).collect()
    }

    /// State in tiles of [`LANES`] neurons, `[field][lane]`.
    fn tiles(&self) -> Vec<real> {
        let (fields, n) = (self.cells.fields().len(), self.cells.len());
        let mut tiles = vec![0.0; n.div_ceil(LANES) * fields * LANES];
        for neuron in 0..n {
            for field in 0..fields {
                tiles[(neuron / LANES * fields + field) * LANES + neuron % LANES] = self.cells.value(field, neuron);
            }
        }
        tiles
    }

    /// Its part of the mean potential.
    fn potential(&self) -> i64 {
        let Some(field) = self.cells.fields().iter().position(|f| f.name == "V_m") else { return 0 };
        (0..self.cells.len()).map(|i| cells::mean_part(self.cells.value(field, i))).sum()
    }
}

/// The device's side: memory of one population and its kernel.
struct OnDevice {
    stream: Arc<CudaStream>,
    update: CudaFunction,
    slices: CudaSlice<u32>,
    shares: CudaSlice<u32>,
    n_shares: usize,
    tiles: Vec<CudaSlice<u8>>,
    /// Kept for slices with compact state.
    _units: CudaSlice<real>,
    sums: CudaSlice<i32>,
    means: CudaSlice<i64>,
    list: CudaSlice<Argument<device::Drive>>,
    quantiles: CudaSlice<real>,
    /// Keeps the states of processes.
    _states: Vec<CudaSlice<real>>,
    agenda: Agenda,
    /// Where the row of each neuron of the network lies.
    rows: CudaSlice<Argument<Row>>,
    room: u32,
    ring: OnRing,
}

impl OnDevice {
    fn new<M: Model>(context: &Arc<CudaContext>, text: &str, compact: bool, host: &[OnHost]) -> Result<Self, DriverError> {
        let stream = context.new_stream()?;
        let propagators = M::propagators(&M::Params::default(), DT, DT / f64::from(M::substeps(DT).max(1))).unwrap();
        let propagators = values(&propagators);
        let (mut slices, mut tasks, mut list, mut states, mut tiles) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let units = stream.clone_htod(M::COMPACT.unwrap_or(&[1.0]))?;
        for (index, slice) in host.iter().enumerate() {
            let n = slice.cells.len();
            let first_drive = list.len() as u32;
            for drive in &slice.drives {
                // Poisoned: what was not drawn from the stationary distribution must not be read.
                // SAFETY: plain numbers; the host driver notices if they are read before they are written.
                let state = unsafe { stream.alloc::<real>(n) }?;
                list.push(Argument(drive.on_device(address(&state, &stream))));
                states.push(state);
            }
            tiles.push(stream.clone_htod(&slice.state::<M>(compact))?);
            let words = Slice {
                tiles: address(&tiles[index], &stream),
                compact: if compact { address(&units, &stream) } else { 0 },
                n: n as u32,
                first: (FIRST + slice.from) as u32,
                id: FIRST_ID + slice.from as u32,
                place: (PLACE + slice.from) as u32,
                drives: first_drive,
                drives_end: list.len() as u32,
                population: POPULATION as u32,
                size: N as u32,
                substeps: M::substeps(DT),
                noise: Key::from(&Stream::new(SEED, Purpose::Membrane, POPULATION as u64)),
                units: [(1.0 / SCALE) as real; 2],
            };
            slices.extend(slice_words(&words, &propagators));
            tasks.extend(shares(index as u32, n as u32).flat_map(|share| [share.slice, share.from]));
        }
        Ok(OnDevice {
            update: kernel(context, text, "update"),
            slices: stream.clone_htod(&slices)?,
            shares: stream.clone_htod(&tasks)?,
            n_shares: tasks.len() / 2,
            tiles,
            _units: units,
            sums: stream.alloc_zeros(M::RECEPTORS.len() * PLACES)?,
            means: stream.alloc_zeros(2 * (POPULATION + 1))?,
            list: stream.clone_htod(&list)?,
            quantiles: stream.clone_htod(standard_normal().rows())?,
            _states: states,
            agenda: Agenda::new(&stimuli(M::RECEPTORS).into_iter().map(|s| s.0).collect::<Vec<_>>(), DT),
            rows: stream.clone_htod(&(0..FIRST_ID + N as u32).map(|id| Argument(row(id))).collect::<Vec<_>>())?,
            room: RING as u32,
            ring: OnRing::new(&stream, RING, 4)?,
            stream,
        })
    }

    /// One step; the neurons that fired, ascending.
    fn advance(&mut self, step: u64, sums: &[i32], potential: i64) -> Result<Vec<u32>, Difference> {
        self.stream.memcpy_htod(sums, &mut self.sums)?;
        let (moments, tables) = self.agenda.steps(step..step + 1);
        let moments = self.stream.clone_htod(&moments.iter().map(|m| Argument(*m)).collect::<Vec<_>>())?;
        // An empty list has no address.
        let tables: Vec<_> = tables.iter().map(|table| Argument(*table)).collect();
        let tables = if tables.is_empty() { None } else { Some(self.stream.clone_htod(&tables)?) };
        let mut means = vec![0; 2 * (POPULATION + 1)];
        means[(step + 1) as usize % 2 * (POPULATION + 1) + POPULATION] = potential;
        self.stream.memcpy_htod(&means, &mut self.means)?;
        self.ring.restart(&self.stream, self.room)?;
        let drives = Argument(Drives {
            list: address(&self.list, &self.stream),
            moments: address(&moments, &self.stream),
            tables: tables.as_ref().map_or(0, |tables| address(tables, &self.stream)),
            quantiles: address(&self.quantiles, &self.stream),
        });
        let ring = Argument(self.ring.ring(&self.stream));
        let n_receptors = sums.len() / PLACES;
        let cells = address(&self.sums, &self.stream);
        let sums = Argument(device::Sums { cells, n_places: PLACES as u32, n_receptors: n_receptors as u32, slot_mask: 0, unused: 0 });
        let means = Argument(Means { sums: address(&self.means, &self.stream), n_populations: POPULATION as u32 + 1, unused: 0 });
        let store = Argument(Store { rows: address(&self.rows, &self.stream), ..Store::default() });
        let mut launch = self.stream.launch_builder(&self.update);
        launch.arg(&self.slices).arg(&self.shares).arg(&drives).arg(&ring).arg(&store).arg(&sums).arg(&means).arg(&step);
        // SAFETY: these are the kernel's arguments; it stays within `N` neurons.
        unsafe { launch.launch(grid(self.n_shares)) }?;
        let mut spikes = self.ring.spikes(&self.stream)?;
        spikes.sort_unstable();
        let fired: Vec<_> = spikes.iter().map(|spike| spike.0).collect();
        let under_way = |id: u32| (id, [row(id).head, row(id).end, row(id).quad, step as u32 + row(id).delay]);
        if spikes.iter().all(|spike| *spike == under_way(spike.0)) { Ok(fired) } else { Err(Difference::Rows(step)) }
    }

    /// What was added to the mean in a step.
    fn potential(&self, step: u64) -> Result<i64, DriverError> {
        Ok(self.stream.clone_dtoh(&self.means)?[step as usize % 2 * (POPULATION + 1) + POPULATION])
    }
}

/// Values of a struct of `columns!`, in the order of its fields.
fn values<T: Copy>(columns: &T) -> Vec<real> {
    let n = size_of::<T>() / size_of::<real>();
    // SAFETY: structs of `columns!` are `real`s one after another.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(columns).cast::<real>(), n) }.to_vec()
}

/// How device and host differ.
#[derive(Debug)]
pub(crate) enum Difference {
    /// The driver stopped the kernel, and says why.
    Fault(#[allow(dead_code)] String),
    /// Other neurons fired.
    Spikes(#[allow(dead_code)] u64),
    /// A spike got another row than its neuron has.
    Rows(#[allow(dead_code)] u64),
    /// States are not the same, bit by bit.
    State,
    /// Sums were not taken.
    Sums,
    /// Other sums come out of a step.
    SumsOf(#[allow(dead_code)] u64),
    /// The ring would take too few spikes, or too many.
    Limit(#[allow(dead_code)] u64),
    /// Another number of synaptic events was counted.
    Events,
    /// The mean potential of the next step would be another.
    Mean(#[allow(dead_code)] u64),
}

impl From<DriverError> for Difference {
    fn from(_: DriverError) -> Self {
        Difference::Fault(fault())
    }
}

/// Runs both sides for some steps with the kernel in `text`; gives the number of spikes.
pub(crate) struct Compare<'a> {
    pub(crate) context: &'a Arc<CudaContext>,
    pub(crate) text: &'a str,
    pub(crate) steps: u64,
    /// Spikes of a step for which there is room.
    pub(crate) room: u32,
    /// Whether state is kept in 16 bits.
    pub(crate) compact: bool,
}

impl Visitor for Compare<'_> {
    type Output = Result<usize, Difference>;

    fn visit<M: Model>(self) -> Self::Output {
        let mut scatter = Scatter::new(M::NAME.len() as u64);
        let mut host = [0..CUT, CUT..N].map(|neurons| OnHost::new::<M>(neurons, self.compact, &mut scatter));
        let mut on_device = OnDevice::new::<M>(self.context, self.text, self.compact, &host)?;
        on_device.room = self.room;
        let mut n_spikes = 0;
        for step in 0..self.steps {
            n_spikes += advance::<M>(&mut host, &mut on_device, &mut scatter, step)?;
        }
        for (slice, tiles) in host.iter().zip(&on_device.tiles) {
            assert!(slice.tiles().iter().all(|x| x.is_finite()), "{}: a random neuron left the numbers", M::NAME);
            if on_device.stream.clone_dtoh(tiles)? != slice.state::<M>(self.compact) {
                return Err(Difference::State);
            }
        }
        let left = on_device.stream.clone_dtoh(&on_device.sums)?;
        if left.iter().all(|sum| *sum == 0) { Ok(n_spikes) } else { Err(Difference::Sums) }
    }
}

/// What a program that runs the update of a model reads, and what it has to find: who fired in each step, and the state.
pub(crate) struct Recording {
    pub(crate) input: Vec<u8>,
    pub(crate) fired: Vec<Vec<u32>>,
    pub(crate) tiles: Vec<real>,
}

/// Records so many steps on the host.
pub(crate) struct Record(pub(crate) u32);

impl Visitor for Record {
    type Output = Recording;

    fn visit<M: Model>(self) -> Self::Output {
        let mut scatter = Scatter::new(M::NAME.len() as u64);
        let mut host = OnHost::new::<M>(0..N, false, &mut scatter);
        let mut input = Vec::new();
        for number in
            [self.0, PLACES as u32, RING as u32, N as u32, FIRST as u32, FIRST_ID, PLACE as u32, POPULATION as u32, M::substeps(DT)]
        {
            input.extend(number.to_le_bytes());
        }
        input.extend(bytes(&[Key::from(&Stream::new(SEED, Purpose::Membrane, POPULATION as u64))]));
        input.extend(((1.0 / SCALE) as real).to_le_bytes());
        let propagators = M::propagators(&M::Params::default(), DT, DT / f64::from(M::substeps(DT).max(1))).unwrap();
        input.extend(bytes(&values(&propagators)));
        put(&mut input, &host.tiles());
        put(&mut input, &host.drives.iter().map(|drive| drive.on_device(0)).collect::<Vec<_>>());
        put(&mut input, standard_normal().rows());
        let mut agenda = Agenda::new(&stimuli(M::RECEPTORS).into_iter().map(|s| s.0).collect::<Vec<_>>(), DT);
        let step = |step: u64| {
            let (mut host_sums, device_sums) = random_sums::<M>(&mut scatter);
            let (moments, tables) = agenda.steps(step..step + 1);
            put(&mut input, &device_sums);
            put(&mut input, moments);
            put(&mut input, tables);
            input.extend(host.potential().to_le_bytes());
            let mean = if takes_mean::<M>() { cells::mean(host.potential(), N as u32) } else { 0.0 };
            let mut fired = Vec::new();
            host.advance(step, &mut host_sums, mean, &mut fired);
            fired
        };
        let fired = (0..u64::from(self.0)).map(step).collect();
        Recording { fired, tiles: host.tiles(), input }
    }
}

fn takes_mean<M: Model>() -> bool {
    M::Input::FIELDS.iter().any(|field| field.name == "V_mean")
}

/// Random sums of a step, as the host has them, and as the device has.
fn random_sums<M: Model>(scatter: &mut Scatter) -> (Vec<Sums>, Vec<i32>) {
    let mut host_sums: Vec<Sums> = M::RECEPTORS.iter().map(|_| sums()).collect();
    let mut device_sums = vec![0; M::RECEPTORS.len() * PLACES];
    for (r, receptor) in M::RECEPTORS.iter().enumerate() {
        for place in PLACE..PLACE + N {
            let sum = weights(scatter, receptor);
            host_sums[r][place] = sum;
            device_sums[r * PLACES + place] = sum;
        }
    }
    (host_sums, device_sums)
}

/// One step of both sides with the same random input; the number of spikes.
fn advance<M: Model>(host: &mut [OnHost], on_device: &mut OnDevice, scatter: &mut Scatter, step: u64) -> Result<usize, Difference> {
    let (mut host_sums, device_sums) = random_sums::<M>(scatter);
    let potential = host.iter().map(|slice| slice.potential()).sum();
    let mean = if takes_mean::<M>() { cells::mean(potential, N as u32) } else { 0.0 };
    let mut fired = Vec::new();
    host.iter_mut().for_each(|slice| slice.advance(step, &mut host_sums, mean, &mut fired));
    let theirs = on_device.advance(step, &device_sums, potential)?;
    let lost = on_device.ring.tally(&on_device.stream)?.lost as usize;
    let room = on_device.room as usize;
    // Without room for all it is left open which are lost.
    let same = if fired.len() <= room { theirs == fired } else { theirs.len() == room && theirs.iter().all(|id| fired.contains(id)) };
    if !same || lost != fired.len().saturating_sub(room) {
        return Err(Difference::Spikes(step));
    }
    if takes_mean::<M>() && on_device.potential(step)? != host.iter().map(|slice| slice.potential()).sum::<i64>() {
        return Err(Difference::Mean(step));
    }
    Ok(fired.len())
}
