//! From a network to a graph.

use super::{Array, DT, Graph, Node, Parameter};
use crate::convert::{Folded, fold};
use crate::correlate::Correlation;
use crate::error::Error;
use crate::layer::Layer;
use crate::node::{self, Node as _};
use crate::tensor::Shape;
use crate::training::Training;

pub(super) fn graph(training: &Training) -> Result<Graph, Error> {
    let network = &training.network;
    let mut shape = Shape { steps: 1, ..network.encoded(Shape::new(1, 1, network.image())) };
    let mut nodes = vec![Node::new("input".into(), "Input", vec![("shape", Parameter::Counts(axes(shape)))])];
    // Channels of the image that was flattened last.
    let mut channels = 1;
    for folded in fold(network)? {
        let name = nodes.len();
        let (kind, parameters, output) = match &folded {
            Folded::Conv { correlation, weight, bias } => {
                let output = correlation.shape(shape).expect("checked when the network was made");
                ("Conv2d", convolution(correlation, weight, bias, shape), output)
            }
            Folded::Linear { weight, bias } => {
                if shape.height * shape.width > 1 {
                    nodes.push(flatten(name, shape));
                    channels = shape.channels;
                }
                let (inputs, outputs) = (weight.len() / bias.len(), bias.len());
                let place = |i: usize| i % channels * (inputs / channels) + i / channels;
                let mut turned = vec![0.0; weight.len()];
                weight.iter().enumerate().for_each(|(i, &w)| turned[i % outputs * inputs + place(i / outputs)] = f64::from(w));
                channels = 1;
                let weight = Array { shape: vec![outputs, inputs], values: turned };
                (
                    "Affine",
                    vec![("weight", Parameter::Numbers(weight)), ("bias", numbers(bias))],
                    Shape { height: 1, width: 1, channels: outputs, ..shape },
                )
            }
            Folded::AvgPool(side) => {
                let layer = folded.layer().expect("a pool is a layer");
                let side = side.unwrap_or(shape.height.min(shape.width)) as i64;
                let pair = |n| Parameter::Counts(vec![n, n]);
                let parameters = vec![("kernel_size", pair(side)), ("stride", pair(side)), ("padding", pair(0))];
                ("AvgPool2d", parameters, layer.shape(shape).expect("checked when the network was made"))
            }
            Folded::Flatten => {
                channels = shape.channels;
                nodes.push(flatten(name, shape));
                shape = Shape { height: 1, width: 1, channels: shape.n_features(), ..shape };
                continue;
            }
            Folded::Nodes { index } => {
                let (kind, parameters) = neurons(training, *index, shape)?;
                (kind, parameters, shape)
            }
            Folded::MaxPool(_) => {
                return Err(Error::NotConvertible { layer: "max_pool".into(), why: "NIR has no maximum pool" });
            }
        };
        shape = output;
        nodes.push(Node::new(nodes.len().to_string(), kind, parameters));
    }
    nodes.push(Node::new("output".into(), "Output", vec![("shape", Parameter::Counts(axes(shape)))]));
    let edges = nodes.windows(2).map(|pair| [pair[0].name.clone(), pair[1].name.clone()]).collect();
    Ok(Graph { nodes, edges })
}

/// Channels, rows, columns; or the number of features.
fn axes(shape: Shape) -> Vec<i64> {
    let image = [shape.channels, shape.height, shape.width].map(|n| n as i64);
    if shape.height * shape.width > 1 { image.to_vec() } else { vec![image[0]] }
}

fn numbers(values: &[f32]) -> Parameter {
    Parameter::Numbers(Array::vector(values.iter().map(|&x| x.into()).collect()))
}

fn flatten(name: usize, shape: Shape) -> Node {
    let parameters =
        vec![("start_dim", Parameter::Count(0)), ("end_dim", Parameter::Count(-1)), ("input_type", Parameter::Counts(axes(shape)))];
    Node::new(name.to_string(), "Flatten", parameters)
}

fn convolution(c: &Correlation, weight: &[f32], bias: &[f32], input: Shape) -> Vec<(&'static str, Parameter)> {
    let taps = c.n_taps();
    let mut turned = vec![0.0; weight.len()];
    for (i, &w) in weight.iter().enumerate() {
        let (output, tap, input) = (i % c.outputs, i / c.outputs % taps, i / c.outputs / taps);
        turned[(output * c.inputs + input) * taps + tap] = f64::from(w);
    }
    let pair = |n: usize| Parameter::Counts(vec![n as i64; 2]);
    vec![
        ("input_shape", Parameter::Counts(vec![input.height as i64, input.width as i64])),
        ("weight", Parameter::Numbers(Array { shape: vec![c.outputs, c.inputs, c.kernel, c.kernel], values: turned })),
        ("stride", pair(c.stride)),
        ("padding", pair(c.padding)),
        ("dilation", pair(1)),
        ("groups", Parameter::Count(1)),
        ("bias", numbers(bias)),
    ]
}

/// One value for every neuron.
fn alike(shape: Shape, value: f64) -> Parameter {
    let axes = axes(shape).into_iter().map(|n| n as usize).collect::<Vec<_>>();
    Parameter::Numbers(Array { values: vec![value; shape.n_features()], shape: axes })
}

type Neurons = (&'static str, Vec<(&'static str, Parameter)>);

fn neurons(training: &Training, index: usize, shape: Shape) -> Result<Neurons, Error> {
    let layer: &dyn Layer = &*training.network.layers()[index];
    if training.model.requires_thres_grad {
        let why = "its threshold was learned";
        return Err(Error::NotConvertible { layer: training.network.name_of(index), why });
    }
    let tau = f64::from(training.model.tau);
    let all = |value: f64| alike(shape, value);
    let ends = |kind, mut own: Vec<(&'static str, Parameter)>| {
        own.extend([("v_threshold", all(training.model.threshold.into())), ("v_reset", all(0.0))]);
        Ok((kind, own))
    };
    match layer.name() {
        node::If::NAME => ends("IF", vec![("r", all(1.0 / DT))]),
        node::Lif::NAME => ends("LIF", vec![("tau", all(tau * DT)), ("r", all(1.0)), ("v_leak", all(0.0))]),
        node::Plif::NAME => {
            let tau = 1.0 + libm::exp(-f64::from(layer.parameters()[0].values[0]));
            ends("LIF", vec![("tau", all(tau * DT)), ("r", all(1.0)), ("v_leak", all(0.0))])
        }
        node::CubaLif::NAME => {
            // The time constant of the current is fixed.
            let taus = [("tau_syn", all(2.0 * DT)), ("tau_mem", all(tau * DT))];
            ends("CubaLIF", taus.into_iter().chain([("r", all(1.0)), ("v_leak", all(0.0)), ("w_in", all(1.0))]).collect())
        }
        _ => {
            let why = "NIR has no such neuron; IFNode, LIFNode, PLIFNode and CUBALIFNode it has";
            Err(Error::NotConvertible { layer: training.network.name_of(index), why })
        }
    }
}
