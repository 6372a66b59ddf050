//! A network that is done learning: batch normalisation as part of the layer before it, no dropout, no repetition.

use crate::error::Error;
use crate::layer::{
    AvgPool, BATCH_NORM_EPS, BatchNorm, Chain, Conv2d, Flatten, Graph, Join, Kind, Layer, Linear, MaxPool, Residual, Windows,
};
use crate::network::Network;

/// A layer of such a network. Weights are stored `[input][...][output]`.
#[derive(Clone)]
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
    /// Batch normalisation that has no weights before it: a factor and a summand per channel.
    Scale {
        factor: Vec<f32>,
        summand: Vec<f32>,
    },
    AvgPool(Option<usize>),
    MaxPool(Windows),
    Flatten,
    /// Number `index` of [`nodes`].
    Nodes {
        index: usize,
    },
}

/// A part of such a network.
pub(crate) enum Piece {
    Layer { name: String, what: Folded },
    Residual { name: String, branch: Vec<Piece>, shortcut: Vec<Piece>, join: Join },
    Graph { parts: Vec<Vec<Piece>>, sources: Vec<Vec<usize>> },
}

impl Folded {
    /// The same as a layer; `None` for neurons.
    pub(crate) fn layer(&self) -> Option<Box<dyn Layer>> {
        Some(match self {
            Folded::Conv { correlation, weight, bias } => Box::new(Conv2d::with(*correlation, weight.clone(), bias.clone())),
            Folded::Linear { weight, bias } => Box::new(Linear::with(weight.clone(), bias.clone())),
            Folded::Scale { factor, summand } => Box::new(scaling(factor, summand)),
            Folded::AvgPool(Some(side)) => Box::new(AvgPool::new(*side)),
            Folded::AvgPool(None) => Box::new(AvgPool::global()),
            Folded::MaxPool(Windows { side, stride, padding }) => Box::new(MaxPool::windows(*side, *stride, *padding)),
            Folded::Flatten => Box::new(Flatten::default()),
            Folded::Nodes { .. } => return None,
        })
    }

    /// The same without what it adds to a weighted sum.
    pub(crate) fn without_bias(&self) -> Folded {
        let mut same = self.clone();
        if let Folded::Conv { bias, .. } | Folded::Linear { bias, .. } | Folded::Scale { summand: bias, .. } = &mut same {
            bias.fill(0.0);
        }
        same
    }
}

/// Batch normalisation with statistics that leave its input as it is.
fn scaling(factor: &[f32], summand: &[f32]) -> BatchNorm {
    let mut layer = BatchNorm::new(factor.len());
    let values = [factor.to_vec(), summand.to_vec(), vec![0.0; factor.len()], vec![1.0 - BATCH_NORM_EPS; factor.len()]];
    layer.tensors_mut().into_iter().zip(values).for_each(|(tensor, values)| *tensor = values);
    layer
}

/// The pieces of `network`.
pub(crate) fn fold(network: &Network) -> Result<Vec<Piece>, Error> {
    let mut pieces = Vec::new();
    append(&mut pieces, "", network.parts(), &mut 0)?;
    Ok(pieces)
}

/// The layers of neurons, and whatever else has a state or a bend, with their names.
pub(crate) fn nodes(network: &Network) -> Vec<(String, &dyn Layer)> {
    fn add<'a>(prefix: &str, parts: Vec<(String, &'a dyn Layer)>, nodes: &mut Vec<(String, &'a dyn Layer)>) {
        for (name, layer) in parts {
            let name = full(prefix, &name);
            if layer.kind() == Kind::Nodes { nodes.push((name, layer)) } else { add(&name, layer.parts(), nodes) }
        }
    }
    let mut nodes = Vec::new();
    add("", network.parts(), &mut nodes);
    nodes
}

/// The same layers; the others are dropped.
pub(crate) fn into_nodes(network: Network) -> Vec<Box<dyn Layer>> {
    fn add(layers: Vec<Box<dyn Layer>>, nodes: &mut Vec<Box<dyn Layer>>) {
        for layer in layers {
            if layer.kind() == Kind::Nodes { nodes.push(layer) } else { add(layer.into_parts(), nodes) }
        }
    }
    let mut nodes = Vec::new();
    add(network.into_layers(), &mut nodes);
    nodes
}

