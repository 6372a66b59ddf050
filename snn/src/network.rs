//! Layers one after another.

use rayon::prelude::*;

use crate::encoder::Encoder;
use crate::error::Error;
use crate::layer::{Layer, LayerState, Parameter, Pass, Repeat};
use crate::tensor::{Shape, Tensor};

/// A network that takes images, or images over time, and gives logits for every step.
pub struct Network {
    encoder: Encoder,
    steps: usize,
    image: [usize; 3],
    layers: Vec<Box<dyn Layer>>,
    classes: usize,
}

/// What a network carries from one step to the next; empty at rest.
#[derive(Clone, Debug, Default)]
pub struct NetworkState(Vec<LayerState>);

/// One row of [`Network::summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The number and kind of the layer, as in the names of its tensors.
    pub layer: String,
    /// What comes out for one sample.
    pub output: Shape,
    /// Numbers that are trained.
    pub parameters: usize,
}

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
            let first = layers.iter().position(|layer| layer.spikes()).unwrap_or(layers.len());
            layers.insert(first, Box::new(Repeat::new(steps)));
        }
        let mut network = Network { encoder, steps, image, layers, classes: 0 };
        network.classes = network.shapes(1)?.last().map_or(0, Shape::n_features);
        Ok(network)
    }

    /// Outputs of all layers for `batch` samples.
    pub(crate) fn shapes(&self, batch: usize) -> Result<Vec<Shape>, Error> {
        let mut shape = self.encoded(Shape::new(1, batch, self.image));
        let mut shapes = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            shape = layer.shape(shape).map_err(|misfit| Error::Layer { index, layer: layer.name(), input: shape, misfit })?;
            shapes.push(shape);
        }
        Ok(shapes)
    }

    pub(crate) fn encoded(&self, images: Shape) -> Shape {
        let steps = if self.encoder == Encoder::Direct { 1 } else { self.steps };
        self.encoder.shape(images, steps)
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
        self.classes
    }

    /// How images are encoded.
    pub fn encoder(&self) -> Encoder {
        self.encoder
    }

    /// Trains on a batch of images up to the logits of every step.
    pub fn forward(&mut self, images: Tensor, pass: Pass) -> Tensor {
        self.forward_watched(images, pass, |_, _| ())
    }

    /// [`forward`](Self::forward), and shows what comes out of every layer.
    pub fn forward_watched(&mut self, images: Tensor, pass: Pass, mut watch: impl FnMut(usize, &Tensor)) -> Tensor {
        let mut x = self.encode(images, pass);
        for (index, layer) in self.layers.iter_mut().enumerate() {
            x = layer.forward(x, pass);
            watch(index, &x);
        }
        x
    }

    /// From the gradient of the logits to those of all parameters.
    pub fn backward(&mut self, gradient: Tensor) {
        let first = self.layers.iter().position(|layer| !layer.parameters().is_empty()).unwrap_or(0);
        let mut gradient = Some(gradient);
        for (index, layer) in self.layers.iter_mut().enumerate().rev() {
            let Some(g) = gradient.take() else { break };
            gradient = layer.backward(g, index > first);
        }
    }

    /// Evaluates a batch of images. `pass` matters to random encoders only.
    pub fn infer(&self, images: Tensor, pass: Pass) -> Tensor {
        self.infer_watched(images, pass, |_, _| ())
    }

    /// [`infer`](Self::infer), and shows what comes out of every layer.
    pub fn infer_watched(&self, images: Tensor, pass: Pass, mut watch: impl FnMut(usize, &Tensor)) -> Tensor {
        let mut x = self.encode(images, pass);
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.infer(&x, &mut LayerState::new());
            watch(index, &x);
        }
        x
    }

    /// What layer `index` gets of `input`, which is encoded; from rest.
    pub fn before(&self, index: usize, input: Tensor) -> Tensor {
        self.layers[..index].iter().fold(input, |x, layer| layer.infer(&x, &mut LayerState::new()))
    }

    /// Evaluates one step after `state`: what a robot or another program feeds frame by frame. `frame` is what the first layer takes,
    /// already encoded.
    pub fn step(&self, frame: &Tensor, state: &mut NetworkState) -> Tensor {
        state.0.resize(self.layers.len(), LayerState::new());
        let mut x = frame.clone();
        for (layer, state) in self.layers.iter().zip(&mut state.0) {
            // One step is not repeated.
            if layer.name() != "repeat" {
                x = layer.infer(&x, state);
            }
        }
        x
    }

    /// The name of layer `index` in tables, messages and checkpoints.
    pub fn label(&self, index: usize) -> String {
        format!("{index}.{}", self.layers[index].name())
    }

    /// The layers in order.
    pub fn layers(&self) -> &[Box<dyn Layer>] {
        &self.layers
    }

    /// The layers of neurons.
    pub fn spiking(&self) -> Vec<usize> {
        (0..self.layers.len()).filter(|&index| self.layers[index].spikes()).collect()
    }

    /// All parameters in a fixed order.
    pub fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.layers.iter_mut().flat_map(|layer| layer.parameters_mut()).collect()
    }

    /// The first parameter whose gradient is not finite.
    pub fn first_non_finite_gradient(&self) -> Option<String> {
        let broken = |p: &&Parameter| p.gradient.par_chunks(1 << 14).any(|part| part.iter().any(|g| !g.is_finite()));
        let parameter = |layer: &dyn Layer| layer.parameters().into_iter().find(broken).map(|p| p.name);
        let mut layers = self.layers.iter().enumerate();
        layers.find_map(|(index, layer)| parameter(&**layer).map(|name| format!("{}.{name}", self.label(index))))
    }

    /// All parameters and buffers with their names, such as `0.conv2d.weight`.
    pub fn tensors(&self) -> Vec<(String, &Vec<f32>)> {
        let mut tensors = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let own = layer.parameters().into_iter().map(|p| (p.name, &p.values)).chain(layer.buffers());
            tensors.extend(own.map(|(name, values)| (format!("{}.{name}", self.label(index)), values)));
        }
        tensors
    }

    /// The same tensors in the same order.
    pub fn tensors_mut(&mut self) -> Vec<&mut Vec<f32>> {
        self.layers.iter_mut().flat_map(|layer| layer.tensors_mut()).collect()
    }

    /// Numbers that are trained.
    pub fn n_parameters(&self) -> usize {
        self.layers.iter().flat_map(|layer| layer.parameters()).map(|p| p.values.len()).sum()
    }

    /// One row per layer.
    pub fn summary(&self) -> Vec<Row> {
        let shapes = self.shapes(1).expect("checked when the network was made");
        let parameters = |layer: &dyn Layer| layer.parameters().iter().map(|p| p.values.len()).sum();
        let rows = self.layers.iter().zip(shapes).enumerate();
        rows.map(|(i, (layer, output))| Row { layer: self.label(i), output, parameters: parameters(&**layer) }).collect()
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
            assert_eq!(network.step(&images, &mut state).values(), logits.step(step), "step {step}");
        }
        assert!(logits.step(0) != logits.step(3), "neurons have memory");
    }

    #[test]
    fn a_layer_that_does_not_fit_is_named_with_both_widths() {
        use crate::layer::{Init, Linear};
        let layers: Vec<Box<dyn Layer>> =
            vec![Box::new(Linear::new(64, 20, Init { seed: 0, layer: 0 })), Box::new(Linear::new(30, 10, Init { seed: 0, layer: 1 }))];
        let message = Network::new(Encoder::Rate, 2, [8, 8, 1], layers).err().unwrap().to_string();
        assert_eq!(message, "layer 1 (linear) takes 30 features and is given 20; its input is 2 steps x 1 samples x 1 x 1 x 20");
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
