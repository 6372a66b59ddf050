//! Convolutions over time, which see a few steps before and after.

use super::conv::add_rows;
use super::{Init, Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::correlate::Correlation;
use crate::tensor::{Shape, Tensor};

/// Y\[t\] = sum of W\[i\] X\[t + i - width / 2\] over `width` steps, plus a bias; zero before and after. Between all features, or each
/// feature by itself (then without bias).
pub struct TimeConv {
    width: usize,
    /// Of one step; one input and output for features by themselves.
    correlation: Correlation,
    by_itself: bool,
    /// `[tap][input][output]`, or `[tap][feature]`.
    weight: Parameter,
    bias: Option<Parameter>,
    input: Option<Tensor>,
}

impl TimeConv {
    /// Between all of `inputs` and `outputs` features; `width` is odd.
    pub fn new(width: usize, inputs: usize, outputs: usize, init: Init) -> Self {
        assert!(width % 2 == 1, "{width} steps have no middle");
        let correlation = Correlation { kernel: 1, stride: 1, padding: 0, inputs, outputs };
        let weight = Parameter::uniform("weight", width * inputs * outputs, width * inputs, init);
        let bias = Some(Parameter::uniform("bias", outputs, width * inputs, init));
        TimeConv { width, correlation, by_itself: false, weight, bias, input: None }
    }

    /// Each of `features` features by itself; `width` is odd.
    pub fn by_itself(width: usize, features: usize, init: Init) -> Self {
        let weight = Parameter::uniform("weight", width * features, width, init);
        TimeConv { by_itself: true, weight, bias: None, ..TimeConv::new(width, features, features, init) }
    }

    fn tap(&self, tap: usize) -> &[f32] {
        let n = self.weight.values.len() / self.width;
        &self.weight.values[tap * n..][..n]
    }

    /// Calls `visit(step of the output, step of the input)` for every pair that a tap connects.
    fn pairs(&self, tap: usize, steps: usize, mut visit: impl FnMut(usize, usize)) {
        for t in 0..steps {
            if let Some(from) = (t + tap).checked_sub(self.width / 2).filter(|&from| from < steps) {
                visit(t, from);
            }
        }
    }
}

/// x times w, feature by feature.
fn scaled(x: &Tensor, w: &[f32]) -> Tensor {
    let mut y = x.clone();
    y.values_mut().chunks_exact_mut(w.len()).for_each(|pixel| pixel.iter_mut().zip(w).for_each(|(x, w)| *x *= w));
    y
}

/// Adds step `from` of `x` to step `to` of `y`.
fn add_step(y: &mut Tensor, to: usize, x: &Tensor, from: usize) {
    let n = y.shape().per_step();
    y.values_mut()[to * n..(to + 1) * n].iter_mut().zip(x.step(from)).for_each(|(y, x)| *y += x);
}

impl Layer for TimeConv {
    fn name(&self) -> &'static str {
        "time_conv"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.correlation.inputs, input.channels);
        if expected != found {
            return Err(Misfit::Width { what: "channels", expected, found });
        }
        Ok(Shape { channels: self.correlation.outputs, ..input })
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let shape = Shape { channels: self.correlation.outputs, ..input.shape() };
        let mut output = Tensor::zeros(shape);
        for tap in 0..self.width {
            let weight = self.tap(tap);
            let mapped = if self.by_itself { scaled(input, weight) } else { self.correlation.forward(input, weight, &[]) };
            self.pairs(tap, shape.steps, |to, from| add_step(&mut output, to, &mapped, from));
        }
        if let Some(bias) = &self.bias {
            let pixels = output.values_mut().chunks_exact_mut(shape.channels);
            pixels.for_each(|pixel| pixel.iter_mut().zip(&bias.values).for_each(|(y, b)| *y += b));
        }
        output
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let output = self.infer(&input, &mut LayerState::new());
        self.input = Some(input);
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let input = kept(&mut self.input);
        if let Some(bias) = &mut self.bias {
            add_rows(&gradient, 1.0, &mut bias.gradient);
        }
        let mut sum = Tensor::zeros(input.shape());
        let n = self.weight.values.len() / self.width;
        for tap in 0..self.width {
            // The gradient of what this tap made of each step of the input.
            let mut mapped = Tensor::zeros(gradient.shape());
            self.pairs(tap, input.shape().steps, |to, from| add_step(&mut mapped, from, &gradient, to));
            let to_input = if self.by_itself {
                let products = scaled_by(&mapped, &input);
                add_rows(&products, 1.0, &mut self.weight.gradient[tap * n..][..n]);
                scaled(&mapped, self.tap(tap))
            } else {
                self.correlation.weight_gradient(&input, &mapped, &mut self.weight.gradient[tap * n..][..n]);
                self.correlation.input_gradient(&mapped, input.shape(), self.tap(tap))
            };
            sum.values_mut().iter_mut().zip(to_input.values()).for_each(|(s, g)| *s += g);
        }
        wanted.then_some(sum)
    }

    fn products(&self, input: Shape) -> u64 {
        let per_value = if self.by_itself { 1 } else { self.correlation.outputs };
        (input.len() * self.width * per_value) as u64
    }

    fn parameters(&self) -> Vec<&Parameter> {
        [&self.weight].into_iter().chain(&self.bias).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        [&mut self.weight].into_iter().chain(&mut self.bias).collect()
    }

    fn remembers(&self) -> bool {
        true
    }

    fn causal(&self) -> bool {
        self.width == 1
    }
}

/// x y, value by value.
fn scaled_by(x: &Tensor, y: &Tensor) -> Tensor {
    let mut product = x.clone();
    product.values_mut().iter_mut().zip(y.values()).for_each(|(x, y)| *x *= y);
    product
}
