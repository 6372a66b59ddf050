//! An event camera in front of a changing picture (after the model of Lichtsteiner P, Posch C, Delbruck T (2008) doi:10.1109/JSSC.2007.914337).

use std::ops::Range;

use super::{Event, Recording};
use crate::random::Random;
use models::kit::ln;

/// How a pixel reacts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sensor {
    /// Change of the logarithm of brightness that makes an event.
    pub contrast: f32,
    /// Brightness of what is black, for a white of 1.
    pub dark: f32,
    /// Events per pixel and second without any change.
    pub noise: f64,
}

impl Default for Sensor {
    fn default() -> Self {
        Sensor { contrast: 0.3, dark: 0.1, noise: 0.2 }
    }
}

/// Sides of a camera, and how time is cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shot {
    pub(super) side: usize,
    /// Microseconds from one picture to the next.
    pub(super) interval: i64,
    /// Pictures after the first.
    pub(super) pictures: usize,
}

impl Sensor {
    /// Films the pictures that `draw` paints onto black, number after number.
    pub(super) fn film(&self, shot: Shot, random: &mut Random, mut draw: impl FnMut(usize, &mut Canvas)) -> Recording {
        let Shot { side, interval, pictures } = shot;
        let (mut picture, mut before) = (Canvas::new(side), Canvas::new(side));
        draw(0, &mut before);
        let level = |brightness: f32| ln(self.dark + brightness.clamp(0.0, 1.0));
        let mut seen: Vec<f32> = before.pixels.iter().map(|&b| level(b)).collect();
        let mut events = Vec::new();
        for number in 1..=pictures {
            picture.clear();
            draw(number, &mut picture);
            let start = (number - 1) as i64 * interval;
            let (rows, columns) = picture.touched_with(&before);
            for i in rows.flat_map(|y| columns.clone().map(move |x| y * side + x)) {
                let (now, then) = (picture.pixels[i], before.pixels[i]);
                if now != then {
                    let pixel = Event { t: start, x: (i % side) as u16, y: (i / side) as u16, on: false };
                    self.change(pixel, interval, [level(then), level(now)], &mut seen[i], &mut events);
                }
            }
            std::mem::swap(&mut picture, &mut before);
        }
        self.add_noise(shot, random, &mut events);
        events.sort_unstable();
        Recording { height: side, width: side, events }
    }

    /// Events of a pixel whose level goes straight from one value to the other in `interval`.
    fn change(&self, pixel: Event, interval: i64, [from, to]: [f32; 2], seen: &mut f32, events: &mut Vec<Event>) {
        while (to - *seen).abs() >= self.contrast {
            let on = to > *seen;
            *seen += if on { self.contrast } else { -self.contrast };
            let share = ((*seen - from) / (to - from)).clamp(0.0, 1.0);
            events.push(Event { t: pixel.t + (share * interval as f32) as i64, on, ..pixel });
        }
    }

    fn add_noise(&self, shot: Shot, random: &mut Random, events: &mut Vec<Event>) {
        let duration = shot.interval * shot.pictures as i64;
        let pixels = shot.side * shot.side;
        let n = (self.noise * pixels as f64 * duration as f64 * 1e-6).round() as usize;
        for _ in 0..n {
            let (pixel, t) = (random.below(pixels), random.below(duration as usize) as i64);
            events.push(Event { t, x: (pixel % shot.side) as u16, y: (pixel / shot.side) as u16, on: random.below(2) == 1 });
        }
    }
}

/// A square of brightness 0..1 that knows where it is not black.
pub(super) struct Canvas {
    side: usize,
    pixels: Vec<f32>,
    rows: Range<usize>,
    columns: Range<usize>,
}

/// The smallest range that holds both.
fn hull(a: &Range<usize>, b: &Range<usize>) -> Range<usize> {
    match (a.is_empty(), b.is_empty()) {
        (true, _) => b.clone(),
        (_, true) => a.clone(),
        _ => a.start.min(b.start)..a.end.max(b.end),
    }
}

impl Canvas {
    fn new(side: usize) -> Self {
        Canvas { side, pixels: vec![0.0; side * side], rows: 0..0, columns: 0..0 }
    }

    fn clear(&mut self) {
        for y in self.rows.clone() {
            self.pixels[y * self.side..][self.columns.clone()].fill(0.0);
        }
        (self.rows, self.columns) = (0..0, 0..0);
    }

    fn touched_with(&self, other: &Canvas) -> (Range<usize>, Range<usize>) {
        (hull(&self.rows, &other.rows), hull(&self.columns, &other.columns))
    }

    /// Paints a grey image of 0..1, magnified and with its middle at (`row`, `column`), where it is brighter than what is there.
    pub(super) fn paint(&mut self, image: &[f32], [height, width]: [usize; 2], zoom: f32, [row, column]: [f32; 2]) {
        let (top, left) = (row - 0.5 * zoom * height as f32, column - 0.5 * zoom * width as f32);
        // The edge fades out over half a pixel of the image.
        let along = |start: f32, n: usize| inside(start - 0.5 * zoom, start + zoom * (n as f32 + 0.5), self.side);
        let (rows, columns) = (along(top, height), along(left, width));
        for y in rows.clone() {
            for x in columns.clone() {
                let (from_y, from_x) = ((y as f32 + 0.5 - top) / zoom - 0.5, (x as f32 + 0.5 - left) / zoom - 0.5);
                let pixel = &mut self.pixels[y * self.side + x];
                *pixel = pixel.max(between(image, [height, width], from_y, from_x));
            }
        }
        (self.rows, self.columns) = (hull(&self.rows, &rows), hull(&self.columns, &columns));
    }
}

fn inside(from: f32, to: f32, side: usize) -> Range<usize> {
    let place = |at: f32| at.clamp(0.0, side as f32) as usize;
    place(from.floor())..place(to.ceil())
}

/// The value between pixels, with black around the image.
fn between(image: &[f32], [height, width]: [usize; 2], y: f32, x: f32) -> f32 {
    let (top, left) = (y.floor(), x.floor());
    let (down, right) = (y - top, x - left);
    let at = |y: f32, x: f32| {
        let ok = y >= 0.0 && x >= 0.0 && y < height as f32 && x < width as f32;
        if ok { image[y as usize * width + x as usize] } else { 0.0 }
    };
    let row = |y: f32| at(y, left) * (1.0 - right) + at(y, left + 1.0) * right;
    row(top) * (1.0 - down) + row(top + 1.0) * down
}
