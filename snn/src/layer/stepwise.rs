//! Layers whose step needs what came out of the step before.

use super::{Layer, LayerState, Misfit, Parameter, Pass, Seen, Watch, kept};
use crate::node::{Moment, Node};
use crate::surrogate::Surrogate;
use crate::tensor::{Shape, Tensor};

/// One step of such a layer. All tensors have one step.
pub trait Cell: Send + Sync {
    /// What a step keeps for its way back.
    type Memo: Send + Sync;

    /// Such as `recurrent`.
    fn name(&self) -> &'static str;

    /// The output for an input of shape `input`.
    fn shape(&self, input: Shape) -> Result<Shape, Misfit>;

    /// What is carried into the first step for an input of this shape.
    fn rest(&self, input: Shape) -> Vec<Tensor>;

    /// Step `t`: changes what is carried.
    fn step(&self, t: usize, input: Tensor, carried: &mut [Tensor]) -> (Tensor, Self::Memo);

    /// The step backwards: `adjoint` comes as the gradient of what the step left to carry and leaves as that of what it found.
    fn back(&mut self, memo: Self::Memo, gradient: Tensor, adjoint: &mut [Tensor]) -> Tensor;

    /// Parameters in a fixed order.
    fn parameters(&self) -> Vec<&Parameter> {
        Vec::new()
    }

    /// Parameters in the same order.
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }

    /// Products of inputs with weights in one step.
    fn products(&self, _input: Shape) -> u64 {
        0
    }

    /// Whether the output are spikes.
    fn spikes(&self) -> bool {
        true
    }
}

/// A cell over all steps.
pub struct Stepwise<C: Cell> {
    cell: C,
    kept: Option<(Shape, Vec<C::Memo>)>,
}

impl<C: Cell> From<C> for Stepwise<C> {
    fn from(cell: C) -> Self {
        Stepwise { cell, kept: None }
    }
}

impl<C: Cell> Stepwise<C> {
    /// All steps of `input` from step `first` on, each of whose memos goes to `keep`.
    fn run(&self, input: &Tensor, first: usize, carried: &mut [Tensor], mut keep: impl FnMut(C::Memo)) -> Tensor {
        let shape = self.cell.shape(input.shape()).expect("the layer was checked for this shape");
        let (mut output, n) = (Tensor::unspecified(shape), shape.per_step());
        for t in 0..shape.steps {
            let (one, memo) = self.cell.step(first + t, input.frame(t), carried);
            output.values_mut()[t * n..(t + 1) * n].copy_from_slice(one.values());
            keep(memo);
        }
        output
    }
}

impl<C: Cell + 'static> Layer for Stepwise<C> {
    fn name(&self) -> &'static str {
        self.cell.name()
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        self.cell.shape(input)
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        if state.step == 0 {
            state.carried = self.cell.rest(Shape { steps: 1, ..input.shape() });
        }
        let first = state.step;
        state.step += input.shape().steps;
        self.run(input, first, &mut state.carried, drop)
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let mut carried = self.cell.rest(Shape { steps: 1, ..input.shape() });
        let mut memos = Vec::new();
        let output = self.run(&input, 0, &mut carried, |memo| memos.push(memo));
        self.kept = Some((input.shape(), memos));
        output
    }

    fn forward_step(&mut self, input: Tensor, state: &mut LayerState, _: Pass, watch: Watch) -> Tensor {
        watch(Seen::Input(&input));
        if state.step == 0 {
            state.carried = self.cell.rest(Shape { steps: 1, ..input.shape() });
        }
        let (mut memos, first) = (Vec::new(), state.step);
        state.step += input.shape().steps;
        let output = self.run(&input, first, &mut state.carried, |memo| memos.push(memo));
        self.kept = Some((input.shape(), memos));
        watch(Seen::Output(&output));
        output
    }

    fn online(&self) -> bool {
        true
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let (input, memos) = kept(&mut self.kept);
        let rest = self.cell.rest(Shape { steps: 1, ..input });
        let mut adjoint: Vec<Tensor> = rest.iter().map(|carried| Tensor::zeros(carried.shape())).collect();
        let steps = memos.into_iter().enumerate().rev();
        let steps: Vec<Tensor> = steps.map(|(t, memo)| self.cell.back(memo, gradient.frame(t), &mut adjoint)).collect();
        wanted.then(|| {
            let (mut result, n) = (Tensor::unspecified(input), input.per_step());
            for (t, step) in steps.into_iter().rev().enumerate() {
                result.values_mut()[t * n..(t + 1) * n].copy_from_slice(step.values());
            }
            result
        })
    }

    fn parameters(&self) -> Vec<&Parameter> {
        self.cell.parameters()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.cell.parameters_mut()
    }

    fn products(&self, input: Shape) -> u64 {
        input.steps as u64 * self.cell.products(Shape { steps: 1, ..input })
    }

    fn spikes(&self) -> bool {
        self.cell.spikes()
    }

    fn remembers(&self) -> bool {
        true
    }
}

/// Neurons one step at a time, as cells have them.
pub struct Neurons<T, const N: usize> {
    node: T,
    surrogate: Surrogate,
}

/// A step of [`Neurons`].
pub struct NeuronsMemo<const N: usize> {
    moments: Vec<Moment<N, 1>>,
}

impl<T: Node<N>, const N: usize> Neurons<T, N> {
    pub(super) fn new(node: T, surrogate: Surrogate) -> Self {
        Neurons { node, surrogate }
    }

    /// The variables at rest, one tensor each.
    pub(super) fn rest(&self, shape: Shape) -> Vec<Tensor> {
        self.node.rest().map(|value| Tensor::new(shape, vec![value; shape.len()])).into()
    }

    /// One step of `state`; the result is what they send.
    pub(super) fn step(&self, input: &Tensor, state: &mut [Tensor]) -> (Tensor, NeuronsMemo<N>) {
        let mut sent = Tensor::unspecified(input.shape());
        let mut moments = Vec::with_capacity(input.values().len());
        for (i, (sent, &input)) in sent.values_mut().iter_mut().zip(input.values()).enumerate() {
            let before: [f32; N] = std::array::from_fn(|k| state[k].values()[i]);
            let mut one = before;
            let distance = self.node.charge(&[], &mut one, [input]);
            let spike = self.surrogate.spike(distance);
            *sent = self.node.reset(&[], &mut one, spike);
            (0..N).for_each(|k| state[k].values_mut()[i] = one[k]);
            moments.push(Moment { before, input: [input], spike, slope: self.surrogate.slope(distance), sent: 0.0 });
        }
        (sent, NeuronsMemo { moments })
    }

    /// The step backwards; the result is the gradient of the input.
    pub(super) fn back(&self, memo: NeuronsMemo<N>, mut gradient: Tensor, adjoint: &mut [Tensor]) -> Tensor {
        for (i, (g, moment)) in gradient.values_mut().iter_mut().zip(memo.moments).enumerate() {
            let mut one: [f32; N] = std::array::from_fn(|k| adjoint[k].values()[i]);
            let gradients = self.node.reverse(&[], &Moment { sent: *g, ..moment }, &mut one);
            (0..N).for_each(|k| adjoint[k].values_mut()[i] = one[k]);
            [*g] = gradients.input;
        }
        gradient
    }
}
