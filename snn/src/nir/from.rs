//! From a graph to a network.

use super::{DT, Graph, Node, Parameter};
use crate::correlate::Correlation;
use crate::encoder::Encoder;
use crate::layer::{AvgPool, Conv2d, Flatten, Layer, Linear, Spiking};
use crate::network::Network;
use crate::node::{CubaLif, If, Lif};
use crate::surrogate::{Kind, Surrogate};

/// The largest side of an image.
const MOST: usize = 1 << 14;

type Layers = Vec<Box<dyn Layer>>;

/// A network while it is read: rows, columns and channels so far.
struct Builder {
    layers: Layers,
    image: [usize; 3],
    /// Channels of the image that was flattened last.
    channels: usize,
}

pub(super) fn network(graph: &Graph, steps: usize) -> Result<Network, String> {
    let chain = chain(graph)?;
    let input = counts(chain[0], "shape")?;
    let image = match input[..] {
        [channels, height, width] => [height, width, channels],
        [n] => [1, 1, n],
        _ => return Err(format!("node {} has shape {input:?}; expected channels, height, width or features", chain[0].name)),
    };
    if image.contains(&0) || image[0] > MOST || image[1] > MOST {
        return Err(format!("node {} has shape {input:?}; expected sides of 1 to {MOST}", chain[0].name));
    }
    let mut builder = Builder { layers: Vec::new(), image, channels: 1 };
    for node in &chain[1..chain.len() - 1] {
        builder.add(node)?;
    }
    Network::new(Encoder::Events, steps, image, builder.layers).map_err(|error| error.to_string())
}

/// The nodes from input to output.
fn chain(graph: &Graph) -> Result<Vec<&Node>, String> {
    let of = |kind: &str| graph.nodes.iter().find(|node| node.kind == kind).ok_or_else(|| format!("has no {kind} node"));
    let (first, last) = (of("Input")?, of("Output")?);
    let mut chain = vec![first];
    while chain[chain.len() - 1].name != last.name {
        let here = &chain[chain.len() - 1].name;
        let next: Vec<&String> = graph.edges.iter().filter(|edge| &edge[0] == here).map(|edge| &edge[1]).collect();
        let [next] = next[..] else { return Err(format!("{} nodes follow {here}; expected one: only chains are read", next.len())) };
        let node =
            graph.nodes.iter().find(|node| &node.name == next).ok_or_else(|| format!("an edge leads to {next}, which is no node"))?;
        if chain.len() > graph.nodes.len() {
            return Err(format!("{here} is part of a circle; only chains are read"));
        }
        chain.push(node);
    }
    if chain.len() < graph.nodes.len() {
        return Err(format!("{} of {} nodes lie between input and output; only chains are read", chain.len(), graph.nodes.len()));
    }
    Ok(chain)
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
        let [outputs, inputs, kernel, other] = *shape else { return Err(format!("node {} has weights of shape {shape:?}", node.name)) };
        if kernel != other || kernel == 0 || outputs == 0 || side(node, "dilation")? != 1 || side(node, "groups")? != 1 {
            return Err(format!(
                "node {} is grouped, dilated or has a kernel of {kernel} x {other}; expected a plain square one",
                node.name
            ));
        }
        let correlation = Correlation { kernel, stride: side(node, "stride")?, padding: side(node, "padding")?, inputs, outputs };
        let [height, width, channels] = self.image;
        if correlation.padding >= kernel || correlation.stride == 0 || inputs != channels {
            return Err(format!("node {} takes {inputs} channels, padding {}; given {channels} channels", node.name, correlation.padding));
        }
        let taps = kernel * kernel;
        let at = |i: usize| values[(i % outputs * inputs + i / outputs / taps) * taps + i / outputs % taps] as f32;
        let layer = Conv2d::with(correlation, (0..inputs * taps * outputs).map(at).collect(), bias(node, outputs)?);
        let shape = crate::tensor::Shape::new(1, 1, [height, width, channels]);
        let output = correlation.shape(shape).ok_or_else(|| format!("node {} has a kernel larger than its image", node.name))?;
        self.push(layer, output.image())
    }

    fn neurons(&mut self, node: &Node) -> Result<(), String> {
        demand(node, "v_reset", 0.0)?;
        let threshold = shared(node, "v_threshold")? as f32;
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
            demand(node, "r", 1.0 / DT)?;
            return self.push(Spiking::new(If { threshold }, surrogate), image);
        }
        demand(node, "v_leak", 0.0)?;
        demand(node, "r", 1.0)?;
        if node.kind == "LIF" {
            return self.push(Spiking::new(Lif { threshold, tau: steps("tau")? }, surrogate), image);
        }
        demand(node, "w_in", 1.0)?;
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
