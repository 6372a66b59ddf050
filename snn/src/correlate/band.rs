//! A kernel over one image at a time, and over some rows of what comes out at a time.

use std::ops::Range;

use super::canvas::{Canvas, Placement, Window};
use super::events::Events;
use super::{Correlation, Packed, Slide};
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
    pub(super) canvas: Canvas,
    pub(super) events: Events<1>,
    pub(super) pairs: Events<2>,
    pub(super) fours: Events<4>,
}

impl Correlation {
    /// Gets ready to slide over the images of `input`, by the way that is fastest for its values.
    pub(crate) fn ready<'a>(&self, input: &Tensor, weights: &[f32], bias: &'a [f32]) -> Ready<'a> {
        Ready { correlation: *self, packed: self.packed(self.way(input), weights), bias }
    }
}

impl Ready<'_> {
    /// Images of a sample, in steps that follow each other, that are best given together.
    pub(crate) fn at_once(&self) -> usize {
        self.packed.way.at_once
    }

    /// Rows `rows` of the correlation with images of shape `from`, no more than are taken at once: the bits of [`Correlation::forward`].
    pub(crate) fn rows(&self, desk: &mut Desk, (images, from): (&[&[f32]], Shape), rows: Range<usize>, outputs: &mut [&mut [f32]]) {
        let Correlation { kernel, stride, padding, .. } = self.correlation;
        // The rows of the padded image that these reach.
        let reached = rows.start * stride..(rows.end - 1) * stride + kernel;
        let window = Window { shape: from, placement: Placement { border: padding, spacing: 1, slack: 0 }, rows: reached };
        let columns = (from.width + 2 * padding - kernel) / stride + 1;
        Slide { kernel, stride, packed: &self.packed, bias: self.bias, columns }.slide(desk, &window, images, outputs);
    }
}
