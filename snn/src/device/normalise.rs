use kernels::cuda::Error;

use super::part::{Image, Part, Site, kept};
use crate::layer::{Layer, Pass, per_channel};

/// Batch normalisation: sums and what is linear in each value on the device, what is computed per channel on the host.
#[derive(Default)]
pub(super) struct Normalise {
    kept: Option<Kept>,
}

struct Kept {
    input: Image,
    mean: Vec<f32>,
    inverse: Vec<f32>,
}

/// Values per channel.
fn count(input: &Image) -> f64 {
    (input.shape.len() / input.shape.channels) as f64
}

impl Part for Normalise {
    fn infer(&self, site: &Site, host: &dyn Layer, input: Image) -> Result<Image, Error> {
        let tensors = host.tensors();
        let [a, b] = per_channel::evaluated(std::array::from_fn(|i| &tensors[i].1[..]));
        Ok(Image { values: site.tensors.affine(&input.values, &a, &b)?, ..input })
    }

    fn forward(&mut self, site: &Site, host: &mut dyn Layer, input: Image, _: Pass) -> Result<Image, Error> {
        let mut tensors = host.tensors_mut();
        let [scale, shift, around, variance] = &mut tensors[..] else { unreachable!("four tensors per normalisation") };
        let moments = site.tensors.moments(&input.values, around)?;
        let [mean, inverse] = per_channel::settle(&moments, count(&input), around, variance);
        let [a, b] = per_channel::factors(scale, shift, &mean, &inverse);
        let values = site.tensors.affine(&input.values, &a, &b)?;
        let shape = input.shape;
        self.kept = Some(Kept { input, mean, inverse });
        Ok(Image { shape, values })
    }

    fn backward(&mut self, site: &Site, host: &mut dyn Layer, mut gradient: Image, wanted: bool) -> Result<Option<Image>, Error> {
        let Kept { input, mean, inverse } = kept(&mut self.kept);
        let totals = site.tensors.products(&gradient.values, &input.values, [&mean, &inverse])?;
        let mut parameters = host.parameters_mut();
        let [scale, shift] = &mut parameters[..] else { unreachable!("two parameters per normalisation") };
        let factors = per_channel::learn([scale, shift], &totals, count(&input), [&mean, &inverse]);
        if !wanted {
            return Ok(None);
        }
        site.tensors.combine(&mut gradient.values, &input.values, &factors)?;
        Ok(Some(gradient))
    }
}
