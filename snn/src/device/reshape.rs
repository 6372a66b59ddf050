use kernels::cuda::Error;
use kernels::random::Stream;

use super::part::{Image, Part, Site, kept};
use crate::layer::{Layer, Pass, dropout};
use crate::tensor::Shape;

/// Pixels become features, which lie where they lay.
#[derive(Default)]
pub(super) struct Flatten {
    input: Option<Shape>,
}

impl Part for Flatten {
    fn infer(&self, _: &Site, host: &dyn Layer, input: Image) -> Result<Image, Error> {
        Ok(Image { shape: host.shape(input.shape).expect("any shape is flattened"), ..input })
    }

    fn forward(&mut self, site: &Site, host: &mut dyn Layer, input: Image, _: Pass) -> Result<Image, Error> {
        self.input = Some(input.shape);
        self.infer(site, host, input)
    }

    fn backward(&mut self, _: &Site, _: &mut dyn Layer, gradient: Image, wanted: bool) -> Result<Option<Image>, Error> {
        let shape = kept(&mut self.input);
        Ok(wanted.then_some(Image { shape, ..gradient }))
    }
}

/// The same image in so many steps.
pub(super) struct Repeat(pub(super) usize);

impl Part for Repeat {
    fn infer(&self, site: &Site, _: &dyn Layer, input: Image) -> Result<Image, Error> {
        let values = site.tensors.repeat(&input.values, self.0)?;
        Ok(Image { shape: Shape { steps: self.0, ..input.shape }, values })
    }

    fn forward(&mut self, site: &Site, host: &mut dyn Layer, input: Image, _: Pass) -> Result<Image, Error> {
        self.infer(site, host, input)
    }

    fn backward(&mut self, site: &Site, _: &mut dyn Layer, gradient: Image, wanted: bool) -> Result<Option<Image>, Error> {
        let values = wanted.then(|| site.tensors.add_steps(&gradient.values, self.0)).transpose()?;
        Ok(values.map(|values| Image { shape: Shape { steps: 1, ..gradient.shape }, values }))
    }
}

/// The mean of so many neighbours.
pub(super) struct Vote(pub(super) usize);

impl Part for Vote {
    fn infer(&self, site: &Site, host: &dyn Layer, input: Image) -> Result<Image, Error> {
        let shape = host.shape(input.shape).expect("the layer was checked for this shape");
        Ok(Image { shape, values: site.tensors.vote(&input.values, self.0)? })
    }

    fn forward(&mut self, site: &Site, host: &mut dyn Layer, input: Image, _: Pass) -> Result<Image, Error> {
        self.infer(site, host, input)
    }

    fn backward(&mut self, site: &Site, _: &mut dyn Layer, gradient: Image, wanted: bool) -> Result<Option<Image>, Error> {
        let values = wanted.then(|| site.tensors.vote_back(&gradient.values, self.0)).transpose()?;
        let channels = gradient.shape.channels * self.0;
        Ok(values.map(|values| Image { shape: Shape { channels, ..gradient.shape }, values }))
    }
}

/// Dropout, the same in every step and nothing while evaluating.
pub(super) struct Drop {
    rate: f32,
    layer: usize,
    stream: Option<Stream>,
}

impl Drop {
    pub(super) fn new(rate: f32, layer: usize) -> Self {
        Drop { rate, layer, stream: None }
    }

    fn mask(&self, site: &Site, stream: Stream, image: &mut Image) -> Result<(), Error> {
        let shape = image.shape;
        site.tensors.dropout(&mut image.values, stream, [shape.steps, shape.n_features()], dropout::odds(self.rate))
    }
}

impl Part for Drop {
    fn infer(&self, _: &Site, _: &dyn Layer, input: Image) -> Result<Image, Error> {
        Ok(input)
    }

    fn forward(&mut self, site: &Site, _: &mut dyn Layer, mut input: Image, pass: Pass) -> Result<Image, Error> {
        let stream = dropout::stream(self.layer, pass);
        self.mask(site, stream, &mut input)?;
        self.stream = Some(stream);
        Ok(input)
    }

    fn backward(&mut self, site: &Site, _: &mut dyn Layer, mut gradient: Image, wanted: bool) -> Result<Option<Image>, Error> {
        let stream = kept(&mut self.stream);
        if wanted {
            self.mask(site, stream, &mut gradient)?;
        }
        Ok(wanted.then_some(gradient))
    }
}
