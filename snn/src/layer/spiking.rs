use rayon::prelude::*;

use super::{Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::node::{Moment, Node, Variables};
use crate::surrogate::Surrogate;
use crate::tensor::{Shape, Tensor};
use kernels::dispatch;

/// A population of spiking neurons, one per value of its input.
///
/// Forwards it keeps nothing but its input: the way back runs the neurons once more, a few at a time, so that membranes and
/// slopes of all steps stay in the cache.
pub struct Spiking<N: Node> {
    node: N,
    surrogate: Surrogate,
    learnable: Option<Parameter>,
    input: Option<Tensor>,
}

/// Neurons whose steps are computed together.
const LANES: usize = 64;

/// Neurons of a task.
const TASK: usize = 4096;

/// More variables than any node has.
const VARIABLES: usize = 2;

/// One variable, or the input, of the neurons that are computed together.
type Lanes = [f32; LANES];

impl<N: Node> Spiking<N> {
    /// Neurons with this definition and this way of firing.
    pub fn new(node: N, surrogate: Surrogate) -> Self {
        let learnable = node.learnable().map(|value| Parameter::new("w", vec![value], false));
        Spiking { node, surrogate, learnable, input: None }
    }

    /// The node with the current value of its parameter.
    fn node(&self) -> N {
        let mut node = self.node;
        if let Some(parameter) = &self.learnable {
            node.learn(parameter.values[0]);
        }
        node
    }
}

/// Cuts rows of `per_row` values into pieces of [`TASK`], and puts together the pieces that belong to the same neurons.
fn tasks(values: &mut [f32], per_row: usize) -> Vec<Vec<&mut [f32]>> {
    let mut tasks: Vec<Vec<&mut [f32]>> = (0..per_row.div_ceil(TASK)).map(|_| Vec::new()).collect();
    for row in values.chunks_exact_mut(per_row) {
        for (task, piece) in tasks.iter_mut().zip(row.chunks_mut(TASK)) {
            task.push(piece);
        }
    }
    tasks
}

fn piece(tensor: &Tensor, step: usize, task: usize, len: usize) -> &[f32] {
    &tensor.step(step)[task * TASK..][..len]
}

/// Full lanes are the rule, and are copied without a call.
#[inline(always)]
fn load(values: &[f32]) -> Lanes {
    let mut lanes = [0.0; LANES];
    match values.first_chunk() {
        Some(all) => lanes = *all,
        None => lanes[..values.len()].copy_from_slice(values),
    }
    lanes
}

#[inline(always)]
fn store(lanes: &Lanes, values: &mut [f32]) {
    match values.first_chunk_mut() {
        Some(all) => *all = *lanes,
        None => values.copy_from_slice(&lanes[..values.len()]),
    }
}

#[inline(always)]
fn scatter<S: Variables>(one: &S, all: &mut [Lanes; VARIABLES], lane: usize) {
    for (lanes, &value) in all.iter_mut().zip(one.as_slice()) {
        lanes[lane] = value;
    }
}

/// One step of all lanes up to the distance from threshold.
#[inline(always)]
fn charge<N: Node>(node: &N, state: &mut [Lanes; VARIABLES], input: &Lanes) -> Lanes {
    std::array::from_fn(|lane| {
        let mut one = N::State::from_fn(|k| state[k][lane]);
        let distance = node.charge(&mut one, input[lane]);
        scatter(&one, state, lane);
        distance
    })
}

#[inline(always)]
fn reset<N: Node>(node: &N, state: &mut [Lanes; VARIABLES], spikes: &Lanes) -> Lanes {
    std::array::from_fn(|lane| {
        let mut one = N::State::from_fn(|k| state[k][lane]);
        let sent = node.reset(&mut one, spikes[lane]);
        scatter(&one, state, lane);
        sent
    })
}

/// The neurons of one task while they run forwards.
struct Run<'a, N> {
    node: N,
    surrogate: Surrogate,
    input: &'a Tensor,
    task: usize,
}

dispatch! {
    /// All steps: `states` by variable, `outputs` by step.
    fn advance<N: Node>(run: &Run<N>, states: &mut [&mut [f32]], outputs: &mut [&mut [f32]]) = advance_body
}

