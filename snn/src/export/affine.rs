//! What layers without memory make of their input, as a list of synapses.

use crate::error::Error;
use crate::layer::LayerState;
use crate::network::Network;
use crate::tensor::{Shape, Tensor};
use std::ops::Range;

/// Unit vectors that go through the layers together.
const BATCH: usize = 64;

/// More synapses than anyone wants one by one.
const MOST: usize = 100_000_000;

/// y = W x + b, with the weights that are not zero.
#[derive(Clone, Debug, Default)]
pub struct Affine {
    /// Values of the input.
    pub inputs: usize,
    /// b.
    pub bias: Vec<f32>,
    /// Source, target, weight; by source, then target.
    pub weights: Vec<(u32, u32, f32)>,
}

impl Affine {
    /// The layers `range` of `network` for inputs of shape `input`: b is what they make of zeros, column i of W is what unit vector i
    /// adds to that.
    pub fn of(network: &Network, range: Range<usize>, input: Shape) -> Result<Affine, Error> {
        if let Some(index) = range.clone().find(|&index| !network.layers()[index].kind().is_affine()) {
            return Err(Error::NotExportable { layer: network.name_of(index), why: "its output is no weighted sum of its input" });
        }
        let through = |mut x: Tensor| {
            // What is repeated over time is one step here.
            for layer in network.layers()[range.clone()].iter().filter(|layer| layer.name() != "repeat") {
                x = layer.infer(&x, &mut LayerState::new());
            }
            x
        };
        let n = input.n_features();
        let images = |batch| Shape::new(1, batch, input.image());
        let bias = through(Tensor::zeros(images(1))).values().to_vec();
        let mut affine = Affine { inputs: n, bias, weights: Vec::new() };
        for first in (0..n).step_by(BATCH) {
            let batch = BATCH.min(n - first);
            let mut units = Tensor::zeros(images(batch));
            (0..batch).for_each(|i| units.values_mut()[i * n + first + i] = 1.0);
            affine.append(first, through(units).values());
            if affine.weights.len() > MOST {
                return Err(Error::NotExportable {
                    layer: network.name_of(range.start),
                    why: "it has more than a hundred million synapses",
                });
            }
        }
        Ok(affine)
    }

    fn append(&mut self, first: usize, columns: &[f32]) {
        for (i, column) in columns.chunks_exact(self.bias.len()).enumerate() {
            let weights = column.iter().zip(&self.bias).enumerate().filter(|(_, (y, b))| y != b);
            self.weights.extend(weights.map(|(target, (y, b))| ((first + i) as u32, target as u32, y - b)));
        }
    }
}
