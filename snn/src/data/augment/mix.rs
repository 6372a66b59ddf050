//! Two samples in one: their labels count by how much of each there is.

use super::super::Batch;
use crate::loss::Loss;
use crate::random::Random;
use crate::tensor::{Shape, Tensor};
use models::kit::exp;

/// How samples are mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixKind {
    /// A weighted mean (Zhang H et al. (2018) arXiv:1710.09412).
    MixUp,
    /// A rectangle of one in the other, in all steps (Yun S et al. (2019) arXiv:1905.04899).
    CutMix,
    /// What lies inside of a Gaussian mixture over time and space; labels count by events (Shen G et al. (2022) arXiv:2205.12054).
    EventMix,
}

/// Mixing of batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mix {
    /// How.
    pub kind: MixKind,
    /// The share of the first sample is drawn from Beta(beta, beta).
    pub beta: f64,
    /// How often a batch is mixed.
    pub probability: f64,
    /// Parts of the Gaussian mixture.
    pub components: usize,
}

/// The labels of the other samples in a batch that was mixed.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    /// One for each sample.
    pub labels: Vec<u32>,
    /// How much the batch's own labels count; the others count the rest.
    pub share: f32,
}

/// The loss and its gradient where labels may be mixed.
pub fn mixed_loss(loss: &Loss, logits: &Tensor, labels: &[u32], mixed: Option<&Mixed>) -> (f64, Tensor) {
    let (own, mut gradient) = loss.of(logits, labels);
    let Some(Mixed { labels, share }) = mixed else { return (own, gradient) };
    let (other, to_other) = loss.of(logits, labels);
    gradient.values_mut().iter_mut().zip(to_other.values()).for_each(|(g, o)| *g = share * *g + (1.0 - share) * o);
    (f64::from(*share) * own + f64::from(1.0 - share) * other, gradient)
}

impl Mix {
    /// Mixes each sample of `batch` with another.
    pub(crate) fn apply(&self, batch: &mut Batch, random: &mut Random) {
        if batch.labels.len() < 2 || random.uniform() >= self.probability {
            return;
        }
        let share = beta(self.beta, random);
        let partner = random.permutation(batch.labels.len());
        let shape = batch.images.shape();
        let others = batch.images.clone();
        let other = |image: usize| {
            let (step, sample) = (image / shape.batch, image % shape.batch);
            let from = (step * shape.batch + partner[sample] as usize) * shape.n_features();
            &others.values()[from..from + shape.n_features()]
        };
        let images = batch.images.values_mut().chunks_exact_mut(shape.n_features()).enumerate();
        let share = match self.kind {
            MixKind::MixUp => {
                let share = share as f32;
                images.for_each(|(i, own)| own.iter_mut().zip(other(i)).for_each(|(x, y)| *x = share * *x + (1.0 - share) * y));
                share
            }
            MixKind::CutMix => {
                let inside = rectangle(shape, share, random);
                images.for_each(|(i, own)| own.iter_mut().zip(other(i)).zip(&inside).for_each(|((x, y), &i)| *x = if i { *y } else { *x }));
                1.0 - inside.iter().filter(|&&i| i).count() as f32 / inside.len() as f32
            }
            MixKind::EventMix => {
                let inside = self.cloud(shape, share, random);
                let mut mass = [0.0f64; 4];
                images.for_each(|(i, own)| {
                    let mask = &inside[i / shape.batch * shape.n_features()..][..shape.n_features()];
                    for ((x, &y), &inside) in own.iter_mut().zip(other(i)).zip(mask) {
                        mass[usize::from(inside)] += f64::from(x.abs());
                        mass[2 + usize::from(inside)] += f64::from(y.abs());
                        *x = if inside { y } else { *x };
                    }
                });
                // r1, r2: which part of the events lies inside.
                let part = |out: f64, inside: f64| if out + inside > 0.0 { inside / (out + inside) } else { 0.5 };
                let (r1, r2) = (part(mass[0], mass[1]), part(mass[2], mass[3]));
                if 1.0 - r1 + r2 > 0.0 { (1.0 - r2 / (1.0 - r1 + r2)) as f32 } else { 0.5 }
            }
        };
        batch.mixed = Some(Mixed { labels: partner.iter().map(|&p| batch.labels[p as usize]).collect(), share });
    }

    /// Which values of a sample lie in the densest part of a Gaussian mixture that holds 1 - `share` of them.
    fn cloud(&self, shape: Shape, share: f64, random: &mut Random) -> Vec<bool> {
        let sizes = [shape.steps, shape.height, shape.width].map(|n| n as f32);
        let parts: Vec<([f32; 3], [f32; 3])> = (0..self.components.max(1))
            .map(|_| (sizes.map(|n| n * random.uniform() as f32), sizes.map(|n| n * (0.1 + 0.3 * random.uniform() as f32))))
            .collect();
        let density = |voxel: usize| {
            let at = [voxel / (shape.height * shape.width), voxel / shape.width % shape.height, voxel % shape.width];
            let away =
                |(middle, width): &([f32; 3], [f32; 3])| (0..3).map(|k| ((at[k] as f32 - middle[k]) / width[k]).powi(2)).sum::<f32>();
            parts.iter().map(|part| exp(-0.5 * away(part).min(100.0))).sum::<f32>()
        };
        let densities: Vec<f32> = (0..shape.steps * shape.height * shape.width).map(density).collect();
        let mut sorted = densities.clone();
        let outside = ((sorted.len() as f64 * share).round() as usize).min(sorted.len() - 1);
        let threshold = *sorted.select_nth_unstable_by(outside, f32::total_cmp).1;
        densities.iter().flat_map(|&d| std::iter::repeat_n(d >= threshold, shape.channels)).collect()
    }
}

