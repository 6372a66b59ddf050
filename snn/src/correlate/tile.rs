//! The dense path: tiles of pixels times output channels (or input channels times output channels) that stay in registers.

use super::canvas::{Columns, Group};
use super::{Job, LANES, ROWS};
use kernels::dispatch;

dispatch! {
    /// One image under a sliding kernel.
    pub(super) fn slide(job: &Job, output: &mut [f32]) = slide_body
}

#[inline(always)]
fn slide_body(job: &Job, output: &mut [f32]) {
    let row = job.slide.kernel * job.canvas.channels;
    let weights = job.slide.packed.values.as_chunks::<LANES>().0;
    let n_pixels = output.len() / job.outputs;
    for (block, weights) in weights.chunks_exact(job.slide.kernel * row).enumerate() {
        let here = LANES.min(job.outputs - block * LANES);
        let mut bias = [0.0; LANES];
        if let Some(values) = job.slide.bias.get(block * LANES..block * LANES + here) {
            bias[..here].copy_from_slice(values);
        }
        for first in (0..n_pixels).step_by(ROWS) {
            // Past the last pixel the tile repeats it, and nobody stores what comes of that.
            let starts: [usize; ROWS] = std::array::from_fn(|p| job.start((first + p).min(n_pixels - 1)));
            let mut sums = [bias; ROWS];
            for (dy, weights) in weights.chunks_exact(row).enumerate() {
                let down = dy * job.canvas.width * job.canvas.channels;
                let pixels: [&[f32]; ROWS] = std::array::from_fn(|p| &job.canvas.values[starts[p] + down..][..row]);
                add_products(&pixels, weights, &mut sums);
            }
            let outputs = output[first * job.outputs..].chunks_exact_mut(job.outputs);
            for (pixel, sums) in outputs.zip(&sums) {
                pixel[block * LANES..][..here].copy_from_slice(&sums[..here]);
            }
        }
    }
}

/// Adds `pixels[p][i] * weights[i]` for every `i` to `sums[p]`. Loops over indices, not iterators: the compiler keeps the sums in
/// registers only if it sees both inner loops to have constant length.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn add_products(pixels: &[&[f32]; ROWS], weights: &[[f32; LANES]], sums: &mut [[f32; LANES]; ROWS]) {
    let n = weights.len();
    let pixels: [&[f32]; ROWS] = std::array::from_fn(|p| &pixels[p][..n]);
    let mut local = *sums;
    for i in 0..n {
        let w = &weights[i];
        for p in 0..ROWS {
            let x = pixels[p][i];
            for lane in 0..LANES {
                local[p][lane] += x * w[lane];
            }
        }
    }
    *sums = local;
}

dispatch! {
    /// Adds what a group of images gives to the gradient of a few input channels: `sum[channel][tap][output]`.
    pub(super) fn weight_gradient(group: &Group, columns: &Columns, sum: &mut [f32]) = weight_gradient_body
}

#[inline(always)]
fn weight_gradient_body(group: &Group, columns: &Columns, sum: &mut [f32]) {
    let (sheets, kernel, outputs, width) = (group.sheets, group.kernel, group.outputs, group.shape.width);
    let gradients = sheets.values.as_chunks::<LANES>().0;
    for (block, gradients) in gradients.chunks_exact(sheets.n_images * sheets.pixels).enumerate() {
        let here = LANES.min(outputs - block * LANES);
        for tap in 0..kernel * kernel {
            let shift = (kernel - 1 - tap / kernel) * sheets.width + kernel - 1 - tap % kernel;
            let mut sums = [[0.0; LANES]; ROWS];
            for (row, &start) in columns.starts.iter().enumerate() {
                let pixels: [&[f32]; ROWS] = std::array::from_fn(|c| &columns.planes[c][row * width..][..width]);
                add_products(&pixels, &gradients[start + shift..][..width], &mut sums);
            }
            for (channel, sums) in sums[..columns.n].iter().enumerate() {
                let start = (channel * kernel * kernel + tap) * outputs + block * LANES;
                for (total, s) in sum[start..start + here].iter_mut().zip(sums) {
                    *total += s;
                }
            }
        }
    }
}
