//! Nodes that send a value instead of a spike.

use super::{If, Lif, Node, Real, cleared};

/// No neuron at all: sends max(0, I). For the same network without spikes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relu;

impl Node<1> for Relu {
    const NAME: &'static str = "ReLUNode";

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [sent]: &mut [R; 1], [input]: [R; 1]) -> R {
        *sent = input.relu();
        input
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], [sent]: &mut [R; 1], _: R) -> R {
        // Nothing is left for the next step.
        std::mem::replace(sent, R::from(0.0))
    }
}

/// A [`Relu`] with a constant current: sends max(0, I + 0.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BiasRelu;

impl Node<1> for BiasRelu {
    const NAME: &'static str = "BiasReLUNode";

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 0], state: &mut [R; 1], [input]: [R; 1]) -> R {
        Relu.charge(learned, state, [input + 0.1])
    }

    #[inline(always)]
    fn reset<R: Real>(&self, learned: &[R; 0], state: &mut [R; 1], spike: R) -> R {
        Relu.reset(learned, state, spike)
    }
}

/// No neuron at all: sends 1 - s(I) with s the logistic function, as gates do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate;

impl Node<1> for Gate {
    const NAME: &'static str = "GateNode";

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [sent]: &mut [R; 1], [input]: [R; 1]) -> R {
        *sent = input.sigmoid().one_minus();
        input
    }

    #[inline(always)]
    fn reset<R: Real>(&self, learned: &[R; 0], state: &mut [R; 1], spike: R) -> R {
        Relu.reset(learned, state, spike)
    }
}

/// A [`Lif`] of max(0, I) that sends V where it fires (Wu J et al. (2021) arXiv:2110.08858). The gradient is that of V; there is no
/// surrogate in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DgLif(
    /// Threshold and time constant.
    pub Lif,
);

impl Node<1> for DgLif {
    const NAME: &'static str = "DGLIFNode";

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 0], state: &mut [R; 1], [input]: [R; 1]) -> R {
        self.0.charge(learned, state, [input.relu()])
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], [v]: &mut [R; 1], spike: R) -> R {
        let sent = *v * spike.detached();
        *v = cleared(*v, spike);
        sent
    }
}

/// A [`DgLif`] on an [`If`], a fifth of whose gradient leaks through the reset: V <- (V where it did not fire) + (sent - sent') / 5
/// with sent' = sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HtDgLif(
    /// Threshold.
    pub If,
);

impl Node<1> for HtDgLif {
    const NAME: &'static str = "HTDGLIFNode";

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 0], state: &mut [R; 1], [input]: [R; 1]) -> R {
        self.0.charge(learned, state, [input.relu()])
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], [v]: &mut [R; 1], spike: R) -> R {
        let sent = *v * spike.detached();
        *v = cleared(*v, spike) + (sent - sent.detached()) * 0.2;
        sent
    }
}

/// Leaky integrate and analog fire: a [`Lif`] that sends selu(V - V_th) in every step, whether it fires or not (Wu Z et al. (2021)
/// doi:10.1109/TNNLS.2021.3073016). The gradient passes through the reset too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Liaf(
    /// Threshold and time constant.
    pub Lif,
);

impl Node<1> for Liaf {
    const NAME: &'static str = "LIAFNode";

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 0], state: &mut [R; 1], input: [R; 1]) -> R {
        self.0.charge(learned, state, input)
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], [v]: &mut [R; 1], spike: R) -> R {
        let distance = *v - self.0.threshold;
        *v = *v * spike.one_minus();
        selu(distance)
    }
}

/// Klambauer G et al. (2017) arXiv:1706.02515.
#[inline(always)]
fn selu<R: Real>(x: R) -> R {
    const ALPHA: f32 = 1.673_263_2;
    const SCALE: f32 = 1.050_701;
    let below = (x.min(R::from(0.0)).exp() - 1.0) * ALPHA;
    (if x.value() > 0.0 { x } else { below }) * SCALE
}
