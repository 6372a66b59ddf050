//! Operations on events over time, by BrainCog's names.

use super::Sample;
use super::warp::warp;
use crate::random::Random;
use models::kit::exp;

/// What may happen to a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A square is blank in all steps.
    CutoutAbs,
    /// Some steps are blank.
    CutoutTemporal,
    /// Blurred.
    GaussianBlur,
    /// Single values are set to 0 or to the largest one.
    SaltAndPepper,
    /// Rows are moved against each other.
    ShearX,
    /// Columns are moved against each other.
    ShearY,
    /// Moved sideways.
    TranslateX,
    /// Moved up or down.
    TranslateY,
    /// Turned.
    Rotate,
    /// Steps are moved around in a circle.
    TemporalShift,
    /// Values are removed.
    Drop,
}

/// Operations that BrainCog's measurements favour.
const USUAL: [Operation; 4] = [Operation::CutoutAbs, Operation::CutoutTemporal, Operation::GaussianBlur, Operation::SaltAndPepper];

/// `n` of the usual operations, drawn anew for each sample (Cubuk ED et al. (2020) arXiv:1909.13719).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandAugment {
    /// Operations one after another.
    pub n: usize,
    /// How strong, 0 to 30.
    pub magnitude: f32,
}

impl RandAugment {
    pub(super) fn apply(&self, sample: &mut Sample, random: &mut Random) {
        for _ in 0..self.n {
            let operation = USUAL[random.below(USUAL.len())];
            operation.apply(sample, self.magnitude / 30.0 * operation.strongest(), random);
        }
    }
}

impl Operation {
    /// The value at magnitude 30.
    pub fn strongest(self) -> f32 {
        match self {
            Operation::CutoutAbs | Operation::CutoutTemporal | Operation::Drop => 0.5,
            Operation::GaussianBlur => 1.0,
            Operation::SaltAndPepper => 0.3,
            Operation::ShearX | Operation::ShearY => 20.0,
            Operation::TranslateX | Operation::TranslateY | Operation::TemporalShift => 0.2,
            Operation::Rotate => 30.0,
        }
    }

    /// Changes `sample`: `value` is a fraction of the image, the steps or the values; a standard deviation in pixels for
    /// the blur; degrees for rotation and shear.
    pub(crate) fn apply(self, sample: &mut Sample, value: f32, random: &mut Random) {
        let [height, width, _] = sample.image;
        let middle = [0.5 * (height as f32 - 1.0), 0.5 * (width as f32 - 1.0)];
        let slope = value.to_radians();
        let shear = libm::tanf(slope) * if random.below(2) == 1 { 1.0 } else { -1.0 };
        let shift = value * (2.0 * random.uniform() as f32 - 1.0);
        match self {
            Operation::CutoutAbs => cut_out(sample, value, random),
            Operation::CutoutTemporal => blank_steps(sample, value, random),
            Operation::GaussianBlur => blur(sample, value),
            Operation::SaltAndPepper => salt(sample, value, random),
            Operation::ShearX => warp(sample, |y, x| [y, x + shear * (y - middle[0])]),
            Operation::ShearY => warp(sample, |y, x| [y + shear * (x - middle[1]), x]),
            Operation::TranslateX => warp(sample, |y, x| [y, x - (shift * width as f32).round()]),
            Operation::TranslateY => warp(sample, |y, x| [y - (shift * height as f32).round(), x]),
            Operation::Rotate => {
                let (sin, cos) = (libm::sinf(slope), libm::cosf(slope));
                warp(sample, |y, x| {
                    let (y, x) = (y - middle[0], x - middle[1]);
                    [middle[0] + cos * y - sin * x, middle[1] + sin * y + cos * x]
                });
            }
            Operation::TemporalShift => {
                let by = (value * sample.steps() as f32).round() as usize * sample.per_step();
                sample.values.rotate_right(by.min(sample.values.len()));
            }
            Operation::Drop => sample.values.iter_mut().for_each(|x| *x *= f32::from(random.uniform() as f32 >= value)),
        }
    }
}

fn cut_out(sample: &mut Sample, value: f32, random: &mut Random) {
    let [height, width, channels] = sample.image;
    let side = (value * height.min(width) as f32).round() as usize;
    let (top, left) = (random.below(height - side + 1), random.below(width - side + 1));
    let per_step = sample.per_step();
    for image in sample.values.chunks_exact_mut(per_step) {
        for row in image.chunks_exact_mut(width * channels).skip(top).take(side) {
            row[left * channels..(left + side) * channels].fill(0.0);
        }
    }
}

fn blank_steps(sample: &mut Sample, value: f32, random: &mut Random) {
    let (steps, per_step) = (sample.steps(), sample.per_step());
    let n = (value * steps as f32).round() as usize;
    for &step in random.permutation(steps).iter().take(n) {
        sample.values[step as usize * per_step..][..per_step].fill(0.0);
    }
}

