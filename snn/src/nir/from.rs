//! From a graph to a network.

use std::collections::HashMap;

use super::{DT, Graph, Node, Parameter};
use crate::correlate::Correlation;
use crate::encoder::Encoder;
use crate::layer::{AvgPool, Conv2d, Flatten, Graph as LayerGraph, Layer, Linear, Spiking};
use crate::network::Network;
use crate::node::{CubaLif, If, Lif};
use crate::surrogate::{Kind, Surrogate};

/// The largest side of an image.
const MOST: usize = 1 << 14;

/// Weights of a convolution in groups, once the zeros between groups are written out, at most.
const MOST_WEIGHTS: usize = 1 << 28;

type Layers = Vec<Box<dyn Layer>>;

/// What a value is like while the graph is read.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Value {
    /// Rows, columns and channels.
    image: [usize; 3],
    /// Channels of the image that was flattened last.
    channels: usize,
}

/// A network while it is read: where it stands.
struct Builder {
    layers: Layers,
    image: [usize; 3],
    channels: usize,
}

pub(super) fn network(graph: &Graph, steps: usize) -> Result<Network, String> {
    let order = order(graph)?;
    let (first, last) = (order[0], order[order.len() - 1]);
    let image = image(first)?;
    let mut values = vec![Value { image, channels: 1 }];
    let (mut layers, mut sources): (Layers, Vec<Vec<usize>>) = (Vec::new(), Vec::new());
    for node in &order[1..] {
        let from = senders(graph, &order, node);
        let value = values[from[0]];
        if let Some(other) = from.iter().map(|&value| values[value]).find(|other| *other != value) {
            return Err(format!("node {} adds values of {:?} and {:?}; expected the same", node.name, value.image, other.image));
        }
        sources.push(from);
        if node.name == last.name {
            break;
        }
        let mut builder = Builder { layers: Vec::new(), image: value.image, channels: value.channels };
        builder.add(node)?;
        values.push(Value { image: builder.image, channels: builder.channels });
        layers.append(&mut builder.layers);
    }
    let is_chain = sources.iter().enumerate().all(|(at, from)| from[..] == [at]);
    let layers = if is_chain { layers } else { vec![Box::new(LayerGraph::new(layers, sources)) as Box<dyn Layer>] };
    Network::new(Encoder::Events, steps, image, layers).map_err(|error| error.to_string())
}

/// Height, width and channels that the input node says.
fn image(node: &Node) -> Result<[usize; 3], String> {
    let input = counts(node, "shape")?;
    let image = match input[..] {
        [channels, height, width] => [height, width, channels],
        [n] => [1, 1, n],
        _ => return Err(format!("node {} has shape {input:?}; expected channels, height, width or features", node.name)),
    };
    if image.contains(&0) || image[0] > MOST || image[1] > MOST {
        return Err(format!("node {} has shape {input:?}; expected sides of 1 to {MOST}", node.name));
    }
    Ok(image)
}

/// The nodes before `node`, as places in `order`.
fn senders(graph: &Graph, order: &[&Node], node: &Node) -> Vec<usize> {
    let names = graph.edges.iter().filter(|edge| edge[1] == node.name).map(|edge| &edge[0]);
    let mut places: Vec<usize> = names.filter_map(|name| order.iter().position(|node| &node.name == name)).collect();
    places.sort_unstable();
    places
}

/// All nodes from input to output, each after those that lead to it.
fn order(graph: &Graph) -> Result<Vec<&Node>, String> {
    let of = |kind: &str| graph.nodes.iter().find(|node| node.kind == kind).ok_or_else(|| format!("has no {kind} node"));
    let (first, last) = (of("Input")?, of("Output")?);
    let place: HashMap<&str, usize> = graph.nodes.iter().enumerate().map(|(place, node)| (node.name.as_str(), place)).collect();
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    let mut waiting = vec![0usize; graph.nodes.len()];
    for [from, to] in &graph.edges {
        let known =
            |name: &String| place.get(name.as_str()).copied().ok_or_else(|| format!("an edge leads to or from {name}, which is no node"));
        let (from, to) = (known(from)?, known(to)?);
        followers[from].push(to);
        waiting[to] += 1;
    }
    for (node, (&waiting, followers)) in graph.nodes.iter().zip(waiting.iter().zip(&followers)) {
        if (waiting == 0) != (node.name == first.name) || followers.is_empty() != (node.name == last.name) {
            return Err(format!("node {} does not lie between input and output; only such nodes are read", node.name));
        }
    }
    let (mut order, mut ready) = (Vec::new(), vec![place[first.name.as_str()]]);
    while let Some(index) = ready.pop() {
        order.push(&graph.nodes[index]);
        for &follower in &followers[index] {
            waiting[follower] -= 1;
            if waiting[follower] == 0 {
                ready.push(follower);
            }
        }
    }
    if order.len() < graph.nodes.len() {
        let circle = graph.nodes.iter().find(|node| !order.iter().any(|other| other.name == node.name));
        let name = circle.map_or("", |node| &node.name);
        return Err(format!("{name} is part of a circle or follows one; only graphs without circles are read"));
    }
    // The output is the only node without followers, so nothing comes after it; put it last.
    let end = order.iter().position(|node| node.name == last.name).ok_or("its output is not reached")?;
    let output = order.remove(end);
    order.push(output);
    Ok(order)
}

