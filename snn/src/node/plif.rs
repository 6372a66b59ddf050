use super::{Gradients, Moment, Node};
use models::kit::exp;

/// Leaky integrator whose time constant is learned: V <- V + (I - V) s(w) with s the logistic function and w = -ln(tau - 1); a
/// spike where V > V_th, then V <- 0 (Fang W et al. (2021) arXiv:2007.05785).
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `threshold` | V_th | 0.5 |
/// | `tau` | time constant at the start, steps | 2 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plif {
    threshold: f32,
    w: f32,
    /// s(w), which a step needs often.
    rate: f32,
}

impl Plif {
    /// A node that starts with time constant `tau` > 1.
    pub fn new(threshold: f32, tau: f32) -> Self {
        let mut node = Plif { threshold, w: 0.0, rate: 0.5 };
        node.learn(-models::kit::ln(tau - 1.0));
        node
    }
}

impl Node for Plif {
    type State = [f32; 1];
    const NAME: &'static str = "PLIFNode";

    #[inline(always)]
    fn charge(&self, [v]: &mut [f32; 1], input: f32) -> f32 {
        *v += (input - *v) * self.rate;
        *v - self.threshold
    }

    #[inline(always)]
    fn reset(&self, [v]: &mut [f32; 1], spike: f32) -> f32 {
        *v *= 1.0 - spike;
        spike
    }

    #[inline(always)]
    fn reverse(&self, moment: &Moment<[f32; 1]>, [v]: &mut [f32; 1]) -> Gradients {
        let charged = *v * (1.0 - moment.spike) + moment.sent * moment.slope;
        let input = charged * self.rate;
        *v = charged - input;
        Gradients { input, learnable: charged * (moment.input - moment.before[0]) * self.rate * (1.0 - self.rate) }
    }

    fn learnable(&self) -> Option<f32> {
        Some(self.w)
    }

    fn learn(&mut self, w: f32) {
        self.w = w;
        self.rate = 1.0 / (1.0 + exp(-w));
    }
}
