//! Optimisers and the schedule of their learning rate.

use rayon::prelude::*;

use crate::layer::{Parameter, Pass};
use crate::random::{For, Random, key};

/// How parameters follow their gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Adam with decoupled weight decay (Loshchilov I, Hutter F (2019) arXiv:1711.05101); betas 0.9 and 0.999, epsilon 1e-8.
    AdamW {
        /// Per step and learning rate.
        weight_decay: f32,
    },
    /// Gradient descent with momentum as PyTorch defines it: v <- momentum v + g, p <- p - rate v; weight decay is part of g.
    Sgd {
        /// Of the velocity, per step.
        momentum: f32,
        /// Added to the gradient.
        weight_decay: f32,
    },
}

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// A rule and what it remembers.
pub struct Optimizer {
    rule: Rule,
    /// Steps so far.
    pub(crate) steps: u64,
    /// Per parameter: the mean of the gradient (or the velocity) and, for AdamW, the mean of its square.
    pub(crate) moments: Vec<[Vec<f32>; 2]>,
}

/// Values of a task; each is independent of the others.
const TASK: usize = 1 << 14;

impl Optimizer {
    /// An optimiser that remembers nothing yet.
    pub fn new(rule: Rule) -> Self {
        Optimizer { rule, steps: 0, moments: Vec::new() }
    }

    /// Moves `parameters`, always the same in the same order, along their gradients, which are zero afterwards.
    pub fn step(&mut self, rate: f32, parameters: Vec<&mut Parameter>) {
        self.steps += 1;
        let second = |n: usize| if matches!(self.rule, Rule::AdamW { .. }) { n } else { 0 };
        if self.moments.is_empty() {
            self.moments = parameters.iter().map(|p| [vec![0.0; p.values.len()], vec![0.0; second(p.values.len())]]).collect();
        }
        // The bias of means that started at zero.
        let correction = |beta: f32| (1.0 - libm::pow(f64::from(beta), self.steps as f64)) as f32;
        let (correct1, correct2) = (correction(BETA1), correction(BETA2));
        for (parameter, [first, second]) in parameters.into_iter().zip(&mut self.moments) {
            let Parameter { values, gradient, decays, .. } = parameter;
            let decay = |weight_decay: f32| if *decays { weight_decay } else { 0.0 };
            let tasks = values.par_chunks_mut(TASK).zip(gradient.par_chunks_mut(TASK)).zip(first.par_chunks_mut(TASK));
            match self.rule {
                Rule::AdamW { weight_decay } => {
                    let keep = 1.0 - rate * decay(weight_decay);
                    tasks.zip(second.par_chunks_mut(TASK)).for_each(|(((values, gradient), first), second)| {
                        for (((p, g), m), v) in values.iter_mut().zip(gradient).zip(first).zip(second) {
                            *m += (1.0 - BETA1) * (*g - *m);
                            *v += (1.0 - BETA2) * (*g * *g - *v);
                            *p = *p * keep - rate * (*m / correct1) / ((*v / correct2).sqrt() + EPSILON);
                            *g = 0.0;
                        }
                    });
                }
                Rule::Sgd { momentum, weight_decay } => {
                    let decay = decay(weight_decay);
                    tasks.for_each(|((values, gradient), velocity)| {
                        for ((p, g), v) in values.iter_mut().zip(gradient).zip(velocity) {
                            *v = momentum * *v + *g + decay * *p;
                            *p -= rate * *v;
                            *g = 0.0;
                        }
                    });
                }
            }
        }
    }
}

/// Shortens the gradient of all parameters together to `longest`, if it is longer.
pub fn clip(parameters: &mut [&mut Parameter], longest: f32) {
    let square = |part: &[f32]| part.iter().map(|&g| f64::from(g) * f64::from(g)).sum::<f64>();
    // Summed in an order that does not depend on threads.
    let squares = |p: &&mut Parameter| p.gradient.par_chunks(TASK).map(square).collect::<Vec<_>>().into_iter().sum::<f64>();
    let norm = parameters.iter().map(squares).sum::<f64>().sqrt() as f32;
    if norm > longest {
        let by = longest / (norm + 1e-6);
        parameters.iter_mut().for_each(|p| p.gradient.par_iter_mut().for_each(|g| *g *= by));
    }
}

