use super::over_time::{Matrix, product, square, transposed};
use super::{Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::tensor::{Shape, Tensor};

/// A learned linear map over time, the same for every value: Y\[t\] = sum of W\[t\]\[k\] X\[k\] over k <= t (the `linear` map of BrainCog's `AdaptiveNode`).
pub struct TimeMap {
    weight: Parameter,
    steps: usize,
    input: Option<Tensor>,
}

impl TimeMap {
    /// For `steps` steps; passes everything on at the start.
    pub fn new(steps: usize) -> Self {
        TimeMap { weight: Parameter::new("weight", square(steps, |t, k| f32::from(t == k)), true), steps, input: None }
    }

    /// The map of the first `steps` steps.
    fn matrix(&self, steps: usize) -> Matrix {
        // A run that goes on beyond the steps that were trained passes on what comes.
        square(steps, |t, k| match t < self.steps {
            true if k <= t => self.weight.values[t * self.steps + k],
            true => 0.0,
            false => f32::from(t == k),
        })
    }
}

impl Layer for TimeMap {
    fn name(&self) -> &'static str {
        "time_map"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.steps, input.steps);
        if expected == found { Ok(input) } else { Err(Misfit::Width { what: "steps", expected, found }) }
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        state.values.extend_from_slice(input.values());
        let (shape, first) = (input.shape(), state.step);
        state.step += shape.steps;
        let whole = Tensor::new(Shape { steps: state.step, ..shape }, state.values.clone());
        let mapped = product(&self.matrix(state.step), &whole);
        Tensor::new(shape, mapped.values()[first * shape.per_step()..].to_vec())
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let output = product(&self.matrix(self.steps), &input);
        self.input = Some(input);
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let (input, steps) = (kept(&mut self.input), self.steps);
        for t in 0..steps {
            for k in 0..=t {
                let sum: f64 = gradient.step(t).iter().zip(input.step(k)).map(|(&g, &x)| f64::from(g * x)).sum();
                self.weight.gradient[t * steps + k] += sum as f32;
            }
        }
        wanted.then(|| product(&transposed(&self.matrix(steps), steps), &gradient))
    }

    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.weight]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weight]
    }

    fn remembers(&self) -> bool {
        true
    }
}
