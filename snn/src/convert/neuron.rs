//! Neurons whose rate is the activation they stand for.

use rayon::prelude::*;

use crate::layer::{Kind, Layer, LayerState, Misfit, Pass};
use crate::tensor::{Shape, Tensor};
use models::kit::{exp, ln};

/// Thresholds that follow the membrane (multi-stage adaptive threshold, He X et al. (2023) arXiv:2303.13080, as in BrainCog: a sum of
/// a dynamic temporal and a dynamic energy term, squeezed into 0..1 by the logistic function).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// Of the last potential against its mean.
    pub alpha: f32,
    /// Height of the soft step at the mean potential.
    pub step: f32,
    /// Width of that step.
    pub width: f32,
    /// Fall of the energy term with the input.
    pub fall: f32,
    /// Weight of the temporal term.
    pub temporal: f32,
    /// Weight of the energy term.
    pub energy: f32,
}

impl Default for Adaptive {
    fn default() -> Self {
        Adaptive { alpha: 1.0, step: 1.0, width: 1.0, fall: 1.0, temporal: 1.0, energy: 1.0 }
    }
}

/// How neurons of a converted network fire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Firing {
    /// Spikes of a step at most (burst, Li Y, Zeng Y (2022) arXiv:2204.13271); 1 for single ones.
    pub burst: u32,
    /// V at the start, in thresholds.
    pub start: f32,
    /// Spike calibration: after so many steps more than its mean interval without a spike, a neuron takes one back (Li Y et al. (2022)
    /// arXiv:2203.09000); 0 for never.
    pub calibration: u32,
    /// Thresholds that follow the membrane.
    pub adaptive: Option<Adaptive>,
}

/// V <- V + x / scale; as many spikes as there are thresholds in V, which are subtracted; each counts `scale`.
pub struct Converted {
    /// One for all, or one per channel.
    scale: Vec<f32>,
    firing: Firing,
}

/// Variables of a neuron: V; spikes so far, steps since the last one; potential before the last spike and its sum; steps.
const VARIABLES: usize = 6;

impl Converted {
    /// Neurons whose spikes count `scale`: one for all, or one per channel.
    pub fn new(scale: Vec<f32>, firing: Firing) -> Self {
        assert!(!scale.is_empty() && scale.iter().all(|s| *s > 0.0) && firing.burst > 0, "{scale:?} {firing:?}");
        Converted { scale, firing }
    }

    fn step(&self, [v, spikes, silent, before, sum, t]: &mut [f32; VARIABLES], x: f32) -> f32 {
        *v = if *t == 0.0 { self.firing.start } else { *v } + x;
        let threshold = match self.firing.adaptive {
            Some(adaptive) if *t > 0.0 => adaptive.threshold(*before, *sum / *t, x),
            _ => 1.0,
        };
        *before = *v;
        *sum += *v;
        *t += 1.0;
        let fired = (*v / threshold).floor().clamp(0.0, self.firing.burst as f32);
        *v -= fired * threshold;
        let taken = self.calibrate([spikes, silent], fired, *t);
        (fired - taken) * threshold
    }

    /// Spikes that are taken back in this step.
    fn calibrate(&self, [spikes, silent]: [&mut f32; 2], fired: f32, t: f32) -> f32 {
        if self.firing.calibration == 0 {
            return 0.0;
        }
        *silent = if fired > 0.0 { 0.0 } else { *silent + 1.0 };
        *spikes += fired;
        let late = *spikes > 0.0 && *silent > t / *spikes + self.firing.calibration as f32;
        if late {
            *spikes -= 1.0;
            *silent = 0.0;
        }
        f32::from(late)
    }
}

impl Adaptive {
    fn threshold(&self, last: f32, mean: f32, x: f32) -> f32 {
        let above = last - mean;
        let temporal = self.alpha * above - 1.0 + self.step * ln(1.0 + exp((above / self.width).min(60.0)));
        let energy = exp((-x / self.fall).min(60.0));
        1.0 / (1.0 + exp(-(self.temporal * temporal + self.energy * energy)))
    }
}

impl Layer for Converted {
    fn name(&self) -> &'static str {
        "converted"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let (expected, found) = (self.scale.len(), input.channels);
        if expected == 1 || expected == found { Ok(input) } else { Err(Misfit::Width { what: "channels", expected, found }) }
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        let n = input.shape().per_step();
        state.values.resize(VARIABLES * n, 0.0);
        let mut output = Tensor::unspecified(input.shape());
        for step in 0..input.shape().steps {
            let input = input.step(step);
            let outputs = output.values_mut()[step * n..(step + 1) * n].par_iter_mut();
            outputs.zip(input).zip(state.values.as_chunks_mut().0).enumerate().for_each(|(i, ((y, x), state))| {
                let scale = self.scale[i % self.scale.len()];
                *y = scale * self.step(state, x / scale);
            });
        }
        output
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        self.infer(&input, &mut LayerState::new())
    }

    /// Straight through: converted networks are for evaluation.
    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        wanted.then_some(gradient)
    }

    fn spikes(&self) -> bool {
        true
    }
}

/// Maximum pooling of spikes by lateral inhibition: what has come in so far competes, and what was sent is taken from all that competed
/// (LIPooling, Li Y, Zeng Y (2022) arXiv:2204.13271).
pub struct LateralPool {
    pool: crate::layer::MaxPool,
    side: usize,
}

impl LateralPool {
    /// Squares of `side` pixels.
    pub fn new(side: usize) -> Self {
        LateralPool { pool: crate::layer::MaxPool::new(side), side }
    }
}

impl Layer for LateralPool {
    fn name(&self) -> &'static str {
        "lateral_pool"
    }

    fn kind(&self) -> Kind {
        Kind::Nodes
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        self.pool.shape(input)
    }

    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        let one = Shape { steps: 1, ..input.shape() };
        let to = self.pool.shape(input.shape()).expect("the layer was checked for this shape");
        let mut output = Tensor::unspecified(to);
        state.values.resize(one.len(), 0.0);
        for step in 0..input.shape().steps {
            state.values.iter_mut().zip(input.step(step)).for_each(|(sum, x)| *sum += x);
            let sent = self.pool.infer(&Tensor::new(one, state.values.clone()), &mut LayerState::new());
            self.inhibit(one, sent.values(), &mut state.values);
            output.values_mut()[step * to.per_step()..][..to.per_step()].copy_from_slice(sent.values());
        }
        output
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        self.infer(&input, &mut LayerState::new())
    }

    /// Converted networks are for evaluation.
    fn backward(&mut self, _: Tensor, _: bool) -> Option<Tensor> {
        None
    }
}

impl LateralPool {
    fn inhibit(&self, from: Shape, sent: &[f32], sums: &mut [f32]) {
        let (height, width, c) = (from.height / self.side, from.width / self.side, from.channels);
        for (image, sent) in sums.chunks_exact_mut(from.n_features()).zip(sent.chunks_exact(height * width * c)) {
            for y in 0..height * self.side {
                for x in 0..width * self.side {
                    let (i, o) = (y * from.width + x, y / self.side * width + x / self.side);
                    image[i * c..][..c].iter_mut().zip(&sent[o * c..][..c]).for_each(|(sum, y)| *sum -= y);
                }
            }
        }
    }
}
