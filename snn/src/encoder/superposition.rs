//! Quantum superposition encoding: how much of an image is turned into its negative becomes the time of its spikes (Sun Y, Zeng Y, Zhang T
//! (2021) doi:10.1016/j.isci.2021.102880).

use super::poisson;
use crate::random::Random;

/// Spikes in a window whose place is the phase of an image between an original and its negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Superposition {
    /// The highest rate, and the value of white: spikes per step.
    pub lambda_max: f64,
    /// Steps of a train.
    pub steps: usize,
    /// Steps in which there may be spikes.
    pub window: usize,
}

/// An image and the same image with every value of its original a little larger: which way the phase grows.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The image, values in 0..=lambda_max.
    pub image: &'a [f64],
    /// The image that a slightly brighter original gives.
    pub brighter: &'a [f64],
}

/// What keeps a division from failing.
const EPS: f64 = 1e-6;

impl Superposition {
    /// The phase of `seen` against `original`, averaged over pixels: 0 for the original, pi / 2 for its negative.
    ///
    /// With zeta = image / |(I, lambda - I)| and phi = atan(I / (lambda - I)) it is asin(zeta) - phi where zeta grows with the original, and
    /// pi - asin(zeta) - phi where it falls.
    pub fn phase(&self, seen: Pair, original: Pair) -> f64 {
        let zeta = |image: f64, original: f64| image / original.hypot(self.lambda_max - original);
        let pixels = seen.image.iter().zip(seen.brighter).zip(original.image.iter().zip(original.brighter));
        let phase = |((&x, &brighter), (&i, &i_brighter)): ((&f64, &f64), (&f64, &f64))| {
            let (here, there) = (zeta(x, i), zeta(brighter, i_brighter));
            let phi = libm::atan(i / (self.lambda_max - i + EPS));
            let angle = libm::asin(here.clamp(-1.0, 1.0));
            if here < there { angle - phi } else { std::f64::consts::PI - angle - phi }
        };
        pixels.map(phase).sum::<f64>() / seen.image.len().max(1) as f64
    }

    /// Rates of the pixels of an image with this phase: those of the original.
    pub fn rates(&self, image: &[f64], phase: f64) -> Vec<f64> {
        let (sine, cosine) = (libm::sin(phase), libm::cos(phase));
        image.iter().map(|x| ((self.lambda_max * sine - x) / (sine - cosine + EPS)).abs()).collect()
    }

    /// Trains `[step][pixel]`: Poisson counts of the rates in a window that starts the later the larger the phase.
    pub fn encode(&self, seen: Pair, original: Pair, random: &mut Random) -> Vec<f32> {
        let phase = self.phase(seen, original);
        let room = self.steps.saturating_sub(self.window);
        let start = (phase * std::f64::consts::FRAC_2_PI).clamp(0.0, 1.0) * room as f64;
        let (start, rates) = (start.round_ties_even() as usize, self.rates(seen.image, phase));
        let mut trains = vec![0.0; self.steps * rates.len()];
        for step in trains.chunks_exact_mut(rates.len().max(1)).skip(start).take(self.window) {
            step.iter_mut().zip(&rates).for_each(|(spikes, &rate)| *spikes = poisson(rate as f32, random));
        }
        trains
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCODER: Superposition = Superposition { lambda_max: 0.25, steps: 50, window: 20 };

    /// The phase of an original of which `turned` is what one sees.
    fn phase(turned: impl Fn(f64) -> f64) -> (f64, Vec<f64>) {
        let original: Vec<f64> = (1..24).map(|i| f64::from(i) * 0.01).collect();
        let brighter: Vec<f64> = original.iter().map(|x| x + 0.001).collect();
        let [seen, seen_brighter] = [&original, &brighter].map(|values| values.iter().map(|&x| turned(x)).collect::<Vec<f64>>());
        let pair = Pair { image: &seen, brighter: &seen_brighter };
        let phase = ENCODER.phase(pair, Pair { image: &original, brighter: &brighter });
        (phase, ENCODER.rates(&seen, phase))
    }

    #[test]
    fn a_negative_has_the_rates_of_its_original_at_another_phase() {
        let (same, rates) = phase(|x| x);
        let (negative, rates_of_negative) = phase(|x| 0.25 - x);
        assert!(same.abs() < 1e-4 && (negative - std::f64::consts::FRAC_PI_2).abs() < 1e-4, "{same} {negative}");
        assert!(rates.iter().zip(&rates_of_negative).all(|(a, b)| (a - b).abs() < 1e-4));
    }

    #[test]
    fn the_window_of_a_negative_is_the_last() {
        let original = vec![0.2; 200];
        let brighter = vec![0.201; 200];
        let [negative, negative_brighter] = [0.05, 0.049].map(|x| vec![x; 200]);
        let original = Pair { image: &original, brighter: &brighter };
        let mut random = Random::new(1, 1);
        let spikes = |trains: Vec<f32>| trains.chunks_exact(200).map(|step| step.iter().sum::<f32>()).collect::<Vec<f32>>();
        let plain = spikes(ENCODER.encode(original, original, &mut random));
        let turned = spikes(ENCODER.encode(Pair { image: &negative, brighter: &negative_brighter }, original, &mut random));
        assert!(plain[..20].iter().all(|&n| n > 0.0) && plain[20..].iter().all(|&n| n == 0.0), "{plain:?}");
        assert!(turned[..30].iter().all(|&n| n == 0.0) && turned[30..].iter().all(|&n| n > 0.0), "{turned:?}");
        // 200 pixels of rate 0.2 over 20 steps: 800 spikes, standard deviation 28.
        assert!((turned.iter().sum::<f32>() - 800.0).abs() < 4.0 * 28.3);
    }
}
