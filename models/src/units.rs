//! Physical units at the door: text such as `"10 ms"` becomes a bare number in internal units.
//!
//! Internal units are ms, mV, pA, pF, nS, mm and 1/s. Where the quantity is known when the code is
//! written, use a newtype ([`Millis`], [`Picoamps`], ...): it reads `"10 ms"` or `"0.01 s"` through
//! serde, refuses a bare number, and writes a short text that reads back as exactly the same number.
//! Where it is only known by name (a model's parameter), keep a [`Quantity`] and ask for
//! [`Quantity::in_unit`], or call [`parse`].
//!
//! Every unit here is a power of ten of the internal one, so conversion shifts the decimal point in
//! the text and never rounds twice: `"0.0878 nA"` is exactly 87.8 pA.

mod unit;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use unit::Unit;

/// Why a text is not the quantity that is meant.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// A number where a number with a unit is meant.
    #[error("found \"{found}\", expected {expected}")]
    MissingUnit {
        /// What was written.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// A unit that nobody knows.
    #[error("found \"{found}\" with the unknown unit `{unit}`, expected {expected}")]
    UnknownUnit {
        /// What was written.
        found: String,
        /// Its unit.
        unit: String,
        /// What would be right.
        expected: String,
    },
    /// The unit of something else.
    #[error("found \"{found}\", which is {quantity}, expected {expected}")]
    OtherQuantity {
        /// What was written.
        found: String,
        /// What that is.
        quantity: &'static str,
        /// What would be right.
        expected: String,
    },
    /// No number.
    #[error("found \"{found}\", expected {expected}")]
    NotANumber {
        /// What was written.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// NaN, an infinity, or more than a double holds.
    #[error("found \"{found}\", expected a finite number")]
    NotFinite {
        /// What was written.
        found: String,
    },
}

/// Where the number ends and the unit begins.
fn split(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() {
        let exponent = matches!(bytes[end], b'e' | b'E')
            && end > 0
            && match bytes.get(end + 1) {
                Some(b'+' | b'-') => bytes.get(end + 2).is_some_and(u8::is_ascii_digit),
                next => next.is_some_and(u8::is_ascii_digit),
            };
        let sign = matches!(bytes[end], b'+' | b'-') && (end == 0 || matches!(bytes[end - 1], b'e' | b'E'));
        if !(exponent || sign || matches!(bytes[end], b'0'..=b'9' | b'.')) {
            break;
        }
        end += 1;
    }
    (&text[..end], text[end..].trim())
}

/// `number * 10^shift`, rounded once.
fn shifted(number: &str, shift: i32) -> Option<f64> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (number, 0),
    };
    format!("{mantissa}e{}", exponent.checked_add(shift)?).parse().ok()
}

/// What to write for a quantity in `unit`, such as `a time with a unit such as "10 ms"`.
fn expectation(number: &str, unit: &str) -> String {
    let number = if number.parse::<f64>().is_ok_and(f64::is_finite) { number } else { "10" };
    match (unit, Unit::parse(unit)) {
        ("", _) => "a number without a unit".to_owned(),
        (_, Some(known)) if known.quantity() != "another quantity" => {
            let unit = if unit == "1/s" { "Hz" } else { unit };
            format!("{} with a unit such as \"{number} {unit}\"", known.quantity())
        }
        _ => format!("a quantity with a unit such as \"{number} {unit}\""),
    }
}

/// Reads `text` as a quantity and gives its value in `unit`, which is one of ours: `ms`, `pF`, `1/s`,
/// or empty for a pure number. A unit that is not in our table must be written exactly like `unit`.
pub fn parse(text: &str, unit: &str) -> Result<f64, UnitError> {
    let (number, given) = split(text.trim());
    let found = text.to_owned();
    let expected = expectation(number, unit);
    if number.parse::<f64>().is_err() {
        let word = text.trim().trim_start_matches(['+', '-']).get(..3).unwrap_or("").to_ascii_lowercase();
        return Err(match word.as_str() {
            "nan" | "inf" => UnitError::NotFinite { found },
            _ => UnitError::NotANumber { found, expected },
        });
    }
    let shift = if given == unit {
        0
    } else if given.is_empty() {
        return Err(UnitError::MissingUnit { found, expected });
    } else {
        let Some(given_unit) = Unit::parse(given) else {
            return Err(UnitError::UnknownUnit { found, unit: given.to_owned(), expected });
        };
        match Unit::parse(unit) {
            Some(meant) if meant.powers == given_unit.powers => given_unit.exponent - meant.exponent,
            _ => return Err(UnitError::OtherQuantity { found, quantity: given_unit.quantity(), expected }),
        }
    };
    shifted(number, shift).filter(|v| v.is_finite()).ok_or(UnitError::NotFinite { found })
}

