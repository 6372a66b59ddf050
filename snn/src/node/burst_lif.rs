use super::{Gradients, Lif, Moment, Node};

/// A [`Lif`] that may fire several spikes in a step, which count more: with [`Round`](crate::surrogate::Kind::Round) up to five,
/// and n > 1 spikes are sent as `burst_factor` n. The membrane is multiplied by 1 - n, so a burst leaves it below zero.
///
/// | parameter | meaning | usual |
/// |---|---|---|
/// | `lif` | threshold and time constant | 0.5, 2 |
/// | `burst_factor` | weight of a spike in a burst | 1.5 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurstLif {
    /// Threshold and time constant.
    pub lif: Lif,
    /// Weight of a spike in a burst.
    pub burst_factor: f32,
}

impl BurstLif {
    #[inline(always)]
    fn weight(&self, spike: f32) -> f32 {
        if spike > 1.0 { self.burst_factor } else { 1.0 }
    }
}

impl Node for BurstLif {
    type State = [f32; 1];
    const NAME: &'static str = "BurstLIFNode";

    #[inline(always)]
    fn charge(&self, state: &mut [f32; 1], input: f32) -> f32 {
        self.lif.charge(state, input)
    }

    #[inline(always)]
    fn reset(&self, state: &mut [f32; 1], spike: f32) -> f32 {
        self.weight(spike) * self.lif.reset(state, spike)
    }

    #[inline(always)]
    fn reverse(&self, moment: &Moment<[f32; 1]>, adjoint: &mut [f32; 1]) -> Gradients {
        self.lif.reverse(&Moment { sent: moment.sent * self.weight(moment.spike), ..*moment }, adjoint)
    }
}
