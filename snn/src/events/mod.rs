//! What event cameras send: single pixels that became brighter or darker, with microseconds.

mod frames;
mod gesture;
pub mod read;
mod saccade;
mod sensor;

pub use frames::Framing;
pub use gesture::{GESTURES, gesture};
pub use saccade::saccade;
pub use sensor::Sensor;

/// A pixel that changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// Time, microseconds.
    pub t: i64,
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
    /// Whether it became brighter.
    pub on: bool,
}

/// Events of one camera in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recording {
    /// Rows of the camera.
    pub height: usize,
    /// Columns of the camera.
    pub width: usize,
    /// All events.
    pub events: Vec<Event>,
}

impl Recording {
    /// The events from `start` up to, but not at, `stop` microseconds.
    pub fn between(&self, start: i64, stop: i64) -> Recording {
        let at = |t: i64| self.events.partition_point(|event| event.t < t);
        let (first, last) = (at(start), at(stop.max(start)));
        Recording { events: self.events[first..last].to_vec(), ..*self }
    }
}
