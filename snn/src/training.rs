//! The training loop: batches in, gradients, steps of the optimiser, and what is worth telling about them.
//!
//! Usually the gradient goes back through all steps at once. With [`online`](TrainingOptions::online) it does not go back in time: every step has a loss and a
//! gradient of its own, with the state of the neurons taken as it is (spatial learning through time, SLTT; Meng Q et al. (2023) arXiv:2302.14311). A step is
//! forgotten before the next one begins. With [`traces`](TrainingOptions::traces) every layer of weights carries a trace of its input, so that what came in before
//! counts for as much as membranes remember of it (online training through time, OTTT; Xiao M et al. (2022) arXiv:2210.04195).

mod online;
mod options;

use kernels::cuda::{self, Device};
use serde::{Deserialize, Serialize};

pub use options::TrainingOptions;

use crate::activity::Activity;
use crate::data::augment::mixed_loss;
use crate::data::{Batch, Dataset, Loader, Order};
use crate::device::OnDevice;
use crate::encoder::Encoder;
use crate::error::Error;
use crate::layer::{Pass, Seen};
use crate::loss::{Loss, predictions};
use crate::network::Network;
use crate::node::{If, Lif, Node};
use crate::optimizer::{self, Cosine, Optimizer};
use crate::tensor::Tensor;
use crate::zoo::ModelOptions;

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Progress {
    /// Epochs that are complete.
    pub epoch: u64,
    /// Batches of the next epoch that are done.
    pub batch: u64,
    /// Over those batches.
    pub sums: Sums,
    /// Test images that were classified correctly at the end of the best epoch.
    pub best: u64,
    /// Epochs since then.
    pub stale: u64,
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

/// Batches between two looks at what goes on in every layer, which costs a pass over their inputs.
const LOOK: u64 = 16;

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
    /// The running average of all tensors of the network; empty without.
    pub(crate) average: Vec<Vec<f32>>,
    loss: Loss,
    /// What computes the network, if not this processor.
    device: Option<OnDevice>,
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
        let mut network = model.build()?;
        if options.online || options.rand_step {
            network.check_online()?;
        }
        if options.traces {
            network.follow_traces(leak(&model, &options)?)?;
        }
        if options.rand_step && network.encoder() != Encoder::Direct {
            return Err(Error::Value { what: "the encoder", found: model.encode, expected: "direct, for a random number of steps" });
        }
        let average = options.model_ema.map(|_| network.tensors().into_iter().map(|(_, values)| values.clone()).collect());
        let (progress, average) = (Progress::default(), average.unwrap_or_default());
        Ok(Training { model, options, network, progress, optimizer: Optimizer::new(rule), average, loss, device: None })
    }

    /// Has the network computed on a device from now on. Refuses networks that it cannot compute, by the name of a layer, before it opens
    /// the device; the result is what that is called.
    pub fn use_device(&mut self, open: impl FnOnce() -> Result<Device, cuda::Error>) -> Result<String, Error> {
        if self.options.online || self.options.rand_step {
            return Err(Error::Value { what: "--backend", found: "cuda".into(), expected: "cpu for --online and --rand-step" });
        }
        OnDevice::check(&self.network)?;
        let device = OnDevice::new(&self.network, open()?)?;
        device.fits(&mut self.network, self.options.batch_size)?;
        Ok(self.device.insert(device).name())
    }

    /// Exchanges the weights with their running average, if there is one.
    pub fn swap_average(&mut self) {
        self.network.tensors_mut().into_iter().zip(&mut self.average).for_each(|(now, average)| std::mem::swap(now, average));
    }

    fn follow_average(&mut self) {
        let Some(decay) = self.options.model_ema else { return };
        for (average, (_, now)) in self.average.iter_mut().zip(self.network.tensors()) {
            average.iter_mut().zip(now).for_each(|(average, now)| *average += (1.0 - decay) * (now - *average));
        }
    }

    /// Takes note of how many test images were classified correctly after an epoch; whether that was better than ever.
    pub fn judge(&mut self, correct: u64) -> bool {
        let better = correct > self.progress.best;
        self.progress.best = self.progress.best.max(correct);
        self.progress.stale = if better { 0 } else { self.progress.stale + 1 };
        better
    }

    /// Whether all epochs are over, or enough of them were no better.
    pub fn is_over(&self) -> bool {
        let Progress { epoch, stale, .. } = self.progress;
        epoch >= self.options.epochs || (self.options.patience > 0 && stale >= self.options.patience)
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
        let mut batches = Loader::new(dataset, self.options.batch_size, order, first as usize, self.normalises());
        for batch in batches.by_ref() {
            let rate = schedule.at(epoch * n_batches + self.progress.batch);
            let before = self.progress.sums.loss;
            let samples = batch.labels.len() as f64;
            let (densities, activity) = self.step(batch, rate, epoch * n_batches + self.progress.batch)?;
            self.progress.batch += 1;
            let (batch, sums) = (self.progress.batch, self.progress.sums);
            let loss = (sums.loss - before) / samples;
            let report = Report { epoch, batch, n_batches, rate, loss, sums, densities, activity };
            if watch(&report) == Next::Stop && self.progress.batch < n_batches {
                return Ok(None);
            }
        }
        batches.finish()?;
        let done = Progress { epoch: epoch + 1, batch: 0, sums: Sums::default(), ..self.progress };
        Ok(Some(std::mem::replace(&mut self.progress, done).sums))
    }

    fn step(&mut self, batch: Batch, rate: f32, number: u64) -> Result<(Densities, Option<Activity>), Error> {
        let pass = Pass { seed: self.options.seed, number };
        let steps = self.steps(pass);
        self.network.repeat(steps);
        let (loss, logits, densities, activity) = self.learn(&batch, pass, steps)?;
        // Neurons hide what is not a number: it is not above threshold. Their gradient does not.
        let broken = self.network.first_non_finite_gradient();
        if !loss.is_finite() || broken.is_some() {
            let place = self.first_non_finite(batch.images, pass).or(broken.map(|name| format!("is in the gradient of {name}")));
            let Progress { epoch, batch, .. } = self.progress;
            return Err(Error::NotFinite { epoch, batch, loss, place: place.unwrap_or_else(|| "is the loss itself".into()) });
        }
        if self.options.noisy_grad > 0.0 {
            optimizer::add_noise(&mut self.network.parameters_mut(), self.options.noisy_grad, pass);
        }
        if let Some(longest) = self.options.clip_grad {
            optimizer::clip(&mut self.network.parameters_mut(), longest);
        }
        self.network.repeat(self.network.steps());
        self.optimizer.step(rate, self.network.parameters_mut());
        self.follow_average();
        self.progress.sums.add(loss, &predictions(&logits), &batch.labels);
        Ok((densities, activity))
    }

    /// Forwards and backwards through a batch: the loss, the logits, the densities behind layers of neurons and, now and then, what went
    /// on in every layer. Gradients are added to.
    fn learn(&mut self, batch: &Batch, pass: Pass, steps: usize) -> Result<(f64, Tensor, Densities, Option<Activity>), Error> {
        let look = pass.number.is_multiple_of(LOOK);
        if let Some(device) = &mut self.device {
            let mut activity = Activity::new(self.network.summary());
            let logits = device.forward(&mut self.network, batch.images.clone(), pass, (&mut activity, look))?;
            let (loss, gradient) = mixed_loss(&self.loss, &logits, &batch.labels, batch.mixed.as_ref());
            device.backward(&mut self.network, &gradient)?;
            return Ok((loss, logits, activity.densities(), look.then_some(activity)));
        }
        let mut densities = self.silent();
        let mut activity = look.then(|| Activity::new(self.network.summary()));
        let mut watch = |index: usize, seen: Seen, part: f64| {
            if let Some(activity) = &mut activity {
                activity.note(index, seen, part);
            }
            note(&mut densities, index, seen, part);
        };
        let (loss, logits) = if self.options.online {
            self.learn_online(batch, pass, steps, &mut watch)
        } else {
            let logits = self.network.forward_watched(batch.images.clone(), pass, |index, seen| watch(index, seen, 1.0));
            let (loss, gradient) = mixed_loss(&self.loss, &logits, &batch.labels, batch.mixed.as_ref());
            self.network.backward(gradient);
            (loss, logits)
        };
        Ok((loss, logits, self.named(densities), activity))
    }

    /// A density of zero for each layer of neurons.
    fn silent(&self) -> Vec<(usize, f64)> {
        self.network.spiking().into_iter().map(|index| (index, 0.0)).collect()
    }

    fn named(&self, densities: Vec<(usize, f64)>) -> Densities {
        densities.into_iter().map(|(index, density)| (self.network.label(index).to_string(), density)).collect()
    }

    /// Goes through a batch once more to see where it went wrong.
    fn first_non_finite(&mut self, images: Tensor, pass: Pass) -> Option<String> {
        let mut place = None;
        self.network.forward_watched(images, pass, |index, seen| {
            let Seen::Output(x) = seen else { return };
            place = place.or(x.first_non_finite_step().map(|step| (index, step)));
        });
        place.map(|(index, step)| format!("comes out of layer {} in step {step}", self.network.label(index)))
    }

    /// Evaluates the test images: sums, and the mean density behind each layer of neurons.
    pub fn evaluate(&self, dataset: &Dataset) -> Result<(Sums, Densities), Error> {
        self.examine(dataset).map(|(sums, activity)| (sums, activity.densities()))
    }

    /// Evaluates the test images: sums, and what goes on in every layer.
    pub fn examine(&self, dataset: &Dataset) -> Result<(Sums, Activity), Error> {
        self.check(dataset)?;
        let (mut sums, mut activity) = (Sums::default(), Activity::new(self.network.summary()));
        let share = 1.0 / dataset.test.len() as f64;
        let loaded = self.device.as_ref().map(|device| device.load(&self.network)).transpose()?;
        let mut batches = Loader::new(dataset, self.options.batch_size, Order::AsStored, 0, self.normalises());
        for (number, batch) in batches.by_ref().enumerate() {
            let pass = Pass { seed: self.options.seed, number: number as u64 };
            let share = batch.labels.len() as f64 * share;
            let logits = match self.device.as_ref().zip(loaded.as_ref()) {
                Some((device, loaded)) => device.infer(&self.network, loaded, batch.images, pass, (&mut activity, share))?,
                None if self.options.online => {
                    self.infer_online(batch.images, pass, |index, seen, part| activity.note(index, seen, share * part))
                }
                None => self.network.infer_watched(batch.images, pass, |index, seen| activity.note(index, seen, share)),
            };
            sums.add(self.loss.of(&logits, &batch.labels).0, &predictions(&logits), &batch.labels);
        }
        batches.finish()?;
        Ok((sums, activity))
    }
}

