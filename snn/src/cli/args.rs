//! What may be typed. Flags that BrainCog has too have its names.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use snn::training::TrainingOptions;
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
    /// Shows a data set, or what to download for it
    Data(DataArgs),
}

#[derive(Args)]
pub(crate) struct DataFlags {
    /// digits, mnist, fashion_mnist or cifar10
    #[arg(long, default_value = "digits")]
    pub(crate) dataset: String,
    /// The folder that holds the data set, or a folder of its name
    #[arg(long, default_value = "data")]
    pub(crate) data_dir: PathBuf,
}

#[derive(Args)]
pub(crate) struct DataArgs {
    #[command(flatten)]
    pub(crate) data: DataFlags,
}

#[derive(Args)]
pub(crate) struct EvalArgs {
    /// A checkpoint that `train` wrote
    pub(crate) checkpoint: PathBuf,
    #[command(flatten)]
    pub(crate) data: DataFlags,
}

#[derive(Args)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// Such as mnist_convnet, dvs_convnet, resnet18, sew_resnet18 or spikformer; a name that does not exist lists all
    #[arg(long, default_value = "mnist_convnet")]
    model: String,
    /// Such as IFNode, LIFNode or PLIFNode; a name that does not exist lists all
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
    /// direct, rate, poisson, ttfs, phase, burst, population_time, population_voltage or delta
    #[arg(long, default_value = "direct")]
    encode: String,
    /// Time steps
    #[arg(long, default_value_t = 8)]
    step: usize,
    /// Multiplies the channels of every hidden layer
    #[arg(long, default_value_t = 1.0)]
    width: f64,
    /// Batch normalisation: bn, tdbn (threshold-dependent), tebn (a factor per step) or bntt (one per step)
    #[arg(long, default_value = "bn")]
    norm: String,
    /// How residuals between spikes join in SEW networks: ADD, AND or IAND
    #[arg(long, default_value = "ADD")]
    sew_cnf: String,
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
    /// Accepted because BrainCog has it: every layer computes all its steps at once here
    #[arg(long)]
    layer_by_layer: bool,
    /// The folder for event files that TensorBoard reads; none are written if not given
    #[arg(long)]
    pub(crate) tensorboard_dir: Option<PathBuf>,
    /// Of everything that is random
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Pixels by which training images are shifted at random; as usual for the data set if not given
    #[arg(long)]
    pub(crate) shift: Option<usize>,
    /// The folder for last.safetensors, best.safetensors and log.csv
    #[arg(long, default_value = "output")]
    pub(crate) output: PathBuf,
    /// Goes on from a checkpoint; model and training flags are taken from it
    #[arg(long)]
    pub(crate) resume: Option<PathBuf>,
    /// Prints no progress
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl TrainArgs {
    pub(crate) fn model(&self, image: [usize; 3], classes: usize) -> ModelOptions {
        ModelOptions {
            model: self.model.clone(),
            node_type: self.node_type.clone(),
            act_fun: self.act_fun.clone(),
            threshold: self.threshold,
            tau: self.tau,
            encode: self.encode.clone(),
            steps: self.step,
            image,
            classes,
            width: self.width,
            norm: self.norm.clone(),
            sew_cnf: self.sew_cnf.clone(),
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
        assert_eq!(args.model([28, 28, 1], 10), ModelOptions::default());
        assert_eq!(args.training(), TrainingOptions::default());
    }

    #[test]
    fn braincogs_command_is_understood() {
        let command = "braincog-snn train --model cifar_convnet --dataset cifar10 --node-type LIFNode --step 8";
        let Command::Train(args) = Cli::parse_from(command.split(' ')).command else { panic!("train was typed") };
        assert_eq!((args.data.dataset.as_str(), args.model([32, 32, 3], 10).model.as_str()), ("cifar10", "cifar_convnet"));
    }
}
