//! BrainCog's own connectome file: one HDF5 group `/connectome` that holds everything a [`Connectome`] does.
//!
//! | name | kind | content |
//! |---|---|---|
//! | `format`, `version` | attributes | `braincog-connectome`, 1 |
//! | `name`, `species`, `weight_kind`, `source`, `citation`, `licence` | text attributes | as in [`Connectome`] and its provenance |
//! | `directed` | attribute | 1 or 0 |
//! | `labels`, `names`, `hemisphere` | text datasets | one per region; `left`, `right`, `midline` or empty |
//! | `position` | n x 3 | mm, x right, y front, z up; NaN where unknown |
//! | `volume`, `area`, `neurons`, `cortical`, `hierarchy` | n | NaN where unknown |
//! | `weights`, `lengths`, `sln`, `functional` | n x n | row = target, column = source; an `sln` that is not known is NaN |
//! | `notes` | text dataset | as in the provenance |
//!
//! What a connectome does not know is left out. The group may stand beside others: `regions.h5` of a run
//! carries one, and is therefore a connectome file too.

mod layout;
mod read;

use std::path::Path;

use hdf5_pure::{AttrValue, FileBuilder};

use super::{Input, LoadOptions};
use crate::brain::Connectome;
use crate::error::{Error, Place};

pub use layout::{Content, Entry, GROUP, entries};
pub use read::open;
pub(crate) use read::{load, sniff};

/// Writes a connectome file, compressed. An existing file is replaced only when the new one is complete.
pub fn write(connectome: &Connectome, path: &Path) -> Result<(), Error> {
    let bytes = to_bytes(connectome).map_err(|reason| Error::Container {
        at: Place::file(path.display().to_string()),
        what: "HDF5 file to be written",
        reason: reason.to_string(),
    })?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let io = |source| Error::Io { path: path.to_path_buf(), source };
    std::fs::write(&partial, bytes).map_err(io)?;
    std::fs::rename(&partial, path).map_err(io)
}

fn to_bytes(connectome: &Connectome) -> Result<Vec<u8>, hdf5_pure::Error> {
    let mut file = FileBuilder::new();
    let mut group = file.create_group(GROUP);
    for Entry { name, content } in entries(connectome) {
        match content {
            Content::Text(text) => group.set_attr(name, AttrValue::VarLenString(text.to_string())),
            Content::Number(number) => group.set_attr(name, AttrValue::U32(number)),
            Content::Texts(texts) => {
                group.create_dataset(name).with_vlen_strings(&texts);
            }
            Content::Numbers { values, shape } => {
                let shape: Vec<u64> = shape.iter().map(|n| *n as u64).collect();
                let dataset = group.create_dataset(name).with_f64_data(&values).with_shape(&shape);
                if let [rows, columns] = shape[..] {
                    dataset.with_chunks(&chunk(rows, columns)).with_shuffle().with_deflate(4);
                }
            }
        }
    }
    file.add_group(group.finish());
    file.finish()
}

/// Chunks of about 1 MiB. A chunk dimension above 65,535 would be written in a way that HDF5 2.0 refuses to read.
fn chunk(rows: u64, columns: u64) -> [u64; 2] {
    let columns = columns.clamp(1, 65_535);
    [((1 << 17) / columns).clamp(1, rows.max(1)), columns]
}
