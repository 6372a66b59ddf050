//! Capsules: groups of neurons whose vector says what something is like and whose length whether it is there (Sabour S et al. (2017)
//! arXiv:1710.09829).

use rayon::prelude::*;

use super::{Init, Layer, LayerState, Misfit, Parameter, Pass, kept};
use crate::tensor::{Shape, Tensor};
use models::kit::exp;

/// Below the square root of a squared length, so that a capsule of silence has a slope.
const EPS: f32 = 1e-8;

/// What capsules below say each capsule above is like, agreed upon by routing: votes u_ij = W_ij u_i; in each round c_i = softmax over j of b_ij, s_j =
/// sum over i of c_ij u_ij, v_j = squash(s_j), and b_ij grows by u_ij v_j. Steps and samples are independent. The gradient goes through all rounds.
pub struct Capsules {
    /// Capsules below and their length, capsules above and theirs.
    sizes: [usize; 4],
    rounds: usize,
    /// `[below][above][length below][length above]`.
    weight: Parameter,
    input: Option<Tensor>,
}

/// Places of the sizes.
const BELOW: usize = 0;
const FROM: usize = 1;
const ABOVE: usize = 2;
const TO: usize = 3;

impl Capsules {
    /// `below` capsules of `from` values, side by side in the features of the input, to `above` capsules of `to` values, routed in `rounds`.
    pub fn new([below, from]: [usize; 2], [above, to]: [usize; 2], rounds: usize, init: Init) -> Self {
        assert!(rounds > 0 && below * from * above * to > 0, "{below} capsules of {from} to {above} of {to}, {rounds} rounds");
        let weight = Parameter::uniform("weight", below * from * above * to, from, init);
        Capsules { sizes: [below, from, above, to], rounds, weight, input: None }
    }

    /// Votes, `[below][above][to]`.
    fn votes(&self, input: &[f32]) -> Vec<f32> {
        let [_, from, above, to] = self.sizes;
        let mut votes = vec![0.0; input.len() / from * above * to];
        let blocks = self.weight.values.chunks_exact(from * to).zip(votes.chunks_exact_mut(to));
        for (block, (weights, vote)) in blocks.enumerate() {
            let capsule = &input[block / above * from..][..from];
            for (row, &x) in weights.chunks_exact(to).zip(capsule).filter(|(_, x)| **x != 0.0) {
                vote.iter_mut().zip(row).for_each(|(v, w)| *v += w * x);
            }
        }
        votes
    }

    /// Every round: couplings `[below][above]`, sums and capsules `[above][to]`.
    fn route(&self, votes: &[f32]) -> Vec<Round> {
        let [below, _, above, to] = self.sizes;
        let mut logits = vec![0.0f32; below * above];
        let mut rounds: Vec<Round> = Vec::new();
        for number in 0..self.rounds {
            let mut couplings = logits.clone();
            couplings.chunks_exact_mut(above).for_each(softmax);
            let mut sums = vec![0.0; above * to];
            for (i, (vote, coupling)) in votes.chunks_exact(to).zip(&couplings).enumerate() {
                sums[i % above * to..][..to].iter_mut().zip(vote).for_each(|(s, u)| *s += coupling * u);
            }
            let capsules: Vec<f32> = sums.chunks_exact(to).flat_map(squashed).collect();
            if number + 1 < self.rounds {
                for (i, (vote, logit)) in votes.chunks_exact(to).zip(&mut logits).enumerate() {
                    *logit += dot(vote, &capsules[i % above * to..][..to]);
                }
            }
            rounds.push(Round { couplings, sums, capsules });
        }
        rounds
    }

    /// The gradient of the votes.
    fn unroute(&self, votes: &[f32], rounds: &[Round], gradient: &[f32]) -> Vec<f32> {
        let [below, _, above, to] = self.sizes;
        let mut to_votes = vec![0.0; votes.len()];
        // Of the logits after a round, which later rounds share.
        let mut to_logits = vec![0.0f32; below * above];
        let mut to_capsules = gradient.to_vec();
        for (number, round) in rounds.iter().enumerate().rev() {
            if number + 1 < rounds.len() {
                // Logits grew by the votes times what this round gave.
                to_capsules = vec![0.0; above * to];
                for (i, &by) in to_logits.iter().enumerate() {
                    let j = i % above * to;
                    for d in 0..to {
                        to_capsules[j + d] += by * votes[i * to + d];
                        to_votes[i * to + d] += by * round.capsules[j + d];
                    }
                }
            }
            let to_sums: Vec<f32> =
                round.sums.chunks_exact(to).zip(to_capsules.chunks_exact(to)).flat_map(|(s, g)| unsquashed(s, g)).collect();
            let mut to_couplings = vec![0.0; below * above];
            for (i, to_coupling) in to_couplings.iter_mut().enumerate() {
                let sums = &to_sums[i % above * to..][..to];
                *to_coupling = dot(sums, &votes[i * to..][..to]);
                to_votes[i * to..][..to].iter_mut().zip(sums).for_each(|(u, s)| *u += round.couplings[i] * s);
            }
            let rows = to_couplings.chunks_exact(above).zip(round.couplings.chunks_exact(above)).zip(to_logits.chunks_exact_mut(above));
            for ((to_couplings, couplings), to_logits) in rows {
                let mean = dot(to_couplings, couplings);
                let each = to_logits.iter_mut().zip(to_couplings).zip(couplings);
                each.for_each(|((logit, g), c)| *logit += c * (g - mean));
            }
        }
        to_votes
    }
}

