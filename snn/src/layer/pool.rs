use rayon::prelude::*;

use super::{Kind, Layer, LayerState, Misfit, Pass, kept};
use crate::device::Plan;
use crate::tensor::{Shape, Tensor};
use kernels::dispatch;

/// Squares of `side` pixels next to each other become one; what is left over at the far ends is dropped.
pub(super) fn pooled(side: usize, input: Shape) -> Result<Shape, Misfit> {
    let Shape { height, width, .. } = input;
    if height < side || width < side {
        return Err(Misfit::Kernel { kernel: side, height, width });
    }
    Ok(Shape { height: height / side, width: width / side, ..input })
}

/// Calls `visit(output pixel, input pixel, place in the square)` for every input pixel that is not dropped, square by square and in each place by place.
#[inline(always)]
pub(super) fn squares(side: usize, input: Shape, mut visit: impl FnMut(usize, usize, usize)) {
    let (height, width) = (input.height / side, input.width / side);
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        for dy in 0..side {
            for dx in 0..side {
                visit(y * width + x, (y * side + dy) * input.width + x * side + dx, dy * side + dx);
            }
        }
    }
}

/// The mean of squares of pixels. Raises the density of spikes, up to fourfold for squares of two pixels; [`MaxPool`] keeps them binary.
pub struct AvgPool {
    /// Side of a square; 0 for whole images.
    side: usize,
    input: Option<Shape>,
}

impl AvgPool {
    /// Squares of `side` pixels.
    pub fn new(side: usize) -> Self {
        assert!(side > 0, "squares of no pixels");
        AvgPool { side, input: None }
    }

    /// Whole images, which must be squares.
    pub fn global() -> Self {
        AvgPool { side: 0, input: None }
    }

    fn side(&self, input: Shape) -> usize {
        if self.side == 0 { input.height.min(input.width) } else { self.side }
    }
}

impl Layer for AvgPool {
    fn name(&self) -> &'static str {
        "avg_pool"
    }

    fn kind(&self) -> Kind {
        Kind::AvgPool((self.side > 0).then_some(self.side))
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        pooled(self.side(input), input)
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let (from, side) = (input.shape(), self.side(input.shape()));
        let to = pooled(side, from).expect("the layer was checked for this shape");
        let mut output = Tensor::zeros(to);
        let images = output.values_mut().par_chunks_mut(to.n_features()).zip(input.values().par_chunks(from.n_features()));
        images.for_each(|(output, image)| average(side, from, image, output));
        output
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        self.input = Some(input.shape());
        self.infer(&input, &mut LayerState::new())
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let from = kept(&mut self.input);
        let (side, to) = (self.side(from), gradient.shape());
        wanted.then(|| {
            let mut result = Tensor::zeros(from);
            let images = result.values_mut().par_chunks_mut(from.n_features()).zip(gradient.values().par_chunks(to.n_features()));
            images.for_each(|(result, gradient)| spread(side, from, gradient, result));
            result
        })
    }
}

dispatch! {
    /// Adds the mean of the squares of an image to `output`.
    pub(super) fn average(side: usize, from: Shape, image: &[f32], output: &mut [f32]) = average_body
}

#[inline(always)]
fn average_body(side: usize, from: Shape, image: &[f32], output: &mut [f32]) {
    let (c, weight) = (from.channels, 1.0 / (side * side) as f32);
    squares(side, from, |o, i, _| {
        for (y, x) in output[o * c..(o + 1) * c].iter_mut().zip(&image[i * c..(i + 1) * c]) {
            *y += x * weight;
        }
    });
}

dispatch! {
    /// Hands the gradient of each mean to its square.
    fn spread(side: usize, from: Shape, gradient: &[f32], result: &mut [f32]) = spread_body
}

#[inline(always)]
fn spread_body(side: usize, from: Shape, gradient: &[f32], result: &mut [f32]) {
    let (c, weight) = (from.channels, 1.0 / (side * side) as f32);
    squares(side, from, |o, i, _| {
        for (x, g) in result[i * c..(i + 1) * c].iter_mut().zip(&gradient[o * c..(o + 1) * c]) {
            *x = g * weight;
        }
    });
}

/// The largest of windows of pixels; of several largest the first.
pub struct MaxPool {
    windows: Windows,
    kept: Option<(Shape, Vec<u8>)>,
}

