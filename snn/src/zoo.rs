//! BrainCog's models by their names, layer by layer.

use serde::{Deserialize, Serialize};

use crate::correlate::Correlation;
use crate::encoder::Encoder;
use crate::error::Error;
use crate::layer::{AvgPool, BatchNorm, Conv2d, Dropout, Flatten, Init, Layer, Linear};
use crate::network::Network;
use crate::node::{self, NodeOptions};
use crate::surrogate::Surrogate;

/// Everything that a model is made from, as typed. Part of every checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelOptions {
    /// One of [`NAMES`].
    pub model: String,
    /// Name of the nodes, see [`node::NAMES`].
    pub node_type: String,
    /// Name of the surrogate; `None` for the usual one of the node.
    pub act_fun: Option<String>,
    /// V_th.
    pub threshold: f32,
    /// Time constant of the membrane, steps.
    pub tau: f32,
    /// Name of the encoder.
    pub encode: String,
    /// Time steps.
    pub steps: usize,
    /// Height, width and channels of an image.
    pub image: [usize; 3],
    /// Classes to tell apart.
    pub classes: usize,
    /// Multiplies the channels of every hidden layer.
    pub width: f64,
    /// Whether batch normalisation is threshold-dependent.
    pub td_bn: bool,
    /// Of the initial weights.
    pub seed: u64,
}

impl Default for ModelOptions {
    fn default() -> Self {
        ModelOptions {
            model: "mnist_convnet".into(),
            node_type: "LIFNode".into(),
            act_fun: None,
            threshold: 0.5,
            tau: 2.0,
            encode: "direct".into(),
            steps: 8,
            image: [28, 28, 1],
            classes: 10,
            width: 1.0,
            td_bn: false,
            seed: 42,
        }
    }
}

/// Names of all models.
pub const NAMES: [&str; 3] = ["mnist_convnet", "cifar_convnet", "mlp"];

impl ModelOptions {
    /// The model with random weights.
    pub fn build(&self) -> Result<Network, Error> {
        let unknown = |what, name: &str, known: Vec<&str>| Error::Unknown { what, name: name.into(), known: known.join(", ") };
        let encoder = Encoder::named(&self.encode).ok_or_else(|| unknown("encoder", &self.encode, Encoder::names().collect()))?;
        let surrogate = match &self.act_fun {
            None => None,
            Some(name) => Some(Surrogate::named(name).ok_or_else(|| unknown("surrogate", name, Surrogate::names().collect()))?),
        };
        let node = NodeOptions { name: self.node_type.clone(), threshold: self.threshold, tau: self.tau, surrogate };
        node.layer().ok_or_else(|| unknown("node", &self.node_type, node::NAMES.to_vec()))?;
        if !(self.tau > 1.0 && self.tau.is_finite()) {
            return Err(Error::Value { what: "tau", found: self.tau.to_string(), expected: "steps, more than 1" });
        }
        if !(self.width > 0.0 && self.width <= 16.0) {
            return Err(Error::Value { what: "width", found: self.width.to_string(), expected: "more than 0 and at most 16" });
        }
        let channels = encoder.shape(crate::tensor::Shape::new(1, 1, self.image), 1).channels;
        let builder = Builder { options: self, node, layers: Vec::new(), channels };
        let layers = match self.model.as_str() {
            "mnist_convnet" => builder.mnist_convnet(),
            "cifar_convnet" => builder.cifar_convnet(),
            "mlp" => builder.mlp(),
            _ => return Err(unknown("model", &self.model, NAMES.to_vec())),
        };
        Network::new(encoder, self.steps, self.image, layers)
    }
}

/// A network while it grows.
struct Builder<'a> {
    options: &'a ModelOptions,
    node: NodeOptions,
    layers: Vec<Box<dyn Layer>>,
    /// Channels or features that come out of the last layer.
    channels: usize,
}

