//! A network on host and device side by side: the same spikes go in, the same sums have to come out.

use std::sync::Arc;

use connectome::network::{Decay, Network, Population, Projection, Rule, Value};
use cudarc::driver::{CudaContext, CudaFunction, CudaSlice, CudaStream, DriverError, PushKernelArg};
use kernels::delivery::{self, Calendar, Sums, sums};
use kernels::device::{self, Address, Image, Made, Means, Recipes, Store as OnDeviceStore};
use kernels::layout::{BLOCK, Layout};
use kernels::quantile::standard_normal;
use kernels::rows::{Scratch, Wiring};
use kernels::scale::Scales;
use kernels::store::{Shelves, Store};
use kernels::wiring::bundle::bundles;
use kernels::wiring::prepare;

use super::population::Difference;
use super::ring::OnRing;
use super::{Argument, address, bytes, grid, kernel};

pub(crate) const DT: f64 = 0.1;
const SEED: u64 = 77;
const RECEPTORS: usize = 2;
/// Sizes of the populations. The last begins in the first block of targets and ends in the second.
pub(crate) const SIZES: [u32; 3] = [300, 200, 66_000];
/// Neurons of the last population that other processes hold; this one holds the rest.
const ELSEWHERE: u32 = 256;
/// Neurons that spike.
pub(crate) const SOURCES: u32 = SIZES[0] + SIZES[1];
/// Number of the first spike, so that numbers wrap.
pub(crate) const START: u32 = u32::MAX - 150;
/// Room of the ring, so that it is used over and over.
pub(crate) const CAPACITY: usize = 1024;
/// Blocks of threads: fewer than there is work for.
const BLOCKS: usize = 3;

/// A projection from one population to another.
pub(crate) fn projection((source, target): (usize, usize), rule: Rule, weight: Value, delay: Value) -> Projection {
    Projection::new(source, target, rule, weight, delay)
}

/// A network of these projections.
pub(crate) fn network(projections: Vec<Projection>) -> Network {
    network_of(SIZES, projections)
}

/// The same with populations of other sizes.
pub(crate) fn network_of(sizes: [u32; 3], projections: Vec<Projection>) -> Network {
    let population = |(i, size): (usize, &u32)| Population {
        name: format!("p{i}"),
        size: *size,
        model: "iaf_psc_exp".into(),
        positions: (0..*size).map(|n| [n as f32 * 1e-3, (n % 7) as f32 * 0.1, i as f32]).collect(),
        ..Default::default()
    };
    Network { populations: sizes.iter().enumerate().map(population).collect(), projections, ..Default::default() }
}

/// Projections of every encoding, some of which the device makes, and rows with many segments. The rows of one population
/// end with the delay with which the next row begins.
pub(crate) fn mixed() -> (Network, Vec<bool>) {
    let normal = || Value::Normal { mean: 30.0, std: 25.0, min: f64::NEG_INFINITY, max: f64::INFINITY };
    let wide = Value::Lognormal { mu: 0.0, sigma: 1.4, scale: -20.0, max: 4000.0 };
    let delays = || Value::Uniform { min: 0.2, max: 1.2 };
    let outdegree = |outdegree| Rule::FixedOutdegree { outdegree };
    let near = |decay| Rule::PairwiseBernoulli { p: 0.98, decay: Some(decay) };
    let distinct = |projection| Projection { allow_multapses: false, allow_autapses: false, ..projection };
    let stored = (1..=10).map(|i| projection((i % 2, 2), outdegree(20 * i as u32), Value::constant(i as f64), Value::constant(0.8)));
    let stored = stored
        .chain([projection((0, 2), outdegree(60), normal(), delays()), projection((1, 0), outdegree(60), wide, Value::constant(0.8))]);
    let made = [
        projection((0, 2), Rule::FixedIndegree { indegree: 1 }, Value::constant(2.0), delays()),
        distinct(projection((0, 0), outdegree(50), normal(), Value::constant(0.3))),
        projection((1, 2), outdegree(70), wide, Value::constant(0.1)),
        projection((1, 1), outdegree(3), Value::Uniform { min: 1.0, max: 7.0 }, delays()),
        projection((1, 0), outdegree(5), Value::Distance { offset: 3.0, slope: 70.0 }, Value::Distance { offset: 0.2, slope: 0.5 }),
        // Of one to five planes of candidates so many are left that two planes of synapses end a row.
        projection((1, 0), near(Decay::Exponential { length: 3.0 }), normal(), delays()),
        projection((0, 1), near(Decay::Linear { range: 1.8 }), Value::Uniform { min: 1.0, max: 7.0 }, Value::constant(0.3)),
    ];
    let mut projections: Vec<_> = stored.collect();
    let mut procedural = vec![false; projections.len()];
    projections.extend(made);
    procedural.resize(projections.len(), true);
    (network(projections), procedural)
}

