use super::{Lif, Node, Real, cleared};

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

impl Node<2> for CubaLif {
    const NAME: &'static str = "CUBALIFNode";

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [v, i_syn]: &mut [R; 2], [input]: [R; 1]) -> R {
        *i_syn = *i_syn + (input - *i_syn) / self.tau_syn;
        *v = *v + (*i_syn - *v) / self.tau;
        *v - self.threshold
    }
}

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

impl Node<2> for Alif {
    const NAME: &'static str = "ALIFNode";

    #[inline(always)]
    fn charge<R: Real>(&self, learned: &[R; 0], [v, a]: &mut [R; 2], input: [R; 1]) -> R {
        self.lif.charge(learned, std::array::from_mut(v), input) - *a * self.beta
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], [v, a]: &mut [R; 2], spike: R) -> R {
        *v = cleared(*v, spike);
        *a = *a + (spike - *a) / self.tau_adaptation;
        spike
    }
}