/// A round of routing.
struct Round {
    couplings: Vec<f32>,
    sums: Vec<f32>,
    capsules: Vec<f32>,
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = exp(*x - largest));
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}

/// n / (1 + n^2) with n the length of `s`: what squashing multiplies by.
fn squeeze(s: &[f32]) -> [f32; 2] {
    let square = dot(s, s) + EPS;
    let length = square.sqrt();
    [length / (1.0 + square), length]
}

/// v = |s|^2 / (1 + |s|^2) s / |s|.
fn squashed(s: &[f32]) -> Vec<f32> {
    let [factor, _] = squeeze(s);
    s.iter().map(|x| factor * x).collect()
}

/// The gradient of s from that of v.
fn unsquashed(s: &[f32], gradient: &[f32]) -> Vec<f32> {
    let [factor, length] = squeeze(s);
    // d factor / d length = (1 - n^2) / (1 + n^2)^2; d length / d s = s / length.
    let bend = (1.0 - length * length) / ((1.0 + length * length) * (1.0 + length * length)) / length * dot(s, gradient);
    s.iter().zip(gradient).map(|(s, g)| factor * g + bend * s).collect()
}

impl Layer for Capsules {
    fn name(&self) -> &'static str {
        "capsules"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let [below, from, above, to] = self.sizes;
        let (expected, found) = (below * from, input.n_features());
        let output = Shape { height: 1, width: 1, channels: above * to, ..input };
        if found == expected { Ok(output) } else { Err(Misfit::Width { what: "features", expected, found }) }
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let mut output = Tensor::unspecified(self.shape(input.shape()).expect("the layer was checked for this shape"));
        let (inputs, outputs) = (self.sizes[BELOW] * self.sizes[FROM], self.sizes[ABOVE] * self.sizes[TO]);
        output.values_mut().par_chunks_mut(outputs).zip(input.values().par_chunks(inputs)).for_each(|(output, input)| {
            let last = self.route(&self.votes(input)).pop().expect("there is at least one round");
            output.copy_from_slice(&last.capsules);
        });
        output
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let output = self.infer(&input, &mut LayerState::new());
        self.input = Some(input);
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let input = kept(&mut self.input);
        let [below, from, above, to] = self.sizes;
        let mut back = Tensor::zeros(input.shape());
        // Samples one after another: each adds to all weights, in parts that do not depend on threads.
        let samples = input.values().chunks_exact(below * from).zip(gradient.values().chunks_exact(above * to));
        for ((input, gradient), back) in samples.zip(back.values_mut().chunks_exact_mut(below * from)) {
            let votes = self.votes(input);
            let to_votes = self.unroute(&votes, &self.route(&votes), gradient);
            let capsules = back.par_chunks_mut(from).zip(input.par_chunks(from)).zip(to_votes.par_chunks(above * to));
            let weights = self.weight.values.par_chunks(above * from * to).zip(self.weight.gradient.par_chunks_mut(above * from * to));
            capsules.zip(weights).for_each(|(((back, input), to_votes), (weights, sums))| {
                for (row, at) in (0..above * from).map(|row| (row, row * to)) {
                    let (vote, k) = (&to_votes[row / from * to..][..to], row % from);
                    back[k] += dot(vote, &weights[at..][..to]);
                    sums[at..][..to].iter_mut().zip(vote).for_each(|(sum, g)| *sum += input[k] * g);
                }
            });
        }
        wanted.then_some(back)
    }

    fn products(&self, input: Shape) -> u64 {
        input.n_images() as u64 * self.weight.values.len() as u64
    }

    fn parameters(&self) -> Vec<&Parameter> {
        vec![&self.weight]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weight]
    }
}

/// The length of each capsule, which is the evidence for its class.
pub struct Lengths {
    /// Values of a capsule.
    of: usize,
    input: Option<Tensor>,
}

impl Lengths {
    /// Of capsules of so many values.
    pub fn new(of: usize) -> Self {
        assert!(of > 0, "capsules of nothing");
        Lengths { of, input: None }
    }
}

impl Layer for Lengths {
    fn name(&self) -> &'static str {
        "lengths"
    }

    fn shape(&self, input: Shape) -> Result<Shape, Misfit> {
        let found = input.channels;
        if !found.is_multiple_of(self.of) {
            return Err(Misfit::Width { what: "channels (whole capsules)", expected: found.next_multiple_of(self.of), found });
        }
        Ok(Shape { channels: found / self.of, ..input })
    }

    fn infer(&self, input: &Tensor, _: &mut LayerState) -> Tensor {
        let shape = self.shape(input.shape()).expect("the layer was checked for this shape");
        Tensor::new(shape, input.values().chunks_exact(self.of).map(|s| squeeze(s)[1]).collect())
    }

    fn forward(&mut self, input: Tensor, _: Pass) -> Tensor {
        let output = self.infer(&input, &mut LayerState::new());
        self.input = Some(input);
        output
    }

    fn backward(&mut self, gradient: Tensor, wanted: bool) -> Option<Tensor> {
        let mut input = kept(&mut self.input);
        for (capsule, g) in input.values_mut().chunks_exact_mut(self.of).zip(gradient.values()) {
            let [_, length] = squeeze(capsule);
            capsule.iter_mut().for_each(|x| *x *= g / length);
        }
        wanted.then_some(input)
    }
}
