//! Files of named arrays of numbers, whatever they stand for: other crates read their data with it.

use super::npy::{self, Data};
use super::variables::{Value, Variable};
use super::zip::Archive;
use super::{Input, LoadOptions, mat5, mat73, npz};
use crate::error::Error;

/// Numbers of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedArray {
    /// Its name; empty where the file has one array only.
    pub name: String,
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f64>,
}

/// All arrays of numbers in the bytes of an `.npy`, `.npz` or MAT-file; `name` is used in messages.
pub fn arrays(name: &str, bytes: &[u8]) -> Result<Vec<NamedArray>, Error> {
    let input = Input { name, bytes, path: None };
    if npz::sniff(&input) {
        let mut archive = Archive::open(&input)?;
        let names = archive.names().to_vec();
        let mut all = Vec::new();
        for member in names {
            let array = npy::read(&archive.read(&member)?, input.part(format!("array {member}")))?;
            all.extend(numbers(member.trim_end_matches(".npy"), array));
        }
        return Ok(all);
    }
    if npy::sniff(&input) {
        return Ok(numbers("", npy::read(bytes, input.place())?).into_iter().collect());
    }
    if mat5::sniff(&input) {
        return Ok(mat5::variables(&input)?.into_iter().filter_map(table).collect());
    }
    if mat73::sniff(&input) {
        let options = LoadOptions { max_regions: 1 << 16, ..LoadOptions::default() };
        return Ok(mat73::variables(&input, &options)?.into_iter().filter_map(table).collect());
    }
    let found = crate::error::quoted(&String::from_utf8_lossy(&bytes[..bytes.len().min(16)]));
    Err(Error::UnknownFormat { at: input.place(), found, expected: "npy, npz or a MAT-file".into() })
}

fn numbers(name: &str, array: npy::Array) -> Option<NamedArray> {
    match array.data {
        Data::Numbers(values) => Some(NamedArray { name: name.to_string(), shape: array.shape, values }),
        Data::Texts(_) => None,
    }
}

fn table(variable: Variable) -> Option<NamedArray> {
    match variable.value {
        Value::Numbers { rows, columns, values } => Some(NamedArray { name: variable.name, shape: vec![rows, columns], values }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_npy_is_one_array_and_other_files_are_refused() {
        let header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }";
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend([1u8, 0, 2, 0, 3, 0, 4, 0]);
        let all = arrays("a.npy", &bytes).unwrap();
        assert_eq!(all, [NamedArray { name: String::new(), shape: vec![2, 2], values: vec![1.0, 2.0, 3.0, 4.0] }]);
        assert!(arrays("a.txt", b"1 2 3").unwrap_err().to_string().contains("a.txt"));
    }
}
