//! Neurons without reset, whose membranes over all steps are one product with a matrix over time.

use super::over_time::{Matrix, leaks, product, resets, square, transposed};
use super::{Init, Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::random::{For, Random, key};
use crate::surrogate::{Kind, Surrogate};
use crate::tensor::{Shape, Tensor};

/// How the membranes H of all steps come from the inputs X of all steps. With tau as in a leaky integrator and s the logistic function:
/// M1\[t\]\[k\] = (1 - 1/tau)^(t - k) / tau for k <= t, what a membrane without reset holds; M2\[t\]\[k\] = -V_th (1 - 1/tau)^(t - k) for k < t,
/// what resets by subtraction took from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mixing {
    /// H = W X + b with W and b learned, also from later to earlier steps (Fang W et al. (2023) arXiv:2304.12760).
    Psn,
    /// The same with W lower triangular: only the past counts.
    MaskedPsn,
    /// H\[t\] = sum of W\[i\] X\[t - i\] over `order` steps, W learned, b one number: any number of steps.
    SlidingPsn {
        /// Steps that count.
        order: usize,
    },
    /// H = M1 X + M2 s(M1 X - V_th): the resets are estimated from the membrane without them (Li Y et al. (2024)
    /// doi:10.1109/TNNLS.2024.3381954).
    Psu,
    /// Input-aware: H = (M1 X) + M2 s(tril(W) X + b - V_th), the estimate is learned.
    Ipsu,
    /// Reset-aware: H = M1 X + tril(W) s(M1 X - V_th) + b, what a reset takes is learned.
    Rpsu,
    /// H = M1 X, and a spike with probability s(H); the gradient is that of s (Chen X et al. (2024) arXiv:2306.12465).
    Spsn,
}

/// A layer of parallel neurons, a spike where H > V_th. There is no reset, so no step waits for another.
pub struct Parallel {
    mixing: Mixing,
    threshold: f32,
    tau: f32,
    steps: usize,
    surrogate: Surrogate,
    init: Init,
    learnable: Vec<Parameter>,
    kept: Option<Kept>,
}

struct Kept {
    input: Tensor,
    /// Before the logistic function of the reset, if there is one.
    inner: Option<Tensor>,
    /// H - V_th.
    distance: Tensor,
}

/// Name and mixing.
pub(crate) const PARALLEL: [(&str, Mixing); 7] = [
    ("PSN", Mixing::Psn),
    ("MaskedPSN", Mixing::MaskedPsn),
    ("SlidingPSN", Mixing::SlidingPsn { order: 2 }),
    ("PSU", Mixing::Psu),
    ("IPSU", Mixing::Ipsu),
    ("RPSU", Mixing::Rpsu),
    ("SPSN", Mixing::Spsn),
];

impl Parallel {
    /// Neurons for `steps` steps. `tau` is in steps.
    pub fn new(mixing: Mixing, [threshold, tau]: [f32; 2], steps: usize, surrogate: Option<Surrogate>, init: Init) -> Self {
        let weight = |values| Parameter::new("weight", values, true);
        let bias = |value, n| Parameter::new("bias", vec![value; n], false);
        let learnable = match mixing {
            Mixing::Psn => {
                let mut random = Random::new(init.seed, key(For::Weights, init.layer, 0));
                // As PyTorch's kaiming_uniform_ with a = sqrt(5).
                let bound = 1.0 / (steps as f64).sqrt();
                let values = (0..steps * steps).map(|_| ((2.0 * random.uniform() - 1.0) * bound) as f32).collect();
                vec![weight(values), bias(0.0, steps)]
            }
            Mixing::MaskedPsn | Mixing::Ipsu => vec![weight(leaks(tau, steps)), bias(0.0, steps)],
            Mixing::SlidingPsn { order } => {
                vec![weight((0..order).map(|i| libm::powf(2.0, -(i as f32))).collect()), bias(0.0, 1)]
            }
            Mixing::Rpsu => vec![weight(resets(threshold, tau, steps)), bias(0.0, steps)],
            Mixing::Psu | Mixing::Spsn => Vec::new(),
        };
        let surrogate = surrogate.unwrap_or_else(|| Surrogate::new(if mixing == Mixing::Spsn { Kind::Sigmoid } else { Kind::Atan }));
        Parallel { mixing, threshold, tau, steps, surrogate, init, learnable, kept: None }
    }

    /// The learned matrix as it counts, for `steps` steps.
    fn weights(&self, steps: usize) -> Matrix {
        let values = &self.learnable[0].values;
        square(steps, |t, k| match self.mixing {
            Mixing::SlidingPsn { .. } => t.checked_sub(k).and_then(|i| values.get(i)).copied().unwrap_or(0.0),
            Mixing::Psn => values[t * self.steps + k],
            Mixing::Rpsu if k >= t => 0.0,
            _ if k > t => 0.0,
            _ => values[t * self.steps + k],
        })
    }

    fn bias(&self, step: usize) -> f32 {
        let values = &self.learnable[1].values;
        values[step.min(values.len() - 1)]
    }

    fn biased(&self, mut x: Tensor, sign: f32) -> Tensor {
        let n = x.shape().per_step();
        for (t, values) in x.values_mut().chunks_exact_mut(n).enumerate() {
            let by = self.bias(t) * sign;
            values.iter_mut().for_each(|x| *x += by);
        }
        x
    }

