//! The configuration: which files a network consists of.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::{Error, Place, quoted};
use crate::io::{Input, read_file};

/// A file of nodes or edges, and the table of its types.
pub(super) struct Files {
    pub(super) file: PathBuf,
    pub(super) types: Option<PathBuf>,
}

/// All files of a network.
pub(super) struct Config {
    pub(super) nodes: Vec<Files>,
    pub(super) edges: Vec<Files>,
}

/// JSON that names networks, or a file that does.
pub(super) fn sniff(bytes: &[u8]) -> bool {
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace());
    start.is_some_and(|i| bytes[i] == b'{')
        && serde_json::from_slice::<Value>(bytes).is_ok_and(|v| v.get("networks").is_some() || v.get("network").is_some())
}

pub(super) fn read(input: &Input) -> Result<Config, Error> {
    let Some(path) = input.path else {
        return Err(Error::Unsupported {
            at: input.place(),
            what: "a SONATA configuration without its files".into(),
            instead: "load it from its folder".into(),
        });
    };
    let root = parse(input.bytes, &input.place())?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let Some(networks) = root.get("networks") else {
        return split(&root, folder, &input.place());
    };
    networks_of(&root, networks, folder, &input.place())
}

/// A configuration that is split in two names the file with the networks.
fn split(root: &Map<String, Value>, folder: &Path, at: &Place) -> Result<Config, Error> {
    let name = text(root, "network", at)?;
    let path = resolve(&name, root, folder, at)?;
    let at = Place::file(path.display().to_string());
    let inner = parse(&read_file(&path)?, &at)?;
    let folder = path.parent().unwrap_or(Path::new(".")).to_path_buf();
    let Some(networks) = inner.get("networks") else {
        return Err(Error::Missing { at, what: "key networks".into(), found: keys(&inner) });
    };
    // Variables may be defined in either file.
    let mut both = root.clone();
    if let (Some(Value::Object(all)), Some(Value::Object(own))) = (both.get_mut("manifest"), inner.get("manifest")) {
        all.extend(own.clone());
    } else if let Some(own) = inner.get("manifest") {
        both.insert("manifest".into(), own.clone());
    }
    networks_of(&both, networks, &folder, &at)
}

fn networks_of(root: &Map<String, Value>, networks: &Value, folder: &Path, at: &Place) -> Result<Config, Error> {
    let files = |list: &str, file: &str, types: &str| -> Result<Vec<Files>, Error> {
        let entries = networks.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let entry = |entry: &Value| {
            let at = at.part(format!("key networks.{list}"));
            let Some(entry) = entry.as_object() else {
                return Err(Error::Malformed { at, found: quoted(&entry.to_string()), expected: "an object with file names".into() });
            };
            let of = |key: &str| resolve(&text(entry, key, &at)?, root, folder, &at);
            let types = if entry.get(types).is_some_and(|v| v.as_str().is_some_and(|t| !t.is_empty())) { Some(of(types)?) } else { None };
            Ok(Files { file: of(file)?, types })
        };
        entries.iter().map(entry).collect()
    };
    let config =
        Config { nodes: files("nodes", "nodes_file", "node_types_file")?, edges: files("edges", "edges_file", "edge_types_file")? };
    if config.nodes.is_empty() || config.edges.is_empty() {
        let found = format!("{} files of nodes and {} of edges", config.nodes.len(), config.edges.len());
        return Err(Error::Missing { at: at.part("key networks"), what: "files of nodes and edges".into(), found });
    }
    Ok(config)
}

fn parse(bytes: &[u8], at: &Place) -> Result<Map<String, Value>, Error> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Error::Malformed { at: at.clone(), found: "no object".into(), expected: "a JSON object".into() }),
        Err(e) => Err(Error::Container { at: at.line(e.line()), what: "JSON file", reason: e.to_string() }),
    }
}

fn text(map: &Map<String, Value>, key: &str, at: &Place) -> Result<String, Error> {
    map.get(key).and_then(Value::as_str).map(str::to_string).ok_or_else(|| Error::Missing {
        at: at.clone(),
        what: format!("text {}", quoted(key)),
        found: keys(map),
    })
}

fn keys(map: &Map<String, Value>) -> String {
    map.keys().map(|k| quoted(k)).collect::<Vec<_>>().join(", ")
}

/// Fills in the variables of the manifest; what is relative lies beside the configuration.
fn resolve(name: &str, root: &Map<String, Value>, folder: &Path, at: &Place) -> Result<PathBuf, Error> {
    /// A variable may name others; more levels than this are a circle.
    const MOST_LEVELS: usize = 16;
    let none = Map::new();
    let manifest = root.get("manifest").and_then(Value::as_object).unwrap_or(&none);
    let mut path = name.to_string();
    for _ in 0..MOST_LEVELS {
        path = path.replace("${configdir}", ".");
        let Some(start) = path.find('$') else {
            // Leaves out what says nothing, as in `.//nodes.h5`.
            return Ok(folder.join(path).components().collect());
        };
        // The longest variable that fits: $NET must not eat the start of $NETWORK.
        let of = |k: &str| format!("${}", k.trim_start_matches('$'));
        let fits = manifest.iter().filter(|(k, _)| path[start..].starts_with(&of(k)));
        let Some((key, value)) = fits.max_by_key(|(k, _)| k.len()) else { break };
        path = path.replacen(&of(key), value.as_str().unwrap_or_default(), 1);
    }
    Err(Error::Malformed { at: at.clone(), found: quoted(name), expected: "a path whose variables the manifest defines".into() })
}
