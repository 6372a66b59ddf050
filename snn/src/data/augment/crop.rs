//! Parts of images, drawn anew each time and stretched to the whole (Szegedy C et al. (2015) arXiv:1409.4842): torchvision's `RandomResizedCrop`.

use super::Sample;
use super::warp::warp;
use crate::random::Random;

/// Width by height lies between these.
const RATIOS: [f64; 2] = [3.0 / 4.0, 4.0 / 3.0];

/// Draws until a part lies within the image; after these it is the whole image.
const TRIES: usize = 10;

/// Shows a part whose area is `scale` of the image's, from the first to the second.
pub(super) fn apply(sample: &mut Sample, scale: [f32; 2], random: &mut Random) {
    let [height, width, _] = sample.image;
    let [[top, down], [left, right]] = part([height, width], scale, random);
    let along = |at: f32, first: usize, n: usize, all: usize| {
        let place = first as f32 + (at + 0.5) * n as f32 / all as f32 - 0.5;
        place.clamp(first as f32, (first + n - 1) as f32)
    };
    warp(sample, |y, x| [along(y, top, down, height), along(x, left, right, width)]);
}

/// First row and rows, first column and columns.
fn part([height, width]: [usize; 2], scale: [f32; 2], random: &mut Random) -> [[usize; 2]; 2] {
    let mut between = |[least, most]: [f64; 2]| least + (most - least) * random.uniform();
    for _ in 0..TRIES {
        let area = between(scale.map(f64::from)) * (height * width) as f64;
        let ratio = libm::exp(between(RATIOS.map(libm::log)));
        let [down, right] = [area / ratio, area * ratio].map(|square| square.sqrt().round() as usize);
        if (1..=height).contains(&down) && (1..=width).contains(&right) {
            let mut place = |room: usize| ((between([0.0, 1.0]) * (room + 1) as f64) as usize).min(room);
            return [[place(height - down), down], [place(width - right), right]];
        }
    }
    [[0, height], [0, width]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_lie_in_the_image_and_have_the_area_and_ratio_that_they_should() {
        let mut random = Random::new(1, 1);
        let (mut tops, mut areas) = (std::collections::BTreeSet::new(), 0.0);
        for _ in 0..2000 {
            let [[top, down], [left, right]] = part([64, 48], [0.2, 0.6], &mut random);
            assert!(top + down <= 64 && left + right <= 48);
            let (area, ratio) = ((down * right) as f64 / (64.0 * 48.0), right as f64 / down as f64);
            assert!((0.17..0.64).contains(&area) && (0.7..1.43).contains(&ratio), "{down} x {right}");
            tops.insert(top);
            areas += area / 2000.0;
        }
        // Uniform in 0.2 to 0.6: a standard error of 0.0026; the largest do not always fit.
        assert!(tops.len() > 25 && (areas - 0.4).abs() < 0.02, "{} {areas}", tops.len());
        // Nothing fits where the whole image is wider than allowed.
        assert_eq!(part([2, 100], [1.0, 1.0], &mut random), [[0, 2], [0, 100]]);
    }

    #[test]
    fn a_part_is_stretched_to_the_whole() {
        // A ramp to the right: a part of it is a flatter ramp.
        let ramp: Vec<f32> = (0..2 * 16 * 16).map(|i| (i % 16) as f32).collect();
        let mut values = ramp.clone();
        apply(&mut Sample { values: &mut values, image: [16, 16, 1] }, [0.25, 0.25], &mut Random::new(3, 0));
        let row = &values[..16];
        assert!(values.chunks_exact(16).all(|other| other == row) && row.is_sorted());
        // A quarter of 16 x 16 pixels is 7 to 9 wide.
        assert!((5.5..8.5).contains(&(row[15] - row[0])), "{row:?}");
    }
}
