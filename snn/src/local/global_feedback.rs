//! Learning by global feedback (GLSNN; Zhao D, Zeng Y, Zhang T, Shi M, Zhao F (2020) doi:10.3389/fncom.2020.576841): instead of sending errors back layer by
//! layer, the output tells every hidden layer at once, through fixed random weights, at which rates its neurons should fire. Each layer then changes its own
//! weights so that they do.
//!
//! An image is a constant current into the first layer, and each layer's rates over all steps are the current into the next one. With the output's rates
//! o and y = 1 for the class, the target of a hidden layer of rates h is h - B (o - y); that of the last hidden layer h - eta V^T (slope (o - y)), V
//! being the output's weights. A layer follows the gradient of |h - target|^2 for its own weights only, that is, no error passes through more than one layer
//! of neurons. The output follows that of |o - y|^2.

use rayon::prelude::*;

use crate::data::{Batch, Dataset, Loader, Order};
use crate::error::Error;
use crate::layer::{Init, Layer, LayerState, Linear, Parameter, Pass, Repeat, Spiking};
use crate::loss::first_largest;
use crate::node::Lif;
use crate::optimizer::{Optimizer, Rule};
use crate::random::{For, Random, key};
use crate::surrogate::{Kind, Surrogate};
use crate::tensor::{Shape, Tensor};

/// How a [`GlobalFeedback`] network is made and learns.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedbackOptions {
    /// Neurons of the hidden layers.
    pub hidden: Vec<usize>,
    /// Steps that an image is shown.
    pub steps: usize,
    /// eta, how far the target of the last hidden layer is.
    pub lr_target: f32,
    /// Of the optimiser, Adam.
    pub lr: f32,
    /// Images that are learned from together.
    pub batch_size: usize,
    /// Of all weights and of the order of images.
    pub seed: u64,
}

impl Default for FeedbackOptions {
    fn default() -> Self {
        FeedbackOptions { hidden: vec![800; 3], steps: 10, lr_target: 0.4, lr: 1e-3, batch_size: 100, seed: 42 }
    }
}

/// A linear map and the neurons behind it.
struct Stage {
    linear: Linear,
    repeat: Repeat,
    neurons: Spiking<Lif, 1>,
    steps: usize,
    outputs: usize,
}

impl Stage {
    fn new(inputs: usize, outputs: usize, steps: usize, init: Init) -> Stage {
        let neurons = Spiking::new(Lif { threshold: 0.5, tau: 2.0 }, Surrogate::new(Kind::Atan));
        // As wide as BrainCog's orthogonal ones, sqrt(6 / (inputs + outputs)) for the longest direction.
        let mut linear = Linear::new(inputs, outputs, init);
        let widen = (3.0 * inputs as f32 / (inputs + outputs) as f32).sqrt();
        linear.parameters_mut().into_iter().for_each(|p| p.values.iter_mut().for_each(|w| *w *= if p.decays { widen } else { 0.0 }));
        Stage { linear, repeat: Repeat::new(steps), neurons, steps, outputs }
    }

    fn rates(&self, input: &Tensor) -> Tensor {
        let current = self.linear.infer(input, &mut LayerState::new());
        mean(&self.neurons.infer(&self.repeat.infer(&current, &mut LayerState::new()), &mut LayerState::new()))
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        let current = self.linear.forward(input, pass);
        let current = self.repeat.forward(current, pass);
        mean(&self.neurons.forward(current, pass))
    }

    /// From the gradient of the rates to those of the weights, and of the input if it is wanted.
    fn backward(&mut self, gradient: &[f32], wanted: bool) -> Option<Tensor> {
        let shape = Shape::new(self.steps, gradient.len() / self.outputs, [1, 1, self.outputs]);
        let each: Vec<f32> = gradient.iter().map(|g| g / self.steps as f32).collect();
        let gradient = self.neurons.backward(Tensor::new(shape, each.repeat(self.steps)), true)?;
        let gradient = self.repeat.backward(gradient, true)?;
        self.linear.backward(gradient, wanted)
    }
}

/// The mean over steps.
fn mean(spikes: &Tensor) -> Tensor {
    let shape = spikes.shape();
    Tensor::new(Shape { steps: 1, ..shape }, crate::loss::mean_over_steps(spikes))
}

/// A network that learns by feedback.
pub struct GlobalFeedback {
    options: FeedbackOptions,
    stages: Vec<Stage>,
    /// From the classes to each hidden layer but the last, `[class][neuron]`.
    feedback: Vec<Vec<f32>>,
    optimizer: Optimizer,
    /// Batches so far.
    batches: u64,
    classes: usize,
}

/// What came of some images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FeedbackSums {
    /// Images.
    pub seen: u64,
    /// Of those, classified correctly.
    pub correct: u64,
    /// The squared distance of the output from its target, summed over images.
    pub loss: f64,
}

