//! The update loop: one step of all neurons of a slice.
//!
//! State lies in tiles of [`LANES`] neurons, `[field][lane]`, so a step reads and writes one stream of
//! memory and the compiler gives each lane of a tile a lane of a vector register. The loop is
//! monomorphised per model and compiled per instruction set; a step costs one virtual call per slice.

use std::collections::BTreeMap;

use models::kit::{Columns, LANES, real};
use models::{Error, Field, Model, Visitor};

use crate::delivery::Sums;
use crate::quantile::Sampler;
use crate::random::{PLANE, Purpose, Stream};
use crate::simd::dispatch;

/// What a slice gets in a step besides its own state.
pub struct StepInput<'a> {
    /// Sums of the slice's block; the slice's part is read and set to zero.
    pub sums: &'a mut [Sums],
    /// Currents from generators, one per neuron and padded to whole tiles; empty if there are none.
    pub currents: &'a [real],
    /// Mean `V_m` of the population at the end of the last step, where the model wants it.
    pub mean: real,
    /// Index of the step.
    pub step: u64,
}

/// The neurons of one slice.
pub trait Cells: Send {
    /// Advances all neurons by one step and appends the local indices of those that fired, ascending.
    fn advance(&mut self, input: &mut StepInput, fired: &mut Vec<u32>);
    /// State variables, in column order.
    fn fields(&self) -> &'static [Field];
    /// Value of a state variable (by column) of a neuron (by its index in the slice).
    fn value(&self, field: usize, neuron: usize) -> real;
    /// Sets a state variable of a neuron.
    fn set(&mut self, field: usize, neuron: usize, value: real);
    /// Number of neurons.
    fn len(&self) -> usize;
    /// True if there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Memory in bytes.
    fn bytes(&self) -> u64;
}

/// What a slice of neurons is made from.
pub struct CellsSpec<'a> {
    /// Parameters that differ from the model's defaults.
    pub params: &'a BTreeMap<String, f64>,
    /// Step in ms.
    pub dt: f64,
    /// First neuron of the slice in its population; a multiple of [`PLANE`].
    pub first: u32,
    /// Neurons in the slice.
    pub n: usize,
    /// Place of the slice in its block.
    pub offset: usize,
    /// Integer units per weight unit of each receptor.
    pub scales: &'a [f64],
    /// Seed of the run.
    pub seed: u64,
    /// Index of the population, which names its noise.
    pub population: usize,
}

/// Neurons of the model called `model`; `None` if there is no such model.
pub fn cells(model: &str, spec: &CellsSpec) -> Option<Result<Box<dyn Cells>, Error>> {
    struct Make<'a>(&'a CellsSpec<'a>);
    impl Visitor for Make<'_> {
        type Output = Result<Box<dyn Cells>, Error>;
        fn visit<M: Model>(self) -> Self::Output {
            Ok(Box::new(Tiles::<M>::new(self.0)?))
        }
    }
    models::visit(model, Make(spec))
}

/// Draws initial values for one state variable of a slice: the draw is named by the neuron's index in
/// its population, so it does not depend on how the population is cut.
pub fn initialise(cells: &mut dyn Cells, field: usize, sampler: &Sampler, spec: &CellsSpec) {
    let stream = Stream::new(spec.seed, Purpose::Initial, (spec.population as u64) << 16 | field as u64);
    for i in 0..spec.n {
        let word = if sampler.is_random() { stream.word(u64::from(spec.first) + i as u64, 0) } else { 0 };
        cells.set(field, i, sampler.value(word, 0.0));
    }
}

type LanesOf<T> = <T as Columns>::Lanes;

struct Tiles<M: Model> {
    propagators: M::Propagators,
    substeps: u32,
    tiles: Vec<LanesOf<M::State>>,
    n: usize,
    offset: usize,
    /// Weight units per integer unit, per receptor.
    units: Vec<real>,
    noise: Option<(Stream, Sampler)>,
    first: u32,
    slots: Slots,
}

/// Which fields of the model's input come after the receptors.
#[derive(Clone, Copy)]
struct Slots {
    current: Option<usize>,
    noise: Option<usize>,
    mean: Option<usize>,
}

