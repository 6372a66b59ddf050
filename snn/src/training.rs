//! The training loop: batches in, gradients, steps of the optimiser, and what is worth telling about them.

use serde::{Deserialize, Serialize};

use crate::data::augment::mixed_loss;
use crate::data::{Batch, Dataset, Loader, Order};
use crate::encoder::Encoder;
use crate::error::Error;
use crate::layer::Pass;
use crate::loss::{Loss, predictions};
use crate::network::Network;
use crate::optimizer::{Cosine, Optimizer, Rule};
use crate::tensor::Tensor;
use crate::zoo::ModelOptions;

/// How to train, as typed. Part of every checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// `ce`, `tet` or `mse`.
    pub loss_fn: String,
    /// The part of the target that is spread over all classes.
    pub smoothing: f32,
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
            seed: 42,
        }
    }
}

impl TrainingOptions {
    fn rule(&self) -> Result<Rule, Error> {
        match self.opt.as_str() {
            "adamw" => Ok(Rule::AdamW { weight_decay: self.weight_decay }),
            "sgd" => Ok(Rule::Sgd { momentum: self.momentum, weight_decay: self.weight_decay }),
            name => Err(Error::Unknown { what: "optimiser", name: name.into(), known: "adamw, sgd".into() }),
        }
    }

    fn loss(&self) -> Result<Loss, Error> {
        match self.loss_fn.as_str() {
            "ce" => Ok(Loss::CrossEntropy { smoothing: self.smoothing }),
            "tet" => Ok(Loss::Tet { smoothing: self.smoothing }),
            "mse" => Ok(Loss::MeanSquare),
            name => Err(Error::Unknown { what: "loss", name: name.into(), known: "ce, tet, mse".into() }),
        }
    }

    fn check(&self) -> Result<(), Error> {
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
        if !(self.warmup_epochs >= 0.0 && self.warmup_epochs.is_finite()) {
            return value("warmup-epochs", self.warmup_epochs.to_string(), "a number of epochs");
        }
        Ok(())
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Epochs that are complete.
    pub epoch: u64,
    /// Batches of the next epoch that are done.
    pub batch: u64,
    /// Over those batches.
    pub sums: Sums,
    /// Test images that were classified correctly at the end of the best epoch.
    pub best: u64,
}

/// Sums over batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sums {
    /// Samples.
    pub seen: u64,
    /// Of those, classified correctly.
    pub correct: u64,
    /// The loss summed over samples.
    pub loss: f64,
}

impl Sums {
    fn add(&mut self, loss: f64, predicted: &[u32], labels: &[u32]) {
        self.seen += labels.len() as u64;
        self.correct += predicted.iter().zip(labels).filter(|(p, l)| p == l).count() as u64;
        self.loss += loss * labels.len() as f64;
    }

    /// The fraction classified correctly.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.seen.max(1) as f64
    }

    /// The mean loss.
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.seen.max(1) as f64
    }
}

/// The fraction of values that are not zero behind each layer of neurons, by the layer's name.
pub type Densities = Vec<(String, f64)>;

/// A network, its optimiser, and how far they are.
pub struct Training {
    /// What the network is made from.
    pub model: ModelOptions,
    /// How it is trained.
    pub options: TrainingOptions,
    /// The network.
    pub network: Network,
    /// How far it is.
    pub progress: Progress,
    pub(crate) optimizer: Optimizer,
    loss: Loss,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// With the next batch.
    Continue,
    /// Nothing more, for now.
    Stop,
}

impl Training {
    /// A run that has not begun.
    pub fn new(model: ModelOptions, options: TrainingOptions) -> Result<Training, Error> {
        options.check()?;
        let (rule, loss) = (options.rule()?, options.loss()?);
        let network = model.build()?;
        Ok(Training { model, options, network, progress: Progress::default(), optimizer: Optimizer::new(rule), loss })
    }

    /// Whether images should be normalised: spike encoders want values in 0..1.
    fn normalises(&self) -> bool {
        self.network.encoder() == Encoder::Direct
    }

    /// Whether `dataset` has images and classes as the network takes them.
    pub fn check(&self, dataset: &Dataset) -> Result<(), Error> {
        let (found, expected) = (dataset.train.image, self.network.image());
        let (found_classes, expected_classes) = (dataset.classes, self.network.classes());
        if found == expected && found_classes == expected_classes {
            return self.check_steps(dataset);
        }
        Err(Error::Pairing { dataset: dataset.name, found, found_classes, expected, expected_classes })
    }

    /// Images are encoded; recordings have as many frames as the network has steps.
    fn check_steps(&self, dataset: &Dataset) -> Result<(), Error> {
        let (found, events) = (dataset.train.steps, self.network.encoder() == Encoder::Events);
        let expected = if events { self.network.steps() } else { 1 };
        if found == expected { Ok(()) } else { Err(Error::Frames { dataset: dataset.name, found, expected }) }
    }

