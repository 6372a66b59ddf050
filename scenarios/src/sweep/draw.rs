//! Values that a sweep draws at random.

use serde::Deserialize;
use toml::Value;

use crate::checksum::Fnv;
use crate::document::Resolved;
use crate::error::{Cause, Error};
use crate::key::KeyPath;

/// Names of the distributions.
const NAMES: [&str; 5] = ["uniform", "log_uniform", "normal", "lognormal", "choice"];
/// How often a value beyond its bounds is drawn again before the nearest bound is taken.
const ATTEMPTS: u64 = 1000;

/// A distribution as it is typed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Spec {
    Uniform { min: Bound, max: Bound },
    LogUniform { min: Bound, max: Bound },
    Normal { mean: Bound, std: Bound, min: Option<Bound>, max: Option<Bound> },
    Lognormal { median: Bound, sigma: f64, max: Option<Bound> },
    Choice(Vec<Value>),
}

/// A number, with a unit or without.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a number or a text with a unit such as \"10 ms\"")]
enum Bound {
    Whole(i64),
    Real(f64),
    Text(String),
}

/// A distribution that values can be drawn from.
#[derive(Clone, Debug)]
pub(super) enum Draw {
    /// Any of these.
    Choice(Vec<Value>),
    /// A number.
    Number {
        shape: Shape,
        /// What is written behind it; empty for a pure number.
        unit: String,
        /// Whole numbers, both ends included.
        whole: bool,
    },
}

/// How a number is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Uniform { min: f64, max: f64 },
    LogUniform { min: f64, max: f64 },
    Normal { mean: f64, std: f64, min: f64, max: f64 },
    Lognormal { median: f64, sigma: f64, max: f64 },
}

impl Draw {
    /// True for a table that names a distribution, and not for one that only leads on to keys of the scenario.
    pub(super) fn is_one(value: &Value) -> bool {
        let Value::Table(table) = value else { return true };
        let mut entries = table.iter();
        let (Some((name, inner)), None) = (entries.next(), entries.next()) else { return false };
        NAMES.contains(&name.as_str()) && inner.as_table().is_none_or(|t| t.values().all(|v| !v.is_table()))
    }

    /// Reads a distribution.
    pub(super) fn read(document: &Resolved, value: &Value, at: &KeyPath) -> Result<Self, Error> {
        if !value.is_table() {
            let expected = format!("a distribution such as {{ uniform = {{ min = 0.1, max = 0.5 }} }}; there are {}", NAMES.join(", "));
            return Err(document.error(at, Cause::unexpected(value, expected)));
        }
        let spec: Spec = document.read(value.clone(), at)?;
        let refuse = |cause| Err(document.error(at, cause));
        let mut unit = None;
        let mut number = |bound: &Bound| bound.number(&mut unit).map_err(|cause| document.error(at, cause));
        let whole = matches!(&spec, Spec::Uniform { min: Bound::Whole(_), max: Bound::Whole(_) });
        let shape = match &spec {
            Spec::Choice(values) if values.is_empty() => return refuse(Cause::unexpected("an empty list", "at least one value")),
            Spec::Choice(values) => return Ok(Draw::Choice(values.clone())),
            Spec::Uniform { min, max } => Shape::Uniform { min: number(min)?, max: number(max)? },
            Spec::LogUniform { min, max } => Shape::LogUniform { min: number(min)?, max: number(max)? },
            Spec::Normal { mean, std, min, max } => Shape::Normal {
                mean: number(mean)?,
                std: number(std)?,
                min: min.as_ref().map_or(Ok(f64::NEG_INFINITY), &mut number)?,
                max: max.as_ref().map_or(Ok(f64::INFINITY), &mut number)?,
            },
            Spec::Lognormal { median, sigma, max } => {
                Shape::Lognormal { median: number(median)?, sigma: *sigma, max: max.as_ref().map_or(Ok(f64::INFINITY), number)? }
            }
        };
        match shape.fault() {
            Some((found, expected)) => refuse(Cause::unexpected(found, expected)),
            None => Ok(Draw::Number { shape, unit: unit.unwrap_or_default(), whole }),
        }
    }

