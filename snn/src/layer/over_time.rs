//! Matrices over time, row by row: row t says what every step gives to step t.

use crate::tensor::Tensor;

/// As many rows as columns.
pub(super) type Matrix = Vec<f32>;

/// Value (t, k) is `f(t, k)`.
pub(super) fn square(steps: usize, f: impl Fn(usize, usize) -> f32) -> Matrix {
    (0..steps * steps).map(|i| f(i / steps, i % steps)).collect()
}

/// What a leaky integrator of time constant `tau` holds of each input if it is never reset.
pub(super) fn leaks(tau: f32, steps: usize) -> Matrix {
    square(steps, |t, k| if k <= t { libm::powf(1.0 - 1.0 / tau, (t - k) as f32) / tau } else { 0.0 })
}

/// What each reset by subtraction takes from it.
pub(super) fn resets(threshold: f32, tau: f32, steps: usize) -> Matrix {
    square(steps, |t, k| if k < t { -threshold * libm::powf(1.0 - 1.0 / tau, (t - k) as f32) } else { 0.0 })
}

/// The product with values over time, summed from the first step to the last.
pub(super) fn product(matrix: &[f32], x: &Tensor) -> Tensor {
    let (steps, n) = (x.shape().steps, x.shape().per_step());
    let mut y = Tensor::zeros(x.shape());
    for (row, y) in matrix.chunks_exact(steps).zip(y.values_mut().chunks_exact_mut(n)) {
        for (k, &weight) in row.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            y.iter_mut().zip(x.step(k)).for_each(|(y, x)| *y += weight * x);
        }
    }
    y
}

/// Rows as columns.
pub(super) fn transposed(matrix: &[f32], steps: usize) -> Matrix {
    square(steps, |t, k| matrix[k * steps + t])
}
