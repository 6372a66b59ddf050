//! Networks in training on disk: safetensors, with the options and the progress as JSON among its metadata.
//!
//! A run that is resumed continues bit by bit like one that was never stopped. Files are written beside their place and renamed.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::training::{Progress, Training, TrainingOptions};
use crate::zoo::ModelOptions;

/// The key of our metadata.
const KEY: &str = "braincog-snn";

/// More than any of our models has.
const LIMIT: u64 = 1 << 34;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    version: u32,
    model: ModelOptions,
    training: TrainingOptions,
    progress: Progress,
    optimizer_steps: u64,
}

/// Writes everything that a run is.
pub fn save(training: &Training, path: &Path) -> Result<(), Error> {
    let card = Card {
        version: 1,
        model: training.model.clone(),
        training: training.options.clone(),
        progress: training.progress,
        optimizer_steps: training.optimizer.steps,
    };
    let card = serde_json::to_string(&card).expect("plain values always become JSON");
    let moments = training.optimizer.moments.iter().enumerate();
    let moments =
        moments.flat_map(|(i, [first, second])| [(format!("optimizer.{i}.first"), first), (format!("optimizer.{i}.second"), second)]);
    let average = training.average.iter().enumerate().map(|(i, values)| (format!("average.{i}"), values));
    let tensors: Vec<(String, Vec<u8>)> = training
        .network
        .tensors()
        .into_iter()
        .chain(moments)
        .chain(average)
        .map(|(name, values)| (name, values.iter().flat_map(|x| x.to_le_bytes()).collect()))
        .collect();
    let views = tensors.iter().map(|(name, bytes)| {
        let view = TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes).expect("four bytes per value");
        (name.as_str(), view)
    });
    let bytes = safetensors::serialize(views, Some(HashMap::from([(KEY.to_string(), card)])));
    let bytes = bytes.map_err(|error| Error::Checkpoint { path: path.into(), what: error.to_string() })?;
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes).map_err(Error::io(&partial))?;
    fs::rename(&partial, path).map_err(Error::io(path))
}

/// Reads a run back.
pub fn load(path: &Path) -> Result<Training, Error> {
    let bad = |what: String| Error::Checkpoint { path: path.into(), what };
    let length = fs::metadata(path).map_err(Error::io(path))?.len();
    if length > LIMIT {
        return Err(bad(format!("{length} bytes are more than any checkpoint has")));
    }
    let bytes = fs::read(path).map_err(Error::io(path))?;
    let foreign = |error| bad(format!("not a safetensors file: {error}"));
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(foreign)?;
    let card = metadata.metadata().as_ref().and_then(|m| m.get(KEY)).ok_or_else(|| bad("not written by braincog-snn".into()))?;
    let card: Card = serde_json::from_str(card).map_err(|error| bad(format!("its description cannot be read: {error}")))?;
    if card.version != 1 {
        return Err(bad(format!("has version {}; this program reads version 1", card.version)));
    }
    let file = SafeTensors::deserialize(&bytes).map_err(foreign)?;
    let read = |name: &str, n: Option<usize>| -> Result<Vec<f32>, Error> {
        let view = file.tensor(name).map_err(|_| bad(format!("has no tensor {name}")))?;
        let n = n.unwrap_or(view.data().len() / 4);
        if view.dtype() != Dtype::F32 || view.data().len() != 4 * n {
            return Err(bad(format!("tensor {name} has {:?} {:?}; expected {n} of F32", view.dtype(), view.shape())));
        }
        Ok(view.data().as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect())
    };
    let mut training = Training::new(card.model, card.training)?;
    let names: Vec<(String, usize)> = training.network.tensors().into_iter().map(|(name, values)| (name, values.len())).collect();
    let values = names.iter().map(|(name, n)| read(name, Some(*n))).collect::<Result<Vec<_>, _>>()?;
    for (to, values) in training.network.tensors_mut().into_iter().zip(values) {
        *to = values;
    }
    if card.optimizer_steps > 0 {
        let lengths: Vec<usize> = training.network.parameters_mut().iter().map(|p| p.values.len()).collect();
        for (i, n) in lengths.into_iter().enumerate() {
            let second = read(&format!("optimizer.{i}.second"), None)?;
            if !second.is_empty() && second.len() != n {
                return Err(bad(format!("tensor optimizer.{i}.second has {} values; expected {n}", second.len())));
            }
            training.optimizer.moments.push([read(&format!("optimizer.{i}.first"), Some(n))?, second]);
        }
    }
    for (i, average) in training.average.iter_mut().enumerate() {
        *average = read(&format!("average.{i}"), Some(average.len()))?;
    }
    training.optimizer.steps = card.optimizer_steps;
    training.progress = card.progress;
    Ok(training)
}
