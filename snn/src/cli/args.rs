//! What may be typed. Flags that BrainCog has too have its names.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use kernels::cuda::Device;
use snn::Error;
use snn::data::augment::{Mix, MixKind, RandAugment};
use snn::data::{self, Augment, Dataset, EventOptions};
use snn::training::{Training, TrainingOptions};
use snn::zoo::ModelOptions;

/// Trains and evaluates deep spiking networks.
#[derive(Parser)]
#[command(name = "braincog-snn", version)]
pub(crate) struct Cli {
    /// Threads; 0 for one per core. Results do not depend on it
    #[arg(long, global = true, default_value_t = 0)]
    pub(crate) threads: usize,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Trains a model and writes checkpoints and a log
    Train(Box<TrainArgs>),
    /// Evaluates a checkpoint on the test images
    Eval(EvalArgs),
    /// Makes spikes of a network of activations and shows what that costs
    Convert(ConvertArgs),
    /// Writes a trained network as a scenario of braincog-sim
    Export(ExportArgs),
    /// Lets neurons compete for images and learn by spike-timing-dependent plasticity, without labels
    Stdp(StdpArgs),
    /// Trains a network of linear layers by feedback from its output to every layer at once (GLSNN)
    Glsnn(GlsnnArgs),
    /// Shows a data set, or what to download for it
    Data(DataArgs),
    /// Measures what training and evaluation take
    Bench(super::bench::BenchArgs),
}

/// How to learn step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Online {
    Sltt,
    Ottt,
}

/// Where layers are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// On this processor
    Cpu,
    /// On one NVIDIA GPU: networks that are lists of layers, with IFNode, LIFNode or PLIFNode
    Cuda,
}

impl Backend {
    /// Has a network computed there, and says where that is.
    pub(crate) fn take(self, training: &mut Training) -> Result<(), Error> {
        if self == Backend::Cuda {
            let name = training.use_device(|| Device::open(0))?;
            eprintln!("computing on {name}");
        }
        Ok(())
    }
}

#[derive(Args)]
pub(crate) struct DataFlags {
    /// Such as digits, mnist, fashion_mnist, cifar10, image_folder; of events saccade_mnist, moving_digits, dvsc10; a name that does not exist lists all
    #[arg(long, default_value = "digits")]
    pub(crate) dataset: String,
    /// The folder that holds the data set, or a folder of its name
    #[arg(long, default_value = "data")]
    pub(crate) data_dir: PathBuf,
    /// Rows and columns of frames of events and of images in folders; as many as the camera or the first image has if not given
    #[arg(long, visible_alias = "img-size")]
    pub(crate) event_size: Option<usize>,
    /// A folder for frames of recordings, from which the next run has them
    #[arg(long)]
    pub(crate) cache: Option<PathBuf>,
}

impl DataFlags {
    /// Reads the data set; recordings of events become so many frames.
    pub(crate) fn load(&self, steps: usize) -> Result<Dataset, Error> {
        data::load_events(&self.dataset, &self.data_dir, &EventOptions { steps, side: self.event_size, cache: self.cache.clone() })
    }
}

/// Changes to training samples.
#[derive(Args)]
pub(crate) struct AugmentFlags {
    /// Pixels by which training images are shifted at random, as a random crop with so much padding does; as usual for the data set if not given
    #[arg(long)]
    shift: Option<usize>,
    /// Least and greatest part of the area of a training image that is shown, stretched to the whole, such as 0.08 1
    #[arg(long, num_args = 2, value_names = ["LEAST", "GREATEST"])]
    scale: Option<Vec<f32>>,
    /// Degrees by which training images are turned at random
    #[arg(long, default_value_t = 0.0)]
    rotation: f32,
    /// Random operations on training samples
    #[arg(long)]
    rand_aug: bool,
    /// Random operations on each sample
    #[arg(long = "randaug_n", default_value_t = 3)]
    randaug_n: usize,
    /// How strong they are, 0 to 30
    #[arg(long = "randaug_m", default_value_t = 15.0)]
    randaug_m: f32,
    /// Training samples are weighted means of two
    #[arg(long, group = "mix")]
    mix_up: bool,
    /// Training samples have a rectangle of another
    #[arg(long, group = "mix")]
    cut_mix: bool,
    /// Training samples have a cloud of another's events
    #[arg(long, group = "mix")]
    event_mix: bool,
    /// The share of a sample in a mixture is drawn from Beta(beta, beta)
    #[arg(long = "cutmix_beta", default_value_t = 2.0)]
    cutmix_beta: f64,
    /// How often a batch is mixed
    #[arg(long = "cutmix_prob", default_value_t = 0.5)]
    cutmix_prob: f64,
    /// Parts of the cloud of event-mix
    #[arg(long, default_value_t = 3)]
    gaussian_n: usize,
}

