//! Values of a scenario that are more than one number: distributions, signals, lists of names.

use std::fmt;

use models::units::{Millimetres, Millis, Quantity};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::section::{Kind, kinds};

/// A number with a unit, or a rule to draw it.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// The same for all.
    Constant(Quantity),
    /// Drawn, or computed from distance.
    Drawn(Drawn),
}

/// How a value is drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Drawn {
    /// Normal, redrawn until it lies in `[min, max]`.
    Normal {
        /// Mean before redrawing.
        mean: Quantity,
        /// Standard deviation before redrawing.
        std: Quantity,
        /// Lower bound.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<Quantity>,
        /// Upper bound.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<Quantity>,
    },
    /// Lognormal by its median, which carries the sign, and the standard deviation of its logarithm.
    Lognormal {
        /// Median.
        median: Quantity,
        /// Standard deviation of the logarithm.
        sigma: f64,
        /// Largest magnitude.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<Quantity>,
    },
    /// Uniform in `[min, max)`.
    Uniform {
        /// Lower bound.
        min: Quantity,
        /// Upper bound.
        max: Quantity,
    },
    /// `offset + slope * distance`.
    Distance {
        /// Value at distance 0.
        offset: Quantity,
        /// Change per length.
        slope: Quantity,
    },
}

impl Distribution {
    /// The same for all, as [`Quantity::new`] writes it.
    pub fn constant(value: f64, unit: &str) -> Self {
        Distribution::Constant(Quantity::new(value, unit))
    }
}

impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Distribution::Constant(quantity) => quantity.serialize(serializer),
            Distribution::Drawn(drawn) => drawn.serialize(serializer),
        }
    }
}

/// Implements `Deserialize` for a type with a visitor that also takes bare numbers as quantities.
macro_rules! read_quantity {
    ($wrap:expr) => {
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok($wrap(Quantity::Text(text.to_owned())))
        }

        fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
            Ok($wrap(Quantity::Number(value)))
        }

        fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
            self.visit_f64(value as f64)
        }

        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
            self.visit_f64(value as f64)
        }
    };
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Distribution;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity such as \"10 ms\" or a distribution such as { normal = { mean = .., std = .. } }")
            }

            read_quantity!(Distribution::Constant);

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Distribution, M::Error> {
                Drawn::deserialize(MapAccessDeserializer::new(map)).map(Distribution::Drawn)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A quantity that may change with time.
#[derive(Clone, Debug, PartialEq)]
pub enum Steps {
    /// The same at all times.
    Constant(Quantity),
    /// From each time on another value; 0 before the first.
    Steps(Vec<(Millis, Quantity)>),
}

impl Serialize for Steps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Steps::Constant(quantity) => quantity.serialize(serializer),
            Steps::Steps(steps) => steps.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Steps;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity or a list of steps such as [[\"0 ms\", \"8 kHz\"], [\"1 s\", \"10 kHz\"]]")
            }

            read_quantity!(Steps::Constant);

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Steps, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Steps::Steps)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// One name or pattern, or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [name] => name.serialize(serializer),
            names => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name, a pattern such as \"V1.*\", or a list of them")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Names, E> {
                Ok(Names(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Names, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Names)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Whose spikes are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Everybody's or nobody's.
    All(bool),
    /// Those of populations with these names.
    Named(Names),
}

impl Serialize for Chosen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Chosen::All(all) => all.serialize(serializer),
            Chosen::Named(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Chosen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Chosen;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, a name, a pattern such as \"V1.*\", or a list of them")
            }

            fn visit_bool<E: serde::de::Error>(self, all: bool) -> Result<Chosen, E> {
                Ok(Chosen::All(all))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Chosen, E> {
                Ok(Chosen::Named(Names(vec![text.to_owned()])))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Chosen, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(|names| Chosen::Named(Names(names)))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// A whole number that is not negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Count(pub u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Count, E> {
                let message = || E::custom(format!("found {value}, expected a whole number that is not negative"));
                u64::try_from(value).map(Count).map_err(|_| message())
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Count, E> {
                Ok(Count(value))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Count, E> {
                Err(E::custom(format!("found {value}, expected a whole number")))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Count, E> {
                Err(E::custom(format!("found \"{text}\", expected a whole number without quotes")))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// How connection probability falls with distance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecayShape {
    /// `exp(-distance / length)`.
    Exponential(Millimetres),
    /// `exp(-distance^2 / (2 sigma^2))`.
    Gaussian(Millimetres),
    /// `max(0, 1 - distance / range)`.
    Linear(Millimetres),
    /// 1 up to this distance, 0 beyond.
    Cutoff(Millimetres),
}

/// Where neurons lie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Positions {
    /// Evenly, `shape` neurons along each side; the population has their product.
    Grid {
        /// Neurons along x, y and z.
        shape: Vec<u32>,
        /// Sides of the box.
        extent: Vec<Millimetres>,
        /// Its centre, the origin where missing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        center: Vec<Millimetres>,
    },
    /// At random in a box.
    Random {
        /// Sides of the box.
        extent: Vec<Millimetres>,
        /// Its centre, the origin where missing.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        center: Vec<Millimetres>,
    },
}

kinds! {
    Distribution: "quantity or distribution",
    Steps: "quantity or steps",
    Names: "name, pattern or list of them",
    Chosen: "true, false, name, pattern or list of them",
    Count: "whole number",
    DecayShape: "decay",
    Positions: "positions",
}
