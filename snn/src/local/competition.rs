//! Neurons that compete for images and learn those that they win, without labels.
//!
//! An image is shown as regular spikes, the more the brighter the pixel. Neurons add up their weights; the first above its threshold fires and
//! silences all (winner takes all), and STDP moves its weights toward the trace of what it saw, whose length stays 1 (synaptic
//! scaling). Thresholds fall while an image is shown, so that somebody answers in the end. A neuron that wins more than its share
//! gets a higher threshold (homeostasis); one that never won is easily excited, so that all find something to win. Labels are needed only
//! afterwards, to say what each neuron stands for (after Diehl PU, Cook M (2015) doi:10.3389/fncom.2015.00099 and Querlioz D et al.
//! (2013) doi:10.1109/TNANO.2013.2250995).

use rayon::prelude::*;

use crate::data::Images;
use crate::error::Error;
use crate::loss::first_largest;
use crate::random::{For, Random, key};
use crate::training::Next;

/// How a [`Competition`] is made and learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompetitionOptions {
    /// How many compete.
    pub neurons: usize,
    /// Steps that an image is shown.
    pub steps: usize,
    /// V_th at the start of an image, in units of what a perfect match gains while it is shown; falls to 0 at the end.
    pub threshold: f32,
    /// By how much V_th is lower for neurons that never won, in the same unit.
    pub youth: f32,
    /// By how much a win raises V_th, beyond what all lose by it; in units of what a perfect match gains in a step.
    pub homeostasis: f32,
    /// How far weights move at the first win, and at least.
    pub learning_rates: [f32; 2],
    /// Of weights and spikes.
    pub seed: u64,
}

impl Default for CompetitionOptions {
    fn default() -> Self {
        CompetitionOptions {
            neurons: 400,
            steps: 16,
            threshold: 1.25,
            youth: 0.3,
            homeostasis: 0.03,
            learning_rates: [1.0, 0.05],
            seed: 42,
        }
    }
}

/// Competing neurons.
#[derive(Clone, Debug)]
pub struct Competition {
    options: CompetitionOptions,
    inputs: usize,
    /// `[input][neuron]`; of length 1 for each neuron.
    weights: Vec<f32>,
    thresholds: Vec<f32>,
    wins: Vec<u32>,
}

/// What each neuron stands for: how often it fired for each class.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels {
    classes: usize,
    /// `[neuron][class]`, as fractions.
    shares: Vec<f32>,
}

/// Values that one image changes.
#[derive(Default)]
struct Potentials {
    v: Vec<f32>,
    trace: Vec<f32>,
    counts: Vec<u32>,
}

impl Competition {
    /// Neurons with random weights for images of `inputs` values.
    pub fn new(inputs: usize, options: CompetitionOptions) -> Result<Competition, Error> {
        let value = |what, found: String, expected| Err(Error::Value { what, found, expected });
        if !(1..=1 << 20).contains(&options.neurons) || options.neurons.saturating_mul(inputs) > 1 << 32 {
            return value("the number of neurons", options.neurons.to_string(), "1 to a million, with at most 4 billion synapses");
        }
        if !(1..=1 << 16).contains(&options.steps) {
            return value("the number of steps", options.steps.to_string(), "1 to 65536");
        }
        if ![options.threshold, options.youth, options.homeostasis].iter().all(|x| (0.0..=1e3).contains(x)) {
            let found = format!("{}, {}, {}", options.threshold, options.youth, options.homeostasis);
            return value("threshold, youth, homeostasis", found, "0 to 1000 each");
        }
        let mut random = Random::new(options.seed, key(For::Weights, 0, 0));
        let weights = (0..inputs * options.neurons).map(|_| 0.5 + 0.5 * random.uniform() as f32).collect();
        let thresholds = vec![-options.youth * options.steps as f32; options.neurons];
        let mut competition = Competition { options, inputs, weights, thresholds, wins: vec![0; options.neurons] };
        (0..options.neurons).for_each(|neuron| competition.scale(neuron));
        Ok(competition)
    }

    fn column(&self, neuron: usize) -> impl Iterator<Item = usize> + use<> {
        let n = self.options.neurons;
        (0..self.inputs).map(move |input| input * n + neuron)
    }

