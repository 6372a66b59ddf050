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
    /// The largest of squares of this side.
    MaxPool(usize),
    /// Pixels become features.
    Flatten,
    /// Nothing while evaluating: dropout, or repetition over time.
    Identity,
    /// Neurons, or anything else with a state or a bend, that needs no later steps.
    Nodes,
    /// Anything else.
    Other,
}

impl Kind {
    /// Whether the output is a matrix times the input plus a constant.
    pub fn is_affine(self) -> bool {
        !matches!(self, Kind::MaxPool(_) | Kind::Nodes | Kind::Other)
    }
}
