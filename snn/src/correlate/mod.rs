//! Correlation of images with a kernel, and both its gradients: the work of [`Conv2d`](crate::layer::Conv2d) and
//! [`Linear`](crate::layer::Linear), and nearly all the work of training.
//!
//! Each of the three has two paths that give the same bits: *dense* multiplies everything (`tile`), *events* visits only the values
//! that are not zero (`events`), in the same order. Which one runs is chosen by the density of the values each time. The gradient of the
//! input has a third with fewer products, whose sums are its own (`winograd`): it is taken for dense gradients of kernels of 3 x 3 pixels.
//!
//! Every sum has a fixed order: forward sums over kernel rows, kernel columns, channels; the weight gradient over images and
//! pixels in groups of images that depend on their size only. So the result does not depend on the number of threads. No
//! multiplication is fused with an addition, so it does not depend on the processor either; a Zen 4 core has separate
//! multipliers and adders and reaches its peak all the same.
//!
//! Weights are stored `[input channel][kernel row][kernel column][output channel]`.

mod band;
mod canvas;
mod events;
mod product;
mod tile;
mod winograd;

use rayon::prelude::*;

pub(crate) use self::band::{Desk, Ready};
use self::canvas::{Canvas, Columns, Group, Placement, Sheets};
use self::events::Events;
use crate::tensor::{Shape, Tensor};
use kernels::lines::Lines;

/// Output channels that a tile computes side by side, one vector of AVX-512.
const LANES: usize = 16;

/// Input channels that a task of the weight gradient takes, and squares that are turned together; tiles have so many rows, or half of them where
/// registers are few. Eight vectors of sums hide the latency of an addition.
const ROWS: usize = 8;

/// Pixels that a group of images has at least, so that weight gradients are loaded and stored rarely compared with what is added.
const GROUP_PIXELS: usize = 1024;

/// Below this density the path over events is faster (measured for 64 to 512 channels: break-even lies at 30 to 50 %).
const EVENTS_BELOW: f64 = 0.3;

/// The same forwards for weights that stay near, with AVX-512 (32 to 64 channels, 45 % of whose inputs are not zero: evaluation takes a sixth less).
const EVENTS_BELOW_NEAR: f64 = 0.5;

/// So many weights stay near: 128 KiB.
const FEW_WEIGHTS: usize = 1 << 15;

/// Below this density events are faster than the third way that the gradient of an input has.
const WINOGRAD_ABOVE: f64 = 0.15;

/// With fewer input channels a row of events is too short to be worth its list.
const EVENTS_CHANNELS: usize = 8;

/// How a correlation was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// All products.
    Dense,
    /// Only products with values that are not zero.
    Events,
}

impl Path {
    fn for_values(values: &Tensor, events_below: f64) -> Path {
        Path::below(events_below, values.shape().channels, || values.density())
    }

    /// The faster path forwards for values of this density and so many weights.
    pub fn at(channels: usize, n_weights: usize, density: f64) -> Path {
        Path::below(Path::events_below(n_weights), channels, || density)
    }

    /// Counting is spared where the answer does not depend on the density.
    fn below(events_below: f64, channels: usize, density: impl FnOnce() -> f64) -> Path {
        if channels >= EVENTS_CHANNELS && density() < events_below { Path::Events } else { Path::Dense }
    }

    fn events_below(n_weights: usize) -> f64 {
        if n_weights <= FEW_WEIGHTS && product::eight_rows_fit() { EVENTS_BELOW_NEAR } else { EVENTS_BELOW }
    }

    /// Outputs that are computed side by side. A row of events is read once per block, so blocks are as wide as the registers hold sums, unless
    /// that wastes more than an eighth.
    fn lanes(self, outputs: usize) -> usize {
        match self {
            Path::Dense => LANES,
            Path::Events => {
                let wasteful = |lanes: usize| outputs.next_multiple_of(lanes) * 8 > outputs.next_multiple_of(LANES) * 9;
                let widest = if product::eight_rows_fit() { 128 } else { 64 };
                [128, 64, 32].into_iter().find(|&lanes| lanes <= widest && !wasteful(lanes)).unwrap_or(LANES)
            }
        }
    }
}

