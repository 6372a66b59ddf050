//! Values over time: a batch of images for every step, channels innermost.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex};

use rayon::prelude::*;

use kernels::dispatch;
use kernels::lines::Lines;

/// The five axes of every tensor, outermost first. A vector of features is an image of one pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Time steps.
    pub steps: usize,
    /// Samples that are computed together.
    pub batch: usize,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// Values per pixel.
    pub channels: usize,
}

impl Shape {
    /// A batch of images over time.
    pub fn new(steps: usize, batch: usize, [height, width, channels]: [usize; 3]) -> Self {
        Shape { steps, batch, height, width, channels }
    }

    /// What a sample has in one step: height, width, channels.
    pub fn image(&self) -> [usize; 3] {
        [self.height, self.width, self.channels]
    }

    /// Images of all steps and samples.
    pub fn n_images(&self) -> usize {
        self.steps * self.batch
    }

    /// Values of one sample in one step.
    pub fn n_features(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Values of all samples in one step: the distance between a value and itself one step later.
    pub fn per_step(&self) -> usize {
        self.batch * self.n_features()
    }

    /// All values.
    pub fn len(&self) -> usize {
        self.steps * self.per_step()
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { steps, batch, height, width, channels } = self;
        write!(f, "{steps} steps x {batch} samples x {height} x {width} x {channels}")
    }
}

/// Memory of dropped tensors by length. A training step makes the same tensors every time; taking them from the system each
/// time costs a page fault per 4 KiB, which for small networks is a third of the step.
static SHELF: LazyLock<Mutex<HashMap<usize, Vec<Lines<f32>>>>> = LazyLock::new(Mutex::default);

/// Gives the memory of dropped tensors back to the system, for use between phases whose shapes differ.
pub fn release_memory() {
    SHELF.lock().expect("no panic while the shelf is held").clear();
}

/// How many values a tensor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) all: usize,
    /// Those that are not zero.
    pub(crate) events: usize,
    /// Those that are one.
    pub(crate) ones: usize,
}

impl Census {
    /// The fraction of values that are not zero.
    pub(crate) fn density(self) -> f64 {
        self.events as f64 / self.all.max(1) as f64
    }
}

/// Values of a [`Shape`], in the order of its axes.
pub struct Tensor {
    shape: Shape,
    values: Lines<f32>,
}

impl Tensor {
    /// All zero.
    pub fn zeros(shape: Shape) -> Self {
        let mut tensor = Tensor::unspecified(shape);
        tensor.values.fill(0.0);
        tensor
    }

    /// Values that whoever asks will overwrite, every one.
    pub(crate) fn unspecified(shape: Shape) -> Self {
        let shelved = SHELF.lock().expect("no panic while the shelf is held").get_mut(&shape.len()).and_then(Vec::pop);
        Tensor { shape, values: shelved.unwrap_or_else(|| Lines::zeros(shape.len())) }
    }

    /// Takes `values`, which must be as many as `shape` has.
    pub fn new(shape: Shape, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), shape.len(), "values for {shape}");
        Tensor { shape, values: values.into() }
    }

    /// Value `i` is `f(i)`.
    pub fn from_fn(shape: Shape, mut f: impl FnMut(usize) -> f32) -> Self {
        let mut tensor = Tensor::unspecified(shape);
        tensor.values.iter_mut().enumerate().for_each(|(i, value)| *value = f(i));
        tensor
    }

    /// The axes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// All values in order.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All values in order.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The sum with a tensor of the same shape, value by value.
    pub(crate) fn plus(mut self, other: &Tensor) -> Tensor {
        self.values.iter_mut().zip(&*other.values).for_each(|(sum, x)| *sum += x);
        self
    }

    /// The values of one step.
    pub fn step(&self, step: usize) -> &[f32] {
        let n = self.shape.per_step();
        &self.values[step * n..(step + 1) * n]
    }

    /// A tensor of one step that holds step `step` of this one.
    pub fn frame(&self, step: usize) -> Tensor {
        let mut frame = Tensor::unspecified(Shape { steps: 1, ..self.shape });
        frame.values.copy_from_slice(self.step(step));
        frame
    }

    /// The same values under other axes.
    pub fn reshaped(mut self, shape: Shape) -> Self {
        assert_eq!(shape.len(), self.shape.len(), "{} as {shape}", self.shape);
        self.shape = shape;
        self
    }

    /// The fraction of values that are not zero.
    pub fn density(&self) -> f64 {
        self.census().density()
    }

    /// How many values are of a kind.
    pub(crate) fn census(&self) -> Census {
        let counts = self.values.par_chunks(1 << 14).map(|part| {
            let (mut events, mut ones) = (0, 0);
            count(part, &mut events, &mut ones);
            [events as usize, ones as usize]
        });
        let [events, ones] = counts.reduce(|| [0, 0], |a, b| [a[0] + b[0], a[1] + b[1]]);
        Census { all: self.shape.len(), events, ones }
    }

    /// The first step that holds a value which is not a number or infinite.
    pub fn first_non_finite_step(&self) -> Option<usize> {
        (0..self.shape.steps).find(|&step| self.step(step).iter().any(|x| !x.is_finite()))
    }
}

dispatch! {
    /// Adds how many values are not zero, and how many are one.
    fn count(values: &[f32], events: &mut u32, ones: &mut u32) = count_body
}

#[inline(always)]
fn count_body(values: &[f32], events: &mut u32, ones: &mut u32) {
    for &x in values {
        *events += u32::from(x != 0.0);
        *ones += u32::from(x == 1.0);
    }
}

impl Clone for Tensor {
    fn clone(&self) -> Self {
        let mut copy = Tensor::unspecified(self.shape);
        copy.values.copy_from_slice(&self.values);
        copy
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.values);
        // Small ones are cheap to allocate, those of others need not begin with a cache line, and a poisoned lock must not turn one panic into an abort.
        if values.len() >= 1 << 14
            && values.is_aligned()
            && let Ok(mut shelf) = SHELF.lock()
        {
            shelf.entry(values.len()).or_default().push(values);
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({}, {:?}...)", self.shape, &self.values[..self.values.len().min(8)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_the_values_of_its_step() {
        let tensor = Tensor::from_fn(Shape::new(3, 2, [1, 2, 2]), |i| i as f32);
        assert_eq!(tensor.frame(1).values(), [8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0]);
        assert_eq!(tensor.frame(1).shape().steps, 1);
    }

    #[test]
    fn density_counts_values_that_are_not_zero() {
        let tensor = Tensor::from_fn(Shape::new(2, 1, [1, 1, 4]), |i| if i % 4 == 0 { -1.5 } else { 0.0 });
        assert_eq!(tensor.density(), 0.25);
        assert_eq!(
            Tensor::new(tensor.shape(), vec![0.0, 1.0, 2.0, -1.0, 1.0, 0.0, 0.0, 0.0]).census(),
            Census { all: 8, events: 4, ones: 2 }
        );
    }

    #[test]
    fn zeros_are_zero_even_when_their_memory_was_used_before() {
        let shape = Shape::new(4, 4, [32, 32, 1]);
        drop(Tensor::new(shape, vec![7.0; shape.len()]));
        assert!(Tensor::zeros(shape).values().iter().all(|&x| x == 0.0));
    }
}
