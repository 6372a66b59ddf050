use super::{Gradients, Moment, Node};

/// Leaky integrator with a synaptic current: I_syn <- I_syn + (I - I_syn) / tau_syn, V <- V + (I_syn - V) / tau with the new
/// current; a spike where V > V_th, then V <- 0. NIR's `CubaLIF` in steps of Euler, with `r` and `w_in` 1.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `threshold` | V_th | 0.5 |
/// | `tau` | time constant of the membrane, steps | 2 |
/// | `tau_syn` | time constant of the current, steps | 2 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CubaLif {
    /// V_th.
    pub threshold: f32,
    /// Time constant of the membrane, steps.
    pub tau: f32,
    /// Time constant of the current, steps.
    pub tau_syn: f32,
}

impl Node for CubaLif {
    type State = [f32; 2];
    const NAME: &'static str = "CUBALIFNode";

    #[inline(always)]
    fn charge(&self, [v, i_syn]: &mut [f32; 2], input: f32) -> f32 {
        *i_syn += (input - *i_syn) / self.tau_syn;
        *v += (*i_syn - *v) / self.tau;
        *v - self.threshold
    }

    #[inline(always)]
    fn reset(&self, [v, _]: &mut [f32; 2], spike: f32) -> f32 {
        *v *= 1.0 - spike;
        spike
    }

    #[inline(always)]
    fn reverse(&self, moment: &Moment<[f32; 2]>, [v, i_syn]: &mut [f32; 2]) -> Gradients {
        let charged = *v * (1.0 - moment.spike) + moment.sent * moment.slope;
        let current = *i_syn + charged / self.tau;
        let input = current / self.tau_syn;
        *v = charged - charged / self.tau;
        *i_syn = current - input;
        Gradients { input, learnable: 0.0 }
    }
}
