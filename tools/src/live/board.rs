//! What a run tells its viewers: where it is, what it said, what its regions do.
//!
//! The run writes and never waits. What it hands over often is swapped in one assignment, and left out this time if a viewer
//! happens to hold the place: the next one comes soon. A viewer takes a copy and works on that.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use engine::Phases;

use super::history::History;
use crate::report::Rows;

/// Messages that are kept.
const MOST_MESSAGES: usize = 100;
/// Characters of a message that are kept.
const LONGEST_MESSAGE: usize = 400;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It did all that was asked.
    Done,
    /// Someone stopped it; what was recorded until then is written.
    Stopped,
    /// It met an error, which is the last message.
    Failed,
}

/// Where a run is.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    /// `load`, `build`, `simulate`, `report`.
    pub(crate) phase: &'static str,
    started: Instant,
    /// When the run ended, and how.
    end: Option<(Instant, End)>,
    /// Part of the phase that is done, 0 to 1.
    pub(crate) fraction: f64,
    /// The last lines that the run wrote.
    pub(crate) messages: VecDeque<String>,
}

impl Stage {
    /// Seconds since the phase began, until the end of the run.
    pub(crate) fn seconds(&self) -> f64 {
        self.end.map_or_else(Instant::now, |end| end.0).saturating_duration_since(self.started).as_secs_f64()
    }

    /// Seconds that the rest of the phase takes if it goes on like this.
    pub(crate) fn left(&self) -> Option<f64> {
        if self.end.is_some() { None } else { remaining(self.fraction, self.seconds()) }
    }

    /// How the run ended, if it did.
    pub(crate) fn end(&self) -> Option<End> {
        self.end.map(|end| end.1)
    }
}

/// Seconds that the rest takes if it goes on like this; nothing is said while there is nothing to go by.
pub(crate) fn remaining(fraction: f64, elapsed: f64) -> Option<f64> {
    (fraction > 0.005 && fraction < 1.0).then(|| elapsed * (1.0 - fraction) / fraction)
}

/// What the neurons did so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity {
    /// Biological time in ms, from where watching began and until where it came.
    pub(crate) from_ms: f64,
    /// See `from_ms`.
    pub(crate) time_ms: f64,
    /// Spikes in that time.
    pub(crate) spikes: u64,
    /// Spikes of each row in that time.
    pub(crate) row_spikes: Vec<u64>,
    /// Where the wall time went, on the thread that hands out what happened.
    pub(crate) phases: Phases,
    /// The whole run, coarse.
    pub(crate) whole: History,
    /// The last second, fine.
    pub(crate) recent: History,
}

/// What stays the same all along.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subject {
    /// Name of the run.
    pub(crate) name: String,
    /// Neurons.
    pub(crate) neurons: u64,
    /// Biological time that was asked for, in ms.
    pub(crate) duration_ms: f64,
    /// Step in ms.
    pub(crate) dt: f64,
    /// What stands in a row: regions, or populations where there is no more than one region.
    pub(crate) rows: Rows,
}

/// The place where a run leaves what its viewers look at.
#[derive(Debug)]
pub(crate) struct Board {
    pub(crate) subject: Subject,
    stage: Mutex<Stage>,
    activity: Mutex<Arc<Activity>>,
}

impl Board {
    /// For a run that is about to be built.
    pub(crate) fn new(subject: Subject) -> Self {
        let activity = Activity::new(&subject, 0);
        let stage = Stage { phase: "", started: Instant::now(), end: None, fraction: 0.0, messages: VecDeque::new() };
        Board { subject, stage: Mutex::new(stage), activity: Mutex::new(Arc::new(activity)) }
    }

    /// A phase begins.
    pub(crate) fn begin(&self, phase: &'static str) {
        let mut stage = lock(&self.stage);
        (stage.phase, stage.started, stage.fraction) = (phase, Instant::now(), 0.0);
    }