fn salt(sample: &mut Sample, value: f32, random: &mut Random) {
    let largest = sample.values.iter().copied().fold(0.0, f32::max);
    for x in sample.values.iter_mut() {
        let u = random.uniform() as f32;
        if u < value {
            *x = if u < 0.5 * value { largest } else { 0.0 };
        }
    }
}

/// Rows, then columns; the kernel ends at two pixels.
fn blur(sample: &mut Sample, sigma: f32) {
    if sigma <= 0.0 {
        return;
    }
    let kernel: Vec<f32> = (-2..=2).map(|i| exp(-0.5 * (i as f32 / sigma) * (i as f32 / sigma))).collect();
    let total: f32 = kernel.iter().sum();
    let [height, width, channels] = sample.image;
    let per_step = sample.per_step();
    for image in sample.values.chunks_exact_mut(per_step) {
        for (stride, n) in [(channels, width), (channels * width, height)] {
            let before = image.to_vec();
            for (i, x) in image.iter_mut().enumerate() {
                let at = i / stride % n;
                let taps = kernel.iter().enumerate().filter(|&(k, _)| (2..n + 2).contains(&(at + k)));
                *x = taps.map(|(k, w)| w * before[i + k * stride - 2 * stride]).sum::<f32>() / total;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: [usize; 3] = [8, 8, 2];

    fn changed(operation: Operation, value: f32, seed: u64) -> Vec<f32> {
        let mut values: Vec<f32> = (0..4 * 128).map(|i| 1.0 + (i % 5) as f32).collect();
        operation.apply(&mut Sample { values: &mut values, image: IMAGE }, value, &mut Random::new(seed, 0));
        values
    }

    #[test]
    fn cutting_and_dropping_remove_as_much_as_they_should() {
        let zeros = |values: &[f32]| values.iter().filter(|&&x| x == 0.0).count();
        assert_eq!(zeros(&changed(Operation::CutoutAbs, 0.5, 1)), 4 * 4 * 4 * 2);
        assert_eq!(zeros(&changed(Operation::CutoutTemporal, 0.5, 1)), 2 * 128);
        let dropped = zeros(&changed(Operation::Drop, 0.5, 1));
        assert!((200..312).contains(&dropped), "{dropped}");
        let salted = changed(Operation::SaltAndPepper, 0.3, 1);
        let peppered = zeros(&salted);
        assert!((45..110).contains(&peppered), "{peppered}");
        assert!(salted.iter().all(|&x| x <= 5.0));
    }

    #[test]
    fn a_blur_keeps_the_sum_of_what_lies_inside_and_spreads_it() {
        let mut values = vec![0.0; 128];
        values[2 * (4 * 8 + 4)] = 1.0;
        blur(&mut Sample { values: &mut values, image: IMAGE }, 1.0);
        assert!((values.iter().sum::<f32>() - 1.0).abs() < 1e-5 && values[2 * (4 * 8 + 4)] < 0.3);
        assert!(values.iter().skip(1).step_by(2).all(|&x| x == 0.0), "channels do not mix");
        assert_eq!(values[2 * (4 * 8 + 3)], values[2 * (3 * 8 + 4)]);
    }

    #[test]
    fn a_quarter_turn_goes_around_the_middle_and_steps_go_in_a_circle() {
        let mut values: Vec<f32> = (0..9).map(|x| x as f32).collect();
        Operation::Rotate.apply(&mut Sample { values: &mut values, image: [3, 3, 1] }, 90.0, &mut Random::new(1, 0));
        let turned: Vec<i32> = values.iter().map(|x| x.round() as i32).collect();
        assert!(turned == [6, 3, 0, 7, 4, 1, 8, 5, 2] || turned == [2, 5, 8, 1, 4, 7, 0, 3, 6], "{turned:?}");
        let mut steps = vec![1.0, 2.0, 3.0, 4.0, 5.0];
        Operation::TemporalShift.apply(&mut Sample { values: &mut steps, image: [1, 1, 1] }, 0.2, &mut Random::new(1, 0));
        assert_eq!(steps, [5.0, 1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn random_operations_repeat_under_a_seed_and_do_nothing_at_magnitude_0() {
        let rand = |magnitude, seed| {
            let mut values: Vec<f32> = (0..128).map(|i| (i % 7) as f32).collect();
            let sample = &mut Sample { values: &mut values, image: IMAGE };
            RandAugment { n: 3, magnitude }.apply(sample, &mut Random::new(seed, 0));
            values
        };
        assert_eq!(rand(15.0, 1), rand(15.0, 1));
        assert_ne!(rand(15.0, 1), rand(15.0, 2));
        assert_eq!(rand(0.0, 1), (0..128).map(|i| (i % 7) as f32).collect::<Vec<_>>());
    }
}
