//! Learning from what both ends of a synapse did, without gradients.
//!
//! Weights lie `[source][target]`, as in [`Linear`](crate::layer::Linear). A rule is shown the spikes of each step and adds to a change of
//! weights, which whoever called it applies, scaled and [bounded] as it likes.
//!
//! ```
//! use snn::local::{Rule, Stdp};
//! let (mut stdp, mut change) = (Stdp::new(2, 1, 0.9), vec![0.0; 2]);
//! stdp.step(&[1.0, 0.0], &[0.0], &[0.5, 0.5], &mut change);
//! stdp.step(&[0.0, 0.0], &[1.0], &[0.5, 0.5], &mut change);
//! assert_eq!(change, [0.9, 0.0]); // the first source fired a step before the target
//! ```

mod competition;
mod correlation;
mod global_feedback;
mod stdp;

pub use competition::{Competition, CompetitionOptions, Labels};
pub use correlation::{Bcm, Hebb};
pub use global_feedback::{FeedbackOptions, FeedbackSums, GlobalFeedback};
pub use stdp::{Depression, PairStdp, RewardStdp, Stdp};

/// How weights change.
pub trait Rule {
    /// Adds the change of one step to `change`. `pre` and `post` are the spikes of the step.
    fn step(&mut self, pre: &[f32], post: &[f32], weights: &[f32], change: &mut [f32]);

    /// Forgets all traces.
    fn reset(&mut self);
}

/// Adds `scale` times `change` to `weights` and keeps them within bounds.
pub fn bounded(weights: &mut [f32], change: &[f32], scale: f32, [least, most]: [f32; 2]) {
    weights.iter_mut().zip(change).for_each(|(w, c)| *w = (*w + scale * c).clamp(least, most));
}

/// Adds `scale` pre post to `change`, row by row.
fn outer(pre: &[f32], post: &[f32], scale: f32, change: &mut [f32]) {
    assert_eq!(change.len(), pre.len() * post.len(), "{} sources and {} targets", pre.len(), post.len());
    for (row, &x) in change.chunks_exact_mut(post.len().max(1)).zip(pre).filter(|(_, x)| **x != 0.0) {
        row.iter_mut().zip(post).for_each(|(c, s)| *c += scale * x * s);
    }
}

/// What is left of past spikes.
#[derive(Clone, Debug, PartialEq)]
struct Trace {
    decay: f32,
    values: Vec<f32>,
}

impl Trace {
    fn new(n: usize, decay: f32) -> Self {
        assert!((0.0..=1.0).contains(&decay), "a trace that decays to {decay} of itself");
        Trace { decay, values: vec![0.0; n] }
    }

    fn add(&mut self, spikes: &[f32]) {
        self.values.iter_mut().zip(spikes).for_each(|(trace, s)| *trace = *trace * self.decay + s);
    }

    fn reset(&mut self) {
        self.values.fill(0.0);
    }
}