    /// The value of this number for a key: a function of nothing else, so that more draws leave the first ones as they are.
    pub(super) fn value(&self, seed: u64, key: &str, number: u64) -> Value {
        let mut sum = Fnv::default();
        sum.add(key.as_bytes());
        let stream = mixed(seed ^ mixed(sum.value())) ^ number.wrapping_mul(0xd134_2543_de82_ef95);
        let uniform = |draw: u64| (mixed(stream.wrapping_add(draw.wrapping_mul(GOLDEN))) >> 11) as f64 / (1u64 << 53) as f64;
        match self {
            Draw::Choice(values) => values[(uniform(1) * values.len() as f64) as usize].clone(),
            Draw::Number { shape: Shape::Uniform { min, max }, whole: true, .. } => {
                Value::Integer((min + uniform(1) * (max - min + 1.0)).floor() as i64)
            }
            Draw::Number { shape, unit, .. } => {
                let drawn = rounded(shape.drawn(uniform));
                if unit.is_empty() { Value::Float(drawn) } else { Value::String(format!("{drawn} {unit}")) }
            }
        }
    }
}

impl Bound {
    /// The number in `unit`, which the first number of a distribution settles.
    fn number(&self, unit: &mut Option<String>) -> Result<f64, Cause> {
        let text = match self {
            Bound::Whole(n) => n.to_string(),
            Bound::Real(x) => x.to_string(),
            Bound::Text(text) => text.trim().to_owned(),
        };
        let ends = (0..=text.len()).rev().filter(|end| text.is_char_boundary(*end));
        let end = ends.into_iter().find(|end| text[..*end].parse::<f64>().is_ok()).unwrap_or(0);
        let own = text[end..].trim().to_owned();
        let unit = unit.get_or_insert(own);
        Ok(models::units::parse(&text, unit)?)
    }
}

impl Shape {
    /// What is wrong with the numbers: what was found, and what was expected.
    fn fault(self) -> Option<(String, &'static str)> {
        match self {
            Shape::Uniform { min, max } | Shape::LogUniform { min, max } | Shape::Normal { min, max, .. } if min >= max => {
                Some((format!("min {min} and max {max}"), "min below max"))
            }
            Shape::LogUniform { min, .. } if min <= 0.0 => Some((format!("min {min}"), "a min above 0")),
            Shape::Normal { std, .. } if std <= 0.0 => Some((format!("std {std}"), "a std above 0")),
            Shape::Normal { mean, min, max, .. } if mean < min || mean > max => {
                Some((format!("mean {mean}"), "a mean between min and max"))
            }
            Shape::Lognormal { sigma, .. } if !(sigma > 0.0 && sigma.is_finite()) => Some((format!("sigma {sigma}"), "a sigma above 0")),
            Shape::Lognormal { median, max, .. } if median == 0.0 || median.abs() > max => {
                Some((format!("median {median}"), "a median other than 0 and not beyond max"))
            }
            _ => None,
        }
    }

