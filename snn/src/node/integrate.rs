use super::{Node, Nodes, Real, cleared};

/// Perfect integrator: V <- V + I; a spike where V > V_th, then V <- 0.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `threshold` | V_th | 0.5 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct If {
    /// V_th.
    pub threshold: f32,
}

impl Node<1> for If {
    const NAME: &'static str = "IFNode";

    fn on_device(&self) -> Option<Nodes> {
        Some(Nodes::If(*self))
    }

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [v]: &mut [R; 1], [input]: [R; 1]) -> R {
        *v = *v + input;
        *v - self.threshold
    }
}

/// Leaky integrator: V <- V + (I - V) / tau; a spike where V > V_th, then V <- 0.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `threshold` | V_th | 0.5 |
/// | `tau` | time constant, steps | 2 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lif {
    /// V_th.
    pub threshold: f32,
    /// Time constant, steps.
    pub tau: f32,
}

impl Node<1> for Lif {
    const NAME: &'static str = "LIFNode";

    fn on_device(&self) -> Option<Nodes> {
        Some(Nodes::Lif(*self))
    }

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [v]: &mut [R; 1], [input]: [R; 1]) -> R {
        *v = *v + (input - *v) / self.tau;
        *v - self.threshold
    }
}

/// A [`Lif`] with a constant current: V <- V + (I - V) / tau + bias.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `lif` | threshold and time constant | 0.5, 2 |
/// | `bias` | what is added in each step | 0.1 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BiasLif {
    /// Threshold and time constant.
    pub lif: Lif,
    /// Added in each step.
    pub bias: f32,
}

impl Node<1> for BiasLif {
    const NAME: &'static str = "BiasLIFNode";

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 0], state: &mut [R; 1], input: [R; 1]) -> R {
        let distance = self.lif.charge(learned, state, input);
        state[0] = state[0] + self.bias;
        distance + self.bias
    }
}

/// Integrator for local learning, whose membrane is multiplied by a factor: V <- decay V + I; a spike where V > V_th, then V <- 0.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `threshold` | V_th | 0.5 |
/// | `decay` | what is left of V after a step; BrainCog's `tau`, 2 there, above 1 of which it grows | e^(-1/100) |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifStdp {
    /// V_th.
    pub threshold: f32,
    /// What is left of V after a step.
    pub decay: f32,
}

impl Node<1> for LifStdp {
    const NAME: &'static str = "LIFSTDPNode";

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [v]: &mut [R; 1], [input]: [R; 1]) -> R {
        *v = *v * self.decay + input;
        *v - self.threshold
    }
}

/// A [`Lif`] that may fire several spikes in a step, which count more: with [`Round`](crate::surrogate::Kind::Round) up to five,
/// and n > 1 spikes are sent as `burst_factor` n. The membrane is multiplied by 1 - n, so a burst leaves it below zero.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `lif` | threshold and time constant | 0.5, 2 |
/// | `burst_factor` | weight of a spike in a burst | 1.5 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurstLif {
    /// Threshold and time constant.
    pub lif: Lif,
    /// Weight of a spike in a burst.
    pub burst_factor: f32,
}

impl Node<1> for BurstLif {
    const NAME: &'static str = "BurstLIFNode";

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 0], state: &mut [R; 1], input: [R; 1]) -> R {
        self.lif.charge(learned, state, input)
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], [v]: &mut [R; 1], spike: R) -> R {
        *v = cleared(*v, spike);
        spike * if spike.value() > 1.0 { self.burst_factor } else { 1.0 }
    }
}

/// A [`Lif`] for training step by step: no gradient passes from one step to the step before (spatial learning through time; Meng Q
/// et al. (2023) arXiv:2302.14311), so that nothing of the past need be kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnlineLif(
    /// Threshold and time constant.
    pub Lif,
);

impl Node<1> for OnlineLif {
    const NAME: &'static str = "OnlineLIFNode";

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 0], [v]: &mut [R; 1], input: [R; 1]) -> R {
        *v = v.detached();
        self.0.charge(learned, std::array::from_mut(v), input)
    }
}
