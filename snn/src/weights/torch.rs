//! State dictionaries that PyTorch saved: a zip archive of a pickle and a file per storage.

use std::io::{Cursor as Bytes, Read};
use std::path::Path;

use super::NamedTensor;
use super::pickle::{self, Id, Objects, Value};
use crate::bytes::{Cursor, half};
use crate::error::Error;

/// Unpacked bytes of a member at most, besides as many as the archive has: members are usually stored as they are.
const ALWAYS: u64 = 1 << 20;

/// All tensors of a `.pt` or `.pth` in their order.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<Vec<NamedTensor>, Error> {
    let bad = |what: String| Error::Arrays { path: path.into(), what };
    let mut archive = zip::ZipArchive::new(Bytes::new(bytes))
        .map_err(|error| bad(format!("not a file of torch.save: {error} (files from before PyTorch 1.6 have to be saved anew)")))?;
    let limit = bytes.len() as u64 + ALWAYS;
    let mut member = |name: &str| -> Result<Vec<u8>, Error> {
        let file = archive.by_name(name).map_err(|error| bad(format!("{name}: {error}")))?;
        let mut content = Vec::new();
        file.take(limit).read_to_end(&mut content).map_err(|error| bad(format!("{name}: {error}")))?;
        Ok(content)
    };
    let names: Vec<String> = zip::ZipArchive::new(Bytes::new(bytes))
        .map_err(|error| bad(error.to_string()))?
        .file_names()
        .filter_map(|name| name.ok().map(|name| name.into_owned()))
        .collect();
    let listed = names.iter().find(|name| name.ends_with("data.pkl")).ok_or_else(|| bad("has no data.pkl".into()))?;
    let folder = listed.strip_suffix("data.pkl").expect("it ends so");
    let list = member(listed)?;
    let objects = pickle::read(Cursor::new(path, &list))?;
    let dictionary = state_dictionary(&objects, objects.root, 0);
    let entries = dictionary.ok_or_else(|| bad("holds no dictionary of tensors".into()))?;
    let mut tensors = Vec::new();
    for &(key, value) in entries {
        // Counters and the like are no tensors.
        if let (Some(name), Some(view)) = (objects.text(key), view(&objects, value)) {
            let storage = member(&format!("{folder}data/{}", view.storage))?;
            let values =
                view.values(&storage).ok_or_else(|| bad(format!("{name}: its storage of {} bytes is too small", storage.len())))?;
            tensors.push(NamedTensor { name: name.to_string(), shape: view.shape, values });
        }
    }
    if tensors.is_empty() { Err(bad("holds no tensors".into())) } else { Ok(tensors) }
}

/// The dictionary of tensors: the root, or in there under the usual names.
fn state_dictionary<'a>(objects: &'a Objects, id: Id, depth: usize) -> Option<&'a [(Id, Id)]> {
    let entries = objects.entries(id)?;
    if entries.iter().any(|&(_, value)| view(objects, value).is_some()) {
        return Some(entries);
    }
    let usual = ["state_dict", "model_state_dict", "model", "net", "state_dict_ema"];
    let inner = entries.iter().filter(|(key, _)| objects.text(*key).is_some_and(|key| usual.contains(&key)));
    (depth < 2).then(|| inner.into_iter().find_map(|&(_, value)| state_dictionary(objects, value, depth + 1))).flatten()
}

/// Part of a storage, as a tensor sees it.
struct View {
    storage: String,
    kind: String,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

fn sizes(objects: &Objects, id: Id) -> Option<Vec<usize>> {
    objects.list(id)?.iter().map(|&n| objects.int(n).and_then(|n| usize::try_from(n).ok())).collect()
}

fn view(objects: &Objects, id: Id) -> Option<View> {
    let (name, arguments) = objects.call(id)?;
    if name == "torch._utils._rebuild_parameter" {
        return view(objects, *arguments.first()?);
    }
    let [storage, offset, shape, strides, ..] = *arguments else { return None };
    if name != "torch._utils._rebuild_tensor_v2" {
        return None;
    }
    let Value::External(external) = *objects.get(storage) else { return None };
    let [_, kind, key, ..] = *objects.list(external)? else { return None };
    Some(View {
        storage: objects.text(key)?.to_string(),
        kind: objects.text(kind)?.to_string(),
        offset: usize::try_from(objects.int(offset)?).ok()?,
        shape: sizes(objects, shape)?,
        strides: sizes(objects, strides)?,
    })
}

impl View {
    /// The values row by row; `None` if the storage does not have them all.
    fn values(&self, storage: &[u8]) -> Option<Vec<f32>> {
        let (size, decode): (usize, fn(&[u8]) -> f32) = match self.kind.as_str() {
            "torch.FloatStorage" => (4, |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
            "torch.DoubleStorage" => (8, |b| f64::from_le_bytes(b.try_into().expect("eight bytes")) as f32),
            "torch.HalfStorage" => (2, |b| half(u16::from_le_bytes([b[0], b[1]]))),
            "torch.BFloat16Storage" => (2, |b| f32::from_bits(u32::from(u16::from_le_bytes([b[0], b[1]])) << 16)),
            "torch.LongStorage" => (8, |b| i64::from_le_bytes(b.try_into().expect("eight bytes")) as f32),
            "torch.IntStorage" => (4, |b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f32),
            "torch.ByteStorage" | "torch.BoolStorage" => (1, |b| f32::from(b[0])),
            _ => return None,
        };
        if self.shape.len() != self.strides.len() {
            return None;
        }
        let count = self.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(self.offset, |at, (&n, &stride)| at.checked_add(n.saturating_sub(1).checked_mul(stride)?))?;
        if count > 0 && last.checked_add(1)?.checked_mul(size)? > storage.len() || count > storage.len() {
            return None;
        }
        let at = |mut i: usize| {
            let mut place = self.offset;
            for (&n, &stride) in self.shape.iter().zip(&self.strides).rev() {
                place += i % n * stride;
                i /= n;
            }
            decode(&storage[place * size..(place + 1) * size])
        };
        Some((0..count).map(at).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_follows_its_strides_and_stays_inside_of_its_storage() {
        let storage: Vec<u8> = (0..6).flat_map(|i| (i as f32).to_le_bytes()).collect();
        let view = |shape: &[usize], strides: &[usize], offset| View {
            storage: "0".into(),
            kind: "torch.FloatStorage".into(),
            offset,
            shape: shape.to_vec(),
            strides: strides.to_vec(),
        };
        assert_eq!(view(&[3, 2], &[1, 3], 0).values(&storage).unwrap(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(view(&[], &[], 5).values(&storage).unwrap(), [5.0]);
        assert!(view(&[3, 2], &[1, 3], 1).values(&storage).is_none());
        assert!(view(&[usize::MAX, 2], &[0, 0], 0).values(&storage).is_none());
        assert!(view(&[1 << 40], &[0], 0).values(&storage).is_none(), "a thousandth of a byte for each value");
    }
}