fn missing(node: &Node, name: &str) -> String {
    format!("node {} ({}) has no {name}", node.name, node.kind)
}

fn counts(node: &Node, name: &str) -> Result<Vec<usize>, String> {
    let values = match node.parameter(name) {
        Some(Parameter::Counts(values)) => values.clone(),
        Some(Parameter::Count(value)) => vec![*value],
        Some(Parameter::Numbers(array)) => array.values.iter().map(|&x| x as i64).collect(),
        None => return Err(missing(node, name)),
    };
    values.iter().map(|&n| usize::try_from(n).map_err(|_| format!("node {} has {name} {n}", node.name))).collect()
}

/// A number that is the same along both axes.
fn side(node: &Node, name: &str) -> Result<usize, String> {
    let both = counts(node, name)?;
    match both[..] {
        [n] => Ok(n),
        [a, b] if a == b => Ok(a),
        _ => Err(format!("node {} has {name} {both:?}; expected the same along both axes", node.name)),
    }
}

fn numbers<'a>(node: &'a Node, name: &str) -> Result<(&'a [usize], &'a [f64]), String> {
    match node.parameter(name) {
        Some(Parameter::Numbers(array)) => Ok((&array.shape, &array.values)),
        _ => Err(missing(node, name)),
    }
}

/// A parameter that all neurons share.
fn shared(node: &Node, name: &str) -> Result<f64, String> {
    let (_, values) = numbers(node, name)?;
    let first = *values.first().ok_or_else(|| missing(node, name))?;
    let alike = values.iter().all(|v| (v - first).abs() <= 1e-6 * first.abs());
    if alike && first.is_finite() {
        Ok(first)
    } else {
        Err(format!("node {} has neurons of different {name}; expected alike ones", node.name))
    }
}

/// A parameter that has to have this value.
fn demand(node: &Node, name: &str, expected: f64) -> Result<(), String> {
    let found = if node.parameter(name).is_some() { shared(node, name)? } else { expected };
    let ok = (found - expected).abs() <= 1e-6 * expected.abs().max(1.0);
    if ok { Ok(()) } else { Err(format!("node {} has {name} {found}; expected {expected}", node.name)) }
}

impl Builder {
    fn add(&mut self, node: &Node) -> Result<(), String> {
        match node.kind.as_str() {
            "Affine" | "Linear" => self.linear(node),
            "Conv2d" => self.convolution(node),
            "AvgPool2d" => {
                let [kernel, stride, padding] = ["kernel_size", "stride", "padding"].map(|name| side(node, name));
                let kernel = kernel?;
                if kernel == 0 || stride? != kernel || padding? != 0 {
                    return Err(format!("node {} overlaps or pads; expected a stride of its kernel and no padding", node.name));
                }
                self.push(AvgPool::new(kernel), [self.image[0] / kernel, self.image[1] / kernel, self.image[2]])
            }
            "Flatten" => {
                self.channels = self.image[2];
                let features = self.image.iter().product();
                self.push(Flatten::default(), [1, 1, features])
            }
            "IF" | "LIF" | "CubaLIF" => self.neurons(node),
            kind => Err(format!("node {} is of kind {kind}, which is not read", node.name)),
        }
    }

    fn push(&mut self, layer: impl Layer + 'static, image: [usize; 3]) -> Result<(), String> {
        self.layers.push(Box::new(layer));
        self.image = image;
        Ok(())
    }

