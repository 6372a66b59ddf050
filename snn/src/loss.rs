//! What training makes small. Networks give logits for every step; their prediction is the mean over steps.

use crate::tensor::{Shape, Tensor};
use models::kit::{exp, ln};

/// A loss over logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Cross entropy of the mean over steps.
    CrossEntropy {
        /// The part of the target that is spread over all classes.
        smoothing: f32,
    },
    /// Cross entropy of every step, averaged (temporal efficient training; Deng S et al. (2022) arXiv:2202.11946), without its
    /// regulariser.
    Tet {
        /// The part of the target that is spread over all classes.
        smoothing: f32,
    },
    /// Mean square distance of the mean over steps from 1 for the class and 0 for the others.
    MeanSquare,
    /// Mean square distance of the mean over steps from `threshold` for the class and 0 for the others; what is above `threshold` counts
    /// as `threshold`, so that neurons of the class may fire more (BrainCog's `UnilateralMse`, whose clipping has no effect there).
    UnilateralMeanSquare {
        /// The rate that is wanted.
        threshold: f32,
    },
    /// A tenth of the cross entropy, plus [`UnilateralMeanSquare`](Loss::UnilateralMeanSquare) with threshold 1 (BrainCog's `MixLoss`).
    Mix {
        /// The part of the target that is spread over all classes.
        smoothing: f32,
    },
}

/// Names on the command line.
pub const NAMES: [&str; 5] = ["ce", "tet", "mse", "unilateral_mse", "mix"];

impl Loss {
    /// The loss of this name, one of [`NAMES`].
    pub fn named(name: &str, smoothing: f32) -> Option<Loss> {
        Some(match name {
            "ce" => Loss::CrossEntropy { smoothing },
            "tet" => Loss::Tet { smoothing },
            "mse" => Loss::MeanSquare,
            "unilateral_mse" => Loss::UnilateralMeanSquare { threshold: 1.0 },
            "mix" => Loss::Mix { smoothing },
            _ => return None,
        })
    }

    /// The mean loss of a batch and its gradient with respect to `logits`.
    pub fn of(&self, logits: &Tensor, labels: &[u32]) -> (f64, Tensor) {
        let shape = logits.shape();
        assert_eq!(labels.len(), shape.batch, "one label per sample");
        if let Loss::Tet { smoothing } = *self {
            let (mut loss, mut gradient) = (0.0, Tensor::zeros(shape));
            let steps = shape.steps as f32;
            for step in 0..shape.steps {
                let (l, g) = cross_entropy(logits.step(step), labels, smoothing);
                loss += l / f64::from(steps);
                let n = shape.per_step();
                gradient.values_mut()[step * n..(step + 1) * n].iter_mut().zip(g).for_each(|(to, g)| *to = g / steps);
            }
            return (loss, gradient);
        }
        let mean = mean_over_steps(logits);
        let (loss, by_mean) = match *self {
            Loss::CrossEntropy { smoothing } | Loss::Tet { smoothing } => cross_entropy(&mean, labels, smoothing),
            Loss::MeanSquare => mean_square(&mean, labels, 1.0, f32::INFINITY),
            Loss::UnilateralMeanSquare { threshold } => mean_square(&mean, labels, threshold, threshold),
            Loss::Mix { smoothing } => {
                let (entropy, mut gradient) = cross_entropy(&mean, labels, smoothing);
                let (square, other) = mean_square(&mean, labels, 1.0, 1.0);
                gradient.iter_mut().zip(other).for_each(|(g, o)| *g = 0.1 * *g + o);
                (0.1 * entropy + square, gradient)
            }
        };
        let mut gradient = Tensor::unspecified(shape);
        for step in gradient.values_mut().chunks_exact_mut(by_mean.len()) {
            step.iter_mut().zip(&by_mean).for_each(|(to, g)| *to = g / shape.steps as f32);
        }
        (loss, gradient)
    }
}

/// The mean of `logits` over steps: one row per sample.
pub fn mean_over_steps(logits: &Tensor) -> Vec<f32> {
    let Shape { steps, .. } = logits.shape();
    let mut mean = logits.step(0).to_vec();
    for step in 1..steps {
        mean.iter_mut().zip(logits.step(step)).for_each(|(m, x)| *m += x);
    }
    mean.iter_mut().for_each(|m| *m /= steps as f32);
    mean
}

/// The class of each sample: the first of the largest means.
pub fn predictions(logits: &Tensor) -> Vec<u32> {
    mean_over_steps(logits).chunks_exact(logits.shape().n_features()).map(first_largest).collect()
}

/// The place of the first of the largest values.
pub fn first_largest(row: &[f32]) -> u32 {
    row.iter().enumerate().fold(0, |best, (i, &x)| if x > row[best] { i } else { best }) as u32
}