    /// What is inside of the logistic function of the reset, if there is one, and H - V_th.
    fn membranes(&self, input: &Tensor) -> (Option<Tensor>, Tensor) {
        let steps = input.shape().steps;
        let leaked = || product(&leaks(self.tau, steps), input);
        let below = |mut x: Tensor| {
            x.values_mut().iter_mut().for_each(|x| *x -= self.threshold);
            x
        };
        let (inner, membrane) = match self.mixing {
            Mixing::Psn | Mixing::MaskedPsn | Mixing::SlidingPsn { .. } => (None, self.biased(product(&self.weights(steps), input), 1.0)),
            Mixing::Spsn => return (None, leaked()),
            Mixing::Psu | Mixing::Ipsu | Mixing::Rpsu => {
                let inner =
                    below(if self.mixing == Mixing::Ipsu { self.biased(product(&self.weights(steps), input), 1.0) } else { leaked() });
                let reset = if self.mixing == Mixing::Rpsu { self.weights(steps) } else { resets(self.threshold, self.tau, steps) };
                let membrane = product(&reset, &mapped(&inner, sigmoid)).plus(&leaked());
                let membrane = if self.mixing == Mixing::Rpsu { self.biased(membrane, 1.0) } else { membrane };
                (Some(inner), membrane)
            }
        };
        (inner, below(membrane))
    }

    fn fire(&self, distance: &Tensor, pass: Pass) -> Tensor {
        let mut spikes = Tensor::unspecified(distance.shape());
        if self.mixing != Mixing::Spsn {
            self.surrogate.spikes(distance.values(), spikes.values_mut());
            return spikes;
        }
        let n = distance.shape().per_step();
        let values = spikes.values_mut().chunks_exact_mut(n).zip(distance.values().chunks_exact(n)).enumerate();
        for (t, (spikes, distances)) in values {
            let mut random = Random::sequence(pass.seed, key(For::Noise, self.init.layer, pass.number), t as u64);
            for (spike, &distance) in spikes.iter_mut().zip(distances) {
                *spike = f32::from(random.uniform() < f64::from(sigmoid(self.surrogate.alpha * distance)));
            }
        }
        spikes
    }

    /// Adds the gradient of the learned matrix, whose product with `x` has the gradient `g`.
    fn learn(&mut self, g: &Tensor, x: &Tensor) {
        let steps = x.shape().steps;
        for t in 0..steps {
            for k in 0..steps {
                let place = match self.mixing {
                    Mixing::SlidingPsn { order } => t.checked_sub(k).filter(|&i| i < order),
                    Mixing::Psn => Some(t * self.steps + k),
                    Mixing::Rpsu => (k < t).then_some(t * self.steps + k),
                    _ => (k <= t).then_some(t * self.steps + k),
                };
                if let Some(place) = place {
                    let sum: f64 = g.step(t).iter().zip(x.step(k)).map(|(&g, &x)| f64::from(g * x)).sum();
                    self.learnable[0].gradient[place] += sum as f32;
                }
            }
            let last = self.learnable[1].gradient.len() - 1;
            self.learnable[1].gradient[t.min(last)] += g.step(t).iter().map(|&g| f64::from(g)).sum::<f64>() as f32;
        }
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + models::kit::exp(-x))
}

fn mapped(x: &Tensor, f: impl Fn(f32) -> f32) -> Tensor {
    let mut y = x.clone();
    y.values_mut().iter_mut().for_each(|y| *y = f(*y));
    y
}

impl Layer for Parallel {
    fn name(&self) -> &'static str {
        let same = |mixing: Mixing| std::mem::discriminant(&mixing) == std::mem::discriminant(&self.mixing);
        PARALLEL.into_iter().find(|row| same(row.1)).expect("the table has every mixing").0
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.steps, input.steps);
        if expected == found { Ok(input) } else { Err(Misfit::Width { what: "steps", expected, found }) }
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        let shape = input.shape();
        // All inputs so far: a membrane without reset is no summary of them.
        state.values.extend_from_slice(input.values());
        let first = state.step;
        state.step += shape.steps;
        let whole = Tensor::new(Shape { steps: state.step, ..shape }, state.values.clone());
        let spikes = self.fire(&self.membranes(&whole).1, Pass::EVALUATION);
        let n = shape.per_step();
        Tensor::new(shape, spikes.values()[first * n..].to_vec())
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        let (inner, distance) = self.membranes(&input);
        let spikes = self.fire(&distance, pass);
        self.kept = Some(Kept { input, inner, distance });
        spikes
    }

    fn backward(&mut self, mut gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let Kept { input, inner, distance } = kept(&mut self.kept);
        let steps = input.shape().steps;
        let mut slopes = Tensor::unspecified(distance.shape());
        self.surrogate.slopes(distance.values(), slopes.values_mut());
        gradient.values_mut().iter_mut().zip(slopes.values()).for_each(|(g, s)| *g *= s);
        let back = |matrix: Matrix, g: &Tensor| product(&transposed(&matrix, steps), g);
        let Some(inner) = inner else {
            if self.mixing == Mixing::Spsn {
                return wanted.then(|| back(leaks(self.tau, steps), &gradient));
            }
            self.learn(&gradient, &input);
            return wanted.then(|| back(self.weights(steps), &gradient));
        };
        let reset = if self.mixing == Mixing::Rpsu { self.weights(steps) } else { resets(self.threshold, self.tau, steps) };
        let estimate = mapped(&inner, sigmoid);
        if self.mixing == Mixing::Rpsu {
            self.learn(&gradient, &estimate);
        }
        let mut to_inner = back(reset, &gradient);
        to_inner.values_mut().iter_mut().zip(estimate.values()).for_each(|(g, s)| *g *= s * (1.0 - s));
        if self.mixing == Mixing::Ipsu {
            self.learn(&to_inner, &input);
        }
        wanted.then(|| {
            let inner = back(if self.mixing == Mixing::Ipsu { self.weights(steps) } else { leaks(self.tau, steps) }, &to_inner);
            back(leaks(self.tau, steps), &gradient).plus(&inner)
        })
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

    fn causal(&self) -> bool {
        self.mixing != Mixing::Psn
    }
}
