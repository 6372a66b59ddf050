//! Images to spikes over time.
//!
//! Values lie in 0..1. Random encoders draw by (seed, pass, sample), so the spikes of a sample do not depend on threads.

mod superposition;

pub use superposition::{Pair, Superposition};

use rayon::prelude::*;

use crate::layer::Pass;
use crate::random::{For, Random, key};
use crate::tensor::{Shape, Tensor};
use models::kit::exp;

/// How a value becomes a train of spikes over T steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Encoder {
    /// The value itself in every step; the first layer of neurons makes spikes of it.
    Direct,
    /// Frames over time as they are: recordings of events, or images that another program encoded.
    Events,
    /// A spike with probability x in each step.
    Rate,
    /// As many spikes as a Poisson process of rate x makes in each step, which may be more than one.
    Poisson,
    /// One event: the larger the value, the earlier, and 1 / (step + 1) strong.
    TimeToFirstSpike,
    /// The eight bits of the value in turn, the highest first, each half as strong as the one before (Kim J et al. (2018)
    /// doi:10.1016/j.neucom.2018.05.087).
    Phase,
    /// A burst of up to `spikes` spikes, the larger the value the more and the closer, at least `interval` steps apart (Guo W et al. (2021)
    /// doi:10.3389/fnins.2021.638474).
    Burst {
        /// The longest burst.
        spikes: usize,
        /// The shortest interval, steps.
        interval: usize,
    },
    /// `fields` neurons with Gaussian receptive fields per value; the more one is excited, the earlier it fires (Bohte SM et al. (2002)
    /// doi:10.1016/S0925-2312(01)00658-0).
    PopulationTime {
        /// Receptive fields per value, at least 3.
        fields: usize,
    },
    /// The same fields, each integrated: a spike whenever its sum reaches `threshold`, which is then subtracted.
    PopulationVoltage {
        /// Receptive fields per value, at least 3.
        fields: usize,
        /// V_th.
        threshold: f32,
    },
    /// A spike in every step in which the value lies more than `threshold` away from what was sent so far, negative if it lies below.
    Delta {
        /// What a spike stands for.
        threshold: f32,
    },
}

/// Names on the command line.
const NAMES: [(&str, Encoder); 10] = [
    ("direct", Encoder::Direct),
    ("events", Encoder::Events),
    ("rate", Encoder::Rate),
    ("poisson", Encoder::Poisson),
    ("ttfs", Encoder::TimeToFirstSpike),
    ("phase", Encoder::Phase),
    ("burst", Encoder::Burst { spikes: 5, interval: 2 }),
    ("population_time", Encoder::PopulationTime { fields: 8 }),
    ("population_voltage", Encoder::PopulationVoltage { fields: 8, threshold: 0.5 }),
    ("delta", Encoder::Delta { threshold: 0.1 }),
];

impl Encoder {
    /// The encoder of this name with its usual parameters.
    pub fn named(name: &str) -> Option<Encoder> {
        NAMES.into_iter().find(|row| row.0 == name).map(|row| row.1)
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().map(|row| row.0)
    }

    /// Channels that come out for `channels`.
    fn channels(&self, channels: usize) -> usize {
        match *self {
            Encoder::PopulationTime { fields } | Encoder::PopulationVoltage { fields, .. } => channels * fields,
            _ => channels,
        }
    }

    /// What comes out for images of shape `input` over `steps` steps.
    pub fn shape(&self, input: Shape, steps: usize) -> Shape {
        Shape { steps, channels: self.channels(input.channels), ..input }
    }

