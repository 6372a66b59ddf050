//! Draws from continuous distributions by table: one random word in, one value out.
//!
//! A distribution is tabulated once as its quantile function. The cells are spaced like floating-point
//! numbers, fine towards both ends, so that the tails are as exact as the middle (relative spacing 1/64
//! down to a probability of 2^-32). A draw is a load and a linear interpolation, the same bits on
//! every machine, and truncation ("redraw until inside the bounds") costs nothing: it draws from a part
//! of the unit interval.

use connectome::network::Value;

use crate::device::Draw;
use crate::simd::dispatch;

const CELLS: usize = 64;
const ROW: usize = CELLS + 1;
const OCTAVES: usize = 32;

/// Room for all rows, rounded up to a power of two: an index that is masked needs no check.
const ROOM: usize = (2 * OCTAVES * ROW).next_power_of_two();

/// The quantile function of a distribution, tabulated.
#[derive(Clone, Debug)]
pub struct QuantileTable {
    /// Values at the borders of cells.
    values: Vec<f32>,
    /// For each cell the value at its begin, and above it how much is added up to its end: one load for both.
    cells: Box<[u64; ROOM]>,
}

impl QuantileTable {
    /// Tabulates `quantile`, a non-decreasing function on (0, 1).
    pub fn new(quantile: impl Fn(f64) -> f64) -> Self {
        let mut values = Vec::with_capacity(2 * OCTAVES * ROW);
        for upper in [false, true] {
            for octave in 0..OCTAVES {
                for cell in 0..ROW {
                    let scale = 0.5f64.powi(octave as i32 + 2);
                    let p = (scale * (1.0 + cell as f64 / CELLS as f64)).min(0.5);
                    values.push(quantile(if upper { 1.0 - p } else { p }) as f32);
                }
            }
        }
        let pair = |ends: &[f32]| u64::from(ends[0].to_bits()) | u64::from((ends[1] - ends[0]).to_bits()) << 32;
        let mut cells: Vec<u64> = values.windows(2).map(pair).collect();
        cells.resize(ROOM, 0);
        QuantileTable { values, cells: cells.into_boxed_slice().try_into().expect("the length is ROOM") }
    }

    /// All rows, for a device that draws from them: towards the lower end, then towards the upper one.
    pub fn rows(&self) -> &[f32] {
        &self.values
    }

    /// The value for a random word.
    #[inline(always)]
    pub fn value(&self, word: u32) -> f32 {
        let upper = word >> 31;
        // Distance to the nearer end, with its leading one shifted out: octave and fraction.
        let x = (word ^ 0u32.wrapping_sub(upper)) | 1;
        let octave = x.leading_zeros();
        let fraction = (x << octave) << 1;
        let row = (upper as usize * OCTAVES + (octave as usize - 1)) * ROW + (fraction >> 26) as usize;
        let t = (fraction & 0x03ff_ffff) as f32 * (1.0 / 67_108_864.0);
        let cell = self.cells[row % ROOM];
        f32::from_bits(cell as u32) + t * f32::from_bits((cell >> 32) as u32)
    }
}

/// The standard normal distribution, tabulated once.
pub fn standard_normal() -> &'static QuantileTable {
    static TABLE: std::sync::OnceLock<QuantileTable> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| QuantileTable::new(normal_quantile))
}

/// How a weight, delay or initial value is drawn from one random word.
#[derive(Clone, Copy, Debug)]
pub enum Sampler {
    /// The same for all.
    Constant(f32),
    /// Normal or lognormal, truncated.
    Normal(Normal),
    /// `min + u * width`.
    Uniform {
        /// Lower bound.
        min: f32,
        /// Upper bound minus lower bound.
        width: f32,
    },
    /// `offset + slope * distance`; no draw.
    Distance {
        /// At distance 0.
        offset: f32,
        /// Per mm.
        slope: f32,
    },
}

/// A truncated normal number x = mean + std z, or its exponential `scale * e^x`.
#[derive(Clone, Copy, Debug)]
pub struct Normal {
    mean: f32,
    std: f32,
    /// What multiplies the exponential, where it is lognormal.
    scale: Option<f32>,
    /// The part of the unit interval that is drawn from, in units of 2^-32.
    first: u32,
    span: u64,
    bounds: (f32, f32),
    table: &'static QuantileTable,
}