    /// Makes the weights of a neuron of length 1.
    fn scale(&mut self, neuron: usize) {
        let length = self.column(neuron).map(|i| self.weights[i] * self.weights[i]).sum::<f32>().sqrt().max(1e-12);
        self.column(neuron).for_each(|i| self.weights[i] /= length);
    }

    /// Shows image `number` of `images`; `won` is told who fires, with the trace of the spikes so far, and says whether to go on.
    fn show(&self, images: &Images, number: usize, largest: u8, state: &mut Potentials, mut won: impl FnMut(usize, &[f32]) -> Next) {
        let (n, pixels) = (self.options.neurons, &images.pixels[number * self.inputs..][..self.inputs]);
        let mut random = Random::new(self.options.seed, key(For::Spikes, 0, number as u64));
        // Brightness, and what is missing to the next spike, of every pixel that is not black.
        let mut sources: Vec<(usize, f32, f32)> = Vec::new();
        for (input, &pixel) in pixels.iter().enumerate().filter(|(_, pixel)| **pixel > 0) {
            sources.push((input, f32::from(pixel) / f32::from(largest), random.uniform() as f32));
        }
        // What a neuron with the weights of this image gains in a step: thresholds follow the brightness of images.
        let gain = sources.iter().map(|(_, b, _)| b * b).sum::<f32>().sqrt();
        state.v.clear();
        state.v.resize(n, 0.0);
        state.trace.clear();
        state.trace.resize(self.inputs, 0.0);
        for step in 1..=self.options.steps {
            for (input, brightness, missing) in &mut sources {
                *missing -= *brightness;
                if *missing < 0.0 {
                    *missing += 1.0;
                    state.trace[*input] += 1.0;
                    state.v.iter_mut().zip(&self.weights[*input * n..][..n]).for_each(|(v, w)| *v += w);
                }
            }
            let left = (self.options.steps - step) as f32;
            if let Some(winner) = self.winner(&state.v, gain, self.options.threshold * left) {
                state.v.fill(0.0);
                if won(winner, &state.trace) == Next::Stop {
                    return;
                }
            }
        }
    }

    /// The neuron that is furthest above its threshold.
    fn winner(&self, v: &[f32], gain: f32, threshold: f32) -> Option<usize> {
        let margins = v.iter().zip(&self.thresholds).map(|(v, own)| v - gain * (threshold + own));
        let (winner, margin) = margins.enumerate().fold((0, f32::NEG_INFINITY), |best, (i, m)| if m > best.1 { (i, m) } else { best });
        (margin > 0.0).then_some(winner)
    }

    /// Shows all images once, in an order of their own for each `epoch`, and learns.
    pub fn learn(&mut self, images: &Images, largest: u8, epoch: u64, mut watch: impl FnMut(usize)) {
        let mut state = Potentials::default();
        let order = Random::new(self.options.seed, key(For::Order, 0, epoch)).permutation(images.len());
        for (done, &number) in order.iter().enumerate() {
            // The first to fire learns, and the image is over.
            let mut first = None;
            self.show(images, number as usize, largest, &mut state, |winner, _| {
                first = Some(winner);
                Next::Stop
            });
            if let Some(winner) = first {
                self.reinforce(winner, &state.trace);
            }
            watch(done);
        }
    }

    fn reinforce(&mut self, winner: usize, trace: &[f32]) {
        let [first, least] = self.options.learning_rates;
        self.wins[winner] += 1;
        let rate = (first / self.wins[winner] as f32).max(least);
        let length = trace.iter().map(|t| t * t).sum::<f32>().sqrt().max(1e-12);
        for (i, t) in self.column(winner).zip(trace) {
            self.weights[i] += rate * (t / length - self.weights[i]);
        }
        self.scale(winner);
        if self.wins[winner] == 1 {
            self.thresholds[winner] = 0.0; // grown up
            return;
        }
        // On average thresholds of those who won stay where they are.
        let lost = self.options.homeostasis / self.options.neurons as f32;
        let grown = self.thresholds.iter_mut().zip(&self.wins).filter(|(_, wins)| **wins > 0);
        grown.for_each(|(threshold, _)| *threshold -= lost);
        self.thresholds[winner] += self.options.homeostasis;
    }

