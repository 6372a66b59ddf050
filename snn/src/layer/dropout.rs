use rayon::prelude::*;

use super::{Kind, Layer, LayerState, Misfit, Pass, kept};
use crate::device::Plan;
use crate::random::{For, key};
use crate::tensor::{Shape, Tensor};
use kernels::random::{Purpose, Stream};

/// Removes values at random while training and scales the others up; the same ones in every time step, so that what is learned over
/// time is not torn apart (BrainCog's `NDropout`).
pub struct Dropout {
    rate: f32,
    layer: usize,
    kept: Option<(Stream, Shape)>,
}

/// The random words of layer `layer` in a pass; those of a sample are the sequence of its number.
pub(crate) fn stream(layer: usize, pass: Pass) -> Stream {
    Stream::new(pass.seed, Purpose::Other, key(For::Dropout, layer, pass.number))
}

/// Words below the first number remove a value, others scale it by the second.
pub(crate) fn odds(rate: f32) -> (u32, f32) {
    ((f64::from(rate) * f64::from(u32::MAX)) as u32, 1.0 / (1.0 - rate))
}

impl Dropout {
    /// Removes a fraction `rate` in 0..1; `layer` is the number of the layer in its network.
    pub fn new(rate: f32, layer: usize) -> Self {
        assert!((0.0..1.0).contains(&rate), "dropout of {rate}");
        Dropout { rate, layer, kept: None }
    }

    /// Multiplies `values` by 0 or 1 / (1 - rate).
    fn mask(&self, stream: Stream, values: &mut Tensor) {
        let features = values.shape().n_features();
        let batch = values.shape().batch;
        let (bound, scale) = odds(self.rate);
        values.values_mut().par_chunks_mut(features).enumerate().for_each_init(Vec::new, |words, (image, values)| {
            stream.fill((image % batch) as u64, words, features);
            for (x, &word) in values.iter_mut().zip(words.iter()) {
                *x *= if word < bound { 0.0 } else { scale };
            }
        });
    }
}

impl Layer for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn kind(&self) -> Kind {
        Kind::Identity
    }

    fn on_device(&self) -> Result<Plan, &'static str> {
        Ok(Plan::Dropout(self.rate, self.layer))
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        Ok(input)
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        input.clone()
    }

    fn forward(&mut self, mut input: Tensor, pass: Pass) -> Tensor {
        let stream = stream(self.layer, pass);
        self.mask(stream, &mut input);
        self.kept = Some((stream, input.shape()));
        input
    }

    fn backward(&mut self, mut gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let (stream, _) = kept(&mut self.kept);
        wanted.then(|| {
            self.mask(stream, &mut gradient);
            gradient
        })
    }
}