/// A square kernel over images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correlation {
    /// Side of the kernel.
    pub kernel: usize,
    /// Pixels from one position of the kernel to the next.
    pub stride: usize,
    /// Pixels of zeros around the image; less than `kernel`.
    pub padding: usize,
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
}

impl Correlation {
    /// Positions of the kernel.
    pub fn n_taps(&self) -> usize {
        self.kernel * self.kernel
    }

    /// Inputs of an output.
    pub fn fan_in(&self) -> usize {
        self.inputs * self.n_taps()
    }

    /// Values of the kernel.
    pub fn n_weights(&self) -> usize {
        self.inputs * self.n_taps() * self.outputs
    }

    /// What comes out for `input`, if the kernel fits into the padded image.
    pub fn shape(&self, input: Shape) -> Option<Shape> {
        let along = |n: usize| (n + 2 * self.padding).checked_sub(self.kernel).map(|room| room / self.stride + 1);
        let fits = input.channels == self.inputs;
        fits.then_some(Shape { height: along(input.height)?, width: along(input.width)?, channels: self.outputs, ..input })
    }

    /// The correlation of `input` with `weights`, plus `bias`.
    pub fn forward(&self, input: &Tensor, weights: &[f32], bias: &[f32]) -> Tensor {
        self.forward_by(self.path(input), input, weights, bias)
    }

    /// The faster path forwards.
    fn path(&self, input: &Tensor) -> Path {
        Path::for_values(input, Path::events_below(self.n_weights()))
    }

    fn forward_by(&self, path: Path, input: &Tensor, weights: &[f32], bias: &[f32]) -> Tensor {
        let shape = self.shape(input.shape()).expect("the layer was built for this shape");
        let packed = self.packed(path, weights);
        let placement = Placement { border: self.padding, spacing: 1, slack: 0 };
        Slide { kernel: self.kernel, stride: self.stride, packed: &packed, bias }.over(input, placement, shape)
    }

    fn packed(&self, path: Path, weights: &[f32]) -> Packed {
        Packed::new(path, [self.n_taps(), self.inputs, self.outputs], |tap, i, o| {
            weights[(i * self.n_taps() + tap) * self.outputs + o] // as stored
        })
    }

    /// The gradient with respect to the input of shape `input`.
    pub fn input_gradient(&self, gradient: &Tensor, input: Shape, weights: &[f32]) -> Tensor {
        if winograd::pays(self, input) && gradient.density() >= WINOGRAD_ABOVE {
            return winograd::input_gradient(self, gradient, input, weights);
        }
        self.input_gradient_by(Path::for_values(gradient, EVENTS_BELOW), gradient, input, weights)
    }

    fn input_gradient_by(&self, path: Path, gradient: &Tensor, input: Shape, weights: &[f32]) -> Tensor {
        let last = self.n_taps() - 1;
        let packed = Packed::new(path, [self.n_taps(), self.outputs, self.inputs], |tap, o, i| {
            weights[(i * self.n_taps() + last - tap) * self.outputs + o] // turned by half a circle, ends exchanged
        });
        let placement = self.spread(gradient.shape(), input);
        Slide { kernel: self.kernel, stride: 1, packed: &packed, bias: &[] }.over(gradient, placement, input)
    }

    /// Where the gradient of an output lies so that one pixel further is one input further.
    fn spread(&self, output: Shape, input: Shape) -> Placement {
        let border = self.kernel - 1 - self.padding;
        let missing = |input: usize, output: usize| input + self.kernel - 1 - (2 * border + (output - 1) * self.stride + 1);
        // Where the stride does not divide the image, the kernel never reached its far end.
        let slack = missing(input.height, output.height).max(missing(input.width, output.width));
        Placement { border, spacing: self.stride, slack }
    }

