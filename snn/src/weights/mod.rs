//! Weights from elsewhere: safetensors, and state dictionaries of PyTorch.
//!
//! [`assign`] gives them to a network in the order in which both have them, checking each shape: a module of BrainCog or
//! SpikingJelly that has the same layers fits whatever it calls them. Files of our own have our names, and these decide. PyTorch's axes
//! are turned into ours.

pub(crate) mod pickle;
mod torch;

use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::bytes;
use crate::error::Error;
use crate::layer::Kind;
use crate::network::Network;
use crate::tensor::Shape;

/// Numbers with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Such as `feature.0.conv.weight`.
    pub name: String,
    /// Axes as they were saved.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Vec<f32>,
}

/// More than any file of weights has: 16 GiB.
const LIMIT: u64 = 1 << 34;

/// All tensors of a `.safetensors`, `.pt` or `.pth`, in order.
pub fn load(path: &Path) -> Result<Vec<NamedTensor>, Error> {
    let bytes = bytes::read(path, LIMIT)?;
    parse(path, &bytes)
}

/// All tensors of these bytes; `path` is used in messages.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<NamedTensor>, Error> {
    if bytes.starts_with(b"PK") {
        return torch::read(path, bytes);
    }
    let bad = |what: String| Error::Arrays { path: path.into(), what };
    let file = SafeTensors::deserialize(bytes).map_err(|error| bad(format!("neither a file of torch.save nor of safetensors: {error}")))?;
    // The file lists names by alphabet; the order of the data is the one they were saved in.
    let mut views = file.tensors();
    views.sort_by_key(|(_, view)| view.data().as_ptr() as usize);
    let values = |name: &str, dtype: Dtype, data: &[u8]| match dtype {
        Dtype::F32 => Ok(data.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect()),
        Dtype::F64 => Ok(data.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b) as f32).collect()),
        Dtype::I64 => Ok(data.as_chunks().0.iter().map(|&b| i64::from_le_bytes(b) as f32).collect()),
        Dtype::F16 => Ok(data.as_chunks().0.iter().map(|&b| bytes::half(u16::from_le_bytes(b))).collect()),
        other => Err(bad(format!("{name} is of {other:?}; expected F16, F32, F64 or I64"))),
    };
    let tensor = |(name, view): (String, safetensors::tensor::TensorView)| {
        Ok(NamedTensor { values: values(&name, view.dtype(), view.data())?, shape: view.shape().to_vec(), name })
    };
    views.into_iter().map(tensor).collect()
}

/// Names that no layer of ours has: counters and surrogates.
const PASSED_OVER: [&str; 4] = ["num_batches_tracked", "alpha", "v", "mem"];

/// Gives `tensors`, in PyTorch's axes, to the layers of `network`: by name if all have names of its tensors, else in order. `path` is
/// used in messages.
pub fn assign(network: &mut Network, tensors: &[NamedTensor], path: &Path) -> Result<(), Error> {
    let bad = |what: String| Error::Arrays { path: path.into(), what };
    let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_string();
    let plans = plans(network)?;
    let mut given: Vec<_> = tensors.iter().filter(|tensor| !PASSED_OVER.contains(&last(&tensor.name).as_str())).collect();
    let place = |tensor: &&NamedTensor| plans.iter().position(|plan| plan.name == tensor.name);
    if given.iter().all(|tensor| place(tensor).is_some()) {
        given.sort_by_key(place);
    }
    let mut given = given.into_iter();
    let mut values = Vec::new();
    for plan in &plans {
        let tensor = given.next().ok_or_else(|| bad(format!("ends before {}", plan.name)))?;
        let fits = tensor.shape == plan.shape || (plan.shape == [1] && tensor.values.len() == 1);
        if !fits || last(&tensor.name) != last(&plan.name) {
            let (shape, name) = (&tensor.shape, &tensor.name);
            return Err(bad(format!("{name} of shape {shape:?} comes where {} of shape {:?} is expected", plan.name, plan.shape)));
        }
        values.push(plan.turned(&tensor.values));
    }
    if let Some(tensor) = given.next() {
        return Err(bad(format!("{} is left over: the network has no such layer", tensor.name)));
    }
    network.tensors_mut().into_iter().zip(values).for_each(|(to, values)| *to = values);
    Ok(())
}