/// Squares of `side` pixels, `stride` apart, the first `padding` pixels outside of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Pixels along one side.
    pub side: usize,
    /// Pixels from one square to the next.
    pub stride: usize,
    /// Pixels outside of the image on each side.
    pub padding: usize,
}

impl Windows {
    /// Whether no pixel is in two squares, and all are in the image.
    pub fn are_side_by_side(self) -> bool {
        self.stride == self.side && self.padding == 0
    }

    fn shape(self, input: Shape) -> Result<Shape, Misfit> {
        let [height, width] = [input.height, input.width].map(|n| n + 2 * self.padding);
        if height < self.side || width < self.side {
            return Err(Misfit::Kernel { kernel: self.side, height, width });
        }
        let along = |n: usize| (n - self.side) / self.stride + 1;
        Ok(Shape { height: along(height), width: along(width), ..input })
    }

    /// Calls `visit(output pixel, input pixel, place in the window)` for every pixel of every window that lies in the image.
    fn visit(self, from: Shape, to: Shape, mut visit: impl FnMut(usize, usize, usize)) {
        for o in 0..to.height * to.width {
            let (top, left) = (o / to.width * self.stride, o % to.width * self.stride);
            for place in 0..self.side * self.side {
                let (y, x) = (top + place / self.side, left + place % self.side);
                if (self.padding..from.height + self.padding).contains(&y) && (self.padding..from.width + self.padding).contains(&x) {
                    visit(o, (y - self.padding) * from.width + x - self.padding, place);
                }
            }
        }
    }
}

impl MaxPool {
    /// Squares of `side` pixels side by side, at most 16.
    pub fn new(side: usize) -> Self {
        MaxPool::windows(side, side, 0)
    }

    /// Squares of `side` pixels, at most 16, that are `stride` apart, around an image with `padding` pixels more on each side.
    pub fn windows(side: usize, stride: usize, padding: usize) -> Self {
        assert!((1..=16).contains(&side) && stride > 0 && padding < side, "squares of 1 to 16 pixels");
        MaxPool { windows: Windows { side, stride, padding }, kept: None }
    }

    /// The largest values and where in their windows they lie.
    fn largest(&self, input: &Tensor) -> (Tensor, Vec<u8>) {
        let (from, c) = (input.shape(), input.shape().channels);
        let to = self.windows.shape(from).expect("the layer was checked for this shape");
        let mut output = Tensor::unspecified(to);
        let mut places = vec![0; to.len()];
        let outputs = output.values_mut().par_chunks_mut(to.n_features()).zip(places.par_chunks_mut(to.n_features()));
        outputs.zip(input.values().par_chunks(from.n_features())).for_each(|((output, places), image)| {
            output.fill(f32::NEG_INFINITY);
            self.windows.visit(from, to, |o, i, place| {
                let best = output[o * c..(o + 1) * c].iter_mut().zip(&mut places[o * c..(o + 1) * c]);
                for ((best, at), &x) in best.zip(&image[i * c..(i + 1) * c]) {
                    // A value that is not a number wins and stays, so that it is not hidden.
                    if x > *best || (x.is_nan() && !best.is_nan()) {
                        (*best, *at) = (x, place as u8);
                    }
                }
            });
        });
        (output, places)
    }
}

impl Layer for MaxPool {
    fn name(&self) -> &'static str {
        "max_pool"
    }

    fn kind(&self) -> Kind {
        Kind::MaxPool(self.windows)
    }

    fn on_device(&self) -> Result<Plan, &'static str> {
        let Windows { side, stride, padding } = self.windows;
        Ok(Plan::Largest { side, stride, padding })
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        self.windows.shape(input)
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        self.largest(input).0
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let (output, places) = self.largest(&input);
        self.kept = Some((input.shape(), places));
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let (from, places) = kept(&mut self.kept);
        let (to, c) = (gradient.shape(), from.channels);
        wanted.then(|| {
            let mut result = Tensor::zeros(from);
            let gradients = gradient.values().par_chunks(to.n_features()).zip(places.par_chunks(to.n_features()));
            result.values_mut().par_chunks_mut(from.n_features()).zip(gradients).for_each(|(result, (gradient, places))| {
                self.windows.visit(from, to, |o, i, place| {
                    let won = gradient[o * c..(o + 1) * c].iter().zip(&places[o * c..(o + 1) * c]);
                    for (x, (&g, &at)) in result[i * c..(i + 1) * c].iter_mut().zip(won) {
                        *x += if usize::from(at) == place { g } else { 0.0 };
                    }
                });
            });
            result
        })
    }
}
