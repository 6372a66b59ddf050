//! The path over events: only values that are not zero are visited, each with a whole row of weights or gradients.

use super::Job;
use super::canvas::{Columns, Group, Placement, Window};
use crate::chunk::{load, store};
use crate::tensor::Shape;
use kernels::dispatch;

/// The values of some images at one place, not all of them zero.
#[derive(Clone, Copy)]
struct Event<const N: usize> {
    /// Where it lies: in its row of the canvas, or on its sheet.
    at: u32,
    values: [f32; N],
}

/// The values of images, or of a channel, that are not zero.
#[derive(Default)]
pub(super) struct Events<const N: usize = 1> {
    list: Vec<Event<N>>,
    /// Events of pixel `p` of the canvas are `starts[p]..starts[p + 1]`; those of neighbours in a row follow each other.
    starts: Vec<usize>,
}

impl<const N: usize> Events<N> {
    /// Room for `n` events and the one that is written in vain after the last.
    fn room(&mut self, n: usize) -> &mut [Event<N>] {
        if self.list.len() <= n {
            self.list.resize(n + 1, Event { at: 0, values: [0.0; N] });
        }
        &mut self.list
    }
}

/// Finds the events in a window of images, pixel by pixel.
struct Find<'a, const N: usize> {
    events: &'a mut Events<N>,
    images: [&'a [f32]; N],
    window: &'a Window,
}

impl<const N: usize> Loop for Find<'_, N> {
    #[inline(always)]
    fn run(&mut self) {
        let (Shape { width, channels, .. }, Placement { border, spacing, .. }) = (self.window.shape, self.window.placement);
        let (rows, across) = (self.window.rows.len(), self.window.width());
        let mut starts = std::mem::take(&mut self.events.starts);
        let list = self.events.room(rows * width * channels);
        starts.clear();
        let mut n = 0;
        let mut lines = self.images.map(|image| self.window.lines(image));
        for row in 0..rows {
            let lines = lines.each_mut().map(|lines| lines.next().flatten().unwrap_or_default());
            for x in 0..lines[0].len() / channels {
                let place = border + x * spacing;
                starts.resize(row * across + place + 1, n);
                n = append(list, n, place * channels, lines.map(|line| &line[x * channels..][..channels]));
            }
        }
        starts.resize(rows * across + 1, n);
        self.events.starts = starts;
    }
}

/// Appends the places, counted from `first`, where values are not zero without a branch, which would be mispredicted at every other event.
#[inline(always)]
fn append<const N: usize>(events: &mut [Event<N>], mut n: usize, first: usize, values: [&[f32]; N]) -> usize {
    for i in 0..values[0].len() {
        let values = values.map(|values| values[i]);
        events[n] = Event { at: (first + i) as u32, values };
        n += usize::from(values.iter().fold(false, |any, &value| any | (value != 0.0)));
    }
    n
}

/// `N` images under a kernel whose weights are read once for all.
pub(super) fn slide<const N: usize>(job: &Job, events: &mut Events<N>, images: [&[f32]; N], outputs: [&mut [f32]; N]) {
    run(&mut Find { events, images, window: job.window });
    match job.slide.packed.lanes {
        128 => run(&mut Slide::<128, N> { job, events, outputs }),
        64 => run(&mut Slide::<64, N> { job, events, outputs }),
        32 => run(&mut Slide::<32, N> { job, events, outputs }),
        _ => run(&mut Slide::<16, N> { job, events, outputs }),
    }
}

/// Adds what a group of images gives to the gradient of a few input channels: `sum[channel][tap][output]`.
pub(super) fn weight_gradient(group: &Group, columns: &Columns, events: &mut Events, sum: &mut [f32]) {
    match group.sheets.lanes {
        128 => run(&mut Gradient::<128> { group, columns, events, sum }),
        64 => run(&mut Gradient::<64> { group, columns, events, sum }),
        32 => run(&mut Gradient::<32> { group, columns, events, sum }),
        _ => run(&mut Gradient::<16> { group, columns, events, sum }),
    }
}

/// A loop that is compiled for every instruction set.
trait Loop {
    fn run(&mut self);
}

dispatch! { fn run<L: Loop>(one: &mut L) = run_body }

#[inline(always)]
fn run_body<L: Loop>(one: &mut L) {
    one.run();
}

/// Bytes of weights that stay in the second-level cache while pixel after pixel reads them, beside all else.
const NEAR: usize = 400 << 10;

/// Outputs side by side, `V` at a time.
struct Slide<'a, const V: usize, const N: usize> {
    job: &'a Job<'a>,
    events: &'a Events<N>,
    outputs: [&'a mut [f32]; N],
}