    /// The phase is this far.
    pub(crate) fn at(&self, fraction: f64) {
        if let Some(mut stage) = free(&self.stage) {
            // Of nothing to do no part is done.
            stage.fraction = if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) };
        }
    }

    /// The run says something.
    pub(crate) fn say(&self, text: &str) {
        let mut stage = lock(&self.stage);
        if stage.messages.len() == MOST_MESSAGES {
            stage.messages.pop_front();
        }
        stage.messages.push_back(text.chars().take(LONGEST_MESSAGE).collect());
    }

    /// The run is over.
    pub(crate) fn end(&self, end: End) {
        lock(&self.stage).end = Some((Instant::now(), end));
    }

    /// New activity, unless a viewer is just taking the old.
    pub(super) fn offer(&self, activity: &Activity) {
        if let Some(mut place) = free(&self.activity) {
            *place = Arc::new(activity.clone());
        }
    }

    /// The last activity, which nobody may miss.
    pub(crate) fn leave(&self, activity: Activity) {
        *lock(&self.activity) = Arc::new(activity);
    }

    /// Where the run is.
    pub(crate) fn stage(&self) -> Stage {
        lock(&self.stage).clone()
    }

    /// What its neurons do.
    pub(crate) fn activity(&self) -> Arc<Activity> {
        lock(&self.activity).clone()
    }
}

impl Activity {
    /// Mean rate of a neuron so far, in 1/s.
    pub(crate) fn rate(&self, spikes: u64, neurons: u64) -> f64 {
        let seconds = (self.time_ms - self.from_ms) / 1000.0;
        if seconds > 0.0 && neurons > 0 { spikes as f64 / (neurons as f64 * seconds) } else { 0.0 }
    }

    /// The mean rate of each row over the last moments, in 1/s.
    pub(crate) fn rates_now(&self, subject: &Subject) -> Vec<f64> {
        let seconds = self.recent.width() as f64 * subject.dt / 1000.0;
        let means = self.recent.mean_of_last(10);
        means.iter().zip(&subject.rows.neurons).map(|(count, size)| count / (seconds * (*size).max(1) as f64)).collect()
    }
}

/// A viewer that panicked has left whole values behind.
fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

fn free<T>(place: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match place.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board() -> Board {
        Board::new(Subject { dt: 0.1, ..Subject::default() })
    }

    #[test]
    fn the_rest_is_estimated_once_there_is_something_to_go_by() {
        assert_eq!(remaining(0.0, 10.0), None);
        assert_eq!(remaining(0.25, 10.0), Some(30.0));
        assert_eq!(remaining(1.0, 10.0), None);
    }

    #[test]
    fn a_viewer_that_holds_everything_does_not_hold_up_the_run() {
        let board = board();
        let (stage, activity) = (board.stage.lock().unwrap(), board.activity.lock().unwrap());
        board.at(0.5);
        board.offer(&Activity { spikes: 7, ..Activity::default() });
        drop((stage, activity));
        assert_eq!((board.stage().fraction, board.activity().spikes), (0.0, 0));
        board.at(0.5);
        board.leave(Activity { spikes: 7, ..Activity::default() });
        assert_eq!((board.stage().fraction, board.activity().spikes), (0.5, 7));
    }

    #[test]
    fn a_part_is_always_between_nothing_and_all() {
        let board = board();
        let seen = [f64::NAN, -1.0, 0.25, f64::INFINITY].map(|fraction| {
            board.at(fraction);
            board.stage().fraction
        });
        assert_eq!(seen, [0.0, 0.0, 0.25, 1.0]);
    }

    #[test]
    fn messages_are_bounded_in_number_and_length() {
        let board = board();
        (0..1000).for_each(|i| board.say(&format!("{i}{}", "é".repeat(1000))));
        let messages = board.stage().messages;
        assert_eq!(messages.len(), MOST_MESSAGES);
        assert!(messages[0].starts_with("900") && messages.iter().all(|m| m.chars().count() == LONGEST_MESSAGE));
    }

    #[test]
    fn after_the_end_time_stands_still() {
        let board = board();
        board.begin("simulate");
        board.at(0.5);
        board.end(End::Stopped);
        let stage = board.stage();
        assert_eq!((stage.end(), stage.left(), stage.seconds()), (Some(End::Stopped), None, stage.seconds()));
    }
}
