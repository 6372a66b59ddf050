//! Explicit synapses as they are typed.

use std::fmt;

use models::units::{Millis, Quantity};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::section::{Kind, kinds};

/// Synapses one by one: in a file, or here.
#[derive(Clone, Debug, PartialEq)]
pub enum Edges {
    /// A CSV file beside the scenario.
    File(String),
    /// `[source, target]` or `[source, target, weight, delay]` each.
    Inline(Vec<InlineEdge>),
}

/// One synapse of an inline list.
#[derive(Clone, Debug, PartialEq)]
pub struct InlineEdge {
    /// Index of the source neuron.
    pub source: u32,
    /// Index of the target neuron.
    pub target: u32,
    /// Weight, and delay.
    pub own: Option<(Quantity, Millis)>,
}

impl Serialize for InlineEdge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.own {
            None => (self.source, self.target).serialize(serializer),
            Some((weight, delay)) => (self.source, self.target, weight, delay).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for InlineEdge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = InlineEdge;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[source, target] or [source, target, weight, delay]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<InlineEdge, A::Error> {
                let short = |n: usize| A::Error::invalid_length(n, &Reader);
                let source = seq.next_element()?.ok_or_else(|| short(0))?;
                let target = seq.next_element()?.ok_or_else(|| short(1))?;
                let Some(weight) = seq.next_element()? else { return Ok(InlineEdge { source, target, own: None }) };
                let delay = seq.next_element()?.ok_or_else(|| short(3))?;
                if seq.next_element::<serde::de::IgnoredAny>()?.is_some() {
                    return Err(short(5));
                }
                Ok(InlineEdge { source, target, own: Some((weight, delay)) })
            }
        }
        deserializer.deserialize_seq(Reader)
    }
}

impl Serialize for Edges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Edges::File(path) => path.serialize(serializer),
            Edges::Inline(edges) => edges.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Edges {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Edges;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a CSV file or a list of [source, target] or [source, target, weight, delay]")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Edges, E> {
                Ok(Edges::File(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Edges, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Edges::Inline)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

kinds! {
    Edges: "file or list of edges",
}
