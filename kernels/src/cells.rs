//! The update loop: one step of all neurons of a slice.
//!
//! State lies in tiles of [`LANES`] neurons, `[field][lane]`, so a step reads and writes one stream of
//! memory and the compiler gives each lane of a tile a lane of a vector register. The loop is
//! monomorphised per model and compiled per instruction set; a step costs one virtual call per slice.
//!
//! What a neuron gets goes from the sums straight into its lane of the model's step, and what a model does not
//! take costs nothing: which inputs it has is known to the compiler.

use std::collections::BTreeMap;

use models::kit::{Columns, LANES, real};
use models::{Error, Field, Model, Visitor};

use crate::delivery::Sums;
use crate::quantile::Sampler;
use crate::random::{PLANE, Purpose, Stream, WIDE, normals};
use crate::simd::{Level, dispatch};

/// What a slice gets in a step besides its own state.
pub struct StepInput<'a> {
    /// Sums of the slice's block; the slice's part is read and set to zero.
    pub sums: &'a mut [Sums],
    /// Currents from generators over the step, one per neuron and padded to whole tiles; empty if there are none.
    pub currents: &'a [real],
    /// Mean `V_m` of the population at the end of the last step, where the model wants it.
    pub mean: real,
    /// Index of the step.
    pub step: u64,
}

/// The neurons of one slice.
pub trait Cells: Send {
    /// Advances all neurons by one step and appends the local indices of those that fired, ascending.
    fn advance(&mut self, input: &mut StepInput, fired: &mut Vec<u32>) {
        self.advance_at(Level::best(), input, fired);
    }
    /// The same with the instructions of `level`.
    fn advance_at(&mut self, level: Level, input: &mut StepInput, fired: &mut Vec<u32>);
    /// State variables, in column order.
    fn fields(&self) -> &'static [Field];
    /// Value of a state variable (by column) of a neuron (by its index in the slice).
    fn value(&self, field: usize, neuron: usize) -> real;
    /// Sets a state variable of a neuron.
    fn set(&mut self, field: usize, neuron: usize, value: real);
    /// Bytes of a value of [`Cells::column`].
    fn bytes_per_value(&self) -> usize;
    /// Appends a state variable of all neurons, each bit of it, least byte first.
    fn column(&self, field: usize, out: &mut Vec<u8>);
    /// Sets a state variable of the neurons from `first` on to a part of what [`Cells::column`] gave.
    fn set_column(&mut self, field: usize, first: usize, bytes: &[u8]);
    /// Number of neurons.
    fn len(&self) -> usize;
    /// True if there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Memory in bytes.
    fn bytes(&self) -> u64;
    /// What a device needs to go on in their place.
    fn handover(&self) -> Handover;
    /// Takes the state that a device has made of [`Handover::tiles`].
    fn take_back(&mut self, tiles: &[u32]);
}

