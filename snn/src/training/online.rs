//! Step by step: nothing is kept of a step when the next one begins.

use super::Training;
use crate::data::Batch;
use crate::data::augment::mixed_loss;
use crate::encoder::Encoder;
use crate::layer::{Pass, Seen};
use crate::network::OnlineState;
use crate::random::{For, Random, key};
use crate::tensor::Tensor;

impl Training {
    /// For how many steps a batch is shown.
    pub(super) fn steps(&self, pass: Pass) -> usize {
        let steps = self.network.steps();
        if !self.options.rand_step {
            return steps;
        }
        // As BrainCog draws them.
        1 + Random::new(pass.seed, key(For::Steps, 0, pass.number)).below(steps + 2)
    }

    /// The gradient of the mean over steps of the loss of each step's logits, each without its past. `watch` is told as by
    /// [`Training::infer_online`]. The result are the loss and the mean logits.
    pub(super) fn learn_online(
        &mut self,
        batch: &Batch,
        pass: Pass,
        steps: usize,
        watch: &mut impl FnMut(usize, Seen, f64),
    ) -> (f64, Tensor) {
        let frames = Frames::new(self, batch.images.clone(), pass);
        let (mut state, mut mean, mut total) = (OnlineState::default(), None, 0.0);
        for t in 0..steps {
            let logits = self.network.forward_step(frames.at(t), &mut state, pass, |index, seen| watch(index, seen, 1.0 / steps as f64));
            let (loss, mut gradient) = mixed_loss(&self.loss, &logits, &batch.labels, batch.mixed.as_ref());
            gradient.values_mut().iter_mut().for_each(|g| *g /= steps as f32);
            self.network.backward(gradient);
            total += loss / steps as f64;
            add(&mut mean, &logits, steps);
        }
        (total, mean.expect("there is at least one step"))
    }

    /// The mean logits without training. `watch` is also told which part of all steps a step is.
    pub(super) fn infer_online(&self, images: Tensor, pass: Pass, mut watch: impl FnMut(usize, Seen, f64)) -> Tensor {
        let steps = self.network.steps();
        let frames = Frames::new(self, images, pass);
        let (mut state, mut mean) = (OnlineState::default(), None);
        for t in 0..steps {
            let logits = self.network.infer_step(&frames.at(t), &mut state, |index, seen| watch(index, seen, 1.0 / steps as f64));
            add(&mut mean, &logits, steps);
        }
        mean.expect("there is at least one step")
    }
}

fn add(mean: &mut Option<Tensor>, logits: &Tensor, steps: usize) {
    let mean = mean.get_or_insert_with(|| Tensor::zeros(logits.shape()));
    mean.values_mut().iter_mut().zip(logits.values()).for_each(|(mean, x)| *mean += x / steps as f32);
}

/// What the first layer gets in every step.
struct Frames {
    images: Tensor,
    /// Whether all steps get the same.
    still: bool,
}

impl Frames {
    fn new(training: &Training, images: Tensor, pass: Pass) -> Frames {
        let still = training.network.encoder() == Encoder::Direct;
        Frames { images: training.network.encode(images, pass), still }
    }

    fn at(&self, step: usize) -> Tensor {
        self.images.frame(if self.still { 0 } else { step })
    }
}
