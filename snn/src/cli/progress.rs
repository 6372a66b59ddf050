//! What a run tells while it goes on: on one line of a terminal, a line now and then elsewhere, or a picture.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use snn::activity::Activity;
use snn::training::{Densities, Report, Sums};

use super::screen::Screen;

/// Tells how far a run is.
pub(crate) enum Progress {
    Plain(Meter),
    Picture(Screen),
}

/// An epoch that is complete.
#[derive(Clone, Debug)]
pub(crate) struct Epoch {
    /// Counted from one.
    pub(crate) number: u64,
    pub(crate) trained: Sums,
    pub(crate) tested: Sums,
    /// While testing.
    pub(crate) activity: Activity,
    /// Whether it is the best one so far.
    pub(crate) better: bool,
}

impl Progress {
    /// Shows a batch.
    pub(crate) fn batch(&mut self, report: &Report) {
        match self {
            Progress::Plain(meter) => meter.show(report),
            Progress::Picture(screen) => screen.batch(report),
        }
    }

    /// Testing begins.
    pub(crate) fn test(&mut self) {
        match self {
            Progress::Plain(meter) => meter.clear(),
            Progress::Picture(screen) => screen.test(),
        }
    }

    /// Shows an epoch; its line is printed now, or when the picture is gone.
    pub(crate) fn epoch(&mut self, epoch: &Epoch) {
        let (number, tested, found) = (epoch.number, epoch.tested, densities(&epoch.activity.densities()));
        let line = format!("epoch {number}: accuracy {:.2} %, loss {:.4}, density {found}", 100.0 * tested.accuracy(), tested.mean_loss());
        match self {
            Progress::Plain(_) => println!("{line}"),
            Progress::Picture(screen) => screen.epoch(epoch, line),
        }
    }
}

/// How long it will take.
pub(crate) struct Clock {
    start: Instant,
    /// Batches that were done before this program started.
    before: Option<u64>,
    n_epochs: u64,
}

impl Clock {
    pub(crate) fn start(n_epochs: u64) -> Self {
        Clock { start: Instant::now(), before: None, n_epochs }
    }

    /// Seconds that are left, at the speed so far.
    pub(crate) fn left(&mut self, report: &Report) -> f64 {
        let done = report.epoch * report.n_batches + report.batch;
        let before = *self.before.get_or_insert(done.saturating_sub(1));
        let left = (self.n_epochs * report.n_batches).saturating_sub(done);
        self.start.elapsed().as_secs_f64() / (done - before).max(1) as f64 * left as f64
    }
}

/// Progress as lines.
pub(crate) struct Meter {
    quiet: bool,
    terminal: bool,
    clock: Clock,
    told: Option<Instant>,
    /// The last look at every layer.
    activity: Option<Activity>,
}

impl Meter {
    pub(crate) fn new(quiet: bool, n_epochs: u64) -> Self {
        Meter { quiet, terminal: stderr().is_terminal(), clock: Clock::start(n_epochs), told: None, activity: None }
    }

    /// Shows a batch, if the last one that was shown is long enough ago.
    fn show(&mut self, report: &Report) {
        let left = self.clock.left(report);
        if report.activity.is_some() {
            self.activity.clone_from(&report.activity);
        }
        let often = Duration::from_millis(if self.terminal { 200 } else { 10_000 });
        if self.quiet || self.told.is_some_and(|at| at.elapsed() < often) {
            return;
        }
        self.told = Some(Instant::now());
        let line = format!(
            "epoch {}/{} batch {}/{}  loss {:.4}  accuracy {:.2} %  density {}  operations {:.2e}  left {}",
            report.epoch + 1,
            self.clock.n_epochs,
            report.batch,
            report.n_batches,
            report.sums.mean_loss(),
            100.0 * report.sums.accuracy(),
            short(&report.densities),
            self.activity.as_ref().map_or(0.0, Activity::operations),
            duration(left)
        );
        if self.terminal {
            eprint!("\r\x1b[K{line}")
        } else {
            eprintln!("{line}")
        }
        let _ = stderr().flush(); // a terminal that is gone is no reason to stop
    }

    /// Makes room for other lines.
    fn clear(&self) {
        if self.terminal && !self.quiet {
            eprint!("\r\x1b[K");
        }
    }
}

pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Densities in percent without names.
fn short(densities: &Densities) -> String {
    densities.iter().map(|(_, density)| format!("{:.0}%", 100.0 * density)).collect::<Vec<_>>().join(" ")
}

/// Densities with the names of their layers.
fn densities(densities: &Densities) -> String {
    densities.iter().map(|(layer, density)| format!("{layer} {:.1} %", 100.0 * density)).collect::<Vec<_>>().join(", ")
}