impl FeedbackSums {
    fn add(&mut self, output: &Tensor, labels: &[u32]) {
        let classes = output.shape().n_features();
        for (row, &label) in output.values().chunks_exact(classes).zip(labels) {
            self.seen += 1;
            self.correct += u64::from(first_largest(row) == label);
            self.loss += difference(row, label).map(|d| f64::from(d * d)).sum::<f64>();
        }
    }

    /// The fraction classified correctly.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.seen.max(1) as f64
    }
}

/// o - y.
fn difference(row: &[f32], label: u32) -> impl Iterator<Item = f32> + '_ {
    row.iter().zip(0u32..).map(move |(o, class)| o - f32::from(class == label))
}

impl GlobalFeedback {
    /// A network of random weights for images of `inputs` values.
    pub fn new(inputs: usize, classes: usize, options: FeedbackOptions) -> Result<GlobalFeedback, Error> {
        let value = |what, found: String, expected| Err(Error::Value { what, found, expected });
        if options.hidden.is_empty() || !options.hidden.iter().all(|n| (1..=1 << 16).contains(n)) {
            return value("hidden layers", format!("{:?}", options.hidden), "at least one, of 1 to 65536 neurons each");
        }
        if !(1..=1 << 12).contains(&options.steps) || !(1..=1 << 16).contains(&options.batch_size) {
            let found = format!("{} and {}", options.steps, options.batch_size);
            return value("the number of steps and the batch size", found, "1 to 4096 and 1 to 65536");
        }
        if ![options.lr, options.lr_target].iter().all(|x| *x > 0.0 && x.is_finite()) {
            return value("lr and lr-target", format!("{} and {}", options.lr, options.lr_target), "positive numbers");
        }
        let sizes: Vec<usize> = [inputs].into_iter().chain(options.hidden.iter().copied()).chain([classes]).collect();
        let stages = sizes.windows(2).enumerate().map(|(layer, size)| {
            let init = Init { seed: options.seed, layer };
            Stage::new(size[0], size[1], options.steps, init)
        });
        let stages = stages.collect();
        let feedback = options.hidden[..options.hidden.len() - 1].iter().enumerate().map(|(layer, &n)| {
            let bound = (6.0 / (n + classes) as f64).sqrt();
            let mut random = Random::new(options.seed, key(For::Weights, 0x8000 + layer, 0));
            (0..n * classes).map(|_| ((2.0 * random.uniform() - 1.0) * bound) as f32).collect()
        });
        let (feedback, rule) = (feedback.collect(), Rule::AdamW { weight_decay: 0.0 });
        Ok(GlobalFeedback { options, stages, feedback, optimizer: Optimizer::new(rule), batches: 0, classes })
    }

    /// Learns from all training images in the order of epoch `epoch`.
    pub fn epoch(&mut self, dataset: &Dataset, epoch: u64) -> Result<FeedbackSums, Error> {
        let order = Order::Shuffled { seed: self.options.seed, epoch };
        let mut batches = Loader::new(dataset, self.options.batch_size, order, 0, false);
        let mut sums = FeedbackSums::default();
        for batch in batches.by_ref() {
            let output = self.learn(&batch);
            sums.add(&output, &batch.labels);
        }
        batches.finish()?;
        Ok(sums)
    }

    /// Classifies the test images.
    pub fn evaluate(&self, dataset: &Dataset) -> Result<FeedbackSums, Error> {
        let mut batches = Loader::new(dataset, self.options.batch_size, Order::AsStored, 0, false);
        let mut sums = FeedbackSums::default();
        for batch in batches.by_ref() {
            let output = self.stages.iter().fold(flat(batch.images), |x, stage| stage.rates(&x));
            sums.add(&output, &batch.labels);
        }
        batches.finish()?;
        Ok(sums)
    }

    /// One step of the optimiser; the result are the output's rates.
    fn learn(&mut self, batch: &Batch) -> Tensor {
        let output = self.gradients(flat(batch.images.clone()), &batch.labels);
        let parameters = self.stages.iter_mut().flat_map(|stage| stage.linear.parameters_mut()).collect::<Vec<&mut Parameter>>();
        self.optimizer.step(self.options.lr, parameters);
        output
    }

