//! Spiking neurons for deep networks: one definition each, forwards and backwards.
//!
//! A step has three parts. [`charge`](Node::charge) takes the input into the membrane and says how far it is from threshold; the
//! [`Surrogate`] turns that distance into spikes; [`reset`](Node::reset) draws the consequences.
//! [`reverse`](Node::reverse) is the same step backwards. Time steps are all that these neurons know of time: a time constant
//! of 2 is two steps.
//!
//! As in BrainCog, a membrane is reset to zero by multiplication with 1 - spike, and no gradient passes through that factor.

mod alif;
mod burst_lif;
mod cuba_lif;
mod integrate;
mod lif;
mod plif;

pub use alif::Alif;
pub use burst_lif::BurstLif;
pub use cuba_lif::CubaLif;
pub use integrate::If;
pub use lif::Lif;
pub use plif::Plif;

use crate::layer::{Layer, Qcfs, Relu, Spiking};
use crate::surrogate::{Kind, Surrogate};

/// The variables of one neuron.
pub trait Variables: Copy + Default + Send + Sync {
    /// How many.
    const N: usize;
    /// Variable `k` is `f(k)`.
    fn from_fn(f: impl FnMut(usize) -> f32) -> Self;
    /// All of them.
    fn as_slice(&self) -> &[f32];
}

impl Variables for [f32; 1] {
    const N: usize = 1;
    #[inline(always)]
    fn from_fn(f: impl FnMut(usize) -> f32) -> Self {
        std::array::from_fn(f)
    }
    #[inline(always)]
    fn as_slice(&self) -> &[f32] {
        self
    }
}

impl Variables for [f32; 2] {
    const N: usize = 2;
    #[inline(always)]
    fn from_fn(f: impl FnMut(usize) -> f32) -> Self {
        std::array::from_fn(f)
    }
    #[inline(always)]
    fn as_slice(&self) -> &[f32] {
        self
    }
}

/// A spiking neuron.
pub trait Node: Copy + Send + Sync + 'static {
    /// Zero at rest.
    type State: Variables;

    /// BrainCog's name of it.
    const NAME: &'static str;

    /// Takes `input` in; the result is the distance of the membrane to threshold.
    fn charge(&self, state: &mut Self::State, input: f32) -> f32;

    /// Resets what fired; the result is what the neuron sends.
    fn reset(&self, state: &mut Self::State, spike: f32) -> f32;

    /// The step backwards. `adjoint` comes as the gradient with respect to the state after the step and leaves as that
    /// with respect to the state before.
    fn reverse(&self, moment: &Moment<Self::State>, adjoint: &mut Self::State) -> Gradients;

    /// The parameter that training changes, if there is one.
    fn learnable(&self) -> Option<f32> {
        None
    }

    /// Takes another value of the learnable parameter.
    fn learn(&mut self, _value: f32) {}

    /// One whole step.
    #[inline(always)]
    fn step(&self, state: &mut Self::State, input: f32, surrogate: &Surrogate) -> f32 {
        let distance = self.charge(state, input);
        self.reset(state, surrogate.spike(distance))
    }
}

/// What a step looked like, for [`Node::reverse`].
#[derive(Clone, Copy, Debug)]
pub struct Moment<S> {
    /// The state before it.
    pub before: S,
    /// The input.
    pub input: f32,
    /// The spikes, before [`Node::reset`] made something else of them.
    pub spike: f32,
    /// The slope of the surrogate at the distance to threshold.
    pub slope: f32,
    /// The gradient with respect to what was sent.
    pub sent: f32,
}

/// What a step backwards gives besides the adjoint.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gradients {
    /// With respect to the input.
    pub input: f32,
    /// With respect to the learnable parameter.
    pub learnable: f32,
}

/// A node as it is asked for on the command line.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeOptions {
    /// One of [`NAMES`].
    pub name: String,
    /// V_th.
    pub threshold: f32,
    /// Time constant of the membrane, steps.
    pub tau: f32,
    /// `None` for the usual one of the node.
    pub surrogate: Option<Surrogate>,
}

impl Default for NodeOptions {
    fn default() -> Self {
        NodeOptions { name: Lif::NAME.into(), threshold: 0.5, tau: 2.0, surrogate: None }
    }
}

/// Names of all nodes.
pub const NAMES: [&str; 8] = [If::NAME, Lif::NAME, Plif::NAME, BurstLif::NAME, CubaLif::NAME, Alif::NAME, Relu::NAME, Qcfs::NAME];

impl NodeOptions {
    /// The node as a layer; `None` if there is no node of this name.
    pub fn layer(&self) -> Option<Box<dyn Layer>> {
        let NodeOptions { threshold, tau, .. } = *self;
        Some(match self.name.as_str() {
            If::NAME => self.spiking(If { threshold }, Kind::Atan),
            Lif::NAME => self.spiking(Lif { threshold, tau }, Kind::QGate),
            Plif::NAME => self.spiking(Plif::new(threshold, tau), Kind::Atan),
            BurstLif::NAME => self.spiking(BurstLif { lif: Lif { threshold, tau }, burst_factor: 1.5 }, Kind::Round),
            CubaLif::NAME => self.spiking(CubaLif { threshold, tau, tau_syn: 2.0 }, Kind::QGate),
            Relu::NAME => Box::new(Relu::default()),
            Qcfs::NAME => Box::new(Qcfs::new(8, 8.0)),
            Alif::NAME => self.spiking(Alif { lif: Lif { threshold, tau }, tau_adaptation: 20.0, beta: 1.8 }, Kind::QGate),
            _ => return None,
        })
    }

    fn spiking<N: Node>(&self, node: N, usual: Kind) -> Box<dyn Layer> {
        Box::new(Spiking::new(node, self.surrogate.unwrap_or_else(|| Surrogate::new(usual))))
    }
}

#[cfg(test)]
mod tests;
