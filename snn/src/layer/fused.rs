//! Convolution, batch normalisation, neurons and average pool of an evaluation in one go: a band of rows at a time through all steps, so that what one
//! hands to the next stays in the cache and membranes are not carried through memory from step to step. Every value is computed as by the layers
//! one after another, so it has the same bits.

use std::ops::Range;

use rayon::prelude::*;

use super::per_channel::evaluated;
use super::pool::average;
use super::{Kind, Layer, LayerState, Population};
use crate::correlate::{Correlation, Desk, Ready};
use crate::tensor::{Shape, Tensor};
use kernels::dispatch;

/// Bytes of a band that stay in the second-level cache together with membranes, spikes and the image.
const BAND: usize = 1 << 16;

/// A band is not much smaller than its layer's weights, which are read anew for every band.
const WEIGHTS_PER_BAND: usize = 4;

/// Layers that follow each other.
pub(super) struct Block<'a> {
    correlation: Correlation,
    weights: &'a [f32],
    bias: &'a [f32],
    /// Factors and summands of batch normalisation.
    norm: Option<[Vec<f32>; 2]>,
    nodes: &'a dyn Population,
    /// Which of the layers the nodes are.
    place: usize,
    /// What the nodes get; it has more steps than the convolution if images are repeated.
    shape: Shape,
    /// Side of the squares of the pool.
    pool: Option<usize>,
}

impl<'a> Block<'a> {
    /// The block that `layers` begin with, if there is one.
    pub(super) fn first_of(layers: &'a [Box<dyn Layer>], input: Shape) -> Option<Self> {
        let conv = layers.first()?;
        let Kind::Conv(correlation) = conv.kind() else { return None };
        let [weights, bias] = [0, 1].map(|i| conv.parameters().get(i).map_or(&[][..], |parameter| &parameter.values));
        let (mut shape, mut place) = (conv.shape(input).ok()?, 1);
        let norm = layers.get(place).filter(|layer| layer.kind() == Kind::BatchNorm).map(|layer| {
            place += 1;
            let (parameters, buffers) = (layer.parameters(), layer.buffers());
            evaluated([&parameters[0].values, &parameters[1].values, buffers[0].1, buffers[1].1])
        });
        if let Some(repeat) = layers.get(place).filter(|layer| layer.name() == "repeat") {
            shape = repeat.shape(shape).ok()?;
            place += 1;
        }
        let nodes = layers.get(place)?.population()?;
        let block = Block { correlation, weights, bias, norm, nodes, place, shape, pool: None };
        let pool = layers.get(place + 1).and_then(|layer| block.pool_of(layer.kind()));
        Some(Block { pool, ..block })
    }

    /// The side of an average pool whose squares are no higher than a band may be.
    fn pool_of(&self, kind: Kind) -> Option<usize> {
        let Kind::AvgPool(side) = kind else { return None };
        let Shape { height, width, .. } = self.shape;
        let side = side.unwrap_or(height.min(width));
        (side <= height.min(width) && side * self.row_bytes() <= WEIGHTS_PER_BAND * BAND).then_some(side)
    }

    /// Layers of the block.
    pub(super) fn len(&self) -> usize {
        self.place + 1 + usize::from(self.pool.is_some())
    }

    fn row_bytes(&self) -> usize {
        size_of::<f32>() * self.shape.width * self.shape.channels
    }

    /// Rows of a band, whole squares of the pool; fewer if its currents are of more than two steps.
    fn rows(&self, at_once: usize) -> usize {
        let bytes = BAND.max(size_of_val(self.weights) / WEIGHTS_PER_BAND) * 2 / at_once.max(2);
        let most = (bytes / self.row_bytes().max(1)).max(1);
        let n_bands = self.shape.height.div_ceil(most);
        self.shape.height.div_ceil(n_bands).next_multiple_of(self.pool.unwrap_or(1))
    }

