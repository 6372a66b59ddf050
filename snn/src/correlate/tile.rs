//! The dense path: tiles of pixels times output channels (or input channels times output channels) that stay in registers.

// Loops over indices where iterators would keep the compiler from holding a tile in registers.
#![allow(clippy::needless_range_loop)]

use super::canvas::{Canvas, Columns, Group};
use super::product::{add_products, eight_rows_fit};
use super::{Job, LANES};
use crate::chunk::store;
use kernels::dispatch;

/// Some pixels of an image under a sliding kernel.
pub(super) fn slide(job: &Job, canvas: &Canvas, output: &mut [f32]) {
    if eight_rows_fit() { slide8(job, canvas, output) } else { slide6(job, canvas, output) }
}

/// Adds what a group of images gives to the gradient of a few input channels: `sum[channel][tap][output]`.
pub(super) fn weight_gradient(group: &Group, columns: &Columns, sum: &mut [f32]) {
    if eight_rows_fit() { gradient8(group, columns, sum) } else { gradient4(group, columns, sum) }
}

/// The loops for tiles of so many pixels, and of so many input channels, for every instruction set.
macro_rules! for_rows {
    ($pixels:literal, $slide:ident, $slide_body:ident; $channels:literal, $gradient:ident, $gradient_body:ident) => {
        dispatch! { fn $slide(job: &Job, canvas: &Canvas, output: &mut [f32]) = $slide_body }
        #[inline(always)]
        fn $slide_body(job: &Job, canvas: &Canvas, output: &mut [f32]) {
            slide_rows::<$pixels>(job, canvas, output)
        }
        dispatch! { fn $gradient(group: &Group, columns: &Columns, sum: &mut [f32]) = $gradient_body }
        #[inline(always)]
        fn $gradient_body(group: &Group, columns: &Columns, sum: &mut [f32]) {
            gradient_rows::<$channels>(group, columns, sum)
        }
    };
}

for_rows!(8, slide8, slide8_body; 8, gradient8, gradient8_body);
for_rows!(6, slide6, slide6_body; 4, gradient4, gradient4_body);

#[inline(always)]
fn slide_rows<const R: usize>(job: &Job, canvas: &Canvas, output: &mut [f32]) {
    let row = job.slide.kernel * canvas.channels;
    let down = canvas.width * canvas.channels;
    let weights = job.slide.packed.values.as_chunks::<LANES>().0;
    let n_pixels = output.len() / job.outputs;
    for (block, weights) in weights.chunks_exact(job.slide.kernel * row).enumerate() {
        let here = LANES.min(job.outputs - block * LANES);
        let mut bias = [0.0; LANES];
        if let Some(values) = job.slide.bias.get(block * LANES..block * LANES + here) {
            bias[..here].copy_from_slice(values);
        }
        for first in (0..n_pixels).step_by(R) {
            // Past the last pixel the tile repeats it, and nobody stores what comes of that.
            let mut starts = [0; R];
            for p in 0..R {
                starts[p] = job.corner((first + p).min(n_pixels - 1)) * canvas.channels;
            }
            let mut sums = [bias; R];
            for dy in 0..job.slide.kernel {
                let mut pixels = [&canvas.values[..0]; R];
                for p in 0..R {
                    pixels[p] = &canvas.values[starts[p] + dy * down..][..row];
                }
                sums = add_products(pixels, &weights[dy * row..][..row], sums);
            }
            for p in 0..R.min(n_pixels - first) {
                store(&sums[p], &mut output[(first + p) * job.outputs + block * LANES..][..here]);
            }
        }
    }
}

#[inline(always)]
fn gradient_rows<const R: usize>(group: &Group, columns: &Columns, sum: &mut [f32]) {
    let (sheets, kernel, outputs, width) = (group.sheets, group.kernel, group.outputs, group.shape.width);
    let gradients = sheets.values.as_chunks::<LANES>().0;
    for (block, gradients) in gradients.chunks_exact(sheets.n_images * sheets.pixels).enumerate() {
        let here = LANES.min(outputs - block * LANES);
        for tap in 0..kernel * kernel {
            let shift = (kernel - 1 - tap / kernel) * sheets.width + kernel - 1 - tap % kernel;
            for first in (0..columns.n).step_by(R) {
                let mut sums = [[0.0; LANES]; R];
                for (row, &start) in columns.starts.iter().enumerate() {
                    let mut pixels = [&columns.planes[first][..0]; R];
                    for c in 0..R {
                        pixels[c] = &columns.planes[first + c][row * width..][..width];
                    }
                    sums = add_products(pixels, &gradients[start + shift..][..width], sums);
                }
                for c in 0..R.min(columns.n - first) {
                    let start = ((first + c) * kernel * kernel + tap) * outputs + block * LANES;
                    for (total, s) in sum[start..start + here].iter_mut().zip(&sums[c]) {
                        *total += s;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{Placement, Sheets, Window};
    use super::super::{Correlation, Path, Slide};
    use super::*;
    use crate::random::Random;
    use crate::tensor::Shape;

    #[test]
    fn tiles_of_all_heights_give_the_same_bits() {
        let mut random = Random::new(3, 1);
        let mut values = |n: usize| -> Vec<f32> { (0..n).map(|_| random.normal() as f32).collect() };
        for inputs in [1, 5, 8] {
            let c = Correlation { kernel: 3, stride: 1, padding: 1, inputs, outputs: 20 };
            let shape = Shape::new(1, 1, [7, 5, inputs]);
            let to = c.shape(shape).unwrap();
            let (image, weights, gradient) = (values(shape.len()), values(c.n_weights()), values(to.len()));
            let packed = c.packed(Path::Dense.into(), &weights);
            let slide = Slide { kernel: 3, stride: 1, packed: &packed, bias: &[0.5; 20], columns: to.width };
            let mut canvas = Canvas::default();
            let window = Window::whole(shape, Placement { border: 1, spacing: 1, slack: 0 });
            canvas.place(&image, &window);
            let job = Job { window: &window, slide: &slide, outputs: 20 };
            let [mut eight, mut six] = [vec![0.0; to.len()], vec![0.0; to.len()]];
            slide8(&job, &canvas, &mut eight);
            slide6(&job, &canvas, &mut six);
            assert!(eight == six, "{inputs} inputs");
            let mut sheets = Sheets::new(LANES, c.spread(to, shape), to);
            sheets.fill(&gradient);
            let group = Group { images: &image, shape, kernel: 3, outputs: 20, sheets: &sheets };
            let mut columns = Columns::default();
            columns.gather(&group, 0);
            let [mut eight, mut four] = [vec![0.0; weights.len()], vec![0.0; weights.len()]];
            gradient8(&group, &columns, &mut eight);
            gradient4(&group, &columns, &mut four);
            assert!(eight == four && eight.iter().all(|&g| g != 0.0), "gradient of {inputs} inputs");
        }
    }
}
