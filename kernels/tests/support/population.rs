//! A population on host and device side by side, from the same scattered states, with the same random input.

use std::collections::BTreeMap;
use std::sync::Arc;

use cudarc::driver::{CudaContext, CudaFunction, CudaSlice, CudaStream, DevicePtr, DeviceRepr, DriverError, PushKernelArg};
use kernels::cells::{Cells, CellsSpec, StepInput, cells};
use kernels::delivery::{Sums, sums};
use kernels::random::{PLANE, Purpose, Stream};
use models::kit::{LANES, real};
use models::{Model, Receptor, Sign, Visitor};

use super::{Key, Scatter, fault, kernel, over};

/// Neurons: the last tile, warp and block are not full.
pub(crate) const N: usize = 333;
const DT: f64 = 0.1;
const SEED: u64 = 5;
/// Index of the population, and its first neuron here: noise is named by them.
const POPULATION: usize = 3;
const FIRST: usize = 7 * PLANE;
/// Integer units per weight unit.
const SCALE: f64 = 4096.0;
/// Neurons from one receptor's sums to the next.
const STRIDE: usize = N.next_multiple_of(LANES);

/// `Arriving` of update.cu.
#[derive(Clone, Copy)]
#[repr(C)]
struct Arriving {
    sums: u64,
    stride: u64,
    currents: u64,
    stream: Key,
    step: u64,
    units: [real; 2],
    mean: real,
    first: u32,
}

// SAFETY: field by field the struct of update.cu, laid out by the same rules.
unsafe impl DeviceRepr for Arriving {}

/// Propagators, as a kernel takes them.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Argument<T>(T);

// SAFETY: made of structs of `columns!`, which are `real`s one after another in both languages.
unsafe impl<T> DeviceRepr for Argument<T> {}

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

/// The device's side: memory of one population and its kernel.
struct OnDevice<M: Model> {
    stream: Arc<CudaStream>,
    update: CudaFunction,
    propagators: M::Propagators,
    tiles: CudaSlice<real>,
    sums: CudaSlice<i32>,
    currents: CudaSlice<real>,
    fired: CudaSlice<u32>,
    n_fired: CudaSlice<u32>,
}

impl<M: Model> OnDevice<M> {
    fn new(context: &Arc<CudaContext>, text: &str, host: &dyn Cells) -> Result<Self, DriverError> {
        let stream = context.new_stream()?;
        let propagators = M::propagators(&M::Params::default(), DT, DT / f64::from(M::substeps(DT).max(1))).unwrap();
        let n_receptors = M::RECEPTORS.len();
        Ok(OnDevice {
            update: kernel(context, text, "update"),
            propagators,
            tiles: stream.clone_htod(&tiles(host))?,
            sums: stream.alloc_zeros(n_receptors * STRIDE)?,
            currents: stream.alloc_zeros(STRIDE)?,
            fired: stream.alloc_zeros(N)?,
            n_fired: stream.alloc_zeros(1)?,
            stream,
        })
    }

    /// One step; the neurons that fired, ascending.
    fn advance(&mut self, step: u64, sums: &[i32], currents: &[real], mean: real) -> Result<Vec<u32>, DriverError> {
        self.stream.memcpy_htod(sums, &mut self.sums)?;
        self.stream.memcpy_htod(currents, &mut self.currents)?;
        self.stream.memset_zeros(&mut self.n_fired)?;
        let address = |(pointer, _guard)| pointer;
        let arriving = Arriving {
            sums: address(self.sums.device_ptr(&self.stream)),
            stride: STRIDE as u64,
            currents: address(self.currents.device_ptr(&self.stream)),
            stream: Key::of(&Stream::new(SEED, Purpose::Membrane, POPULATION as u64)),
            step,
            units: [(1.0 / SCALE) as real; 2],
            mean,
            first: FIRST as u32,
        };
        let (propagators, substeps, n) = (Argument(self.propagators), M::substeps(DT), N as u32);
        let mut launch = self.stream.launch_builder(&self.update);
        launch.arg(&propagators).arg(&substeps).arg(&mut self.tiles).arg(&n).arg(&arriving);
        launch.arg(&mut self.fired).arg(&mut self.n_fired);
        // SAFETY: these are the kernel's arguments; it stays within `N` neurons.
        unsafe { launch.launch(over(N)) }?;
        let n_fired = self.stream.clone_dtoh(&self.n_fired)?[0] as usize;
        let mut fired = self.stream.clone_dtoh(&self.fired)?;
        fired.truncate(n_fired);
        fired.sort_unstable();
        Ok(fired)
    }
}