impl AugmentFlags {
    /// Changes how `dataset` is trained on.
    pub(crate) fn apply(&self, dataset: &mut Dataset) -> Result<(), Error> {
        let value = |what, found: f64, expected| Err(Error::Value { what, found: found.to_string(), expected });
        if !(self.cutmix_beta > 0.0 && self.cutmix_beta.is_finite()) {
            return value("cutmix_beta", self.cutmix_beta, "a positive number");
        }
        if !(0.0..=1.0).contains(&self.cutmix_prob) {
            return value("cutmix_prob", self.cutmix_prob, "0 to 1");
        }
        if !(0.0..=30.0).contains(&self.randaug_m) {
            return value("randaug_m", f64::from(self.randaug_m), "0 to 30");
        }
        if !(0.0..=360.0).contains(&self.rotation) {
            return value("rotation", f64::from(self.rotation), "0 to 360 degrees");
        }
        let crop = self.scale.as_deref().map(|scale| [scale[0], scale[1]]);
        if let Some([least, _]) = crop.filter(|&[least, most]| !(least > 0.0 && least <= most && most <= 1.0)) {
            return value("the scale", f64::from(least), "more than 0, and at most the greatest, which is at most 1");
        }
        let kinds = [(self.mix_up, MixKind::MixUp), (self.cut_mix, MixKind::CutMix), (self.event_mix, MixKind::EventMix)];
        let kind = kinds.into_iter().find(|kind| kind.0).map(|kind| kind.1);
        let (beta, probability, components) = (self.cutmix_beta, self.cutmix_prob, self.gaussian_n);
        dataset.shift = self.shift.unwrap_or(dataset.shift);
        dataset.augment = Augment {
            rotation: self.rotation,
            crop,
            rand: self.rand_aug.then_some(RandAugment { n: self.randaug_n, magnitude: self.randaug_m }),
            mix: kind.map(|kind| Mix { kind, beta, probability, components }),
        };
        Ok(())
    }
}

#[derive(Args)]
pub(crate) struct DataArgs {
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// Frames of data sets of events
    #[arg(long, default_value_t = 10)]
    pub(crate) step: usize,
}

#[derive(Args)]
pub(crate) struct EvalArgs {
    /// A checkpoint that `train` wrote, or a file of NIR (.nir)
    pub(crate) checkpoint: PathBuf,
    /// Time steps of a network in NIR, which gets each image in every step
    #[arg(long, default_value_t = 8)]
    pub(crate) step: usize,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Backend::Cpu)]
    pub(crate) backend: Backend,
    #[command(flatten)]
    pub(crate) data: DataFlags,
}

#[derive(Args)]
pub(crate) struct ConvertArgs {
    /// A checkpoint of a network with ReLUNode or QCFSNode and direct encoding
    pub(crate) checkpoint: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// How large thresholds are: max, percentile, channel or qcfs
    #[arg(long, default_value = "percentile")]
    pub(crate) method: String,
    /// The quantile, for percentile and channel
    #[arg(long, default_value_t = 0.9995)]
    pub(crate) p: f64,
    /// Time steps
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) step: u16,
    /// Spikes of a step at most
    #[arg(long, default_value_t = 1)]
    pub(crate) burst: u32,
    /// Potential at the start, in thresholds; half a threshold rounds instead of cutting off
    #[arg(long, default_value_t = 0.0)]
    pub(crate) start: f32,
    /// Spike calibration: steps of silence beyond the mean interval after which a spike is taken back; 0 for never
    #[arg(long, default_value_t = 0)]
    pub(crate) spicalib: u32,
    /// Thresholds that follow the membrane (multi-stage adaptive threshold)
    #[arg(long)]
    pub(crate) msat: bool,
    /// Batches of training images that show how large activations are
    #[arg(long, default_value_t = 8)]
    pub(crate) batches: usize,
    #[arg(short, long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) batch_size: u16,
    /// An SVG of accuracy against time
    #[arg(long)]
    pub(crate) plot: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct StdpArgs {
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// How many compete
    #[arg(long, default_value_t = 400)]
    pub(crate) neurons: usize,
    /// Time steps that an image is shown
    #[arg(long, default_value_t = 16)]
    pub(crate) step: usize,
    /// Passes over the training images
    #[arg(long, default_value_t = 1)]
    pub(crate) epochs: u64,
    /// How much a win raises a threshold, in units of what a perfect match adds in a step
    #[arg(long, default_value_t = 0.03)]
    pub(crate) homeostasis: f32,
    /// Of everything that is random
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
}

