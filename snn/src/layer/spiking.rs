use rayon::prelude::*;

use super::lanes::{Dynamics, Run, advance, one_step, retreat, tasks};
use super::{Init, Layer, LayerState, Misfit, Parameter, Pass, Population, Seen, Watch, kept, noise};
use crate::device::{NO_KERNEL, Plan};
use crate::node::Node;
use crate::surrogate::Surrogate;
use crate::tensor::{Shape, Tensor};

/// A population of spiking neurons, one per value of its input.
///
/// Forwards it keeps nothing but its input: the way back runs the neurons once more, a few at a time, so that membranes and
/// slopes of all steps stay in the cache.
pub struct Spiking<T, const N: usize, const P: usize = 0, const M: usize = 1> {
    node: T,
    surrogate: Surrogate,
    second: Second,
    /// Those of the node, then those of [`learning`](Self::learning).
    learnable: Vec<Parameter>,
    input: Option<[Tensor; M]>,
    /// What the variables were before the input, by variable; none for rest.
    start: Option<Tensor>,
}

/// Where nodes with two inputs have the second from.
#[derive(Clone, Copy, Debug)]
pub enum Second {
    /// The second half of the channels.
    Channels,
    /// Draws from the Beta distribution of the node's last two parameters, ln a and ln b.
    Noise(Init),
}

/// Parameters that a layer may have besides its node's.
const ALPHA: &str = "alpha";
const THRESHOLD: &str = "threshold_shift";

/// By how much a layer of neurons has moved its threshold.
pub(crate) fn threshold_shift(layer: &dyn Layer) -> f32 {
    layer.parameters().into_iter().find(|parameter| parameter.name == THRESHOLD).map_or(0.0, |shift| shift.values[0])
}

impl<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize> Spiking<T, N, P, M> {
    /// Neurons with this definition and this way of firing.
    pub fn new(node: T, surrogate: Surrogate) -> Self {
        let learnable = node.learnable().map(|(name, value)| Parameter::new(name, vec![value], false));
        Spiking { node, surrogate, second: Second::Channels, learnable: learnable.into(), input: None, start: None }
    }

    /// With the second input from here.
    pub fn with(self, second: Second) -> Self {
        Spiking { second, ..self }
    }

    /// Lets training change the parameter of the surrogate, and shift the threshold of the layer.
    pub fn learning(mut self, alpha: bool, threshold: bool) -> Self {
        let more = [(alpha, ALPHA, self.surrogate.alpha), (threshold, THRESHOLD, 0.0)];
        let more = more.into_iter().filter(|(wanted, ..)| *wanted);
        self.learnable.extend(more.map(|(_, name, value)| Parameter::new(name, vec![value], false)));
        self
    }

    /// Which parameter is called so.
    fn extra(&self, name: &str) -> Option<usize> {
        (P..self.learnable.len()).find(|&p| self.learnable[p].name.ends_with(name))
    }

    /// The parameters of the node.
    fn learned(&self) -> [f32; P] {
        std::array::from_fn(|p| self.learnable[p].values[0])
    }

    fn dynamics(&self) -> Dynamics<T, N, P, M> {
        let extra = |name| self.extra(name).map(|p| self.learnable[p].values[0]);
        let alpha = extra(ALPHA).unwrap_or(self.surrogate.alpha);
        let learned = self.node.prepared(self.learned());
        let surrogate = Surrogate { alpha, ..self.surrogate };
        Dynamics { node: self.node, learned, shift: extra(THRESHOLD).unwrap_or(0.0), surrogate }
    }

