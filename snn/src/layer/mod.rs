//! Layers: what a network is made of, forwards and backwards.
//!
//! A layer sees all time steps at once and carries nothing from one batch to the next, except for evaluation step by step
//! ([`Layer::infer`]). Backpropagation through time is therefore layer by layer: each layer turns the gradient of its
//! output over all steps into that of its input. There is no tape; what a layer needs of the way forward it keeps itself. Layers
//! that hold layers ([`Chain`], [`Residual`], ...) make networks of any shape that comes together again.

mod attention;
mod back_ei;
mod batch_norm;
mod capsule;
mod chain;
mod conv;
mod description;
mod drop_path;
pub(crate) mod dropout;
mod fused;
mod graph;
mod grouped;
mod kind;
mod lanes;
mod linear;
mod noise;
mod over_time;
mod parallel;
mod parameter;
pub(crate) mod per_channel;
mod per_step;
mod pool;
mod qcfs;
mod recurrent;
mod residual;
mod shape;
mod spike_pool;
mod spiking;
mod stepwise;
mod temporal;
mod time_conv;
mod time_map;
mod trace;
mod vote;

pub use attention::{Attention, Form};
pub use back_ei::BackEi;
pub use batch_norm::{BATCH_NORM_EPS, BatchNorm};
pub use capsule::{Capsules, Lengths};
pub use chain::Chain;
pub use conv::Conv2d;
pub use description::{Misfit, Part, Row, Seen, Watch};
pub use drop_path::DropPath;
pub use dropout::Dropout;
pub use graph::Graph;
pub use grouped::GroupedConv;
pub use kind::Kind;
pub use linear::Linear;
pub(crate) use parallel::PARALLEL;
pub use parallel::{Mixing, Parallel};
pub use parameter::{Init, Parameter};
pub use per_step::{PerStep, StepScale};
pub use pool::{AvgPool, MaxPool, Windows};
pub use qcfs::Qcfs;
pub use recurrent::{Inhibition, LateralInhibition, Recurrent};
pub use residual::{Join, Residual};
pub use shape::{Flatten, Repeat};
pub use spike_pool::{LiPool, SMaxPool};
pub(crate) use spiking::threshold_shift;
pub use spiking::{Second, Spiking};
pub use stepwise::{Cell, Neurons, NeuronsMemo, Stepwise};
pub use temporal::Tim;
pub use time_conv::TimeConv;
pub use time_map::TimeMap;
pub use vote::{Voting, Wta};

use crate::device::{NO_KERNEL, Plan};
use crate::tensor::{Shape, Tensor};

/// One pass over a batch while training.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// The seed of the run.
    pub seed: u64,
    /// How many passes there were before.
    pub number: u64,
}

impl Pass {
    /// What evaluation counts as: random layers draw the same in every batch.
    pub const EVALUATION: Pass = Pass { seed: 0, number: u64::MAX };
}

/// What a layer carries from one step to the next in [`Layer::infer`]; the default is rest.
#[derive(Clone, Debug, Default)]
pub struct LayerState {
    /// Values of its own.
    pub values: Vec<f32>,
    /// Images of its own.
    pub carried: Vec<Tensor>,
    /// Of the layers in it.
    pub parts: Vec<LayerState>,
    /// Steps that are over.
    pub step: usize,
}

impl LayerState {
    /// The variables of neurons that get images of `shape`, one image after another; `rest` if nothing happened yet.
    pub(crate) fn variables(&mut self, shape: Shape, rest: &[f32]) -> &mut [f32] {
        if self.carried.is_empty() {
            let mut variables = Tensor::unspecified(Shape { steps: rest.len(), ..shape });
            let images = variables.values_mut().chunks_exact_mut(shape.per_step().max(1));
            images.zip(rest).for_each(|(image, &value)| image.fill(value));
            self.carried.push(variables);
        }
        self.carried[0].values_mut()
    }

    /// At rest.
    pub fn new() -> Self {
        LayerState::default()
    }
}

/// Neurons that need nothing but their own input and what they carry, so that any of them can go a step by themselves.
pub trait Population: Sync {
    /// The variables of a neuron at rest.
    fn at_rest(&self) -> Vec<f32>;

    /// One step of some neurons: `variables` by variable, as many of each as `input` and `output` have values.
    fn advance(&self, variables: &mut [&mut [f32]], input: &[f32], output: &mut [f32]);
}

/// Part of a network.
pub trait Layer: Send + Sync {
    /// Such as `conv2d`, for tables and the names of parameters.
    fn name(&self) -> &'static str;

    /// What it is.
    fn kind(&self) -> Kind {
        if self.spikes() && self.causal() { Kind::Nodes } else { Kind::Other }
    }

