use super::stepwise::{Cell, Neurons, NeuronsMemo};
use super::{Init, Misfit, Parameter};
use crate::correlate::Correlation;
use crate::node::Node;
use crate::surrogate::Surrogate;
use crate::tensor::{Shape, Tensor};

fn add(mut x: Tensor, y: &Tensor) -> Tensor {
    x.values_mut().iter_mut().zip(y.values()).for_each(|(x, y)| *x += y);
    x
}

/// Neurons that hear their own spikes of the step before through learned weights: I\[t\] = X\[t\] + W S\[t - 1\].
///
/// A convolution connects pixels with their neighbourhood, a kernel of one pixel all channels of a pixel, and on features of one pixel
/// everything with everything.
pub struct Recurrent<T, const N: usize> {
    neurons: Neurons<T, N>,
    correlation: Correlation,
    weight: Parameter,
}

impl<T: Node<N>, const N: usize> Recurrent<T, N> {
    /// With a kernel of `kernel` pixels, an odd number, between `channels` channels.
    pub fn new(node: T, surrogate: Surrogate, kernel: usize, channels: usize, init: Init) -> Self {
        assert!(kernel % 2 == 1, "a kernel of {kernel} pixels has no middle");
        let correlation = Correlation { kernel, stride: 1, padding: kernel / 2, inputs: channels, outputs: channels };
        let weight = Parameter::uniform("weight", correlation.n_weights(), correlation.fan_in(), init);
        Recurrent { neurons: Neurons::new(node, surrogate), correlation, weight }
    }
}

impl<T: Node<N>, const N: usize> Cell for Recurrent<T, N> {
    /// What was heard, and the neurons.
    type Memo = (Tensor, NeuronsMemo<N>);

    fn name(&self) -> &'static str {
        "recurrent"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.correlation.inputs, input.channels);
        if expected == found { Ok(input) } else { Err(Misfit::Width { what: "channels", expected, found }) }
    }

    fn rest(&self, input: Shape) -> Vec<Tensor> {
        // The variables of the neurons, then what they sent.
        let mut carried = self.neurons.rest(input);
        carried.push(Tensor::zeros(input));
        carried
    }

    fn step(&self, _: usize, input: Tensor, carried: &mut [Tensor]) -> (Tensor, Self::Memo) {
        let (heard, state) = carried.split_last_mut().expect("there is what was sent");
        let input = add(self.correlation.forward(heard, &self.weight.values, &[]), &input);
        let (sent, memo) = self.neurons.step(&input, state);
        let heard = std::mem::replace(heard, sent.clone());
        (sent, (heard, memo))
    }

    fn back(&mut self, (heard, memo): Self::Memo, gradient: Tensor, adjoint: &mut [Tensor]) -> Tensor {
        let (to_sent, state) = adjoint.split_last_mut().expect("there is what was sent");
        let to_input = self.neurons.back(memo, add(gradient, to_sent), state);
        self.correlation.weight_gradient(&heard, &to_input, &mut self.weight.gradient);
        *to_sent = self.correlation.input_gradient(&to_input, heard.shape(), &self.weight.values);
        to_input
    }

    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.weight]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weight]
    }

    fn products(&self, input: Shape) -> u64 {
        input.len() as u64 * self.correlation.fan_in() as u64
    }
}

/// What a neuron that fires less than the one that fires most loses per missing spike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inhibition {
    /// This much.
    Constant(f32),
    /// This part of the threshold.
    Threshold(f32),
    /// This part of the largest input of its pixel, through which no gradient passes.
    Max(f32),
}

/// Neurons that inhibit the others of their pixel: after each step V <- V - inh (max S - S), with the maximum over channels.
pub struct LateralInhibition<T, const N: usize> {
    neurons: Neurons<T, N>,
    threshold: f32,
    inhibition: Inhibition,
}

impl<T: Node<N>, const N: usize> LateralInhibition<T, N> {
    /// Neurons whose first variable is their membrane; `threshold` is theirs.
    pub fn new(node: T, surrogate: Surrogate, threshold: f32, inhibition: Inhibition) -> Self {
        LateralInhibition { neurons: Neurons::new(node, surrogate), threshold, inhibition }
    }

    /// What a missing spike costs the neurons of a pixel with these inputs.
    fn cost(&self, inputs: &[f32]) -> f32 {
        match self.inhibition {
            Inhibition::Constant(inh) => inh,
            Inhibition::Threshold(part) => part * self.threshold,
            Inhibition::Max(part) => part * inputs[largest(inputs)],
        }
    }
}

/// The first of the largest.
fn largest(values: &[f32]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

impl<T: Node<N>, const N: usize> Cell for LateralInhibition<T, N> {
    /// Inputs, what was sent, and the neurons.
    type Memo = (Tensor, Tensor, NeuronsMemo<N>);

    fn name(&self) -> &'static str {
        "lateral_inhibition"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        Ok(input)
    }

    fn rest(&self, input: Shape) -> Vec<Tensor> {
        self.neurons.rest(input)
    }

    fn step(&self, _: usize, input: Tensor, state: &mut [Tensor]) -> (Tensor, Self::Memo) {
        let (sent, memo) = self.neurons.step(&input, state);
        let channels = input.shape().channels;
        let pixels = sent.values().chunks_exact(channels).zip(input.values().chunks_exact(channels));
        for (v, (sent, input)) in state[0].values_mut().chunks_exact_mut(channels).zip(pixels) {
            let (most, cost) = (sent[largest(sent)], self.cost(input));
            v.iter_mut().zip(sent).for_each(|(v, s)| *v -= cost * (most - s));
        }
        (sent.clone(), (input, sent, memo))
    }

    fn back(&mut self, (input, sent, memo): Self::Memo, mut gradient: Tensor, adjoint: &mut [Tensor]) -> Tensor {
        let channels = input.shape().channels;
        let pixels = sent.values().chunks_exact(channels).zip(input.values().chunks_exact(channels));
        let adjoints = adjoint[0].values().chunks_exact(channels);
        for ((g, a), (sent, input)) in gradient.values_mut().chunks_exact_mut(channels).zip(adjoints).zip(pixels) {
            let cost = self.cost(input);
            g.iter_mut().zip(a).for_each(|(g, a)| *g += cost * a);
            g[largest(sent)] -= cost * a.iter().sum::<f32>();
        }
        self.neurons.back(memo, gradient, adjoint)
    }
}
