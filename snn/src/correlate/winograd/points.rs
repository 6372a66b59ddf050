//! Lines and squares of pixels, of kernels and of results, and their values at the points where they are multiplied.

// Loops instead of `array::from_fn` and `map` throughout: closures over arrays of vectors are called, not inlined.
#![allow(clippy::needless_range_loop)]

use super::super::LANES;
use super::super::canvas::Canvas;
pub(super) use super::super::product::Vector;
use crate::chunk::load;

/// Points of a square.
pub(super) const POINTS: usize = 16;

#[inline(always)]
fn add(a: &Vector, b: &Vector) -> Vector {
    let mut sum = *a;
    for i in 0..LANES {
        sum[i] += b[i];
    }
    sum
}

#[inline(always)]
fn sub(a: &Vector, b: &Vector) -> Vector {
    let mut difference = *a;
    for i in 0..LANES {
        difference[i] -= b[i];
    }
    difference
}

#[inline(always)]
fn half(a: &Vector) -> Vector {
    let mut half = *a;
    for value in &mut half {
        *value *= 0.5;
    }
    half
}

/// Does along rows and then along columns what `line` does to a line.
#[inline(always)]
pub(super) fn both_ways<const N: usize, const M: usize>(
    square: &[[Vector; N]; N],
    line: impl Fn(&[Vector; N]) -> [Vector; M],
) -> [[Vector; M]; M] {
    let mut rows = [[[0.0; LANES]; N]; M];
    for y in 0..N {
        let points = line(&square[y]);
        for x in 0..M {
            rows[x][y] = points[x];
        }
    }
    let mut result = [[[0.0; LANES]; M]; M];
    for x in 0..M {
        let points = line(&rows[x]);
        for y in 0..M {
            result[y][x] = points[y];
        }
    }
    result
}

/// A line of pixels at the points.
#[inline(always)]
pub(super) fn pixels([a, b, c, d]: &[Vector; 4]) -> [Vector; 4] {
    [sub(a, c), add(b, c), sub(c, b), sub(b, d)]
}

/// Channels `channel` and following of a square of the canvas, at the points.
#[inline(always)]
pub(super) fn pixels_of(canvas: &Canvas, [top, left]: [usize; 2], channel: usize) -> [[Vector; 4]; 4] {
    let here = LANES.min(canvas.channels - channel);
    let mut square = [[[0.0; LANES]; 4]; 4];
    for y in 0..4 {
        for x in 0..4 {
            square[y][x] = load(&canvas.values[((top + y) * canvas.width + left + x) * canvas.channels + channel..][..here]);
        }
    }
    both_ways(&square, pixels)
}

/// A line of the kernel at the points.
#[inline(always)]
pub(super) fn taps([a, b, c]: &[Vector; 3]) -> [Vector; 4] {
    let outer = add(a, c);
    [*a, half(&add(&outer, b)), half(&sub(&outer, b)), *c]
}

/// A line of pixels of their values at the points.
#[inline(always)]
pub(super) fn result([a, b, c, d]: &[Vector; 4]) -> [Vector; 2] {
    [add(&add(a, b), c), sub(&sub(b, c), d)]
}
