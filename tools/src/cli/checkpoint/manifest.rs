//! `manifest.json`: what a checkpoint is of, and the files that it stands on.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use engine::checkpoint::{FORMAT, FileSum};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::error::Error;
use super::super::folder::write_whole;
use super::{Fault, names};

/// A file, by its name, and what it has to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) crc32: u32,
}

/// What was recorded between two checkpoints: files in the folder of the later one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Piece {
    pub(super) folder: String,
    pub(super) files: Vec<Entry>,
}

/// The content of `manifest.json`. Only whole numbers and text: it is checked by its own text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Of the files of this program's version.
    pub(super) format: u32,
    /// The version that wrote it.
    pub(super) program: String,
    /// Name of the scenario.
    pub(super) scenario: String,
    /// Of the simulation, in 16 digits.
    pub(super) fingerprint: String,
    pub(super) step: u64,
    /// The same for people, with a unit.
    pub(super) time: String,
    /// One file for each rank that there was, then `counted.zst` and `plan.toml`.
    pub(super) files: Vec<Entry>,
    /// All pieces of the recordings up to here.
    pub(super) recorded: Vec<Piece>,
    /// Checksum of this file where this number is 0.
    pub(super) crc32: u32,
}

/// A fingerprint as text.
pub(super) fn digits(fingerprint: u64) -> String {
    format!("{fingerprint:016x}")
}

impl Entry {
    /// A file as it is now; it is on the disk when this returns.
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        File::open(path).and_then(|file| file.sync_all()).map_err(Error::write(path))?;
        let FileSum { bytes, crc32 } = FileSum::of(path).map_err(engine::Error::from)?;
        Ok(Entry { name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes, crc32 })
    }

    /// Compares the file in `folder` with what it has to be. Its length tells most faults without reading it.
    fn verify(&self, folder: &Path, shown: &str) -> Result<(), Fault> {
        let damaged = |found: String, expected: String| Err(Fault::Damaged { file: shown.to_string(), found, expected });
        let unreadable = |reason: String| Fault::Unreadable { file: shown.to_string(), reason };
        let path = folder.join(&self.name);
        let bytes = fs::metadata(&path).map_err(|e| unreadable(e.to_string()))?.len();
        if bytes != self.bytes {
            return damaged(format!("{bytes} bytes"), format!("{}", self.bytes));
        }
        let found = FileSum::of(&path).map_err(|e| unreadable(e.to_string()))?.crc32;
        if found != self.crc32 {
            return damaged(format!("the checksum {found:08x}"), format!("{:08x}", self.crc32));
        }
        Ok(())
    }
}

impl Manifest {
    /// Writes it into the folder of its checkpoint.
    pub(super) fn write(mut self, folder: &Path) -> Result<(), Error> {
        self.crc32 = self.own_sum();
        write_whole(&folder.join(names::MANIFEST), self.text().as_bytes())
    }

    /// Reads it.
    pub(super) fn read(folder: &Path) -> Result<Self, Fault> {
        let file = names::MANIFEST.to_string();
        let text = fs::read_to_string(folder.join(&file)).map_err(|e| Fault::Unreadable { file: file.clone(), reason: e.to_string() })?;
        let damaged = |found: String, expected: &str| Fault::Damaged { file: file.clone(), found, expected: expected.to_string() };
        let json: Value = serde_json::from_str(&text).map_err(|e| damaged(e.to_string(), "JSON"))?;
        if let Some(found) = json["format"].as_u64().filter(|found| *found != u64::from(FORMAT)) {
            let program = json["program"].as_str().unwrap_or("?").to_string();
            return Err(Fault::OtherFormat { found, program, expected: FORMAT });
        }
        let manifest: Manifest = serde_json::from_value(json).map_err(|e| damaged(e.to_string(), "a manifest"))?;
        if manifest.crc32 != manifest.own_sum() {
            return Err(damaged(format!("the checksum {:08x}", manifest.own_sum()), &format!("{:08x}", manifest.crc32)));
        }
        Ok(manifest)
    }

    /// Compares all files that the checkpoint in `folder` stands on with what they have to be.
    pub(super) fn verify(&self, folder: &Path) -> Result<(), Fault> {
        self.files.iter().try_for_each(|entry| entry.verify(folder, &entry.name))?;
        for (piece, path) in self.recorded.iter().zip(self.pieces(folder)) {
            piece.files.iter().try_for_each(|entry| entry.verify(&path, &format!("{}/{}", piece.folder, entry.name)))?;
        }
        Ok(())
    }

    /// The folders of all pieces of the recordings, where this checkpoint lies in `folder`.
    pub(super) fn pieces(&self, folder: &Path) -> Vec<PathBuf> {
        self.recorded.iter().map(|piece| folder.with_file_name(&piece.folder)).collect()
    }

    /// Number of ranks that there were.
    pub(super) fn ranks(&self) -> usize {
        (0..).take_while(|rank| self.files.iter().any(|entry| entry.name == names::neurons(*rank))).count()
    }

    fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest is plain data") + "\n"
    }

    fn own_sum(&self) -> u32 {
        FileSum::of_bytes(Manifest { crc32: 0, ..self.clone() }.text().as_bytes()).crc32
    }
}
