//! Windows of pixels that become one, on a device.

use cudarc::driver::DeviceRepr;

use super::{Tensors, Values, counted, launch};
use crate::cuda::error::Error;
use crate::cuda::memory::Array;
use crate::cuda::over;

/// Squares of `side` pixels, `stride` apart, the first `padding` pixels outside of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Side of a square.
    pub side: usize,
    /// From one square to the next.
    pub stride: usize,
    /// Pixels outside of the image; less than `side`.
    pub padding: usize,
    /// Rows and columns of an input image.
    pub from: [usize; 2],
    /// Rows and columns of an output image.
    pub to: [usize; 2],
    /// Values of a pixel.
    pub channels: usize,
    /// Images.
    pub images: usize,
}

/// Where in their windows the largest values lie.
pub struct Places {
    memory: Array<u8>,
    n: usize,
}

/// `Windows` of `pool.cu`.
#[derive(Clone, Copy)]
#[repr(C)]
struct OnDevice {
    side: u32,
    stride: u32,
    padding: u32,
    height: u32,
    width: u32,
    rows: u32,
    columns: u32,
    channels: u32,
    inputs: u32,
    outputs: u32,
}

// SAFETY: `#[repr(C)]` numbers, field by field the struct that the kernels declare.
unsafe impl DeviceRepr for OnDevice {}

impl Windows {
    fn n_inputs(&self) -> usize {
        self.images * self.from[0] * self.from[1] * self.channels
    }

    fn n_outputs(&self) -> usize {
        self.images * self.to[0] * self.to[1] * self.channels
    }

    fn on_device(&self) -> OnDevice {
        let [side, stride, padding, channels] = [self.side, self.stride, self.padding, self.channels].map(|n| n as u32);
        let [height, width, rows, columns] = [self.from[0], self.from[1], self.to[0], self.to[1]].map(|n| n as u32);
        let [inputs, outputs] = [self.n_inputs(), self.n_outputs()].map(|n| n as u32);
        OnDevice { side, stride, padding, height, width, rows, columns, channels, inputs, outputs }
    }

    /// What each value of a mean counts.
    fn weight(&self) -> f32 {
        1.0 / (self.side * self.side) as f32
    }

    /// Squares side by side, as means have them.
    fn check_means(&self) {
        let fits = self.from.iter().zip(self.to).all(|(&from, to)| to * self.side <= from);
        assert!(self.stride == self.side && self.padding == 0 && fits, "{self:?}");
    }
}

impl Tensors {
    /// The mean of each window; these must lie side by side.
    pub fn mean(&self, windows: &Windows, input: &Values) -> Result<Values, Error> {
        windows.check_means();
        assert_eq!(input.n, windows.n_inputs(), "{windows:?}");
        let result = self.room(windows.n_outputs())?;
        let (shape, weight, x, output) = (windows.on_device(), windows.weight(), self.address(input), self.address(&result));
        launch!(self.mean, over(shape.outputs), shape, weight, x, output)?;
        Ok(result)
    }

    /// The way back of [`mean`](Self::mean).
    pub fn mean_back(&self, windows: &Windows, gradient: &Values) -> Result<Values, Error> {
        windows.check_means();
        assert_eq!(gradient.n, windows.n_outputs(), "{windows:?}");
        let result = self.room(windows.n_inputs())?;
        let (shape, weight, g, output) = (windows.on_device(), windows.weight(), self.address(gradient), self.address(&result));
        launch!(self.mean_back, over(shape.inputs), shape, weight, g, output)?;
        Ok(result)
    }

    /// The largest value of each window, and where it lies.
    pub fn largest(&self, windows: &Windows, input: &Values) -> Result<(Values, Places), Error> {
        assert!(input.n == windows.n_inputs() && windows.side <= 16 && windows.stride > 0, "{windows:?}");
        let n = counted(windows.n_outputs())?;
        let (result, found) = (self.room(n)?, Places { memory: Array::room(&self.device, n)?, n });
        let (shape, x, output, places) =
            (windows.on_device(), self.address(input), self.address(&result), found.memory.address(&self.device));
        launch!(self.largest, over(shape.outputs), shape, x, output, places)?;
        Ok((result, found))
    }

    /// The way back of [`largest`](Self::largest).
    pub fn largest_back(&self, windows: &Windows, gradient: &Values, found: &Places) -> Result<Values, Error> {
        assert_eq!((gradient.n, found.n), (windows.n_outputs(), windows.n_outputs()), "{windows:?}");
        let result = self.room(windows.n_inputs())?;
        let (shape, g, places, output) =
            (windows.on_device(), self.address(gradient), found.memory.address(&self.device), self.address(&result));
        launch!(self.largest_back, over(shape.inputs), shape, g, places, output)?;
        Ok(result)
    }
}
