use super::{Node, Real};

/// A leaky integrator behind a learned rectifier: V <- V + (I - V) / tau, then V <- max(0, k V); a spike where V > V_th, then V <- 0
/// (Jiang C, Zhang Y (2023) arXiv:2302.09238).
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `threshold` | V_th | 0.5 |
/// | `tau` | time constant, steps | 2 |
/// | k | learned | 1 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Klif {
    /// V_th.
    pub threshold: f32,
    /// Time constant, steps.
    pub tau: f32,
}

impl Node<1, 1> for Klif {
    const NAME: &'static str = "KLIFNode";

    fn learnable(&self) -> [(&'static str, f32); 1] {
        [("k", 1.0)]
    }

    #[inline(always)]
    fn charge<R: Real>(&self, &[k]: &[R; 1], [v]: &mut [R; 1], [input]: [R; 1]) -> R {
        *v = ((*v + (input - *v) / self.tau) * k).relu();
        *v - self.threshold
    }
}

/// Gated leaky integrator, which learns between which neurons it stands (Yao X et al. (2022) arXiv:2210.13768). With each gate and constant
/// the logistic function of a parameter, and S the spike of the step before: V <- (1 - alpha (1 - tau)) V (1 - gamma S) - (1 - alpha) leak -
/// (1 - gamma) fall S + (1 - beta (1 - conduct)) I; a spike where V > V_th. So a reset takes effect in the step after, and the gradient
/// passes through it. One set of parameters per layer, the same in every step.
///
/// | parameter | meaning | at the start |
/// |---|---|---|
/// | alpha, beta, gamma | exponential or linear leak, gated or plain input, hard or soft reset | 1/2 |
/// | tau, V_th, leak, fall, conduct | | 1 / `tau`, `threshold`, V_th / 16, `threshold`, 1/2 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GatedLif {
    /// V_th at the start, between 0 and 1.
    pub threshold: f32,
    /// The time constant at the start, steps.
    pub tau: f32,
}

/// The parameter whose logistic function is `x`.
fn logit(x: f32) -> f32 {
    let x = x.clamp(0.01, 0.99);
    super::real::log(x / (1.0 - x))
}

impl Node<2, 8> for GatedLif {
    const NAME: &'static str = "GatedLIFNode";

    fn learnable(&self) -> [(&'static str, f32); 8] {
        [
            ("alpha", 0.0),
            ("beta", 0.0),
            ("gamma", 0.0),
            ("tau", logit(1.0 / self.tau)),
            ("threshold", logit(self.threshold)),
            ("leak", logit(self.threshold / 16.0)),
            ("fall", logit(self.threshold)),
            ("conduct", 0.0),
        ]
    }

    #[inline(always)]
    fn prepared<R: Real>(&self, learned: [R; 8]) -> [R; 8] {
        learned.map(Real::sigmoid)
    }

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 8], [v, fired]: &mut [R; 2], [input]: [R; 1]) -> R {
        let &[alpha, beta, gamma, tau, threshold, leak, fall, conduct] = learned;
        let left = (alpha * tau.one_minus()).one_minus() * *v;
        let reset = (left * gamma + gamma.one_minus() * fall) * *fired;
        *v = left - alpha.one_minus() * leak + input * (beta * conduct.one_minus()).one_minus() - reset;
        *v - threshold
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 8], [_, fired]: &mut [R; 2], spike: R) -> R {
        *fired = spike;
        spike
    }
}
