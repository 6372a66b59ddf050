use rayon::prelude::*;

use super::per_channel::{evaluated, factors, learn, settle};
use super::{Kind, Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::tensor::{Shape, Tensor};
use kernels::dispatch;

/// Batch normalisation over steps, samples and pixels of each channel (Ioffe S, Szegedy C (2015) arXiv:1502.03167), with PyTorch's
/// `eps` 1e-5 and `momentum` 0.1.
pub struct BatchNorm {
    name: &'static str,
    scale: Parameter,
    shift: Parameter,
    mean: Vec<f32>,
    variance: Vec<f32>,
    kept: Option<Kept>,
}

struct Kept {
    input: Tensor,
    mean: Vec<f32>,
    /// 1 / standard deviation.
    inverse: Vec<f32>,
}

/// The variance is taken to be this much larger.
pub const BATCH_NORM_EPS: f32 = 1e-5;

/// Pixels that are summed in f32 before the sum is added in f64, and pixels that one task sums.
const RUN: usize = 32;
const TASK: usize = 1024;

impl BatchNorm {
    /// Scales start at 1.
    pub fn new(channels: usize) -> Self {
        BatchNorm::scaled("batch_norm", channels, 1.0)
    }

    /// Threshold-dependent batch normalisation: scales start at `alpha` V_th (Zheng H et al. (2021) arXiv:2011.05280).
    pub fn threshold_dependent(channels: usize, alpha: f32, threshold: f32) -> Self {
        BatchNorm::scaled("td_batch_norm", channels, alpha * threshold)
    }

    fn scaled(name: &'static str, channels: usize, scale: f32) -> Self {
        BatchNorm {
            name,
            scale: Parameter::new("weight", vec![scale; channels], false),
            shift: Parameter::new("bias", vec![0.0; channels], false),
            mean: vec![0.0; channels],
            variance: vec![1.0; channels],
            kept: None,
        }
    }

    fn channels(&self) -> usize {
        self.mean.len()
    }
}

/// The sum over all pixels of two products of `values` and `other`, channel by channel with two numbers `of` each channel, in an order
/// that depends on the shape only.
fn sums<P>(values: &Tensor, other: &Tensor, of: [&[f32]; 2], products: P) -> Vec<[f64; 2]>
where
    P: Fn([f32; 2], [f32; 2]) -> [f32; 2] + Sync,
{
    let channels = values.shape().channels;
    let tasks = values.values().par_chunks(TASK * channels).zip(other.values().par_chunks(TASK * channels));
    let parts: Vec<Vec<[f64; 2]>> = tasks
        .map(|(values, other)| {
            let mut total = vec![[0.0; 2]; channels];
            sum_task([values, other], of, &products, &mut total);
            total
        })
        .collect();
    let mut total = vec![[0.0; 2]; channels];
    for part in parts {
        for (t, p) in total.iter_mut().zip(part) {
            t[0] += p[0];
            t[1] += p[1];
        }
    }
    total
}

dispatch! {
    fn sum_task<P: Fn([f32; 2], [f32; 2]) -> [f32; 2]>(both: [&[f32]; 2], of: [&[f32]; 2], products: &P, total: &mut [[f64; 2]]) = sum_task_body
}

#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn sum_task_body<P: Fn([f32; 2], [f32; 2]) -> [f32; 2]>(both: [&[f32]; 2], of: [&[f32]; 2], products: &P, total: &mut [[f64; 2]]) {
    let channels = total.len();
    let mut run = [vec![0.0f32; channels], vec![0.0f32; channels]];
    let of = of.map(|values| &values[..channels]);
    for (values, other) in both[0].chunks(RUN * channels).zip(both[1].chunks(RUN * channels)) {
        run.iter_mut().for_each(|r| r.fill(0.0));
        let [first, second] = &mut run;
        let [first, second] = [&mut first[..channels], &mut second[..channels]];
        for (values, other) in values.chunks_exact(channels).zip(other.chunks_exact(channels)) {
            // By index, all of one length: a chain of iterators is not vectorised.
            for c in 0..channels {
                let [p, q] = products([values[c], other[c]], [of[0][c], of[1][c]]);
                first[c] += p;
                second[c] += q;
            }
        }
        for (t, (a, b)) in total.iter_mut().zip(first.iter().zip(second.iter())) {
            t[0] += f64::from(*a);
            t[1] += f64::from(*b);
        }
    }
}

