//! Rules that look at the activity of a step only.

use super::{Rule, outer};

/// What fires together wires together: each weight grows by the product of both ends.
#[derive(Clone, Debug, Default)]
pub struct Hebb;

impl Rule for Hebb {
    fn step(&mut self, pre: &[f32], post: &[f32], _weights: &[f32], change: &mut [f32]) {
        outer(pre, post, 1.0, change);
    }

    fn reset(&mut self) {}
}

/// Growth where a target fires more than its sliding threshold, which follows its activity, and shrinkage where less (Bienenstock EL, Cooper LN, Munro
/// PW (1982) doi:10.1523/JNEUROSCI.02-01-00032.1982); weights that are not used fade.
#[derive(Clone, Debug)]
pub struct Bcm {
    threshold: Vec<f32>,
    tau: f32,
    keep: f32,
    drive: Vec<f32>,
}

impl Bcm {
    /// Thresholds that follow activity with `tau` steps, and weights that keep the fraction `keep` of themselves; BrainCog's are 10 and 0.99.
    pub fn new(targets: usize, tau: f32, keep: f32) -> Self {
        assert!(tau >= 1.0 && (0.0..=1.0).contains(&keep), "thresholds over {tau} steps, weights that keep {keep}");
        Bcm { threshold: vec![0.0; targets], tau, keep, drive: vec![0.0; targets] }
    }

    /// The sliding thresholds.
    pub fn thresholds(&self) -> &[f32] {
        &self.threshold
    }
}

impl Rule for Bcm {
    fn step(&mut self, pre: &[f32], post: &[f32], weights: &[f32], change: &mut [f32]) {
        for ((threshold, drive), &s) in self.threshold.iter_mut().zip(&mut self.drive).zip(post) {
            *threshold += (s - *threshold) / self.tau;
            *drive = s * (s - *threshold);
        }
        outer(pre, &self.drive, 1.0, change);
        change.iter_mut().zip(weights).for_each(|(c, w)| *c -= (1.0 - self.keep) * w);
    }

    fn reset(&mut self) {
        self.threshold.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hebb_is_the_outer_product() {
        let mut change = [0.0; 6];
        Hebb.step(&[1.0, 0.0, 2.0], &[1.0, 0.5], &[0.0; 6], &mut change);
        assert_eq!(change, [1.0, 0.5, 0.0, 0.0, 2.0, 1.0]);
    }

    #[test]
    fn bcm_changes_sign_at_its_threshold_which_follows_activity() {
        let mut bcm = Bcm::new(1, 10.0, 1.0);
        let mut run = |s: f32, n: usize| {
            (0..n)
                .map(|_| {
                    let mut change = [0.0];
                    bcm.step(&[1.0], &[s], &[0.5], &mut change);
                    change[0]
                })
                .last()
                .unwrap()
        };
        // After long activity of 0.5 the threshold is 0.5: more means growth, less shrinkage.
        assert!(run(0.5, 300).abs() < 1e-6);
        assert!(run(1.0, 1) > 0.0);
        run(0.5, 300);
        assert!(run(0.25, 1) < 0.0);
        assert!((bcm.thresholds()[0] - 0.475).abs() < 1e-3);
    }

    #[test]
    fn unused_weights_fade_with_bcm() {
        let mut change = [0.0];
        Bcm::new(1, 10.0, 0.99).step(&[0.0], &[0.0], &[2.0], &mut change);
        assert!((change[0] + 0.02).abs() < 1e-6);
    }
}
