//! Layers: what a network is made of, forwards and backwards.
//!
//! A layer sees all time steps at once and carries nothing from one batch to the next, except for evaluation step by step
//! ([`Layer::infer`]). Backpropagation through time is therefore layer by layer: each layer turns the gradient of its
//! output over all steps into that of its input. There is no tape; what a layer needs of the way forward it keeps itself.

mod activation;
mod batch_norm;
mod conv;
mod dropout;
mod linear;
mod pool;
mod shape;
mod spiking;

pub use activation::{Qcfs, Relu};
pub use batch_norm::BatchNorm;
pub use conv::Conv2d;
pub use dropout::Dropout;
pub use linear::Linear;
pub use pool::{AvgPool, MaxPool};
pub use shape::{Flatten, Repeat};
pub use spiking::Spiking;

use crate::correlate::Correlation;
use crate::random::{For, Random, key};
use crate::tensor::{Shape, Tensor};

/// Numbers that training changes.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Such as `weight`.
    pub name: &'static str,
    /// Their current values.
    pub values: Vec<f32>,
    /// The gradient, summed over the backward passes since the last [`zero`](Self::zero).
    pub gradient: Vec<f32>,
    /// Whether weight decay applies: to weights, not to biases and scales.
    pub decays: bool,
}

impl Parameter {
    /// A parameter without gradient.
    pub fn new(name: &'static str, values: Vec<f32>, decays: bool) -> Self {
        Parameter { name, gradient: vec![0.0; values.len()], values, decays }
    }

    /// Uniform in ±1/sqrt(`fan_in`), as PyTorch initialises linear and convolution layers.
    pub(crate) fn uniform(name: &'static str, n: usize, fan_in: usize, stream: Init) -> Self {
        let bound = 1.0 / (fan_in as f64).sqrt();
        let mut random = Random::new(stream.seed, key(For::Weights, stream.layer, u64::from(name == "bias")));
        Parameter::new(name, (0..n).map(|_| ((2.0 * random.uniform() - 1.0) * bound) as f32).collect(), name != "bias")
    }

    /// Forgets the gradient.
    pub fn zero(&mut self) {
        self.gradient.fill(0.0);
    }
}

/// Where the initial weights of a layer come from.
#[derive(Clone, Copy, Debug)]
pub struct Init {
    /// The seed of the network.
    pub seed: u64,
    /// The number of the layer in it.
    pub layer: usize,
}

/// One pass over a batch while training.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// The seed of the run.
    pub seed: u64,
    /// How many passes there were before.
    pub number: u64,
}

/// Why a layer cannot take what it is given; the network adds which layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// Another number of channels or features.
    #[error("takes {expected} {what} and is given {found}")]
    Width {
        /// Channels or features.
        what: &'static str,
        /// By the layer's weights.
        expected: usize,
        /// By its input.
        found: usize,
    },
    /// An image smaller than the kernel.
    #[error("has a kernel of {kernel} x {kernel} and is given images of {height} x {width}")]
    Kernel {
        /// Side of the kernel.
        kernel: usize,
        /// Of the padded image.
        height: usize,
        /// Of the padded image.
        width: usize,
    },
    /// More than one step where one is repeated.
    #[error("repeats one step and is given {found}")]
    Steps {
        /// Steps of the input.
        found: usize,
    },
}

/// What a layer is, for whoever makes something else of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Convolution; parameters `weight` and, if there is one, `bias`.
    Conv(Correlation),
    /// W x + b; parameters `weight` and `bias`.
    Linear {
        /// Features of the input.
        inputs: usize,
        /// Features of the output.
        outputs: usize,
    },
    /// Parameters `weight` and `bias`, buffers `running_mean` and `running_var`.
    BatchNorm,
    /// The mean over squares of this side, or over the whole image.
    AvgPool(Option<usize>),
    /// The largest of squares of this side.
    MaxPool(usize),
    /// Pixels become features.
    Flatten,
    /// Nothing while evaluating: dropout, or repetition over time.
    Identity,
    /// Neurons, or anything else with a state or a bend.
    Nodes,
    /// Anything else.
    Other,
}

impl Kind {
    /// Whether the output is a matrix times the input plus a constant.
    pub fn is_affine(self) -> bool {
        !matches!(self, Kind::MaxPool(_) | Kind::Nodes | Kind::Other)
    }
}

/// The variance of [`BatchNorm`] is taken to be this much larger.
pub const BATCH_NORM_EPS: f32 = 1e-5;

/// What a layer carries from one step to the next in [`Layer::infer`]; empty at rest.
pub type LayerState = Vec<f32>;

/// Part of a network.
pub trait Layer: Send + Sync {
    /// Such as `conv2d`, for tables and the names of parameters.
    fn name(&self) -> &'static str;

    /// What it is.
    fn kind(&self) -> Kind {
        if self.spikes() { Kind::Nodes } else { Kind::Other }
    }

    /// The output for an input of shape `input`.
    fn shape(&self, input: Shape) -> Result<Shape, Misfit>;

    /// Evaluates any number of steps after `state`, and leaves the state after them. Ten steps at once give the same bits as ten
    /// calls with one step each.
    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor;

    /// A training pass from rest; keeps what [`backward`](Self::backward) needs.
    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor;

    /// Turns the gradient of the last forward pass's output into that of its input and adds to the gradients of the parameters.
    /// `None` if the gradient of the input is not `wanted`.
    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor>;

    /// Parameters in a fixed order.
    fn parameters(&self) -> Vec<&Parameter> {
        Vec::new()
    }

    /// Parameters in the same order.
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }

    /// Numbers that are part of the model but not trained, by name.
    fn buffers(&self) -> Vec<(&'static str, &Vec<f32>)> {
        Vec::new()
    }

    /// The values of all parameters, then all buffers.
    fn tensors_mut(&mut self) -> Vec<&mut Vec<f32>> {
        self.parameters_mut().into_iter().map(|parameter| &mut parameter.values).collect()
    }

    /// Whether the output are spikes, whose density is worth knowing.
    fn spikes(&self) -> bool {
        false
    }
}

/// What `forward` kept, which it must have done before `backward` asks for it.
fn kept<T>(value: &mut Option<T>) -> T {
    value.take().expect("backward follows a forward pass")
}

#[cfg(test)]
mod tests;