    /// Adds to the gradients of all weights.
    fn gradients(&mut self, images: Tensor, labels: &[u32]) -> Tensor {
        let pass = Pass { seed: self.options.seed, number: self.batches };
        self.batches += 1;
        let output = self.stages.iter_mut().fold(images, |x, stage| stage.forward(x, pass));
        let rows = output.values().chunks_exact(self.classes).zip(labels);
        let errors: Vec<f32> = rows.flat_map(|(row, &label)| difference(row, label)).collect();
        // Means over the batch.
        let scale = 2.0 / labels.len() as f32;
        let (last, hidden) = self.stages.split_last_mut().expect("at least two stages");
        let by_output: Vec<f32> = errors.iter().map(|e| scale * e).collect();
        let to_last_hidden = last.backward(&by_output, true).expect("it was wanted");
        let (last_hidden, others) = hidden.split_last_mut().expect("at least one hidden layer");
        // 2 (h - target) / batch, and h - target is eta times the gradient of one image's error.
        let eta = self.options.lr_target;
        last_hidden.backward(&to_last_hidden.values().iter().map(|g| 2.0 * eta * g).collect::<Vec<_>>(), false);
        others.par_iter_mut().zip(&self.feedback).for_each(|(stage, feedback)| {
            let n = feedback.len() / self.classes;
            let mut distance = vec![0.0; n * labels.len()];
            for (distance, error) in distance.chunks_exact_mut(n).zip(errors.chunks_exact(self.classes)) {
                for (row, e) in feedback.chunks_exact(n).zip(error) {
                    distance.iter_mut().zip(row).for_each(|(d, b)| *d += scale * b * e);
                }
            }
            stage.backward(&distance, false);
        });
        output
    }
}

/// Pixels as features.
fn flat(images: Tensor) -> Tensor {
    let shape = images.shape();
    images.reshaped(Shape { height: 1, width: 1, channels: shape.n_features(), ..shape })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;

    fn small(hidden: &[usize]) -> GlobalFeedback {
        let options = FeedbackOptions { hidden: hidden.into(), steps: 6, batch_size: 32, ..FeedbackOptions::default() };
        GlobalFeedback::new(64, 10, options).unwrap()
    }

    #[test]
    fn digits_are_learned_by_feedback_through_three_layers() {
        let digits = data::load("digits", ".".as_ref()).unwrap();
        let mut network = small(&[100; 3]);
        assert!(network.evaluate(&digits).unwrap().accuracy() < 0.3);
        let losses: Vec<f64> = (0..15).map(|epoch| network.epoch(&digits, epoch).unwrap().loss).collect();
        let tested = network.evaluate(&digits).unwrap();
        assert!(tested.accuracy() > 0.9, "{tested:?}");
        assert!(losses[14] < 0.5 * losses[0], "{losses:?}");
    }

    /// The same with weights so large that every layer fires: a silent layer has nothing to teach the next.
    fn loud(hidden: &[usize]) -> GlobalFeedback {
        let mut network = small(hidden);
        for stage in &mut network.stages {
            stage.linear.parameters_mut()[0].values.iter_mut().for_each(|w| *w *= 4.0);
        }
        network
    }

    #[test]
    fn a_layer_hears_of_the_error_through_its_feedback_only() {
        let digits = data::load("digits", ".".as_ref()).unwrap();
        let batch = Loader::new(&digits, 8, Order::AsStored, 0, false).next().unwrap();
        let gradient = |network: &mut GlobalFeedback| {
            network.gradients(flat(batch.images.clone()), &batch.labels);
            network.stages.iter().map(|stage| stage.linear.parameters()[0].gradient.clone()).collect::<Vec<_>>()
        };
        let plain = gradient(&mut loud(&[30, 20]));
        assert!(plain.iter().all(|stage| stage.iter().any(|&g| g != 0.0)));
        // Twice the feedback is twice the gradient of the first layer and of no other.
        let mut doubled = loud(&[30, 20]);
        doubled.feedback[0].iter_mut().for_each(|b| *b *= 2.0);
        let found = gradient(&mut doubled);
        assert!(found[0].iter().zip(&plain[0]).all(|(a, b)| (a - 2.0 * b).abs() < 1e-6) && found[1..] == plain[1..]);
        // The farther the target, the larger the gradient of the last hidden layer.
        let mut farther = loud(&[30, 20]);
        farther.options.lr_target *= 3.0;
        let found = gradient(&mut farther);
        assert!(found[1].iter().zip(&plain[1]).all(|(a, b)| (a - 3.0 * b).abs() < 1e-5) && found[0] == plain[0] && found[2] == plain[2]);
    }

    #[test]
    fn networks_that_cannot_be_are_refused() {
        let message = |options| GlobalFeedback::new(64, 10, options).err().unwrap().to_string();
        assert!(message(FeedbackOptions { hidden: vec![], ..FeedbackOptions::default() }).starts_with("hidden layers is []"));
        assert!(message(FeedbackOptions { steps: 0, ..FeedbackOptions::default() }).contains("is 0 and 100"));
        assert!(message(FeedbackOptions { lr_target: -1.0, ..FeedbackOptions::default() }).contains("positive numbers"));
    }
}