/// The wiring of a network on one thread.
pub(crate) fn wiring(network: &Network) -> Wiring {
    let projections = prepare(network, DT, SEED);
    let bundles = bundles(network, &projections, SEED);
    let scales = Scales::new(network, &projections, DT).expect("weights fit");
    let mut kinds = Vec::new();
    let codings = projections.iter().map(|p| scales.coding(p, &mut kinds)).collect::<Result<Vec<_>, _>>().expect("weights fit");
    let delays = projections.iter().map(|p| p.delay_bounds()).map(|(lo, hi)| (lo as u16, hi as u16)).collect();
    let sizes: Vec<u32> = network.populations.iter().map(|p| p.size).collect();
    let own = [0..sizes[0], 0..sizes[1], ELSEWHERE..sizes[2]];
    Wiring { projections, bundles, codings, kinds, delays, layout: Layout::of_process(&sizes, &own, 1) }
}

/// All rows that leave through the `wanted` projections.
fn store(wiring: &Wiring, wanted: &[bool]) -> Store {
    let ways = wiring.ways(SIZES.len(), wanted);
    let mut store = Store::new(u64::from(wiring.layout.n_neurons()));
    let (mut shelves, mut scratch) = (Shelves::new(wiring), Scratch::default());
    for chunk in 0..wiring.n_chunks() {
        shelves.fill(wiring, &ways, chunk, &mut scratch);
        store.put(chunk, &shelves.shelves[0]).expect("it fits");
    }
    store
}

/// The host's side: everything is stored.
pub(crate) struct OnHost {
    wiring: Wiring,
    store: Store,
    calendars: Vec<Calendar>,
    sums: Vec<Vec<Sums>>,
    pub(crate) events: u64,
    pub(crate) longest: u32,
}

impl OnHost {
    pub(crate) fn new(network: &Network) -> Self {
        let wiring = wiring(network);
        let longest = wiring.projections.iter().map(|p| p.delay_bounds().1).max().expect("there are projections");
        let n_blocks = wiring.layout.n_blocks();
        OnHost {
            store: store(&wiring, &vec![true; network.projections.len()]),
            calendars: vec![Calendar::new(longest); n_blocks],
            sums: (0..n_blocks).map(|_| (0..RECEPTORS).map(|_| sums()).collect()).collect(),
            wiring,
            events: 0,
            longest,
        }
    }

    /// Sums of a step, `[receptor][place]`, after the spikes of the last one.
    pub(crate) fn deliver(&mut self, step: u64, spikes: &[u32]) -> Vec<i32> {
        let spikes: Vec<_> = spikes.iter().map(|id| (step - 1, *id)).collect();
        delivery::enter(&self.store, &self.wiring.kinds, &spikes, step, &mut self.calendars);
        for (calendar, sums) in self.calendars.iter_mut().zip(&mut self.sums) {
            self.events += calendar.deliver(&self.store, &self.wiring.kinds, step, sums);
        }
        let sums = &mut self.sums;
        (0..RECEPTORS)
            .flat_map(|r| sums.iter_mut().flat_map(|block| std::mem::replace(&mut block[r], delivery::sums()).to_vec()).collect::<Vec<_>>())
            .collect()
    }
}

/// Memory that keeps what was put there.
struct Kept {
    stream: Arc<CudaStream>,
    words: Vec<CudaSlice<u8>>,
}

impl Kept {
    /// Copies items to the device; an empty list has no address.
    fn put<T: Copy>(&mut self, items: &[T]) -> Result<Address, DriverError> {
        if items.is_empty() {
            return Ok(0);
        }
        self.words.push(self.stream.clone_htod(bytes(items))?);
        Ok(address(&self.words[self.words.len() - 1], &self.stream))
    }
}

/// What a device keeps of the synapses of a network.
pub(crate) struct Tables {
    pub(crate) image: Image,
    pub(crate) recipes: Recipes,
    n_blocks: usize,
}