    /// What the layers give one after another; `states` are theirs.
    pub(super) fn infer(&self, input: &Tensor, states: &mut [LayerState]) -> Tensor {
        let (shape, state) = (self.shape, &mut states[self.place]);
        state.step += shape.steps;
        let ready = self.correlation.ready(input, self.weights, self.bias);
        let (rows, side) = (self.rows(ready.at_once()), self.pool.unwrap_or(1));
        let mut output = match self.pool {
            Some(side) => Tensor::zeros(Shape { height: shape.height / side, width: shape.width / side, ..shape }),
            None => Tensor::unspecified(shape),
        };
        let (to, n_bands) = (output.shape(), shape.height.div_ceil(rows));
        let outputs = bands(output.values_mut(), to, rows / side, n_bands);
        let variables = bands(state.variables(shape, &self.nodes.at_rest()), shape, rows, n_bands);
        let tasks = outputs.into_par_iter().zip(variables).enumerate();
        tasks.for_each_init(Scratch::default, |scratch, (task, (outputs, variables))| {
            let first = task % n_bands * rows;
            let rows = first..shape.height.min(first + rows);
            self.run(&ready, input, Band { sample: task / n_bands, rows, variables, outputs }, scratch);
        });
        output
    }

    /// All steps of one band. Pools leave rows out at the far end, so that the last bands may have no outputs.
    fn run(&self, ready: &Ready, input: &Tensor, mut band: Band, scratch: &mut Scratch) {
        let (from, variables) = (input.shape(), &mut band.variables[..]);
        let here = Shape { steps: 1, batch: 1, height: band.rows.len(), ..self.shape };
        let Scratch { desk, currents, spikes } = scratch;
        let at_once = ready.at_once().min(from.steps);
        currents.resize(at_once * here.len(), 0.0);
        spikes.resize(here.len(), 0.0);
        for step in 0..self.shape.steps {
            // Images that are repeated are computed once.
            if step < from.steps && step % at_once == 0 {
                let images =
                    (step..from.steps).take(at_once).map(|step| &input.step(step)[band.sample * from.n_features()..][..from.n_features()]);
                let images: Vec<&[f32]> = images.collect();
                let mut outputs: Vec<&mut [f32]> = currents.chunks_exact_mut(here.len()).take(images.len()).collect();
                ready.rows(desk, (&images, from), band.rows.clone(), &mut outputs);
                if let Some([a, b]) = &self.norm {
                    outputs.into_iter().for_each(|currents| normalise(currents, a, b));
                }
            }
            let currents = &currents[step.min(from.steps - 1) % at_once * here.len()..][..here.len()];
            match (self.pool, band.outputs.get_mut(step)) {
                (None, Some(output)) => self.nodes.advance(variables, currents, output),
                (side, output) => {
                    self.nodes.advance(variables, currents, spikes);
                    if let (Some(side), Some(output)) = (side, output) {
                        average(side, here, spikes, output);
                    }
                }
            }
        }
    }
}

/// Some rows of a sample.
struct Band<'a> {
    sample: usize,
    rows: Range<usize>,
    /// By variable.
    variables: Vec<&'a mut [f32]>,
    /// By step.
    outputs: Vec<&'a mut [f32]>,
}

/// What a band needs besides, kept from band to band.
#[derive(Default)]
struct Scratch {
    desk: Desk,
    currents: Vec<f32>,
    spikes: Vec<f32>,
}

/// Cuts images into bands of `rows` rows, `n_bands` for each sample; those of different images of a sample come together.
fn bands(values: &mut [f32], shape: Shape, rows: usize, n_bands: usize) -> Vec<Vec<&mut [f32]>> {
    let mut bands: Vec<Vec<&mut [f32]>> = (0..shape.batch * n_bands).map(|_| Vec::new()).collect();
    for (image, values) in values.chunks_exact_mut(shape.n_features()).enumerate() {
        for (band, piece) in values.chunks_mut(rows * shape.width * shape.channels).enumerate() {
            bands[image % shape.batch * n_bands + band].push(piece);
        }
    }
    bands
}

dispatch! {
    /// a x + b per channel.
    fn normalise(values: &mut [f32], a: &[f32], b: &[f32]) = normalise_body
}

#[inline(always)]
fn normalise_body(values: &mut [f32], a: &[f32], b: &[f32]) {
    for pixel in values.chunks_exact_mut(a.len()) {
        for (x, (a, b)) in pixel.iter_mut().zip(a.iter().zip(b)) {
            *x = a * *x + b;
        }
    }
}