    /// What a device does for it; the error says why none can.
    fn on_device(&self) -> Result<Plan, &'static str> {
        Plan::of(self.kind()).ok_or(NO_KERNEL)
    }

    /// The output for an input of shape `input`.
    fn shape(&self, input: Shape) -> Result<Shape, Misfit>;

    /// Evaluates any number of steps after `state`, and leaves the state after them. Ten steps at once give the same bits as ten
    /// calls with one step each.
    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor;

    /// A training pass from rest; keeps what [`backward`](Self::backward) needs.
    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor;

    /// Turns the gradient of the last forward pass's output into that of its input and adds to the gradients of the parameters.
    /// `None` if the gradient of the input is not `wanted`.
    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor>;

    /// [`infer`](Self::infer), and shows what goes on inside.
    fn infer_watched(&self, input: &Tensor, state: &mut LayerState, watch: Watch) -> Tensor {
        watch(Seen::Input(input));
        let output = self.infer(input, state);
        watch(Seen::Output(&output));
        output
    }

    /// [`forward`](Self::forward), and shows what goes on inside.
    fn forward_watched(&mut self, input: Tensor, pass: Pass, watch: Watch) -> Tensor {
        watch(Seen::Input(&input));
        let output = self.forward(input, pass);
        watch(Seen::Output(&output));
        output
    }

    /// One step of online training after `state`: [`forward`](Self::forward) from what the step before left. A [`backward`](Self::backward) that
    /// follows takes the state before as it is, so that its gradient is that of this step alone. Only for layers that are [`online`](Self::online).
    fn forward_step(&mut self, input: Tensor, _state: &mut LayerState, pass: Pass, watch: Watch) -> Tensor {
        self.forward_watched(input, pass, watch)
    }

    /// The same step without training: [`infer`](Self::infer) of one step that is not repeated.
    fn infer_step(&self, input: &Tensor, state: &mut LayerState, watch: Watch) -> Tensor {
        self.infer_watched(input, state, watch)
    }

    /// Repeats images so often from now on, where it repeats any.
    fn repeat(&mut self, steps: usize) {
        self.parts_mut().into_iter().for_each(|part| part.repeat(steps));
    }

    /// Whether it can be trained step by step.
    fn online(&self) -> bool {
        !self.remembers()
    }

    /// Has its weights learn from traces of its input in [`forward_step`](Self::forward_step), of which `leak` is left in a step; whether it can.
    fn trace(&mut self, _leak: f32) -> bool {
        false
    }

    /// Adds the rows of this layer and those in it to `rows`; the result is its output.
    fn describe(&self, label: &str, input: Shape, rows: &mut Vec<Row>) -> Result<Shape, Part> {
        let output = self.shape(input).map_err(|misfit| Part { layer: label.into(), input, misfit })?;
        let parameters = self.parameters().iter().map(|p| p.values.len()).sum();
        rows.push(Row { layer: label.into(), input, output, parameters, spikes: self.spikes(), products: self.products(input) });
        Ok(output)
    }

    /// Products of inputs with weights for an input of this shape.
    fn products(&self, _input: Shape) -> u64 {
        0
    }

    /// The layers in this one, with names that are unique in it.
    fn parts(&self) -> Vec<(String, &dyn Layer)> {
        Vec::new()
    }

    /// The same layers in the same order.
    fn parts_mut(&mut self) -> Vec<&mut dyn Layer> {
        Vec::new()
    }

    /// The same layers in the same order, from chains, residuals and graphs; nothing from others.
    fn into_parts(self: Box<Self>) -> Vec<Box<dyn Layer>> {
        Vec::new()
    }

    /// Of a [`Kind::Graph`]: which values each of its parts adds up, and which its output. Value 0 is its input, value k + 1 the output of part k.
    fn sources(&self) -> &[Vec<usize>] {
        &[]
    }

    /// Parameters in a fixed order.
    fn parameters(&self) -> Vec<&Parameter> {
        self.parts().into_iter().flat_map(|(_, part)| part.parameters()).collect()
    }

    /// Parameters in the same order.
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.parts_mut().into_iter().flat_map(|part| part.parameters_mut()).collect()
    }

    /// Numbers that are part of the model but not trained, by name. For layers without parts.
    fn buffers(&self) -> Vec<(&'static str, &Vec<f32>)> {
        Vec::new()
    }

    /// Parameters with their names, in the same order.
    fn named(&self) -> Vec<(String, &Parameter)> {
        let parts = self.parts();
        if parts.is_empty() {
            return self.parameters().into_iter().map(|parameter| (parameter.name.to_string(), parameter)).collect();
        }
        parts.into_iter().flat_map(|(prefix, part)| prefixed(prefix, part.named())).collect()
    }

    /// All parameters and buffers with their names.
    fn tensors(&self) -> Vec<(String, &Vec<f32>)> {
        let parts = self.parts();
        if parts.is_empty() {
            let buffers = self.buffers().into_iter().map(|(name, values)| (name.to_string(), values));
            return self.named().into_iter().map(|(name, parameter)| (name, &parameter.values)).chain(buffers).collect();
        }
        parts.into_iter().flat_map(|(prefix, part)| prefixed(prefix, part.tensors())).collect()
    }

    /// The values of the same tensors in the same order.
    fn tensors_mut(&mut self) -> Vec<&mut Vec<f32>> {
        if self.parts().is_empty() {
            return self.parameters_mut().into_iter().map(|parameter| &mut parameter.values).collect();
        }
        self.parts_mut().into_iter().flat_map(|part| part.tensors_mut()).collect()
    }

    /// Whether the output are spikes, whose density is worth knowing.
    fn spikes(&self) -> bool {
        false
    }

    /// The neurons it consists of, if each can go by itself. Then [`LayerState::values`] are their variables, by variable.
    fn population(&self) -> Option<&dyn Population> {
        None
    }

    /// Whether a step depends on other steps, or on which one it is.
    fn remembers(&self) -> bool {
        self.spikes() || self.parts().iter().any(|(_, part)| part.remembers())
    }

    /// Whether no step depends on a later one, so that steps can be given one by one.
    fn causal(&self) -> bool {
        self.parts().iter().all(|(_, part)| part.causal())
    }
}

/// The same things under longer names.
fn prefixed<T>(prefix: String, named: Vec<(String, T)>) -> impl Iterator<Item = (String, T)> {
    named.into_iter().map(move |(name, thing)| (format!("{prefix}.{name}"), thing))
}

/// What `forward` kept, which it must have done before `backward` asks for it.
fn kept<T>(value: &mut Option<T>) -> T {
    value.take().expect("backward follows a forward pass")
}

#[cfg(test)]
mod tests;
