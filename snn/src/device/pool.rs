use kernels::cuda::Error;
use kernels::cuda::tensors::{Places, Windows};

use super::part::{Image, Part, Site, kept};
use crate::layer::{Layer, Pass};
use crate::tensor::Shape;

fn windows([side, stride, padding]: [usize; 3], from: Shape, to: Shape) -> Windows {
    let (channels, images) = (from.channels, from.n_images());
    Windows { side, stride, padding, from: [from.height, from.width], to: [to.height, to.width], channels, images }
}

/// The mean of squares side by side.
pub(super) struct Mean {
    /// `None` for whole images.
    side: Option<usize>,
    input: Option<Shape>,
}

impl Mean {
    pub(super) fn new(side: Option<usize>) -> Self {
        Mean { side, input: None }
    }

    fn windows(&self, host: &dyn Layer, from: Shape) -> (Windows, Shape) {
        let side = self.side.unwrap_or(from.height.min(from.width));
        let to = host.shape(from).expect("the layer was checked for this shape");
        (windows([side, side, 0], from, to), to)
    }
}

impl Part for Mean {
    fn infer(&self, site: &Site, host: &dyn Layer, input: Image) -> Result<Image, Error> {
        let (windows, shape) = self.windows(host, input.shape);
        Ok(Image { shape, values: site.tensors.mean(&windows, &input.values)? })
    }

    fn forward(&mut self, site: &Site, host: &mut dyn Layer, input: Image, _: Pass) -> Result<Image, Error> {
        self.input = Some(input.shape);
        self.infer(site, host, input)
    }

    fn backward(&mut self, site: &Site, host: &mut dyn Layer, gradient: Image, wanted: bool) -> Result<Option<Image>, Error> {
        let shape = kept(&mut self.input);
        let values = wanted.then(|| site.tensors.mean_back(&self.windows(host, shape).0, &gradient.values)).transpose()?;
        Ok(values.map(|values| Image { shape, values }))
    }
}

/// The largest of squares.
pub(super) struct Largest {
    /// Side, stride, padding.
    squares: [usize; 3],
    kept: Option<(Shape, Windows, Places)>,
}

impl Largest {
    pub(super) fn new(squares: [usize; 3]) -> Self {
        Largest { squares, kept: None }
    }

    fn apply(&self, site: &Site, host: &dyn Layer, input: &Image) -> Result<(Image, Windows, Places), Error> {
        let shape = host.shape(input.shape).expect("the layer was checked for this shape");
        let windows = windows(self.squares, input.shape, shape);
        let (values, places) = site.tensors.largest(&windows, &input.values)?;
        Ok((Image { shape, values }, windows, places))
    }
}

impl Part for Largest {
    fn infer(&self, site: &Site, host: &dyn Layer, input: Image) -> Result<Image, Error> {
        self.apply(site, host, &input).map(|(output, ..)| output)
    }

    fn forward(&mut self, site: &Site, host: &mut dyn Layer, input: Image, _: Pass) -> Result<Image, Error> {
        let (output, windows, places) = self.apply(site, host, &input)?;
        self.kept = Some((input.shape, windows, places));
        Ok(output)
    }

    fn backward(&mut self, site: &Site, _: &mut dyn Layer, gradient: Image, wanted: bool) -> Result<Option<Image>, Error> {
        let (shape, windows, places) = kept(&mut self.kept);
        let values = wanted.then(|| site.tensors.largest_back(&windows, &gradient.values, &places)).transpose()?;
        Ok(values.map(|values| Image { shape, values }))
    }
}
