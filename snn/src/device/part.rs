use kernels::cuda::Error;
use kernels::cuda::tensors::{Tensors, Values};

use crate::layer::{Layer, Pass};
use crate::tensor::Shape;

/// A tensor on a device.
pub(super) struct Image {
    pub(super) shape: Shape,
    pub(super) values: Values,
}

/// Where a layer is computed, and its parameters there, in their order.
pub(super) struct Site<'a> {
    pub(super) tensors: &'a Tensors,
    pub(super) weights: &'a [Values],
}

/// A layer on a device: the passes of [`Layer`], whose parameters and buffers `host` has.
pub(super) trait Part: Send + Sync {
    /// Evaluates all steps from rest.
    fn infer(&self, site: &Site, host: &dyn Layer, input: Image) -> Result<Image, Error>;

    /// A training pass; keeps what [`backward`](Self::backward) needs.
    fn forward(&mut self, site: &Site, host: &mut dyn Layer, input: Image, pass: Pass) -> Result<Image, Error>;

    /// From the gradient of the output to that of the input, if it is `wanted`; adds to the gradients of the parameters of `host`.
    fn backward(&mut self, site: &Site, host: &mut dyn Layer, gradient: Image, wanted: bool) -> Result<Option<Image>, Error>;
}

/// What `forward` kept, which it must have done before `backward` asks for it.
pub(super) fn kept<T>(value: &mut Option<T>) -> T {
    value.take().expect("backward follows a forward pass")
}

/// Adds to a gradient on the host what was computed on the device.
pub(super) fn add(site: &Site, values: &Values, gradient: &mut [f32]) -> Result<(), Error> {
    let mut found = vec![0.0; values.len()];
    site.tensors.download(values, &mut found)?;
    gradient.iter_mut().zip(found).for_each(|(sum, g)| *sum += g);
    Ok(())
}
