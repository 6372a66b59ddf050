use super::real::log;
use super::{Node, Nodes, Real, cleared};

/// Leaky integrator whose time constant is learned: V <- V + (I - V) s(w) with s the logistic function and w = -ln(tau - 1); a
/// spike where V > V_th, then V <- 0 (Fang W et al. (2021) arXiv:2007.05785).
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `threshold` | V_th | 0.5 |
/// | `tau` | time constant at the start, steps, more than 1 | 2 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plif {
    /// V_th.
    pub threshold: f32,
    /// Time constant at the start, steps.
    pub tau: f32,
}

impl Node<1, 1> for Plif {
    const NAME: &'static str = "PLIFNode";

    fn on_device(&self) -> Option<Nodes> {
        Some(Nodes::Plif(*self))
    }

    fn learnable(&self) -> [(&'static str, f32); 1] {
        [("w", -log(self.tau - 1.0))]
    }

    #[inline(always)]
    fn prepared<R: Real>(&self, learned: [R; 1]) -> [R; 1] {
        learned.map(Real::sigmoid)
    }

    #[inline(always)]
    fn charge<R: Real>(&self, &[rate]: &[R; 1], [v]: &mut [R; 1], [input]: [R; 1]) -> R {
        *v = *v + (input - *v) * rate;
        *v - self.threshold
    }
}

/// A [`Plif`] with a constant current: V <- V + (I - V) s(w) + bias.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `plif` | threshold and time constant | 0.5, 2 |
/// | `bias` | what is added in each step | 0.1 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BiasPlif {
    /// Threshold and time constant.
    pub plif: Plif,
    /// Added in each step.
    pub bias: f32,
}

impl Node<1, 1> for BiasPlif {
    const NAME: &'static str = "BiasPLIFNode";

    fn learnable(&self) -> [(&'static str, f32); 1] {
        self.plif.learnable()
    }

    #[inline(always)]
    fn prepared<R: Real>(&self, learned: [R; 1]) -> [R; 1] {
        self.plif.prepared(learned)
    }

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 1], state: &mut [R; 1], input: [R; 1]) -> R {
        let distance = self.plif.charge(learned, state, input);
        state[0] = state[0] + self.bias;
        distance + self.bias
    }
}

/// A [`Plif`] that fires above V_th and, with sign -1, below -V_th. The gradient takes the slope at the nearer threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoubleSidePlif(
    /// Threshold and time constant.
    pub Plif,
);

impl Node<1, 1> for DoubleSidePlif {
    const NAME: &'static str = "DoubleSidePLIFNode";

    fn learnable(&self) -> [(&'static str, f32); 1] {
        self.0.learnable()
    }

    #[inline(always)]
    fn prepared<R: Real>(&self, learned: [R; 1]) -> [R; 1] {
        self.0.prepared(learned)
    }

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 1], state: &mut [R; 1], input: [R; 1]) -> R {
        self.0.charge(learned, state, input);
        state[0].abs() - self.0.threshold
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 1], [v]: &mut [R; 1], spike: R) -> R {
        let sign = if v.value() < 0.0 { -1.0 } else { 1.0 };
        *v = cleared(*v, spike);
        spike * sign
    }
}
