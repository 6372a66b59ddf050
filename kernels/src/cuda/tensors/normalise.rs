//! Batch normalisation on a device: sums over all pixels of each channel, and what is linear in each value.

use super::{Tensors, Values, launch};
use crate::cuda::error::Error;
use crate::cuda::memory::Array;
use crate::cuda::over;
use crate::device::Address;

/// Pixels that a thread sums.
const TASK: usize = 1024;

impl Tensors {
    /// Room for two sums per channel of each [`TASK`], and how many pixels there are.
    fn totals(&self, values: &Values, channels: usize) -> Result<(Array<f64>, u32, u32), Error> {
        assert!(channels > 0 && values.n.is_multiple_of(channels), "{} values of {channels} channels", values.n);
        let pixels = values.n / channels;
        let places = pixels.div_ceil(TASK) * channels;
        Ok((Array::room(&self.device, 2 * places)?, pixels as u32, places as u32))
    }

    /// Waits for the device, and adds the sums of all tasks in their order.
    fn finish(&self, totals: &Array<f64>, places: u32, channels: usize) -> Result<Vec<[f64; 2]>, Error> {
        let mut parts = vec![0.0; 2 * places as usize];
        totals.read(&self.device, 0, &mut parts)?;
        let mut sums = vec![[0.0; 2]; channels];
        for task in parts.chunks_exact(2 * channels) {
            for (sum, part) in sums.iter_mut().zip(task.as_chunks::<2>().0) {
                sum[0] += part[0];
                sum[1] += part[1];
            }
        }
        Ok(sums)
    }

    /// Waits for the device: per channel, the sum of the distances from `around` and of their squares.
    pub fn moments(&self, input: &Values, around: &[f32]) -> Result<Vec<[f64; 2]>, Error> {
        let around = self.upload(around)?;
        let (totals, pixels, places) = self.totals(input, around.n)?;
        let channels = around.n as u32;
        let (input, center, total) = (self.address(input), self.address(&around), totals.address(&self.device));
        launch!(self.moments, over(places), input, center, pixels, channels, total)?;
        self.finish(&totals, places, around.n)
    }

    /// Waits for the device: per channel, the sum of the gradient and of its product with (input - mean) inverse.
    pub fn products(&self, gradient: &Values, input: &Values, [mean, inverse]: [&[f32]; 2]) -> Result<Vec<[f64; 2]>, Error> {
        assert_eq!((gradient.n, mean.len()), (input.n, inverse.len()), "as many of each");
        let (means, inverses) = (self.upload(mean)?, self.upload(inverse)?);
        let (totals, pixels, places) = self.totals(input, mean.len())?;
        let channels = mean.len() as u32;
        let [g, x, mean, inverse] = [gradient, input, &means, &inverses].map(|values| self.address(values));
        let total: Address = totals.address(&self.device);
        launch!(self.products, over(places), g, x, mean, inverse, pixels, channels, total)?;
        self.finish(&totals, places, means.n)
    }

    /// a x + b per channel.
    pub fn affine(&self, input: &Values, a: &[f32], b: &[f32]) -> Result<Values, Error> {
        assert!(a.len() == b.len() && input.n.is_multiple_of(a.len().max(1)), "factors per channel");
        let (a, b, result) = (self.upload(a)?, self.upload(b)?, self.room(input.n)?);
        let (n, channels) = (input.n as u32, a.n as u32);
        let [x, factor, summand, output] = [input, &a, &b, &result].map(|values| self.address(values));
        launch!(self.affine, over(n), x, factor, summand, n, channels, output)?;
        Ok(result)
    }

    /// a g + b x + c per channel, in place of the gradient g.
    pub fn combine(&self, gradient: &mut Values, input: &Values, factors: &[[f32; 3]]) -> Result<(), Error> {
        assert!(gradient.n == input.n && input.n.is_multiple_of(factors.len().max(1)), "factors per channel");
        let factors = self.upload(factors.as_flattened())?;
        let (n, channels) = (input.n as u32, (factors.n / 3) as u32);
        let [g, x, factor] = [gradient, input, &factors].map(|values| self.address(values));
        launch!(self.combine, over(n), g, x, factor, n, channels)
    }
}
