use super::{Gradients, Lif, Moment, Node};

/// A [`Lif`] whose threshold rises with its own activity: a spike where V > V_th + beta a, then a <- a + (spike - a) /
/// tau_adaptation (Bellec G et al. (2018) arXiv:1803.09574). The gradient passes from a to the spike that raised it.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `lif` | threshold and time constant | 0.5, 2 |
/// | `tau_adaptation` | time constant of the threshold, steps | 20 |
/// | `beta` | strength of adaptation | 1.8 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alif {
    /// Threshold without adaptation, and time constant.
    pub lif: Lif,
    /// Time constant of the threshold, steps.
    pub tau_adaptation: f32,
    /// Strength of adaptation.
    pub beta: f32,
}

impl Node for Alif {
    type State = [f32; 2];
    const NAME: &'static str = "ALIFNode";

    #[inline(always)]
    fn charge(&self, [v, a]: &mut [f32; 2], input: f32) -> f32 {
        *v += (input - *v) / self.lif.tau;
        *v - (self.lif.threshold + self.beta * *a)
    }

    #[inline(always)]
    fn reset(&self, [v, a]: &mut [f32; 2], spike: f32) -> f32 {
        *v *= 1.0 - spike;
        *a += (spike - *a) / self.tau_adaptation;
        spike
    }

    #[inline(always)]
    fn reverse(&self, moment: &Moment<[f32; 2]>, [v, a]: &mut [f32; 2]) -> Gradients {
        let from_spike = *a / self.tau_adaptation;
        let distance = (moment.sent + from_spike) * moment.slope;
        let charged = *v * (1.0 - moment.spike) + distance;
        let input = charged / self.lif.tau;
        *v = charged - input;
        *a = *a - from_spike - self.beta * distance;
        Gradients { input, learnable: 0.0 }
    }
}
