//! Draws for nodes with noise, as functions of (seed, layer, pass, step, neuron).

use rayon::prelude::*;

use super::{Init, Pass};
use crate::random::{For, Random, key};
use crate::tensor::{Shape, Tensor};

/// Neurons whose draws follow one another.
const RUN: usize = 256;

/// Draws from Beta(e^`log_a`, e^`log_b`) for every value of `shape`, whose first step is step `first` of its run.
pub(super) fn beta(shape: Shape, log_shape: [f32; 2], init: Init, pass: Pass, first: usize) -> Tensor {
    let [a, b] = log_shape.map(|x| libm::exp(f64::from(x)));
    let n = shape.per_step();
    let mut draws = Tensor::unspecified(shape);
    draws.values_mut().par_chunks_mut(n.max(1)).enumerate().for_each(|(step, values)| {
        let object = key(For::Noise, init.layer, pass.number);
        values.par_chunks_mut(RUN).enumerate().for_each(|(run, values)| {
            let place = ((first + step) * n.div_ceil(RUN) + run) as u64;
            let mut random = Random::sequence(pass.seed, object, place);
            for value in values {
                let (x, y) = (random.gamma(a), random.gamma(b));
                *value = (x / (x + y)) as f32;
            }
        });
    });
    draws
}
