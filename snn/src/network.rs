//! Layers one after another.

use rayon::prelude::*;

use crate::encoder::Encoder;
use crate::error::Error;
use crate::layer::{Chain, Kind, Layer, LayerState, Parameter, Pass, Repeat, Row, Seen};
use crate::tensor::{Shape, Tensor};

/// A network that takes images, or images over time, and gives logits for every step.
pub struct Network {
    encoder: Encoder,
    steps: usize,
    image: [usize; 3],
    layers: Chain,
    /// All layers, also those within others, for one sample.
    rows: Vec<Row>,
}

/// What a network carries from one step to the next; the default is rest.
#[derive(Clone, Debug, Default)]
pub struct NetworkState(Vec<LayerState>);

/// What a network that is trained online carries from one step to the next; the default is rest.
#[derive(Clone, Debug, Default)]
pub struct OnlineState(LayerState);

impl Network {
    /// A network over `steps` steps for images of height, width and channels `image`.
    ///
    /// With direct encoding the image is repeated just before the first neurons: layers before them have no memory and
    /// would compute the same in every step.
    pub fn new(encoder: Encoder, steps: usize, image: [usize; 3], mut layers: Vec<Box<dyn Layer>>) -> Result<Network, Error> {
        if steps == 0 {
            return Err(Error::Value { what: "the number of steps", found: "0".into(), expected: "at least 1" });
        }
        if encoder == Encoder::Direct {
            let first = layers.iter().position(|layer| layer.remembers()).unwrap_or(layers.len());
            layers.insert(first, Box::new(Repeat::new(steps)));
        }
        let mut network = Network { encoder, steps, image, layers: Chain::from(layers), rows: Vec::new() };
        let mut rows = Vec::new();
        network.layers.describe("", network.encoded(Shape::new(1, 1, image)), &mut rows)?;
        network.rows = rows;
        Ok(network)
    }

    /// What the first layer gets of images of this shape.
    pub(crate) fn encoded(&self, images: Shape) -> Shape {
        let steps = if self.encoder == Encoder::Direct { 1 } else { self.steps };
        self.encoder.shape(images, steps)
    }

    /// Outputs of [`layers`](Self::layers) for `batch` samples.
    pub(crate) fn shapes(&self, batch: usize) -> Vec<Shape> {
        let mut shape = self.encoded(Shape::new(1, batch, self.image));
        let outputs = self.layers().iter().map(|layer| {
            shape = layer.shape(shape).expect("checked when the network was made");
            shape
        });
        outputs.collect()
    }

    /// What the first layer gets.
    pub fn encode(&self, images: Tensor, pass: Pass) -> Tensor {
        match self.encoder {
            Encoder::Direct | Encoder::Events => images,
            encoder => encoder.encode(&images, self.steps, pass),
        }
    }

    /// Time steps.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Height, width and channels of an image.
    pub fn image(&self) -> [usize; 3] {
        self.image
    }

    /// Logits per step.
    pub fn classes(&self) -> usize {
        self.rows.last().map_or(0, |row| row.output.n_features())
    }

    /// How images are encoded.
    pub fn encoder(&self) -> Encoder {
        self.encoder
    }

    /// Trains on a batch of images up to the logits of every step.
    pub fn forward(&mut self, images: Tensor, pass: Pass) -> Tensor {
        self.layers.forward(self.encode(images, pass), pass)
    }

    /// [`forward`](Self::forward), and shows what every layer gets and gives, with the number of its row.
    pub fn forward_watched(&mut self, images: Tensor, pass: Pass, watch: impl FnMut(usize, Seen)) -> Tensor {
        let images = self.encode(images, pass);
        self.layers.forward_watched(images, pass, &mut numbered(watch))
    }

    /// From the gradient of the logits to those of all parameters.
    pub fn backward(&mut self, gradient: Tensor) {
        self.layers.backward(gradient, false);
    }