/// Neurons on their way to a device.
pub struct Handover {
    /// Name of the model.
    pub model: &'static str,
    /// Its propagators, field by field.
    pub propagators: Vec<real>,
    /// Substeps of a step.
    pub substeps: u32,
    /// State in tiles of [`LANES`] neurons, `[tile][field][lane]`, in words of the device.
    pub tiles: Vec<u32>,
    /// The unit of each state variable where two of its values share a word: state in 16 bits.
    pub compact: Option<&'static [real]>,
    /// Place of the first neuron in its block.
    pub offset: usize,
    /// Its index in the population.
    pub first: u32,
    /// Weight units per integer unit, per receptor.
    pub units: [real; RECEPTORS],
    /// Noise of the population.
    pub noise: Stream,
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

/// The part of a neuron in the sum from which the mean of `V_m` over a population is taken, in units of 2^-16 mV: an
/// integer, so that neurons can be added in any order.
#[inline(always)]
pub fn mean_part(potential: real) -> i64 {
    // Exact: a power of two.
    (potential * 65_536.0) as i64
}

/// The mean of `V_m` over the `n` neurons that the parts in `sum` belong to.
pub fn mean(sum: i64, n: u32) -> real {
    (sum / i64::from(n.max(1))) as real * (1.0 / 65_536.0)
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

pub(crate) struct Tiles<M: Model> {
    propagators: M::Propagators,
    substeps: u32,
    tiles: Vec<LanesOf<M::State>>,
    n: usize,
    offset: usize,
    /// Weight units per integer unit, per receptor.
    units: [real; RECEPTORS],
    noise: Stream,
    first: u32,
}

/// Most receptors of a model.
pub const RECEPTORS: usize = 2;

/// Which fields of the model's input come after the receptors.
struct Slots<M>(std::marker::PhantomData<M>);

impl<M: Model> Slots<M> {
    const CURRENT: Option<usize> = position(M::Input::FIELDS, "I_stim");
    const NOISE: Option<usize> = position(M::Input::FIELDS, "noise");
    const MEAN: Option<usize> = position(M::Input::FIELDS, "V_mean");
}

/// Where the field called `name` stands.
const fn position(fields: &[Field], name: &str) -> Option<usize> {
    let mut field = 0;
    while field < fields.len() {
        let (found, wanted) = (fields[field].name.as_bytes(), name.as_bytes());
        let mut same = 0;
        while same < found.len() && same < wanted.len() && found[same] == wanted[same] {
            same += 1;
        }
        if same == found.len() && same == wanted.len() {
            return Some(field);
        }
        field += 1;
    }
    None
}

impl<M: Model> Tiles<M> {
    pub(crate) fn new(spec: &CellsSpec) -> Result<Self, Error> {
        let params = M::params(spec.params)?;
        let substeps = M::substeps(spec.dt);
        let propagators = M::propagators(&params, spec.dt, spec.dt / f64::from(substeps.max(1)))?;
        let mut tile = M::State::lanes();
        for lane in 0..LANES {
            M::initial(&params).store(&mut tile, lane);
        }
        Ok(Tiles {
            propagators,
            substeps,
            tiles: vec![tile; spec.n.div_ceil(LANES)],
            n: spec.n,
            offset: spec.offset,
            units: std::array::from_fn(|receptor| spec.scales.get(receptor).map_or(0.0, |scale| (1.0 / scale) as real)),
            noise: Stream::new(spec.seed, Purpose::Membrane, spec.population as u64),
            first: spec.first,
        })
    }

    /// State of all, tile by tile.
    pub(crate) fn tiles(&self) -> &[LanesOf<M::State>] {
        &self.tiles
    }

    /// State of all, tile by tile.
    pub(crate) fn tiles_mut(&mut self) -> &mut [LanesOf<M::State>] {
        &mut self.tiles
    }

    /// Makes these the neurons from `first` on of their population, at `offset` of their block. `n` is not more
    /// than there ever were.
    pub(crate) fn place(&mut self, n: usize, first: u32, offset: usize) {
        let tile = self.tiles[0];
        self.tiles.resize(n.div_ceil(LANES), tile);
        (self.n, self.first, self.offset) = (n, first, offset);
    }
}

impl<M: Model> Cells for Tiles<M> {
    fn advance_at(&mut self, level: Level, input: &mut StepInput, fired: &mut Vec<u32>) {
        advance::<M>(level, self, input, fired);
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

    fn bytes_per_value(&self) -> usize {
        size_of::<real>()
    }

    fn column(&self, field: usize, out: &mut Vec<u8>) {
        out.extend((0..self.n).flat_map(|neuron| self.value(field, neuron).to_le_bytes()));
    }

    fn set_column(&mut self, field: usize, first: usize, bytes: &[u8]) {
        let values = bytes.as_chunks().0.iter().map(|b| real::from_le_bytes(*b));
        values.zip(first..).for_each(|(value, neuron)| self.set(field, neuron, value));
    }

    fn len(&self) -> usize {
        self.n
    }

    fn bytes(&self) -> u64 {
        (self.tiles.capacity() * size_of::<LanesOf<M::State>>()) as u64
    }

    fn handover(&self) -> Handover {
        let mut propagators = M::Propagators::lanes();
        self.propagators.store(&mut propagators, 0);
        Handover {
            model: M::NAME,
            propagators: propagators.as_ref().iter().map(|lanes| lanes[0]).collect(),
            substeps: self.substeps,
            tiles: self.tiles.iter().flat_map(|tile| tile.as_ref().as_flattened()).map(|value| value.to_bits()).collect(),
            compact: None,
            offset: self.offset,
            first: self.first,
            units: self.units,
            noise: self.noise,
        }
    }

    fn take_back(&mut self, tiles: &[u32]) {
        let values = self.tiles.iter_mut().flat_map(|tile| tile.as_mut().as_flattened_mut());
        values.zip(tiles).for_each(|(value, word)| *value = real::from_bits(*word));
    }
}

dispatch! {
    fn advance<M: Model>(level: Level, cells: &mut Tiles<M>, input: &mut StepInput, fired: &mut Vec<u32>) = advance_body
}

/// Tiles that take their substeps together. A substep is one long chain of operations, each of which waits for the one
/// before; the chains of several tiles fill each other's gaps.
const TOGETHER: usize = 4;

/// What arrives at the tiles that share random words, besides their sums.
struct Arrivals {
    units: [real; RECEPTORS],
    current: [[real; LANES]; TOGETHER],
    noise: [[real; LANES]; WIDE / LANES],
    mean: real,
}

#[inline(always)]
fn advance_body<M: Model>(cells: &mut Tiles<M>, input: &mut StepInput, fired: &mut Vec<u32>) {
    const { assert!(M::RECEPTORS.len() <= RECEPTORS && PLANE.is_multiple_of(TOGETHER * LANES)) };
    let (p, substeps) = (cells.propagators, cells.substeps);
    let n_tiles = cells.tiles.len();
    let mut rows = input.sums.iter_mut().map(|sums| sums[cells.offset..cells.offset + n_tiles * LANES].as_chunks_mut().0);
    let ex = rows.next().unwrap_or_default();
    let mut nothing = [[0; LANES]];
    let inh = if M::RECEPTORS.len() > 1 { rows.next().unwrap_or_default() } else { &mut nothing };
    let of_inh = |t: usize| if M::RECEPTORS.len() > 1 { t } else { 0 };
    let mut arrivals =
        Arrivals { units: cells.units, current: [[0.0; LANES]; TOGETHER], noise: [[0.0; LANES]; WIDE / LANES], mean: input.mean };
    // Place of the slice's first tile among the neurons that share random words.
    let shift = cells.first as usize / LANES;
    for (group, tiles) in cells.tiles.chunks_mut(TOGETHER).enumerate() {
        let first = group * TOGETHER;
        if let (Some(_), Some(currents)) = (Slots::<M>::CURRENT, input.currents.get(first * LANES..(first + tiles.len()) * LANES)) {
            arrivals.current.as_flattened_mut()[..currents.len()].copy_from_slice(currents);
        }
        let place = (shift + first) % (WIDE / LANES);
        if Slots::<M>::NOISE.is_some() && (place == 0 || group == 0) {
            let words = cells.noise.noise(input.step, ((shift + first) / (WIDE / LANES)) as u64);
            normals(&words, arrivals.noise.as_flattened_mut());
        }
        for _ in 0..substeps {
            for (i, tile) in tiles.iter_mut().enumerate() {
                substep_tile::<M>(&p, tile, &ex[first + i], &inh[of_inh(first + i)], &arrivals, (i, place + i));
            }
        }
        for (i, tile) in tiles.iter_mut().enumerate() {
            let t = first + i;
            let spiked = step_tile::<M>(&p, tile, &mut ex[t], &mut inh[of_inh(t)], &arrivals, (i, place + i));
            if spiked.iter().any(|s| *s != 0) {
                let first = t * LANES;
                fired.extend((0..LANES.min(cells.n - first)).filter(|lane| spiked[*lane] != 0).map(|lane| (first + lane) as u32));
            }
        }
    }
}

/// What arrives at one neuron: `at` says which of the tiles that step together it is in, and which of those that
/// share random words.
#[inline(always)]
fn input<M: Model>(lane: usize, ex: &[i32; LANES], inh: &[i32; LANES], arrivals: &Arrivals, at: (usize, usize)) -> M::Input {
    M::Input::from_fields(|field| match field {
        _ if Slots::<M>::CURRENT == Some(field) => arrivals.current[at.0][lane],
        _ if Slots::<M>::NOISE == Some(field) => arrivals.noise[at.1][lane],
        _ if Slots::<M>::MEAN == Some(field) => arrivals.mean,
        0 => ex[lane] as real * arrivals.units[0],
        _ => inh[lane] as real * arrivals.units[1],
    })
}

/// One substep of one tile. References are arguments of their own, so that the compiler knows that they do not overlap.
#[inline(always)]
fn substep_tile<M: Model>(
    p: &M::Propagators,
    tile: &mut LanesOf<M::State>,
    ex: &[i32; LANES],
    inh: &[i32; LANES],
    arrivals: &Arrivals,
    at: (usize, usize),
) {
    if M::HAS_CALM_SUBSTEP {
        let mut calm_tile = M::State::lanes();
        let mut calm = [0; LANES];
        for (lane, calm) in calm.iter_mut().enumerate() {
            let mut s = M::State::load(tile, lane);
            *calm = u32::from(M::calm_substep(p, &mut s, &input::<M>(lane, ex, inh, arrivals, at)));
            s.store(&mut calm_tile, lane);
        }
        if calm.iter().all(|calm| *calm != 0) {
            *tile = calm_tile;
            return;
        }
    }
    for lane in 0..LANES {
        let mut s = M::State::load(tile, lane);
        M::substep(p, &mut s, &input::<M>(lane, ex, inh, arrivals, at));
        s.store(tile, lane);
    }
}

/// The step of one tile after its substeps: which neurons fired. Its sums are taken.
#[inline(always)]
fn step_tile<M: Model>(
    p: &M::Propagators,
    tile: &mut LanesOf<M::State>,
    ex: &mut [i32; LANES],
    inh: &mut [i32; LANES],
    arrivals: &Arrivals,
    at: (usize, usize),
) -> [u32; LANES] {
    let mut spiked = [0; LANES];
    for (lane, spiked) in spiked.iter_mut().enumerate() {
        let mut s = M::State::load(tile, lane);
        *spiked = u32::from(M::step(p, &mut s, &input::<M>(lane, ex, inh, arrivals, at)));
        s.store(tile, lane);
    }
    *ex = [0; LANES];
    if M::RECEPTORS.len() > 1 {
        *inh = [0; LANES];
    }
    spiked
}