fn cross_entropy(logits: &[f32], labels: &[u32], smoothing: f32) -> (f64, Vec<f32>) {
    let classes = logits.len() / labels.len();
    let n = labels.len() as f32;
    let (mut loss, mut gradient) = (0.0, vec![0.0; logits.len()]);
    for ((row, gradient), &label) in logits.chunks_exact(classes).zip(gradient.chunks_exact_mut(classes)).zip(labels) {
        // `fold` with f32::max would pass over values that are not numbers.
        let largest = row.iter().fold(f32::NEG_INFINITY, |m, &x| if x > m || x.is_nan() { x } else { m });
        let sum: f32 = row.iter().map(|&x| exp(x - largest)).sum();
        let log_sum = largest + ln(sum);
        for (class, (g, &x)) in gradient.iter_mut().zip(row).enumerate() {
            let target = smoothing / classes as f32 + if class == label as usize { 1.0 - smoothing } else { 0.0 };
            loss -= f64::from(target * (x - log_sum));
            *g = (exp(x - log_sum) - target) / n;
        }
    }
    (loss / f64::from(n), gradient)
}

/// Square distances from `target` for the class and 0 for the others, of outputs that count as at most `most`.
fn mean_square(outputs: &[f32], labels: &[u32], target: f32, most: f32) -> (f64, Vec<f32>) {
    let classes = outputs.len() / labels.len();
    let n = outputs.len() as f32;
    let away = |i: usize, x: f32| {
        // `min` would pass over what is not a number.
        let counts = if x > most { most } else { x };
        counts - if i % classes == labels[i / classes] as usize { target } else { 0.0 }
    };
    let loss = outputs.iter().enumerate().map(|(i, &x)| f64::from(away(i, x) * away(i, x))).sum::<f64>() / f64::from(n);
    (loss, outputs.iter().enumerate().map(|(i, &x)| if x > most { 0.0 } else { 2.0 * away(i, x) / n }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOSSES: [Loss; 8] = [
        Loss::CrossEntropy { smoothing: 0.0 },
        Loss::CrossEntropy { smoothing: 0.1 },
        Loss::Tet { smoothing: 0.0 },
        Loss::Tet { smoothing: 0.1 },
        Loss::MeanSquare,
        Loss::UnilateralMeanSquare { threshold: 0.5 },
        Loss::UnilateralMeanSquare { threshold: 1.0 },
        Loss::Mix { smoothing: 0.1 },
    ];

    fn logits() -> Tensor {
        Tensor::from_fn(Shape::new(3, 2, [1, 1, 4]), |i| ((i * 7) % 11) as f32 * 0.3 - 1.0)
    }

    #[test]
    fn every_gradient_agrees_with_finite_differences() {
        for loss in LOSSES {
            let (_, gradient) = loss.of(&logits(), &[2, 0]);
            for i in 0..24 {
                let at = |by: f32| {
                    let mut moved = logits();
                    moved.values_mut()[i] += by;
                    loss.of(&moved, &[2, 0]).0
                };
                let difference = (at(1e-2) - at(-1e-2)) / 2e-2;
                assert!((f64::from(gradient.values()[i]) - difference).abs() < 1e-4, "{loss:?} {i}: {difference}");
            }
        }
    }

    #[test]
    fn equal_logits_cost_the_logarithm_of_the_number_of_classes() {
        let equal = Tensor::zeros(Shape::new(2, 3, [1, 1, 8]));
        for loss in &LOSSES[..4] {
            assert!((loss.of(&equal, &[0, 1, 7]).0 - f64::ln(8.0)).abs() < 1e-5, "{loss:?}");
        }
        assert!((Loss::MeanSquare.of(&equal, &[0, 1, 7]).0 - 0.125).abs() < 1e-6);
    }

    #[test]
    fn a_logit_that_is_not_a_number_makes_every_loss_not_a_number() {
        for loss in LOSSES {
            let mut bad = logits();
            bad.values_mut()[5] = f32::NAN;
            assert!(!loss.of(&bad, &[0, 1]).0.is_finite(), "{loss:?}");
        }
    }

    #[test]
    fn a_neuron_of_the_class_may_fire_more_than_is_wanted() {
        let rates = |of_class| Tensor::new(Shape::new(1, 1, [1, 1, 2]), vec![of_class, 0.0]);
        let loss = Loss::UnilateralMeanSquare { threshold: 0.5 };
        let [as_wanted, more, less] = [0.5, 0.9, 0.1].map(|rate| loss.of(&rates(rate), &[0]).0);
        assert_eq!([as_wanted, more], [0.0, 0.0]);
        assert!((less - 0.08).abs() < 1e-6, "{less}");
    }

    #[test]
    fn the_prediction_is_the_largest_mean_over_steps() {
        let logits = Tensor::new(Shape::new(2, 2, [1, 1, 2]), vec![0.0, 1.0, 3.0, 0.0, 5.0, 1.0, 0.0, 4.0]);
        assert_eq!(predictions(&logits), [0, 1]);
    }
}