#[inline(always)]
fn advance_body<N: Node>(run: &Run<N>, states: &mut [&mut [f32]], outputs: &mut [&mut [f32]]) {
    let len = outputs[0].len();
    for start in (0..len).step_by(LANES) {
        let here = start..len.min(start + LANES);
        let mut state = [[0.0; LANES]; VARIABLES];
        for (lanes, values) in state.iter_mut().zip(states.iter()) {
            *lanes = load(&values[here.clone()]);
        }
        for (step, output) in outputs.iter_mut().enumerate() {
            let input = load(&piece(run.input, step, run.task, len)[here.clone()]);
            let distances = charge(&run.node, &mut state, &input);
            let mut spikes = [0.0; LANES];
            run.surrogate.spikes(&distances, &mut spikes);
            let sent = reset(&run.node, &mut state, &spikes);
            store(&sent, &mut output[here.clone()]);
        }
        for (lanes, values) in state.iter().zip(states.iter_mut()) {
            store(lanes, &mut values[here.clone()]);
        }
    }
}

/// What a step looked like, for the way back.
#[derive(Clone, Copy)]
struct Past {
    before: [Lanes; VARIABLES],
    input: Lanes,
    spikes: Lanes,
    slopes: Lanes,
}

dispatch! {
    /// The way back: `gradients` by step come as those of the output and leave as those of the input; adds to that of the parameter.
    fn retreat<N: Node>(run: &Run<N>, gradients: &mut [&mut [f32]], learnable: &mut f64) = retreat_body
}

#[inline(always)]
fn retreat_body<N: Node>(run: &Run<N>, gradients: &mut [&mut [f32]], learnable: &mut f64) {
    let len = gradients[0].len();
    let zero = [0.0; LANES];
    let mut past = vec![Past { before: [zero; VARIABLES], input: zero, spikes: zero, slopes: zero }; gradients.len()];
    for start in (0..len).step_by(LANES) {
        let here = start..len.min(start + LANES);
        let mut state = [zero; VARIABLES];
        for (step, past) in past.iter_mut().enumerate() {
            past.before = state;
            past.input = load(&piece(run.input, step, run.task, len)[here.clone()]);
            let distances = charge(&run.node, &mut state, &past.input);
            run.surrogate.spikes(&distances, &mut past.spikes);
            run.surrogate.slopes(&distances, &mut past.slopes);
            reset(&run.node, &mut state, &past.spikes);
        }
        let (mut adjoint, mut sums) = ([zero; VARIABLES], zero);
        for (past, gradient) in past.iter().zip(gradients.iter_mut()).rev() {
            let sent = load(&gradient[here.clone()]);
            let to_input: Lanes = reverse(&run.node, past, &sent, &mut adjoint, &mut sums);
            store(&to_input, &mut gradient[here.clone()]);
        }
        *learnable += sums[..here.len()].iter().map(|&s| f64::from(s)).sum::<f64>();
    }
}

#[inline(always)]
fn reverse<N: Node>(node: &N, past: &Past, sent: &Lanes, adjoint: &mut [Lanes; VARIABLES], sums: &mut Lanes) -> Lanes {
    std::array::from_fn(|lane| {
        let moment = Moment {
            before: N::State::from_fn(|k| past.before[k][lane]),
            input: past.input[lane],
            spike: past.spikes[lane],
            slope: past.slopes[lane],
            sent: sent[lane],
        };
        let mut one = N::State::from_fn(|k| adjoint[k][lane]);
        let gradients = node.reverse(&moment, &mut one);
        scatter(&one, adjoint, lane);
        sums[lane] += gradients.learnable;
        gradients.input
    })
}

impl<N: Node> Layer for Spiking<N> {
    fn name(&self) -> &'static str {
        N::NAME
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        Ok(input)
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        let n = input.shape().per_step();
        state.resize(N::State::N * n, 0.0); // at rest everything is zero
        let mut output = Tensor::unspecified(input.shape());
        let (node, surrogate) = (self.node(), self.surrogate);
        let both = tasks(state, n).into_par_iter().zip(tasks(output.values_mut(), n));
        both.enumerate().for_each(|(task, (mut states, mut outputs))| {
            advance(&Run { node, surrogate, input, task }, &mut states, &mut outputs);
        });
        output
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let output = self.infer(&input, &mut LayerState::new());
        self.input = Some(input);
        output
    }

    fn backward(&mut self, mut gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let input = kept(&mut self.input);
        let (node, surrogate, n) = (self.node(), self.surrogate, input.shape().per_step());
        let parts: Vec<f64> = tasks(gradient.values_mut(), n)
            .into_par_iter()
            .enumerate()
            .map(|(task, mut gradients)| {
                let mut learnable = 0.0;
                retreat(&Run { node, surrogate, input: &input, task }, &mut gradients, &mut learnable);
                learnable
            })
            .collect();
        if let Some(parameter) = &mut self.learnable {
            parameter.gradient[0] += parts.iter().sum::<f64>() as f32;
        }
        wanted.then_some(gradient)
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
}