/// Adds normal noise to every gradient (Neelakantan A et al. (2015) arXiv:1511.06807).
pub fn add_noise(parameters: &mut [&mut Parameter], deviation: f32, pass: Pass) {
    for (number, parameter) in parameters.iter_mut().enumerate() {
        let object = key(For::Gradients, number, pass.number);
        parameter.gradient.par_chunks_mut(TASK).enumerate().for_each(|(task, gradient)| {
            let mut random = Random::sequence(pass.seed, object, task as u64);
            gradient.iter_mut().for_each(|g| *g += deviation * random.normal() as f32);
        });
    }
}

/// A learning rate that rises linearly, then falls along half a cosine to zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// At the top.
    pub rate: f32,
    /// Steps of the rise.
    pub warmup: u64,
    /// All steps.
    pub total: u64,
}

impl Cosine {
    /// The rate of `step`, counted from zero.
    pub fn at(&self, step: u64) -> f32 {
        if step < self.warmup {
            return self.rate * (step + 1) as f32 / self.warmup as f32;
        }
        let part = (step - self.warmup) as f64 / (self.total - self.warmup).max(1) as f64;
        self.rate * (0.5 * (1.0 + libm::cos(std::f64::consts::PI * part.min(1.0)))) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of a parameter that starts at 1 and -2 after steps with the gradients given.
    fn follow(rule: Rule, gradients: &[[f32; 2]]) -> Vec<f32> {
        let mut parameter = Parameter::new("weight", vec![1.0, -2.0], true);
        let mut optimizer = Optimizer::new(rule);
        for gradient in gradients {
            parameter.gradient = gradient.to_vec();
            optimizer.step(0.1, vec![&mut parameter]);
        }
        parameter.values
    }

    #[test]
    fn sgd_with_momentum_steps_as_by_hand() {
        // v = 0.5 + 0.1, p = 1 - 0.06 = 0.94; v = 0.54 + 0.5 + 0.094, p = 0.94 - 0.1134.
        let values = follow(Rule::Sgd { momentum: 0.9, weight_decay: 0.1 }, &[[0.5, 0.0], [0.5, 0.0]]);
        assert!((values[0] - 0.8266).abs() < 1e-6, "{values:?}");
    }

    #[test]
    fn adamw_first_moves_by_the_rate_and_decays_apart_from_the_gradient() {
        // m / correction is g and v / correction is g^2, so the step is the rate times the sign of g.
        let values = follow(Rule::AdamW { weight_decay: 0.01 }, &[[3.0, -1e-3]]);
        assert!((values[0] - (0.999 - 0.1)).abs() < 1e-5 && (values[1] - (-1.998 + 0.1)).abs() < 1e-4, "{values:?}");
    }

    #[test]
    fn a_gradient_that_is_too_long_is_shortened_in_its_direction() {
        let mut parameters = [vec![3.0, 0.0], vec![4.0]].map(|gradient| {
            let mut parameter = Parameter::new("weight", vec![0.0; gradient.len()], true);
            parameter.gradient = gradient;
            parameter
        });
        let mut follow = |longest| {
            clip(&mut parameters.iter_mut().collect::<Vec<_>>(), longest);
            parameters.iter().flat_map(|p| p.gradient.clone()).collect::<Vec<f32>>()
        };
        assert_eq!(follow(5.5), [3.0, 0.0, 4.0]);
        assert!(follow(1.0).iter().zip([0.6, 0.0, 0.8]).all(|(g, expected)| (g - expected).abs() < 1e-5));
    }

    #[test]
    fn noise_of_gradients_has_its_deviation_and_repeats_under_a_seed() {
        let noise = |number| {
            let mut parameter = Parameter::new("weight", vec![0.0; 40_000], true);
            add_noise(&mut [&mut parameter], 0.5, Pass { seed: 3, number });
            parameter.gradient
        };
        let variance = noise(0).iter().map(|&g| f64::from(g * g)).sum::<f64>() / 4e4;
        // A standard error of 0.25 sqrt(2 / 40000) = 0.0018.
        assert!((variance - 0.25).abs() < 0.008, "{variance}");
        assert!(noise(0) == noise(0) && noise(0) != noise(1));
    }

    #[test]
    fn the_rate_rises_to_its_top_and_falls_to_zero() {
        let schedule = Cosine { rate: 2.0, warmup: 4, total: 104 };
        assert_eq!([schedule.at(0), schedule.at(3), schedule.at(4)], [0.5, 2.0, 2.0]);
        assert!((schedule.at(54) - 1.0).abs() < 1e-6 && schedule.at(104) == 0.0 && schedule.at(1000) == 0.0);
    }
}
