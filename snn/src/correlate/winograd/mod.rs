//! The gradient of a convolution's input, if the kernel has 3 x 3 pixels, with 16 products where the definition has 36 (Winograd S
//! (1980) doi:10.1137/1.9781611970364; Lavin A, Gray S (2016) doi:10.1109/CVPR.2016.435).
//!
//! It is the gradient of the output under the kernel turned by half a circle. Images are cut into squares of 4 x 4 pixels that overlap
//! by two. A square and the kernel become 16 numbers each, their values at 16 points; these are multiplied, summed over channels, and
//! turned back into 2 x 2 pixels. All factors on the way are 1 and 1/2. The sums are not those of the definition, so they round differently,
//! as much as those do.

mod points;

use rayon::prelude::*;

use self::points::{POINTS, Vector, both_ways, pixels_of, result, taps};
use super::canvas::{Canvas, Placement, Window};
use super::product::{add_products, eight_rows_fit};
use super::{Correlation, LANES, ROWS};
use crate::chunk::{load, store};
use crate::tensor::{Shape, Tensor};
use kernels::dispatch;
use kernels::lines::Lines;

/// With fewer channels on either side the ways there and back cost more than is saved.
const CHANNELS: usize = 16;

/// Whether the gradient of an input of this shape is computed faster so.
pub(super) fn pays(c: &Correlation, input: Shape) -> bool {
    let covered = 4 * Squares::new(input).n();
    // The last squares of an image with odd sides hang over.
    c.kernel == 3 && c.stride == 1 && c.inputs.min(c.outputs) >= CHANNELS && covered * 2 < input.height * input.width * 3
}

/// The squares that an image is cut into; each stands for 2 x 2 pixels of its own.
#[derive(Clone, Copy)]
struct Squares {
    rows: usize,
    columns: usize,
}

impl Squares {
    fn new(own: Shape) -> Self {
        Squares { rows: own.height.div_ceil(2), columns: own.width.div_ceil(2) }
    }

    fn n(self) -> usize {
        self.rows * self.columns
    }

    /// The upper left pixel of square `index`.
    fn corner(self, index: usize) -> [usize; 2] {
        [index / self.columns * 2, index % self.columns * 2]
    }
}

/// A canvas of `gradient` that holds whole squares for every pixel of `own`, whose kernels reach `border` pixels over the edge.
fn window(gradient: Shape, border: usize, own: Shape) -> Window {
    Window::whole(gradient, Placement { border, spacing: 1, slack: usize::from(own.height % 2 + own.width % 2 > 0) })
}

/// Numbers up to the next whole vector.
fn padded(channels: usize) -> usize {
    channels.next_multiple_of(LANES)
}

/// Values of squares at their points that are made before they are used; with a block of filters they fit the second-level cache.
const AHEAD: usize = 1 << 17;

pub(super) fn input_gradient(c: &Correlation, gradient: &Tensor, input: Shape, weights: &[f32]) -> Tensor {
    let filters = filters(c, weights);
    let window = window(gradient.shape(), 2 - c.padding, input);
    let mut output = Tensor::unspecified(input);
    let images = gradient.values().par_chunks(gradient.shape().n_features());
    let outputs = output.values_mut().par_chunks_mut(input.n_features());
    outputs.zip(images).for_each_init(<(Canvas, Lines<f32>)>::default, |(canvas, points), (output, image)| {
        canvas.place(image, &window);
        slide(&Job { filters: &filters, canvas, shape: input }, points, output);
    });
    output
}

/// One image.
struct Job<'a> {
    filters: &'a [f32],
    canvas: &'a Canvas,
    /// What comes out.
    shape: Shape,
}

/// The turned kernels at the points: `[block of inputs][point][output][lane]`, with zeros for channels that do not exist.
fn filters(c: &Correlation, weights: &[f32]) -> Lines<f32> {
    let outputs = padded(c.outputs);
    let mut filters = Lines::zeros(POINTS * outputs * padded(c.inputs));
    filters.par_chunks_mut(POINTS * outputs * LANES).enumerate().for_each(|(block, filters)| {
        for lane in 0..LANES.min(c.inputs - block * LANES) {
            fill_lane(c, &weights[(block * LANES + lane) * 9 * c.outputs..][..9 * c.outputs], &mut filters[lane..]);
        }
    });
    filters
}

/// The kernels of one input.
fn fill_lane(c: &Correlation, weights: &[f32], filters: &mut [f32]) {
    let outputs = padded(c.outputs);
    for first in (0..c.outputs).step_by(LANES) {
        let here = LANES.min(c.outputs - first);
        let turned = |y: usize, x: usize| load(&weights[(8 - 3 * y - x) * c.outputs + first..][..here]);
        let mut kernel = [[[0.0; LANES]; 3]; 3];
        for (y, row) in kernel.iter_mut().enumerate() {
            for (x, tap) in row.iter_mut().enumerate() {
                *tap = turned(y, x);
            }
        }
        let kernel = both_ways(&kernel, taps);
        for (point, values) in kernel.iter().flatten().enumerate() {
            for (o, &value) in values.iter().enumerate() {
                filters[(point * outputs + first + o) * LANES] = value;
            }
        }
    }
}

fn slide(job: &Job, points: &mut Lines<f32>, output: &mut [f32]) {
    if eight_rows_fit() { slide8(job, points, output) } else { slide4(job, points, output) }
}