    /// The spikes of `images`, a tensor of one step, over `steps` steps.
    pub fn encode(&self, images: &Tensor, steps: usize, pass: Pass) -> Tensor {
        assert_eq!(images.shape().steps, 1, "images of one step");
        let shape = self.shape(images.shape(), steps);
        let (features, per_value) = (shape.n_features(), self.channels(1));
        // Sample by sample first, because a train is made at once; then step by step, as layers read it.
        let trains: Vec<Vec<f32>> = images
            .values()
            .par_chunks(images.shape().n_features())
            .enumerate()
            .map(|(sample, image)| {
                let mut random = Random::new(pass.seed, key(For::Spikes, sample, pass.number));
                let mut train = vec![0.0; features * steps];
                for (value, train) in image.iter().zip(train.chunks_exact_mut(per_value * steps)) {
                    self.train(*value, steps, &mut random, train);
                }
                train
            })
            .collect();
        let mut output = Tensor::unspecified(shape);
        output.values_mut().par_chunks_mut(features).enumerate().for_each(|(image, values)| {
            let (step, sample) = (image / shape.batch, image % shape.batch);
            for (value, train) in values.iter_mut().zip(trains[sample].chunks_exact(steps)) {
                *value = train[step];
            }
        });
        output
    }

    /// The trains that one value becomes, each of `steps` values.
    fn train(&self, x: f32, steps: usize, random: &mut Random, train: &mut [f32]) {
        match *self {
            Encoder::Direct | Encoder::Events => train.fill(x),
            Encoder::Rate => train.iter_mut().for_each(|s| *s = f32::from(f64::from(x) > random.uniform())),
            Encoder::Poisson => train.iter_mut().for_each(|s| *s = poisson(x, random)),
            Encoder::TimeToFirstSpike => {
                // Step i takes (T - i - 1) / T < x <= (T - i) / T.
                let step = (steps as f32 * (1.0 - x.min(1.0))).floor() as usize;
                if x > 0.0 && step < steps {
                    train[step] = 1.0 / (step + 1) as f32;
                }
            }
            Encoder::Phase => {
                let bits = (256.0 * x.clamp(0.0, 1.0)).min(255.0) as u32;
                for (step, s) in train.iter_mut().enumerate() {
                    let place = step % 8;
                    *s = (bits >> (7 - place) & 1) as f32 / (1 << place) as f32;
                }
            }
            Encoder::Burst { spikes, interval } => {
                let x = x.clamp(0.0, 1.0);
                let n = (x * spikes as f32).ceil() as usize;
                let apart = (steps as f32 - (steps as f32 - interval as f32) * x).ceil().max(1.0) as usize;
                train.iter_mut().step_by(apart).take(n).for_each(|s| *s = 1.0);
            }
            Encoder::PopulationTime { fields } => {
                for (field, train) in train.chunks_exact_mut(steps).enumerate() {
                    let step = (steps as f32 * (1.0 - excitation(x, field, fields))).floor() as usize;
                    if step < steps {
                        train[step] = 1.0;
                    }
                }
            }
            Encoder::Delta { threshold } => {
                let mut sent = 0.0;
                for s in train {
                    let away = x - sent;
                    *s = f32::from(away > threshold) - f32::from(away < -threshold);
                    sent += *s * threshold;
                }
            }
            Encoder::PopulationVoltage { fields, threshold } => {
                for (field, train) in train.chunks_exact_mut(steps).enumerate() {
                    let (excitation, mut v) = (excitation(x, field, fields), 0.0);
                    for s in train {
                        v += excitation;
                        *s = f32::from(v >= threshold);
                        v -= *s * threshold;
                    }
                }
            }
        }
    }
}

/// How much `x` in 0..1 excites a field: centres (2 i - 3) / 2 / (m - 2) for i from 1, width 1 / (1.5 (m - 2)).
fn excitation(x: f32, field: usize, fields: usize) -> f32 {
    let spacing = 1.0 / (fields - 2) as f32;
    let away = (x - (field as f32 - 0.5) * spacing) / (spacing / 1.5);
    exp(-0.5 * away * away)
}

