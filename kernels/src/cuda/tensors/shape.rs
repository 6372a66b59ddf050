//! What moves, scales or counts values on a device.

use cudarc::driver::DeviceRepr;

use super::{Tensors, Values, launch};
use crate::cuda::error::Error;
use crate::cuda::memory::Array;
use crate::cuda::{blocks, over};
use crate::random::Stream;

/// What values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many are not zero.
    pub something: u64,
    /// How many are neither zero nor one.
    pub other: u64,
}

/// The key of a stream.
#[derive(Clone, Copy)]
#[repr(C)]
struct Key([u32; 2]);

// SAFETY: `#[repr(C)]` numbers, field by field the struct that the kernels declare.
unsafe impl DeviceRepr for Key {}

impl Tensors {
    /// The same values in each of `steps` steps.
    pub fn repeat(&self, input: &Values, steps: usize) -> Result<Values, Error> {
        let result = self.room(input.n * steps)?;
        let (n, steps) = (input.n as u32, steps as u32);
        let [x, output] = [input, &result].map(|values| self.address(values));
        launch!(self.repeat, over(n), x, n, steps, output)?;
        Ok(result)
    }

    /// The sum over `steps` steps.
    pub fn add_steps(&self, gradient: &Values, steps: usize) -> Result<Values, Error> {
        assert!(steps > 0 && gradient.n.is_multiple_of(steps), "{} values in {steps} steps", gradient.n);
        let result = self.room(gradient.n / steps)?;
        let (n, steps) = (result.n as u32, steps as u32);
        let [g, sum] = [gradient, &result].map(|values| self.address(values));
        launch!(self.add_steps, over(n), g, n, steps, sum)?;
        Ok(result)
    }

    /// The mean of every `voters` neighbours.
    pub fn vote(&self, input: &Values, voters: usize) -> Result<Values, Error> {
        assert!(voters > 0 && input.n.is_multiple_of(voters), "{} votes of {voters} voters", input.n);
        let result = self.room(input.n / voters)?;
        let (n, voters) = (result.n as u32, voters as u32);
        let [x, output] = [input, &result].map(|values| self.address(values));
        launch!(self.vote, over(n), x, n, voters, output)?;
        Ok(result)
    }

    /// The way back of [`vote`](Self::vote).
    pub fn vote_back(&self, gradient: &Values, voters: usize) -> Result<Values, Error> {
        let result = self.room(gradient.n * voters)?;
        let (n, voters) = (result.n as u32, voters as u32);
        let [g, output] = [gradient, &result].map(|values| self.address(values));
        launch!(self.vote_back, over(n), g, n, voters, output)?;
        Ok(result)
    }

    /// Multiplies values by 0 where the word of a feature in a sample's sequence is below `bound`, else by `scale`; the same in every step.
    pub fn dropout(
        &self,
        values: &mut Values,
        stream: Stream,
        [steps, features]: [usize; 2],
        (bound, scale): (u32, f32),
    ) -> Result<(), Error> {
        assert!(steps > 0 && features > 0 && values.n.is_multiple_of(steps * features), "{features} features in {steps} steps");
        let (n, features, steps) = ((values.n / steps) as u32, features as u32, steps as u32);
        let (key, x) = (Key(stream.philox_key()), self.address(values));
        launch!(self.dropout, over(n), x, key, n, features, steps, bound, scale)
    }

    /// Waits for the device: what the values are.
    pub fn count(&self, values: &Values) -> Result<Count, Error> {
        let memory = Array::<u64>::zeros(&self.device, 2)?;
        let (x, n, counts) = (self.address(values), values.n as u32, memory.address(&self.device));
        let most = 8 * self.device.multiprocessors()?;
        launch!(self.count, blocks(n.div_ceil(crate::device::THREADS).min(most)), x, n, counts)?;
        let mut found = [0; 2];
        memory.read(&self.device, 0, &mut found)?;
        Ok(Count { something: found[0], other: found[1] })
    }
}
