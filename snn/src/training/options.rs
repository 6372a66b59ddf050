use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::loss::{self, Loss};
use crate::optimizer::Rule;

/// How to train, as typed. Part of every checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingOptions {
    /// Passes over the training images.
    pub epochs: u64,
    /// Samples per step of the optimiser.
    pub batch_size: usize,
    /// The highest learning rate.
    pub lr: f32,
    /// Epochs in which the rate rises.
    pub warmup_epochs: f64,
    /// `adamw` or `sgd`.
    pub opt: String,
    /// Of weights, not of biases and scales.
    pub weight_decay: f32,
    /// Of `sgd`.
    pub momentum: f32,
    /// One of [`loss::NAMES`](crate::loss::NAMES).
    pub loss_fn: String,
    /// The part of the target that is spread over all classes.
    pub smoothing: f32,
    /// The longest gradient of all parameters together that is followed as it is; longer ones are shortened to it. `None` for any.
    pub clip_grad: Option<f32>,
    /// Standard deviation of noise that is added to every gradient.
    pub noisy_grad: f32,
    /// What is left of the running average of the weights in each step; `None` for no average. With it, the average is what is evaluated.
    pub model_ema: Option<f32>,
    /// Epochs without a better accuracy after which training ends; 0 for never.
    pub patience: u64,
    /// Whether each step is learned from by itself ([spatial learning through time](crate::training), with memory that does not depend on the number of
    /// steps) instead of all steps at once.
    pub online: bool,
    /// With `online`: whether weights learn from traces of what came in before ([online training through time](crate::training)).
    pub traces: bool,
    /// Whether every batch is shown for a number of steps drawn between 1 and two more than the network's.
    pub rand_step: bool,
    /// Of the order of samples, dropout and random encoders.
    pub seed: u64,
}

impl Default for TrainingOptions {
    fn default() -> Self {
        TrainingOptions {
            epochs: 10,
            batch_size: 128,
            lr: 5e-3,
            warmup_epochs: 0.5,
            opt: "adamw".into(),
            weight_decay: 0.01,
            momentum: 0.9,
            loss_fn: "ce".into(),
            smoothing: 0.0,
            clip_grad: None,
            noisy_grad: 0.0,
            model_ema: None,
            patience: 0,
            online: false,
            traces: false,
            rand_step: false,
            seed: 42,
        }
    }
}

impl TrainingOptions {
    pub(super) fn rule(&self) -> Result<Rule, Error> {
        match self.opt.as_str() {
            "adamw" => Ok(Rule::AdamW { weight_decay: self.weight_decay }),
            "sgd" => Ok(Rule::Sgd { momentum: self.momentum, weight_decay: self.weight_decay }),
            name => Err(Error::Unknown { what: "optimiser", name: name.into(), known: "adamw, sgd".into() }),
        }
    }

    pub(super) fn loss(&self) -> Result<Loss, Error> {
        let unknown = || Error::Unknown { what: "loss", name: self.loss_fn.clone(), known: loss::NAMES.join(", ") };
        Loss::named(&self.loss_fn, self.smoothing).ok_or_else(unknown)
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let value = |what, found: String, expected| Err(Error::Value { what, found, expected });
        if self.batch_size == 0 || self.batch_size > 1 << 16 {
            return value("the batch size", self.batch_size.to_string(), "1 to 65536");
        }
        if !(self.lr > 0.0 && self.lr.is_finite()) {
            return value("the learning rate", self.lr.to_string(), "a positive number");
        }
        if !(0.0..1.0).contains(&self.smoothing) {
            return value("smoothing", self.smoothing.to_string(), "at least 0 and less than 1");
        }
        if let Some(norm) = self.clip_grad.filter(|norm| *norm <= 0.0 || norm.is_nan()) {
            return value("clip-grad", norm.to_string(), "a positive number");
        }
        if let Some(decay) = self.model_ema.filter(|decay| !(0.0..1.0).contains(decay)) {
            return value("model-ema", decay.to_string(), "at least 0 and less than 1");
        }
        if !(self.noisy_grad >= 0.0 && self.noisy_grad.is_finite()) {
            return value("noisy-grad", self.noisy_grad.to_string(), "at least 0");
        }
        if !(self.warmup_epochs >= 0.0 && self.warmup_epochs.is_finite()) {
            return value("warmup-epochs", self.warmup_epochs.to_string(), "a number of epochs");
        }
        Ok(())
    }
}
