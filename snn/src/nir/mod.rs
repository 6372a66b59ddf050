//! Networks in the Neuromorphic Intermediate Representation (Pedersen JE et al. (2024) doi:10.1038/s41467-024-52259-9), which Norse, snnTorch,
//! SpikingJelly, Sinabs and others read and write.
//!
//! A step is 0.1 ms of NIR's time. Weights there are channel by channel, neurons one by one. Written are lists and residuals (`ADD`) of convolutions,
//! linear layers, average pools and `IFNode`, `LIFNode`, `PLIFNode`, `CUBALIFNode`, with batch normalisation in the weights; read are
//! graphs without circles of the same whose neurons are alike within a layer and reset to 0. What comes together at a node is added up.

mod file;
mod from;
mod to;

use std::path::Path;

use crate::error::Error;
use crate::network::Network;
use crate::training::Training;

/// Length of a step in seconds, as all that exchange NIR assume.
const DT: f64 = 1e-4;

/// Numbers of a node.
#[derive(Clone, Debug, PartialEq)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Array {
    fn vector(values: Vec<f64>) -> Self {
        Array { shape: vec![values.len()], values }
    }
}

/// A node: its primitive and its parameters, as they are in the file.
#[derive(Clone, Debug, Default, PartialEq)]
struct Node {
    name: String,
    kind: String,
    parameters: Vec<(String, Parameter)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Parameter {
    /// Floating point.
    Numbers(Array),
    /// Whole numbers.
    Counts(Vec<i64>),
    /// One whole number.
    Count(i64),
}

/// Nodes and which one follows which.
#[derive(Clone, Debug, Default, PartialEq)]
struct Graph {
    nodes: Vec<Node>,
    edges: Vec<[String; 2]>,
}

/// Writes the network of `training`.
pub fn write(training: &Training, path: &Path) -> Result<(), Error> {
    file::write(&to::graph(training)?, path)
}

/// Reads a network that takes encoded frames over `steps` steps.
pub fn read(path: &Path, steps: usize) -> Result<Network, Error> {
    let bytes = crate::bytes::read(path, 1 << 34)?;
    parse(path, bytes, steps)
}

/// Reads a network from these bytes; `path` is used in messages.
pub fn parse(path: &Path, bytes: Vec<u8>, steps: usize) -> Result<Network, Error> {
    from::network(&file::read(path, bytes)?, steps).map_err(|what| Error::Arrays { path: path.into(), what })
}

impl Node {
    fn new(name: String, kind: &str, parameters: Vec<(&str, Parameter)>) -> Self {
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        Node { name, kind: kind.into(), parameters }
    }

    fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests;
