use kernels::cuda::Error;
use kernels::cuda::tensors::Slide;

use super::part::{Image, Part, Site, add, kept};
use crate::correlate::Correlation;
use crate::layer::{Layer, Linear, Pass};
use crate::tensor::Shape;

/// Convolution, or a linear layer: a convolution of images of one pixel.
pub(super) struct Correlate {
    correlation: Correlation,
    linear: bool,
    input: Option<Image>,
}

impl Correlate {
    pub(super) fn new(correlation: Correlation, linear: bool) -> Self {
        Correlate { correlation, linear, input: None }
    }

    /// The images that are correlated.
    fn images(&self, input: Shape) -> Shape {
        if self.linear { Shape::new(1, input.n_images(), [1, 1, input.n_features()]) } else { input }
    }

    fn slide(&self, input: Shape) -> Slide {
        let Correlation { kernel, stride, padding, inputs, outputs } = self.correlation;
        let from = self.images(input);
        let to = self.correlation.shape(from).expect("the layer was checked for this shape");
        let images = from.n_images();
        Slide { kernel, stride, padding, inputs, outputs, from: [from.height, from.width], to: [to.height, to.width], images }
    }

    /// Images whose part of the weights' gradient is summed in one go; the processor has samples side by side in images of its linear layers.
    fn group(&self, input: Shape) -> usize {
        let rows = if self.linear { Linear::rows(input) } else { input };
        Correlation::group(rows) * if self.linear { rows.width } else { 1 }
    }

    fn apply(&self, site: &Site, input: &Image) -> Result<Image, Error> {
        let slide = self.slide(input.shape);
        let values = site.tensors.correlate(&slide, &input.values, &site.weights[0], site.weights.get(1))?;
        let [height, width] = slide.to;
        Ok(Image { shape: Shape { height, width, channels: slide.outputs, ..input.shape }, values })
    }
}

impl Part for Correlate {
    fn infer(&self, site: &Site, _: &dyn Layer, input: Image) -> Result<Image, Error> {
        self.apply(site, &input)
    }

    fn forward(&mut self, site: &Site, _: &mut dyn Layer, input: Image, _: Pass) -> Result<Image, Error> {
        let output = self.apply(site, &input)?;
        self.input = Some(input);
        Ok(output)
    }

    fn backward(&mut self, site: &Site, host: &mut dyn Layer, gradient: Image, wanted: bool) -> Result<Option<Image>, Error> {
        let input = kept(&mut self.input);
        let slide = self.slide(input.shape);
        let to_weights = site.tensors.weight_gradient(&slide, &input.values, &gradient.values, self.group(input.shape))?;
        // Started before anything is waited for.
        let to_input = wanted.then(|| site.tensors.input_gradient(&slide, &gradient.values, &site.weights[0])).transpose()?;
        let mut parameters = host.parameters_mut();
        add(site, &to_weights, &mut parameters[0].gradient)?;
        if let Some(bias) = parameters.get_mut(1) {
            let sums = site.tensors.column_sums(&gradient.values, slide.outputs)?;
            bias.gradient.iter_mut().zip(sums).for_each(|(g, sum)| *g += sum as f32);
        }
        Ok(to_input.map(|values| Image { shape: input.shape, values }))
    }
}
