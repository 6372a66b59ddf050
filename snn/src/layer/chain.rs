use super::fused::Block;
use super::{Kind, Layer, LayerState, Misfit, Part, Pass, Row, Watch};
use crate::tensor::{Shape, Tensor};

/// Layers one after another: a network, or part of one.
#[derive(Default)]
pub struct Chain {
    name: Option<&'static str>,
    layers: Vec<Box<dyn Layer>>,
}

impl From<Vec<Box<dyn Layer>>> for Chain {
    fn from(layers: Vec<Box<dyn Layer>>) -> Self {
        Chain { name: None, layers }
    }
}

impl Chain {
    /// Layers that are together known by a name.
    pub fn named(name: &'static str, layers: Vec<Box<dyn Layer>>) -> Self {
        Chain { name: Some(name), layers }
    }

    /// The layers.
    pub fn layers(&self) -> &[Box<dyn Layer>] {
        &self.layers
    }

    /// The layers, for whoever makes something else of them.
    pub(crate) fn into_layers(self) -> Vec<Box<dyn Layer>> {
        self.layers
    }

    /// The name of layer `index` in tables, messages and checkpoints.
    pub(crate) fn label(&self, index: usize) -> String {
        format!("{index}.{}", self.layers[index].name())
    }
}

impl Layer for Chain {
    fn name(&self) -> &'static str {
        self.name.unwrap_or("chain")
    }

    fn kind(&self) -> Kind {
        Kind::Chain
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        self.layers.iter().try_fold(input, |shape, layer| layer.shape(shape))
    }

    fn describe(&self, label: &str, input: Shape, rows: &mut Vec<Row>) -> Result<Shape, Part> {
        let inside = if label.is_empty() { String::new() } else { format!("{label}.") };
        let mut shape = input;
        for (index, layer) in self.layers.iter().enumerate() {
            shape = layer.describe(&format!("{inside}{}", self.label(index)), shape, rows)?;
        }
        Ok(shape)
    }

    /// With layers that can be computed together computed together, to the same bits.
    fn infer(&self, input: &Tensor, state: &mut LayerState) -> Tensor {
        state.parts.resize(self.layers.len(), LayerState::new());
        let (mut x, mut next) = (None, 0);
        while let Some(layer) = self.layers.get(next) {
            let from = x.as_ref().unwrap_or(input);
            let (output, n) = match Block::first_of(&self.layers[next..], from.shape()) {
                Some(block) => (block.infer(from, &mut state.parts[next..]), block.len()),
                None => (layer.infer(from, &mut state.parts[next]), 1),
            };
            (x, next) = (Some(output), next + n);
        }
        x.unwrap_or_else(|| input.clone())
    }

    fn infer_watched(&self, input: &Tensor, state: &mut LayerState, watch: Watch) -> Tensor {
        state.parts.resize(self.layers.len(), LayerState::new());
        let mut layers = self.layers.iter().zip(&mut state.parts);
        let Some((layer, state)) = layers.next() else { return input.clone() };
        let first = layer.infer_watched(input, state, watch);
        layers.fold(first, |x, (layer, state)| layer.infer_watched(&x, state, watch))
    }

    fn forward(&mut self, input: Tensor, pass: Pass) -> Tensor {
        self.forward_watched(input, pass, &mut |_| ())
    }

    fn forward_watched(&mut self, input: Tensor, pass: Pass, watch: Watch) -> Tensor {
        self.layers.iter_mut().fold(input, |x, layer| layer.forward_watched(x, pass, watch))
    }

    fn forward_step(&mut self, input: Tensor, state: &mut LayerState, pass: Pass, watch: Watch) -> Tensor {
        state.parts.resize(self.layers.len(), LayerState::new());
        self.layers.iter_mut().zip(&mut state.parts).fold(input, |x, (layer, state)| layer.forward_step(x, state, pass, watch))
    }

    fn infer_step(&self, input: &Tensor, state: &mut LayerState, watch: Watch) -> Tensor {
        state.parts.resize(self.layers.len(), LayerState::new());
        self.layers.iter().zip(&mut state.parts).fold(input.clone(), |x, (layer, state)| layer.infer_step(&x, state, watch))
    }

    fn online(&self) -> bool {
        self.layers.iter().all(|layer| layer.online())
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        // Nobody wants the gradient of what comes before the first layer that learns.
        let first = self.layers.iter().position(|layer| !layer.parameters().is_empty());
        let needed = if wanted { 0 } else { first.unwrap_or(self.layers.len()) };
        let mut gradient = Some(gradient);
        for (index, layer) in self.layers.iter_mut().enumerate().skip(needed).rev() {
            gradient = layer.backward(gradient?, wanted || index > needed);
        }
        gradient.filter(|_| wanted)
    }

    fn parts(&self) -> Vec<(String, &dyn Layer)> {
        self.layers.iter().enumerate().map(|(i, layer)| (self.label(i), &**layer)).collect()
    }

    fn parts_mut(&mut self) -> Vec<&mut dyn Layer> {
        self.layers.iter_mut().map(|layer| &mut **layer as &mut dyn Layer).collect()
    }

    fn into_parts(self: Box<Self>) -> Vec<Box<dyn Layer>> {
        self.layers
    }

    fn spikes(&self) -> bool {
        self.layers.last().is_some_and(|layer| layer.spikes())
    }
}