    fn linear(&mut self, node: &Node) -> Result<(), String> {
        let (shape, values) = numbers(node, "weight")?;
        let [outputs, inputs] = *shape else { return Err(format!("node {} has weights of shape {shape:?}; expected two axes", node.name)) };
        let features: usize = self.image.iter().product();
        if inputs != features || outputs == 0 {
            return Err(format!("node {} takes {inputs} features and is given {features}", node.name));
        }
        let bias = bias(node, outputs)?;
        let channels = if self.channels > 1 && inputs.is_multiple_of(self.channels) { self.channels } else { 1 };
        let place = |i: usize| i % channels * (inputs / channels) + i / channels;
        let weight = (0..inputs * outputs).map(|i| values[i % outputs * inputs + place(i / outputs)] as f32).collect();
        self.channels = 1;
        self.push(Linear::with(weight, bias), [1, 1, outputs])
    }

    fn convolution(&mut self, node: &Node) -> Result<(), String> {
        let (shape, values) = numbers(node, "weight")?;
        let [outputs, each, kernel, other] = *shape else { return Err(format!("node {} has weights of shape {shape:?}", node.name)) };
        if kernel != other || kernel == 0 || outputs == 0 || side(node, "dilation")? != 1 {
            return Err(format!("node {} is dilated or has a kernel of {kernel} x {other}; expected a plain square one", node.name));
        }
        let groups = side(node, "groups")?;
        let inputs = each.saturating_mul(groups);
        let correlation = Correlation { kernel, stride: side(node, "stride")?, padding: side(node, "padding")?, inputs, outputs };
        let [height, width, channels] = self.image;
        if correlation.padding >= kernel || correlation.stride == 0 || inputs != channels || groups == 0 || !outputs.is_multiple_of(groups)
        {
            return Err(format!(
                "node {} takes {inputs} channels in {groups} groups, padding {}; given {channels} channels",
                node.name, correlation.padding
            ));
        }
        let taps = kernel * kernel;
        let n_weights = [inputs, taps, outputs].iter().try_fold(1usize, |n, &d| n.checked_mul(d)).filter(|&n| n <= MOST_WEIGHTS);
        let Some(n_weights) = n_weights else { return Err(format!("node {} has more than {MOST_WEIGHTS} weights", node.name)) };
        let (per_group, mut weight) = (outputs / groups, vec![0.0; n_weights]);
        for (i, &value) in values.iter().enumerate() {
            // Within its group, from channel by channel and output by output to those of the whole.
            let (output, input, tap) = (i / taps / each, i / taps % each, i % taps);
            weight[((output / per_group * each + input) * taps + tap) * outputs + output] = value as f32;
        }
        let layer = Conv2d::with(correlation, weight, bias(node, outputs)?);
        let shape = crate::tensor::Shape::new(1, 1, [height, width, channels]);
        let output = correlation.shape(shape).ok_or_else(|| format!("node {} has a kernel larger than its image", node.name))?;
        self.push(layer, output.image())
    }

    fn neurons(&mut self, node: &Node) -> Result<(), String> {
        demand(node, "v_reset", 0.0)?;
        // What multiplies the input divides the threshold: membranes are scaled, and all that is asked of them is whether they reach it.
        let threshold = |gain: f64| -> Result<f32, String> {
            if gain > 0.0 {
                Ok((shared(node, "v_threshold")? / gain) as f32)
            } else {
                Err(format!("node {} has an input that counts {gain}; expected more than 0", node.name))
            }
        };
        let steps = |name: &str| -> Result<f32, String> {
            let tau = shared(node, name)? / DT;
            if tau >= 1.0 {
                Ok(tau as f32)
            } else {
                Err(format!("node {} has {name} of {tau} steps; expected at least one of {DT} s", node.name))
            }
        };
        let image = self.image;
        let surrogate = Surrogate::new(Kind::QGate);
        if node.kind == "IF" {
            let threshold = threshold(shared(node, "r")? * DT)?;
            return self.push(Spiking::new(If { threshold }, surrogate), image);
        }
        demand(node, "v_leak", 0.0)?;
        let r = shared(node, "r")?;
        if node.kind == "LIF" {
            return self.push(Spiking::new(Lif { threshold: threshold(r)?, tau: steps("tau")? }, surrogate), image);
        }
        let threshold = threshold(r * if node.parameter("w_in").is_some() { shared(node, "w_in")? } else { 1.0 })?;
        let (tau, tau_syn) = (steps("tau_mem")?, steps("tau_syn")?);
        self.push(Spiking::new(CubaLif { threshold, tau, tau_syn }, surrogate), image)
    }
}

fn bias(node: &Node, n: usize) -> Result<Vec<f32>, String> {
    let Some(Parameter::Numbers(array)) = node.parameter("bias") else { return Ok(vec![0.0; n]) };
    if array.values.len() != n {
        return Err(format!("node {} has {} biases for {n} outputs", node.name, array.values.len()));
    }
    Ok(array.values.iter().map(|&x| x as f32).collect())
}