/// Which values of an image lie in a rectangle of area 1 - `share`, as far as that lies in the image.
fn rectangle(shape: Shape, share: f64, random: &mut Random) -> Vec<bool> {
    let side = (1.0 - share).sqrt();
    let mut along = |n: usize| {
        let (length, middle) = (side * n as f64, random.below(n) as f64);
        (middle - 0.5 * length).max(0.0) as usize..((middle + 0.5 * length) as usize).min(n)
    };
    let (rows, columns) = (along(shape.height), along(shape.width));
    let pixels = (0..shape.height).flat_map(|y| (0..shape.width).map(move |x| (y, x)));
    pixels.flat_map(|(y, x)| std::iter::repeat_n(rows.contains(&y) && columns.contains(&x), shape.channels)).collect()
}

/// A draw from Beta(a, a) (Jöhnk MD (1964) Metrika 8:5-15), by logarithms where its powers would vanish.
fn beta(a: f64, random: &mut Random) -> f64 {
    loop {
        let (u, v) = (libm::log(random.uniform()) / a, libm::log(random.uniform()) / a);
        let top = u.max(v);
        let sum = top + libm::log(libm::exp(u - top) + libm::exp(v - top));
        if sum <= 0.0 {
            return libm::exp(u - sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        // Sample s is s + 1 everywhere.
        let shape = Shape::new(4, 6, [8, 8, 2]);
        let images = Tensor::from_fn(shape, |i| (i / shape.n_features() % shape.batch) as f32 + 1.0);
        Batch { images, labels: (0..6).collect(), mixed: None }
    }

    fn mixed(kind: MixKind) -> Batch {
        let mut batch = batch();
        Mix { kind, beta: 1.0, probability: 1.0, components: 3 }.apply(&mut batch, &mut Random::new(5, 0));
        batch
    }

    /// Own and other sample, and the fraction of values of each sample that are its own.
    fn own(batch: &Batch) -> Vec<f32> {
        let shape = batch.images.shape();
        let mine = |s: usize| {
            let images = batch.images.values().chunks(shape.n_features()).skip(s).step_by(shape.batch);
            images.flatten().filter(|&&x| x == s as f32 + 1.0).count() as f32 / (shape.len() / shape.batch) as f32
        };
        (0..shape.batch).map(mine).collect()
    }

    #[test]
    fn mixup_is_the_weighted_mean_of_two() {
        let batch = mixed(MixKind::MixUp);
        let Mixed { labels, share } = batch.mixed.as_ref().unwrap();
        for (s, &other) in labels.iter().enumerate() {
            let expected = share * (s as f32 + 1.0) + (1.0 - share) * (other as f32 + 1.0);
            assert!((batch.images.values()[s * 128] - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn cutmix_and_eventmix_count_labels_by_what_is_left() {
        for kind in [MixKind::CutMix, MixKind::EventMix] {
            let batch = mixed(kind);
            let Mixed { labels, share } = batch.mixed.as_ref().unwrap();
            for (_, fraction) in own(&batch).into_iter().enumerate().filter(|&(s, _)| labels[s] != s as u32) {
                // All samples have the same number of events, so the formula of EventMix is the fraction too.
                assert!((fraction - share).abs() < 0.02, "{kind:?}: {fraction} and {share}");
            }
            assert!(*share > 0.0 && *share < 1.0);
        }
    }

    #[test]
    fn mixed_labels_share_the_loss() {
        let logits = Tensor::from_fn(Shape::new(2, 2, [1, 1, 3]), |i| (i % 5) as f32 * 0.3);
        let loss = Loss::CrossEntropy { smoothing: 0.0 };
        let of = |labels: &[u32]| loss.of(&logits, labels);
        let mixed = Mixed { labels: vec![2, 0], share: 0.75 };
        let (found, gradient) = mixed_loss(&loss, &logits, &[0, 1], Some(&mixed));
        let ((own, g_own), (other, g_other)) = (of(&[0, 1]), of(&[2, 0]));
        assert!((found - (0.75 * own + 0.25 * other)).abs() < 1e-6);
        let expected = g_own.values().iter().zip(g_other.values()).map(|(a, b)| 0.75 * a + 0.25 * b);
        assert!(gradient.values().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-7));
    }

    #[test]
    fn batches_are_mixed_as_often_as_asked_for() {
        let mix = Mix { kind: MixKind::MixUp, beta: 2.0, probability: 0.25, components: 3 };
        let n = (0..400).filter(|&seed| {
            let mut batch = batch();
            mix.apply(&mut batch, &mut Random::new(seed, 0));
            batch.mixed.is_some()
        });
        // 100 with a standard deviation of 8.7.
        assert!((65..135).contains(&n.count()));
    }

    #[test]
    fn beta_has_its_mean_and_variance() {
        for (a, variance) in [(0.2, 1.0 / 5.6), (1.0, 1.0 / 12.0), (2.0, 1.0 / 20.0)] {
            let mut random = Random::new(1, 9);
            let draws: Vec<f64> = (0..20_000).map(|_| beta(a, &mut random)).collect();
            let mean = draws.iter().sum::<f64>() / 2e4;
            let found = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 2e4;
            assert!((mean - 0.5).abs() < 0.012 && (found / variance - 1.0).abs() < 0.05, "{a}: {mean} {found}");
        }
    }
}
