//! Changes to samples while training, so that a network never sees the same one twice. Everything random is a function of seed, epoch and
//! sample.

mod crop;
mod mix;
mod operation;
mod warp;

pub use mix::{Mix, MixKind, Mixed, mixed_loss};
pub use operation::{Operation, RandAugment};
pub use warp::resize;

use crate::random::Random;

/// What is done to training samples besides shifts and mirrors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Augment {
    /// Turned by up to so many degrees either way.
    pub rotation: f32,
    /// Parts of this fraction of the image, from the first to the second, are shown instead of the whole.
    pub crop: Option<[f32; 2]>,
    /// Random operations.
    pub rand: Option<RandAugment>,
    /// Two samples mixed into one.
    pub mix: Option<Mix>,
}

/// The values of one sample, `[step][row][column][channel]`.
pub(crate) struct Sample<'a> {
    pub(super) values: &'a mut [f32],
    pub(super) image: [usize; 3],
}

impl Sample<'_> {
    pub(super) fn per_step(&self) -> usize {
        self.image.iter().product()
    }

    pub(super) fn steps(&self) -> usize {
        self.values.len() / self.per_step()
    }
}

impl Augment {
    /// Changes one sample.
    pub(super) fn apply(&self, sample: &mut Sample, random: &mut Random) {
        if let Some(scale) = self.crop {
            crop::apply(sample, scale, random);
        }
        if self.rotation > 0.0 {
            let angle = self.rotation * (2.0 * random.uniform() as f32 - 1.0);
            Operation::Rotate.apply(sample, angle, random);
        }
        if let Some(rand) = &self.rand {
            rand.apply(sample, random);
        }
    }
}