    /// Trains up to the end of the current epoch or until `watch`, which is shown every batch, says stop. The result are the
    /// sums over the training images, or `None` if the epoch is not complete.
    pub fn epoch(&mut self, dataset: &Dataset, mut watch: impl FnMut(&Report) -> Next) -> Result<Option<Sums>, Error> {
        let Progress { epoch, batch: first, .. } = self.progress;
        let order = Order::Shuffled { seed: self.options.seed, epoch };
        let n_batches = dataset.train.len().div_ceil(self.options.batch_size) as u64;
        let schedule = Cosine {
            rate: self.options.lr,
            warmup: (self.options.warmup_epochs * n_batches as f64).round() as u64,
            total: self.options.epochs * n_batches,
        };
        for batch in Loader::new(dataset, self.options.batch_size, order, first as usize, self.normalises()) {
            let rate = schedule.at(epoch * n_batches + self.progress.batch);
            let densities = self.step(batch, rate, epoch * n_batches + self.progress.batch)?;
            self.progress.batch += 1;
            let report = Report { epoch, batch: self.progress.batch, n_batches, rate, sums: self.progress.sums, densities };
            if watch(&report) == Next::Stop && self.progress.batch < n_batches {
                return Ok(None);
            }
        }
        let done = Progress { epoch: epoch + 1, batch: 0, sums: Sums::default(), best: self.progress.best };
        Ok(Some(std::mem::replace(&mut self.progress, done).sums))
    }

    fn step(&mut self, batch: Batch, rate: f32, number: u64) -> Result<Densities, Error> {
        let pass = Pass { seed: self.options.seed, number };
        let again = batch.images.clone();
        let mut densities = self.silent();
        let logits = self.network.forward_watched(batch.images, pass, |index, x| note(&mut densities, index, x, 1.0));
        let (loss, gradient) = mixed_loss(&self.loss, &logits, &batch.labels, batch.mixed.as_ref());
        self.network.backward(gradient);
        // Neurons hide what is not a number: it is not above threshold. Their gradient does not.
        let broken = self.network.first_non_finite_gradient();
        if !loss.is_finite() || broken.is_some() {
            let Progress { epoch, batch, .. } = self.progress;
            let place = self.first_non_finite(again, pass).or(broken.map(|name| format!("is in the gradient of {name}")));
            return Err(Error::NotFinite { epoch, batch, loss, place: place.unwrap_or_else(|| "is the loss itself".into()) });
        }
        self.optimizer.step(rate, self.network.parameters_mut());
        self.progress.sums.add(loss, &predictions(&logits), &batch.labels);
        Ok(self.named(densities))
    }

    /// A density of zero for each layer of neurons.
    fn silent(&self) -> Vec<(usize, f64)> {
        self.network.spiking().into_iter().map(|index| (index, 0.0)).collect()
    }

    fn named(&self, densities: Vec<(usize, f64)>) -> Densities {
        densities.into_iter().map(|(index, density)| (self.network.label(index), density)).collect()
    }

    /// Goes through a batch once more to see where it went wrong.
    fn first_non_finite(&mut self, images: Tensor, pass: Pass) -> Option<String> {
        let mut place = None;
        self.network.forward_watched(images, pass, |index, x| {
            place = place.or(x.first_non_finite_step().map(|step| (index, step)));
        });
        place.map(|(index, step)| format!("comes out of layer {} in step {step}", self.network.label(index)))
    }

    /// Evaluates the test images: sums, and the mean density behind each layer of neurons.
    pub fn evaluate(&self, dataset: &Dataset) -> Result<(Sums, Densities), Error> {
        self.check(dataset)?;
        let mut sums = Sums::default();
        let mut densities = self.silent();
        let share = 1.0 / dataset.test.len() as f64;
        let loader = Loader::new(dataset, self.options.batch_size, Order::AsStored, 0, self.normalises());
        for (number, batch) in loader.enumerate() {
            let pass = Pass { seed: self.options.seed, number: number as u64 };
            let weight = batch.labels.len() as f64 * share;
            let logits = self.network.infer_watched(batch.images, pass, |index, x| note(&mut densities, index, x, weight));
            sums.add(self.loss.of(&logits, &batch.labels).0, &predictions(&logits), &batch.labels);
        }
        Ok((sums, self.named(densities)))
    }
}

/// Adds the density of `x`, the output of layer `index`, if that is one of neurons.
fn note(densities: &mut [(usize, f64)], index: usize, x: &Tensor, weight: f64) {
    if let Some((_, density)) = densities.iter_mut().find(|(layer, _)| *layer == index) {
        *density += weight * x.density();
    }
}

/// What there is to tell after a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Counted from zero.
    pub epoch: u64,
    /// Batches of this epoch that are done.
    pub batch: u64,
    /// Batches of an epoch.
    pub n_batches: u64,
    /// The learning rate.
    pub rate: f32,
    /// Over the batches of this epoch.
    pub sums: Sums,
    /// In this batch.
    pub densities: Densities,
}

#[cfg(test)]
mod tests;
