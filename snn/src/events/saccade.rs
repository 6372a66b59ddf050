//! A still image before a camera that moves as eyes do, in three saccades along a triangle: how N-MNIST was made (Orchard G et al. (2015)
//! doi:10.3389/fnins.2015.00437).

use super::sensor::Shot;
use super::{Recording, Sensor};
use crate::random::Random;

/// Milliseconds of a saccade.
const SACCADE: usize = 100;

/// Pixels around the image.
const BORDER: usize = 3;

/// Films an image of brightness 0..1; the camera has three more pixels on each side.
pub fn saccade(image: &[f32], [height, width]: [usize; 2], sensor: &Sensor, random: &mut Random) -> Recording {
    assert_eq!(image.len(), height * width, "an image of {height} x {width}");
    let side = height.max(width) + 2 * BORDER;
    // Corners of the triangle, a little different every time.
    let reach = 2.4;
    let mut corner = |y: f32, x: f32| [reach * y + jitter(random), reach * x + jitter(random)];
    let corners = [corner(-0.5, -1.0), corner(0.5, 0.0), corner(-0.5, 1.0), corner(-0.5, -1.0)];
    let middle = 0.5 * side as f32;
    let shot = Shot { side, interval: 1000, pictures: 3 * SACCADE };
    sensor.film(shot, random, |number, picture| {
        let leg = (number / SACCADE).min(2);
        let along = (number - leg * SACCADE) as f32 / SACCADE as f32;
        let place = |axis: usize| middle + corners[leg][axis] + along * (corners[leg + 1][axis] - corners[leg][axis]);
        picture.paint(image, [height, width], 1.0, [place(0), place(1)]);
    })
}

fn jitter(random: &mut Random) -> f32 {
    0.3 * (2.0 * random.uniform() as f32 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_make_events_of_both_kinds_and_a_black_image_makes_none() {
        let sensor = Sensor { noise: 0.0, ..Sensor::default() };
        let square: Vec<f32> = (0..400).map(|i| f32::from((5..15).contains(&(i / 20)) && (5..15).contains(&(i % 20)))).collect();
        let film = |image: &[f32], seed| saccade(image, [20, 20], &sensor, &mut Random::new(seed, 0));
        let recording = film(&square, 1);
        assert_eq!((recording.height, recording.width), (26, 26));
        assert!(recording.events.is_sorted() && recording.events.iter().all(|e| (0..300_000).contains(&e.t)));
        let on = recording.events.iter().filter(|e| e.on).count();
        assert!(on > 300 && recording.events.len() - on > 300, "{on} of {}", recording.events.len());
        // The inside of the square never changes.
        assert!(recording.events.iter().all(|e| !((12..14).contains(&e.x) && (12..14).contains(&e.y))));
        assert_eq!((film(&square, 1), film(&vec![0.0; 400], 1).events.len()), (recording.clone(), 0));
        assert_ne!(film(&square, 2), recording);
    }
}
