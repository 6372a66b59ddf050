use super::{Gradients, Moment, Node};

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

impl Node for Lif {
    type State = [f32; 1];
    const NAME: &'static str = "LIFNode";

    #[inline(always)]
    fn charge(&self, [v]: &mut [f32; 1], input: f32) -> f32 {
        *v += (input - *v) / self.tau;
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
        let input = charged / self.tau;
        *v = charged - input;
        Gradients { input, learnable: 0.0 }
    }
}