    fn drawn(self, uniform: impl Fn(u64) -> f64) -> f64 {
        // Two uniforms per attempt, none of them used twice.
        let normal = |attempt: u64| {
            let (a, b) = (uniform(2 * attempt + 1), uniform(2 * attempt + 2));
            libm::sqrt(-2.0 * libm::log(1.0 - a)) * libm::cos(std::f64::consts::TAU * b)
        };
        let bounded = |draw: &dyn Fn(u64) -> f64, min: f64, max: f64| {
            let inside = (0..ATTEMPTS).map(draw).find(|x| (min..=max).contains(x));
            inside.unwrap_or_else(|| draw(0).clamp(min, max))
        };
        match self {
            Shape::Uniform { min, max } => min + uniform(1) * (max - min),
            Shape::LogUniform { min, max } => min * libm::pow(max / min, uniform(1)),
            Shape::Normal { mean, std, min, max } => bounded(&|i| mean + std * normal(i), min, max),
            Shape::Lognormal { median, sigma, max } => bounded(&|i| median * libm::exp(sigma * normal(i)), -max, max),
        }
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn mixed(x: u64) -> u64 {
    let x = x.wrapping_add(GOLDEN);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Six digits: enough to tell draws apart, and short enough to read.
fn rounded(x: f64) -> f64 {
    format!("{x:.5e}").parse().expect("a formatted number is a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(shape: Shape, seed: u64, n: u64) -> Vec<f64> {
        let draw = Draw::Number { shape, unit: String::new(), whole: false };
        (0..n).map(|i| draw.value(seed, "a.b", i).as_float().expect("a number")).collect()
    }

    /// The largest distance between the distribution of the values and `cdf`, times the root of their number.
    fn kolmogorov(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let far = values.iter().enumerate().map(|(i, x)| (cdf(*x) - i as f64 / n).abs().max((cdf(*x) - (i + 1) as f64 / n).abs()));
        far.fold(0.0, f64::max) * n.sqrt()
    }

    #[test]
    fn draws_follow_their_distribution_for_nearly_every_seed() {
        let normal = |x: f64| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
        let (min, max) = (0.1, 10.0);
        for (shape, cdf) in [
            (Shape::Uniform { min, max }, &(|x: f64| (x - 0.1) / 9.9) as &dyn Fn(f64) -> f64),
            (Shape::LogUniform { min, max }, &|x| (x / 0.1).ln() / 100f64.ln()),
            (Shape::Normal { mean: 2.0, std: 3.0, min: f64::NEG_INFINITY, max: f64::INFINITY }, &|x| normal((x - 2.0) / 3.0)),
            (Shape::Lognormal { median: 2.0, sigma: 0.5, max: f64::INFINITY }, &|x| normal((x / 2.0).ln() / 0.5)),
        ] {
            // 1.36 is exceeded by one sample in twenty.
            let beyond = (0..400).filter(|seed| kolmogorov(drawn(shape, *seed, 200), cdf) > 1.36).count();
            assert!((5..=40).contains(&beyond), "{shape:?}: {beyond} of 400");
        }
    }

    #[test]
    fn keys_and_seeds_draw_independently() {
        let draw = Draw::Number { shape: Shape::Uniform { min: -1.0, max: 1.0 }, unit: String::new(), whole: false };
        let values = |seed, key: &str| (0..5000).map(|i| draw.value(seed, key, i).as_float().expect("a number")).collect::<Vec<_>>();
        for (a, b) in [(values(1, "a"), values(1, "b")), (values(1, "a"), values(2, "a"))] {
            let r: f64 = a.iter().zip(&b).map(|(x, y)| 3.0 * x * y).sum::<f64>() / 5000.0;
            assert!(r.abs() < 4.0 / 5000f64.sqrt(), "{r}");
        }
    }

    #[test]
    fn bounds_hold_and_whole_numbers_reach_both_ends() {
        let values = drawn(Shape::Normal { mean: 0.0, std: 1.0, min: -0.5, max: 0.25 }, 3, 2000);
        assert!(values.iter().all(|x| (-0.5..=0.25).contains(x)));
        let dice = Draw::Number { shape: Shape::Uniform { min: -2.0, max: 3.0 }, unit: String::new(), whole: true };
        let mut seen: Vec<i64> = (0..200).map(|i| dice.value(1, "x", i).as_integer().expect("whole")).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [-2, -1, 0, 1, 2, 3]);
    }

    #[test]
    fn a_unit_stays_with_its_number() {
        let mut unit = None;
        let numbers = ["1e3 pA", "2 nA"].map(|t| Bound::Text(t.to_owned()).number(&mut unit).expect("currents"));
        assert_eq!((numbers, unit.as_deref()), ([1000.0, 2000.0], Some("pA")));
        assert!(Bound::Real(2.0).number(&mut unit).is_err(), "a number without the unit");
    }
}
