//! Correlations on a device; see `snn::correlate`, whose order of sums this is.

use cudarc::driver::{DeviceRepr, LaunchConfig};

use super::{Tensors, Values, launch};
use crate::cuda::error::Error;
use crate::cuda::memory::Array;
use crate::cuda::over;
use crate::device::{Address, THREADS};

/// A square kernel over images. Weights are `[input channel][kernel row][kernel column][output channel]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slide {
    /// Side of the kernel.
    pub kernel: usize,
    /// Pixels from one position of the kernel to the next.
    pub stride: usize,
    /// Pixels of zeros around the image; less than `kernel`.
    pub padding: usize,
    /// Input channels.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// Rows and columns of an input image.
    pub from: [usize; 2],
    /// Rows and columns of an output image.
    pub to: [usize; 2],
    /// Images.
    pub images: usize,
}

/// Sums of a block, along both of its sides.
const TILE: usize = 64;

/// Values of parts of a weight gradient that are kept at a time, if one part is not larger.
const PARTS: usize = 1 << 24;

/// Blocks of a grid, but along its first axis.
const GRID: usize = 65_535;

/// `Canvas` of `correlate.cu`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Canvas {
    values: Address,
    height: u32,
    width: u32,
    channels: u32,
    border: u32,
    spacing: u32,
    kernel: u32,
    stride: u32,
    columns: u32,
    positions: u32,
    all: u32,
}

// SAFETY: `#[repr(C)]` numbers, field by field the struct that the kernels declare.
unsafe impl DeviceRepr for Canvas {}

impl Slide {
    fn n_weights(&self) -> usize {
        self.inputs * self.kernel * self.kernel * self.outputs
    }

    fn n_inputs(&self) -> usize {
        self.images * self.from[0] * self.from[1] * self.inputs
    }

    fn n_outputs(&self) -> usize {
        self.images * self.to[0] * self.to[1] * self.outputs
    }

    /// The inputs on a canvas, under a kernel at all positions of the outputs.
    fn forward(&self, values: Address) -> Canvas {
        let [height, width, rows, columns] = [self.from[0], self.from[1], self.to[0], self.to[1]].map(|n| n as u32);
        let [kernel, stride, border, channels] = [self.kernel, self.stride, self.padding, self.inputs].map(|n| n as u32);
        let positions = rows * columns;
        let all = positions * self.images as u32;
        Canvas { values, height, width, channels, border, spacing: 1, kernel, stride, columns, positions, all }
    }

    /// The gradients of the outputs on a canvas, as far apart as the stride, under a kernel at all positions of the inputs.
    fn backward(&self, values: Address) -> Canvas {
        let [height, width, rows, columns] = [self.to[0], self.to[1], self.from[0], self.from[1]].map(|n| n as u32);
        let [kernel, spacing, channels] = [self.kernel, self.stride, self.outputs].map(|n| n as u32);
        let border = (self.kernel - 1 - self.padding) as u32;
        let positions = rows * columns;
        let all = positions * self.images as u32;
        Canvas { values, height, width, channels, border, spacing, kernel, stride: 1, columns, positions, all }
    }
}

/// Tiles over `rows` x `columns` sums, `deep` times.
fn tiles(rows: usize, columns: usize, deep: usize) -> LaunchConfig {
    let grid = [rows.div_ceil(TILE), columns.div_ceil(TILE), deep].map(|n| n.max(1) as u32);
    LaunchConfig { grid_dim: grid.into(), block_dim: (THREADS, 1, 1), shared_mem_bytes: 0 }
}

impl Tensors {
    /// The correlation of `input` with `weights`, plus `bias`.
    pub fn correlate(&self, slide: &Slide, input: &Values, weights: &Values, bias: Option<&Values>) -> Result<Values, Error> {
        assert_eq!((input.n, weights.n), (slide.n_inputs(), slide.n_weights()), "{slide:?}");
        assert!(bias.is_none_or(|bias| bias.n == slide.outputs), "a bias per output: {slide:?}");
        let result = self.room(slide.n_outputs())?;
        let (canvas, output) = (slide.forward(self.address(input)), self.address(&result));
        let (weights, bias, outputs) = (self.address(weights), bias.map_or(0, |bias| self.address(bias)), slide.outputs as u32);
        launch!(self.forward, tiles(canvas.all as usize, slide.outputs, 1), canvas, weights, bias, outputs, output)?;
        Ok(result)
    }

    /// The gradient with respect to the input.
    pub fn input_gradient(&self, slide: &Slide, gradient: &Values, weights: &Values) -> Result<Values, Error> {
        assert_eq!((gradient.n, weights.n), (slide.n_outputs(), slide.n_weights()), "{slide:?}");
        let result = self.room(slide.n_inputs())?;
        let (canvas, output) = (slide.backward(self.address(gradient)), self.address(&result));
        let (weights, inputs) = (self.address(weights), slide.inputs as u32);
        launch!(self.input_gradient, tiles(canvas.all as usize, slide.inputs, 1), canvas, weights, inputs, output)?;
        Ok(result)
    }

    /// The gradient with respect to the weights: the sum over groups of `group` images, each summed by itself.
    pub fn weight_gradient(&self, slide: &Slide, input: &Values, gradient: &Values, group: usize) -> Result<Values, Error> {
        assert_eq!((input.n, gradient.n), (slide.n_inputs(), slide.n_outputs()), "{slide:?}");
        assert!(group > 0, "groups of no images");
        let (n_weights, groups) = (slide.n_weights(), slide.images.div_ceil(group));
        let at_once = (PARTS / n_weights.max(1)).clamp(1, GRID).min(groups);
        let (sum, parts) = (self.zeros(n_weights)?, self.room(at_once * n_weights)?);
        let (canvas, gradients, outputs) = (slide.forward(self.address(input)), self.address(gradient), slide.outputs as u32);
        let (group, n, part, total) = (group as u32 * canvas.positions, n_weights as u32, self.address(&parts), self.address(&sum));
        for start in (0..groups).step_by(at_once) {
            let (here, first) = (at_once.min(groups - start), start as u32);
            let grid = tiles(n_weights / slide.outputs.max(1), slide.outputs, here);
            launch!(self.weight_gradient, grid, canvas, gradients, outputs, group, first, part)?;
            let here = here as u32;
            launch!(self.add_groups, over(n), part, n, here, total)?;
        }
        Ok(sum)
    }

    /// Waits for the device: the sum of each column of rows of `columns` values.
    pub fn column_sums(&self, gradient: &Values, columns: usize) -> Result<Vec<f64>, Error> {
        let positions = (gradient.n / columns.max(1)) as u32;
        let room = Array::<f64>::room(&self.device, columns)?;
        let (gradients, outputs, total) = (self.address(gradient), columns as u32, room.address(&self.device));
        launch!(self.add_positions, over(outputs), gradients, positions, outputs, total)?;
        let mut sums = vec![0.0; columns];
        room.read(&self.device, 0, &mut sums)?;
        Ok(sums)
    }
}
