//! BrainCog's models by their names, layer by layer.

mod builder;
mod convnet;
mod dense;
mod resnet;
mod transformer;

use serde::{Deserialize, Serialize};

use self::builder::{Builder, NORMS};
use self::resnet::Block::{Basic, Bottleneck, Groups};
use self::transformer::Sizes;
use crate::encoder::Encoder;
use crate::error::Error;
use crate::layer::Join;
use crate::network::Network;
use crate::node::{self, NodeOptions};
use crate::surrogate::Surrogate;

/// Everything that a model is made from, as typed. Part of every checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelOptions {
    /// One of [`names`].
    pub model: String,
    /// Name of the nodes, see [`node::names`].
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
    /// Name of the normalisation: `bn`, `tdbn`, `tebn` or `bntt`.
    pub norm: String,
    /// How residuals between spikes join: `ADD`, `AND` or `IAND`.
    pub sew_cnf: String,
    /// How often the last branch of a network of residuals is left out for a sample while training; earlier ones are less often.
    pub drop_path: f32,
    /// Whether ten neurons per class vote instead of one sum per class.
    pub spike_output: bool,
    /// Whether the parameter of each layer's surrogate is learned.
    pub learn_alpha: bool,
    /// Whether each layer's threshold is learned.
    pub requires_thres_grad: bool,
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
            norm: "bn".into(),
            sew_cnf: "ADD".into(),
            drop_path: 0.0,
            spike_output: false,
            learn_alpha: false,
            requires_thres_grad: false,
            seed: 42,
        }
    }
}

/// Name and layers of a model.
type Model = (&'static str, fn(&mut Builder));

/// Tokens of a pixel each from images of 32 pixels after two of the four convolutions that make them, and after all four from events.
const SMALL: Sizes = Sizes { width: 384, heads: 12, depth: 4, pools: [false, false, true, true] };
const DVS: Sizes = Sizes { width: 256, heads: 16, depth: 2, pools: [true; 4] };

const MODELS: [Model; 45] = [
    ("mnist_convnet", |b| b.mnist_convnet()),
    ("mlp", |b| b.mlp()),
    ("cifar_convnet", |b| b.stages(&[(256, 2), (256, 2), (512, 2), (1024, 2)])),
    ("dvs_convnet", |b| b.stages(&[(128, 2), (256, 1), (256, 2), (512, 1), (512, 2)])),
    ("SNN5", |b| b.snn5()),
    ("SNN7_tiny", |b| b.snn7_tiny()),
    ("VGG_SNN", |b| b.vgg_snn()),
    ("resnet9", |b| b.resnet((Basic, &[1, 1, 1, 1]), 64)),
    ("resnet18", |b| b.resnet((Basic, &[2, 2, 2, 2]), 64)),
    ("resnet34_half", |b| b.resnet((Basic, &[3, 4, 6, 3]), 32)),
    ("resnet34", |b| b.resnet((Basic, &[3, 4, 6, 3]), 64)),
    ("resnet50_half", |b| b.resnet((Bottleneck(1), &[3, 4, 6, 3]), 32)),
    ("resnet50", |b| b.resnet((Bottleneck(1), &[3, 4, 6, 3]), 64)),
    ("resnet101", |b| b.resnet((Bottleneck(1), &[3, 4, 23, 3]), 64)),
    ("resnet152", |b| b.resnet((Bottleneck(1), &[3, 8, 36, 3]), 64)),
    ("wide_resnet50_2", |b| b.resnet((Bottleneck(2), &[3, 4, 6, 3]), 64)),
    ("wide_resnet101_2", |b| b.resnet((Bottleneck(2), &[3, 4, 23, 3]), 64)),
    ("resnext50_32x4d", |b| b.resnet((Groups(32, 4), &[3, 4, 6, 3]), 64)),
    ("resnext101_32x8d", |b| b.resnet((Groups(32, 8), &[3, 4, 23, 3]), 64)),
    ("resnet19", |b| b.resnet19()),
    ("sew_resnet18", |b| b.sew_resnet((Basic, &[2, 2, 2, 2]))),
    ("sew_resnet34", |b| b.sew_resnet((Basic, &[3, 4, 6, 3]))),
    ("sew_resnet50", |b| b.sew_resnet((Bottleneck(1), &[3, 4, 6, 3]))),
    ("sew_resnet101", |b| b.sew_resnet((Bottleneck(1), &[3, 4, 23, 3]))),
    ("sew_resnet152", |b| b.sew_resnet((Bottleneck(1), &[3, 8, 36, 3]))),
    ("sew_wide_resnet50_2", |b| b.sew_resnet((Bottleneck(2), &[3, 4, 6, 3]))),
    ("sew_resnext50_32x4d", |b| b.sew_resnet((Groups(32, 4), &[3, 4, 6, 3]))),
    ("sew_resnext101_32x8d", |b| b.sew_resnet((Groups(32, 8), &[3, 4, 23, 3]))),
    ("sew_resnet19", |b| b.sew_resnet_small(&[3, 3, 2], true)),
    ("sew_resnet20", |b| b.sew_resnet_small(&[3, 3, 3], false)),
    ("sew_resnet32", |b| b.sew_resnet_small(&[5, 5, 5], false)),
    ("sew_resnet44", |b| b.sew_resnet_small(&[7, 7, 7], false)),
    ("sew_resnet56", |b| b.sew_resnet_small(&[9, 9, 9], false)),
    ("spikformer", |b| b.spikformer(SMALL, false)),
    ("spikformer_dvs", |b| b.spikformer(DVS, false)),
    ("spikformer_tim", |b| b.spikformer(DVS, true)),
    ("spike_driven_transformer", |b| b.spike_driven_transformer(Sizes { width: 512, heads: 8, depth: 2, ..SMALL })),
    ("spike_driven_transformer_dvs", |b| b.spike_driven_transformer(DVS)),
    ("glsnn", |b| b.glsnn()),
    ("backei_mnist", |b| b.backei(&[(15, 5, 0), (40, 5, 0)], 2, 300, 0.0)),
    ("backei_fashion", |b| b.backei(&[(32, 5, 2), (64, 5, 2)], 1, 1024, 0.0)),
    ("backei_cifar", |b| b.backei(&[(128, 3, 1), (256, 3, 1), (512, 3, 1)], 1, 1024, 0.5)),
    ("capsnet", |b| b.capsnet()),
    ("qsnn", |b| b.qsnn()),
    ("SHD_SNN", |b| b.shd_snn()),
];

/// Names of all models.
pub fn names() -> impl Iterator<Item = &'static str> {
    MODELS.into_iter().map(|row| row.0)
}