impl Normal {
    /// x between the probabilities `lo` and `hi`; values are kept within `bounds`.
    fn new((mean, std): (f64, f64), scale: Option<f64>, (lo, hi): (f64, f64), bounds: (f64, f64)) -> Self {
        let first = (lo * 4_294_967_296.0) as u32;
        let span = (((hi - lo) * 4_294_967_296.0) as u64).clamp(1, (1 << 32) - u64::from(first));
        let bounds = (bounds.0 as f32, bounds.1 as f32);
        Normal { mean: mean as f32, std: std as f32, scale: scale.map(|s| s as f32), first, span, bounds, table: standard_normal() }
    }

    /// How a device draws it.
    pub(crate) fn on_device(&self) -> Draw {
        let (least, most) = self.bounds;
        let kind = if self.scale.is_some() { 3 } else { 2 };
        let scale = self.scale.unwrap_or(0.0);
        Draw { kind, a: self.mean, b: self.std, scale, least, most, first: self.first, unused: 0, span: self.span }
    }

    #[inline(always)]
    fn value(&self, word: u32) -> f32 {
        let inside = self.first + ((u64::from(word) * self.span) >> 32) as u32;
        let x = self.mean + self.std * self.table.value(inside);
        let value = match self.scale {
            None => x,
            Some(scale) => scale * models::kit::exp(x),
        };
        value.clamp(self.bounds.0, self.bounds.1)
    }
}

dispatch! {
    fn normals(normal: &Normal, words: &[u32], values: &mut [f32]) = normals_body
}

#[inline(always)]
fn normals_body(normal: &Normal, words: &[u32], values: &mut [f32]) {
    for (value, word) in values.iter_mut().zip(words) {
        *value = normal.value(*word);
    }
}

impl Sampler {
    /// The sampler of `value`, multiplied by the positive `factor`; values below `least` (before the
    /// factor) are redrawn.
    pub fn new(value: &Value, factor: f64, least: f64) -> Self {
        match *value {
            Value::Constant { value } => Sampler::Constant((value * factor) as f32),
            Value::Distance { offset, slope } => Sampler::Distance { offset: (offset * factor) as f32, slope: (slope * factor) as f32 },
            Value::Uniform { min, max } => {
                let min = min.max(least);
                Sampler::Uniform { min: (min * factor) as f32, width: ((max - min).max(0.0) * factor) as f32 }
            }
            Value::Normal { mean, std, .. } if std <= 0.0 => Sampler::Constant((mean * factor) as f32),
            Value::Normal { mean, std, min, max } => {
                let min = min.max(least);
                let part = (normal_cdf((min - mean) / std), normal_cdf((max - mean) / std));
                Sampler::Normal(Normal::new((mean * factor, std * factor), None, part, (min * factor, max.max(min) * factor)))
            }
            Value::Lognormal { mu, sigma, scale, max } => {
                let cut = |magnitude: f64| normal_cdf((libm::log(magnitude / scale.abs()) - mu) / sigma);
                let lo = if least > 0.0 { cut(least) } else { 0.0 };
                let hi = if max.is_finite() { cut(max) } else { 1.0 };
                let bounds = if scale < 0.0 { (-max * factor, 0.0) } else { (0.0, max * factor) };
                Sampler::Normal(Normal::new((mu, sigma), Some(scale * factor), (lo, hi), bounds))
            }
        }
    }

    /// The value for a random word at a distance in mm.
    #[inline]
    pub fn value(&self, word: u32, distance: f32) -> f32 {
        match self {
            Sampler::Constant(value) => *value,
            Sampler::Normal(normal) => normal.value(word),
            Sampler::Uniform { min, width } => min + (word >> 8) as f32 * (1.0 / 16_777_216.0) * width,
            Sampler::Distance { offset, slope } => offset + slope * distance,
        }
    }

    /// Values for many words; `distances` is empty where they are not known.
    pub fn values(&self, words: &[u32], distances: &[f32], values: &mut Vec<f32>) {
        values.resize(words.len(), 0.0);
        match self {
            Sampler::Normal(normal) => normals(normal, words, values),
            Sampler::Distance { offset, slope } => {
                values.iter_mut().zip(distances).for_each(|(value, distance)| *value = offset + slope * distance);
            }
            _ => values.iter_mut().zip(words).for_each(|(value, word)| *value = self.value(*word, 0.0)),
        }
    }

    /// Smallest and largest value, given the largest distance in mm that can occur.
    pub fn bounds(&self, farthest: f32) -> (f32, f32) {
        let (a, b) = (self.value(0, 0.0), self.value(u32::MAX, farthest));
        (a.min(b), a.max(b))
    }

