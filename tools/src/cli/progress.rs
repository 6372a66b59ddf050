//! What a user sees while a run works: its phases, how far it is, how long it will take.
//!
//! On a terminal one line is redrawn; elsewhere plain lines come every few seconds, so that a batch job's
//! log stays readable. Everything goes to stderr: stdout belongs to results.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use engine::Observer;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scenarios::Plan;

use super::states::first_ids;
use super::table::{duration, short};
use crate::analysis::Span;
use crate::live::board::{Board, remaining};
use crate::live::monitor::Watched;

/// How often a plain line is written where there is no terminal.
const EVERY: Duration = Duration::from_secs(5);
/// How often the line on a terminal changes.
const REDRAW: Duration = Duration::from_millis(100);

/// Shows the phases of a run.
pub(crate) struct Progress {
    look: Look,
    phase: Mutex<Phase>,
    /// Where viewers look, if there are any.
    board: OnceLock<Arc<Board>>,
    /// Lines that wait until the terminal is free.
    held: Mutex<Option<Vec<String>>>,
}

enum Look {
    Silent,
    Bar(ProgressBar),
    Lines,
}

struct Phase {
    name: &'static str,
    started: Instant,
    shown: Instant,
}

/// How far a simulation is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advance {
    /// Part of the biological time that is done, 0 to 1.
    pub(crate) fraction: f64,
    /// Spikes so far.
    pub(crate) spikes: u64,
    /// Mean rate of a neuron so far, in 1/s.
    pub(crate) rate: f64,
}

impl Progress {
    /// Shows nothing if `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        let look = match (quiet, std::io::stderr().is_terminal()) {
            (true, _) => Look::Silent,
            (false, true) => Look::Bar(bar()),
            (false, false) => Look::Lines,
        };
        let now = Instant::now();
        let phase = Mutex::new(Phase { name: "", started: now, shown: now });
        Progress { look, phase, board: OnceLock::new(), held: Mutex::new(None) }
    }

    /// From now on viewers are told too.
    pub(crate) fn attach(&self, board: Arc<Board>) {
        board.begin(self.phase().name);
        // There is one set of viewers per run.
        let _ = self.board.set(board);
    }

    /// An observer that tells viewers what it sees before it passes it on.
    pub(crate) fn watched<'a>(&self, plan: &Plan, observer: &'a mut dyn Observer) -> Watched<'a> {
        let span = |(p, first): (&connectome::network::Population, u64)| Span { first, size: u64::from(p.size) };
        let spans: Vec<Span> = plan.network.populations.iter().zip(first_ids(plan)).map(span).collect();
        Watched::new(self.board.get(), &spans, observer)
    }

    /// Writes nothing until [`Progress::release`]: the terminal is someone else's.
    pub(crate) fn hold(&self) {
        if let Look::Bar(bar) = &self.look {
            bar.finish_and_clear();
        }
        *self.held() = Some(Vec::new());
    }

    /// Writes what came meanwhile.
    pub(crate) fn release(&self) {
        let lines = self.held().take();
        lines.iter().flatten().for_each(|line| self.write(line));
    }

    fn held(&self) -> MutexGuard<'_, Option<Vec<String>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A phase begins: `load`, `build`, `simulate`, `report`.
    pub(crate) fn begin(&self, name: &'static str) {
        let now = Instant::now();
        *self.phase() = Phase { name, started: now, shown: now };
        if let Some(board) = self.board.get() {
            board.begin(name);
        }
        if let Look::Bar(bar) = &self.look
            && self.held().is_none()
        {
            bar.set_prefix(name);
            bar.set_position(0);
            bar.set_message("");
            bar.tick();
        }
    }

    /// The phase is this far, 0 to 1.
    pub(crate) fn at(&self, fraction: f64) {
        self.show(fraction, String::new);
    }

    /// The simulation is this far.
    pub(crate) fn simulated(&self, now: Advance) {
        let seconds = self.seconds();
        let per_second = now.spikes as f64 / seconds.max(1e-9);
        self.show(now.fraction, || format!("{} spikes/s, mean rate {}/s", magnitude(per_second), short(now.rate)));
    }

    /// Seconds since the phase began.
    pub(crate) fn seconds(&self) -> f64 {
        self.phase().started.elapsed().as_secs_f64()
    }

    /// The phase is done; `result` says what came out of it. Returns the seconds it took.
    pub(crate) fn end(&self, result: &str) -> f64 {
        // Two statements: the guard of the first must be gone before the second locks again.
        let name = self.phase().name;
        let seconds = self.seconds();
        self.line(format!("{name:>8}  {:<9}  {result}", duration(seconds)).trim_end());
        seconds
    }

    /// Any thread may say how far it is.
    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A line that stays.
    pub(crate) fn line(&self, text: &str) {
        if let Some(board) = self.board.get() {
            board.say(text);
        }
        match self.held().as_mut() {
            Some(lines) => lines.push(text.to_owned()),
            None => self.write(text),
        }
    }

    fn write(&self, text: &str) {
        match &self.look {
            Look::Silent => {}
            Look::Bar(bar) => bar.suspend(|| to_stderr(text)),
            Look::Lines => to_stderr(text),
        }
    }

    fn show(&self, fraction: f64, detail: impl FnOnce() -> String) {
        if let Some(board) = self.board.get() {
            board.at(fraction);
        }
        if self.held().is_some() {
            return;
        }
        let mut phase = self.phase();
        let wait = match self.look {
            Look::Silent => return,
            Look::Bar(_) => REDRAW,
            Look::Lines => EVERY,
        };
        if phase.shown.elapsed() < wait {
            return;
        }
        phase.shown = Instant::now();
        let left = remaining(fraction, phase.started.elapsed().as_secs_f64());
        let message = [left.map(|s| format!("{} left", duration(s))).unwrap_or_default(), detail()];
        let message = message.iter().filter(|m| !m.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ");
        match &self.look {
            Look::Silent => {}
            Look::Bar(bar) => {
                bar.set_position((fraction.clamp(0.0, 1.0) * 1000.0) as u64);
                bar.set_message(message);
            }
            Look::Lines => to_stderr(format!("{:>8}  {:3.0} %  {message}", phase.name, fraction * 100.0).trim_end()),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Look::Bar(bar) = &self.look {
            bar.finish_and_clear();
        }
    }
}

/// A number with its magnitude: `3.1 k`, `12 M`.
fn magnitude(x: f64) -> String {
    let (scale, unit) = match x {
        x if x >= 1e9 => (1e9, " G"),
        x if x >= 1e6 => (1e6, " M"),
        x if x >= 1e3 => (1e3, " k"),
        _ => (1.0, ""),
    };
    format!("{:.1}{unit}", x / scale)
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>8}  {bar:30} {percent:>3} %  {wide_msg}")
        .expect("the template above is fixed and valid")
        .progress_chars("=> ");
    ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr()).with_style(style)
}

/// Progress is a courtesy: a closed stderr must not end a run.
fn to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magnitudes_keep_one_decimal() {
        assert_eq!([0.0, 999.0, 3_100.0, 12e6, 4.5e9].map(magnitude), ["0.0", "999.0", "3.1 k", "12.0 M", "4.5 G"]);
    }
}