impl Tables {
    /// The `procedural` projections are made, the others stored.
    pub(crate) fn new(network: &Network, procedural: &[bool]) -> Self {
        let wiring = wiring(network);
        let stored: Vec<bool> = procedural.iter().map(|p| !p).collect();
        let image = if stored.contains(&true) {
            Image::new(&store(&wiring, &stored), &wiring.kinds, wiring.layout.n_neurons()).expect("it fits")
        } else {
            Image::default()
        };
        let recipes = Recipes::new(&wiring, procedural, SIZES.len()).expect("the device can make them");
        Tables { image, recipes, n_blocks: wiring.layout.n_blocks() }
    }

    pub(crate) fn span(&self) -> u32 {
        self.image.span.max(self.recipes.span())
    }

    /// Sums, at an address that is still open.
    pub(crate) fn sums(&self) -> device::Sums {
        let (n_places, n_receptors) = ((self.n_blocks * BLOCK) as u32, RECEPTORS as u32);
        device::Sums { cells: 0, n_places, n_receptors, slot_mask: self.recipes.slot_mask, unused: 0 }
    }
}

/// The device's side.
pub(crate) struct OnDevice {
    stream: Arc<CudaStream>,
    deliver: CudaFunction,
    enter: CudaFunction,
    kept: Kept,
    store: OnDeviceStore,
    made: Made,
    ring: OnRing,
    sums: device::Sums,
    cells: CudaSlice<i32>,
    means: CudaSlice<i64>,
    pub(crate) span: u32,
    /// Number of the next spike.
    n: u32,
}

impl OnDevice {
    /// The `procedural` projections are made, the others stored.
    pub(crate) fn new(context: &Arc<CudaContext>, text: &str, network: &Network, procedural: &[bool]) -> Result<Self, DriverError> {
        let tables = Tables::new(network, procedural);
        let Tables { image, recipes, .. } = &tables;
        let stream = context.new_stream()?;
        let mut kept = Kept { stream: stream.clone(), words: Vec::new() };
        let on_device = OnDeviceStore {
            rows: kept.put(&image.rows)?,
            heads: kept.put(&image.heads)?,
            words: kept.put(&image.words)?,
            kinds: kept.put(&image.kinds)?,
        };
        let made = Made {
            leads: kept.put(&recipes.leads)?,
            ways: kept.put(&recipes.ways)?,
            spans: kept.put(&recipes.spans)?,
            first_ids: kept.put(&recipes.first_ids)?,
            places: kept.put(&recipes.places)?,
            before: kept.put(&recipes.before)?,
            turns: kept.put(&recipes.turns)?,
            positions: kept.put(&recipes.positions)?,
            quantiles: kept.put(standard_normal().rows())?,
            n_classes: recipes.leads.len() as u32,
            n_populations: SIZES.len() as u32,
        };
        let (span, sums) = (tables.span(), tables.sums());
        let n_ends = (span as usize + 2).next_power_of_two();
        let mut ring = OnRing::new(&stream, CAPACITY, n_ends)?;
        ring.start(&stream, START)?;
        let cells = stream.alloc_zeros((sums.slot_mask as usize + 1) * RECEPTORS * sums.n_places as usize)?;
        Ok(OnDevice {
            deliver: kernel(context, text, "deliver"),
            enter: kernel(context, text, "enter"),
            kept,
            store: on_device,
            made,
            ring,
            sums: device::Sums { cells: address(&cells, &stream), ..sums },
            cells,
            means: stream.clone_htod(&[7i64; 2 * SIZES.len()])?,
            span,
            n: START,
            stream,
        })
    }

    /// Appends spikes of some steps, as another rank or a restart would; what was due before `now` is over.
    pub(crate) fn enter(&mut self, spikes: &[(u64, u32)], now: u64) -> Result<(), DriverError> {
        if spikes.is_empty() {
            return Ok(());
        }
        let ids: Vec<u32> = spikes.iter().map(|s| s.1).collect();
        let steps: Vec<u32> = spikes.iter().map(|s| s.0 as u32).collect();
        let first = self.n;
        self.n = self.ring.append(&self.stream, first, &ids)?;
        let steps = self.kept.put(&steps)?;
        let (ring, store) = (Argument(self.ring.ring(&self.stream)), Argument(self.store));
        let n = ids.len() as u32;
        let mut launch = self.stream.launch_builder(&self.enter);
        launch.arg(&ring).arg(&store).arg(&steps).arg(&first).arg(&n).arg(&now);
        // SAFETY: these are the kernel's arguments.
        unsafe { launch.launch(grid(ids.len().div_ceil(device::THREADS as usize))) }?;
        Ok(())
    }

