//! Spike-timing-dependent plasticity.

use super::{Rule, Trace, outer};

/// Potentiation only: when a target fires, each weight grows by the trace of its source, this step's spike included. BrainCog's `STDP`.
#[derive(Clone, Debug)]
pub struct Stdp {
    pre: Trace,
}

impl Stdp {
    /// Traces of `sources` that keep the fraction `decay` of themselves in a step.
    pub fn new(sources: usize, _targets: usize, decay: f32) -> Self {
        Stdp { pre: Trace::new(sources, decay) }
    }
}

impl Rule for Stdp {
    fn step(&mut self, pre: &[f32], post: &[f32], _weights: &[f32], change: &mut [f32]) {
        self.pre.add(pre);
        outer(&self.pre.values, post, 1.0, change);
    }

    fn reset(&mut self) {
        self.pre.reset();
    }
}

/// The other half: when a source fires, each weight shrinks by the trace of its target, this step's spike not included. BrainCog's `LTD`, whose
/// sign the caller turned.
#[derive(Clone, Debug)]
pub struct Depression {
    post: Trace,
}

impl Depression {
    /// Traces of `targets` that keep the fraction `decay` of themselves in a step.
    pub fn new(_sources: usize, targets: usize, decay: f32) -> Self {
        Depression { post: Trace::new(targets, decay) }
    }
}

impl Rule for Depression {
    fn step(&mut self, pre: &[f32], post: &[f32], _weights: &[f32], change: &mut [f32]) {
        outer(pre, &self.post.values, -self.post.decay, change);
        self.post.add(post);
    }

    fn reset(&mut self) {
        self.post.reset();
    }
}

/// Both halves, by pairs of spikes: A+ exp(-d / tau+) for a target that fires d steps after its source, -A- exp(-d / tau-) for one that
/// fires d steps before (Bi GQ, Poo MM (1998) doi:10.1523/JNEUROSCI.18-24-10464.1998). Spikes of the same step count as
/// the first kind.
#[derive(Clone, Debug)]
pub struct PairStdp {
    potentiation: Stdp,
    depression: Depression,
    /// A+ and A-.
    amplitudes: [f32; 2],
}

impl PairStdp {
    /// Amplitudes A+, A- and time constants tau+, tau- in steps.
    pub fn new(sources: usize, targets: usize, amplitudes: [f32; 2], taus: [f32; 2]) -> Self {
        let [up, down] = taus.map(|tau| libm::expf(-1.0 / tau));
        PairStdp { potentiation: Stdp::new(sources, targets, up), depression: Depression::new(sources, targets, down), amplitudes }
    }
}

impl Rule for PairStdp {
    fn step(&mut self, pre: &[f32], post: &[f32], _weights: &[f32], change: &mut [f32]) {
        let ([up, down], trace) = (self.amplitudes, &mut self.potentiation.pre);
        trace.add(pre);
        outer(&trace.values, post, up, change);
        let trace = &mut self.depression.post;
        outer(pre, &trace.values, -down * trace.decay, change);
        trace.add(post);
    }

    fn reset(&mut self) {
        self.potentiation.reset();
        self.depression.reset();
    }
}

/// STDP that waits for a reward: each synapse remembers what STDP would have done, and a trace of reward says how much of that is done (Izhikevich
/// EM (2007) doi:10.1093/cercor/bhl152).
#[derive(Clone, Debug)]
pub struct RewardStdp<R> {
    rule: R,
    eligibility: Trace,
    now: Vec<f32>,
    reward: f32,
    reward_decay: f32,
}

impl<R: Rule> RewardStdp<R> {
    /// `rule` for `n` synapses; their memory keeps the fraction `decay` of itself in a step, the reward `reward_decay`.
    pub fn new(rule: R, n: usize, decay: f32, reward_decay: f32) -> Self {
        RewardStdp { rule, eligibility: Trace::new(n, decay), now: vec![0.0; n], reward: 0.0, reward_decay }
    }

    /// A reward, or a punishment below zero, that counts from the next step on.
    pub fn reward(&mut self, reward: f32) {
        self.reward += reward;
    }
}