/// Layers that do what `pieces` do; `make` turns what is no piece of another into a layer.
pub(crate) fn assemble(
    pieces: Vec<Piece>,
    make: &mut impl FnMut(String, Folded) -> Result<Box<dyn Layer>, Error>,
) -> Result<Vec<Box<dyn Layer>>, Error> {
    let mut layers: Vec<Box<dyn Layer>> = Vec::new();
    for piece in pieces {
        layers.push(match piece {
            Piece::Layer { name, what } => make(name, what)?,
            Piece::Residual { branch, shortcut, join, .. } => {
                Box::new(Residual::new(assemble(branch, make)?, assemble(shortcut, make)?, join))
            }
            Piece::Graph { parts, sources } => {
                let part = |pieces| assemble(pieces, make).map(|layers| Box::new(Chain::from(layers)) as Box<dyn Layer>);
                Box::new(Graph::new(parts.into_iter().map(part).collect::<Result<_, _>>()?, sources))
            }
        });
    }
    Ok(layers)
}

fn full(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.into() } else { format!("{prefix}.{name}") }
}

/// Adds the pieces that `parts` are; `n_nodes` layers of neurons came before.
fn append(pieces: &mut Vec<Piece>, prefix: &str, parts: Vec<(String, &dyn Layer)>, n_nodes: &mut usize) -> Result<(), Error> {
    for (name, layer) in parts {
        let name = full(prefix, &name);
        let values = |i: usize| layer.parameters()[i].values.clone();
        let what = match layer.kind() {
            Kind::Conv(correlation) => {
                let bias = if layer.parameters().len() > 1 { values(1) } else { vec![0.0; correlation.outputs] };
                Folded::Conv { correlation, weight: values(0), bias }
            }
            Kind::Linear { .. } => Folded::Linear { weight: values(0), bias: values(1) },
            Kind::BatchNorm => match pieces.last_mut() {
                Some(Piece::Layer {
                    what:
                        Folded::Conv { weight, bias, .. } | Folded::Linear { weight, bias } | Folded::Scale { factor: weight, summand: bias },
                    ..
                }) => {
                    merge(layer, weight, bias);
                    continue;
                }
                _ => {
                    let channels = layer.parameters()[0].values.len();
                    let (mut factor, mut summand) = (vec![1.0; channels], vec![0.0; channels]);
                    merge(layer, &mut factor, &mut summand);
                    Folded::Scale { factor, summand }
                }
            },
            Kind::AvgPool(side) => Folded::AvgPool(side),
            Kind::MaxPool(windows) => Folded::MaxPool(windows),
            Kind::Flatten => Folded::Flatten,
            Kind::Identity => continue,
            Kind::Nodes => {
                *n_nodes += 1;
                Folded::Nodes { index: *n_nodes - 1 }
            }
            Kind::Chain => {
                append(pieces, &name, layer.parts(), n_nodes)?;
                continue;
            }
            Kind::Residual(join) => {
                let mut ways = [Vec::new(), Vec::new()];
                for (way, (part, layer)) in ways.iter_mut().zip(layer.parts()) {
                    append(way, &full(&name, &part), layer.parts(), n_nodes)?;
                }
                let [branch, shortcut] = ways;
                pieces.push(Piece::Residual { name, branch, shortcut, join });
                continue;
            }
            Kind::Graph => {
                let mut parts = Vec::new();
                for part in layer.parts() {
                    let mut pieces = Vec::new();
                    append(&mut pieces, &name, vec![part], n_nodes)?;
                    parts.push(pieces);
                }
                pieces.push(Piece::Graph { parts, sources: layer.sources().to_vec() });
                continue;
            }
            Kind::Other => {
                return Err(Error::NotConvertible { layer: name, why: "it is neither a weighted sum, a pool nor a layer of nodes" });
            }
        };
        pieces.push(Piece::Layer { name, what });
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerState;
    use crate::tensor::{Shape, Tensor};

    #[test]
    fn a_scaling_multiplies_and_adds_and_nothing_else() {
        let input = Tensor::from_fn(Shape::new(1, 1, [1, 2, 2]), |i| 0.1 + i as f32 * 0.37);
        let output = scaling(&[3.7, 1.0], &[0.0, -0.2]).infer(&input, &mut LayerState::new());
        let x = input.values();
        assert_eq!(output.values(), [3.7 * x[0], x[1] - 0.2, 3.7 * x[2], x[3] - 0.2]);
    }
}