    /// Evaluates a batch of images. `pass` matters to random encoders only.
    pub fn infer(&self, images: Tensor, pass: Pass) -> Tensor {
        self.layers.infer(&self.encode(images, pass), &mut LayerState::new())
    }

    /// [`infer`](Self::infer), and shows what every layer gets and gives, with the number of its row.
    pub fn infer_watched(&self, images: Tensor, pass: Pass, watch: impl FnMut(usize, Seen)) -> Tensor {
        self.layers.infer_watched(&self.encode(images, pass), &mut LayerState::new(), &mut numbered(watch))
    }

    /// With direct encoding, how often an image is repeated from now on. Only for networks that can be trained [online](Self::check_online).
    pub fn repeat(&mut self, steps: usize) {
        self.layers.repeat(steps);
    }

    /// One step of online training: the logits of this step. A [`backward`](Self::backward) that follows gives the gradient of this step alone. `frame` is
    /// what the first layer takes, already encoded.
    pub fn forward_step(&mut self, frame: Tensor, state: &mut OnlineState, pass: Pass, watch: impl FnMut(usize, Seen)) -> Tensor {
        self.layers.forward_step(frame, &mut state.0, pass, &mut numbered(watch))
    }

    /// The same step without training.
    pub fn infer_step(&self, frame: &Tensor, state: &mut OnlineState, watch: impl FnMut(usize, Seen)) -> Tensor {
        self.layers.infer_step(frame, &mut state.0, &mut numbered(watch))
    }

    /// An error that names the first layer that cannot be trained step by step.
    pub fn check_online(&self) -> Result<(), Error> {
        let other = self.layers().iter().position(|layer| !layer.online());
        other.map_or(Ok(()), |index| Err(Error::NotOnline { layer: self.name_of(index) }))
    }

    /// Has all weights before the last neurons learn from traces of their input in [`forward_step`](Self::forward_step), of which `leak` is left in a step.
    /// Those behind them only make logits, which remember nothing. An error names the first layer that cannot.
    pub fn follow_traces(&mut self, leak: f32) -> Result<(), Error> {
        let last = self.layers().iter().rposition(|layer| layer.kind() == Kind::Nodes).unwrap_or(0);
        let names: Vec<String> = (0..last).map(|index| self.name_of(index)).collect();
        for (layer, name) in self.layers_mut().into_iter().zip(names) {
            let learns_by_itself = matches!(layer.kind(), Kind::BatchNorm | Kind::Nodes);
            if !(layer.trace(leak) || learns_by_itself || layer.parameters().is_empty() && layer.parts().is_empty()) {
                return Err(Error::NotTraced { layer: name });
            }
        }
        Ok(())
    }

    /// Evaluates one step after `state`: what a robot or another program feeds frame by frame. `frame` is what the first layer takes,
    /// already encoded. An error if a layer needs to see later steps.
    pub fn step(&self, frame: &Tensor, state: &mut NetworkState) -> Result<Tensor, Error> {
        let layers = self.layers.layers();
        if let Some(index) = layers.iter().position(|layer| !layer.causal()) {
            return Err(Error::Acausal { layer: self.name_of(index) });
        }
        state.0.resize(layers.len(), LayerState::new());
        let mut x = frame.clone();
        for (layer, state) in layers.iter().zip(&mut state.0) {
            // One step is not repeated.
            if layer.name() != "repeat" {
                x = layer.infer(&x, state);
            }
        }
        Ok(x)
    }

    /// The name of the layer of row `index` in tables, messages and checkpoints.
    pub fn label(&self, index: usize) -> &str {
        &self.rows[index].layer
    }

    /// The name of layer `index` of [`layers`](Self::layers), which may hold others.
    pub fn name_of(&self, index: usize) -> String {
        self.layers.label(index)
    }

    /// The rows that are layers of neurons.
    pub fn spiking(&self) -> Vec<usize> {
        (0..self.rows.len()).filter(|&index| self.rows[index].spikes).collect()
    }

    /// The layers in order.
    pub fn layers(&self) -> &[Box<dyn Layer>] {
        self.layers.layers()
    }