impl<M: Model> Tiles<M> {
    fn new(spec: &CellsSpec) -> Result<Self, Error> {
        let params = M::params(spec.params)?;
        let substeps = M::substeps(spec.dt);
        let propagators = M::propagators(&params, spec.dt, spec.dt / f64::from(substeps.max(1)))?;
        let mut tile = M::State::lanes();
        for lane in 0..LANES {
            M::initial(&params).store(&mut tile, lane);
        }
        let slot = |name: &str| M::Input::FIELDS.iter().position(|f| f.name == name);
        let slots = Slots { current: slot("I_stim"), noise: slot("noise"), mean: slot("V_mean") };
        let normal = || Sampler::new(&connectome::network::Value::normal(0.0, 1.0), 1.0, f64::NEG_INFINITY);
        Ok(Tiles {
            propagators,
            substeps,
            tiles: vec![tile; spec.n.div_ceil(LANES)],
            n: spec.n,
            offset: spec.offset,
            units: spec.scales.iter().map(|s| (1.0 / s) as real).collect(),
            noise: slots.noise.map(|_| (Stream::new(spec.seed, Purpose::Membrane, spec.population as u64), normal())),
            first: spec.first,
            slots,
        })
    }
}

impl<M: Model> Cells for Tiles<M> {
    fn advance(&mut self, input: &mut StepInput, fired: &mut Vec<u32>) {
        advance::<M>(self, input, fired);
    }

    fn fields(&self) -> &'static [Field] {
        M::State::FIELDS
    }

    fn value(&self, field: usize, neuron: usize) -> real {
        self.tiles[neuron / LANES].as_ref()[field][neuron % LANES]
    }

    fn set(&mut self, field: usize, neuron: usize, value: real) {
        self.tiles[neuron / LANES].as_mut()[field][neuron % LANES] = value;
    }

    fn len(&self) -> usize {
        self.n
    }

    fn bytes(&self) -> u64 {
        (self.tiles.capacity() * size_of::<LanesOf<M::State>>()) as u64
    }
}

dispatch! {
    fn advance<M: Model>(cells: &mut Tiles<M>, input: &mut StepInput, fired: &mut Vec<u32>) = advance_body
}

#[inline(always)]
fn advance_body<M: Model>(cells: &mut Tiles<M>, input: &mut StepInput, fired: &mut Vec<u32>) {
    let n_receptors = M::RECEPTORS.len();
    let mut arrived = M::Input::lanes();
    if let Some(slot) = cells.slots.mean {
        arrived.as_mut()[slot] = [input.mean; LANES];
    }
    let mut noise = [0.0; PLANE];
    for t in 0..cells.tiles.len() {
        let at = cells.offset + t * LANES;
        for receptor in 0..n_receptors {
            let sums: &mut [i32; LANES] = (&mut input.sums[receptor][at..at + LANES]).try_into().expect("a tile has LANES sums");
            // Taken out whole, so that the compiler sees one vector and not sixteen numbers.
            let taken = std::mem::replace(sums, [0; LANES]);
            let unit = cells.units[receptor];
            arrived.as_mut()[receptor] = taken.map(|sum| sum as real * unit);
        }
        if let (Some(slot), false) = (cells.slots.current, input.currents.is_empty()) {
            arrived.as_mut()[slot].copy_from_slice(&input.currents[t * LANES..(t + 1) * LANES]);
        }
        if let (Some(slot), Some((stream, normal))) = (cells.slots.noise, &cells.noise) {
            let lanes = t * LANES % PLANE;
            if lanes == 0 {
                let mut words = [0; PLANE];
                stream.planes(input.step, (u64::from(cells.first) + (t * LANES) as u64) / PLANE as u64, &mut words);
                noise = words.map(|w| normal.value(w, 0.0));
            }
            arrived.as_mut()[slot].copy_from_slice(&noise[lanes..lanes + LANES]);
        }
        let spiked = step_tile::<M>(&cells.propagators, cells.substeps, &mut cells.tiles[t], &arrived);
        if spiked.iter().any(|s| *s != 0) {
            let first = t * LANES;
            fired.extend((0..LANES.min(cells.n - first)).filter(|lane| spiked[*lane] != 0).map(|lane| (first + lane) as u32));
        }
    }
}

/// One step of one tile; 1 for each neuron that fired.
#[inline(always)]
fn step_tile<M: Model>(p: &M::Propagators, substeps: u32, tile: &mut LanesOf<M::State>, input: &LanesOf<M::Input>) -> [u32; LANES] {
    for _ in 0..substeps {
        for lane in 0..LANES {
            let mut s = M::State::load(tile, lane);
            M::substep(p, &mut s, &M::Input::load(input, lane));
            s.store(tile, lane);
        }
    }
    let mut spiked = [0; LANES];
    for (lane, spiked) in spiked.iter_mut().enumerate() {
        let mut s = M::State::load(tile, lane);
        *spiked = u32::from(M::step(p, &mut s, &M::Input::load(input, lane)));
        s.store(tile, lane);
    }
    spiked
}