    /// Sums of a step, `[receptor][place]`, which are then taken.
    pub(crate) fn deliver(&mut self, step: u64) -> Result<Vec<i32>, DriverError> {
        let (ring, store, made) = (Argument(self.ring.ring(&self.stream)), Argument(self.store), Argument(self.made));
        let sums = Argument(self.sums);
        let means = Argument(Means { sums: address(&self.means, &self.stream), n_populations: SIZES.len() as u32, unused: 0 });
        let mut launch = self.stream.launch_builder(&self.deliver);
        launch.arg(&ring).arg(&store).arg(&made).arg(&sums).arg(&means).arg(&step).arg(&self.span);
        // SAFETY: these are the kernel's arguments.
        unsafe { launch.launch(grid(BLOCKS)) }?;
        let slot = RECEPTORS * self.sums.n_places as usize;
        let first = (step as usize & self.sums.slot_mask as usize) * slot;
        let mut own = self.cells.slice_mut(first..first + slot);
        let found = self.stream.clone_dtoh(&own)?;
        self.stream.memset_zeros(&mut own)?;
        Ok(found)
    }

    /// Whether a step clears the means that it adds to, and no others.
    pub(crate) fn clears_means(&mut self, step: u64) -> Result<bool, DriverError> {
        let means = self.stream.clone_dtoh(&self.means)?;
        self.stream.memcpy_htod(&[7i64; 2 * SIZES.len()], &mut self.means)?;
        let half = |parity: u64| &means[(parity % 2) as usize * SIZES.len()..][..SIZES.len()];
        Ok(half(step).iter().all(|m| *m == 0) && half(step + 1).iter().all(|m| *m == 7))
    }

    /// Number of synaptic events.
    pub(crate) fn events(&self) -> Result<u64, DriverError> {
        Ok(self.ring.tally(&self.stream)?.events)
    }

    /// Forgets all spikes, as a new process that will be told of them.
    pub(crate) fn forget(&mut self) -> Result<(), DriverError> {
        let events = self.events()?;
        self.ring = OnRing::new(&self.stream, CAPACITY, self.ring.ends.len())?;
        self.ring.start(&self.stream, START)?;
        self.ring.set_events(&self.stream, events)?;
        self.n = START;
        Ok(())
    }
}

/// Random spikes of each step, for `steps` steps: with the longest delays more are under way than all warps take at once.
pub(crate) fn spikes(scatter: &mut super::Scatter, steps: u64) -> Vec<Vec<u32>> {
    (0..steps).map(|_| (0..SOURCES).filter(|_| scatter.chance(0.016)).collect()).collect()
}

/// What happens in a network: spikes for some steps, and then none until nothing is under way.
pub(crate) struct Course<'a> {
    network: &'a Network,
    pub(crate) fired: Vec<Vec<u32>>,
    /// Sums of each step.
    pub(crate) sums: Vec<Vec<i32>>,
    pub(crate) events: u64,
}

impl<'a> Course<'a> {
    /// On the host.
    pub(crate) fn new(network: &'a Network, steps: u64) -> Self {
        let mut host = OnHost::new(network);
        let mut fired = spikes(&mut super::Scatter::new(network.projections.len() as u64), steps);
        fired.resize(fired.len() + host.longest as usize + 1, Vec::new());
        let sums = (1..).zip(&fired).map(|(step, fired)| host.deliver(step, fired)).collect();
        Course { network, fired, sums, events: host.events }
    }

    /// The same on the device.
    pub(crate) fn compare(&self, context: &Arc<CudaContext>, text: &str, procedural: &[bool]) -> Result<(), Difference> {
        let mut on_device = OnDevice::new(context, text, self.network, procedural)?;
        for (step, (fired, sums)) in (1..).zip(self.fired.iter().zip(&self.sums)) {
            on_device.enter(&fired.iter().map(|id| (step - 1, *id)).collect::<Vec<_>>(), step)?;
            if *sums != on_device.deliver(step)? {
                return Err(Difference::SumsOf(step));
            }
            if !on_device.clears_means(step)? {
                return Err(Difference::Mean(step));
            }
            let over: usize = self.fired.iter().take((step as usize).saturating_sub(on_device.span as usize)).map(Vec::len).sum();
            if on_device.ring.tally(&on_device.stream)?.limit != START.wrapping_add((over + CAPACITY) as u32) {
                return Err(Difference::Limit(step));
            }
        }
        if self.events == on_device.events()? { Ok(()) } else { Err(Difference::Events) }
    }
}
