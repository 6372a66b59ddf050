//! Spiking neurons over all steps on a device.

use cudarc::driver::DeviceRepr;

use super::{Tensors, Values, launch};
use crate::cuda::error::Error;
use crate::cuda::memory::Array;
use crate::cuda::over;

/// How a membrane takes its input in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Equation {
    /// V + I.
    If,
    /// V + (I - V) / tau.
    Lif {
        /// Time constant, steps.
        tau: f32,
    },
    /// V + (I - V) rate, whose rate is learned.
    Plif {
        /// 1 / time constant.
        rate: f32,
    },
}

/// A neuron that is reset to zero, and its surrogate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Neuron {
    /// How it integrates.
    pub equation: Equation,
    /// V_th.
    pub threshold: f32,
    /// Which surrogate, in the order of `snn::surrogate::Kind`.
    pub surrogate: u32,
    /// The surrogate's parameter.
    pub alpha: f32,
}

/// `Neuron` of `nodes.cu`.
#[derive(Clone, Copy)]
#[repr(C)]
struct OnDevice {
    equation: u32,
    shape: u32,
    threshold: f32,
    leak: f32,
    keep: f32,
    take: f32,
    alpha: f32,
}

// SAFETY: `#[repr(C)]` numbers, field by field the struct that the kernels declare.
unsafe impl DeviceRepr for OnDevice {}

/// Neurons whose gradients are summed together.
const LANES: usize = 64;

impl Neuron {
    fn on_device(&self) -> OnDevice {
        let (equation, leak, keep, take) = match self.equation {
            Equation::If => (0, 0.0, 1.0, 1.0),
            Equation::Lif { tau } => (1, tau, 1.0 + -1.0 / tau, 1.0 / tau),
            Equation::Plif { rate } => (2, rate, 1.0 + -rate, rate),
        };
        OnDevice { equation, shape: self.surrogate, threshold: self.threshold, leak, keep, take, alpha: self.alpha }
    }
}

impl Tensors {
    /// The spikes of neurons over `steps` steps from rest.
    pub fn advance(&self, neuron: &Neuron, input: &Values, steps: usize) -> Result<Values, Error> {
        assert!(steps > 0 && input.n.is_multiple_of(steps), "{} values in {steps} steps", input.n);
        let result = self.room(input.n)?;
        let (neuron, n, steps) = (neuron.on_device(), (input.n / steps) as u32, steps as u32);
        let [x, output] = [input, &result].map(|values| self.address(values));
        launch!(self.advance, over(n), neuron, x, n, steps, output)?;
        Ok(result)
    }

    /// Turns the gradient of the spikes into that of the input. The result are the sums of the gradients of the rate of [`Equation::Plif`] over
    /// 64 neurons each, for which the device is waited for; none for the others.
    pub fn retreat(&self, neuron: &Neuron, input: &Values, steps: usize, gradient: &mut Values) -> Result<Vec<f64>, Error> {
        assert!(steps > 0 && input.n.is_multiple_of(steps) && gradient.n == input.n, "{} values in {steps} steps", input.n);
        let learns = matches!(neuron.equation, Equation::Plif { .. });
        let per_step = input.n / steps;
        let (room, by_neuron) = (self.room(input.n)?, self.room(if learns { per_step } else { 0 })?);
        let (neuron, n, steps) = (neuron.on_device(), per_step as u32, steps as u32);
        let [x, membranes, gradients] = [input, &room, &*gradient].map(|values| self.address(values));
        let learned = if learns { self.address(&by_neuron) } else { 0 };
        launch!(self.retreat, over(n), neuron, x, n, steps, membranes, gradients, learned)?;
        if !learns {
            return Ok(Vec::new());
        }
        let mut sums = vec![0.0; per_step.div_ceil(LANES)];
        let totals = Array::<f64>::room(&self.device, sums.len())?;
        let total = totals.address(&self.device);
        launch!(self.add_lanes, over(sums.len() as u32), learned, n, total)?;
        totals.read(&self.device, 0, &mut sums)?;
        Ok(sums)
    }
}