/// The tensors of `network` in PyTorch's axes, by the names of [`Network::tensors`].
pub fn export(network: &Network) -> Result<Vec<NamedTensor>, Error> {
    let tensors = network.tensors();
    let named = |(plan, (_, values)): (Plan, (String, &Vec<f32>))| {
        let mut turned = vec![0.0; values.len()];
        (0..values.len()).for_each(|i| turned[plan.place(i)] = values[i]);
        NamedTensor { name: plan.name.clone(), shape: plan.shape.clone(), values: turned }
    };
    Ok(plans(network)?.into_iter().zip(tensors).map(named).collect())
}

/// Writes the tensors of `network` in PyTorch's axes.
pub fn save(network: &Network, path: &Path) -> Result<(), Error> {
    save_as(Dtype::F32, network, path)
}

/// [`save`] in half precision: a file half as large, with weights rounded to eleven bits.
pub fn save_half(network: &Network, path: &Path) -> Result<(), Error> {
    save_as(Dtype::F16, network, path)
}

fn save_as(dtype: Dtype, network: &Network, path: &Path) -> Result<(), Error> {
    let tensors = export(network)?;
    let encoded = |t: &NamedTensor| -> Vec<u8> {
        match dtype {
            Dtype::F16 => t.values.iter().flat_map(|&x| bytes::to_half(x).to_le_bytes()).collect(),
            _ => t.values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    };
    let values: Vec<Vec<u8>> = tensors.iter().map(encoded).collect();
    let views = tensors.iter().zip(&values).map(|(tensor, bytes)| {
        let view = TensorView::new(dtype, tensor.shape.clone(), bytes).expect("as many bytes as values need");
        (tensor.name.as_str(), view)
    });
    let file = safetensors::serialize(views, None).map_err(|error| Error::Arrays { path: path.into(), what: error.to_string() })?;
    bytes::write(path, &file)
}

/// What a tensor of ours is in PyTorch.
struct Plan {
    name: String,
    shape: Vec<usize>,
    axes: Axes,
}

#[derive(Clone, Copy)]
enum Axes {
    Same,
    /// `[input][tap][output]` here, `[output][input][tap]` there.
    Conv {
        taps: usize,
    },
    /// `[input][output]` here, `[output][input]` there, with inputs pixel by pixel here and channel by channel there.
    Linear {
        channels: usize,
    },
}

impl Plan {
    /// Where our value `i` lies there.
    fn place(&self, i: usize) -> usize {
        let outputs = self.shape.first().copied().unwrap_or(1);
        match self.axes {
            Axes::Same => i,
            Axes::Conv { taps } => (i % outputs * self.shape[1] + i / outputs / taps) * taps + i / outputs % taps,
            Axes::Linear { channels } => {
                let (input, inputs) = (i / outputs, self.shape[1]);
                i % outputs * inputs + input % channels * (inputs / channels) + input / channels
            }
        }
    }

    fn turned(&self, values: &[f32]) -> Vec<f32> {
        (0..values.len()).map(|i| values[self.place(i)]).collect()
    }
}

fn plans(network: &Network) -> Result<Vec<Plan>, Error> {
    let shapes = network.shapes(1);
    let names = network.tensors().into_iter().map(|(name, values)| (name, values.len())).collect::<Vec<_>>();
    let (mut plans, mut names) = (Vec::new(), names.into_iter());
    // Channels of the image that was flattened last.
    let mut channels = 1;
    let mut input = network.encoded(Shape::new(1, 1, network.image()));
    for (index, (layer, &output)) in network.layers().iter().zip(&shapes).enumerate() {
        let n = layer.tensors().len();
        if !layer.parts().is_empty() || layer.kind() == Kind::Other && n > 0 {
            let why = "its weights have no axes in PyTorch that are known here";
            return Err(Error::NotConvertible { layer: network.name_of(index), why });
        }
        for (i, (name, len)) in names.by_ref().take(n).enumerate() {
            let (shape, axes) = match (layer.kind(), i) {
                (Kind::Conv(c), 0) => (vec![c.outputs, c.inputs, c.kernel, c.kernel], Axes::Conv { taps: c.n_taps() }),
                (Kind::Linear { inputs, outputs }, 0) => {
                    // Without a layer that flattens, the linear layer does it.
                    let channels = if input.height * input.width > 1 { input.channels } else { channels };
                    (vec![outputs, inputs], Axes::Linear { channels })
                }
                _ => (vec![len], Axes::Same),
            };
            plans.push(Plan { name, shape, axes });
        }
        match layer.kind() {
            Kind::Flatten => channels = input.channels,
            Kind::Linear { .. } => channels = 1,
            _ => {}
        }
        input = output;
    }
    Ok(plans)
}

#[cfg(test)]
mod tests;
