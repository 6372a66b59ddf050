//! NIR's HDF5 files, as Python's `nir` lays them out.

use std::path::Path;

use hdf5_pure::{Dataset, Datatype, File, FileBuilder, VlenStringReadOptions};

use super::{Array, Graph, Node, Parameter};
use crate::error::Error;

/// The version of `nir` whose layout this is.
const VERSION: &str = "1.0.8";

/// Values of a dataset for each byte of the file, at most: what compression can reach.
const RATIO: u64 = 1100;

/// Bytes that the texts of a dataset take at most.
const TEXTS: usize = 1 << 24;

pub(super) fn write(graph: &Graph, path: &Path) -> Result<(), Error> {
    let mut file = FileBuilder::new();
    file.create_dataset("version").with_vlen_strings(&[VERSION]).with_shape(&[]);
    let mut root = file.create_group("node");
    root.create_dataset("type").with_vlen_strings(&["NIRGraph"]).with_shape(&[]);
    let ends: Vec<&str> = graph.edges.iter().flatten().map(String::as_str).collect();
    root.create_dataset("edges").with_vlen_strings(&ends).with_shape(&[graph.edges.len() as u64, 2]);
    let mut nodes = root.create_group("nodes");
    for node in &graph.nodes {
        let mut group = nodes.create_group(&node.name);
        group.create_dataset("type").with_vlen_strings(&[&node.kind]).with_shape(&[]);
        for (name, value) in &node.parameters {
            let dataset = group.create_dataset(name);
            match value {
                Parameter::Numbers(array) => {
                    let values: Vec<f32> = array.values.iter().map(|&x| x as f32).collect();
                    let shape: Vec<u64> = array.shape.iter().map(|&n| n as u64).collect();
                    dataset.with_f32_data(&values).with_shape(&shape);
                }
                Parameter::Counts(values) => drop(dataset.with_i64_data(values)),
                Parameter::Count(value) => drop(dataset.with_i64_data(&[*value]).with_shape(&[])),
            }
        }
        nodes.add_group(group.finish());
    }
    root.add_group(nodes.finish());
    file.add_group(root.finish());
    let bytes = file.finish().map_err(|error| Error::Arrays { path: path.into(), what: error.to_string() })?;
    crate::bytes::write(path, &bytes)
}

/// An open file.
struct Reader<'a> {
    path: &'a Path,
    file: File,
    /// Values that a dataset may have.
    most: u64,
}

pub(super) fn read(path: &Path, bytes: Vec<u8>) -> Result<Graph, Error> {
    let most = (bytes.len() as u64).saturating_mul(RATIO);
    let file = File::from_bytes(bytes).map_err(|error| Error::Arrays { path: path.into(), what: format!("not an HDF5 file: {error}") })?;
    let reader = Reader { path, file, most };
    let kind = reader.texts("node/type")?;
    if kind != ["NIRGraph"] {
        return Err(reader.bad(format!("node/type is {kind:?}; expected NIRGraph")));
    }
    let ends = reader.texts("node/edges")?;
    let edges = ends.as_chunks().0.to_vec();
    let group = reader.file.group("node/nodes").map_err(|error| reader.bad(format!("node/nodes: {error}")))?;
    let names = group.groups().map_err(|error| reader.bad(format!("node/nodes: {error}")))?;
    let nodes = names.into_iter().map(|name| reader.node(name)).collect::<Result<_, _>>()?;
    Ok(Graph { nodes, edges })
}

impl Reader<'_> {
    fn bad(&self, what: String) -> Error {
        Error::Arrays { path: self.path.into(), what }
    }

    /// A dataset whose declared size is credible, and its shape.
    fn dataset(&self, name: &str) -> Result<(Dataset, Vec<usize>), Error> {
        let failed = |error: hdf5_pure::Error| self.bad(format!("{name}: {error}"));
        let dataset = self.file.dataset(name).map_err(failed)?;
        let shape = dataset.shape().map_err(failed)?;
        let n = shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d)).unwrap_or(u64::MAX);
        if n > self.most {
            return Err(self.bad(format!("{name} has {n} values; the file can hold {} at most", self.most)));
        }
        Ok((dataset, shape.into_iter().map(|n| n as usize).collect()))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        let (dataset, _) = self.dataset(name)?;
        let options = VlenStringReadOptions::new().with_max_payload_bytes(TEXTS);
        let texts = match dataset.datatype() {
            Ok(Datatype::VariableLength { .. }) => dataset.read_vlen_strings(options),
            _ => dataset.read_string(),
        };
        texts.map_err(|error| self.bad(format!("{name}: {error}")))
    }

    fn node(&self, name: String) -> Result<Node, Error> {
        let folder = format!("node/nodes/{name}");
        let failed = |error: hdf5_pure::Error| self.bad(format!("{folder}: {error}"));
        let group = self.file.group(&folder).map_err(failed)?;
        let kind = self.texts(&format!("{folder}/type"))?.into_iter().next().unwrap_or_default();
        let mut parameters = Vec::new();
        for key in group.datasets().map_err(failed)?.into_iter().filter(|key| key != "type") {
            let place = format!("{folder}/{key}");
            let (dataset, shape) = self.dataset(&place)?;
            let value = match dataset.datatype().map_err(failed)? {
                Datatype::FixedPoint { .. } => {
                    let values = dataset.read_i64().map_err(failed)?;
                    if shape.is_empty() { Parameter::Count(values.first().copied().unwrap_or(0)) } else { Parameter::Counts(values) }
                }
                Datatype::FloatingPoint { .. } => Parameter::Numbers(Array { values: dataset.read_f64().map_err(failed)?, shape }),
                // Texts such as a padding of "same".
                _ => continue,
            };
            parameters.push((key, value));
        }
        Ok(Node { name, kind, parameters })
    }
}