impl<R: Rule> Rule for RewardStdp<R> {
    fn step(&mut self, pre: &[f32], post: &[f32], weights: &[f32], change: &mut [f32]) {
        self.now.fill(0.0);
        self.rule.step(pre, post, weights, &mut self.now);
        self.eligibility.add(&self.now);
        change.iter_mut().zip(&self.eligibility.values).for_each(|(c, e)| *c += self.reward * e);
        self.reward *= self.reward_decay;
    }

    fn reset(&mut self) {
        self.rule.reset();
        self.eligibility.reset();
        self.reward = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// The change of one weight after these spikes of source and target.
    fn change(rule: &mut impl Rule, spikes: &[(f32, f32)]) -> f32 {
        let mut change = [0.0];
        spikes.iter().for_each(|&(pre, post)| rule.step(&[pre], &[post], &[0.5], &mut change));
        change[0]
    }

    #[test]
    fn traces_of_three_spikes_are_those_of_braincog() {
        let mut stdp = Stdp::new(1, 1, 0.99);
        assert_eq!(change(&mut stdp, &[(1.0, 0.0), (1.0, 0.0), (1.0, 1.0)]), 2.9701);
        stdp.reset();
        assert_eq!(change(&mut stdp, &[(0.0, 1.0)]), 0.0);
    }

    #[test]
    fn depression_leaves_this_steps_spike_out() {
        assert_eq!(change(&mut Depression::new(1, 1, 0.5), &[(1.0, 1.0)]), 0.0);
        assert_eq!(change(&mut Depression::new(1, 1, 0.5), &[(0.0, 1.0), (0.0, 0.0), (1.0, 0.0)]), -0.25);
    }

    #[test]
    fn pairs_give_the_exponential_window() {
        for d in 1..20 {
            let mut rule = PairStdp::new(1, 1, [0.8, 0.3], [10.0, 25.0]);
            let mut spikes = vec![(0.0, 0.0); d + 1];
            (spikes[0].0, spikes[d].1) = (1.0, 1.0);
            let after = change(&mut rule, &spikes);
            rule.reset();
            let mut spikes = vec![(0.0, 0.0); d + 1];
            (spikes[0].1, spikes[d].0) = (1.0, 1.0);
            let before = change(&mut rule, &spikes);
            let expected = [0.8 * f64::exp(-(d as f64) / 10.0), -0.3 * f64::exp(-(d as f64) / 25.0)];
            assert!(
                (f64::from(after) - expected[0]).abs() < 1e-6 && (f64::from(before) - expected[1]).abs() < 1e-6,
                "{d}: {after} {before}"
            );
        }
    }

    #[test]
    fn a_reward_that_comes_late_changes_what_was_active_before() {
        let mut rule = RewardStdp::new(Stdp::new(2, 1, 0.5), 2, 0.9, 0.0);
        let mut change = [0.0; 2];
        rule.step(&[1.0, 0.0], &[1.0], &[0.0; 2], &mut change);
        (0..3).for_each(|_| rule.step(&[0.0; 2], &[0.0], &[0.0; 2], &mut change));
        assert_eq!(change, [0.0, 0.0]);
        rule.reward(-2.0);
        rule.step(&[0.0; 2], &[0.0], &[0.0; 2], &mut change);
        assert!((change[0] + 2.0 * 0.9f32.powi(4)).abs() < 1e-6 && change[1] == 0.0, "{change:?}");
    }

    #[test]
    fn rewards_teach_which_of_two_levers_pays() {
        let mut weights = [0.5, 0.5];
        let mut random = Random::new(3, 0);
        let mut rule = RewardStdp::new(Stdp::new(1, 2, 0.5), 2, 0.5, 0.0);
        for _ in 0..300 {
            let second = random.uniform() < f64::from(weights[1] / (weights[0] + weights[1]));
            let mut change = [0.0; 2];
            rule.reset();
            // The first lever pays with probability 0.2, the second with 0.8.
            let pays = random.uniform() < if second { 0.8 } else { 0.2 };
            rule.reward(if pays { 1.0 } else { -1.0 });
            rule.step(&[1.0], &[f32::from(!second), f32::from(second)], &weights, &mut change);
            super::super::bounded(&mut weights, &change, 0.02, [0.05, 1.0]);
        }
        assert!(weights[1] > 5.0 * weights[0], "{weights:?}");
    }
}
