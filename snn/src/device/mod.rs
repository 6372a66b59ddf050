//! Networks on an NVIDIA device (`docs/adr/0011-snn-on-a-device.md`).
//!
//! A network is described by its layers and by nothing else. On a device the same layers say what is to be done for them
//! ([`Plan`]), and a `Part` does it with the kernels of `kernels::cuda::tensors`. Weights, running means and everything
//! that training does with gradients stay on the host: a pass takes the weights there and brings the gradients back.
//! Sums have the order that they have on the processor, so the bits are the same.

mod correlate;
mod neurons;
mod normalise;
mod part;
mod plan;
mod pool;
mod reshape;

use kernels::cuda::Device;
use kernels::cuda::tensors::{Tensors, Values};

pub use plan::{NO_KERNEL, Nodes, Plan};

use self::part::{Image, Part, Site};
use crate::activity::Activity;
use crate::error::Error;
use crate::layer::Pass;
use crate::network::Network;
use crate::tensor::Tensor;

/// What executes a network on a device.
pub struct OnDevice {
    tensors: Tensors,
    parts: Vec<Box<dyn Part>>,
    /// Of the last forward pass.
    loaded: Loaded,
}

/// The parameters of all layers, on the device.
#[derive(Default)]
pub struct Loaded(Vec<Vec<Values>>);

impl OnDevice {
    /// Refuses a network with a layer that no kernel can compute, by its name.
    pub fn check(network: &Network) -> Result<(), Error> {
        parts(network).map(drop)
    }

    /// A network on a device.
    pub fn new(network: &Network, device: Device) -> Result<Self, Error> {
        let parts = parts(network)?;
        Ok(OnDevice { tensors: Tensors::new(device)?, parts, loaded: Loaded::default() })
    }

    /// What the device is called.
    pub fn name(&self) -> String {
        self.tensors.device().name()
    }

    /// Refuses batches of so many samples if a training pass over them needs more memory than is free.
    pub fn fits(&self, network: &mut Network, batch: usize) -> Result<(), Error> {
        let outputs: Vec<usize> = network.shapes(batch).iter().map(|shape| shape.len()).collect();
        let parameters: usize = network.parameters_mut().iter().map(|parameter| parameter.values.len()).sum();
        // Every layer keeps its input; on the way back there are two gradients, the membranes of neurons, and parts of the weights' gradient.
        let largest = outputs.iter().copied().max().unwrap_or(0);
        let values = outputs.iter().sum::<usize>() + 3 * largest + 4 * parameters;
        Ok(self.tensors.device().fits(size_of::<f32>() as u64 * values as u64)?)
    }

    /// Takes the parameters to the device.
    pub fn load(&self, network: &Network) -> Result<Loaded, Error> {
        let layers = network.layers().iter();
        let loaded = layers.map(|layer| layer.parameters().iter().map(|p| self.tensors.upload(&p.values)).collect());
        Ok(Loaded(loaded.collect::<Result<_, _>>()?))
    }

    /// [`Network::infer`] with parameters that were loaded. `activity` takes note of every layer, for a batch that is `share` of all samples.
    pub fn infer(
        &self,
        network: &Network,
        loaded: &Loaded,
        images: Tensor,
        pass: Pass,
        (activity, share): (&mut Activity, f64),
    ) -> Result<Tensor, Error> {
        let tensors = &self.tensors;
        let mut x = up(tensors, &network.encode(images, pass))?;
        for (index, (part, layer)) in self.parts.iter().zip(network.layers()).enumerate() {
            note_input(tensors, activity, index, &x, share)?;
            x = part.infer(&Site { tensors, weights: &loaded.0[index] }, &**layer, x)?;
            note_output(tensors, activity, index, &x, share)?;
        }
        down(tensors, &x)
    }

    /// [`Network::forward`]. `activity` takes note of what comes out of layers of neurons; with `look`, of every layer.
    pub fn forward(
        &mut self,
        network: &mut Network,
        images: Tensor,
        pass: Pass,
        (activity, look): (&mut Activity, bool),
    ) -> Result<Tensor, Error> {
        self.loaded = self.load(network)?;
        let OnDevice { tensors, parts, loaded } = self;
        let mut x = up(tensors, &network.encode(images, pass))?;
        for (index, (part, layer)) in parts.iter_mut().zip(network.layers_mut()).enumerate() {
            if look {
                note_input(tensors, activity, index, &x, 1.0)?;
            }
            x = part.forward(&Site { tensors, weights: &loaded.0[index] }, layer, x, pass)?;
            if look || layer.spikes() {
                note_output(tensors, activity, index, &x, 1.0)?;
            }
        }
        down(tensors, &x)
    }

    /// [`Network::backward`]: adds to the gradients of all parameters, on the host.
    pub fn backward(&mut self, network: &mut Network, gradient: &Tensor) -> Result<(), Error> {
        let OnDevice { tensors, parts, loaded } = self;
        let layers = network.layers_mut();
        // Nobody wants the gradient of what comes before the first layer that learns.
        let first = layers.iter().position(|layer| !layer.parameters().is_empty()).unwrap_or(layers.len());
        let mut gradient = Some(up(tensors, gradient)?);
        for (index, (part, layer)) in parts.iter_mut().zip(layers).enumerate().skip(first).rev() {
            let Some(given) = gradient.take() else { break };
            gradient = part.backward(&Site { tensors, weights: &loaded.0[index] }, layer, given, index > first)?;
        }
        Ok(())
    }
}

fn up(tensors: &Tensors, tensor: &Tensor) -> Result<Image, Error> {
    Ok(Image { shape: tensor.shape(), values: tensors.upload(tensor.values())? })
}

fn down(tensors: &Tensors, image: &Image) -> Result<Tensor, Error> {
    let mut tensor = Tensor::unspecified(image.shape);
    tensors.download(&image.values, tensor.values_mut())?;
    Ok(tensor)
}

fn note_input(tensors: &Tensors, activity: &mut Activity, index: usize, x: &Image, share: f64) -> Result<(), Error> {
    if activity.0[index].row.products > 0 {
        let count = tensors.count(&x.values)?;
        activity.got(index, density(count.something, x), count.other == 0, share);
    }
    Ok(())
}

fn note_output(tensors: &Tensors, activity: &mut Activity, index: usize, x: &Image, share: f64) -> Result<(), Error> {
    activity.gave(index, density(tensors.count(&x.values)?.something, x), share);
    Ok(())
}

/// The fraction of values that are something.
fn density(something: u64, image: &Image) -> f64 {
    something as f64 / image.shape.len().max(1) as f64
}

/// A part for each layer, which is a row of its own: layers that hold others have no part.
fn parts(network: &Network) -> Result<Vec<Box<dyn Part>>, Error> {
    let layers = network.layers().iter().enumerate();
    let parts = layers.map(|(index, layer)| match layer.on_device() {
        Ok(plan) => Ok(plan.part()),
        Err(why) => Err(Error::NotOnDevice { layer: network.name_of(index), why }),
    });
    parts.collect()
}
