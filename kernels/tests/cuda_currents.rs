//! Contract: current generators on the device add the bits that `kernels::stimuli` adds: to the neurons they
//! drive, and to no other.
#![allow(unsafe_code)] // as in `support`

mod support;

use std::sync::Arc;

use connectome::network::{Signal, Stimulus, StimulusKind};
use cudarc::driver::{CudaContext, CudaFunction, CudaSlice, CudaStream, DeviceRepr, PushKernelArg};
use kernels::quantile::standard_normal;
use kernels::random::{PLANE, Purpose, Stream};
use kernels::stimuli::{Drive, SliceInfo};
use models::kit::real;
use support::{Key, Scatter, device, kernel, over, shipped};

const DT: f64 = 0.1;
const SEED: u64 = 11;
/// The slice in its population, and the neurons of the population that are driven.
const SLICE: std::ops::Range<u32> = 5 * PLANE as u32..5 * PLANE as u32 + 500;
const RANGE: (u32, u32) = (SLICE.start + 37, 400);
const N: usize = (SLICE.end - SLICE.start) as usize;
const STEPS: u64 = 40;

/// `Driven` of currents.cu.
#[derive(Clone, Copy)]
#[repr(C)]
struct Driven {
    from: u32,
    to: u32,
    first: u32,
}

// SAFETY: three words, as in currents.cu.
unsafe impl DeviceRepr for Driven {}

const DRIVEN: Driven = Driven { from: RANGE.0 - SLICE.start, to: RANGE.0 - SLICE.start + RANGE.1, first: SLICE.start };

/// `Process` of currents.cu.
#[derive(Clone, Copy)]
#[repr(C)]
struct Process {
    decay: real,
    kick: real,
    mean: real,
    std: real,
}

// SAFETY: four `real`s, as in currents.cu.
unsafe impl DeviceRepr for Process {}

/// The same currents on host and device, changed by the same generator.
struct Pair {
    index: usize,
    host: Vec<real>,
    drive: Drive,
    stream: Arc<CudaStream>,
    currents: CudaSlice<real>,
    quantiles: CudaSlice<real>,
    kernel: CudaFunction,
}

impl Pair {
    fn new(context: &Arc<CudaContext>, index: usize, name: &str, kind: StimulusKind) -> Self {
        let mut scatter = Scatter::new(index as u64);
        let host: Vec<real> = (0..N).map(|_| scatter.uniform(-50.0, 50.0) as real).collect();
        let stimulus = Stimulus { target: 0, range: Some(RANGE), kind, start: 0.0, stop: f64::INFINITY, delay: DT };
        let slice = SliceInfo { neurons: SLICE, offset: 0 };
        let stream = context.new_stream().unwrap();
        Pair {
            index,
            drive: Drive::new(&stimulus, index, &slice, (0, 0), DT, SEED).expect("it drives some of the slice"),
            currents: stream.clone_htod(&host).unwrap(),
            quantiles: stream.clone_htod(standard_normal().rows()).unwrap(),
            kernel: kernel(context, &shipped("currents"), name),
            host,
            stream,
        }
    }

    fn key(&self) -> Key {
        Key::of(&Stream::new(SEED, Purpose::Current, self.index as u64))
    }

    /// Compares after what the host adds at the end of step `emitted`: it acts over the next one.
    fn check(&mut self, emitted: u64) {
        self.drive.current(emitted + 1, &mut self.host);
        let bits = |values: &[real]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&self.stream.clone_dtoh(&self.currents).unwrap()), bits(&self.host), "step {emitted}");
    }
}

#[test]
fn a_uniform_current_is_added_to_driven_neurons_alone() {
    let (_turn, context) = device(1);
    let amplitude = Signal(vec![(0.0, 12.25), (1.0, -3.7)]);
    let mut pair = Pair::new(&context, 0, "uniform_current", StimulusKind::CurrentSteps { amplitude: amplitude.clone() });
    for emitted in 0..STEPS {
        let value = amplitude.at(emitted as f64 * DT + 1e-9) as real;
        let mut launch = pair.stream.launch_builder(&pair.kernel);
        launch.arg(&mut pair.currents).arg(&DRIVEN).arg(&value);
        // SAFETY: these are the kernel's arguments; it stays within the slice.
        unsafe { launch.launch(over(RANGE.1 as usize)) }.unwrap();
        pair.check(emitted);
    }
}

#[test]
fn noise_is_drawn_for_the_same_neurons_and_held_as_long() {
    let (_turn, context) = device(2);
    let (mean, std, interval) = (3.3, 17.7, 0.7);
    let mut pair = Pair::new(&context, 4, "noise_current", StimulusKind::NoiseGenerator { mean, std, interval });
    for emitted in 0..STEPS {
        let (key, number, mean, std) = (pair.key(), emitted / 7, mean as real, std as real);
        let mut launch = pair.stream.launch_builder(&pair.kernel);
        launch.arg(&mut pair.currents).arg(&DRIVEN).arg(&pair.quantiles).arg(&key).arg(&number).arg(&mean).arg(&std);
        // SAFETY: as above.
        unsafe { launch.launch(over(RANGE.1 as usize)) }.unwrap();
        pair.check(emitted);
    }
}

#[test]
fn an_ornstein_uhlenbeck_process_goes_the_same_way() {
    let (_turn, context) = device(3);
    let (mean, std, tau) = (-4.0, 21.0, 2.0);
    let mut pair = Pair::new(&context, 9, "ou_current", StimulusKind::OuCurrent { mean, std, tau });
    // Poisoned: what was not drawn from the stationary distribution must not be read.
    // SAFETY: plain numbers; the host driver notices if they are read before they are written.
    let mut state = unsafe { pair.stream.alloc::<real>(N) }.unwrap();
    let decay = libm::exp(-DT / tau);
    let process = Process { decay: decay as real, kick: (1.0 - decay * decay).sqrt() as real, mean: mean as real, std: std as real };
    for emitted in 0..STEPS {
        let (key, n, started) = (pair.key(), N as u32, u32::from(emitted > 0));
        let mut launch = pair.stream.launch_builder(&pair.kernel);
        launch.arg(&mut pair.currents).arg(&mut state).arg(&n).arg(&DRIVEN).arg(&pair.quantiles);
        launch.arg(&key).arg(&emitted).arg(&process).arg(&started);
        // SAFETY: as above.
        unsafe { launch.launch(over(N)) }.unwrap();
        pair.check(emitted);
    }
}