    /// How often each neuron fires for an image.
    fn counts(&self, images: &Images, number: usize, largest: u8, state: &mut Potentials) -> Vec<u32> {
        let mut counts = std::mem::take(&mut state.counts);
        counts.clear();
        counts.resize(self.options.neurons, 0);
        self.show(images, number, largest, state, |winner, _| {
            counts[winner] += 1;
            Next::Continue
        });
        counts
    }

    /// What each neuron stands for, by `images` and their labels.
    pub fn label(&self, images: &Images, largest: u8, classes: usize) -> Labels {
        let n = self.options.neurons;
        let sums = (0..images.len()).into_par_iter().fold(
            || (vec![0u32; n * classes], Potentials::default()),
            |(mut sums, mut state), number| {
                let counts = self.counts(images, number, largest, &mut state);
                counts.iter().enumerate().for_each(|(neuron, c)| sums[neuron * classes + images.labels[number] as usize] += c);
                state.counts = counts;
                (sums, state)
            },
        );
        let add = |mut a: Vec<u32>, b: Vec<u32>| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        };
        let sums = sums.map(|(sums, _)| sums).reduce(|| vec![0; n * classes], add);
        let share = |row: &[u32]| {
            let total = row.iter().sum::<u32>().max(1) as f32;
            row.iter().map(|&c| c as f32 / total).collect::<Vec<_>>()
        };
        Labels { classes, shares: sums.chunks_exact(classes).flat_map(share).collect() }
    }

    /// The class of each image: neurons vote with their spikes for what they stand for.
    pub fn predict(&self, images: &Images, largest: u8, labels: &Labels) -> Vec<u32> {
        let vote = |state: &mut Potentials, number: usize| {
            let counts = self.counts(images, number, largest, state);
            let mut votes = vec![0.0; labels.classes];
            for (row, &c) in labels.shares.chunks_exact(labels.classes).zip(&counts) {
                votes.iter_mut().zip(row).for_each(|(v, share)| *v += c as f32 * share);
            }
            state.counts = counts;
            first_largest(&votes)
        };
        (0..images.len()).into_par_iter().map_init(Potentials::default, vote).collect()
    }

    /// Neurons that never won.
    pub fn idle(&self) -> usize {
        self.wins.iter().filter(|&&wins| wins == 0).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data;

    #[test]
    fn competing_neurons_find_the_digits_without_labels() {
        let digits = data::load("digits", ".".as_ref()).unwrap();
        let options = CompetitionOptions { neurons: 150, ..CompetitionOptions::default() };
        let mut competition = Competition::new(64, options).unwrap();
        let accuracy = |competition: &Competition| {
            let labels = competition.label(&digits.train, digits.largest, 10);
            let predicted = competition.predict(&digits.test, digits.largest, &labels);
            predicted.iter().zip(&digits.test.labels).filter(|(a, b)| a == b).count() as f64 / 359.0
        };
        let before = accuracy(&competition);
        (0..3).for_each(|epoch| competition.learn(&digits.train, digits.largest, epoch, |_| ()));
        let after = accuracy(&competition);
        println!("{before:.3} before, {after:.3} after, {} idle", competition.idle());
        assert!(after >= 0.9 && before < after - 0.1, "{before} before, {after} after");
        assert_eq!(competition.idle(), 0, "neurons that never won");
        let lengths = (0..150).map(|j| competition.column(j).map(|i| competition.weights[i].powi(2)).sum::<f32>());
        assert!(lengths.into_iter().all(|l| (l - 1.0).abs() < 1e-4));
    }

    #[test]
    fn absurd_sizes_are_refused() {
        let refused = |options: CompetitionOptions| Competition::new(784, options).is_err();
        assert!(refused(CompetitionOptions { neurons: 0, ..CompetitionOptions::default() }));
        assert!(refused(CompetitionOptions { neurons: usize::MAX, ..CompetitionOptions::default() }));
        assert!(refused(CompetitionOptions { threshold: f32::NAN, ..CompetitionOptions::default() }));
    }
}
