//! Integer-valued draws: binomial, hypergeometric, Poisson.
//!
//! All by one method, inversion outwards from the mode: one uniform number, a density that is known
//! relative to its neighbours, and a walk of about one standard deviation. It is exact up to rounding,
//! short, and its only library functions are pure Rust, so every machine draws the same number.

use crate::random::Sequence;

/// Walks outwards from `mode` until the mass `u` is used up. `up(k)` is P(k+1)/P(k), `down(k)` is
/// P(k-1)/P(k); both are 0 at the end of the support.
fn walk(u: f64, mode: u64, p_mode: f64, up: impl Fn(u64) -> f64, down: impl Fn(u64) -> f64) -> u64 {
    let mut left = u - p_mode;
    if left <= 0.0 {
        return mode;
    }
    let (mut high, mut p_high) = (mode, p_mode);
    let (mut low, mut p_low) = (mode, p_mode);
    loop {
        p_high *= up(high);
        p_low *= down(low);
        // Rounding may leave a crumb of mass that belongs to nobody.
        if p_high + p_low < 1e-300 {
            return mode;
        }
        if p_high > 0.0 {
            high += 1;
            left -= p_high;
            if left <= 0.0 {
                return high;
            }
        }
        if p_low > 0.0 {
            low -= 1;
            left -= p_low;
            if left <= 0.0 {
                return low;
            }
        }
    }
}

/// Factorials up to here are looked up: most draws are about counts of this size.
const TABULATED: usize = 2048;

fn ln_factorial(n: u64) -> f64 {
    static TABLE: std::sync::OnceLock<Vec<f64>> = std::sync::OnceLock::new();
    let table = TABLE.get_or_init(|| (0..TABULATED).map(|n| libm::lgamma(n as f64 + 1.0)).collect());
    table.get(n as usize).copied().unwrap_or_else(|| libm::lgamma(n as f64 + 1.0))
}