impl Builder<'_> {
    fn init(&self) -> Init {
        Init { seed: self.options.seed, layer: self.layers.len() }
    }

    fn push(&mut self, layer: impl Layer + 'static) {
        self.layers.push(Box::new(layer));
    }

    fn width(&self, channels: usize) -> usize {
        ((channels as f64 * self.options.width).round() as usize).max(1)
    }

    fn node(&mut self) {
        self.layers.push(self.node.layer().expect("the name was checked before the first layer"));
    }

    /// Convolution of 3 x 3 pixels without bias, batch normalisation, nodes.
    fn conv(&mut self, channels: usize) {
        let outputs = self.width(channels);
        let correlation = Correlation { kernel: 3, stride: 1, padding: 1, inputs: self.channels, outputs };
        self.push(Conv2d::new(correlation, false, self.init()));
        let threshold = self.options.threshold;
        self.push(if self.options.td_bn { BatchNorm::threshold_dependent(outputs, 1.0, threshold) } else { BatchNorm::new(outputs) });
        self.node();
        self.channels = outputs;
    }

    fn linear(&mut self, outputs: usize) {
        self.push(Linear::new(self.channels, outputs, self.init()));
        self.channels = outputs;
    }

    /// conv128 - pool - conv128 - pool - node - dropout - fc2048 - dropout - fc.
    fn mnist_convnet(mut self) -> Vec<Box<dyn Layer>> {
        let [height, width, _] = self.options.image;
        self.conv(128);
        self.push(AvgPool::new(2));
        self.conv(128);
        self.push(AvgPool::new(2));
        self.node();
        self.push(Flatten::default());
        self.channels *= (height / 4) * (width / 4);
        self.push(Dropout::new(0.5, self.layers.len()));
        self.linear(self.width(2048));
        self.node();
        self.push(Dropout::new(0.5, self.layers.len()));
        self.linear(self.options.classes);
        self.layers
    }

    /// fc256 - node - fc.
    fn mlp(mut self) -> Vec<Box<dyn Layer>> {
        let [height, width, _] = self.options.image;
        self.push(Flatten::default());
        self.channels *= height * width;
        self.linear(self.width(256));
        self.node();
        self.linear(self.options.classes);
        self.layers
    }

    /// Twice conv256, twice conv256, twice conv512, twice conv1024, pools between, the mean over the image, fc.
    fn cifar_convnet(mut self) -> Vec<Box<dyn Layer>> {
        for (stage, channels) in [256, 256, 512, 1024].into_iter().enumerate() {
            if stage > 0 {
                self.push(AvgPool::new(2));
            }
            self.conv(channels);
            self.conv(channels);
        }
        self.push(AvgPool::global());
        self.push(Flatten::default());
        self.linear(self.options.classes);
        self.layers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mnist_convnet_has_the_parameters_of_its_layers() {
        let network = ModelOptions::default().build().unwrap();
        // conv without bias, batch normalisation, twice; two linear layers.
        let expected = 9 * 128 + 256 + 128 * 9 * 128 + 256 + (6272 + 1) * 2048 + (2048 + 1) * 10;
        assert_eq!((network.n_parameters(), expected), (13_016_714, 13_016_714));
        assert_eq!(network.classes(), 10);
    }

    #[test]
    fn cifar_convnet_has_the_parameters_of_its_layers() {
        let options = ModelOptions { model: "cifar_convnet".into(), image: [32, 32, 3], ..ModelOptions::default() };
        assert_eq!(options.build().unwrap().n_parameters(), 19_489_546);
    }

    #[test]
    fn the_summary_shows_where_the_image_starts_to_be_repeated() {
        let rows = ModelOptions::default().build().unwrap().summary();
        let layers: Vec<&str> = rows.iter().map(|row| row.layer.as_str()).collect();
        assert_eq!(layers[..5], ["0.conv2d", "1.batch_norm", "2.repeat", "3.LIFNode", "4.avg_pool"]);
        assert_eq!((rows[1].output.steps, rows[2].output.steps, rows[3].output.image()), (1, 8, [28, 28, 128]));
    }

    #[test]
    fn names_that_do_not_exist_are_refused_with_those_that_do() {
        let message = |options: ModelOptions| options.build().err().unwrap().to_string();
        let model = message(ModelOptions { model: "lenet".into(), ..ModelOptions::default() });
        assert_eq!(model, "no model is called \"lenet\"; there are mnist_convnet, cifar_convnet, mlp");
        let node = message(ModelOptions { node_type: "LIF".into(), ..ModelOptions::default() });
        assert!(node.starts_with("no node is called \"LIF\"; there are IFNode, LIFNode"), "{node}");
        let surrogate = message(ModelOptions { act_fun: Some("QGateGradGrad".into()), ..ModelOptions::default() });
        assert!(surrogate.contains("SigmoidGrad, AtanGrad"), "{surrogate}");
        let small = message(ModelOptions { image: [3, 3, 1], ..ModelOptions::default() });
        assert!(small.contains("(avg_pool)"), "{small}");
    }

    #[test]
    fn a_seed_gives_its_weights_and_another_seed_others() {
        let weights = |seed| {
            let network = ModelOptions { seed, width: 0.1, ..ModelOptions::default() }.build().unwrap();
            network.tensors().into_iter().map(|(_, values)| values.clone()).collect::<Vec<_>>()
        };
        assert!(weights(1) == weights(1) && weights(1) != weights(2));
    }
}