/// A Poisson count of mean `x` (Knuth's product of uniforms).
fn poisson(x: f32, random: &mut Random) -> f32 {
    let (end, mut product, mut count) = (libm::exp(-f64::from(x.max(0.0))), random.uniform(), 0.0);
    while product > end {
        product *= random.uniform();
        count += 1.0;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: Pass = Pass { seed: 1, number: 0 };

    /// The train of one value.
    fn train(encoder: Encoder, x: f32, steps: usize) -> Vec<f32> {
        encoder.encode(&Tensor::new(Shape::new(1, 1, [1, 1, 1]), vec![x]), steps, PASS).values().to_vec()
    }

    #[test]
    fn direct_repeats_the_value() {
        assert_eq!(train(Encoder::Direct, 0.3, 3), [0.3; 3]);
    }

    #[test]
    fn time_to_first_spike_is_early_and_strong_for_large_values() {
        assert_eq!(train(Encoder::TimeToFirstSpike, 1.0, 4), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(train(Encoder::TimeToFirstSpike, 0.6, 4), [0.0, 0.5, 0.0, 0.0]);
        assert_eq!(train(Encoder::TimeToFirstSpike, 0.25, 4), [0.0, 0.0, 0.0, 0.25]);
        assert_eq!(train(Encoder::TimeToFirstSpike, 0.0, 4), [0.0; 4]);
    }

    #[test]
    fn phase_sends_the_bits_of_the_value() {
        // 0.65 is 166 / 256, which is 10100110 in binary.
        let bits = [1.0, 0.0, 0.25, 0.0, 0.0, 1.0 / 32.0, 1.0 / 64.0, 0.0];
        assert_eq!(train(Encoder::Phase, 0.65, 8), bits);
        assert_eq!(train(Encoder::Phase, 0.65, 10)[8..], bits[..2]);
    }

    #[test]
    fn bursts_are_longer_and_closer_for_large_values() {
        let burst = Encoder::Burst { spikes: 5, interval: 2 };
        assert_eq!(train(burst, 1.0, 10), [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
        assert_eq!(train(burst, 0.3, 10), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(train(burst, 0.0, 10), [0.0; 10]);
    }

    #[test]
    fn deltas_follow_the_value_until_they_have_reached_it() {
        let delta = Encoder::Delta { threshold: 0.25 };
        assert_eq!(train(delta, 0.8, 5), [1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(train(delta, -0.3, 3), [-1.0, 0.0, 0.0]);
    }

    #[test]
    fn in_a_population_the_field_next_to_the_value_fires_first_and_most() {
        // Centres are -0.125, 0.125, 0.375 ...: the third field is hit exactly. Values come step by step.
        let time = train(Encoder::PopulationTime { fields: 6 }, 0.375, 10);
        assert_eq!(time[..6], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!((time[6 * 6 + 1], time[6 * 6 + 3]), (1.0, 1.0));
        let voltage = train(Encoder::PopulationVoltage { fields: 6, threshold: 1.0 }, 0.375, 10);
        let counts: Vec<f32> = (0..6).map(|field| voltage.chunks(6).map(|step| step[field]).sum()).collect();
        assert_eq!(counts, [0.0, 3.0, 10.0, 3.0, 0.0, 0.0]);
    }

    #[test]
    fn rates_are_as_asked_for() {
        for (encoder, variance) in [(Encoder::Rate, 0.3 * 0.7), (Encoder::Poisson, 0.3)] {
            let images = Tensor::new(Shape::new(1, 100, [10, 10, 1]), vec![0.3; 10_000]);
            let spikes = encoder.encode(&images, 20, PASS);
            let mean = spikes.values().iter().map(|&s| f64::from(s)).sum::<f64>() / 2e5;
            let deviation = (mean - 0.3) / f64::sqrt(variance / 2e5);
            assert!(deviation.abs() < 4.0, "{encoder:?}: {mean}, {deviation} standard errors away");
        }
    }

    #[test]
    fn random_spikes_differ_between_passes_and_samples_and_repeat_under_a_seed() {
        let images = Tensor::new(Shape::new(1, 2, [8, 8, 1]), vec![0.5; 128]);
        let spikes = |pass| Encoder::Rate.encode(&images, 4, pass).values().to_vec();
        assert_eq!(spikes(PASS), spikes(PASS));
        assert_ne!(spikes(PASS), spikes(Pass { number: 1, ..PASS }));
        assert_ne!(spikes(PASS)[..64], spikes(PASS)[64..128]);
    }
}