fn ln_choose(n: u64, k: u64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// Successes in `n` trials of probability `p`.
pub fn binomial(n: u64, p: f64, draws: &mut Sequence) -> u64 {
    Binomial::new(n, p).draw(draws)
}

/// A binomial distribution, ready for many draws.
#[derive(Clone, Debug)]
pub struct Binomial {
    n: u64,
    odds: f64,
    mode: u64,
    p_mode: f64,
}

impl Binomial {
    /// Successes in `n` trials of probability `p`.
    pub fn new(n: u64, p: f64) -> Self {
        if n == 0 || p <= 0.0 || p >= 1.0 {
            let sure = if p >= 1.0 { n } else { 0 };
            return Binomial { n, odds: 0.0, mode: sure, p_mode: 1.0 };
        }
        let mode = (((n + 1) as f64 * p) as u64).min(n);
        let p_mode = libm::exp(ln_choose(n, mode) + mode as f64 * libm::log(p) + (n - mode) as f64 * libm::log1p(-p));
        Binomial { n, odds: p / (1.0 - p), mode, p_mode }
    }

    /// One number.
    pub fn draw(&self, draws: &mut Sequence) -> u64 {
        let Binomial { n, odds, mode, p_mode } = *self;
        walk(draws.uniform(), mode, p_mode, |k| (n - k) as f64 / (k + 1) as f64 * odds, |k| k as f64 / ((n - k + 1) as f64 * odds))
    }
}

/// Marked balls among `drawn` taken without replacement from an urn of `marked` marked and
/// `unmarked` unmarked ones. `drawn` is at most `marked + unmarked`.
pub fn hypergeometric(drawn: u64, marked: u64, unmarked: u64, draws: &mut Sequence) -> u64 {
    let total = marked + unmarked;
    let least = drawn.saturating_sub(unmarked);
    let most = drawn.min(marked);
    if least == most {
        return least;
    }
    let mode = (((drawn + 1) as f64 * (marked + 1) as f64 / (total + 2) as f64) as u64).clamp(least, most);
    let p_mode = libm::exp(ln_choose(marked, mode) + ln_choose(unmarked, drawn - mode) - ln_choose(total, drawn));
    let up = |k: u64| {
        if k >= most { 0.0 } else { (marked - k) as f64 * (drawn - k) as f64 / ((k + 1) as f64 * (unmarked + k + 1 - drawn) as f64) }
    };
    let down = |k: u64| {
        if k <= least { 0.0 } else { k as f64 * (unmarked + k - drawn) as f64 / ((marked - k + 1) as f64 * (drawn - k + 1) as f64) }
    };
    walk(draws.uniform(), mode, p_mode, up, down)
}

/// A Poisson distribution, ready for many draws.
#[derive(Clone, Debug)]
pub struct Poisson {
    mean: f64,
    mode: u64,
    p_mode: f64,
}

impl Poisson {
    /// With this mean.
    pub fn new(mean: f64) -> Self {
        let mean = mean.max(0.0);
        let mode = mean as u64;
        let p_mode = if mean > 0.0 { libm::exp(mode as f64 * libm::log(mean) - mean - ln_factorial(mode)) } else { 1.0 };
        Poisson { mean, mode, p_mode }
    }

    /// One number.
    pub fn draw(&self, draws: &mut Sequence) -> u64 {
        let mean = self.mean;
        walk(draws.uniform(), self.mode, self.p_mode, |k| mean / (k + 1) as f64, |k| k as f64 / mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    /// z-scores of mean and variance over 20,000 draws.
    fn moments(mean: f64, variance: f64, mut draw: impl FnMut(&mut Sequence) -> u64) {
        let stream = Stream::new(5, Purpose::Other, 0);
        let n = 20_000;
        let values: Vec<f64> = (0..n).map(|i| draw(&mut stream.sequence(i)) as f64).collect();
        let m = values.iter().sum::<f64>() / n as f64;
        let v = values.iter().map(|x| (x - m).powi(2)).sum::<f64>() / (n - 1) as f64;
        assert!((m - mean).abs() < 4.5 * (variance / n as f64).sqrt() + 1e-12, "mean {m}, expected {mean}");
        assert!((v / variance - 1.0).abs() < 0.06, "variance {v}, expected {variance}");
    }

    #[test]
    fn binomial_has_its_moments() {
        for (n, p) in [(1u64, 0.3), (10, 0.01), (40, 0.9), (1000, 0.5), (3_000_000_000, 0.25)] {
            let x = n as f64;
            moments(x * p, x * p * (1.0 - p), |d| binomial(n, p, d));
        }
    }

    #[test]
    fn hypergeometric_has_its_moments() {
        for (k, a, b) in [(5u64, 3u64, 9u64), (100, 50, 70), (1000, 100_000, 300_000)] {
            let (x, n) = (k as f64, (a + b) as f64);
            let p = a as f64 / n;
            moments(x * p, x * p * (1.0 - p) * (n - x) / (n - 1.0), |d| hypergeometric(k, a, b, d));
        }
    }

    #[test]
    fn poisson_has_its_moments() {
        for mean in [0.1, 3.0, 800.0] {
            moments(mean, mean, |d| Poisson::new(mean).draw(d));
        }
    }

    #[test]
    fn binomial_is_binomial() {
        // Chi-square against the exact density, n = 6, p = 0.4; 6 degrees of freedom.
        let stream = Stream::new(8, Purpose::Other, 1);
        let mut seen = [0f64; 7];
        for i in 0..100_000 {
            seen[binomial(6, 0.4, &mut stream.sequence(i)) as usize] += 1.0;
        }
        let chi2: f64 = (0..7u64)
            .map(|k| {
                let e = 100_000.0 * (ln_choose(6, k) + k as f64 * 0.4f64.ln() + (6 - k) as f64 * 0.6f64.ln()).exp();
                (seen[k as usize] - e).powi(2) / e
            })
            .sum();
        assert!(chi2 < 27.9, "p < 1e-4: {chi2}");
    }
}
