use super::correlate::Correlate;
use super::neurons::Neurons;
use super::normalise::Normalise;
use super::part::Part;
use super::pool::{Largest, Mean};
use super::reshape::{Drop, Flatten, Repeat, Vote};
use crate::correlate::Correlation;
use crate::layer::Kind;
use crate::node::{If, Lif, Plif};
use crate::surrogate::Surrogate;

/// What a device does for a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Plan {
    /// Convolution; parameters weight and perhaps bias.
    Conv(Correlation),
    /// W x + b; parameters weight and bias.
    Linear(Correlation),
    /// Batch normalisation.
    Normalise,
    /// The mean over squares of this side, or over the whole image.
    Mean(Option<usize>),
    /// The largest of squares.
    Largest {
        /// Side of a square.
        side: usize,
        /// From one square to the next.
        stride: usize,
        /// Pixels outside of the image.
        padding: usize,
    },
    /// Pixels become features.
    Flatten,
    /// The same image in so many steps.
    Repeat(usize),
    /// Dropout of this rate, with the number of its layer.
    Dropout(f32, usize),
    /// The mean of so many neighbours.
    Vote(usize),
    /// Neurons.
    Nodes(Nodes, Surrogate),
}

/// Neurons that a device knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Nodes {
    /// Perfect integrators.
    If(If),
    /// Leaky ones.
    Lif(Lif),
    /// Leaky ones whose time constant is learned.
    Plif(Plif),
}

/// Why a layer is refused if nothing more is to be said.
pub const NO_KERNEL: &str = "there are kernels for conv2d, linear, batch_norm, td_batch_norm, avg_pool, max_pool, flatten, repeat, dropout, \
     voting and, with constant thresholds and surrogates, IFNode, LIFNode and PLIFNode";

impl Plan {
    /// Of layers that need no further description.
    pub fn of(kind: Kind) -> Option<Plan> {
        Some(match kind {
            Kind::Conv(correlation) => Plan::Conv(correlation),
            Kind::Linear { inputs, outputs } => Plan::Linear(Correlation { kernel: 1, stride: 1, padding: 0, inputs, outputs }),
            Kind::BatchNorm => Plan::Normalise,
            Kind::AvgPool(side) => Plan::Mean(side),
            Kind::Flatten => Plan::Flatten,
            _ => return None,
        })
    }

    pub(super) fn part(self) -> Box<dyn Part> {
        match self {
            Plan::Conv(correlation) => Box::new(Correlate::new(correlation, false)),
            Plan::Linear(correlation) => Box::new(Correlate::new(correlation, true)),
            Plan::Normalise => Box::new(Normalise::default()),
            Plan::Mean(side) => Box::new(Mean::new(side)),
            Plan::Largest { side, stride, padding } => Box::new(Largest::new([side, stride, padding])),
            Plan::Flatten => Box::new(Flatten::default()),
            Plan::Repeat(steps) => Box::new(Repeat(steps)),
            Plan::Dropout(rate, layer) => Box::new(Drop::new(rate, layer)),
            Plan::Vote(voters) => Box::new(Vote(voters)),
            Plan::Nodes(nodes, surrogate) => Box::new(Neurons::new(nodes, surrogate)),
        }
    }
}
