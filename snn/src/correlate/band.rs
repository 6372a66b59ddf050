//! A kernel over one image at a time, and over some rows of what comes out at a time.

use std::ops::Range;

use super::canvas::{Canvas, Placement};
use super::events::Events;
use super::{Correlation, Packed, Path, Slide, events, tile};
use crate::tensor::{Shape, Tensor};

/// A kernel that is ready to slide.
pub(crate) struct Ready<'a> {
    correlation: Correlation,
    packed: Packed,
    /// Empty for none.
    bias: &'a [f32],
}

/// What sliding needs besides, kept from image to image.
#[derive(Default)]
pub(crate) struct Desk {
    canvas: Canvas,
    events: Events,
}

impl Correlation {
    /// Gets ready to slide over the images of `input`, by the path that is faster at its density.
    pub(crate) fn ready<'a>(&self, input: &Tensor, weights: &[f32], bias: &'a [f32]) -> Ready<'a> {
        Ready { correlation: *self, packed: self.packed(self.path(input), weights), bias }
    }
}

impl Ready<'_> {
    /// Rows `rows` of the correlation with an image of shape `from`: the bits of [`Correlation::forward`].
    pub(crate) fn rows(&self, desk: &mut Desk, (image, from): (&[f32], Shape), rows: Range<usize>, output: &mut [f32]) {
        let Correlation { kernel, stride, padding, outputs, .. } = self.correlation;
        // The rows of the padded image that these reach.
        let reached = rows.start * stride..(rows.end - 1) * stride + kernel;
        desk.canvas.place_rows(image, from, Placement { border: padding, spacing: 1, slack: 0 }, reached);
        let slide = Slide { kernel, stride, packed: &self.packed, bias: self.bias };
        let columns = (from.width + 2 * padding - kernel) / stride + 1;
        let job = super::Job { canvas: &desk.canvas, slide: &slide, columns, outputs };
        match self.packed.path {
            Path::Dense => tile::slide(&job, output),
            Path::Events => events::slide(&job, &mut desk.events, output),
        }
    }
}
