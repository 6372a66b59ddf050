//! What of rows that were made is still under way.

use kernels::rows::{Scratch, Wiring};
use kernels::segments::{Segment, Sink};

use super::Procedural;
use crate::shard::Fired;

/// Counts synapses that are due from some step on in rows that were made before it.
pub(crate) struct Ahead<'a> {
    procedural: &'a Procedural,
    wiring: &'a Wiring,
    now: u64,
    scratch: Scratch,
    due: DueLater,
}

/// Synapses of a delay of at least this many steps.
#[derive(Default)]
struct DueLater {
    delay: u64,
    synapses: u64,
    words: Vec<u32>,
}

impl<'a> Ahead<'a> {
    /// None yet, at step `now`.
    pub(crate) fn new(procedural: &'a Procedural, wiring: &'a Wiring, now: u64) -> Self {
        Ahead { procedural, wiring, now, scratch: Scratch::default(), due: DueLater::default() }
    }

    /// Counts those of a spike.
    pub(crate) fn add(&mut self, (step, id): Fired) {
        self.due.delay = self.now - step;
        let population = self.wiring.layout.population_of(id);
        let source = id - self.wiring.layout.first_id[population];
        for class in self.procedural.classes.iter().filter(|class| step + class.lead < self.now) {
            self.wiring.regenerate(source, &class.ways[population], &mut self.scratch, &mut self.due);
        }
    }

    /// How many there are.
    pub(crate) fn synapses(&self) -> u64 {
        self.due.synapses
    }
}

impl Sink for DueLater {
    fn open(&mut self, segment: Segment) -> &mut Vec<u32> {
        self.synapses += if u64::from(segment.delay) >= self.delay { u64::from(segment.count) } else { 0 };
        self.words.clear();
        &mut self.words
    }
}
