//! What there is to see of a run.

use snn::activity::Activity;
use snn::training::Report;

use crate::cli::progress::Epoch;

/// Points of a curve at most.
const POINTS: usize = 512;

/// Left by the run, read by the view.
#[derive(Clone, Debug)]
pub(super) struct Board {
    /// What is trained on what.
    pub(super) title: String,
    pub(super) n_epochs: u64,
    /// The last batch.
    pub(super) report: Option<Report>,
    /// Seconds left.
    pub(super) left: f64,
    /// The last look at every layer.
    pub(super) activity: Option<Activity>,
    /// The loss over batches.
    pub(super) losses: Curve,
    pub(super) epochs: Vec<Epoch>,
    pub(super) testing: bool,
}

impl Board {
    pub(super) fn new(title: String, n_epochs: u64) -> Self {
        let (report, activity, losses) = (None, None, Curve::default());
        Board { title, n_epochs, report, left: 0.0, activity, losses, epochs: Vec::new(), testing: false }
    }

    pub(super) fn batch(&mut self, report: &Report, left: f64) {
        self.losses.push(report.loss);
        if report.activity.is_some() {
            self.activity.clone_from(&report.activity);
        }
        (self.report, self.left, self.testing) = (Some(Report { activity: None, ..report.clone() }), left, false);
    }

    pub(super) fn epoch(&mut self, epoch: &Epoch) {
        self.activity = Some(epoch.activity.clone());
        self.epochs.push(epoch.clone());
    }

    /// The part of all batches that is done.
    pub(super) fn fraction(&self) -> f64 {
        let Some(Report { epoch, batch, n_batches, .. }) = self.report else { return 0.0 };
        let all = (self.n_epochs * n_batches).max(1);
        ((epoch * n_batches + batch) as f64 / all as f64).min(1.0)
    }
}

/// Means of a growing number of values, so that there are never too many.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub(super) means: Vec<f64>,
    /// Values of a mean.
    pub(super) each: usize,
    sum: f64,
    open: usize,
}

impl Default for Curve {
    fn default() -> Self {
        Curve { means: Vec::new(), each: 1, sum: 0.0, open: 0 }
    }
}

impl Curve {
    fn push(&mut self, value: f64) {
        self.sum += value;
        self.open += 1;
        if self.open < self.each {
            return;
        }
        self.means.push(self.sum / self.open as f64);
        (self.sum, self.open) = (0.0, 0);
        if self.means.len() == POINTS {
            self.means = self.means.chunks(2).map(|pair| pair.iter().sum::<f64>() / pair.len() as f64).collect();
            self.each *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_its_form_however_long_it_is() {
        let mut curve = Curve::default();
        (0..10_000).for_each(|i| curve.push(f64::from(i)));
        assert!(curve.means.len() < POINTS && curve.means.len() >= POINTS / 4 && curve.each == 32, "{}", curve.means.len());
        // The mean of a straight line is its middle.
        let middle = |i: usize| (i * curve.each) as f64 + 0.5 * (curve.each - 1) as f64;
        assert!(curve.means.iter().enumerate().all(|(i, mean)| (mean - middle(i)).abs() < 1e-9));
    }
}
