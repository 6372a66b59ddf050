//! Progress on one line of a terminal, or a line now and then elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use snn::training::{Densities, Report};

/// Tells how far a run is.
pub(crate) struct Meter {
    quiet: bool,
    terminal: bool,
    start: Instant,
    /// Batches that were done before this program started.
    before: Option<u64>,
    told: Option<Instant>,
    n_epochs: u64,
}

impl Meter {
    pub(crate) fn new(quiet: bool, n_epochs: u64) -> Self {
        Meter { quiet, terminal: stderr().is_terminal(), start: Instant::now(), before: None, told: None, n_epochs }
    }

    /// Shows a batch, if the last one that was shown is long enough ago.
    pub(crate) fn show(&mut self, report: &Report) {
        let done = report.epoch * report.n_batches + report.batch;
        let before = *self.before.get_or_insert(done - 1);
        let often = Duration::from_millis(if self.terminal { 200 } else { 10_000 });
        if self.quiet || self.told.is_some_and(|at| at.elapsed() < often) {
            return;
        }
        self.told = Some(Instant::now());
        let left = self.n_epochs * report.n_batches - done;
        let eta = self.start.elapsed().as_secs_f64() / (done - before) as f64 * left as f64;
        let line = format!(
            "epoch {}/{} batch {}/{}  loss {:.4}  accuracy {:.2} %  density {}  left {}",
            report.epoch + 1,
            self.n_epochs,
            report.batch,
            report.n_batches,
            report.sums.mean_loss(),
            100.0 * report.sums.accuracy(),
            short(&report.densities),
            duration(eta)
        );
        if self.terminal {
            eprint!("\r\x1b[K{line}")
        } else {
            eprintln!("{line}")
        }
        let _ = stderr().flush(); // a terminal that is gone is no reason to stop
    }

    /// Makes room for other lines.
    pub(crate) fn clear(&self) {
        if self.terminal && !self.quiet {
            eprint!("\r\x1b[K");
        }
    }
}

fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Densities in percent without names.
fn short(densities: &Densities) -> String {
    densities.iter().map(|(_, density)| format!("{:.0}%", 100.0 * density)).collect::<Vec<_>>().join(" ")
}

/// Densities with the names of their layers.
pub(crate) fn densities(densities: &Densities) -> String {
    densities.iter().map(|(layer, density)| format!("{layer} {:.1} %", 100.0 * density)).collect::<Vec<_>>().join(", ")
}
