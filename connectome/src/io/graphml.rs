//! GraphML: nodes and edges with typed attributes, as networkx, igraph, CMTK and Gephi write them.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::names::{Role, role};
use super::parts::{LabelIndex, check_regions};
use super::text::{decode, number};
use super::{Column, Direction, Input, LoadOptions, Parts, Table};
use crate::brain::Connectome;
use crate::error::{Error, Place, quoted};

/// XML that has a `graphml` element near its start.
pub(crate) fn sniff(input: &Input) -> bool {
    let head = String::from_utf8_lossy(&input.bytes[..input.bytes.len().min(2048)]);
    let head = head.trim_start_matches('\u{feff}').trim_start();
    head.starts_with('<') && head.contains("<graphml")
}

pub(crate) fn load(input: &Input, options: &LoadOptions) -> Result<Connectome, Error> {
    let at = input.place();
    let text = decode(input.bytes, &at)?;
    let graph = Graph::read(&text, &at, options)?;
    graph.into_parts(&at, options)?.assemble(input, Direction::RowsAreTargets, options)
}

type Attributes = HashMap<String, String>;

#[derive(Default)]
struct Node {
    data: Attributes,
}

struct Edge {
    line: usize,
    source: String,
    target: String,
    directed: bool,
    data: Attributes,
}

#[derive(Default)]
struct Graph {
    /// Attribute names by key id, and defaults by key id.
    keys: HashMap<String, String>,
    undirected: bool,
    index: LabelIndex,
    ids: Vec<String>,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// What the next text belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Nothing,
    Node,
    Edge,
}

impl Graph {
    fn read(text: &str, at: &Place, options: &LoadOptions) -> Result<Self, Error> {
        let mut reader = Reader::from_str(text);
        let (mut graph, mut inside, mut key) = (Graph::default(), Inside::Nothing, None::<String>);
        let mut lines = Lines { text, position: 0, line: 1 };
        loop {
            let event = reader.read_event();
            let place = at.line(lines.at(reader.buffer_position() as usize));
            let event = event.map_err(|e| xml(&place, e.to_string()))?;
            match event {
                Event::Eof => break,
                Event::Start(tag) => {
                    let name = tag.local_name().as_ref().to_string();
                    let attributes = attributes(&tag, &place)?;
                    match name.as_str() {
                        "data" => key = attributes.get("key").cloned(),
                        _ => inside = graph.open(&name, attributes, &place, options)?.unwrap_or(inside),
                    }
                }
                Event::Empty(tag) => {
                    let name = tag.local_name().as_ref().to_string();
                    graph.open(&name, attributes(&tag, &place)?, &place, options)?;
                }
                Event::Text(content) => graph.text(inside, key.as_deref(), &content.xml10_content()),
                Event::CData(content) => graph.text(inside, key.as_deref(), &content.xml10_content()),
                Event::GeneralRef(entity) => graph.text(inside, key.as_deref(), &resolve(&entity, &place)?),
                Event::End(tag) => match tag.local_name().as_ref() {
                    "data" => key = None,
                    "node" | "edge" => inside = Inside::Nothing,
                    _ => {}
                },
                _ => {}
            }
        }
        Ok(graph)
    }

