//! Spiking neurons for deep networks: one definition each, forwards and backwards.
//!
//! A step has three parts. [`charge`](Node::charge) takes the input into the membrane and says how far it is from threshold; the
//! [`Surrogate`] turns that distance into spikes; [`reset`](Node::reset) draws the consequences. [`reverse`](Node::reverse) is the
//! same step backwards, derived from the other two. Time steps are all that these neurons know of time: a time constant of 2 is
//! two steps.
//!
//! As in BrainCog, a membrane is usually reset to zero by multiplication with 1 - spike, and no gradient passes through that factor.

mod adaptive;
mod analog;
mod compartments;
mod exponential;
mod gated;
mod hodgkin_huxley;
mod integrate;
mod izhikevich;
mod named;
mod noise;
mod plif;
mod real;

use std::array::from_fn;

pub use adaptive::{Alif, CubaLif};
pub use analog::{BiasRelu, DgLif, Gate, HtDgLif, Liaf, Relu};
pub use compartments::{RateComp, ThreeComp};
pub use exponential::AEif;
pub use gated::{GatedLif, Klif};
pub use hodgkin_huxley::{Hh, SimHh};
pub use integrate::{BiasLif, BurstLif, If, Lif, LifStdp, OnlineLif};
pub use izhikevich::{CtIzh, Izh};
pub use named::{NodeOptions, Place, names};
pub use noise::{NoiseLif, NoisePlif};
pub use plif::{BiasPlif, DoubleSidePlif, Plif};
pub use real::{Dual, Real};

use crate::device::Nodes;
use crate::surrogate::Surrogate;

/// A spiking neuron with `N` variables, `P` parameters that training changes, and `M` inputs.
pub trait Node<const N: usize, const P: usize = 0, const M: usize = 1>: Copy + Send + Sync + 'static {
    /// BrainCog's name of it.
    const NAME: &'static str;

    /// What a device knows it as, if there is a kernel for it.
    fn on_device(&self) -> Option<Nodes> {
        None
    }

    /// The variables before the first step.
    fn rest(&self) -> [f32; N] {
        [0.0; N]
    }

    /// Names and first values of the parameters that training changes.
    fn learnable(&self) -> [(&'static str, f32); P] {
        from_fn(|_| unreachable!("a node with parameters names them"))
    }

    /// What steps compute with instead of the parameters themselves, such as a rate from its logit: computed once for all neurons and steps.
    #[inline(always)]
    fn prepared<R: Real>(&self, learned: [R; P]) -> [R; P] {
        learned
    }

    /// The gradient of the parameters from that of what was [`prepared`](Self::prepared) from them.
    fn unprepared(&self, learned: [f32; P], gradient: [f32; P]) -> [f32; P] {
        from_fn(|direction| along(&gradient, &self.prepared(from_fn(|p| Dual::new(learned[p], direction == p)))))
    }

    /// Takes `input` in; the result is the distance of the membrane to threshold. `learned` was prepared.
    fn charge<R: Real>(&self, learned: &[R; P], state: &mut [R; N], input: [R; M]) -> R;

    /// Resets what fired; the result is what the neuron sends. If nothing else is said, variable 0 is the membrane and goes to zero.
    #[inline(always)]
    fn reset<R: Real>(&self, _learned: &[R; P], state: &mut [R; N], spike: R) -> R {
        state[0] = cleared(state[0], spike);
        spike
    }

    /// One whole step.
    #[inline(always)]
    fn step(&self, learned: &[f32; P], state: &mut [f32; N], input: [f32; M], surrogate: &Surrogate) -> f32 {
        let distance = self.charge(learned, state, input);
        self.reset(learned, state, surrogate.spike(distance))
    }

    /// The step backwards. `adjoint` comes as the gradient with respect to the state after the step and leaves as that
    /// with respect to the state before.
    #[inline(always)]
    fn reverse(&self, learned: &[f32; P], moment: &Moment<N, M>, adjoint: &mut [f32; N]) -> Gradients<P, M> {
        let mut charged = moment.before;
        self.charge(learned, &mut charged, moment.input);
        // Directions: the variables, then the spike or the inputs, then the parameters.
        let through_reset = |direction: usize| {
            let mut state = from_fn(|k| Dual::new(charged[k], direction == k));
            let learned = from_fn(|p| Dual::new(learned[p], direction == N + 1 + p));
            let sent = self.reset(&learned, &mut state, Dual::new(moment.spike, direction == N));
            along(adjoint, &state) + moment.sent * sent.rate()
        };
        let (after, spike): ([f32; N], f32) = (from_fn(through_reset), through_reset(N));
        let by_reset: [f32; P] = from_fn(|p| through_reset(N + 1 + p));
        let through_charge = |direction: usize| {
            let mut state = from_fn(|k| Dual::new(moment.before[k], direction == k));
            let input = from_fn(|m| Dual::new(moment.input[m], direction == N + m));
            let learned = from_fn(|p| Dual::new(learned[p], direction == N + M + p));
            let distance = self.charge(&learned, &mut state, input);
            along(&after, &state) + spike * moment.slope * distance.rate()
        };
        *adjoint = from_fn(through_charge);
        Gradients { input: from_fn(|m| through_charge(N + m)), learned: from_fn(|p| by_reset[p] + through_charge(N + M + p)), spike }
    }
}

/// A membrane after its spikes, which are taken as they were.
#[inline(always)]
fn cleared<R: Real>(v: R, spike: R) -> R {
    v * spike.detached().one_minus()
}

/// The gradient along a direction of the variables.
#[inline(always)]
fn along<const N: usize>(adjoint: &[f32; N], state: &[Dual; N]) -> f32 {
    adjoint.iter().zip(state).fold(0.0, |sum, (a, variable)| sum + a * variable.rate())
}

/// What a step looked like, for [`Node::reverse`].
#[derive(Clone, Copy, Debug)]
pub struct Moment<const N: usize, const M: usize> {
    /// The state before it.
    pub before: [f32; N],
    /// The inputs.
    pub input: [f32; M],
    /// The spikes, before [`Node::reset`] made something else of them.
    pub spike: f32,
    /// The slope of the surrogate at the distance to threshold.
    pub slope: f32,
    /// The gradient with respect to what was sent.
    pub sent: f32,
}

/// What a step backwards gives besides the adjoint.
#[derive(Clone, Copy, Debug)]
pub struct Gradients<const P: usize, const M: usize> {
    /// With respect to the inputs.
    pub input: [f32; M],
    /// With respect to the parameters as they were prepared.
    pub learned: [f32; P],
    /// With respect to the spikes.
    pub spike: f32,
}

#[cfg(test)]
mod tests;
