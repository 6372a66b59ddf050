//! What lies between layers of neurons, as lists of synapses.

use crate::convert::{Flat, Folded, What, flatten, fold, nodes};
use crate::error::Error;
use crate::layer::{Join, Layer, LayerState};
use crate::network::Network;
use crate::tensor::{Shape, Tensor};

/// Unit vectors that go through the layers together.
const BATCH: usize = 64;

/// More synapses than anyone wants one by one.
const MOST: usize = 100_000_000;

/// Source, target, weight; by source, then target.
pub(super) type Synapses = Vec<(u32, u32, f32)>;

/// A network without its neurons' memory: weighted sums between what neurons send and what they take.
pub(super) struct Circuit<'a> {
    /// Layers of neurons with their names.
    pub(super) nodes: Vec<(String, &'a dyn Layer)>,
    flat: Flat,
    shapes: Vec<Shape>,
    /// What each stage does that is a layer without memory, with and without what it adds.
    layers: Vec<Option<[Box<dyn Layer>; 2]>>,
}

impl<'a> Circuit<'a> {
    /// `network`, all of whose layers but the neurons must be weighted sums.
    pub(super) fn new(network: &'a Network) -> Result<Circuit<'a>, Error> {
        let refused = |layer| Error::NotExportable { layer, why: "its output is no weighted sum of its input" };
        let pieces = fold(network).map_err(|error| match error {
            Error::NotConvertible { layer, .. } => refused(layer),
            other => other,
        })?;
        let flat = flatten(pieces);
        let mut layers = Vec::new();
        for stage in &flat.stages {
            layers.push(match &stage.what {
                What::Layer(Folded::MaxPool(_)) | What::Join(Join::And | Join::Iand) => return Err(refused(stage.name.clone())),
                What::Layer(what) => what.layer().zip(what.without_bias().layer()).map(|(with, without)| [with, without]),
                What::Join(Join::Add) => None,
            });
        }
        let nodes = nodes(network);
        let input = Shape { steps: 1, ..network.encoded(Shape::new(1, 1, network.image())) };
        let shapes = flat.shapes(input, &nodes.iter().map(|node| node.1).collect::<Vec<_>>());
        Ok(Circuit { nodes, flat, shapes, layers })
    }

    /// The values that neurons send, layer by layer; value 0 is the input of the network.
    pub(super) fn sent(&self) -> Vec<usize> {
        let is_nodes = |&index: &usize| matches!(self.flat.stages[index].what, What::Layer(Folded::Nodes { .. }));
        (0..self.flat.stages.len()).filter(is_nodes).map(|index| index + 1).collect()
    }

    /// The values that neurons take, layer by layer, and then what the network gives.
    pub(super) fn taken(&self) -> Vec<usize> {
        self.sent().into_iter().map(|value| self.flat.stages[value - 1].from[0]).chain([self.flat.output]).collect()
    }

    /// The shape of one input.
    pub(super) fn input(&self) -> Shape {
        self.shapes[0]
    }

    /// Numbers that value `value` has.
    pub(super) fn features(&self, value: usize) -> usize {
        self.shapes[value].n_features()
    }

    /// Which values change with the input while no neuron fires.
    pub(super) fn reached_by_input(&self) -> Vec<bool> {
        let mut reached = vec![true];
        for stage in &self.flat.stages {
            let fires = matches!(stage.what, What::Layer(Folded::Nodes { .. }));
            reached.push(!fires && stage.from.iter().any(|&value| reached[value]));
        }
        reached
    }

    /// All values for these inputs while no neuron fires.
    pub(super) fn at_rest(&self, input: &Tensor) -> Vec<Tensor> {
        let batch = input.shape().batch;
        let zeros = |value: usize| Tensor::zeros(Shape { batch, ..self.shapes[value] });
        let mut values = vec![input.clone()];
        for (index, stage) in self.flat.stages.iter().enumerate() {
            values.push(match (&self.layers[index], &stage.what) {
                (Some([layer, _]), _) => layer.infer(&values[stage.from[0]], &mut LayerState::new()),
                (None, What::Join(_)) => stage.from[1..].iter().fold(values[stage.from[0]].clone(), |sum, &value| sum.plus(&values[value])),
                (None, What::Layer(_)) => zeros(index + 1),
            });
        }
        values
    }

    /// The synapses from value `source`, which neurons send or which is the input, to each of [`taken`](Self::taken); `None` where no way leads.
    pub(super) fn synapses(&self, source: usize) -> Result<Vec<Option<Synapses>>, Error> {
        let taken = self.taken();
        let mut found: Vec<Option<Synapses>> = vec![None; taken.len()];
        let n = self.features(source);
        let mut total = 0;
        for first in (0..n).step_by(BATCH) {
            let batch = BATCH.min(n - first);
            let mut units = Tensor::zeros(Shape { batch, ..self.shapes[source] });
            (0..batch).for_each(|i| units.values_mut()[i * n + first + i] = 1.0);
            let values = self.through(source, units);
            for (&value, found) in taken.iter().zip(&mut found) {
                let Some(columns) = &values[value] else { continue };
                let synapses = found.get_or_insert_default();
                for (i, column) in columns.values().chunks_exact(self.features(value)).enumerate() {
                    let weights = column.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
                    synapses.extend(weights.map(|(target, &weight)| ((first + i) as u32, target as u32, weight)));
                }
            }
            total = found.iter().flatten().map(Vec::len).sum();
            if total > MOST {
                break;
            }
        }
        if total > MOST {
            let layer = if source == 0 { "the input".into() } else { self.flat.stages[source - 1].name.clone() };
            return Err(Error::NotExportable { layer, why: "more than a hundred million synapses begin there" });
        }
        Ok(found)
    }

    /// What becomes of these values of `source` alone, without biases; `None` where they do not get to.
    fn through(&self, source: usize, units: Tensor) -> Vec<Option<Tensor>> {
        let mut values: Vec<Option<Tensor>> = (0..=self.flat.stages.len()).map(|_| None).collect();
        values[source] = Some(units);
        for (index, stage) in self.flat.stages.iter().enumerate().skip(source) {
            let mut from = stage.from.iter().filter_map(|&value| values[value].as_ref());
            let Some(first) = from.next() else { continue };
            values[index + 1] = match (&self.layers[index], &stage.what) {
                (Some([_, layer]), _) => Some(layer.infer(first, &mut LayerState::new())),
                (None, What::Join(_)) => Some(from.fold(first.clone(), Tensor::plus)),
                (None, What::Layer(_)) => None,
            };
        }
        values
    }
}
