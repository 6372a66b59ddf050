//! Which candidates are synapses, where the distance decides.
//!
//! In single precision, with the kit's exponential and without a fused operation, so that the device decides the same with the same bits:
//! `is_kept` in `kernels/cuda/made.cuh`. A probability is off by some 10^-6 of itself at most, or by the 2^-32 that a random word resolves.

use connectome::network::Decay;
use models::kit::exp;

/// What the distance does to the probability of a connection; distances are in mm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Thinning {
    /// exp(-d / length).
    Exponential { per_mm: f32 },
    /// exp(-d^2 / (2 sigma^2)).
    Gaussian { per_mm: f32 },
    /// 1 - d / range, 0 from `range` on.
    Linear { per_mm: f32 },
    /// 1 up to `range`, 0 beyond.
    Cutoff { range: f32 },
}

impl From<Decay> for Thinning {
    fn from(decay: Decay) -> Self {
        let per_mm = |length: f64| (1.0 / length) as f32;
        match decay {
            Decay::Exponential { length } => Thinning::Exponential { per_mm: per_mm(length) },
            Decay::Gaussian { sigma } => Thinning::Gaussian { per_mm: per_mm(sigma) },
            Decay::Linear { range } => Thinning::Linear { per_mm: per_mm(range) },
            Decay::Cutoff { range } => Thinning::Cutoff { range: range as f32 },
        }
    }
}

impl Thinning {
    /// Whether a candidate at this distance with this random word is a synapse.
    #[inline]
    pub(super) fn keeps(self, distance: f32, word: u32) -> bool {
        let p = self.probability(distance);
        p >= 1.0 || word < (p * 4_294_967_296.0) as u32
    }

    fn probability(self, distance: f32) -> f32 {
        match self {
            Thinning::Exponential { per_mm } => exp(-(distance * per_mm)),
            Thinning::Gaussian { per_mm } => {
                let x = distance * per_mm;
                exp(-0.5 * x * x)
            }
            Thinning::Linear { per_mm } => (1.0 - distance * per_mm).max(0.0),
            Thinning::Cutoff { range } => f32::from(u8::from(distance <= range)),
        }
    }

    /// As a device has it: which it is, and its number.
    pub(super) fn on_device(self) -> (u32, f32) {
        match self {
            Thinning::Exponential { per_mm } => (1, per_mm),
            Thinning::Gaussian { per_mm } => (2, per_mm),
            Thinning::Linear { per_mm } => (3, per_mm),
            Thinning::Cutoff { range } => (4, range),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_those_of_the_description() {
        let cases: [(Decay, &dyn Fn(f64) -> f64); 4] = [
            (Decay::Exponential { length: 0.7 }, &|d| libm::exp(-d / 0.7)),
            (Decay::Gaussian { sigma: 0.7 }, &|d| libm::exp(-0.5 * d * d / 0.49)),
            (Decay::Linear { range: 0.7 }, &|d| (1.0 - d / 0.7).max(0.0)),
            (Decay::Cutoff { range: 0.7 }, &|d| f64::from(d <= 0.7)),
        ];
        for (decay, exact) in cases {
            let thinning = Thinning::from(decay);
            for i in 0..20_000 {
                let distance = i as f32 * 5e-4 + 1e-4;
                let (found, exact) = (f64::from(thinning.probability(distance)), exact(f64::from(distance)));
                // What a random word cannot tell apart is equal; 1 - x loses digits near the range.
                let slack = exact * 1e-5 + 2.0_f64.powi(-23);
                assert!((found - exact).abs() <= slack, "{decay:?} at {distance}: {found}, not {exact}");
            }
        }
    }

    #[test]
    fn words_below_the_probability_are_kept() {
        let thinning = Thinning::from(Decay::Linear { range: 2.0 });
        assert!(thinning.keeps(0.0, u32::MAX) && !thinning.keeps(2.0, 0) && !thinning.keeps(5.0, 0));
        assert!(thinning.keeps(0.5, 0xBFFF_FFFF) && !thinning.keeps(0.5, 0xC000_0000));
        // Far beyond what single precision can tell from 0.
        assert!(!Thinning::from(Decay::Exponential { length: 1e-3 }).keeps(50.0, 0));
        assert!(!Thinning::from(Decay::Gaussian { sigma: 1e-30 }).keeps(1e30, 0));
    }
}
