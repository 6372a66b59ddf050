use super::{Init, Kind, Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::correlate::Correlation;
use crate::tensor::{Shape, Tensor};

/// Convolution of images with a square kernel.
pub struct Conv2d {
    correlation: Correlation,
    weight: Parameter,
    bias: Option<Parameter>,
    input: Option<Tensor>,
}

impl Conv2d {
    /// A layer with random weights. The padding must be less than the kernel.
    pub fn new(correlation: Correlation, bias: bool, init: Init) -> Self {
        assert!(correlation.padding < correlation.kernel && correlation.stride > 0, "{correlation:?}");
        let fan_in = correlation.inputs * correlation.n_taps();
        let bias = bias.then(|| Parameter::uniform("bias", correlation.outputs, fan_in, init));
        let weight = Parameter::uniform("weight", correlation.n_weights(), fan_in, init);
        Conv2d { correlation, weight, bias, input: None }
    }

    /// A layer with these weights, `[input channel][kernel row][kernel column][output channel]`, and biases.
    pub fn with(correlation: Correlation, weight: Vec<f32>, bias: Vec<f32>) -> Self {
        assert_eq!((weight.len(), bias.len()), (correlation.n_weights(), correlation.outputs), "{correlation:?}");
        let bias = Some(Parameter::new("bias", bias, false));
        Conv2d { correlation, weight: Parameter::new("weight", weight, true), bias, input: None }
    }
}

impl Layer for Conv2d {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn kind(&self) -> Kind {
        Kind::Conv(self.correlation)
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
        self.correlation.forward(input, &self.weight.values, bias)
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let output = self.infer(&input, &mut LayerState::new());
        self.input = Some(input);
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let input = kept(&mut self.input);
        self.correlation.weight_gradient(&input, &gradient, &mut self.weight.gradient);
        if let Some(bias) = &mut self.bias {
            add_rows(&gradient, &mut bias.gradient);
        }
        wanted.then(|| self.correlation.input_gradient(&gradient, input.shape(), &self.weight.values))
    }

    fn parameters(&self) -> Vec<&Parameter> {
        [&self.weight].into_iter().chain(&self.bias).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        [&mut self.weight].into_iter().chain(&mut self.bias).collect()
    }
}

/// Adds the sum over all pixels to `sum`, in f64 because there may be a million of them.
pub(super) fn add_rows(gradient: &Tensor, sum: &mut [f32]) {
    let mut total = vec![0.0; sum.len()];
    for pixel in gradient.values().chunks_exact(sum.len()) {
        for (t, &g) in total.iter_mut().zip(pixel) {
            *t += f64::from(g);
        }
    }
    for (s, t) in sum.iter_mut().zip(total) {
        *s += t as f32;
    }
}
