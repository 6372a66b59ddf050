use super::{Init, Kind, Layer, LayerState, Misfit, Pass, kept};
use crate::random::{For, Random, key};
use crate::tensor::{Shape, Tensor};

/// Stochastic depth (Huang G et al. (2016) arXiv:1603.09382) at the end of a branch: while training all that it gives for a sample, in all steps, is
/// removed at random, and scaled up otherwise. What is left is the shortcut.
pub struct DropPath {
    rate: f32,
    init: Init,
    kept: Option<Vec<f32>>,
}

impl DropPath {
    /// Removes a fraction `rate` in 0..1 of the samples.
    pub fn new(rate: f32, init: Init) -> Self {
        assert!((0.0..1.0).contains(&rate), "dropped paths of {rate}");
        DropPath { rate, init, kept: None }
    }

    /// What each sample is multiplied by.
    fn factors(&self, pass: Pass, batch: usize) -> Vec<f32> {
        let mut random = Random::new(pass.seed, key(For::Paths, self.init.layer, pass.number));
        (0..batch).map(|_| if random.uniform() < f64::from(self.rate) { 0.0 } else { 1.0 / (1.0 - self.rate) }).collect()
    }
}

fn scaled(mut x: Tensor, factors: &[f32]) -> Tensor {
    let n = x.shape().n_features();
    let samples = x.values_mut().chunks_exact_mut(n.max(1)).zip(factors.iter().cycle());
    samples.for_each(|(sample, factor)| sample.iter_mut().for_each(|x| *x *= factor));
    x
}

impl Layer for DropPath {
    fn name(&self) -> &'static str {
        "drop_path"
    }

    fn kind(&self) -> Kind {
        Kind::Identity
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        Ok(input)
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        input.clone()
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        let factors = self.factors(pass, input.shape().batch);
        let output = scaled(input, &factors);
        self.kept = Some(factors);
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let factors = kept(&mut self.kept);
        wanted.then(|| scaled(gradient, &factors))
    }
}
