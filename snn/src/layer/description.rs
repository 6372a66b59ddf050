//! What layers say of themselves.

use crate::tensor::{Shape, Tensor};

/// Why a layer cannot take what it is given; the network adds which layer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misfit {
    /// Another number of channels or features.
    #[error("takes {expected} {what} and is given {found}")]
    Width {
        /// Channels or features.
        what: &'static str,
        /// By the layer's weights.
        expected: usize,
        /// By its input.
        found: usize,
    },
    /// An image smaller than the kernel.
    #[error("has a kernel of {kernel} x {kernel} and is given images of {height} x {width}")]
    Kernel {
        /// Side of the kernel.
        kernel: usize,
        /// Of the padded image.
        height: usize,
        /// Of the padded image.
        width: usize,
    },
    /// A branch and a shortcut that do not come together.
    #[error("joins a branch that gives {branch} with a shortcut that gives {shortcut}")]
    Join {
        /// What the branch gives.
        branch: Shape,
        /// What the shortcut gives.
        shortcut: Shape,
    },
    /// More than one step where one is repeated.
    #[error("repeats one step and is given {found}")]
    Steps {
        /// Steps of the input.
        found: usize,
    },
}

/// A layer that does not fit, by its full name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Numbers and kinds of the layer and those that hold it.
    pub layer: String,
    /// What it is given.
    pub input: Shape,
    /// What is wrong.
    pub misfit: Misfit,
}

/// A layer in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Numbers and kinds of the layer and those that hold it, as in the names of its tensors.
    pub layer: String,
    /// What it is given.
    pub input: Shape,
    /// What comes out.
    pub output: Shape,
    /// Numbers that are trained.
    pub parameters: usize,
    /// Whether neurons come out.
    pub spikes: bool,
    /// Products of inputs with weights, over all steps, if no input is zero.
    pub products: u64,
}

/// What whoever watches a pass is shown, layer after layer in the order of the [`Row`]s.
#[derive(Clone, Copy, Debug)]
pub enum Seen<'a> {
    /// What a layer without layers in it gets.
    Input(&'a Tensor),
    /// What a layer gives. There is one for every row.
    Output(&'a Tensor),
}

/// Who watches a pass.
pub type Watch<'a> = &'a mut dyn FnMut(Seen);
