//! What batch normalisation computes per channel, once sums over all pixels are known: the same on the processor and on a device.

use super::{BATCH_NORM_EPS, Parameter};

const EPS: f64 = BATCH_NORM_EPS as f64;
const MOMENTUM: f64 = 0.1;

/// Factors and summands of evaluation, from scale, shift, running mean and running variance.
pub(crate) fn evaluated([scale, shift, mean, variance]: [&[f32]; 4]) -> [Vec<f32>; 2] {
    let a: Vec<f32> = scale.iter().zip(variance).map(|(scale, variance)| scale / (variance + EPS as f32).sqrt()).collect();
    let b = (0..a.len()).map(|c| shift[c] - a[c] * mean[c]).collect();
    [a, b]
}

/// Mean and 1 / standard deviation of a batch of `n` values per channel, from the sums of distances from the running mean and of their
/// squares; the running mean and variance follow.
pub(crate) fn settle(moments: &[[f64; 2]], n: f64, mean: &mut [f32], variance: &mut [f32]) -> [Vec<f32>; 2] {
    let (mut means, mut inverse) = (Vec::new(), Vec::new());
    for (&[sum, squares], (mean, running)) in moments.iter().zip(mean.iter_mut().zip(variance)) {
        let offset = sum / n;
        let variance = (squares / n - offset * offset).max(0.0);
        let m = f64::from(*mean) + offset;
        let unbiased = variance * n / (n - 1.0).max(1.0);
        *mean = (f64::from(*mean) + MOMENTUM * (m - f64::from(*mean))) as f32;
        *running = (f64::from(*running) + MOMENTUM * (unbiased - f64::from(*running))) as f32;
        means.push(m as f32);
        inverse.push((1.0 / (variance + EPS).sqrt()) as f32);
    }
    [means, inverse]
}

/// Factors and summands of a training pass.
pub(crate) fn factors(scale: &[f32], shift: &[f32], mean: &[f32], inverse: &[f32]) -> [Vec<f32>; 2] {
    let a: Vec<f32> = scale.iter().zip(inverse).map(|(scale, inverse)| scale * inverse).collect();
    let b = (0..a.len()).map(|c| shift[c] - a[c] * mean[c]).collect();
    [a, b]
}

/// Adds to the gradients of scale and shift, given the sums of the gradient and of its product with the normalised input. The result are the
/// factors of the way back, dx = scale / sd (g - mean(g) - x_hat mean(g x_hat)) = a g + b x + c.
pub(crate) fn learn([scale, shift]: [&mut Parameter; 2], totals: &[[f64; 2]], n: f64, [mean, inverse]: [&[f32]; 2]) -> Vec<[f32; 3]> {
    let mut factors = Vec::with_capacity(totals.len());
    for (c, &[sum, product]) in totals.iter().enumerate() {
        shift.gradient[c] += sum as f32;
        scale.gradient[c] += product as f32;
        let a = scale.values[c] * inverse[c];
        let b = -a * (product / n) as f32 * inverse[c];
        factors.push([a, b, -a * (sum / n) as f32 - b * mean[c]]);
    }
    factors
}