    fn open(&mut self, name: &str, mut a: Attributes, at: &Place, options: &LoadOptions) -> Result<Option<Inside>, Error> {
        let mut need = |key: &str| {
            a.remove(key).ok_or_else(|| Error::Missing { at: at.clone(), what: format!("attribute {key}"), found: format!("<{name}>") })
        };
        match name {
            "key" => {
                let id = need("id")?;
                let attribute = a.remove("attr.name").unwrap_or_else(|| id.clone());
                self.keys.insert(id, attribute);
                Ok(None)
            }
            "graph" => {
                self.undirected = a.get("edgedefault").is_some_and(|d| d == "undirected");
                Ok(None)
            }
            "node" => {
                let id = need("id")?;
                if self.index.get(&id).is_some() {
                    return Err(Error::Malformed {
                        at: at.clone(),
                        found: format!("a second node {}", quoted(&id)),
                        expected: "each id once".into(),
                    });
                }
                self.index.insert(&id);
                check_regions(at, self.index.len(), options)?;
                self.ids.push(id);
                self.nodes.push(Node::default());
                Ok(Some(Inside::Node))
            }
            "edge" => {
                let (source, target) = (need("source")?, need("target")?);
                let directed = a.get("directed").map_or(!self.undirected, |d| d == "true");
                self.edges.push(Edge { line: at.line.unwrap_or(0), source, target, directed, data: Attributes::new() });
                Ok(Some(Inside::Edge))
            }
            _ => Ok(None),
        }
    }

    fn text(&mut self, inside: Inside, key: Option<&str>, text: &str) {
        let Some(key) = key else { return };
        let name = self.keys.get(key).map_or(key, String::as_str).to_string();
        let data = match inside {
            Inside::Node => self.nodes.last_mut().map(|n| &mut n.data),
            Inside::Edge => self.edges.last_mut().map(|e| &mut e.data),
            Inside::Nothing => None,
        };
        if let Some(data) = data {
            data.entry(name).or_default().push_str(text);
        }
    }

    fn into_parts(self, at: &Place, options: &LoadOptions) -> Result<Parts, Error> {
        let n = self.nodes.len();
        let block = || Table { at: at.clone(), rows: n, columns: n, values: vec![0.0; n * n] };
        let (mut weights, mut lengths) = (block(), block());
        let mut seen: HashMap<usize, usize> = HashMap::new();
        for edge in &self.edges {
            let at = at.line(edge.line);
            let end = |id: &str| {
                self.index.get(id).ok_or_else(|| Error::Malformed {
                    at: at.clone(),
                    found: format!("an edge to or from {}", quoted(id)),
                    expected: "the id of a node".into(),
                })
            };
            let (source, target) = (end(&edge.source)?, end(&edge.target)?);
            let weight = value(&edge.data, Role::Weights, options.variable.as_deref(), &at)?.unwrap_or(1.0);
            let length = value(&edge.data, Role::Lengths, options.lengths_variable.as_deref(), &at)?.unwrap_or(0.0);
            let both = [target * n + source, source * n + target];
            for cell in &both[..if edge.directed || source == target { 1 } else { 2 }] {
                if let Some(first) = seen.insert(*cell, edge.line) {
                    return Err(Error::Malformed {
                        at,
                        found: format!("a second edge from {} to {}", quoted(&edge.source), quoted(&edge.target)),
                        expected: format!("each edge once (the first is on line {first})"),
                    });
                }
                (weights.values[*cell], lengths.values[*cell]) = (weight, length);
            }
        }
        let has_lengths = lengths.values.iter().any(|l| *l != 0.0);
        Ok(Parts {
            weights: Some(weights),
            lengths: has_lengths.then_some(lengths),
            labels: Some(self.labels(at)),
            centres: self.centres(at),
            directed: Some(self.edges.iter().any(|e| e.directed)),
            ..Parts::default()
        })
    }

    /// Node labels if every node has a different one, else node ids.
    fn labels(&self, at: &Place) -> Column<String> {
        let named: Option<Vec<String>> =
            self.nodes.iter().map(|n| n.data.iter().find(|(k, _)| role(k) == Some(Role::Labels)).map(|(_, v)| v.clone())).collect();
        Column { at: at.part("labels"), values: named.unwrap_or_else(|| self.ids.clone()) }
    }