    /// The layers in order with their names.
    pub(crate) fn parts(&self) -> Vec<(String, &dyn Layer)> {
        self.layers.parts()
    }

    /// The same layers in the same order.
    pub(crate) fn layers_mut(&mut self) -> Vec<&mut dyn Layer> {
        self.layers.parts_mut()
    }

    /// The layers in order, for whoever makes another network of them.
    pub(crate) fn into_layers(self) -> Vec<Box<dyn Layer>> {
        self.layers.into_layers()
    }

    /// All parameters in a fixed order.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.layers.parameters_mut()
    }

    /// The first parameter whose gradient is not finite.
    pub fn first_non_finite_gradient(&self) -> Option<String> {
        let broken = |p: &Parameter| p.gradient.par_chunks(1 << 14).any(|part| part.iter().any(|g| !g.is_finite()));
        self.layers.named().into_iter().find(|(_, parameter)| broken(parameter)).map(|(name, _)| name)
    }

    /// All parameters and buffers with their names, such as `0.conv2d.weight`.
    pub fn tensors(&self) -> Vec<(String, &Vec<f32>)> {
        self.layers.tensors()
    }

    /// The same tensors in the same order.
    pub fn tensors_mut(&mut self) -> Vec<&mut Vec<f32>> {
        self.layers.tensors_mut()
    }

    /// Numbers that are trained.
    pub fn n_parameters(&self) -> usize {
        self.rows.iter().map(|row| row.parameters).sum()
    }

    /// One row per layer, for one sample.
    pub fn summary(&self) -> &[Row] {
        &self.rows
    }
}

/// Counts the layers that were seen.
fn numbered(mut watch: impl FnMut(usize, Seen)) -> impl FnMut(Seen) {
    let mut index = 0;
    move |seen| {
        watch(index, seen);
        index += usize::from(matches!(seen, Seen::Output(_)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zoo::ModelOptions;

    fn small() -> Network {
        // A low threshold, because neurons behind weights that nobody trained hardly fire.
        let options = ModelOptions { image: [8, 8, 1], steps: 4, width: 0.125, threshold: 0.1, ..ModelOptions::default() };
        options.build().unwrap()
    }

    #[test]
    fn frame_by_frame_gives_the_same_logits_as_all_steps_at_once() {
        let network = small();
        let pass = Pass { seed: 0, number: 0 };
        let images = Tensor::from_fn(Shape::new(1, 3, [8, 8, 1]), |i| (i % 13) as f32 * 0.1);
        let logits = network.infer(images.clone(), pass);
        let mut state = NetworkState::default();
        for step in 0..4 {
            assert_eq!(network.step(&images, &mut state).unwrap().values(), logits.step(step), "step {step}");
        }
        assert!(logits.step(0) != logits.step(3), "neurons have memory");
    }

    #[test]
    fn a_layer_that_does_not_fit_is_named_with_both_widths() {
        use crate::layer::{Init, Linear};
        let layers: Vec<Box<dyn Layer>> =
            vec![Box::new(Linear::new(64, 20, Init { seed: 0, layer: 0 })), Box::new(Linear::new(30, 10, Init { seed: 0, layer: 1 }))];
        let message = Network::new(Encoder::Rate, 2, [8, 8, 1], layers).err().unwrap().to_string();
        assert_eq!(message, "layer 1.linear takes 30 features and is given 20; its input is 2 steps x 1 samples x 1 x 1 x 20");
    }

    #[test]
    fn parameters_and_buffers_have_names_in_the_order_of_their_values() {
        let mut network = small();
        let names: Vec<String> = network.tensors().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names[..3], ["0.conv2d.weight", "1.batch_norm.weight", "1.batch_norm.bias"]);
        assert_eq!(names[3], "1.batch_norm.running_mean");
        let lengths: Vec<usize> = network.tensors().iter().map(|(_, values)| values.len()).collect();
        assert_eq!(network.tensors_mut().iter().map(|values| values.len()).collect::<Vec<_>>(), lengths);
    }
}
