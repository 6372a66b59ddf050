use std::borrow::Cow;

use super::trace::Trace;
use super::{Init, Kind, Layer, LayerState, Misfit, Parameter, Pass, Watch, kept};
use crate::correlate::Correlation;
use crate::tensor::{Shape, Tensor};

/// Convolution of images with a square kernel.
pub struct Conv2d {
    correlation: Correlation,
    weight: Parameter,
    /// One per output channel, if weights are standardised.
    gain: Option<Parameter>,
    bias: Option<Parameter>,
    input: Option<Tensor>,
    trace: Trace,
}

/// What is added to a deviation before one divides by it.
const EPS: f32 = 1e-5;

impl Conv2d {
    /// A layer with random weights. The padding must be less than the kernel.
    pub fn new(correlation: Correlation, bias: bool, init: Init) -> Self {
        assert!(correlation.padding < correlation.kernel && correlation.stride > 0, "{correlation:?}");
        let fan_in = correlation.fan_in();
        let bias = bias.then(|| Parameter::uniform("bias", correlation.outputs, fan_in, init));
        let weight = Parameter::uniform("weight", correlation.n_weights(), fan_in, init);
        Conv2d { correlation, weight, gain: None, bias, input: None, trace: Trace::default() }
    }

    /// A layer whose weights count as gain (w - mean) / deviation, over the inputs of each output (Qiao S et al. (2019) arXiv:1903.10520): what
    /// stands in for batch normalisation where there are no batches.
    pub fn standardised(correlation: Correlation, bias: bool, init: Init) -> Self {
        let gain = Parameter::new("gain", vec![1.0; correlation.outputs], false);
        Conv2d { gain: Some(gain), ..Conv2d::new(correlation, bias, init) }
    }

    /// Mean and deviation of the weights of each output, the deviation with EPS.
    fn moments(&self) -> Vec<[f32; 2]> {
        let outputs = self.correlation.outputs;
        let n = self.correlation.fan_in() as f64;
        let moments = |o: usize| {
            let of = || self.weight.values.iter().skip(o).step_by(outputs).map(|&w| f64::from(w));
            let mean = of().sum::<f64>() / n;
            let variance = of().map(|w| (w - mean) * (w - mean)).sum::<f64>() / (n - 1.0).max(1.0);
            [mean as f32, variance.sqrt() as f32 + EPS]
        };
        (0..outputs).map(moments).collect()
    }

    /// The weights as they count.
    fn weights(&self) -> Cow<'_, [f32]> {
        let Some(gain) = &self.gain else { return Cow::Borrowed(&self.weight.values) };
        let (moments, outputs) = (self.moments(), self.correlation.outputs);
        let standard = |(i, w): (usize, &f32)| gain.values[i % outputs] * (w - moments[i % outputs][0]) / moments[i % outputs][1];
        Cow::Owned(self.weight.values.iter().enumerate().map(standard).collect())
    }

    /// Adds to the gradients of weights and gains, given that of the weights as they count.
    fn learn_standardised(&mut self, gradient: &[f32]) {
        let (moments, outputs) = (self.moments(), self.correlation.outputs);
        let n = self.correlation.fan_in() as f32;
        let Some(gain) = &mut self.gain else { return };
        for (o, [mean, deviation]) in moments.into_iter().enumerate() {
            let places = || (o..gradient.len()).step_by(outputs);
            let x = |i: usize| (self.weight.values[i] - mean) / deviation;
            let (sum, product) = places().fold((0.0, 0.0), |(s, p), i| (s + gradient[i], p + gradient[i] * x(i)));
            gain.gradient[o] += product;
            // d deviation / d w = (w - mean) / ((n - 1) (deviation - EPS)).
            let spread = product * deviation / ((n - 1.0).max(1.0) * (deviation - EPS).max(EPS));
            for i in places() {
                self.weight.gradient[i] += gain.values[o] / deviation * (gradient[i] - sum / n - x(i) * spread);
            }
        }
    }

    /// A layer with these weights, `[input channel][kernel row][kernel column][output channel]`, and biases.
    pub fn with(correlation: Correlation, weight: Vec<f32>, bias: Vec<f32>) -> Self {
        assert_eq!((weight.len(), bias.len()), (correlation.n_weights(), correlation.outputs), "{correlation:?}");
        let bias = Some(Parameter::new("bias", bias, false));
        Conv2d { correlation, weight: Parameter::new("weight", weight, true), gain: None, bias, input: None, trace: Trace::default() }
    }
}

impl Layer for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn kind(&self) -> Kind {
        if self.gain.is_none() { Kind::Conv(self.correlation) } else { Kind::Other }
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let Correlation { inputs, kernel, padding, .. } = self.correlation;
        if input.channels != inputs {
            return Err(Misfit::Width { what: "channels", expected: inputs, found: input.channels });
        }
        let [height, width] = [input.height, input.width].map(|n| n + 2 * padding);
        self.correlation.shape(input).ok_or(Misfit::Kernel { kernel, height, width })
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let bias = self.bias.as_ref().map_or(&[][..], |bias| &bias.values);
        self.correlation.forward(input, &self.weights(), bias)
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let output = self.infer(&input, &mut LayerState::new());
        self.input = Some(input);
        output
    }

    fn forward_step(&mut self, input: Tensor, state: &mut LayerState, pass: Pass, watch: Watch) -> Tensor {
        let output = self.forward_watched(input, pass, watch);
        self.trace.follow(&mut self.input, state);
        output
    }

    fn trace(&mut self, leak: f32) -> bool {
        self.trace = Trace::new(leak);
        true
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let input = kept(&mut self.input);
        if self.gain.is_some() {
            let mut effective = vec![0.0; self.correlation.n_weights()];
            self.correlation.weight_gradient(&input, &gradient, &mut effective);
            self.learn_standardised(&effective);
        } else {
            self.correlation.weight_gradient(&input, &gradient, &mut self.weight.gradient);
        }
        if let Some(bias) = &mut self.bias {
            add_rows(&gradient, self.trace.of_biases(), &mut bias.gradient);
        }
        wanted.then(|| self.correlation.input_gradient(&gradient, input.shape(), &self.weights()))
    }

    fn products(&self, input: Shape) -> u64 {
        self.correlation.shape(input).map_or(0, |output| output.len() as u64 * self.correlation.fan_in() as u64)
    }

    fn parameters(&self) -> Vec<&Parameter> {
        [&self.weight].into_iter().chain(&self.gain).chain(&self.bias).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        [&mut self.weight].into_iter().chain(&mut self.gain).chain(&mut self.bias).collect()
    }
}

/// Adds `factor` times the sum over all pixels to `sum`, in f64 because there may be a million of them.
pub(super) fn add_rows(gradient: &Tensor, factor: f32, sum: &mut [f32]) {
    let mut total = vec![0.0; sum.len()];
    for pixel in gradient.values().chunks_exact(sum.len()) {
        for (t, &g) in total.iter_mut().zip(pixel) {
            *t += f64::from(g);
        }
    }
    for (s, t) in sum.iter_mut().zip(total) {
        *s += factor * t as f32;
    }
}
