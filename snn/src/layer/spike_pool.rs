//! Maxima of spike trains, for networks that were converted from ones without spikes.

use super::Misfit;
use super::pool::{pooled, squares};
use super::stepwise::Cell;
use crate::tensor::{Shape, Tensor};

/// The largest value of each square of `side` pixels: its output, and where it lies.
fn largest(input: &Tensor, side: usize) -> (Tensor, Vec<usize>) {
    let (from, channels) = (input.shape(), input.shape().channels);
    let to = pooled(side, from).expect("the layer was checked for this shape");
    let mut output = Tensor::new(to, vec![f32::NEG_INFINITY; to.len()]);
    let mut places = vec![0; to.len()];
    for image in 0..from.n_images() {
        squares(side, from, |o, i, _| {
            for c in 0..channels {
                let (o, i) = (image * to.n_features() + o * channels + c, image * from.n_features() + i * channels + c);
                if input.values()[i] > output.values()[o] {
                    (output.values_mut()[o], places[o]) = (input.values()[i], i);
                }
            }
        });
    }
    (output, places)
}

/// Passes the spike of the pixel that has spiked most so far, the sum over steps up to now (Rueckauer B et al. (2016)
/// arXiv:1612.04052): max(X + 1000 sum X) - max(1000 sum X).
pub struct SMaxPool {
    /// Side of a square of pixels.
    pub side: usize,
}

/// How much a spike of the past counts against one of now.
const PAST: f32 = 1000.0;

impl Cell for SMaxPool {
    /// Where both maxima were.
    type Memo = [Vec<usize>; 2];

    fn name(&self) -> &'static str {
        "smax_pool"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        pooled(self.side, input)
    }

    fn rest(&self, input: Shape) -> Vec<Tensor> {
        vec![Tensor::zeros(input)]
    }

    fn step(&self, _: usize, mut input: Tensor, sum: &mut [Tensor]) -> (Tensor, Self::Memo) {
        let mut past = sum[0].clone();
        for ((x, sum), past) in input.values_mut().iter_mut().zip(sum[0].values_mut()).zip(past.values_mut()) {
            *sum += *x;
            *past = PAST * *sum;
            *x += *past;
        }
        let ((mut output, now), (before, then)) = (largest(&input, self.side), largest(&past, self.side));
        output.values_mut().iter_mut().zip(before.values()).for_each(|(o, b)| *o -= b);
        (output, [now, then])
    }

    fn back(&mut self, [now, then]: Self::Memo, gradient: Tensor, adjoint: &mut [Tensor]) -> Tensor {
        let to_sum = &mut adjoint[0];
        let mut to_input = Tensor::zeros(to_sum.shape());
        for ((&g, now), then) in gradient.values().iter().zip(now).zip(then) {
            to_input.values_mut()[now] += g;
            if now != then {
                to_sum.values_mut()[now] += PAST * g;
                to_sum.values_mut()[then] -= PAST * g;
            }
        }
        to_input.values_mut().iter_mut().zip(to_sum.values()).for_each(|(x, s)| *x += s);
        to_input
    }

    fn spikes(&self) -> bool {
        false
    }
}

/// The maximum of what the pixels of a square have sent in all, of which only the growth is sent (Li Y et al. (2022) arXiv:2204.13271): each
/// pixel is inhibited by what the square has sent.
pub struct LiPool {
    /// Side of a square of pixels.
    pub side: usize,
}

impl Cell for LiPool {
    /// Where the maxima were.
    type Memo = Vec<usize>;

    fn name(&self) -> &'static str {
        "li_pool"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        pooled(self.side, input)
    }

    fn rest(&self, input: Shape) -> Vec<Tensor> {
        vec![Tensor::zeros(input)]
    }

    fn step(&self, _: usize, input: Tensor, sum: &mut [Tensor]) -> (Tensor, Self::Memo) {
        sum[0].values_mut().iter_mut().zip(input.values()).for_each(|(s, x)| *s += x);
        let (output, places) = largest(&sum[0], self.side);
        let to = output.shape();
        for_pixels(self.side, input.shape(), to, |i, o| sum[0].values_mut()[i] -= output.values()[o]);
        (output, places)
    }

    fn back(&mut self, places: Vec<usize>, mut gradient: Tensor, adjoint: &mut [Tensor]) -> Tensor {
        let to_sum = &mut adjoint[0];
        for_pixels(self.side, to_sum.shape(), gradient.shape(), |i, o| gradient.values_mut()[o] -= to_sum.values()[i]);
        for (&g, place) in gradient.values().iter().zip(places) {
            to_sum.values_mut()[place] += g;
        }
        to_sum.clone()
    }

    fn spikes(&self) -> bool {
        false
    }
}

/// Calls `visit(input value, output value)` for every value that is not dropped.
fn for_pixels(side: usize, from: Shape, to: Shape, mut visit: impl FnMut(usize, usize)) {
    for image in 0..from.n_images() {
        squares(side, from, |o, i, _| {
            for c in 0..from.channels {
                visit(image * from.n_features() + i * from.channels + c, image * to.n_features() + o * from.channels + c);
            }
        });
    }
}
