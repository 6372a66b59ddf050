use super::{Node, Real, cleared};

/// Soma with a basal and an apical dendrite: b <- (b + I_b) / tau_b, a <- (a + I_a) / tau_a, V <- V + (a + b - V) / tau; a spike
/// where V > V_th, then all three go to 0.
///
/// Takes twice as many channels as it has neurons: the first half is I_b, the second I_a.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `threshold` | V_th | 0.5; 1 in BrainCog's class |
/// | `tau` | of the soma, steps | 2 |
/// | `tau_basal`, `tau_apical` | of the dendrites, steps | 2 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThreeComp {
    /// V_th.
    pub threshold: f32,
    /// Time constant of the soma, steps.
    pub tau: f32,
    /// Time constant of the basal dendrite, steps.
    pub tau_basal: f32,
    /// Time constant of the apical dendrite, steps.
    pub tau_apical: f32,
}

impl Node<3, 0, 2> for ThreeComp {
    const NAME: &'static str = "ThreeCompNode";

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [v, basal, apical]: &mut [R; 3], [to_basal, to_apical]: [R; 2]) -> R {
        *basal = (*basal + to_basal) / self.tau_basal;
        *apical = (*apical + to_apical) / self.tau_apical;
        *v = *v + (*apical + *basal - *v) / self.tau;
        *v - self.threshold
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], state: &mut [R; 3], spike: R) -> R {
        *state = state.map(|compartment| cleared(compartment, spike));
        spike
    }
}

/// Basal dendrite and soma, which sends its rate: V <- V + (-V + g_B / g_L (b - V)) / tau_L with b the input, sent is rate_max s(V) with s the
/// logistic function (BrainCog's QSNN).
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `tau_l` | tau_L = 1 / g_L, steps | 10 |
/// | `g_b` | g_B | 0.6 |
/// | `rate_max` | spikes per step | 0.25 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateComp {
    /// tau_L, steps.
    pub tau_l: f32,
    /// g_B.
    pub g_b: f32,
    /// The highest rate, spikes per step.
    pub rate_max: f32,
}

impl Default for RateComp {
    fn default() -> Self {
        RateComp { tau_l: 10.0, g_b: 0.6, rate_max: 0.25 }
    }
}

impl Node<1> for RateComp {
    const NAME: &'static str = "RateCompNode";

    #[inline(always)]
    fn charge<R: Real>(&self, _: &[R; 0], [v]: &mut [R; 1], [basal]: [R; 1]) -> R {
        *v = *v + (-*v + (basal - *v) * (self.g_b * self.tau_l)) / self.tau_l;
        *v
    }

    #[inline(always)]
    fn reset<R: Real>(&self, _: &[R; 0], [v]: &mut [R; 1], _: R) -> R {
        v.sigmoid() * self.rate_max
    }
}
