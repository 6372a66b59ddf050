use super::stepwise::{Cell, Neurons, NeuronsMemo};
use super::{Init, Misfit, Parameter};
use crate::node::{Lif, Node};
use crate::surrogate::{Kind, Surrogate};
use crate::tensor::{Shape, Tensor};

/// Temporal interaction module of spiking transformers: Y\[0\] = X\[0\], Y\[t\] = LIF_0.5(alpha LIF_0.3(W * Y\[t - 1\]) + (1 - alpha) X\[t\]) (Shen S et al.
/// (2024) arXiv:2401.11687). W convolves along the channels of a head, 5 at a time, from all pixels to all pixels.
pub struct Tim<T = Lif> {
    pixels: usize,
    heads: usize,
    alpha: f32,
    weight: Parameter,
    bias: Parameter,
    inner: Neurons<T, 1>,
    outer: Neurons<T, 1>,
}

const WIDTH: usize = 5;

/// What a step was: none of this in the first.
pub struct TimMemo(Option<(Tensor, NeuronsMemo<1>, NeuronsMemo<1>)>);

impl Tim {
    /// For images of `pixels` pixels and attention of `heads` heads.
    pub fn new(pixels: usize, heads: usize, tau: f32, init: Init) -> Self {
        let neurons = |threshold| Neurons::new(Lif { threshold, tau }, Surrogate::new(Kind::QGate));
        Tim::of(pixels, heads, [neurons(0.3), neurons(0.5)], init)
    }
}

impl<T: Node<1>> Tim<T> {
    /// With these inner and outer neurons.
    pub(super) fn of(pixels: usize, heads: usize, [inner, outer]: [Neurons<T, 1>; 2], init: Init) -> Self {
        let fan_in = pixels * WIDTH;
        Tim {
            pixels,
            heads,
            alpha: 0.5,
            weight: Parameter::uniform("weight", pixels * fan_in, fan_in, init),
            bias: Parameter::uniform("bias", pixels, fan_in, init),
            inner,
            outer,
        }
    }

    /// Calls `visit(weight, to, from)` for every product of an image with `channels` channels: places in the weights and in the image.
    fn products(&self, channels: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let per_head = channels / self.heads;
        for to in 0..self.pixels {
            for from in 0..self.pixels {
                for tap in 0..WIDTH {
                    let weight = (to * self.pixels + from) * WIDTH + tap;
                    for channel in 0..channels {
                        let place = channel % per_head + tap;
                        if (WIDTH / 2..per_head + WIDTH / 2).contains(&place) {
                            visit(weight, to * channels + channel, from * channels + channel + tap - WIDTH / 2);
                        }
                    }
                }
            }
        }
    }

    fn convolved(&self, y: &Tensor) -> Tensor {
        let (shape, channels) = (y.shape(), y.shape().channels);
        let mut output = Tensor::zeros(shape);
        for (output, y) in output.values_mut().chunks_exact_mut(shape.n_features()).zip(y.values().chunks_exact(shape.n_features())) {
            for (output, &bias) in output.chunks_exact_mut(channels).zip(&self.bias.values) {
                output.fill(bias);
            }
            self.products(channels, |weight, to, from| output[to] += self.weight.values[weight] * y[from]);
        }
        output
    }

    fn convolved_back(&mut self, y: &Tensor, gradient: &Tensor) -> Tensor {
        let (shape, channels) = (y.shape(), y.shape().channels);
        let mut to_y = Tensor::zeros(shape);
        let mut by_weight = vec![0.0; self.weight.values.len()];
        let images = y.values().chunks_exact(shape.n_features()).zip(gradient.values().chunks_exact(shape.n_features()));
        for (to_y, (y, g)) in to_y.values_mut().chunks_exact_mut(shape.n_features()).zip(images) {
            self.products(channels, |weight, to, from| {
                to_y[from] += self.weight.values[weight] * g[to];
                by_weight[weight] += g[to] * y[from];
            });
            for (bias, g) in self.bias.gradient.iter_mut().zip(g.chunks_exact(channels)) {
                *bias += g.iter().sum::<f32>();
            }
        }
        self.weight.gradient.iter_mut().zip(by_weight).for_each(|(w, by)| *w += by);
        to_y
    }
}

impl<T: Node<1>> Cell for Tim<T> {
    type Memo = TimMemo;

    fn name(&self) -> &'static str {
        "tim"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.pixels, input.height * input.width);
        if expected != found {
            return Err(Misfit::Width { what: "pixels", expected, found });
        }
        match input.channels % self.heads {
            0 => Ok(input),
            _ => Err(Misfit::Width {
                what: "channels (a multiple of the heads)",
                expected: input.channels.next_multiple_of(self.heads),
                found: input.channels,
            }),
        }
    }

    fn rest(&self, input: Shape) -> Vec<Tensor> {
        // The membranes of both, and what was sent.
        vec![Tensor::zeros(input), Tensor::zeros(input), Tensor::zeros(input)]
    }

    fn step(&self, t: usize, input: Tensor, carried: &mut [Tensor]) -> (Tensor, TimMemo) {
        let [inner, outer, before] = carried else { unreachable!("three are carried") };
        if t == 0 {
            *before = input.clone();
            return (input, TimMemo(None));
        }
        let (mut mixed, inner) = self.inner.step(&self.convolved(before), std::slice::from_mut(inner));
        mixed.values_mut().iter_mut().zip(input.values()).for_each(|(m, x)| *m = self.alpha * *m + (1.0 - self.alpha) * x);
        let (sent, outer) = self.outer.step(&mixed, std::slice::from_mut(outer));
        let before = std::mem::replace(before, sent.clone());
        (sent, TimMemo(Some((before, inner, outer))))
    }

    fn back(&mut self, memo: TimMemo, mut gradient: Tensor, adjoint: &mut [Tensor]) -> Tensor {
        let [to_inner, to_outer, to_sent] = adjoint else { unreachable!("three are carried") };
        gradient.values_mut().iter_mut().zip(to_sent.values()).for_each(|(g, s)| *g += s);
        let Some((before, inner, outer)) = memo.0 else { return gradient };
        let mut to_mixed = self.outer.back(outer, gradient, std::slice::from_mut(to_outer));
        let mut to_spikes = to_mixed.clone();
        to_spikes.values_mut().iter_mut().for_each(|g| *g *= self.alpha);
        to_mixed.values_mut().iter_mut().for_each(|g| *g *= 1.0 - self.alpha);
        let to_conv = self.inner.back(inner, to_spikes, std::slice::from_mut(to_inner));
        *to_sent = self.convolved_back(&before, &to_conv);
        to_mixed
    }

    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.weight, &self.bias]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weight, &mut self.bias]
    }

    fn products(&self, input: Shape) -> u64 {
        input.len() as u64 * (self.pixels * WIDTH) as u64
    }
}
