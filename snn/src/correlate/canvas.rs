//! Images laid out so that the loops over a kernel never meet an edge.

use std::ops::Range;

use rayon::prelude::*;

use super::{LANES, ROWS};
use crate::chunk::{load, store};
use crate::tensor::Shape;
use kernels::lines::Lines;

/// Where the pixels of an image lie on a larger canvas of zeros.
#[derive(Clone, Copy)]
pub(super) struct Placement {
    /// Zeros on every side.
    pub(super) border: usize,
    /// From one pixel to the next.
    pub(super) spacing: usize,
    /// More zeros at the bottom and at the right.
    pub(super) slack: usize,
}

impl Placement {
    /// Height and width of the canvas for images of `shape`.
    fn size(&self, shape: Shape) -> [usize; 2] {
        [shape.height, shape.width].map(|n| 2 * self.border + (n - 1) * self.spacing + 1 + self.slack)
    }
}

/// Some rows of the canvas of images.
pub(super) struct Window {
    /// Of the images.
    pub(super) shape: Shape,
    pub(super) placement: Placement,
    pub(super) rows: Range<usize>,
}

impl Window {
    pub(super) fn whole(shape: Shape, placement: Placement) -> Self {
        Window { shape, placement, rows: 0..placement.size(shape)[0] }
    }

    /// Pixels of a row.
    pub(super) fn width(&self) -> usize {
        self.placement.size(self.shape)[1]
    }

    /// The pixels of `image` that lie in each row, if any do.
    pub(super) fn lines<'a>(&self, image: &'a [f32]) -> impl Iterator<Item = Option<&'a [f32]>> {
        let (Placement { border, spacing, .. }, height) = (self.placement, self.shape.height);
        let len = self.shape.width * self.shape.channels;
        self.rows.clone().map(move |row| {
            let y = row.checked_sub(border)?;
            (y % spacing == 0 && y / spacing < height).then(|| &image[y / spacing * len..][..len])
        })
    }
}

/// One image with zeros around it.
#[derive(Default)]
pub(super) struct Canvas {
    /// Pixels of a row.
    pub(super) width: usize,
    /// Values of a pixel.
    pub(super) channels: usize,
    /// `[row][column][channel]`.
    pub(super) values: Vec<f32>,
}

impl Canvas {
    pub(super) fn place(&mut self, image: &[f32], window: &Window) {
        (self.width, self.channels) = (window.width(), window.shape.channels);
        let (row, Placement { border, spacing, .. }) = (self.width * self.channels, window.placement);
        self.values.clear();
        self.values.resize(window.rows.len() * row, 0.0);
        for (values, line) in self.values.chunks_exact_mut(row).zip(window.lines(image)) {
            let (values, line) = (&mut values[border * self.channels..], line.unwrap_or_default());
            if spacing == 1 {
                values[..line.len()].copy_from_slice(line);
                continue;
            }
            for (x, pixel) in line.chunks_exact(self.channels).enumerate() {
                values[x * spacing * self.channels..][..pixel.len()].copy_from_slice(pixel);
            }
        }
    }
}

/// The gradients of a group of images, placed on canvases and cut into blocks of output channels:
/// `[block][image][row][column][lane]`.
pub(super) struct Sheets {
    pub(super) lanes: usize,
    placement: Placement,
    shape: Shape,
    /// Pixels of a row of the canvas.
    pub(super) width: usize,
    /// Pixels of a canvas.
    pub(super) pixels: usize,
    /// Images on every sheet.
    pub(super) n_images: usize,
    pub(super) values: Lines<f32>,
}

impl Sheets {
    pub(super) fn new(lanes: usize, placement: Placement, shape: Shape) -> Self {
        let [height, width] = placement.size(shape);
        Sheets { lanes, placement, shape, width, pixels: height * width, n_images: 0, values: Lines::default() }
    }

    /// Takes another group of gradients.
    pub(super) fn fill(&mut self, gradients: &[f32]) {
        let Sheets { lanes, placement, shape, width, pixels, .. } = *self;
        let n_images = gradients.len() / shape.n_features();
        let len = shape.channels.div_ceil(lanes) * n_images * pixels * lanes;
        // Zeros between and around the pixels stay what they are as long as the group has the same size.
        if self.n_images != n_images {
            self.values = Lines::zeros(len);
            self.n_images = n_images;
        }
        self.values.par_chunks_mut(pixels * lanes).enumerate().for_each(|(sheet, values)| {
            let (block, image) = (sheet / n_images, sheet % n_images);
            let here = lanes.min(shape.channels - block * lanes);
            let image = &gradients[image * shape.n_features()..][..shape.n_features()];
            for (p, pixel) in image.chunks_exact(shape.channels).enumerate() {
                let y = placement.border + p / shape.width * placement.spacing;
                let x = placement.border + p % shape.width * placement.spacing;
                let (to, from) = (&mut values[(y * width + x) * lanes..][..here], &pixel[block * lanes..][..here]);
                // The usual length, without a call.
                if here == LANES { store::<LANES>(&load(from), to) } else { to.copy_from_slice(from) }
            }
        });
    }
}

/// Images whose part of the weight gradient is summed in one go.
pub(super) struct Group<'a> {
    pub(super) images: &'a [f32],
    pub(super) shape: Shape,
    pub(super) kernel: usize,
    pub(super) outputs: usize,
    pub(super) sheets: &'a Sheets,
}

/// A few input channels of all pixels of a group, each by itself; zeros for channels that do not exist.
#[derive(Default)]
pub(super) struct Columns {
    /// `[channel][image, row, column]`.
    pub(super) planes: [Vec<f32>; ROWS],
    /// How many of the channels exist.
    pub(super) n: usize,
    /// Where on the sheets each row of pixels begins.
    pub(super) starts: Vec<usize>,
}

impl Columns {
    pub(super) fn gather(&mut self, group: &Group, first: usize) {
        let Shape { height, width, channels, .. } = group.shape;
        let n_pixels = group.images.len() / channels;
        self.n = ROWS.min(channels - first);
        for plane in &mut self.planes {
            plane.clear();
            plane.resize(n_pixels, 0.0);
        }
        for (p, pixel) in group.images.chunks_exact(channels).enumerate() {
            for (plane, &x) in self.planes.iter_mut().zip(&pixel[first..first + self.n]) {
                plane[p] = x;
            }
        }
        let start = |row: usize| row / height * group.sheets.pixels + row % height * group.sheets.width;
        self.starts.clear();
        self.starts.extend((0..n_pixels / width).map(start));
    }
}
