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

fn ln_factorial(n: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0)
}

fn ln_choose(n: u64, k: u64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// Successes in `n` trials of probability `p`.
pub fn binomial(n: u64, p: f64, draws: &mut Sequence) -> u64 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    let odds = p / (1.0 - p);
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    let p_mode = libm::exp(ln_choose(n, mode) + mode as f64 * libm::log(p) + (n - mode) as f64 * libm::log1p(-p));
    walk(draws.uniform(), mode, p_mode, |k| (n - k) as f64 / (k + 1) as f64 * odds, |k| k as f64 / ((n - k + 1) as f64 * odds))
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

/// A Poisson number with this mean.
pub fn poisson(mean: f64, draws: &mut Sequence) -> u64 {
    if mean <= 0.0 {
        return 0;
    }
    let mode = mean as u64;
    let p_mode = libm::exp(mode as f64 * libm::log(mean) - mean - ln_factorial(mode));
    walk(draws.uniform(), mode, p_mode, |k| mean / (k + 1) as f64, |k| k as f64 / mean)
}

/// Splits `total` items over the bins `0..n` (each item to a uniformly chosen bin, or, with a
/// `capacity` per bin, to a uniformly chosen free place) and calls `visit(bin, count, before)` for
/// every non-empty bin in `range`, where `before` counts the items of all earlier bins.
///
/// A binary tree over the bins makes this random access: a bin's count costs O(log n) draws and does
/// not depend on who asks for it.
pub fn split(
    total: u64,
    n: u64,
    capacity: Option<u64>,
    range: std::ops::Range<u64>,
    stream: &crate::random::Stream,
    visit: &mut impl FnMut(u64, u64, u64),
) {
    let tree = Tree { capacity, stream, range };
    tree.descend(0..n, total, 0, visit);
}

struct Tree<'a> {
    capacity: Option<u64>,
    stream: &'a crate::random::Stream,
    range: std::ops::Range<u64>,
}

impl Tree<'_> {
    fn descend(&self, bins: std::ops::Range<u64>, count: u64, before: u64, visit: &mut impl FnMut(u64, u64, u64)) {
        if count == 0 || bins.end <= self.range.start || bins.start >= self.range.end {
            return;
        }
        let n = bins.end - bins.start;
        if n == 1 {
            visit(bins.start, count, before);
            return;
        }
        let middle = bins.start + n / 2;
        // A node is named by its ends; bins are neurons, so both fit 32 bits.
        let mut draws = self.stream.sequence(bins.start << 32 | (bins.end & 0xffff_ffff));
        let left = match self.capacity {
            None => binomial(count, (n / 2) as f64 / n as f64, &mut draws),
            Some(c) => hypergeometric(count, (n / 2) * c, (n - n / 2) * c, &mut draws),
        };
        self.descend(bins.start..middle, left, before, visit);
        self.descend(middle..bins.end, count - left, before + left, visit);
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
            moments(mean, mean, |d| poisson(mean, d));
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

    #[test]
    fn a_split_loses_nothing_and_any_range_agrees_with_the_whole() {
        let stream = Stream::new(3, Purpose::Counts, 0);
        for capacity in [None, Some(40)] {
            let mut whole = vec![(0, 0); 100];
            split(3500, 100, capacity, 0..100, &stream, &mut |bin, n, before| whole[bin as usize] = (n, before));
            assert_eq!(whole.iter().map(|w| w.0).sum::<u64>(), 3500);
            assert!(capacity.is_none_or(|c| whole.iter().all(|w| w.0 <= c)));
            for bin in 0..100u64 {
                split(3500, 100, capacity, bin..bin + 1, &stream, &mut |b, n, before| assert_eq!(whole[b as usize], (n, before)));
            }
        }
    }
}