/// The shortest decimal that reads back as `value`; with a power of ten only where it would be long.
fn shortest(value: f64) -> String {
    let (plain, scientific) = (format!("{value}"), format!("{value:e}"));
    if plain.len() > 7 && scientific.len() < plain.len() { scientific } else { plain }
}

/// The most readable text that [`parse`] reads back as `value` in `unit`. For a pure number, the number.
///
/// `unit` itself, or a neighbour of it (`us ms s` for `ms`) where that saves at least two letters:
/// `"0.75 ms"` stays, and `"1000 ms"` becomes `"1 s"`.
pub fn format(value: f64, unit: &str) -> String {
    if unit.is_empty() {
        return shortest(value);
    }
    let (unit, neighbours): (&str, &[&str]) = match unit {
        "ms" => (unit, &["s", "us"]),
        "mV" => (unit, &["V", "uV"]),
        "pA" => (unit, &["nA", "uA"]),
        "pF" => (unit, &["nF"]),
        "nS" => (unit, &["uS", "pS"]),
        "mm" => (unit, &["m", "um"]),
        "1/s" => ("Hz", &["kHz"]),
        _ => (unit, &[]),
    };
    let plain = format!("{} {unit}", shortest(value));
    let length = |text: &str| text.chars().count();
    let mut best = plain.clone();
    // Zero has no size, so no unit fits it better than another.
    for other in neighbours.iter().filter(|_| value != 0.0) {
        let (Some(from), Some(to)) = (Unit::parse(unit), Unit::parse(other)) else { continue };
        let Some(converted) = shifted(&shortest(value), from.exponent - to.exponent) else { continue };
        let text = format!("{} {other}", shortest(converted));
        let same = parse(&text, unit).is_ok_and(|v| v.to_bits() == value.to_bits());
        if same && length(&text) + 2 <= length(&plain) && length(&text) < length(&best) {
            best = text;
        }
    }
    best
}

/// A quantity whose unit is known only later, by the name of what it belongs to: a model's parameter
/// or the weight of a synapse. Either text with a unit or a bare number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a number or a text with a unit such as \"10 ms\"")]
pub enum Quantity {
    /// A bare number.
    Number(f64),
    /// A number with a unit.
    Text(String),
}

impl Quantity {
    /// `value` in `unit`, as [`format()`] writes it; a bare number where there is no unit.
    pub fn new(value: f64, unit: &str) -> Self {
        if unit.is_empty() { Quantity::Number(value) } else { Quantity::Text(format(value, unit)) }
    }

    /// The value in `unit`; empty for a pure number.
    pub fn in_unit(&self, unit: &str) -> Result<f64, UnitError> {
        match self {
            Quantity::Number(value) => number(*value, unit),
            Quantity::Text(text) => parse(text, unit),
        }
    }
}

/// A bare number where a quantity in `unit` is meant.
fn number(value: f64, unit: &str) -> Result<f64, UnitError> {
    let found = shortest(value);
    if !value.is_finite() {
        return Err(UnitError::NotFinite { found });
    }
    if unit.is_empty() {
        return Ok(value);
    }
    let expected = expectation(&found, unit);
    Err(UnitError::MissingUnit { found, expected })
}

/// Reads text; a bare number gets the message that says which unit is missing.
struct Reader(&'static str);

impl serde::de::Visitor<'_> for Reader {
    type Value = f64;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&expectation("10", self.0))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<f64, E> {
        parse(text, self.0).map_err(E::custom)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<f64, E> {
        number(value, self.0).map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<f64, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<f64, E> {
        self.visit_f64(value as f64)
    }
}

/// One newtype per quantity: doc comment, name, unit.
macro_rules! quantities {
    ($($(#[$doc:meta])* $Name:ident: $unit:literal,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
        pub struct $Name(pub f64);

        impl $Name {
            /// The unit of the number inside.
            pub const UNIT: &'static str = $unit;
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&format(self.0, $unit))
            }
        }

        impl Serialize for $Name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $Name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Reader($unit)).map($Name)
            }
        }
    )*};
}