    /// How many images of this shape are summed in one go in the gradient of the weights.
    pub(crate) fn group(image: Shape) -> usize {
        GROUP_PIXELS.div_ceil(image.height * image.width)
    }

    /// Adds the gradient with respect to the weights to `sum`.
    pub fn weight_gradient(&self, input: &Tensor, gradient: &Tensor, sum: &mut [f32]) {
        self.weight_gradient_by(Path::for_values(input, EVENTS_BELOW), input, gradient, sum);
    }

    fn weight_gradient_by(&self, path: Path, input: &Tensor, gradient: &Tensor, sum: &mut [f32]) {
        let (from, to) = (input.shape(), gradient.shape());
        let group = Correlation::group(from);
        let mut sheets = Sheets::new(path.lanes(self.outputs), self.spread(to, from), to);
        let inputs = input.values().chunks(group * from.n_features());
        for (images, gradients) in inputs.zip(gradient.values().chunks(group * to.n_features())) {
            sheets.fill(gradients);
            let task = Group { images, shape: from, kernel: self.kernel, outputs: self.outputs, sheets: &sheets };
            let rows = sum.par_chunks_mut(ROWS * self.n_taps() * self.outputs);
            rows.enumerate().for_each_init(<(Columns, Events)>::default, |(columns, events), (block, sum)| {
                columns.gather(&task, block * ROWS);
                match path {
                    Path::Dense => tile::weight_gradient(&task, columns, sum),
                    Path::Events => events::weight_gradient(&task, columns, events, sum),
                }
            });
        }
    }
}

/// A packed kernel that slides over images placed on a canvas.
struct Slide<'a> {
    kernel: usize,
    stride: usize,
    packed: &'a Packed,
    /// Empty for none.
    bias: &'a [f32],
}

impl Slide<'_> {
    fn over(&self, input: &Tensor, placement: Placement, shape: Shape) -> Tensor {
        let mut output = Tensor::unspecified(shape);
        let images = input.values().par_chunks(input.shape().n_features());
        let outputs = output.values_mut().par_chunks_mut(shape.n_features());
        outputs.zip(images).for_each_init(<(Canvas, Events)>::default, |(canvas, events), (output, image)| {
            canvas.place(image, input.shape(), placement);
            let job = Job { canvas, slide: self, columns: shape.width, outputs: shape.channels };
            match self.packed.path {
                Path::Dense => tile::slide(&job, output),
                Path::Events => events::slide(&job, events, output),
            }
        });
        output
    }
}

/// One image of a [`Slide`].
struct Job<'a> {
    canvas: &'a Canvas,
    slide: &'a Slide<'a>,
    /// Width of the output image.
    columns: usize,
    outputs: usize,
}

/// Weights as the loops read them: `[block of outputs][kernel row][kernel column][input][lane]`, with zeros where the last block
/// has more lanes than there are outputs.
struct Packed {
    path: Path,
    lanes: usize,
    values: Lines<f32>,
}

impl Packed {
    fn new(path: Path, [n_taps, inputs, outputs]: [usize; 3], at: impl Fn(usize, usize, usize) -> f32 + Sync) -> Self {
        Packed::in_blocks(path, path.lanes(outputs), [n_taps, inputs, outputs], at)
    }

    fn in_blocks(path: Path, lanes: usize, [n_taps, inputs, outputs]: [usize; 3], at: impl Fn(usize, usize, usize) -> f32 + Sync) -> Self {
        let mut values = Lines::zeros(n_taps * inputs * outputs.next_multiple_of(lanes));
        values.par_chunks_mut(n_taps * inputs * lanes).enumerate().for_each(|(block, values)| {
            let here = lanes.min(outputs - block * lanes);
            for (row, values) in values.chunks_exact_mut(lanes).enumerate() {
                for (lane, value) in values[..here].iter_mut().enumerate() {
                    *value = at(row / inputs, row % inputs, block * lanes + lane);
                }
            }
        });
        Packed { path, lanes, values }
    }
}

#[cfg(test)]
mod tests;