/// a x + b per channel.
fn affine(input: &Tensor, a: &[f32], b: &[f32]) -> Tensor {
    let mut output = Tensor::unspecified(input.shape());
    let channels = a.len();
    let tasks = output.values_mut().par_chunks_mut(TASK * channels).zip(input.values().par_chunks(TASK * channels));
    tasks.for_each(|(output, input)| affine_task(input, a, b, output));
    output
}

dispatch! { fn affine_task(input: &[f32], a: &[f32], b: &[f32], output: &mut [f32]) = affine_task_body }

#[inline(always)]
fn affine_task_body(input: &[f32], a: &[f32], b: &[f32], output: &mut [f32]) {
    for (output, input) in output.chunks_exact_mut(a.len()).zip(input.chunks_exact(a.len())) {
        for ((y, x), (a, b)) in output.iter_mut().zip(input).zip(a.iter().zip(b)) {
            *y = a * x + b;
        }
    }
}

dispatch! {
    /// a g + b x + c per channel, instead of `gradient`.
    fn gradient_task(gradient: &mut [f32], input: &[f32], factors: &[Vec<f32>; 3]) = gradient_task_body
}

#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn gradient_task_body(gradient: &mut [f32], input: &[f32], factors: &[Vec<f32>; 3]) {
    let channels = factors[0].len();
    let [a, b, c] = [&factors[0][..channels], &factors[1][..channels], &factors[2][..channels]];
    for (gradient, input) in gradient.chunks_exact_mut(channels).zip(input.chunks_exact(channels)) {
        for i in 0..channels {
            gradient[i] = a[i] * gradient[i] + b[i] * input[i] + c[i];
        }
    }
}

impl Layer for BatchNorm {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kind(&self) -> Kind {
        Kind::BatchNorm
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.channels(), input.channels);
        if found == expected { Ok(input) } else { Err(Misfit::Width { what: "channels", expected, found }) }
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let [a, b] = evaluated([&self.scale.values, &self.shift.values, &self.mean, &self.variance]);
        affine(input, &a, &b)
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let n = (input.shape().len() / self.channels()) as f64;
        // Around the running mean, because the difference of large squares would lose the variance of data far from zero.
        let around = &self.mean;
        let moments = sums(&input, &input, [around, around], |[x, _], [around, _]| [x - around, (x - around) * (x - around)]);
        let [mean, inverse] = settle(&moments, n, &mut self.mean, &mut self.variance);
        let [a, b] = factors(&self.scale.values, &self.shift.values, &mean, &inverse);
        let output = affine(&input, &a, &b);
        self.kept = Some(Kept { input, mean, inverse });
        output
    }

    fn backward(&mut self, mut gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let Kept { input, mean, inverse } = kept(&mut self.kept);
        let channels = self.channels();
        let n = (input.shape().len() / channels) as f64;
        let totals = sums(&gradient, &input, [&mean, &inverse], |[g, x], [mean, inverse]| [g, g * ((x - mean) * inverse)]);
        let factors = learn([&mut self.scale, &mut self.shift], &totals, n, [&mean, &inverse]);
        // As columns, which fill vectors.
        let factors: [Vec<f32>; 3] = std::array::from_fn(|i| factors.iter().map(|factors| factors[i]).collect());
        if !wanted {
            return None;
        }
        let tasks = gradient.values_mut().par_chunks_mut(TASK * channels).zip(input.values().par_chunks(TASK * channels));
        tasks.for_each(|(gradient, input)| gradient_task(gradient, input, &factors));
        Some(gradient)
    }

    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.scale, &self.shift]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.scale, &mut self.shift]
    }

    fn buffers(&self) -> Vec<(&'static str, &Vec<f32>)> {
        vec![("running_mean", &self.mean), ("running_var", &self.variance)]
    }

    fn tensors_mut(&mut self) -> Vec<&mut Vec<f32>> {
        vec![&mut self.scale.values, &mut self.shift.values, &mut self.mean, &mut self.variance]
    }
}