#[derive(Args)]
pub(crate) struct GlsnnArgs {
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// Neurons of each hidden layer
    #[arg(long, value_delimiter = ',', default_value = "800,800,800")]
    pub(crate) hidden: Vec<usize>,
    /// Time steps that an image is shown
    #[arg(long, default_value_t = 10)]
    pub(crate) step: usize,
    /// How far the target of the last hidden layer is from what it does
    #[arg(long, default_value_t = 0.4)]
    pub(crate) lr_target: f32,
    /// The learning rate
    #[arg(long, default_value_t = 1e-3)]
    pub(crate) lr: f32,
    #[arg(short, long, default_value_t = 100)]
    pub(crate) batch_size: usize,
    /// Passes over the training images
    #[arg(long, default_value_t = 10)]
    pub(crate) epochs: u64,
    /// Of everything that is random
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// A checkpoint that `train` wrote
    pub(crate) checkpoint: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// Writes this file in the Neuromorphic Intermediate Representation instead
    #[arg(long)]
    pub(crate) nir: Option<PathBuf>,
    /// Writes this file of weights in PyTorch's axes instead, as safetensors
    #[arg(long)]
    pub(crate) safetensors: Option<PathBuf>,
    /// Those weights in half precision
    #[arg(long, requires = "safetensors")]
    pub(crate) half: bool,
    /// Test images that the network is shown
    #[arg(long, default_value_t = 20)]
    pub(crate) images: usize,
    /// Name of the scenario and of the folder of its synapses
    #[arg(long, default_value = "snn")]
    pub(crate) name: String,
    /// The folder for both
    #[arg(long, default_value = ".")]
    pub(crate) output: PathBuf,
}

