//! Streams: queues of commands, done in any order that the program allows.
//!
//! A device may run ahead in one stream and lag in another. Here the next command is drawn at random among
//! the heads of all queues that wait for nothing, so a program that forgot to wait for an event fails for
//! some seed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use crate::machine::Launch;
use crate::random::Random;

/// Bytes that the host provides when they are needed.
pub type Source = Box<dyn FnOnce() -> Vec<u8> + Send>;
/// Takes bytes that arrive at the host.
pub type Sink = Box<dyn FnOnce(&[u8]) + Send>;

/// What a stream is asked to do.
pub(crate) enum Command {
    Launch(Launch),
    Write {
        to: u64,
        source: Source,
    },
    Read {
        from: u64,
        length: usize,
        sink: Sink,
    },
    Copy {
        to: u64,
        from: u64,
        length: usize,
    },
    /// Repeats a pattern.
    Fill {
        to: u64,
        pattern: Vec<u8>,
        count: usize,
    },
    /// Lets memory that was reserved be used.
    Enliven {
        address: u64,
    },
    Free {
        address: u64,
    },
}

enum Entry {
    Command(Command),
    /// An event, and how many times it was recorded with this.
    Record(u64, u64),
    Wait(u64, u64),
}

struct Queue {
    /// Entries and the order in which the program made them.
    entries: VecDeque<(u64, Entry)>,
    /// Waits for the default stream and is waited for by it.
    is_blocking: bool,
    is_destroyed: bool,
}

#[derive(Default)]
struct Event {
    /// How many times it was put into a stream, and how many times it was reached.
    recorded: u64,
    reached: u64,
    time: Option<Instant>,
    is_destroyed: bool,
}

/// The stream that programs get without asking.
pub const DEFAULT_STREAM: u64 = 0;

/// The streams and events of a device.
pub(crate) struct Streams {
    queues: BTreeMap<u64, Queue>,
    events: BTreeMap<u64, Event>,
    next_name: u64,
    next_number: u64,
}

impl Streams {
    pub(crate) fn new() -> Self {
        let default = Queue { entries: VecDeque::new(), is_blocking: false, is_destroyed: false };
        // Small numbers are names of special streams.
        Streams { queues: [(DEFAULT_STREAM, default)].into(), events: BTreeMap::new(), next_name: 16, next_number: 0 }
    }

    fn name(&mut self) -> u64 {
        self.next_name += 1;
        self.next_name
    }

    pub(crate) fn create(&mut self, is_blocking: bool) -> u64 {
        let name = self.name();
        self.queues.insert(name, Queue { entries: VecDeque::new(), is_blocking, is_destroyed: false });
        name
    }

    pub(crate) fn exists(&self, stream: u64) -> bool {
        self.queues.get(&stream).is_some_and(|queue| !queue.is_destroyed)
    }

    /// What the stream still has to do will be done.
    pub(crate) fn destroy(&mut self, stream: u64) {
        if let Some(queue) = self.queues.get_mut(&stream) {
            queue.is_destroyed = true;
        }
        self.forget_finished();
    }

    fn forget_finished(&mut self) {
        self.queues.retain(|_, queue| !(queue.is_destroyed && queue.entries.is_empty()));
        self.events.retain(|_, event| !(event.is_destroyed && event.recorded == event.reached));
    }

    fn enter(&mut self, stream: u64, entry: Entry) {
        self.next_number += 1;
        if let Some(queue) = self.queues.get_mut(&stream) {
            queue.entries.push_back((self.next_number, entry));
        }
    }

    pub(crate) fn push(&mut self, stream: u64, command: Command) {
        self.enter(stream, Entry::Command(command));
    }

    pub(crate) fn is_idle(&self, stream: u64) -> bool {
        self.queues.get(&stream).is_none_or(|queue| queue.entries.is_empty())
    }

    pub(crate) fn all_idle(&self) -> bool {
        self.queues.values().all(|queue| queue.entries.is_empty())
    }

    pub(crate) fn create_event(&mut self) -> u64 {
        let name = self.name();
        self.events.insert(name, Event::default());
        name
    }

    pub(crate) fn destroy_event(&mut self, event: u64) {
        if let Some(event) = self.events.get_mut(&event) {
            event.is_destroyed = true;
        }
        self.forget_finished();
    }

    /// The event will be reached when the stream has done what it has to do now.
    pub(crate) fn record(&mut self, stream: u64, event: u64) {
        if let Some(found) = self.events.get_mut(&event) {
            found.recorded += 1;
            let recorded = found.recorded;
            self.enter(stream, Entry::Record(event, recorded));
        }
    }

