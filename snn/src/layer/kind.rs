use super::{Join, Windows};
use crate::correlate::Correlation;

/// What a layer is, for whoever makes something else of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Convolution; parameters `weight` and, if there is one, `bias`.
    Conv(Correlation),
    /// W x + b; parameters `weight` and `bias`.
    Linear {
        /// Features of the input.
        inputs: usize,
        /// Features of the output.
        outputs: usize,
    },
    /// Parameters `weight` and `bias`, buffers `running_mean` and `running_var`.
    BatchNorm,
    /// The mean over squares of this side, or over the whole image.
    AvgPool(Option<usize>),
    /// The largest of squares.
    MaxPool(Windows),
    /// Pixels become features.
    Flatten,
    /// Nothing while evaluating: dropout, or repetition over time.
    Identity,
    /// Neurons, or anything else with a state or a bend, that needs no later steps.
    Nodes,
    /// Its parts one after another.
    Chain,
    /// A branch and a shortcut, its parts, that join.
    Residual(Join),
    /// Parts with sums between them, as [`Layer::sources`](super::Layer::sources) says.
    Graph,
    /// Anything else.
    Other,
}
