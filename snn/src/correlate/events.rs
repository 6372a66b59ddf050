//! The path over events: only values that are not zero are visited, each with a whole row of weights or gradients.

use super::Job;
use super::canvas::{Canvas, Columns, Group};
use kernels::dispatch;

/// A value that is not zero.
#[derive(Clone, Copy, Default)]
struct Event {
    /// Where it lies: in its row of the canvas, or on its sheet.
    at: u32,
    value: f32,
}

impl Job<'_> {
    /// Where the kernel over output `pixel` begins on the canvas.
    pub(super) fn start(&self, pixel: usize) -> usize {
        let (y, x) = (pixel / self.columns, pixel % self.columns);
        (y * self.canvas.width + x) * self.slide.stride * self.canvas.channels
    }
}

/// The values of an image, or of a channel, that are not zero.
#[derive(Default)]
pub(super) struct Events {
    list: Vec<Event>,
    /// Events of pixel `p` are `starts[p]..starts[p + 1]`; those of neighbours in a row follow each other.
    starts: Vec<usize>,
}

impl Events {
    /// Room for `n` events and the one that is written in vain after the last.
    fn room(&mut self, n: usize) -> &mut [Event] {
        if self.list.len() <= n {
            self.list.resize(n + 1, Event::default());
        }
        &mut self.list
    }
}

dispatch! {
    /// Finds the events of a canvas, pixel by pixel.
    fn find(events: &mut Events, canvas: &Canvas) = find_body
}

#[inline(always)]
fn find_body(events: &mut Events, canvas: &Canvas) {
    let mut starts = std::mem::take(&mut events.starts);
    let list = events.room(canvas.values.len());
    starts.clear();
    starts.push(0);
    let mut n = 0;
    for (p, pixel) in canvas.values.chunks_exact(canvas.channels).enumerate() {
        let first = p % canvas.width * canvas.channels;
        n = append(list, n, pixel.iter().enumerate().map(|(c, &x)| (first + c, x)));
        starts.push(n);
    }
    events.starts = starts;
}

/// Appends the values that are not zero without a branch, which would be mispredicted at every other event.
#[inline(always)]
fn append(events: &mut [Event], mut n: usize, values: impl Iterator<Item = (usize, f32)>) -> usize {
    for (at, value) in values {
        events[n] = Event { at: at as u32, value };
        n += usize::from(value != 0.0);
    }
    n
}

/// One image under a sliding kernel.
pub(super) fn slide(job: &Job, events: &mut Events, output: &mut [f32]) {
    find(events, job.canvas);
    match job.slide.packed.lanes {
        128 => slide128(job, events, output),
        64 => slide64(job, events, output),
        32 => slide32(job, events, output),
        _ => slide16(job, events, output),
    }
}

/// Adds what a group of images gives to the gradient of a few input channels: `sum[channel][tap][output]`.
pub(super) fn weight_gradient(group: &Group, columns: &Columns, events: &mut Events, sum: &mut [f32]) {
    match group.sheets.lanes {
        128 => gradient128(group, columns, events, sum),
        64 => gradient64(group, columns, events, sum),
        32 => gradient32(group, columns, events, sum),
        _ => gradient16(group, columns, events, sum),
    }
}

/// The two loops for one number of lanes, for every instruction set.
macro_rules! for_lanes {
    ($lanes:literal, $slide:ident, $slide_body:ident, $gradient:ident, $gradient_body:ident) => {
        dispatch! { fn $slide(job: &Job, events: &Events, output: &mut [f32]) = $slide_body }
        #[inline(always)]
        fn $slide_body(job: &Job, events: &Events, output: &mut [f32]) {
            slide_lanes::<$lanes>(job, events, output)
        }
        dispatch! { fn $gradient(group: &Group, columns: &Columns, events: &mut Events, sum: &mut [f32]) = $gradient_body }
        #[inline(always)]
        fn $gradient_body(group: &Group, columns: &Columns, events: &mut Events, sum: &mut [f32]) {
            gradient_lanes::<$lanes>(group, columns, events, sum)
        }
    };
}

