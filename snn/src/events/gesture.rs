//! Moving digits that wave, circle and drum: eleven movements after those of DVS128 Gesture (Amir A et al. (2017) doi:10.1109/CVPR.2017.781).

use super::sensor::Shot;
use super::{Recording, Sensor};
use crate::random::Random;

/// The movements, by class.
pub const GESTURES: [&str; 11] = [
    "hand clap",
    "right hand wave",
    "left hand wave",
    "right arm clockwise",
    "right arm counter-clockwise",
    "left arm clockwise",
    "left arm counter-clockwise",
    "arm roll",
    "air drums",
    "air guitar",
    "other",
];

/// Side of the camera.
const SIDE: usize = 128;

/// Pictures, 5 ms apart.
const PICTURES: usize = 200;
const INTERVAL: i64 = 5000;

/// How much an image is magnified.
const ZOOM: f32 = 34.0;

/// A sprite: row and column in units of half the camera.
type Places = Vec<[f32; 2]>;

/// Films an image of brightness 0..1 that performs movement `class`, a little different every time, for a second.
pub fn gesture(class: usize, image: &[f32], size: [usize; 2], sensor: &Sensor, random: &mut Random) -> Recording {
    assert!(class < GESTURES.len() && image.len() == size[0] * size[1], "movement {class} of {size:?}");
    let mut within = |least: f64, most: f64| (least + (most - least) * random.uniform()) as f32;
    let style = Style {
        hertz: within(1.2, 2.2),
        phase: within(0.0, 1.0),
        reach: within(0.25, 0.4),
        shift: [within(-0.12, 0.12), within(-0.12, 0.12)],
        zoom: ZOOM / size[0].max(size[1]) as f32 * within(0.85, 1.15),
        wander: std::array::from_fn(|_| within(-1.0, 1.0)),
    };
    let shot = Shot { side: SIDE, interval: INTERVAL, pictures: PICTURES };
    sensor.film(shot, random, |number, picture| {
        let seconds = number as f32 * INTERVAL as f32 * 1e-6;
        for [row, column] in style.places(class, seconds) {
            let half = 0.5 * SIDE as f32;
            let place = [half * (1.0 + row + style.shift[0]), half * (1.0 + column + style.shift[1])];
            picture.paint(image, size, style.zoom, place);
        }
    })
}

/// What differs from one performance to the next.
struct Style {
    hertz: f32,
    phase: f32,
    reach: f32,
    shift: [f32; 2],
    zoom: f32,
    wander: [f32; 4],
}

impl Style {
    /// Where the hands are. Right and left are those of the performer, so right is on the left of the picture.
    fn places(&self, class: usize, seconds: f32) -> Places {
        let angle = (self.hertz * seconds + self.phase) * std::f32::consts::TAU;
        let (sin, cos) = (libm::sinf(angle), libm::cosf(angle));
        let r = self.reach;
        let circle = |column: f32, turn: f32| vec![[r * sin * turn, column + r * cos]];
        match class {
            0 => vec![[0.0, -0.25 + 0.2 * cos], [0.0, 0.25 - 0.2 * cos]],
            1 => vec![[-0.2, -0.4 + r * cos]],
            2 => vec![[-0.2, 0.4 + r * cos]],
            3 => circle(-0.4, 1.0),
            4 => circle(-0.4, -1.0),
            5 => circle(0.4, 1.0),
            6 => circle(0.4, -1.0),
            7 => vec![[0.6 * r * sin, 0.6 * r * cos], [-0.6 * r * sin, -0.6 * r * cos]],
            8 => vec![[0.2 + r * sin, -0.4], [0.2 - r * sin, 0.4]],
            9 => vec![[0.3, -0.3], [0.1 + 0.8 * r * sin, 0.35]],
            _ => {
                let [a, b, c, d] = self.wander;
                let t = self.hertz * seconds;
                let slow = |a: f32, b: f32| 0.5 * libm::sinf(2.0 * a * t + 3.0 * b) + 0.2 * libm::sinf(5.0 * b * t);
                vec![[slow(a, b), slow(c, d)]]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn film(class: usize, seed: u64) -> Recording {
        gesture(class, &[1.0; 64], [8, 8], &Sensor::default(), &mut Random::new(seed, 0))
    }

    /// The mean column of events in a stretch of time.
    fn column(recording: &Recording, start: i64, stop: i64) -> f64 {
        let events = recording.between(start, stop).events;
        events.iter().map(|e| f64::from(e.x)).sum::<f64>() / events.len().max(1) as f64
    }

    #[test]
    fn every_movement_makes_events_all_the_time_and_repeats_under_a_seed() {
        for (class, name) in GESTURES.iter().enumerate() {
            let recording = film(class, 3);
            assert_eq!((recording.height, recording.width), (128, 128));
            assert!(recording.events.len() > 2000, "{name}: {}", recording.events.len());
            assert!(recording.events.is_sorted());
            assert_eq!(recording, film(class, 3));
        }
        assert_ne!(film(0, 1), film(0, 2));
    }

    #[test]
    fn hands_are_on_their_side_and_circles_turn_both_ways() {
        assert!(column(&film(1, 5), 0, 1_000_000) < 55.0 && column(&film(2, 5), 0, 1_000_000) > 73.0);
        // The same style, mirrored in time: rows differ, columns do not.
        let (clockwise, counter) = (film(3, 7), film(4, 7));
        let means: Vec<f64> = [&clockwise, &counter].iter().map(|r| column(r, 0, 1_000_000)).collect();
        assert!((means[0] - means[1]).abs() < 2.0 && clockwise != counter, "{means:?}");
    }
}