impl<const V: usize, const N: usize> Loop for Slide<'_, V, N> {
    #[inline(always)]
    fn run(&mut self) {
        let (job, kernel, row) = (self.job, self.job.slide.kernel, self.job.slide.kernel * self.job.window.shape.channels);
        // Rows of the kernel that are taken together: all, or where that is far too much, one after the other over all pixels. The order of each
        // sum is the same.
        let together = if size_of::<[f32; V]>() * kernel * row <= NEAR { kernel } else { 1 };
        let weights = job.slide.packed.values.as_chunks::<V>().0;
        for (block, weights) in weights.chunks_exact(kernel * row).enumerate() {
            let here = block * V..job.outputs.min((block + 1) * V);
            let bias = load(job.slide.bias.get(here.clone()).unwrap_or_default());
            for (first, weights) in (0..kernel).step_by(together).zip(weights.chunks(together * row)) {
                for pixel in 0..self.outputs[0].len() / job.outputs {
                    let at = pixel * job.outputs + here.start..pixel * job.outputs + here.end;
                    let mut sums = [bias; N];
                    if first > 0 {
                        sums.iter_mut().zip(&self.outputs).for_each(|(sums, output)| *sums = load(&output[at.clone()]));
                    }
                    for (dy, weights) in weights.chunks_exact(row).enumerate() {
                        let (events, left) = self.under(job.corner(pixel) + (first + dy) * job.window.width());
                        sums = if job.slide.packed.way.spikes {
                            add_spikes(events, left, weights, sums)
                        } else {
                            add_events(events, left, weights, sums)
                        };
                    }
                    sums.iter().zip(&mut self.outputs).for_each(|(sums, output)| store(sums, &mut output[at.clone()]));
                }
            }
        }
    }
}

impl<const V: usize, const N: usize> Slide<'_, V, N> {
    /// The events under a row of the kernel that begins at pixel `corner` of the canvas, and where in a row of the canvas that is.
    #[inline(always)]
    fn under(&self, corner: usize) -> (&[Event<N>], usize) {
        let Events { list, starts } = self.events;
        let left = corner % self.job.window.width() * self.job.window.shape.channels;
        (&list[starts[corner]..starts[corner + self.job.slide.kernel]], left)
    }
}

/// `sums` and what the events under a row of the kernel give, which begins at `left`.
#[inline(always)]
#[allow(clippy::needless_range_loop)] // as in `add_products`
fn add_events<const V: usize, const N: usize>(
    events: &[Event<N>],
    left: usize,
    weights: &[[f32; V]],
    mut sums: [[f32; V]; N],
) -> [[f32; V]; N] {
    for event in events {
        let weights = &weights[event.at as usize - left];
        for lane in 0..V {
            for n in 0..N {
                sums[n][lane] += event.values[n] * weights[lane];
            }
        }
    }
    sums
}

/// [`add_events`] where every value is 0 or 1, so that products are exact and may be fused with their addition: the sums have the same bits. Half of
/// the additions are fused and half take masked weights, for these are different units of the processor. For AVX-512, which has fused operations; elsewhere
/// they would be emulated.
#[inline(always)]
#[allow(clippy::needless_range_loop, clippy::disallowed_methods)]
fn add_spikes<const V: usize, const N: usize>(
    events: &[Event<N>],
    left: usize,
    weights: &[[f32; V]],
    mut sums: [[f32; V]; N],
) -> [[f32; V]; N] {
    for event in events {
        let weights = &weights[event.at as usize - left];
        let masks = event.values.map(|value| ((value.to_bits() << 8) as i32 >> 31) as u32); // of 1 the last bit of the exponent is set
        for lane in 0..V {
            for n in 0..N {
                sums[n][lane] = if n % 2 == 0 {
                    event.values[n].mul_add(weights[lane], sums[n][lane])
                } else {
                    sums[n][lane] + f32::from_bits(weights[lane].to_bits() & masks[n])
                };
            }
        }
    }
    sums
}

/// The gradient of the weights, `V` outputs at a time.
struct Gradient<'a, const V: usize> {
    group: &'a Group<'a>,
    columns: &'a Columns,
    events: &'a mut Events,
    sum: &'a mut [f32],
}

impl<const V: usize> Loop for Gradient<'_, V> {
    #[inline(always)]
    fn run(&mut self) {
        let (&Group { sheets, kernel, outputs, shape, .. }, columns) = (self.group, self.columns);
        let gradients = sheets.values.as_chunks::<V>().0;
        let events = self.events.room(columns.planes[0].len());
        for (plane, sum) in columns.planes.iter().zip(self.sum.chunks_exact_mut(kernel * kernel * outputs)) {
            let rows = plane.chunks_exact(shape.width).zip(&columns.starts);
            let n = rows.fold(0, |n, (row, &start)| append(events, n, start, [row]));
            for (block, gradients) in gradients.chunks_exact(sheets.n_images * sheets.pixels).enumerate() {
                let here = V.min(outputs - block * V);
                for (tap, sum) in sum.chunks_exact_mut(outputs).enumerate() {
                    let shift = (kernel - 1 - tap / kernel) * sheets.width + kernel - 1 - tap % kernel;
                    let mut sums = [0.0; V];
                    for event in &events[..n] {
                        for (s, g) in sums.iter_mut().zip(&gradients[event.at as usize + shift]) {
                            *s += event.values[0] * g;
                        }
                    }
                    for (total, s) in sum[block * V..][..here].iter_mut().zip(&sums) {
                        *total += s;
                    }
                }
            }
        }
    }
}
