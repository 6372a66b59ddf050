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
use self::canvas::{Columns, Group, Placement, Sheets, Window};
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

/// Steps of a sample that are computed together where weights are far, for that is what reads them less often: of the neurons that fire in one of two steps
/// a fifth to four tenths fire in both, so 1.2 to 1.4 times less, and 1.8 to 2.4 times of four (a trained network of four convolutions). With more
/// steps the zeros that are added would take longer than what is saved; additions of spikes take half the time of others.
const VALUES_AT_ONCE: usize = 2;
const SPIKES_AT_ONCE: usize = 4;

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
}

/// How images are taken.
#[derive(Clone, Copy)]
struct Way {
    path: Path,
    /// Whether every value is 0 or 1 and the processor has the loop for that.
    spikes: bool,
    /// Images of a sample, in steps that follow each other, that are computed together.
    at_once: usize,
}

impl From<Path> for Way {
    fn from(path: Path) -> Self {
        Way { path, spikes: false, at_once: 1 }
    }
}

impl Way {
    /// Outputs that are computed side by side. A row of events is read once per block, so blocks are as wide as the registers hold sums, unless
    /// that wastes more than an eighth.
    fn lanes(self, outputs: usize) -> usize {
        if self.path == Path::Dense {
            return LANES;
        }
        let wasteful = |lanes: usize| outputs.next_multiple_of(lanes) * 8 > outputs.next_multiple_of(LANES) * 9;
        let widest = if product::eight_rows_fit() { 256 / self.at_once.max(2) } else { 64 };
        [128, 64, 32].into_iter().find(|&lanes| lanes <= widest && !wasteful(lanes)).unwrap_or(LANES)
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
        self.forward_by(self.way(input), input, weights, bias)
    }

    /// The fastest way forwards.
    fn way(&self, input: &Tensor) -> Way {
        if self.inputs < EVENTS_CHANNELS {
            return Path::Dense.into();
        }
        let census = input.census();
        let path = Path::at(self.inputs, self.n_weights(), census.density());
        if path == Path::Dense || self.n_weights() <= FEW_WEIGHTS || !product::eight_rows_fit() {
            return path.into();
        }
        let spikes = census.ones == census.events;
        let most = if spikes { SPIKES_AT_ONCE } else { VALUES_AT_ONCE };
        Way { path, spikes, at_once: most.min(input.shape().steps) }
    }

    fn forward_by(&self, way: Way, input: &Tensor, weights: &[f32], bias: &[f32]) -> Tensor {
        let shape = self.shape(input.shape()).expect("the layer was built for this shape");
        let packed = self.packed(way, weights);
        let placement = Placement { border: self.padding, spacing: 1, slack: 0 };
        Slide { kernel: self.kernel, stride: self.stride, packed: &packed, bias, columns: shape.width }.over(input, placement, shape)
    }

