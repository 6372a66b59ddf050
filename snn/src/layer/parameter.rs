use crate::random::{For, Random, key};

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
        let is_bias = name.ends_with("bias");
        let bound = 1.0 / (fan_in as f64).sqrt();
        let mut random = Random::new(stream.seed, key(For::Weights, stream.layer, u64::from(is_bias)));
        Parameter::new(name, (0..n).map(|_| ((2.0 * random.uniform() - 1.0) * bound) as f32).collect(), !is_bias)
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
