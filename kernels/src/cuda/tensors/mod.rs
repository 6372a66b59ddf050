//! The values of a deep network on a device, and what its layers do with them: the kernels of `kernels/cuda/snn`.
//!
//! Every function checks that arrays are as long as its shapes say, starts a kernel and does not wait for it; only what is copied to the
//! host is waited for. Sums have a fixed order, that of the crate `snn` on the processor. Tensors are `[step][sample][row][column][channel]`.

mod correlate;
mod neurons;
mod normalise;
mod pool;
mod shape;

use std::collections::BTreeMap;

use cudarc::driver::CudaFunction;

use super::device::Device;
use super::error::Error;
use super::memory::Array;
use crate::device::Address;

pub use correlate::Slide;
pub use neurons::{Equation, Neuron};
pub use pool::{Places, Windows};
pub use shape::Count;

/// Names of kernels by their units.
const KERNELS: [(&str, &[&str]); 5] = [
    ("snn/correlate", &["forward", "input_gradient", "weight_gradient", "add_groups", "add_positions"]),
    ("snn/nodes", &["advance", "retreat", "add_lanes"]),
    ("snn/normalise", &["moments", "products", "affine", "combine"]),
    ("snn/pool", &["mean", "mean_back", "largest", "largest_back"]),
    ("snn/shape", &["repeat", "add_steps", "vote", "vote_back", "dropout", "count"]),
];

/// Kernels count values in 32 bits, and round up to whole blocks.
const MOST: usize = 1 << 31;

/// A device with the kernels of deep networks.
pub struct Tensors {
    device: Device,
    kernels: BTreeMap<&'static str, CudaFunction>,
}

/// Values on a device.
pub struct Values {
    memory: Array<f32>,
    n: usize,
}

impl Values {
    /// How many.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }
}

impl Tensors {
    /// The kernels on this device.
    pub fn new(device: Device) -> Result<Self, Error> {
        let mut kernels = BTreeMap::new();
        for (unit, names) in KERNELS {
            for name in names {
                kernels.insert(*name, device.kernel(unit, name)?);
            }
        }
        Ok(Tensors { device, kernels })
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// A copy of `values` on the device.
    pub fn upload(&self, values: &[f32]) -> Result<Values, Error> {
        counted(values.len())?;
        Ok(Values { memory: Array::copy(&self.device, values)?, n: values.len() })
    }

    /// Waits for the device and copies `values` to `to`, which is as long.
    pub fn download(&self, values: &Values, to: &mut [f32]) -> Result<(), Error> {
        assert_eq!(to.len(), values.n, "room for what is copied");
        values.memory.read(&self.device, 0, to)
    }

    /// Another copy.
    pub fn copy(&self, values: &Values) -> Result<Values, Error> {
        let mut memory = Array::room(&self.device, values.n)?;
        self.device.stream.memcpy_dtod(&values.memory.0, &mut memory.0).map_err(super::error::doing("copying on the device"))?;
        Ok(Values { memory, n: values.n })
    }

    /// Room for `n` values, every one of which a kernel will write.
    fn room(&self, n: usize) -> Result<Values, Error> {
        Ok(Values { memory: Array::room(&self.device, counted(n)?)?, n })
    }

    /// `n` zeros.
    fn zeros(&self, n: usize) -> Result<Values, Error> {
        Ok(Values { memory: Array::zeros(&self.device, counted(n)?)?, n })
    }

    fn address(&self, values: &Values) -> Address {
        values.memory.address(&self.device)
    }

    fn kernel(&self, name: &str) -> &CudaFunction {
        &self.kernels[name]
    }
}

/// `n`, if kernels can count so far.
fn counted(n: usize) -> Result<usize, Error> {
    if n <= MOST { Ok(n) } else { Err(Error::Long { n, most: MOST }) }
}

/// Starts kernel `$name` of `$tensors` with these variables as its arguments.
macro_rules! launch {
    ($tensors:ident.$name:ident, $grid:expr, $($argument:ident),+) => {{
        use cudarc::driver::PushKernelArg;
        let mut launch = $tensors.device.stream.launch_builder($tensors.kernel(stringify!($name)));
        $(launch.arg(&$argument);)+
        // SAFETY: these are the kernel's arguments; every array was checked to be as long as the counts say, and all work is in one stream,
        // in which arrays are given back too.
        unsafe { launch.launch($grid) }
            .map(drop)
            .map_err(crate::cuda::error::doing(concat!("launching `", stringify!($name), "`")))
    }};
}
use launch;
