use super::conv::add_rows;
use super::trace::Trace;
use super::{Init, Kind, Layer, LayerState, Misfit, Parameter, Pass, Watch, kept};
use crate::correlate::Correlation;
use crate::tensor::{Shape, Tensor};

/// Every output from every input: W x + b.
///
/// Computed as a correlation with a kernel of one pixel, over images made of several samples side by side.
pub struct Linear {
    correlation: Correlation,
    weight: Parameter,
    bias: Parameter,
    input: Option<Tensor>,
    trace: Trace,
}

/// Samples side by side at most: enough to reuse each weight many times, few enough to give every thread some.
const ROWS: usize = 64;

impl Linear {
    /// A layer with random weights.
    pub fn new(inputs: usize, outputs: usize, init: Init) -> Self {
        let correlation = Correlation { kernel: 1, stride: 1, padding: 0, inputs, outputs };
        let weight = Parameter::uniform("weight", inputs * outputs, inputs, init);
        Linear { correlation, weight, bias: Parameter::uniform("bias", outputs, inputs, init), input: None, trace: Trace::default() }
    }

    /// A layer with these weights, `[input][output]`, and biases.
    pub fn with(weight: Vec<f32>, bias: Vec<f32>) -> Self {
        let (inputs, outputs) = (weight.len() / bias.len(), bias.len());
        assert_eq!(weight.len(), inputs * outputs, "{outputs} outputs");
        let correlation = Correlation { kernel: 1, stride: 1, padding: 0, inputs, outputs };
        Linear {
            correlation,
            weight: Parameter::new("weight", weight, true),
            bias: Parameter::new("bias", bias, false),
            input: None,
            trace: Trace::default(),
        }
    }

    /// The same values as images of several samples.
    pub(crate) fn rows(shape: Shape) -> Shape {
        let samples = shape.n_images();
        let side_by_side = (1..=ROWS).rev().find(|&n| samples.is_multiple_of(n)).unwrap_or(1);
        Shape::new(1, samples / side_by_side, [1, side_by_side, shape.n_features()])
    }

    fn outputs(&self, input: Shape) -> Shape {
        Shape { height: 1, width: 1, channels: self.correlation.outputs, ..input }
    }

    fn apply(&self, rows: &Tensor, input: Shape) -> Tensor {
        self.correlation.forward(rows, &self.weight.values, &self.bias.values).reshaped(self.outputs(input))
    }
}

impl Layer for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn kind(&self) -> Kind {
        Kind::Linear { inputs: self.correlation.inputs, outputs: self.correlation.outputs }
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.correlation.inputs, input.n_features());
        if found == expected { Ok(self.outputs(input)) } else { Err(Misfit::Width { what: "features", expected, found }) }
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let shape = input.shape();
        self.apply(&input.clone().reshaped(Linear::rows(shape)), shape)
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let shape = input.shape();
        let rows = input.reshaped(Linear::rows(shape));
        let output = self.apply(&rows, shape);
        self.input = Some(rows.reshaped(shape));
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
        let shape = input.shape();
        let rows = input.reshaped(Linear::rows(shape));
        let gradient = gradient.reshaped(Shape { channels: self.correlation.outputs, ..rows.shape() });
        self.correlation.weight_gradient(&rows, &gradient, &mut self.weight.gradient);
        add_rows(&gradient, self.trace.of_biases(), &mut self.bias.gradient);
        wanted.then(|| self.correlation.input_gradient(&gradient, rows.shape(), &self.weight.values).reshaped(shape))
    }

    fn products(&self, input: Shape) -> u64 {
        input.n_images() as u64 * self.correlation.n_weights() as u64
    }

    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.weight, &self.bias]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weight, &mut self.bias]
    }
}