for_lanes!(16, slide16, slide16_body, gradient16, gradient16_body);
for_lanes!(32, slide32, slide32_body, gradient32, gradient32_body);
for_lanes!(64, slide64, slide64_body, gradient64, gradient64_body);
for_lanes!(128, slide128, slide128_body, gradient128, gradient128_body);

/// Bytes of weights that stay in the second-level cache while pixel after pixel reads them, beside all else.
const NEAR: usize = 400 << 10;

#[inline(always)]
fn slide_lanes<const V: usize>(job: &Job, events: &Events, output: &mut [f32]) {
    let (canvas, kernel) = (job.canvas, job.slide.kernel);
    let row = kernel * canvas.channels;
    // Rows of the kernel that are taken together: all, or where that is far too much, one after the other over all pixels. The order of each
    // sum is the same.
    let together = if size_of::<[f32; V]>() * kernel * row <= NEAR { kernel } else { 1 };
    let weights = job.slide.packed.values.as_chunks::<V>().0;
    for (block, weights) in weights.chunks_exact(kernel * row).enumerate() {
        let here = V.min(job.outputs - block * V);
        let mut bias = [0.0; V];
        if let Some(values) = job.slide.bias.get(block * V..block * V + here) {
            bias[..here].copy_from_slice(values);
        }
        for (first, weights) in (0..kernel).step_by(together).zip(weights.chunks(together * row)) {
            for (pixel, output) in output.chunks_exact_mut(job.outputs).enumerate() {
                let output = &mut output[block * V..][..here];
                let mut sums = bias;
                if first > 0 {
                    sums[..here].copy_from_slice(output);
                }
                let corner = job.start(pixel) / canvas.channels + first * canvas.width;
                let sums = add_events(job, events, corner, weights, sums);
                output.copy_from_slice(&sums[..here]);
            }
        }
    }
}

/// `sums` and what the events under some rows of the kernel give, which begin at pixel `corner` of the canvas.
#[inline(always)]
fn add_events<const V: usize>(job: &Job, events: &Events, corner: usize, weights: &[[f32; V]], mut sums: [f32; V]) -> [f32; V] {
    let (canvas, kernel) = (job.canvas, job.slide.kernel);
    let Events { list, starts } = events;
    let left = corner % canvas.width * canvas.channels;
    for (dy, weights) in weights.chunks_exact(kernel * canvas.channels).enumerate() {
        let first = corner + dy * canvas.width;
        for event in &list[starts[first]..starts[first + kernel]] {
            for (s, w) in sums.iter_mut().zip(&weights[event.at as usize - left]) {
                *s += event.value * w;
            }
        }
    }
    sums
}

#[inline(always)]
fn gradient_lanes<const V: usize>(group: &Group, columns: &Columns, events: &mut Events, sum: &mut [f32]) {
    let (sheets, kernel, outputs) = (group.sheets, group.kernel, group.outputs);
    let gradients = sheets.values.as_chunks::<V>().0;
    let events = events.room(columns.planes[0].len());
    for (plane, sum) in columns.planes.iter().zip(sum.chunks_exact_mut(kernel * kernel * outputs)) {
        let rows = plane.chunks_exact(group.shape.width).zip(&columns.starts);
        let n = rows.fold(0, |n, (row, &start)| append(events, n, row.iter().enumerate().map(|(x, &value)| (start + x, value))));
        for (block, gradients) in gradients.chunks_exact(sheets.n_images * sheets.pixels).enumerate() {
            let here = V.min(outputs - block * V);
            for (tap, sum) in sum.chunks_exact_mut(outputs).enumerate() {
                let shift = (kernel - 1 - tap / kernel) * sheets.width + kernel - 1 - tap % kernel;
                let mut sums = [0.0; V];
                for event in &events[..n] {
                    for (s, g) in sums.iter_mut().zip(&gradients[event.at as usize + shift]) {
                        *s += event.value * g;
                    }
                }
                for (total, s) in sum[block * V..][..here].iter_mut().zip(&sums) {
                    *total += s;
                }
            }
        }
    }
}