    /// Positions, if every node has x, y and z under one of the usual names.
    fn centres(&self, at: &Place) -> Option<Column<[f64; 3]>> {
        let names = [["x", "y", "z"], ["dn_position_x", "dn_position_y", "dn_position_z"], ["pos_x", "pos_y", "pos_z"]];
        let point = |node: &Node, names: &[&str; 3]| -> Option<[f64; 3]> {
            let c = |i: usize| node.data.get(names[i]).and_then(|v| number(v)).filter(|v| v.is_finite());
            Some([c(0)?, c(1)?, c(2)?])
        };
        let all = |names: &[&str; 3]| self.nodes.iter().map(|n| point(n, names)).collect::<Option<Vec<_>>>();
        names.iter().find_map(all).map(|values| Column { at: at.part("positions"), values })
    }
}

/// The number of an edge under the chosen or a usual name.
fn value(data: &Attributes, wanted: Role, chosen: Option<&str>, at: &Place) -> Result<Option<f64>, Error> {
    let found = match chosen {
        Some(name) => data.get_key_value(name),
        // The order of a map is not one: the first name in the alphabet is taken.
        None => data.iter().filter(|(k, _)| role(k) == Some(wanted)).min(),
    };
    let Some((name, text)) = found else { return Ok(None) };
    let value = number(text).filter(|v| v.is_finite());
    value.map(Some).ok_or_else(|| Error::NotANumber { at: at.clone(), what: format!("key {}", quoted(name)), found: text.clone() })
}

fn attributes(tag: &BytesStart, at: &Place) -> Result<Attributes, Error> {
    let pair = |a: Result<quick_xml::events::attributes::Attribute, _>| -> Result<(String, String), Error> {
        let a = a.map_err(|e: quick_xml::events::attributes::AttrError| xml(at, e.to_string()))?;
        let value = a.normalized_value(XmlVersion::Implicit1_0).map_err(|e| xml(at, e.to_string()))?;
        Ok((a.key.as_ref().to_string(), value.into_owned()))
    };
    tag.attributes().map(pair).collect()
}

fn resolve(entity: &quick_xml::events::BytesRef, at: &Place) -> Result<String, Error> {
    if let Some(c) = entity.resolve_char_ref().map_err(|e| xml(at, e.to_string()))? {
        return Ok(c.to_string());
    }
    let name = entity.xml10_content();
    let known = quick_xml::escape::resolve_predefined_entity(&name).map(str::to_string);
    known.ok_or_else(|| xml(at, format!("unknown entity {}", quoted(&name))))
}

fn xml(at: &Place, reason: String) -> Error {
    Error::Container { at: at.clone(), what: "GraphML file", reason }
}

/// Counts lines up to ever later positions.
struct Lines<'a> {
    text: &'a str,
    position: usize,
    line: usize,
}

impl Lines<'_> {
    fn at(&mut self, position: usize) -> usize {
        let end = position.clamp(self.position, self.text.len());
        self.line += self.text.as_bytes()[self.position..end].iter().filter(|b| **b == b'\n').count();
        self.position = end;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::load_bytes;

    const GRAPH: &str = r#"<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="node" attr.name="label" attr.type="string"/>
<key id="d1" for="edge" attr.name="weight" attr.type="double"/>
<graph edgedefault="directed">
<node id="n0"><data key="d0">V1 &amp; V2</data></node>
<node id="n1"><data key="d0">MT</data></node>
<edge source="n0" target="n1"><data key="d1">2.5</data></edge>
</graph></graphml>"#;

    #[test]
    fn keys_labels_entities_and_direction_are_read() {
        let c = load_bytes("t.graphml", GRAPH.as_bytes(), &LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(c.regions[0].label, "V1 & V2");
        assert_eq!((c.weights.at(1, 0), c.weights.at(0, 1)), (2.5, 0.0));
        assert!(c.directed);
    }

    #[test]
    fn an_undirected_graph_is_mirrored() {
        let text = GRAPH.replace("\"directed\"", "\"undirected\"");
        let c = load_bytes("t.graphml", text.as_bytes(), &LoadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((c.weights.at(1, 0), c.weights.at(0, 1)), (2.5, 2.5));
        assert!(!c.directed);
    }
}
