//! From a network to a graph.

use super::{Array, DT, Graph, Node, Parameter};
use crate::convert::{Folded, What, flatten, fold, nodes};
use crate::correlate::Correlation;
use crate::error::Error;
use crate::export::threshold;
use crate::layer::{Join, Layer};
use crate::node::{self, Node as _};
use crate::tensor::Shape;
use crate::training::Training;

/// A value while the graph is written: the nodes whose outputs it is the sum of, and the channels of the image that was flattened last.
#[derive(Clone)]
struct Value {
    nodes: Vec<String>,
    channels: usize,
}

/// A graph while it is written.
#[derive(Default)]
struct Writer {
    graph: Graph,
}

pub(super) fn graph(training: &Training) -> Result<Graph, Error> {
    let network = &training.network;
    let flat = flatten(fold(network)?);
    let populations = nodes(network);
    let input = Shape { steps: 1, ..network.encoded(Shape::new(1, 1, network.image())) };
    let shapes = flat.shapes(input, &populations.iter().map(|node| node.1).collect::<Vec<_>>());
    let mut writer = Writer::default();
    writer.graph.nodes.push(Node::new("input".into(), "Input", vec![("shape", Parameter::Counts(axes(input)))]));
    let mut values = vec![Value { nodes: vec!["input".into()], channels: 1 }];
    for (stage, &output) in flat.stages.iter().zip(&shapes[1..]) {
        let from = &values[stage.from[0]];
        let value = match &stage.what {
            What::Layer(folded) => {
                let neurons = |index: usize| neurons(training, populations[index].1, &populations[index].0, output);
                writer.layer(folded, from.clone(), shapes[stage.from[0]], &stage.name, neurons)?
            }
            What::Join(Join::Add) => sum(&stage.from.iter().map(|&value| &values[value]).collect::<Vec<_>>(), &stage.name)?,
            What::Join(_) => {
                let why = "NIR adds what comes together and cannot multiply it; ADD it has";
                return Err(Error::NotConvertible { layer: stage.name.clone(), why });
            }
        };
        values.push(value);
    }
    let last = &values[flat.output];
    let from = last.nodes.clone();
    writer.node("output".into(), "Output", vec![("shape", Parameter::Counts(axes(shapes[flat.output])))], &from);
    Ok(writer.graph)
}

/// What comes together.
fn sum(values: &[&Value], layer: &str) -> Result<Value, Error> {
    let nodes: Vec<String> = values.iter().flat_map(|value| value.nodes.iter().cloned()).collect();
    let refused = |why| Err(Error::NotConvertible { layer: layer.into(), why });
    if nodes.iter().enumerate().any(|(i, node)| nodes[..i].contains(node)) {
        return refused("a value comes to it by two ways without a layer, which NIR has no edges for");
    }
    if values.iter().any(|value| value.channels != values[0].channels) {
        return refused("features that come together there are in different orders");
    }
    Ok(Value { nodes, channels: values[0].channels })
}

impl Writer {
    /// Adds a node behind `from`; the result is its name.
    fn node(&mut self, name: String, kind: &str, parameters: Vec<(&str, Parameter)>, from: &[String]) -> Vec<String> {
        self.graph.edges.extend(from.iter().map(|from| [from.clone(), name.clone()]));
        self.graph.nodes.push(Node::new(name.clone(), kind, parameters));
        vec![name]
    }

    /// The same with the next number as its name.
    fn next(&mut self, kind: &str, parameters: Vec<(&str, Parameter)>, from: &[String]) -> Vec<String> {
        self.node(self.graph.nodes.len().to_string(), kind, parameters, from)
    }

