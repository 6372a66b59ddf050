//! Numbers with units and distributions, resolved.

use connectome::network::{Signal, Value};
use models::units::Quantity;

use super::Builder;
use crate::error::{Cause, Error};
use crate::key::KeyPath;
use crate::schema::{Distribution, Drawn, Steps};

/// How far a normal or lognormal value may lie from its bounds, in standard deviations, before
/// redrawing takes too long to be meant.
const FAR: f64 = 4.0;

/// Bounds of a drawn value where the user gives none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds {
    /// From, to.
    Fixed(f64, f64),
    /// Not beyond zero, as seen from the mean.
    SameSign,
}

impl Bounds {
    /// Any value.
    pub(super) const NONE: Bounds = Bounds::Fixed(f64::NEG_INFINITY, f64::INFINITY);

    fn for_mean(self, mean: f64) -> (f64, f64) {
        match self {
            Bounds::Fixed(min, max) => (min, max),
            Bounds::SameSign if mean < 0.0 => (f64::NEG_INFINITY, 0.0),
            Bounds::SameSign => (0.0, f64::INFINITY),
        }
    }
}

impl Builder<'_> {
    /// A quantity in `unit`.
    pub(super) fn quantity(&self, given: &Quantity, key: &KeyPath, unit: &str) -> Result<f64, Error> {
        given.in_unit(unit).map_err(|e| self.document.error(key, e))
    }

    /// A quantity in `unit` that must satisfy `holds`.
    pub(super) fn quantity_where(
        &self,
        given: &Quantity,
        key: &KeyPath,
        unit: &str,
        (holds, expected): (fn(f64) -> bool, &str),
    ) -> Result<f64, Error> {
        let value = self.quantity(given, key, unit)?;
        if holds(value) { Ok(value) } else { Err(self.document.error(key, Cause::unexpected(show(given), expected))) }
    }

    /// A distribution of values in `unit`.
    pub(super) fn value(&self, given: &Distribution, key: &KeyPath, unit: &str, bounds: Bounds) -> Result<Value, Error> {
        let drawn = match given {
            Distribution::Constant(quantity) => return Ok(Value::constant(self.quantity(quantity, key, unit)?)),
            Distribution::Drawn(drawn) => drawn,
        };
        match drawn {
            Drawn::Normal { mean, std, min, max } => {
                let key = key.key("normal");
                let mean = self.quantity(mean, &key.key("mean"), unit)?;
                let std = self.quantity_where(std, &key.key("std"), unit, (|v| v >= 0.0, "a standard deviation that is not negative"))?;
                let (lowest, highest) = bounds.for_mean(mean);
                let min = self.optional(min, &key.key("min"), unit)?.unwrap_or(lowest);
                let max = self.optional(max, &key.key("max"), unit)?.unwrap_or(highest);
                self.ordered(min, max, &key, unit)?;
                if mean + FAR * std < min || mean - FAR * std > max {
                    let found = format!("a mean of {} with bounds {} to {}", text(mean, unit), text(min, unit), text(max, unit));
                    return Err(self.document.error(&key, Cause::unexpected(found, format!("bounds within {FAR} standard deviations"))));
                }
                Ok(Value::Normal { mean, std, min, max })
            }
            Drawn::Lognormal { median, sigma, max } => self.lognormal(median, *sigma, max, &key.key("lognormal"), unit),
            Drawn::Uniform { min, max } => {
                let key = key.key("uniform");
                let min = self.quantity(min, &key.key("min"), unit)?;
                let max = self.quantity(max, &key.key("max"), unit)?;
                self.ordered(min, max, &key, unit)?;
                Ok(Value::Uniform { min, max })
            }
            Drawn::Distance { offset, slope } => {
                let key = key.key("distance");
                let slope_unit = format!("{unit}/mm");
                let offset = self.quantity(offset, &key.key("offset"), unit)?;
                Ok(Value::Distance { offset, slope: self.quantity(slope, &key.key("slope"), &slope_unit)? })
            }
        }
    }

    fn lognormal(&self, median: &Quantity, sigma: f64, max: &Option<Quantity>, key: &KeyPath, unit: &str) -> Result<Value, Error> {
        let scale = self.quantity_where(median, &key.key("median"), unit, (|v| v != 0.0, "a median other than 0"))?;
        if !(sigma >= 0.0 && sigma.is_finite()) {
            return Err(self.document.error(&key.key("sigma"), Cause::unexpected(sigma, "a standard deviation that is not negative")));
        }
        let max = match max {
            Some(given) => {
                let far = scale.abs() * (-FAR * sigma).exp();
                let value = self.quantity(given, &key.key("max"), unit)?;
                if value <= far {
                    let cause = Cause::unexpected(show(given), format!("a magnitude above {}", text(far, unit)));
                    return Err(self.document.error(&key.key("max"), cause));
                }
                value
            }
            None => f64::INFINITY,
        };
        Ok(Value::Lognormal { mu: 0.0, sigma, scale, max })
    }

    /// A quantity that may change with time.
    pub(super) fn signal(&self, given: &Steps, key: &KeyPath, unit: &str) -> Result<Signal, Error> {
        let steps = match given {
            Steps::Constant(quantity) => return Ok(Signal::constant(self.quantity(quantity, key, unit)?)),
            Steps::Steps(steps) => steps,
        };
        let mut signal = Signal::default();
        for (i, (time, value)) in steps.iter().enumerate() {
            let key = key.index(i);
            let before = signal.0.last().map(|(t, _)| *t);
            if time.0 < 0.0 || before.is_some_and(|t| time.0 <= t) {
                return Err(self.document.error(&key.index(0), Cause::unexpected(time, "a time after the one before")));
            }
            signal.0.push((time.0, self.quantity(value, &key.index(1), unit)?));
        }
        if signal.0.is_empty() {
            return Err(self.document.error(key, Cause::unexpected("an empty list", "at least one step")));
        }
        Ok(signal)
    }

    fn optional(&self, given: &Option<Quantity>, key: &KeyPath, unit: &str) -> Result<Option<f64>, Error> {
        given.as_ref().map(|q| self.quantity(q, key, unit)).transpose()
    }

    fn ordered(&self, min: f64, max: f64, key: &KeyPath, unit: &str) -> Result<(), Error> {
        if min <= max {
            return Ok(());
        }
        let found = format!("{} to {}", text(min, unit), text(max, unit));
        Err(self.document.error(key, Cause::unexpected(found, "a min that is not above the max")))
    }
}

/// A number with its unit, for messages.
pub(super) fn text(value: f64, unit: &str) -> String {
    models::units::format(value, unit)
}

/// A quantity as it was typed.
pub(super) fn show(given: &Quantity) -> String {
    match given {
        Quantity::Number(value) => value.to_string(),
        Quantity::Text(text) => format!("\"{text}\""),
    }
}

/// The least and the greatest value that can come out. Distances are at least 0 and have no limit.
pub(super) fn range(value: &Value) -> (f64, f64) {
    match *value {
        Value::Constant { value } => (value, value),
        Value::Normal { mean, std: 0.0, .. } => (mean, mean),
        Value::Normal { min, max, .. } | Value::Uniform { min, max } => (min, max),
        Value::Lognormal { scale, max, .. } if scale < 0.0 => (-max, 0.0),
        Value::Lognormal { max, .. } => (0.0, max),
        Value::Distance { offset, slope } if slope < 0.0 => (f64::NEG_INFINITY, offset),
        Value::Distance { offset, slope: 0.0 } => (offset, offset),
        Value::Distance { offset, .. } => (offset, f64::INFINITY),
    }
}