    fn run<'a>(&'a self, inputs: [&'a Tensor; M], task: usize) -> Run<'a, T, N, P, M> {
        Run {
            dynamics: self.dynamics(),
            learns_more: self.learnable.len() > P,
            inputs,
            task,
            start: self.start.as_ref().map_or(&[], Tensor::values),
        }
    }

    /// The inputs after the first, for steps from `first` on.
    fn more(&self, input: &Tensor, pass: Pass, first: usize) -> Option<[Tensor; M]> {
        if M == 1 {
            return None;
        }
        let [one, two] = match self.second {
            Second::Channels => halves(input),
            Second::Noise(init) => {
                let shape = [P - 2, P - 1].map(|p| self.learnable[p].values[0]);
                [input.clone(), noise::beta(input.shape(), shape, init, pass, first)]
            }
        };
        let (mut one, mut two) = (Some(one), Some(two));
        Some(std::array::from_fn(|m| if m == 0 { one.take() } else { two.take() }.expect("there are one or two inputs")))
    }

    /// A training pass from `state` on.
    fn forward_after(&mut self, input: Tensor, state: &mut LayerState, pass: Pass) -> Tensor {
        let first = state.step;
        state.step += input.shape().steps;
        let mut input = Some(input);
        let inputs = self.more(input.as_ref().expect("just put there"), pass, first);
        let inputs = inputs.unwrap_or_else(|| std::array::from_fn(|_| input.take().expect("one input")));
        self.start = state.carried.first().cloned();
        let output = self.advance(inputs.each_ref(), state);
        self.input = Some(inputs);
        output
    }

    fn advance(&self, inputs: [&Tensor; M], state: &mut LayerState) -> Tensor {
        let shape = inputs[0].shape();
        let n = shape.per_step();
        let mut output = Tensor::unspecified(shape);
        let both = tasks(state.variables(shape, &self.node.rest()), n).into_par_iter().zip(tasks(output.values_mut(), n));
        both.enumerate().for_each(|(task, (mut states, mut outputs))| {
            advance(&self.run(inputs, task), &mut states, &mut outputs);
        });
        output
    }
}

/// The first and the second half of the channels.
fn halves(input: &Tensor) -> [Tensor; 2] {
    let channels = input.shape().channels;
    let half = |which: usize| {
        let mut values = Tensor::unspecified(Shape { channels: channels / 2, ..input.shape() });
        let pixels = values.values_mut().chunks_exact_mut(channels / 2).zip(input.values().chunks_exact(channels));
        pixels.for_each(|(to, from)| to.copy_from_slice(&from[which * (channels / 2)..][..channels / 2]));
        values
    };
    [half(0), half(1)]
}

impl<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize> Layer for Spiking<T, N, P, M> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn on_device(&self) -> Result<Plan, &'static str> {
        let nodes = self.node.on_device().ok_or(NO_KERNEL)?;
        // What is learned besides the node's own is another layer's matter for now.
        if self.learnable.len() > P { Err(NO_KERNEL) } else { Ok(Plan::Nodes(nodes, self.surrogate)) }
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let halved = M == 2 && matches!(self.second, Second::Channels);
        match input.channels % 2 {
            0 if halved => Ok(Shape { channels: input.channels / 2, ..input }),
            _ if halved => Err(Misfit::Width { what: "channels (two per neuron)", expected: input.channels + 1, found: input.channels }),
            _ => Ok(input),
        }
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        let first = state.step;
        state.step += input.shape().steps;
        match self.more(input, Pass::EVALUATION, first) {
            Some(inputs) => self.advance(inputs.each_ref(), state),
            None => self.advance([input; M], state),
        }
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        self.forward_after(input, &mut LayerState::default(), pass)
    }

    fn forward_step(&mut self, input: Tensor, state: &mut LayerState, pass: Pass, watch: Watch) -> Tensor {
        watch(Seen::Input(&input));
        let output = self.forward_after(input, state, pass);
        watch(Seen::Output(&output));
        output
    }

    fn online(&self) -> bool {
        true
    }

    fn backward(&mut self, mut gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let inputs = kept(&mut self.input);
        let shape = inputs[0].shape();
        let n = shape.per_step();
        let halved = M == 2 && matches!(self.second, Second::Channels);
        let mut second = Tensor::zeros(if halved { shape } else { Shape { steps: 0, ..shape } });
        let parts: Vec<Vec<f64>> = tasks(gradient.values_mut(), n)
            .into_par_iter()
            .zip(tasks(second.values_mut(), n))
            .enumerate()
            .map(|(task, (mut gradients, mut second))| {
                let mut learned = vec![0.0; P + 2];
                retreat(&self.run(inputs.each_ref(), task), &mut gradients, &mut second, &mut learned);
                learned
            })
            .collect();
        let total = |place: usize| parts.iter().map(|part| part[place]).sum::<f64>() as f32;
        let gradients = self.node.unprepared(self.learned(), std::array::from_fn(total));
        let more = [self.extra(ALPHA), self.extra(THRESHOLD)].into_iter().zip([total(P), total(P + 1)]);
        for (p, gradient) in gradients.into_iter().enumerate().chain(more.filter_map(|(p, gradient)| Some((p?, gradient)))) {
            self.learnable[p].gradient[0] += gradient;
        }
        wanted.then(|| if halved { side_by_side(&gradient, &second) } else { gradient })
    }

    fn parameters(&self) -> Vec<&Parameter> {
        self.learnable.iter().collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.learnable.iter_mut().collect()
    }

    fn spikes(&self) -> bool {
        true
    }

    fn population(&self) -> Option<&dyn Population> {
        (M == 1).then_some(self)
    }
}

impl<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize> Population for Spiking<T, N, P, M> {
    fn at_rest(&self) -> Vec<f32> {
        self.node.rest().into()
    }

    fn advance(&self, variables: &mut [&mut [f32]], input: &[f32], output: &mut [f32]) {
        one_step(&self.dynamics(), variables, input, output);
    }
}

/// Two images as the channels of one.
fn side_by_side(one: &Tensor, two: &Tensor) -> Tensor {
    let channels = one.shape().channels;
    let mut both = Tensor::unspecified(Shape { channels: 2 * channels, ..one.shape() });
    let halves = one.values().chunks_exact(channels).zip(two.values().chunks_exact(channels));
    for (both, (one, two)) in both.values_mut().chunks_exact_mut(2 * channels).zip(halves) {
        both[..channels].copy_from_slice(one);
        both[channels..].copy_from_slice(two);
    }
    both
}