/// The row of this name.
fn find<T: Copy>(what: &'static str, name: &str, table: &[(&'static str, T)]) -> Result<T, Error> {
    let known = || table.iter().map(|row| row.0).collect::<Vec<_>>().join(", ");
    let row = table.iter().find(|row| row.0 == name);
    row.map(|row| row.1).ok_or_else(|| Error::Unknown { what, name: name.into(), known: known() })
}

impl ModelOptions {
    /// The model with random weights.
    pub fn build(&self) -> Result<Network, Error> {
        let unknown = |what, name: &str, known: Vec<&str>| Error::Unknown { what, name: name.into(), known: known.join(", ") };
        let encoder = Encoder::named(&self.encode).ok_or_else(|| unknown("encoder", &self.encode, Encoder::names().collect()))?;
        let surrogate = match &self.act_fun {
            None => None,
            Some(name) => Some(Surrogate::named(name).ok_or_else(|| unknown("surrogate", name, Surrogate::names().collect()))?),
        };
        let node = NodeOptions {
            name: self.node_type.clone(),
            threshold: self.threshold,
            tau: self.tau,
            surrogate,
            learn_alpha: self.learn_alpha,
            learn_threshold: self.requires_thres_grad,
        };
        if !node::names().any(|name| name == self.node_type) {
            return Err(unknown("node", &self.node_type, node::names().collect()));
        }
        if !(self.tau > 1.0 && self.tau.is_finite()) {
            return Err(Error::Value { what: "tau", found: self.tau.to_string(), expected: "steps, more than 1" });
        }
        if !(self.width > 0.0 && self.width <= 16.0) {
            return Err(Error::Value { what: "width", found: self.width.to_string(), expected: "more than 0 and at most 16" });
        }
        if !(0.0..1.0).contains(&self.drop_path) {
            return Err(Error::Value { what: "drop-path", found: self.drop_path.to_string(), expected: "at least 0 and less than 1" });
        }
        let channels = encoder.shape(crate::tensor::Shape::new(1, 1, self.image), 1).channels;
        let (norm, join) = (find("normalisation", &self.norm, &NORMS)?, find("join", &self.sew_cnf, &Join::NAMES)?);
        let mut builder = Builder::new(self, node, norm, join, channels);
        find("model", &self.model, &MODELS)?(&mut builder);
        Network::new(encoder, self.steps, self.image, builder.layers)
    }
}

#[cfg(test)]
mod tests;