    /// Adds what `folded` is for an input of this shape.
    fn layer(
        &mut self,
        folded: &Folded,
        from: Value,
        input: Shape,
        layer: &str,
        neurons: impl Fn(usize) -> Result<Neurons, Error>,
    ) -> Result<Value, Error> {
        let Value { nodes: mut from, mut channels } = from;
        let (kind, parameters) = match folded {
            Folded::Conv { correlation, weight, bias } => ("Conv2d", convolution(correlation, weight, bias, input)),
            Folded::Linear { weight, bias } => {
                if input.height * input.width > 1 {
                    from = self.next("Flatten", flatten_parameters(input), &from);
                    channels = input.channels;
                }
                let order = std::mem::replace(&mut channels, 1);
                ("Affine", affine(weight, bias, order))
            }
            Folded::Scale { factor, summand } if input.height * input.width > 1 => ("Conv2d", scaling(factor, summand, input)),
            // Features stay in the order in which they come.
            Folded::Scale { factor, summand } => ("Affine", affine(&diagonal(factor), summand, 1)),
            Folded::AvgPool(side) => {
                let side = side.unwrap_or(input.height.min(input.width)) as i64;
                let pair = |n| Parameter::Counts(vec![n, n]);
                ("AvgPool2d", vec![("kernel_size", pair(side)), ("stride", pair(side)), ("padding", pair(0))])
            }
            Folded::Flatten => {
                channels = input.channels;
                ("Flatten", flatten_parameters(input))
            }
            Folded::Nodes { index } => neurons(*index)?,
            Folded::MaxPool(_) => return Err(Error::NotConvertible { layer: layer.into(), why: "NIR has no maximum pool" }),
        };
        Ok(Value { nodes: self.next(kind, parameters, &from), channels })
    }
}

/// Weights turned to NIR's axes; `channels` are those of the image that was flattened before.
fn affine(weight: &[f32], bias: &[f32], channels: usize) -> Vec<(&'static str, Parameter)> {
    let (inputs, outputs) = (weight.len() / bias.len(), bias.len());
    let place = |i: usize| i % channels * (inputs / channels) + i / channels;
    let mut turned = vec![0.0; weight.len()];
    weight.iter().enumerate().for_each(|(i, &w)| turned[i % outputs * inputs + place(i / outputs)] = f64::from(w));
    vec![("weight", Parameter::Numbers(Array { shape: vec![outputs, inputs], values: turned })), ("bias", numbers(bias))]
}

/// The matrix with these numbers on its diagonal.
fn diagonal(factor: &[f32]) -> Vec<f32> {
    let n = factor.len();
    (0..n * n).map(|i| if i % n == i / n { factor[i / n] } else { 0.0 }).collect()
}

/// A factor and a summand per channel as a convolution of one pixel. Not in groups, which SpikingJelly does not read.
fn scaling(factor: &[f32], summand: &[f32], input: Shape) -> Vec<(&'static str, Parameter)> {
    let n = factor.len();
    convolution(&Correlation { kernel: 1, stride: 1, padding: 0, inputs: n, outputs: n }, &diagonal(factor), summand, input)
}

/// Channels, rows, columns; or the number of features.
fn axes(shape: Shape) -> Vec<i64> {
    let image = [shape.channels, shape.height, shape.width].map(|n| n as i64);
    if shape.height * shape.width > 1 { image.to_vec() } else { vec![image[0]] }
}

fn numbers(values: &[f32]) -> Parameter {
    Parameter::Numbers(Array::vector(values.iter().map(|&x| x.into()).collect()))
}

fn flatten_parameters(shape: Shape) -> Vec<(&'static str, Parameter)> {
    vec![("start_dim", Parameter::Count(0)), ("end_dim", Parameter::Count(-1)), ("input_type", Parameter::Counts(axes(shape)))]
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

fn neurons(training: &Training, layer: &dyn Layer, name: &str, shape: Shape) -> Result<Neurons, Error> {
    let (tau, threshold) = (f64::from(training.model.tau), f64::from(threshold(training, layer)));
    let all = |value: f64| alike(shape, value);
    let ends = |kind, mut own: Vec<(&'static str, Parameter)>| {
        own.extend([("v_threshold", all(threshold)), ("v_reset", all(0.0))]);
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
            // The time constant of the current is fixed. snnTorch and SpikingJelly know currents and membranes that are not divided by their time constants only:
            // these are larger by that much, and so is the threshold.
            let tau_syn = 2.0;
            let own = vec![
                ("tau_syn", all(tau_syn * DT)),
                ("tau_mem", all(tau * DT)),
                ("r", all(tau)),
                ("v_leak", all(0.0)),
                ("w_in", all(tau_syn)),
                ("v_threshold", all(threshold * tau * tau_syn)),
                ("v_reset", all(0.0)),
            ];
            Ok(("CubaLIF", own))
        }
        _ => {
            let why = "NIR has no such neuron; IFNode, LIFNode, PLIFNode and CUBALIFNode it has";
            Err(Error::NotConvertible { layer: name.into(), why })
        }
    }
}
