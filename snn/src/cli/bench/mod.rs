//! `bench`: what a training step and an evaluation take. `tools/peers/snn.sh` runs the same in PyTorch.

mod clock;
mod networks;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use snn::layer::{Pass, Seen};
use snn::loss::{Loss, predictions};
use snn::network::Network;
use snn::optimizer::{Optimizer, Rule};
use snn::tensor::Tensor;
use snn::{Error, runtime, weights};

use clock::{Clock, Cost, peak_bytes};
use networks::{CASES, Case, digits};

/// Images of a batch over all steps; M takes some 10 MB for each.
const LARGEST: usize = 2048;

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// S (8 steps of 32 images of 28 x 28; convolutions of 32 and 64 channels) or M (4 steps of 16 images of 32 x 32 x 3; 128, 128, 256, 256); both if
    /// not given
    #[arg(long)]
    network: Option<String>,
    /// Samples of a batch; as usual for the network if not given
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    batch_size: Option<u16>,
    /// Time steps; as usual for the network if not given
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    step: Option<u16>,
    /// Times that everything is measured; the least counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    repeats: u16,
    /// Training steps on the built-in digits, enlarged, before evaluation is measured
    #[arg(long, default_value_t = 300)]
    train: u32,
    /// Weights to evaluate instead of training any: a file that --describe wrote
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Writes weights, inputs and logits into this folder, for other programs
    #[arg(long)]
    describe: Option<PathBuf>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What was measured of one network.
#[derive(Serialize)]
pub(super) struct Measured {
    network: &'static str,
    threads: usize,
    steps: usize,
    batch: usize,
    forward: Cost,
    backward: Cost,
    optimizer: Cost,
    training_step: Cost,
    /// Forwards by kind of layer.
    layers: BTreeMap<&'static str, Cost>,
    /// Behind each layer of nodes, before training.
    densities: Vec<f64>,
    peak_bytes: u64,
    evaluation: Evaluation,
}

/// Of the network after training, batch normalisation in its weights.
#[derive(Serialize)]
pub(super) struct Evaluation {
    training_steps: u32,
    accuracy: f64,
    densities: Vec<f64>,
    batch: Cost,
}

pub(crate) fn run(args: &BenchArgs) -> Result<(), Error> {
    let wanted = |case: &Case| args.network.as_ref().is_none_or(|name| name == case.name);
    if !CASES.iter().any(wanted) {
        let known = CASES.map(|case| case.name).join(", ");
        return Err(Error::Unknown { what: "network to measure", name: args.network.clone().unwrap_or_default(), known });
    }
    let mut all = Vec::new();
    for case in CASES.into_iter().filter(wanted) {
        let batch = args.batch_size.map_or(case.batch, usize::from);
        let steps = args.step.map_or(case.steps, usize::from);
        if batch * steps > LARGEST {
            let found = format!("{batch} times {steps}");
            return Err(Error::Value {
                what: "batch-size times step",
                found,
                expected: "at most 2048 images, so that they fit into memory",
            });
        }
        all.push(measure(&Case { batch, steps, ..case }, args)?);
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&all).expect("plain numbers"));
    } else {
        print!("{}", table::text(&all));
    }
    Ok(())
}

fn measure(case: &Case, args: &BenchArgs) -> Result<Measured, Error> {
    let (spikes, labels) = case.noise();
    let mut network = case.network()?;
    if let Some(folder) = &args.describe {
        std::fs::create_dir_all(folder).map_err(|source| Error::Io { path: folder.clone(), source })?;
        weights::save(&network, &folder.join(format!("{}-fresh.safetensors", case.name)))?;
        write(folder, &format!("{}-noise.f32", case.name), &spikes)?;
    }
    let (layers, densities) = look(&mut network, &spikes);
    let [forward, backward, optimizer, training_step] = training_step(&mut network, &spikes, &labels, args.repeats);
    let peak_bytes = peak_bytes();
    let evaluation = evaluation(case, args)?;
    let threads = rayon::current_num_threads();
    let (steps, batch, network) = (case.steps, case.batch, case.name);
    Ok(Measured { network, threads, steps, batch, forward, backward, optimizer, training_step, layers, densities, peak_bytes, evaluation })
}

/// Costs by kind of layer and densities behind nodes, of one pass forwards.
fn look(network: &mut Network, spikes: &Tensor) -> (BTreeMap<&'static str, Cost>, Vec<f64>) {
    let names: Vec<&'static str> = network.layers().iter().map(|layer| layer.name()).collect();
    let nodes = network.spiking();
    let (mut layers, mut densities) = (BTreeMap::new(), Vec::new());
    // Once more, so that all memory is there.
    for _ in 0..2 {
        layers.clear();
        densities.clear();
        let mut clock = Clock::start();
        network.forward_watched(spikes.clone(), Pass { seed: 1, number: 0 }, |index, seen| {
            if let Seen::Output(output) = seen {
                let cost = layers.entry(names[index]).or_insert(Cost::NOTHING);
                *cost = cost.plus(clock.lap());
                if nodes.contains(&index) {
                    densities.push(output.density());
                }
            }
            clock.lap();
        });
    }
    (layers, densities)
}

