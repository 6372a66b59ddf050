//! Layers that treat time steps differently.

use super::{BatchNorm, Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::tensor::{Shape, Tensor};

/// A layer for each step: the weights, or the moments, of one step are not those of another (BrainCog's `n_groups`).
pub struct PerStep {
    layers: Vec<Box<dyn Layer>>,
}

impl PerStep {
    /// As many layers as there are steps.
    pub fn new(layers: Vec<Box<dyn Layer>>) -> Self {
        PerStep { layers }
    }

    /// Batch normalisation through time: each step has its own scales and moments (Kim Y, Panda P (2021) arXiv:2010.01729).
    pub fn bntt(channels: usize, steps: usize) -> Self {
        PerStep::new((0..steps).map(|_| Box::new(BatchNorm::new(channels)) as Box<dyn Layer>).collect())
    }
}

/// Runs `step` over the steps of `input` and puts together what comes out.
fn each_step(input: &Tensor, mut step: impl FnMut(usize, Tensor) -> Option<Tensor>) -> Option<Tensor> {
    let mut output: Option<Tensor> = None;
    for t in 0..input.shape().steps {
        let one = step(t, input.frame(t))?;
        let all = output.get_or_insert_with(|| Tensor::unspecified(Shape { steps: input.shape().steps, ..one.shape() }));
        let n = all.shape().per_step();
        all.values_mut()[t * n..(t + 1) * n].copy_from_slice(one.values());
    }
    output
}

impl Layer for PerStep {
    fn name(&self) -> &'static str {
        "per_step"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        if input.steps != self.layers.len() {
            return Err(Misfit::Width { what: "steps", expected: self.layers.len(), found: input.steps });
        }
        self.layers[0].shape(input)
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        let first = state.step;
        state.step += input.shape().steps;
        // A run that goes on beyond the steps that were trained stays with the last.
        let layer = |t: usize| &self.layers[(first + t).min(self.layers.len() - 1)];
        each_step(input, |t, x| Some(layer(t).infer(&x, &mut LayerState::new()))).expect("every step gives something")
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        each_step(&input, |t, x| Some(self.layers[t].forward(x, pass))).expect("every step gives something")
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        if !wanted {
            (0..self.layers.len()).for_each(|t| drop(self.layers[t].backward(gradient.frame(t), false)));
            return None;
        }
        each_step(&gradient, |t, g| self.layers[t].backward(g, true))
    }

    fn products(&self, input: Shape) -> u64 {
        self.layers.iter().map(|layer| layer.products(Shape { steps: 1, ..input })).sum()
    }

    fn parts(&self) -> Vec<(String, &dyn Layer)> {
        self.layers.iter().enumerate().map(|(t, layer)| (t.to_string(), &**layer)).collect()
    }

    fn parts_mut(&mut self) -> Vec<&mut dyn Layer> {
        self.layers.iter_mut().map(|layer| &mut **layer as &mut dyn Layer).collect()
    }

    fn remembers(&self) -> bool {
        true
    }
}

/// A learned factor for each step. Behind a [`BatchNorm`] it makes temporal effective batch normalisation (Duan C et al. (2022)
/// NeurIPS 35:34377).
pub struct StepScale {
    scale: Parameter,
    input: Option<Tensor>,
}

impl StepScale {
    /// Factors start at 1.
    pub fn new(steps: usize) -> Self {
        StepScale { scale: Parameter::new("p", vec![1.0; steps], false), input: None }
    }

    fn scaled(&self, mut x: Tensor, first: usize) -> Tensor {
        let n = x.shape().per_step();
        for (t, values) in x.values_mut().chunks_exact_mut(n).enumerate() {
            let scale = self.scale.values[(first + t).min(self.scale.values.len() - 1)];
            values.iter_mut().for_each(|x| *x *= scale);
        }
        x
    }
}

impl Layer for StepScale {
    fn name(&self) -> &'static str {
        "step_scale"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.scale.values.len(), input.steps);
        if expected == found { Ok(input) } else { Err(Misfit::Width { what: "steps", expected, found }) }
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        let first = state.step;
        state.step += input.shape().steps;
        self.scaled(input.clone(), first)
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let output = self.scaled(input.clone(), 0);
        self.input = Some(input);
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let input = kept(&mut self.input);
        for (t, sum) in self.scale.gradient.iter_mut().enumerate() {
            *sum += input.step(t).iter().zip(gradient.step(t)).map(|(&x, &g)| f64::from(x * g)).sum::<f64>() as f32;
        }
        wanted.then(|| self.scaled(gradient, 0))
    }

    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.scale]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.scale]
    }

    fn remembers(&self) -> bool {
        true
    }
}
