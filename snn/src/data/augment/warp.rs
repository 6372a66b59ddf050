//! Images stretched, turned and sheared, bilinear, with zeros from outside.

use super::Sample;

/// Value `c` at a place between pixels.
fn between(image: &[f32], [height, width, channels]: [usize; 3], [y, x]: [f32; 2], c: usize) -> f32 {
    let (top, left) = (y.floor(), x.floor());
    let (down, right) = (y - top, x - left);
    let at = |y: f32, x: f32| {
        let inside = y >= 0.0 && x >= 0.0 && y < height as f32 && x < width as f32;
        if inside { image[(y as usize * width + x as usize) * channels + c] } else { 0.0 }
    };
    let row = |y: f32| at(y, left) * (1.0 - right) + if right > 0.0 { at(y, left + 1.0) * right } else { 0.0 };
    row(top) * (1.0 - down) + if down > 0.0 { row(top + 1.0) * down } else { 0.0 }
}

/// Every pixel (y, x) of the result is the pixel `from(y, x)` of the image; the same for all steps.
pub(super) fn warp(sample: &mut Sample, from: impl Fn(f32, f32) -> [f32; 2]) {
    let [height, width, channels] = sample.image;
    let per_step = sample.per_step();
    for image in sample.values.chunks_exact_mut(per_step) {
        let before = image.to_vec();
        for (pixel, values) in image.chunks_exact_mut(channels).enumerate() {
            let place = from((pixel / width) as f32, (pixel % width) as f32);
            for (c, value) in values.iter_mut().enumerate() {
                *value = between(&before, [height, width, channels], place, c);
            }
        }
    }
}

/// An image in another size; corners stay corners (PyTorch's `align_corners=True`).
pub fn resize(image: &[f32], [height, width, channels]: [usize; 3], [to_height, to_width]: [usize; 2]) -> Vec<f32> {
    let scale = |from: usize, to: usize| if to > 1 { (from - 1) as f32 / (to - 1) as f32 } else { 0.0 };
    let (down, right) = (scale(height, to_height), scale(width, to_width));
    let mut result = vec![0.0; to_height * to_width * channels];
    for (pixel, values) in result.chunks_exact_mut(channels).enumerate() {
        // Rounding must not lead beyond the last pixel.
        let y = ((pixel / to_width) as f32 * down).min((height - 1) as f32);
        let x = ((pixel % to_width) as f32 * right).min((width - 1) as f32);
        for (c, value) in values.iter_mut().enumerate() {
            *value = between(image, [height, width, channels], [y, x], c);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resizing_keeps_corners_and_lies_between_pixels() {
        let image = [0.0, 3.0, 6.0, 9.0];
        assert_eq!(resize(&image, [2, 2, 1], [3, 3]), [0.0, 1.5, 3.0, 3.0, 4.5, 6.0, 6.0, 7.5, 9.0]);
        assert_eq!(resize(&image, [2, 2, 1], [1, 1]), [0.0]);
        assert_eq!(resize(&[1.0, 10.0, 2.0, 20.0], [1, 2, 2], [1, 3]), [1.0, 10.0, 1.5, 15.0, 2.0, 20.0]);
    }

    #[test]
    fn a_shift_by_a_pixel_moves_every_step() {
        let mut values: Vec<f32> = (1..=8).map(|x| x as f32).collect();
        warp(&mut Sample { values: &mut values, image: [2, 2, 1] }, |y, x| [y, x - 1.0]);
        assert_eq!(values, [0.0, 1.0, 0.0, 3.0, 0.0, 5.0, 0.0, 7.0]);
    }
}