/// State in tiles of [`LANES`] neurons, `[field][lane]`.
fn tiles(cells: &dyn Cells) -> Vec<real> {
    let fields = cells.fields().len();
    let mut tiles = vec![0.0; N.div_ceil(LANES) * fields * LANES];
    for neuron in 0..N {
        for field in 0..fields {
            tiles[(neuron / LANES * fields + field) * LANES + neuron % LANES] = cells.value(field, neuron);
        }
    }
    tiles
}

/// How device and host differ.
#[derive(Debug)]
pub(crate) enum Difference {
    /// The driver stopped the kernel, and says why.
    Fault(#[allow(dead_code)] String),
    /// Other neurons fired.
    Spikes(#[allow(dead_code)] u64),
    /// States are not the same, bit by bit.
    State,
    /// Sums were not taken.
    Sums,
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
}

impl Visitor for Compare<'_> {
    type Output = Result<usize, Difference>;

    fn visit<M: Model>(self) -> Self::Output {
        let mut scatter = Scatter::new(M::NAME.len() as u64);
        let scales = vec![SCALE; M::RECEPTORS.len()];
        let (params, first) = (BTreeMap::new(), FIRST as u32);
        let spec = CellsSpec { params: &params, dt: DT, first, n: N, offset: 0, scales: &scales, seed: SEED, population: POPULATION };
        let mut host = cells(M::NAME, &spec).expect("the model is in the list").expect("defaults are right");
        for (field, info) in host.fields().iter().enumerate() {
            (0..N).for_each(|neuron| host.set(field, neuron, plausible(&mut scatter, info.name, info.unit)));
        }
        let mut on_device = OnDevice::<M>::new(self.context, self.text, host.as_ref())?;
        let mut n_spikes = 0;
        for step in 0..self.steps {
            n_spikes += advance(host.as_mut(), &mut on_device, &mut scatter, step)?;
        }
        let bits = |values: Vec<real>| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        let (theirs, ours) = (on_device.stream.clone_dtoh(&on_device.tiles)?, tiles(host.as_ref()));
        assert!(ours.iter().all(|x| x.is_finite()), "{}: a random neuron left the numbers", M::NAME);
        if bits(theirs) != bits(ours) {
            return Err(Difference::State);
        }
        let left = on_device.stream.clone_dtoh(&on_device.sums)?;
        let taken = left.iter().enumerate().all(|(i, sum)| i % STRIDE >= N || *sum == 0);
        if taken { Ok(n_spikes) } else { Err(Difference::Sums) }
    }
}

/// One step of both sides with the same random input; the number of spikes.
fn advance<M: Model>(host: &mut dyn Cells, on_device: &mut OnDevice<M>, scatter: &mut Scatter, step: u64) -> Result<usize, Difference> {
    let mut host_sums: Vec<Sums> = M::RECEPTORS.iter().map(|_| sums()).collect();
    let mut device_sums = vec![0; M::RECEPTORS.len() * STRIDE];
    for (r, receptor) in M::RECEPTORS.iter().enumerate() {
        for neuron in 0..N {
            let sum = weights(scatter, receptor);
            host_sums[r][neuron] = sum;
            device_sums[r * STRIDE + neuron] = sum;
        }
    }
    let currents: Vec<real> = (0..STRIDE).map(|_| scatter.uniform(-100.0, 900.0) as real).collect();
    let mean = scatter.uniform(-70.0, -55.0) as real;
    let mut fired = Vec::new();
    host.advance(&mut StepInput { sums: &mut host_sums, currents: &currents, mean, step }, &mut fired);
    let theirs = on_device.advance(step, &device_sums, &currents, mean)?;
    if theirs == fired { Ok(fired.len()) } else { Err(Difference::Spikes(step)) }
}
