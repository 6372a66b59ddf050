//! The loops over the steps of many neurons, a few of them side by side.

use crate::chunk::{load, store};
use crate::node::{Gradients, Moment, Node};
use crate::surrogate::Surrogate;
use crate::tensor::Tensor;
use kernels::dispatch;

/// Neurons whose steps are computed together.
const LANES: usize = 64;

/// Neurons of a task.
const TASK: usize = 4096;

/// One variable, or the input, of the neurons that are computed together.
type Lanes = [f32; LANES];

const ZERO: Lanes = [0.0; LANES];

/// Cuts rows of `per_row` values into pieces of [`TASK`], and puts together the pieces that belong to the same neurons.
pub(super) fn tasks(values: &mut [f32], per_row: usize) -> Vec<Vec<&mut [f32]>> {
    let mut tasks: Vec<Vec<&mut [f32]>> = (0..per_row.div_ceil(TASK)).map(|_| Vec::new()).collect();
    for row in values.chunks_exact_mut(per_row) {
        for (task, piece) in tasks.iter_mut().zip(row.chunks_mut(TASK)) {
            task.push(piece);
        }
    }
    tasks
}

/// What neurons do in a step.
pub(super) struct Dynamics<T, const N: usize, const P: usize, const M: usize> {
    pub(super) node: T,
    pub(super) learned: [f32; P],
    pub(super) shift: f32,
    pub(super) surrogate: Surrogate,
}

/// The neurons of one task while they run.
pub(super) struct Run<'a, T, const N: usize, const P: usize, const M: usize> {
    pub(super) dynamics: Dynamics<T, N, P, M>,
    pub(super) learns_more: bool,
    pub(super) inputs: [&'a Tensor; M],
    pub(super) task: usize,
    /// The variables of all neurons before the first step, by variable; empty for rest.
    pub(super) start: &'a [f32],
}

/// What a step looked like, for the way back.
#[derive(Clone, Copy)]
struct Past<const N: usize, const M: usize> {
    before: [Lanes; N],
    inputs: [Lanes; M],
    distances: Lanes,
    spikes: Lanes,
}

/// Sums over neurons and steps: the gradients of the node's parameters, of alpha and of the threshold.
struct Sums<const P: usize> {
    learned: [Lanes; P],
    alpha: Lanes,
    shift: Lanes,
}

/// The loops over steps and lanes, compiled for each node and instruction set.
pub(super) trait Loops {
    /// All steps: `states` by variable, `outputs` by step.
    fn forwards(&self, states: &mut [&mut [f32]], outputs: &mut [&mut [f32]]);

    /// The way back: `gradients` by step come as those of the output and leave as those of the first input, `second` leaves as those of the
    /// second if it has any; adds to the gradients of the parameters.
    fn backwards(&self, gradients: &mut [&mut [f32]], second: &mut [&mut [f32]], learned: &mut [f64]);
}

dispatch! { pub(super) fn advance<L: Loops>(run: &L, states: &mut [&mut [f32]], outputs: &mut [&mut [f32]]) = advance_body }

#[inline(always)]
fn advance_body<L: Loops>(run: &L, states: &mut [&mut [f32]], outputs: &mut [&mut [f32]]) {
    run.forwards(states, outputs);
}

dispatch! { pub(super) fn retreat<L: Loops>(run: &L, gradients: &mut [&mut [f32]], second: &mut [&mut [f32]], learned: &mut [f64]) = retreat_body }

#[inline(always)]
fn retreat_body<L: Loops>(run: &L, gradients: &mut [&mut [f32]], second: &mut [&mut [f32]], learned: &mut [f64]) {
    run.backwards(gradients, second, learned);
}

impl<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize> Dynamics<T, N, P, M> {
    /// One step of all lanes up to the distance from threshold.
    #[inline(always)]
    fn charge(&self, state: &mut [Lanes; N], inputs: &[Lanes; M]) -> Lanes {
        std::array::from_fn(|lane| {
            let mut one = std::array::from_fn(|k| state[k][lane]);
            let distance = self.node.charge(&self.learned, &mut one, std::array::from_fn(|m| inputs[m][lane]));
            scatter(&one, state, lane);
            distance - self.shift
        })
    }

    #[inline(always)]
    fn reset(&self, state: &mut [Lanes; N], spikes: &Lanes) -> Lanes {
        std::array::from_fn(|lane| {
            let mut one = std::array::from_fn(|k| state[k][lane]);
            let sent = self.node.reset(&self.learned, &mut one, spikes[lane]);
            scatter(&one, state, lane);
            sent
        })
    }

    /// A whole step; the result is what they send.
    #[inline(always)]
    fn step(&self, state: &mut [Lanes; N], inputs: &[Lanes; M]) -> Lanes {
        let distances = self.charge(state, inputs);
        let mut spikes = ZERO;
        self.surrogate.spikes(&distances, &mut spikes);
        self.reset(state, &spikes)
    }
}

/// A single step of any number of neurons whose inputs, if there are several, are all the same.
pub(super) trait OneStep {
    /// `states` by variable, as many of each as there are inputs and outputs.
    fn step(&self, states: &mut [&mut [f32]], input: &[f32], output: &mut [f32]);
}

dispatch! { pub(super) fn one_step<S: OneStep>(dynamics: &S, states: &mut [&mut [f32]], input: &[f32], output: &mut [f32]) = one_step_body }

#[inline(always)]
fn one_step_body<S: OneStep>(dynamics: &S, states: &mut [&mut [f32]], input: &[f32], output: &mut [f32]) {
    dynamics.step(states, input, output);
}