    /// True if a random word is needed.
    pub fn is_random(&self) -> bool {
        matches!(self, Sampler::Normal(_) | Sampler::Uniform { .. })
    }
}

/// The standard normal distribution function.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The standard normal quantile for 0 < p < 1, to about 1e-12: a rough start (Abramowitz & Stegun
/// 26.2.23), then Newton steps with Halley's correction.
pub fn normal_quantile(p: f64) -> f64 {
    let tail = p.min(1.0 - p);
    let t = (-2.0 * libm::log(tail)).sqrt();
    let rough = t - (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    let mut x = -rough;
    for _ in 0..3 {
        // Work in the lower tail, where the distribution function keeps its relative precision.
        let error = (normal_cdf(x) - tail) * (2.0 * std::f64::consts::PI).sqrt() * libm::exp(0.5 * x * x);
        x -= error / (1.0 + 0.5 * x * error);
    }
    if p > 0.5 { -x } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    #[test]
    fn the_normal_quantile_inverts_the_normal_distribution() {
        for p in [1e-12, 1e-6, 0.01, 0.3, 0.5, 0.77, 0.999, 1.0 - 1e-9] {
            assert!((normal_cdf(normal_quantile(p)) / p - 1.0).abs() < 1e-9, "{p}");
        }
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn the_table_follows_the_quantile_into_the_tails() {
        let table = QuantileTable::new(normal_quantile);
        for word in [1u32, 3, 77, 1000, 1 << 20, 123_456_789, 1 << 31, u32::MAX / 3 * 2, u32::MAX - 5, u32::MAX] {
            let p = (f64::from(word) + 0.5) / 4_294_967_296.0;
            let error = f64::from(table.value(word)) - normal_quantile(p);
            assert!(error.abs() < if (1000..u32::MAX - 1000).contains(&word) { 1e-4 } else { 0.2 }, "{word}: {error}");
        }
    }

    #[test]
    fn a_truncated_normal_keeps_its_bounds_and_moments() {
        let sampler = Sampler::new(&Value::Normal { mean: 1.5, std: 0.75, min: 0.0, max: f64::INFINITY }, 10.0, 0.05);
        let stream = Stream::new(4, Purpose::Other, 0);
        let mut words = Vec::new();
        stream.fill(0, &mut words, 200_000);
        let values: Vec<f64> = words.iter().map(|w| f64::from(sampler.value(*w, 0.0)) / 10.0).collect();
        assert!(values.iter().all(|v| *v >= 0.0499));
        // Mean of the normal above a = (0.05 - 1.5)/0.75: mean + std * phi(a) / (1 - Phi(a)).
        let a: f64 = -1.45 / 0.75;
        let expected = 1.5 + 0.75 * (-0.5 * a * a).exp() / (2.0 * std::f64::consts::PI).sqrt() / (1.0 - normal_cdf(a));
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((mean - expected).abs() < 4.5 * 0.75 / (values.len() as f64).sqrt(), "{mean} {expected}");
    }

    #[test]
    fn kolmogorov_smirnov_p_values_are_uniform_over_seeds() {
        // 200 seeds, 2,000 draws each: the distances, scaled, follow Kolmogorov's distribution, so
        // their p-values are uniform; tested by one more KS at the 1e-4 level.
        let sampler = Sampler::new(&Value::normal(0.0, 1.0), 1.0, f64::NEG_INFINITY);
        let mut p: Vec<f64> = (0..200)
            .map(|seed| {
                let mut words = Vec::new();
                Stream::new(seed, Purpose::Other, 1).fill(3, &mut words, 2000);
                let mut u: Vec<f64> = words.iter().map(|w| normal_cdf(f64::from(sampler.value(*w, 0.0)))).collect();
                kolmogorov(&mut u)
            })
            .collect();
        assert!(kolmogorov(&mut p) > 1e-4);
    }

    /// p-value of the Kolmogorov-Smirnov test that `u` is uniform.
    fn kolmogorov(u: &mut [f64]) -> f64 {
        u.sort_by(f64::total_cmp);
        let n = u.len() as f64;
        let d = u.iter().enumerate().map(|(i, x)| (x - i as f64 / n).abs().max((x - (i + 1) as f64 / n).abs())).fold(0.0, f64::max);
        let t = d * (n.sqrt() + 0.12 + 0.11 / n.sqrt());
        (1..100).map(|k| 2.0 * (-1.0f64).powi(k - 1) * (-2.0 * f64::from(k * k) * t * t).exp()).sum::<f64>().clamp(0.0, 1.0)
    }
}
