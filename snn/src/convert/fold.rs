//! Batch normalisation as part of the layer before it.

use crate::error::Error;
use crate::layer::{AvgPool, BATCH_NORM_EPS, Conv2d, Flatten, Kind, Layer, Linear, MaxPool};
use crate::network::Network;

/// A layer of a network that is done learning. Weights are stored `[input][...][output]`.
pub(crate) enum Folded {
    /// With batch normalisation in its weights.
    Conv {
        correlation: crate::correlate::Correlation,
        weight: Vec<f32>,
        bias: Vec<f32>,
    },
    /// With batch normalisation in its weights.
    Linear {
        weight: Vec<f32>,
        bias: Vec<f32>,
    },
    AvgPool(Option<usize>),
    MaxPool(usize),
    Flatten,
    /// Layer `index` of the network that was folded.
    Nodes {
        index: usize,
    },
}

impl Folded {
    /// The same as a layer; `None` for neurons.
    pub(crate) fn layer(&self) -> Option<Box<dyn Layer>> {
        Some(match self {
            Folded::Conv { correlation, weight, bias } => Box::new(Conv2d::with(*correlation, weight.clone(), bias.clone())),
            Folded::Linear { weight, bias } => Box::new(Linear::with(weight.clone(), bias.clone())),
            Folded::AvgPool(Some(side)) => Box::new(AvgPool::new(*side)),
            Folded::AvgPool(None) => Box::new(AvgPool::global()),
            Folded::MaxPool(side) => Box::new(MaxPool::new(*side)),
            Folded::Flatten => Box::new(Flatten::default()),
            Folded::Nodes { .. } => return None,
        })
    }
}

/// The layers of `network` without batch normalisation, dropout and repetition.
pub(crate) fn fold(network: &Network) -> Result<Vec<Folded>, Error> {
    let mut folded = Vec::new();
    for (index, layer) in network.layers().iter().enumerate() {
        let refused = |why| Error::NotConvertible { layer: network.name_of(index), why };
        let values = |i: usize| layer.parameters()[i].values.clone();
        match layer.kind() {
            Kind::Conv(correlation) => {
                let bias = if layer.parameters().len() > 1 { values(1) } else { vec![0.0; correlation.outputs] };
                folded.push(Folded::Conv { correlation, weight: values(0), bias });
            }
            Kind::Linear { .. } => folded.push(Folded::Linear { weight: values(0), bias: values(1) }),
            Kind::BatchNorm => match folded.last_mut() {
                Some(Folded::Conv { weight, bias, .. } | Folded::Linear { weight, bias }) => merge(&**layer, weight, bias),
                _ => return Err(refused("batch normalisation follows neither a convolution nor a linear layer")),
            },
            Kind::AvgPool(side) => folded.push(Folded::AvgPool(side)),
            Kind::MaxPool(side) => folded.push(Folded::MaxPool(side)),
            Kind::Flatten => folded.push(Folded::Flatten),
            Kind::Identity => {}
            Kind::Nodes => folded.push(Folded::Nodes { index }),
            Kind::Other => return Err(refused("it is neither a weighted sum, a pool nor a layer of nodes")),
        }
    }
    Ok(folded)
}

/// W <- W scale / sd, b <- (b - mean) scale / sd + shift, per output channel, which is the innermost axis of W.
fn merge(norm: &dyn Layer, weight: &mut [f32], bias: &mut [f32]) {
    let (parameters, buffers) = (norm.parameters(), norm.buffers());
    let (scale, shift, mean, variance) = (&parameters[0].values, &parameters[1].values, buffers[0].1, buffers[1].1);
    let factors: Vec<f32> = scale.iter().zip(variance).map(|(s, v)| s / (v + BATCH_NORM_EPS).sqrt()).collect();
    for row in weight.chunks_exact_mut(factors.len()) {
        row.iter_mut().zip(&factors).for_each(|(w, f)| *w *= f);
    }
    for (c, b) in bias.iter_mut().enumerate() {
        *b = (*b - mean[c]) * factors[c] + shift[c];
    }
}