dispatch! { fn slide8(job: &Job, points: &mut Lines<f32>, output: &mut [f32]) = slide8_body }
#[inline(always)]
fn slide8_body(job: &Job, points: &mut Lines<f32>, output: &mut [f32]) {
    slide_rows::<8>(job, points, output);
}

dispatch! { fn slide4(job: &Job, points: &mut Lines<f32>, output: &mut [f32]) = slide4_body }
#[inline(always)]
fn slide4_body(job: &Job, points: &mut Lines<f32>, output: &mut [f32]) {
    slide_rows::<4>(job, points, output);
}

/// [`ROWS`] squares at a time, of which `R` are multiplied together.
#[inline(always)]
fn slide_rows<const R: usize>(job: &Job, points: &mut Lines<f32>, output: &mut [f32]) {
    let depth = padded(job.canvas.channels);
    let squares = Squares::new(job.shape);
    let per_row = POINTS * ROWS * depth;
    let rows = (AHEAD / per_row).max(1);
    if points.len() != rows * per_row {
        *points = Lines::zeros(rows * per_row);
    }
    let filters = job.filters.as_chunks::<LANES>().0;
    let mut products = [[[0.0; LANES]; ROWS]; POINTS];
    for first in (0..squares.n()).step_by(rows * ROWS) {
        let rows = rows.min((squares.n() - first).div_ceil(ROWS));
        for (row, points) in points.chunks_exact_mut(per_row).take(rows).enumerate() {
            look(job.canvas, squares, first + row * ROWS, points);
        }
        for (block, filters) in filters.chunks_exact(POINTS * depth).enumerate() {
            for (row, points) in points.chunks_exact(per_row).take(rows).enumerate() {
                multiply::<R>(points, filters, depth, &mut products);
                for (square, index) in (first + row * ROWS..squares.n()).take(ROWS).enumerate() {
                    place(job.shape, squares.corner(index), block, &products, square, output);
                }
            }
        }
    }
}

/// A few squares at their points: `[point][square][channel]`. Past the last square it is repeated, and nobody stores what comes of that.
#[inline(always)]
fn look(canvas: &Canvas, squares: Squares, first: usize, points: &mut [f32]) {
    let depth = padded(canvas.channels);
    for square in 0..ROWS {
        let corner = squares.corner((first + square).min(squares.n() - 1));
        for channel in (0..canvas.channels).step_by(LANES) {
            let values: [[Vector; 4]; 4] = pixels_of(canvas, corner, channel);
            for (point, values) in values.iter().flatten().enumerate() {
                points[(point * ROWS + square) * depth + channel..][..LANES].copy_from_slice(values);
            }
        }
    }
}

/// The sums over channels at every point: `[point][square][lane]`.
#[inline(always)]
fn multiply<const R: usize>(points: &[f32], filters: &[Vector], depth: usize, products: &mut [[Vector; ROWS]; POINTS]) {
    for (point, sums) in products.iter_mut().enumerate() {
        for (first, sums) in sums.as_chunks_mut::<R>().0.iter_mut().enumerate() {
            let mut squares = [&points[..0]; R];
            for (square, values) in squares.iter_mut().enumerate() {
                *values = &points[(point * ROWS + first * R + square) * depth..][..depth];
            }
            *sums = add_products(squares, &filters[point * depth..][..depth], [[0.0; LANES]; R]);
        }
    }
}

/// Turns the sums of one square into pixels and stores those that exist.
#[inline(always)]
fn place(shape: Shape, [top, left]: [usize; 2], block: usize, products: &[[Vector; ROWS]; POINTS], square: usize, output: &mut [f32]) {
    let mut at_points = [[[0.0; LANES]; 4]; 4];
    for (point, values) in at_points.iter_mut().flatten().enumerate() {
        *values = products[point][square];
    }
    let pixels = both_ways(&at_points, result);
    let here = LANES.min(shape.channels - block * LANES);
    for (y, row) in pixels.iter().enumerate().take(shape.height - top) {
        for (x, pixel) in row.iter().enumerate().take(shape.width - left) {
            let start = ((top + y) * shape.width + left + x) * shape.channels + block * LANES;
            store(pixel, &mut output[start..start + here]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn squares_multiplied_four_or_eight_at_a_time_give_the_same_bits() {
        let mut random = Random::new(4, 1);
        let c = Correlation { kernel: 3, stride: 1, padding: 1, inputs: 18, outputs: 21 };
        let shape = Shape::new(1, 1, [6, 8, 18]);
        let weights: Vec<f32> = (0..c.n_weights()).map(|_| random.normal() as f32).collect();
        let gradient = Tensor::from_fn(c.shape(shape).unwrap(), |_| random.normal() as f32);
        let filters = filters(&c, &weights);
        let mut canvas = Canvas::default();
        canvas.place(gradient.values(), &window(gradient.shape(), 1, shape));
        let job = Job { filters: &filters, canvas: &canvas, shape };
        let [mut eight, mut four] = [vec![0.0; shape.len()], vec![0.0; shape.len()]];
        slide8(&job, &mut Lines::default(), &mut eight);
        slide4(&job, &mut Lines::default(), &mut four);
        assert!(eight == four);
        assert!(eight == input_gradient(&c, &gradient, shape, &weights).values());
    }
}