    fn packed(&self, way: Way, weights: &[f32]) -> Packed {
        Packed::new(way, [self.n_taps(), self.inputs, self.outputs], |tap, i, o| {
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
        let packed = Packed::new(path.into(), [self.n_taps(), self.outputs, self.inputs], |tap, o, i| {
            weights[(i * self.n_taps() + last - tap) * self.outputs + o] // turned by half a circle, ends exchanged
        });
        let placement = self.spread(gradient.shape(), input);
        Slide { kernel: self.kernel, stride: 1, packed: &packed, bias: &[], columns: input.width }.over(gradient, placement, input)
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
        let mut sheets = Sheets::new(Way::from(path).lanes(self.outputs), self.spread(to, from), to);
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
    /// Width of what comes out.
    columns: usize,
}

impl Slide<'_> {
    fn over(&self, input: &Tensor, placement: Placement, shape: Shape) -> Tensor {
        let mut output = Tensor::unspecified(shape);
        let window = Window::whole(input.shape(), placement);
        let images = together(input.values().chunks(input.shape().n_features()), shape.batch, self.packed.way.at_once);
        let outputs = together(output.values_mut().chunks_mut(shape.n_features()), shape.batch, self.packed.way.at_once);
        let tasks = outputs.into_par_iter().zip(images);
        tasks.for_each_init(Desk::default, |desk, (mut outputs, images)| self.slide(desk, &window, &images, &mut outputs));
        output
    }

    /// Slides over the part of images that `window` shows: of no more than are computed at once, by fours, pairs and single ones.
    fn slide(&self, desk: &mut Desk, window: &Window, images: &[&[f32]], outputs: &mut [&mut [f32]]) {
        let Some(n) = [4, 2, 1].into_iter().find(|&n| n <= images.len()) else { return };
        let job = Job { slide: self, window, outputs: self.packed.outputs };
        let (now, later) = images.split_at(n);
        let (to, to_later) = outputs.split_at_mut(n);
        match (now, to) {
            (&[a, b, c, d], [to_a, to_b, to_c, to_d]) => events::slide(&job, &mut desk.fours, [a, b, c, d], [to_a, to_b, to_c, to_d]),
            (&[a, b], [to_a, to_b]) => events::slide(&job, &mut desk.pairs, [a, b], [to_a, to_b]),
            (&[image], [output]) if self.packed.way.path == Path::Events => events::slide(&job, &mut desk.events, [image], [output]),
            (now, to) => now.iter().zip(to).for_each(|(image, output)| {
                desk.canvas.place(image, window);
                tile::slide(&job, &desk.canvas, output);
            }),
        }
        self.slide(desk, window, later, to_later);
    }
}

/// Puts together what belongs to the images of a sample in `n_steps` steps that follow each other; `images` has `batch` of them for each step.
fn together<T>(images: impl Iterator<Item = T>, batch: usize, n_steps: usize) -> Vec<Vec<T>> {
    let mut groups: Vec<Vec<T>> = Vec::new();
    for (i, image) in images.enumerate() {
        let (step, sample) = (i / batch, i % batch);
        let group = step / n_steps * batch + sample;
        match groups.get_mut(group) {
            Some(group) => group.push(image),
            None => groups.push(vec![image]),
        }
    }
    groups
}

/// A [`Slide`] over some rows of images.
struct Job<'a> {
    slide: &'a Slide<'a>,
    window: &'a Window,
    outputs: usize,
}

impl Job<'_> {
    /// The pixel of the canvas at which the kernel over output `pixel` begins.
    fn corner(&self, pixel: usize) -> usize {
        let columns = self.slide.columns;
        (pixel / columns * self.window.width() + pixel % columns) * self.slide.stride
    }
}

/// Weights as the loops read them: `[block of outputs][kernel row][kernel column][input][lane]`, with zeros where the last block
/// has more lanes than there are outputs.
struct Packed {
    way: Way,
    outputs: usize,
    lanes: usize,
    values: Lines<f32>,
}

impl Packed {
    fn new(way: Way, [n_taps, inputs, outputs]: [usize; 3], at: impl Fn(usize, usize, usize) -> f32 + Sync) -> Self {
        Packed::in_blocks(way, way.lanes(outputs), [n_taps, inputs, outputs], at)
    }

    fn in_blocks(way: Way, lanes: usize, [n_taps, inputs, outputs]: [usize; 3], at: impl Fn(usize, usize, usize) -> f32 + Sync) -> Self {
        let mut values = Lines::zeros(n_taps * inputs * outputs.next_multiple_of(lanes));
        values.par_chunks_mut(n_taps * inputs * lanes).enumerate().for_each(|(block, values)| {
            let here = lanes.min(outputs - block * lanes);
            for (row, values) in values.chunks_exact_mut(lanes).enumerate() {
                for (lane, value) in values[..here].iter_mut().enumerate() {
                    *value = at(row / inputs, row % inputs, block * lanes + lane);
                }
            }
        });
        Packed { way, outputs, lanes, values }
    }
}

#[cfg(test)]
mod tests;
