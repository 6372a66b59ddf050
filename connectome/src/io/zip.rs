//! Zip archives, opened so that no archive can make us allocate more than it deserves.

use std::io::{Cursor, Read};

use ::zip::ZipArchive;

use super::{Input, MAX_BYTES};
use crate::error::{Error, Place};

const MAX_MEMBERS: usize = 10_000;
/// Unpacked bytes any archive may have, and how many more for each of its own. Text matrices of mostly zeros
/// pack a thousandfold but are small; a bomb packs so and is large.
const FREE_BYTES: u64 = 256 << 20;
const MAX_RATIO: u64 = 200;

/// An open archive in memory.
pub(crate) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
    at: Place,
    /// Bytes that may still be unpacked.
    budget: u64,
    limit: u64,
}

/// True if the bytes start like a zip archive.
pub(crate) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The member names of a readable zip archive. For sniffing.
pub(crate) fn member_names(bytes: &[u8]) -> Option<Vec<String>> {
    if !is_zip(bytes) {
        return None;
    }
    Archive::open(&Input { name: "", bytes, path: None }).ok().map(|a| a.names)
}

impl<'a> Archive<'a> {
    pub(crate) fn open(input: &Input<'a>) -> Result<Self, Error> {
        let at = input.place();
        let bad = |e: ::zip::result::ZipError| container(&at, e.to_string());
        let zip = ZipArchive::new(Cursor::new(input.bytes)).map_err(bad)?;
        if zip.len() > MAX_MEMBERS {
            return Err(Error::TooLarge { at, what: "zip members".into(), found: zip.len() as u64, limit: MAX_MEMBERS as u64 });
        }
        let names = zip.file_names().map(|n| n.map(|n| n.into_owned())).collect::<Result<_, _>>().map_err(bad)?;
        let limit = MAX_BYTES.min(FREE_BYTES + MAX_RATIO * input.bytes.len() as u64);
        Ok(Archive { zip, names, at, budget: limit, limit })
    }

    /// Member names in archive order; folders end with `/`.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The archive itself, as a place for messages.
    pub(crate) fn file(&self) -> Place {
        self.at.clone()
    }

    /// A member, as a place for messages.
    pub(crate) fn place(&self, name: &str) -> Place {
        self.at.part(format!("member {name}"))
    }

    /// Unpacks a member; one whose name ends in `.bz2` twice.
    pub(crate) fn read(&mut self, name: &str) -> Result<Vec<u8>, Error> {
        let at = self.place(name);
        let mut bytes = Vec::new();
        {
            let member = self.zip.by_name(name).map_err(|e| container(&at, e.to_string()))?;
            // The header's size may lie: the limit holds while reading.
            member.take(self.budget + 1).read_to_end(&mut bytes).map_err(|e| container(&at, e.to_string()))?;
        }
        self.spend(&at, bytes.len())?;
        if !name.to_lowercase().ends_with(".bz2") {
            return Ok(bytes);
        }
        let mut unpacked = Vec::new();
        let reader = bzip2::read::MultiBzDecoder::new(bytes.as_slice());
        reader.take(self.budget + 1).read_to_end(&mut unpacked).map_err(|e| container(&at, e.to_string()))?;
        self.spend(&at, unpacked.len())?;
        Ok(unpacked)
    }

    fn spend(&mut self, at: &Place, bytes: usize) -> Result<(), Error> {
        let over = Error::TooLarge {
            at: at.clone(),
            what: "bytes when unpacked (or more)".into(),
            found: self.limit - self.budget + bytes as u64,
            limit: self.limit,
        };
        self.budget = self.budget.checked_sub(bytes as u64).ok_or(over)?;
        Ok(())
    }
}

fn container(at: &Place, reason: String) -> Error {
    Error::Container { at: at.clone(), what: "zip archive", reason }
}
