//! Numbers that may be drawn at random or computed from distance.

use serde::{Deserialize, Serialize};

/// A weight, delay or initial value: one number or a rule to draw it.
///
/// The unit is that of the quantity: ms for delays, pA, nS or mV for weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "distribution")]
pub enum Value {
    /// The same for all.
    Constant {
        /// The value.
        value: f64,
    },
    /// Normal, redrawn until it lies within `[min, max]`.
    Normal {
        /// Mean before truncation.
        mean: f64,
        /// Standard deviation before truncation.
        std: f64,
        /// Lower bound, may be -inf.
        min: f64,
        /// Upper bound, may be inf.
        max: f64,
    },
    /// Lognormal: the exponential of a normal with mean `mu` and standard deviation `sigma`,
    /// times `scale` (which may be negative), redrawn until its magnitude is at most `max`.
    Lognormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
        /// Factor and sign.
        scale: f64,
        /// Largest magnitude, may be inf.
        max: f64,
    },
    /// Uniform in `[min, max)`.
    Uniform {
        /// Lower bound.
        min: f64,
        /// Upper bound.
        max: f64,
    },
    /// Linear in the distance between source and target: `offset + slope * distance_mm`.
    Distance {
        /// Value at distance 0.
        offset: f64,
        /// Change per mm.
        slope: f64,
    },
}

impl Value {
    /// The same for all.
    pub const fn constant(value: f64) -> Self {
        Value::Constant { value }
    }

    /// Normal without bounds.
    pub const fn normal(mean: f64, std: f64) -> Self {
        Value::Normal { mean, std, min: f64::NEG_INFINITY, max: f64::INFINITY }
    }

    /// Normal that keeps the sign of its mean, as in cortical models: redrawn beyond zero.
    pub fn normal_same_sign(mean: f64, std: f64) -> Self {
        let (min, max) = if mean < 0.0 { (f64::NEG_INFINITY, 0.0) } else { (0.0, f64::INFINITY) };
        Value::Normal { mean, std, min, max }
    }

    /// The value, if it is the same for all.
    pub fn as_constant(&self) -> Option<f64> {
        match *self {
            Value::Constant { value } => Some(value),
            _ => None,
        }
    }

    /// True if the value depends on the positions of source and target.
    pub fn needs_positions(&self) -> bool {
        matches!(self, Value::Distance { .. })
    }
}

impl Default for Value {
    fn default() -> Self {
        Value::constant(0.0)
    }
}
