//! Atlases that are compiled into the program, each with its citation and terms.
//!
//! They are made by `tools/fetch-atlases.py`, which says where every number comes from, and kept as packed JSON in
//! `connectome/data`. Loading one needs no file and no network.

use serde::Deserialize;

use crate::brain::{Connectome, Matrix, Provenance, Region};
use crate::check::MAX_REGIONS;
use crate::error::{Error, nearest};

/// One built-in atlas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Atlas {
    /// Name to load it by.
    pub name: &'static str,
    /// What it holds, in one line.
    pub description: &'static str,
    packed: &'static [u8],
}

const ATLASES: [Atlas; 3] = [
    Atlas {
        name: "macaque-29",
        description: "29 cortical areas of one hemisphere, 536 tracer tracts: FLN, SLN, distances, hierarchy, positions (Markov 2014)",
        packed: include_bytes!("../data/macaque-29.json.zst"),
    },
    Atlas {
        name: "human-84",
        description: "84 Desikan-Killiany regions, average tractography: streamlines, lengths, empirical FC, MNI positions (HCP)",
        packed: include_bytes!("../data/human-84.json.zst"),
    },
    Atlas {
        name: "mouse-232",
        description: "232 regions, mean tractography of 8 B6 mice: streamlines, volumes, schematic positions (Wang 2020)",
        packed: include_bytes!("../data/mouse-232.json.zst"),
    },
];

/// All built-in atlases.
pub fn atlases() -> &'static [Atlas] {
    &ATLASES
}

/// The names of all built-in atlases.
pub fn names() -> impl Iterator<Item = &'static str> {
    ATLASES.iter().map(|a| a.name)
}

/// Unpacks a built-in atlas.
pub fn load(name: &str) -> Result<Connectome, Error> {
    let atlas = ATLASES.iter().find(|a| a.name == name).ok_or_else(|| Error::UnknownAtlas {
        name: name.to_string(),
        nearest: nearest(name, names()),
        known: names().collect::<Vec<_>>().join(", "),
    })?;
    let stored: Stored = zstd::Decoder::new(atlas.packed)
        .map_err(|e| e.to_string())
        .and_then(|text| serde_json::from_reader(text).map_err(|e| e.to_string()))
        .unwrap_or_else(|e| panic!("atlas {name} was compiled in damaged: {e}"));
    let connectome = stored.unpack().unwrap_or_else(|| panic!("atlas {name} was compiled in with wrong sizes"));
    connectome.check()?;
    Ok(connectome)
}

/// An atlas as it lies in `data`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    name: String,
    species: String,
    weight_kind: String,
    directed: bool,
    regions: Vec<Region>,
    provenance: Provenance,
    weights: Entries,
    lengths: Option<Entries>,
    sln: Option<Entries>,
    functional: Option<Entries>,
}

/// The non-zero entries of a matrix; only one triangle of a symmetric one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    symmetric: bool,
    entries: Vec<(usize, usize, f64)>,
}

impl Stored {
    fn unpack(self) -> Option<Connectome> {
        let n = self.regions.len();
        // `None` for an entry outside the matrix, not for a matrix that is not there.
        let optional = |e: Option<Entries>| e.map_or(Some(None), |e| e.unpack(n).map(Some));
        Some(Connectome {
            weights: self.weights.unpack(n)?,
            lengths: optional(self.lengths)?,
            sln: optional(self.sln)?,
            functional: optional(self.functional)?,
            name: self.name,
            species: Some(self.species),
            weight_kind: self.weight_kind,
            regions: self.regions,
            directed: self.directed,
            provenance: self.provenance,
        })
    }
}

impl Entries {
    fn unpack(self, n: usize) -> Option<Matrix> {
        let mut matrix = (n <= MAX_REGIONS).then(|| Matrix::zeros(n))?;
        for (row, column, value) in self.entries {
            if row >= n || column >= n {
                return None;
            }
            *matrix.at_mut(row, column) = value;
            if self.symmetric {
                *matrix.at_mut(column, row) = value;
            }
        }
        Some(matrix)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn every_atlas_has_the_checksum_it_was_made_with() {
        let sums = include_str!("../data/SHA256SUMS");
        for atlas in atlases() {
            let sum: String = Sha256::digest(atlas.packed).iter().map(|b| format!("{b:02x}")).collect();
            assert!(sums.contains(&format!("{sum}  {}.json.zst", atlas.name)), "{} has {sum}", atlas.name);
        }
        assert_eq!(sums.lines().count(), ATLASES.len());
    }

    #[test]
    fn an_unknown_atlas_names_the_nearest_and_all() {
        let error = load("makaque-29").expect_err("no such atlas");
        assert_eq!(error.to_string(), "no atlas `makaque-29`; did you mean `macaque-29`?; built in are macaque-29, human-84, mouse-232");
    }
}
