//! From a network of activations to one of spikes, without further training.
//!
//! Batch normalisation becomes part of the weights before it; every activation becomes neurons that start with V = 0, add up their input and
//! subtract a threshold with each spike, so that their rate times the threshold is the activation. What the threshold is, is the
//! [`Method`]; [`Firing`] says how they fire. Images are given as they are in every step.

mod chart;
mod flat;
mod fold;
mod neuron;
mod scale;

pub use chart::{chart, ticks};
pub(crate) use flat::{Flat, What, flatten};
pub(crate) use fold::{Folded, Piece, assemble, fold, into_nodes, nodes};
pub use neuron::{Adaptive, Converted, Firing, LateralPool};

use crate::data::{Dataset, Loader, Order};
use crate::encoder::Encoder;
use crate::error::Error;
use crate::layer::{Join, Layer, LayerState, Pass, Qcfs, Repeat};
use crate::loss::first_largest;
use crate::network::Network;
use crate::node::{Node, Relu};
use crate::tensor::Tensor;
use crate::training::Training;

/// How large a threshold is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// The largest activation of the layer (Diehl PU et al. (2015) doi:10.1109/IJCNN.2015.7280696).
    Max,
    /// This quantile of the layer's activations (Rueckauer B et al. (2017) doi:10.3389/fnins.2017.00682).
    Percentile(f64),
    /// This quantile of each channel's activations (Kim S et al. (2020) arXiv:1903.06530).
    Channel(f64),
    /// What the network learned: only for `QCFSNode`, whose neurons start with half a threshold.
    Qcfs,
}

/// Names of all methods.
pub const METHODS: [&str; 4] = ["max", "percentile", "channel", "qcfs"];

impl Method {
    /// The method of this name; `p` is the quantile.
    pub fn named(name: &str, p: f64) -> Result<Method, Error> {
        if !(p > 0.0 && p <= 1.0) {
            return Err(Error::Value { what: "the quantile", found: p.to_string(), expected: "more than 0 and at most 1" });
        }
        match name {
            "max" => Ok(Method::Max),
            "percentile" => Ok(Method::Percentile(p)),
            "channel" => Ok(Method::Channel(p)),
            "qcfs" => Ok(Method::Qcfs),
            _ => Err(Error::Unknown { what: "method", name: name.into(), known: METHODS.join(", ") }),
        }
    }
}

/// Converts the network of `training` to one over `steps` steps. The first `batches` batches of training images show how large
/// activations are.
pub fn convert(
    training: &Training,
    dataset: &Dataset,
    method: Method,
    firing: Firing,
    batches: usize,
    steps: usize,
) -> Result<Network, Error> {
    let network = &training.network;
    training.check(dataset)?;
    if network.encoder() != Encoder::Direct {
        return Err(Error::Value { what: "the encoder", found: training.model.encode.clone(), expected: "direct" });
    }
    let pieces = fold(network)?;
    nodes(network).into_iter().try_for_each(|(name, layer)| check_nodes(name, layer, method))?;
    check_joins(&pieces)?;
    let scales = scale::scales(training, dataset, method, batches)?;
    let start = if method == Method::Qcfs { 0.5 } else { firing.start };
    let layers = assemble(pieces, &mut |name, what| match what {
        Folded::Nodes { index } => Ok(Box::new(Converted::new(scales[index].clone(), Firing { start, ..firing }))),
        Folded::MaxPool(windows) if windows.are_side_by_side() => Ok(Box::new(LateralPool::new(windows.side))),
        Folded::MaxPool(_) => {
            Err(Error::NotConvertible { layer: name, why: "its squares overlap: spikes in them do not inhibit each other" })
        }
        other => Ok(other.layer().expect("all but nodes are layers")),
    })?;
    Network::new(Encoder::Direct, steps, network.image(), layers)
}

fn check_nodes(layer: String, nodes: &dyn Layer, method: Method) -> Result<(), Error> {
    let why = match (nodes.name(), method) {
        (Qcfs::NAME, _) => return Ok(()),
        (Relu::NAME, Method::Qcfs) => "qcfs is for networks trained with QCFSNode",
        (Relu::NAME, _) => return Ok(()),
        _ => "only ReLUNode and QCFSNode become neurons",
    };
    Err(Error::NotConvertible { layer, why })
}

/// Rates add up as activations do; they do not multiply.
fn check_joins(pieces: &[Piece]) -> Result<(), Error> {
    pieces.iter().try_for_each(|piece| match piece {
        Piece::Residual { name, join, .. } if *join != Join::Add => {
            Err(Error::NotConvertible { layer: name.clone(), why: "rates add up, but spikes that meet do not multiply as activations do" })
        }
        Piece::Residual { branch, shortcut, .. } => check_joins(branch).and_then(|()| check_joins(shortcut)),
        Piece::Graph { parts, .. } => parts.iter().try_for_each(|part| check_joins(part)),
        Piece::Layer { .. } => Ok(()),
    })
}

/// Test images that were classified correctly by the mean of the first t + 1 steps, for every t.
pub fn correct_by_step(network: &Network, dataset: &Dataset, batch_size: usize) -> Vec<u64> {
    let mut correct = vec![0; network.steps()];
    for batch in Loader::new(dataset, batch_size, Order::AsStored, 0, true) {
        let logits = network.infer(repeated(batch.images, network), Pass { seed: 0, number: 0 });
        count(&logits, &batch.labels, &mut correct);
    }
    correct
}

/// A still image in every step, for networks that take frames.
fn repeated(images: Tensor, network: &Network) -> Tensor {
    let still = images.shape().steps == 1 && network.encoder() == Encoder::Events;
    if still { Repeat::new(network.steps()).infer(&images, &mut LayerState::new()) } else { images }
}

fn count(logits: &Tensor, labels: &[u32], correct: &mut [u64]) {
    let classes = logits.shape().n_features();
    let mut sums = vec![0.0; logits.shape().per_step()];
    for (step, correct) in correct.iter_mut().enumerate() {
        sums.iter_mut().zip(logits.step(step)).for_each(|(sum, x)| *sum += x);
        let right = sums.chunks_exact(classes).zip(labels).filter(|(row, label)| first_largest(row) == **label);
        *correct += right.count() as u64;
    }
}

#[cfg(test)]
mod tests;
