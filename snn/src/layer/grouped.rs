use super::{Init, Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::correlate::Correlation;
use crate::tensor::{Shape, Tensor};

/// Convolution in groups (Xie S et al. (2017) arXiv:1611.05431): the channels are cut into `groups` of neighbours, and each group of outputs sees only its
/// group of inputs. Without bias.
pub struct GroupedConv {
    groups: usize,
    /// Of one group.
    each: Correlation,
    /// `[group][input channel][kernel row][kernel column][output channel]`, channels of the group.
    weight: Parameter,
    input: Option<Tensor>,
}

impl GroupedConv {
    /// A layer with random weights; `whole` has all channels, whose numbers `groups` must divide.
    pub fn new(whole: Correlation, groups: usize, init: Init) -> Self {
        let Correlation { inputs, outputs, .. } = whole;
        assert!(groups > 0 && inputs % groups == 0 && outputs % groups == 0, "{groups} groups of {inputs} and {outputs} channels");
        assert!(whole.padding < whole.kernel && whole.stride > 0, "{whole:?}");
        let each = Correlation { inputs: inputs / groups, outputs: outputs / groups, ..whole };
        let weight = Parameter::uniform("weight", groups * each.n_weights(), each.fan_in(), init);
        GroupedConv { groups, each, weight, input: None }
    }

    fn weights(&self, group: usize) -> &[f32] {
        &self.weight.values[group * self.each.n_weights()..][..self.each.n_weights()]
    }
}

/// The channels `group * n..(group + 1) * n`.
fn cut(x: &Tensor, group: usize, n: usize) -> Tensor {
    let channels = x.shape().channels;
    let mut part = Tensor::unspecified(Shape { channels: n, ..x.shape() });
    for (to, from) in part.values_mut().chunks_exact_mut(n).zip(x.values().chunks_exact(channels)) {
        to.copy_from_slice(&from[group * n..][..n]);
    }
    part
}

/// Puts the channels of a group back to their place.
fn put(part: &Tensor, group: usize, x: &mut Tensor) {
    let (n, channels) = (part.shape().channels, x.shape().channels);
    for (from, to) in part.values().chunks_exact(n).zip(x.values_mut().chunks_exact_mut(channels)) {
        to[group * n..][..n].copy_from_slice(from);
    }
}

impl Layer for GroupedConv {
    fn name(&self) -> &'static str {
        "grouped_conv2d"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let Correlation { inputs, outputs, kernel, padding, .. } = self.each;
        let expected = self.groups * inputs;
        if input.channels != expected {
            return Err(Misfit::Width { what: "channels", expected, found: input.channels });
        }
        let [height, width] = [input.height, input.width].map(|n| n + 2 * padding);
        let output = self.each.shape(Shape { channels: inputs, ..input }).ok_or(Misfit::Kernel { kernel, height, width })?;
        Ok(Shape { channels: self.groups * outputs, ..output })
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let mut output = Tensor::unspecified(self.shape(input.shape()).expect("the layer was checked for this shape"));
        for group in 0..self.groups {
            put(&self.each.forward(&cut(input, group, self.each.inputs), self.weights(group), &[]), group, &mut output);
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
        let mut back = Tensor::unspecified(if wanted { input.shape() } else { Shape { steps: 0, ..input.shape() } });
        for group in 0..self.groups {
            let (x, g) = (cut(&input, group, self.each.inputs), cut(&gradient, group, self.each.outputs));
            let n = self.each.n_weights();
            self.each.weight_gradient(&x, &g, &mut self.weight.gradient[group * n..][..n]);
            if wanted {
                put(&self.each.input_gradient(&g, x.shape(), self.weights(group)), group, &mut back);
            }
        }
        wanted.then_some(back)
    }

    fn products(&self, input: Shape) -> u64 {
        self.shape(input).map_or(0, |output| output.len() as u64 * self.each.fan_in() as u64)
    }

    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.weight]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weight]
    }
}