#[derive(Args)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// Such as mnist_convnet, mlp, dvs_convnet, resnet18, sew_resnet18 or spikformer; a name that does not exist lists all
    #[arg(long, default_value = "mnist_convnet")]
    model: String,
    /// Such as IFNode, LIFNode or PLIFNode; ReLUNode or QCFSNode for a network to convert; a name that does not exist lists all
    #[arg(long, default_value = "LIFNode")]
    node_type: String,
    /// Surrogate such as QGateGrad or AtanGrad; the usual one of the node if not given
    #[arg(long)]
    act_fun: Option<String>,
    /// V_th
    #[arg(long, default_value_t = 0.5)]
    threshold: f32,
    /// Time constant of the membrane, steps
    #[arg(long, default_value_t = 2.0)]
    tau: f32,
    /// direct, rate, poisson, ttfs, phase, burst, population_time, population_voltage or delta; data sets of events need none
    #[arg(long, default_value = "direct")]
    encode: String,
    /// Time steps
    #[arg(long, default_value_t = 8)]
    pub(crate) step: usize,
    /// Multiplies the channels of every hidden layer
    #[arg(long, default_value_t = 1.0)]
    width: f64,
    /// Batch normalisation: bn, tdbn (threshold-dependent), tebn (a factor per step) or bntt (one per step)
    #[arg(long, default_value = "bn")]
    norm: String,
    /// How residuals between spikes join in SEW networks: ADD, AND or IAND
    #[arg(long, default_value = "ADD")]
    sew_cnf: String,
    /// How often the last branch of a network of residuals is left out for a sample while training; earlier ones are less often
    #[arg(long, default_value_t = 0.0)]
    drop_path: f32,
    /// Ten neurons per class vote instead of one sum per class
    #[arg(long)]
    spike_output: bool,
    /// Learns the parameter of each layer's surrogate
    #[arg(long)]
    learn_alpha: bool,
    /// Learns the threshold of each layer
    #[arg(long)]
    requires_thres_grad: bool,
    #[arg(short, long, default_value_t = 128)]
    batch_size: usize,
    #[arg(long, default_value_t = 10)]
    epochs: u64,
    /// The highest learning rate
    #[arg(long, default_value_t = 5e-3)]
    lr: f32,
    /// Epochs in which the rate rises, before it falls along a cosine
    #[arg(long, default_value_t = 0.5)]
    warmup_epochs: f64,
    /// adamw or sgd
    #[arg(long, default_value = "adamw")]
    opt: String,
    #[arg(long, default_value_t = 0.01)]
    weight_decay: f32,
    /// Of sgd
    #[arg(long, default_value_t = 0.9)]
    momentum: f32,
    /// ce, tet (of every step), mse, unilateral_mse (neurons of the class may fire more), or mix (of ce and unilateral_mse)
    #[arg(long, default_value = "ce")]
    loss_fn: String,
    /// The same as --loss-fn tet
    #[arg(long)]
    tet_loss: bool,
    /// The part of the target that is spread over all classes
    #[arg(long, default_value_t = 0.0)]
    smoothing: f32,
    /// The longest gradient of all parameters together; longer ones are shortened
    #[arg(long)]
    clip_grad: Option<f32>,
    /// Standard deviation of noise that is added to every gradient
    #[arg(long, default_value_t = 0.0)]
    noisy_grad: f32,
    /// Evaluates a running average of the weights, of which this much is left in each step
    #[arg(long, num_args = 0..=1, default_missing_value = "0.9998")]
    model_ema: Option<f32>,
    /// Ends after so many epochs without a better accuracy; 0 for never
    #[arg(long, default_value_t = 0)]
    patience: u64,
    /// Learns from each step by itself: memory does not depend on the number of steps. sltt takes membranes as they are (spatial learning through time), ottt
    /// follows traces of what came in before (online training through time)
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "sltt")]
    online: Option<Online>,
    /// Shows every batch for a random number of steps, from 1 to two more than --step
    #[arg(long)]
    rand_step: bool,
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Backend::Cpu)]
    pub(crate) backend: Backend,
    /// Accepted because BrainCog has it: every layer computes all its steps at once here
    #[arg(long)]
    layer_by_layer: bool,
    /// The folder for event files that TensorBoard reads; none are written if not given
    #[arg(long)]
    pub(crate) tensorboard_dir: Option<PathBuf>,
    /// Of everything that is random
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    pub(crate) augment: AugmentFlags,
    /// The folder for last.safetensors, best.safetensors and log.csv
    #[arg(long, default_value = "output")]
    pub(crate) output: PathBuf,
    /// Begins with these weights: a state dictionary of PyTorch (.pt, .pth) or safetensors with the same layers in the same order
    #[arg(long)]
    pub(crate) weights: Option<PathBuf>,
    /// Goes on from a checkpoint; model and training flags are taken from it
    #[arg(long)]
    pub(crate) resume: Option<PathBuf>,
    /// Draws the run on the terminal while it goes on; q saves and ends
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) tui: bool,
    /// Prints no progress
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl TrainArgs {
    pub(crate) fn model(&self, dataset: &Dataset) -> ModelOptions {
        let events = dataset.train.steps > 1;
        ModelOptions {
            model: self.model.clone(),
            node_type: self.node_type.clone(),
            act_fun: self.act_fun.clone(),
            threshold: self.threshold,
            tau: self.tau,
            encode: if events { "events".into() } else { self.encode.clone() },
            steps: self.step,
            image: dataset.train.image,
            classes: dataset.classes,
            width: self.width,
            norm: self.norm.clone(),
            sew_cnf: self.sew_cnf.clone(),
            drop_path: self.drop_path,
            spike_output: self.spike_output,
            learn_alpha: self.learn_alpha,
            requires_thres_grad: self.requires_thres_grad,
            seed: self.seed,
        }
    }

    pub(crate) fn training(&self) -> TrainingOptions {
        TrainingOptions {
            epochs: self.epochs,
            batch_size: self.batch_size,
            lr: self.lr,
            warmup_epochs: self.warmup_epochs,
            opt: self.opt.clone(),
            weight_decay: self.weight_decay,
            momentum: self.momentum,
            loss_fn: if self.tet_loss { "tet".into() } else { self.loss_fn.clone() },
            smoothing: self.smoothing,
            clip_grad: self.clip_grad,
            noisy_grad: self.noisy_grad,
            model_ema: self.model_ema,
            patience: self.patience,
            online: self.online.is_some(),
            traces: self.online == Some(Online::Ottt),
            rand_step: self.rand_step,
            seed: self.seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_of_the_command_line_are_those_of_the_library() {
        let cli = Cli::parse_from(["braincog-snn", "train"]);
        let Command::Train(args) = cli.command else { panic!("train was typed") };
        let digits = data::load("digits", ".".as_ref()).unwrap();
        assert_eq!(args.model(&digits), ModelOptions { image: [8, 8, 1], ..ModelOptions::default() });
        assert_eq!(args.training(), TrainingOptions::default());
    }

    #[test]
    fn braincogs_command_is_understood() {
        let command = "braincog-snn train --model cifar_convnet --dataset cifar10 --node-type LIFNode --step 8";
        let Command::Train(args) = Cli::parse_from(command.split(' ')).command else { panic!("train was typed") };
        assert_eq!((args.data.dataset.as_str(), args.model.as_str()), ("cifar10", "cifar_convnet"));
    }
}
