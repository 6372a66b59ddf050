use super::{Gradients, Moment, Node};

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

impl Node for If {
    type State = [f32; 1];
    const NAME: &'static str = "IFNode";

    #[inline(always)]
    fn charge(&self, [v]: &mut [f32; 1], input: f32) -> f32 {
        *v += input;
        *v - self.threshold
    }

    #[inline(always)]
    fn reset(&self, [v]: &mut [f32; 1], spike: f32) -> f32 {
        *v *= 1.0 - spike;
        spike
    }

    #[inline(always)]
    fn reverse(&self, moment: &Moment<[f32; 1]>, [v]: &mut [f32; 1]) -> Gradients {
        *v = *v * (1.0 - moment.spike) + moment.sent * moment.slope;
        Gradients { input: *v, learnable: 0.0 }
    }
}