/// Forwards, backwards, the optimiser and all together; the least of each.
fn training_step(network: &mut Network, spikes: &Tensor, labels: &[u32], repeats: u16) -> [Cost; 4] {
    let mut optimizer = Optimizer::new(Rule::Sgd { momentum: 0.9, weight_decay: 0.0 });
    let mut least = [Cost::NEVER; 4];
    for number in 0..=u64::from(repeats) {
        let mut clock = Clock::start();
        let logits = network.forward(spikes.clone(), Pass { seed: 1, number });
        let forward = clock.lap();
        network.backward(Loss::CrossEntropy { smoothing: 0.0 }.of(&logits, labels).1);
        let backward = clock.lap();
        // A rate at which the weights hardly change, so that every step has the same to do.
        optimizer.step(1e-6, network.parameters_mut());
        let step = clock.lap();
        let costs = [forward, backward, step, forward.plus(backward).plus(step)];
        if number > 0 {
            least.iter_mut().zip(costs).for_each(|(least, cost)| *least = least.least(cost));
        }
    }
    least
}

/// The network after some training on digits, and how many steps of it.
fn trained(case: &Case, args: &BenchArgs) -> Result<(Network, u32), Error> {
    let (dataset, mut network) = (digits()?, case.network()?);
    if let Some(path) = &args.weights {
        weights::assign(&mut network, &weights::load(path)?, path)?;
        return Ok((network, 0));
    }
    let mut optimizer = Optimizer::new(Rule::AdamW { weight_decay: 0.01 });
    for number in 0..args.train {
        let (spikes, labels) = case.digits(&dataset.train, number as usize);
        let logits = network.forward(spikes, Pass { seed: 1, number: number.into() });
        network.backward(Loss::CrossEntropy { smoothing: 0.0 }.of(&logits, &labels).1);
        optimizer.step(2e-3, network.parameters_mut());
    }
    Ok((network, args.train))
}

/// Evaluates a batch of digits for testing.
fn evaluation(case: &Case, args: &BenchArgs) -> Result<Evaluation, Error> {
    let (dataset, (network, training_steps)) = (digits()?, trained(case, args)?);
    let (spikes, _) = case.digits(&dataset.test, 0);
    if let Some(folder) = &args.describe {
        weights::save(&network, &folder.join(format!("{}-trained.safetensors", case.name)))?;
        write(folder, &format!("{}-digits.f32", case.name), &spikes)?;
        let pass = Pass { seed: 1, number: 0 };
        write(folder, &format!("{}-logits.f32", case.name), &network.infer(spikes.clone(), pass))?;
    }
    let network = runtime::folded(network)?;
    let (accuracy, densities) = examine(case, &network)?;
    let mut batch = Cost::NEVER;
    for _ in 0..=args.repeats {
        let input = spikes.clone();
        let mut clock = Clock::start();
        network.infer(input, Pass { seed: 1, number: 0 });
        batch = batch.least(clock.lap());
    }
    Ok(Evaluation { training_steps, accuracy, densities, batch })
}

/// Accuracy on some test batches, and mean densities behind nodes.
fn examine(case: &Case, network: &Network) -> Result<(f64, Vec<f64>), Error> {
    const BATCHES: usize = 8;
    let (dataset, nodes) = (digits()?, network.spiking());
    let (mut right, mut densities) = (0, vec![0.0; nodes.len()]);
    for number in 0..BATCHES {
        let (spikes, labels) = case.digits(&dataset.test, number);
        let logits = network.infer_watched(spikes, Pass { seed: 1, number: 0 }, |index, seen| {
            if let (Seen::Output(output), Some(place)) = (seen, nodes.iter().position(|&node| node == index)) {
                densities[place] += output.density() / BATCHES as f64;
            }
        });
        right += predictions(&logits).iter().zip(&labels).filter(|(found, label)| found == label).count();
    }
    Ok((right as f64 / (BATCHES * case.batch) as f64, densities))
}

/// Values as they lie in memory, little-endian.
fn write(folder: &Path, name: &str, values: &Tensor) -> Result<(), Error> {
    let bytes: Vec<u8> = values.values().iter().flat_map(|value| value.to_le_bytes()).collect();
    let path = folder.join(name);
    std::fs::write(&path, bytes).map_err(|source| Error::Io { path, source })
}