    /// The stream waits for what the event was last recorded after; for nothing if it never was.
    pub(crate) fn wait(&mut self, stream: u64, event: u64) {
        if let Some(recorded) = self.events.get(&event).map(|event| event.recorded) {
            self.enter(stream, Entry::Wait(event, recorded));
        }
    }

    pub(crate) fn is_reached(&self, event: u64) -> bool {
        self.events.get(&event).is_none_or(|event| event.reached == event.recorded)
    }

    /// When an event was reached last.
    pub(crate) fn time(&self, event: u64) -> Option<Instant> {
        self.events.get(&event).filter(|event| event.reached == event.recorded).and_then(|event| event.time)
    }

    /// Whether the first entry of a queue has nothing to wait for.
    fn is_ready(&self, stream: u64) -> bool {
        let queue = &self.queues[&stream];
        let Some((number, entry)) = queue.entries.front() else { return false };
        let waits_for = |other: &Queue| other.entries.front().is_some_and(|(first, _)| first < number);
        let held = if stream == DEFAULT_STREAM {
            self.queues.values().any(|other| other.is_blocking && waits_for(other))
        } else {
            queue.is_blocking && waits_for(&self.queues[&DEFAULT_STREAM])
        };
        let reached = |event: &u64, recorded: &u64| self.events.get(event).is_none_or(|event| event.reached >= *recorded);
        !held && !matches!(entry, Entry::Wait(event, recorded) if !reached(event, recorded))
    }

    /// The next command, of any stream that may go on. `None` when there is nothing left to do.
    pub(crate) fn next(&mut self, random: &mut Random) -> Option<Command> {
        loop {
            let ready: Vec<u64> = self.queues.keys().copied().filter(|stream| self.is_ready(*stream)).collect();
            if ready.is_empty() {
                assert!(self.all_idle(), "an event is recorded before anyone can wait for it");
                return None;
            }
            let stream = ready[random.below(ready.len())];
            let (_, entry) = self.queues.get_mut(&stream)?.entries.pop_front()?;
            match entry {
                Entry::Command(command) => return Some(command),
                Entry::Wait(..) => {}
                Entry::Record(event, recorded) => {
                    if let Some(event) = self.events.get_mut(&event) {
                        event.reached = recorded;
                        event.time = Some(Instant::now());
                    }
                }
            }
            self.forget_finished();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command that says which one it is.
    fn numbered(address: u64) -> Command {
        Command::Free { address }
    }

    fn order(streams: &mut Streams, seed: u64) -> Vec<u64> {
        let mut random = Random::new(seed);
        let number = |command| match command {
            Command::Free { address } => address,
            _ => unreachable!("only such commands were pushed"),
        };
        std::iter::from_fn(|| streams.next(&mut random)).map(number).collect()
    }

    /// Orders that occur among many seeds.
    fn orders(fill: impl Fn(&mut Streams)) -> Vec<Vec<u64>> {
        let mut found: Vec<_> = (0..200)
            .map(|seed| {
                let mut streams = Streams::new();
                fill(&mut streams);
                order(&mut streams, seed)
            })
            .collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn a_stream_keeps_its_order_and_streams_mix_in_every_way() {
        let found = orders(|streams| {
            let (a, b) = (streams.create(false), streams.create(false));
            streams.push(a, numbered(1));
            streams.push(a, numbered(2));
            streams.push(b, numbered(3));
        });
        assert_eq!(found, [[1, 2, 3], [1, 3, 2], [3, 1, 2]]);
    }

    #[test]
    fn an_event_orders_two_streams() {
        let found = orders(|streams| {
            let (a, b, event) = (streams.create(false), streams.create(false), streams.create_event());
            streams.push(a, numbered(1));
            streams.record(a, event);
            streams.destroy(a);
            streams.wait(b, event);
            streams.destroy_event(event);
            streams.push(b, numbered(2));
        });
        assert_eq!(found, [[1, 2]]);
    }

    #[test]
    fn waiting_for_an_event_that_was_never_recorded_is_no_waiting() {
        let found = orders(|streams| {
            let (a, b, event) = (streams.create(false), streams.create(false), streams.create_event());
            streams.push(a, numbered(1));
            streams.wait(b, event);
            streams.record(a, event);
            streams.push(b, numbered(2));
        });
        assert_eq!(found, [[1, 2], [2, 1]]);
    }

    #[test]
    fn the_default_stream_orders_blocking_streams_only() {
        let fill = |is_blocking| {
            move |streams: &mut Streams| {
                let a = streams.create(is_blocking);
                streams.push(a, numbered(1));
                streams.push(DEFAULT_STREAM, numbered(2));
                streams.push(a, numbered(3));
            }
        };
        assert_eq!(orders(fill(true)), [[1, 2, 3]]);
        assert_eq!(orders(fill(false)).len(), 3);
    }
}