quantities! {
    /// Time in ms.
    Millis: "ms",
    /// Voltage in mV.
    Millivolts: "mV",
    /// Current in pA.
    Picoamps: "pA",
    /// Capacitance in pF.
    Picofarads: "pF",
    /// Conductance in nS.
    Nanosiemens: "nS",
    /// Rate or frequency in 1/s.
    Hertz: "1/s",
    /// Length in mm.
    Millimetres: "mm",
    /// Speed in m/s, which is mm/ms.
    MetresPerSecond: "m/s",
    /// Inverse length in 1/mm.
    PerMillimetre: "1/mm",
    /// Delay per distance in ms/mm.
    MillisPerMillimetre: "ms/mm",
    /// Angle in degrees.
    Degrees: "deg",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_converted_without_a_second_rounding() {
        for (text, unit, value) in [
            ("10 ms", "ms", 10.0),
            ("1 s", "ms", 1000.0),
            ("100us", "ms", 0.1),
            ("100 µs", "ms", 0.1),
            ("0.0878 nA", "pA", 87.8),
            ("-58 mV", "mV", -58.0),
            ("-0.058 V", "mV", -58.0),
            ("8 Hz", "1/s", 8.0),
            ("8 kHz", "1/s", 8000.0),
            ("0.008 1/ms", "1/s", 8.0),
            ("3.5 m/s", "mm/ms", 3.5),
            ("1 uF/cm2", "pF/um2", 0.01),
            ("2 um^2", "mm2", 2e-6),
            ("1e-3 nS", "pA/mV", 1e-3),
            ("2.5e2pF", "pF", 250.0),
            ("1 GOhm", "mV/pA", 1.0),
            ("10 MOhm", "mV/pA", 0.01),
            ("0.5", "", 0.5),
            ("1 steps", "steps", 1.0),
            ("1 mm / ms", "m/s", 1.0),
            ("1 pA ms", "pF mV", 1.0),
        ] {
            assert_eq!(parse(text, unit), Ok(value), "{text} in {unit}");
        }
    }

    #[test]
    fn messages_say_what_was_found_and_what_is_meant() {
        let message = |text: &str, unit: &str| parse(text, unit).expect_err(text).to_string();
        assert_eq!(message("0.1", "ms"), r#"found "0.1", expected a time with a unit such as "0.1 ms""#);
        assert_eq!(message("3 mV", "ms"), r#"found "3 mV", which is a voltage, expected a time with a unit such as "3 ms""#);
        assert_eq!(
            message("3 parsec", "mm"),
            r#"found "3 parsec" with the unknown unit `parsec`, expected a length with a unit such as "3 mm""#
        );
        assert_eq!(message("ms", "ms"), r#"found "ms", expected a time with a unit such as "10 ms""#);
        assert_eq!(message("inf ms", "ms"), r#"found "inf ms", expected a finite number"#);
        assert_eq!(message("1e999 ms", "ms"), r#"found "1e999 ms", expected a finite number"#);
        assert_eq!(message("1 ms", ""), r#"found "1 ms", which is a time, expected a number without a unit"#);
        assert_eq!(message("1 ms/", "ms"), r#"found "1 ms/" with the unknown unit `ms/`, expected a time with a unit such as "1 ms""#);
    }

    #[test]
    fn what_is_written_is_short_and_reads_back_as_the_same_number() {
        assert_eq!(Millis(1000.0).to_string(), "1 s");
        assert_eq!(Millis(0.1).to_string(), "0.1 ms");
        assert_eq!(Hertz(8000.0).to_string(), "8 kHz");
        assert_eq!(Hertz(8.0).to_string(), "8 Hz");
        assert_eq!(Millis(0.75).to_string(), "0.75 ms");
        assert_eq!(Millis(0.0).to_string(), "0 ms");
        assert_eq!(Picoamps(87.8).to_string(), "87.8 pA");
        for value in [0.1 + 0.2, 1.0 / 3.0, 1e-300, -123456.789e10, 87.8, 0.0, -0.0, 5e-324, f64::MAX] {
            for unit in ["ms", "mV", "pA", "pF", "nS", "1/s", "mm", "m/s", "deg", ""] {
                let text = format(value, unit);
                assert_eq!(parse(&text, unit).map(f64::to_bits), Ok(value.to_bits()), "{text}");
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic() {
        for text in ["", " ", "-", "e5", "1e", "1e+", "µ", "1 µ", "1 ^", "1 s^99", "1 s^-", "1e2147483647 s", "½ ms", "1 */", "1 / s"] {
            let _ = parse(text, "ms");
        }
    }
}