impl<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize> OneStep for Dynamics<T, N, P, M> {
    #[inline(always)]
    fn step(&self, states: &mut [&mut [f32]], input: &[f32], output: &mut [f32]) {
        for start in (0..output.len()).step_by(LANES) {
            let here = start..output.len().min(start + LANES);
            let mut state: [Lanes; N] = std::array::from_fn(|k| load(&states[k][here.clone()]));
            let sent = Dynamics::step(self, &mut state, &[load(&input[here.clone()]); M]);
            store(&sent, &mut output[here.clone()]);
            for (lanes, values) in state.iter().zip(states.iter_mut()) {
                store(lanes, &mut values[here.clone()]);
            }
        }
    }
}

impl<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize> Run<'_, T, N, P, M> {
    #[inline(always)]
    fn inputs(&self, step: usize, len: usize, here: std::ops::Range<usize>) -> [Lanes; M] {
        std::array::from_fn(|m| load(&self.inputs[m].step(step)[self.task * TASK..][..len][here.clone()]))
    }

    /// The variables before the first step.
    #[inline(always)]
    fn before(&self, here: &std::ops::Range<usize>) -> [Lanes; N] {
        if self.start.is_empty() {
            return self.dynamics.node.rest().map(|value| [value; LANES]);
        }
        let n = self.start.len() / N;
        std::array::from_fn(|k| load(&self.start[k * n + self.task * TASK..][here.clone()]))
    }

    #[inline(always)]
    fn reverse(&self, past: &Past<N, M>, sent: &Lanes, adjoint: &mut [Lanes; N], sums: &mut Sums<P>) -> [Lanes; M] {
        let mut slopes = ZERO;
        self.dynamics.surrogate.slopes(&past.distances, &mut slopes);
        let (mut to_inputs, mut to_spikes) = ([ZERO; M], ZERO);
        for lane in 0..LANES {
            let moment = Moment {
                before: std::array::from_fn(|k| past.before[k][lane]),
                input: std::array::from_fn(|m| past.inputs[m][lane]),
                spike: past.spikes[lane],
                slope: slopes[lane],
                sent: sent[lane],
            };
            let mut one = std::array::from_fn(|k| adjoint[k][lane]);
            let Gradients { input, learned, spike } = self.dynamics.node.reverse(&self.dynamics.learned, &moment, &mut one);
            scatter(&one, adjoint, lane);
            scatter(&input, &mut to_inputs, lane);
            for (sum, gradient) in sums.learned.iter_mut().zip(learned) {
                sum[lane] += gradient;
            }
            to_spikes[lane] = spike;
        }
        if self.learns_more {
            for (lane, spike) in to_spikes.into_iter().enumerate() {
                sums.shift[lane] -= spike * slopes[lane];
                sums.alpha[lane] += spike * self.dynamics.surrogate.by_alpha(past.distances[lane]);
            }
        }
        to_inputs
    }
}

#[inline(always)]
fn scatter<const N: usize>(one: &[f32; N], all: &mut [Lanes; N], lane: usize) {
    for (lanes, &value) in all.iter_mut().zip(one) {
        lanes[lane] = value;
    }
}

impl<T: Node<N, P, M>, const N: usize, const P: usize, const M: usize> Loops for Run<'_, T, N, P, M> {
    #[inline(always)]
    fn forwards(&self, states: &mut [&mut [f32]], outputs: &mut [&mut [f32]]) {
        let len = outputs[0].len();
        for start in (0..len).step_by(LANES) {
            let here = start..len.min(start + LANES);
            let mut state: [Lanes; N] = std::array::from_fn(|k| load(&states[k][here.clone()]));
            for (step, output) in outputs.iter_mut().enumerate() {
                let sent = self.dynamics.step(&mut state, &self.inputs(step, len, here.clone()));
                store(&sent, &mut output[here.clone()]);
            }
            for (lanes, values) in state.iter().zip(states.iter_mut()) {
                store(lanes, &mut values[here.clone()]);
            }
        }
    }

    #[inline(always)]
    fn backwards(&self, gradients: &mut [&mut [f32]], second: &mut [&mut [f32]], learned: &mut [f64]) {
        let len = gradients[0].len();
        let blank = Past { before: [ZERO; N], inputs: [ZERO; M], distances: ZERO, spikes: ZERO };
        let mut past = vec![blank; gradients.len()];
        for start in (0..len).step_by(LANES) {
            let here = start..len.min(start + LANES);
            let mut state = self.before(&here);
            for (step, past) in past.iter_mut().enumerate() {
                past.before = state;
                past.inputs = self.inputs(step, len, here.clone());
                past.distances = self.dynamics.charge(&mut state, &past.inputs);
                self.dynamics.surrogate.spikes(&past.distances, &mut past.spikes);
                self.dynamics.reset(&mut state, &past.spikes);
            }
            let (mut adjoint, mut sums) = ([ZERO; N], Sums { learned: [ZERO; P], alpha: ZERO, shift: ZERO });
            for (step, past) in past.iter().enumerate().rev() {
                let sent = load(&gradients[step][here.clone()]);
                let to_inputs = self.reverse(past, &sent, &mut adjoint, &mut sums);
                store(&to_inputs[0], &mut gradients[step][here.clone()]);
                if let Some(second) = second.get_mut(step) {
                    store(&to_inputs[M - 1], &mut second[here.clone()]);
                }
            }
            for (total, lanes) in learned.iter_mut().zip(sums.learned.iter().chain([&sums.alpha, &sums.shift])) {
                *total += lanes[..here.len()].iter().map(|&s| f64::from(s)).sum::<f64>();
            }
        }
    }
}
