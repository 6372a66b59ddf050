//! Random numbers as functions of (seed, object, number): the same for every thread count.

use kernels::random::{Purpose, Sequence, Stream};

/// Draws one after another.
#[derive(Clone, Debug)]
pub struct Random(Sequence);

impl Random {
    /// The draws of `object` under `seed`. Objects number themselves by [`key`].
    pub fn new(seed: u64, object: u64) -> Self {
        Random(Stream::new(seed, Purpose::Other, object).sequence(0))
    }

    /// Series `number` of the draws of `object`, independent of the other series.
    pub fn sequence(seed: u64, object: u64, number: u64) -> Self {
        Random(Stream::new(seed, Purpose::Other, object).sequence(number))
    }

    /// Uniform in (0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0.uniform()
    }

    /// Uniform in `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0.below(n as u64) as usize
    }

    /// Normal with mean 0 and standard deviation 1 (Box GEP, Muller ME (1958) doi:10.1214/aoms/1177706645).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(self.uniform())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.uniform())
    }

    /// Gamma with shape `a` and scale 1 (Marsaglia G, Tsang WW (2000) doi:10.1145/358407.358414).
    pub fn gamma(&mut self, a: f64) -> f64 {
        // A shape below 1 by way of one above it.
        let (shape, boost) = if a < 1.0 { (a + 1.0, libm::pow(self.uniform(), 1.0 / a)) } else { (a, 1.0) };
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = libm::pow(1.0 + c * x, 3.0);
            if v > 0.0 && libm::log(self.uniform()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v * boost;
            }
        }
    }

    /// `0..n` in random order (Fisher-Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }
}

/// What draws are for; draws for different things are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum For {
    /// Initial weights, by parameter.
    Weights = 1,
    /// Values that dropout removes, by layer and pass.
    Dropout = 2,
    /// The order of samples, by epoch.
    Order = 3,
    /// Spikes of random encoders, by sample.
    Spikes = 4,
    /// Shifts and flips of images, by sample.
    Augmentation = 5,
    /// Samples that are mixed, by batch.
    Mixing = 6,
    /// Recordings of events that are made, by sample.
    Films = 7,
    /// Samples of few-shot learning, by episode or pair.
    Episodes = 8,
    /// Branches that are dropped, by layer and pass.
    Paths = 9,
    /// Steps of a batch, by batch.
    Steps = 10,
    /// Noise of neurons, by layer, pass, step and neuron.
    Noise = 16,
    /// Noise of gradients, by parameter and step of the optimiser.
    Gradients = 17,
}

/// The number of an object: what for, which one of few (such as a layer), which one of many (such as a pass).
pub fn key(what: For, few: usize, many: u64) -> u64 {
    (what as u64) << 56 | (few as u64 & 0xffff) << 40 | (many & 0xff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_holds_every_number_once() {
        let mut order = Random::new(3, key(For::Order, 0, 1)).permutation(1000);
        assert!(order.windows(2).any(|w| w[0] > w[1]));
        order.sort_unstable();
        assert!(order.iter().copied().eq(0..1000));
    }

    #[test]
    fn normal_draws_have_mean_0_and_variance_1() {
        let mut random = Random::new(1, key(For::Weights, 0, 0));
        let draws: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / 1e5;
        // Standard errors are 0.0032 and 0.0045.
        assert!(mean.abs() < 0.015 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn gamma_draws_have_mean_and_variance_of_their_shape() {
        for shape in [0.5, 2.0, 6.0] {
            let mut random = Random::sequence(2, key(For::Noise, 0, 0), 7);
            let draws: Vec<f64> = (0..100_000).map(|_| random.gamma(shape)).collect();
            let mean = draws.iter().sum::<f64>() / 1e5;
            let variance = draws.iter().map(|x| (x - shape) * (x - shape)).sum::<f64>() / 1e5;
            // Four standard errors of the mean; the fourth moment of a gamma is 3 a^2 + 6 a.
            let (error, error_of_variance) = ((shape / 1e5).sqrt(), ((2.0 * shape * shape + 6.0 * shape) / 1e5).sqrt());
            assert!((mean - shape).abs() < 4.0 * error && (variance - shape).abs() < 4.0 * error_of_variance, "{shape}: {mean} {variance}");
        }
    }
}