/// What is left of a membrane after a step, for traces of what led to it.
fn leak(model: &ModelOptions, options: &TrainingOptions) -> Result<f32, Error> {
    if !options.online {
        return Err(Error::Value { what: "online", found: "false".into(), expected: "true, for traces" });
    }
    match model.node_type.as_str() {
        If::NAME => Ok(1.0),
        Lif::NAME => Ok(1.0 - 1.0 / model.tau),
        name => Err(Error::Value {
            what: "--node-type",
            found: name.into(),
            expected: "IFNode or LIFNode for --online ottt, which must know their leak",
        }),
    }
}

/// Adds the density of the output of layer `index`, if that is one of neurons, in this part of all steps.
fn note(densities: &mut [(usize, f64)], index: usize, seen: Seen, part: f64) {
    if let Seen::Output(x) = seen
        && let Some((_, density)) = densities.iter_mut().find(|(layer, _)| *layer == index)
    {
        *density += part * x.density();
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
    /// The mean loss of this batch.
    pub loss: f64,
    /// Over the batches of this epoch.
    pub sums: Sums,
    /// In this batch.
    pub densities: Densities,
    /// What went on in every layer in this batch; of one batch in sixteen.
    pub activity: Option<Activity>,
}

#[cfg(test)]
mod tests;
