//! Procedural projections: rows that are made when they are about to be due.
//!
//! Nothing of such a projection is stored. Each thread takes a share of all spikes, and makes their rows
//! for all blocks: its own blocks' segments go straight into the calendars, others' travel in parcels.
//! A row is made as late as its shortest delay allows, so that little is under way, and in rounds of
//! bounded size, so that a burst of spikes does not need memory for all its synapses at once.

mod ahead;

use std::collections::VecDeque;

use kernels::delivery::Calendar;
use kernels::rows::{Scratch, Way, Wiring};
use kernels::segments::{Kind, Segment, Sink};

use crate::shard::Fired;
pub(crate) use ahead::Ahead;

/// A round ends when a thread has made about so many words (4 bytes each).
pub(crate) const ROUND: usize = 8 << 20;

/// Procedural projections by their shortest delay.
pub(crate) struct Procedural {
    classes: Vec<Class>,
}

struct Class {
    /// Shortest delay in steps.
    lead: u64,
    /// Ways of this class out of each population.
    ways: Vec<Vec<Way>>,
}

impl Procedural {
    /// `None` if no projection is procedural.
    pub(crate) fn new(wiring: &Wiring, procedural: &[bool], n_populations: usize) -> Option<Self> {
        let mut classes: Vec<Class> = Vec::new();
        for (population, ways) in wiring.ways(n_populations, procedural).into_iter().enumerate() {
            for way in ways {
                let lead = u64::from(wiring.lead(way));
                let place = classes.binary_search_by_key(&lead, |c| c.lead).unwrap_or_else(|place| {
                    classes.insert(place, Class { lead, ways: vec![Vec::new(); n_populations] });
                    place
                });
                classes[place].ways[population].push(way);
            }
        }
        (!classes.is_empty()).then_some(Procedural { classes })
    }

    /// Which projections are procedural.
    pub(crate) fn projections(&self, wiring: &Wiring) -> Vec<bool> {
        let mut procedural = vec![false; wiring.projections.len()];
        for way in self.classes.iter().flat_map(|class| &class.ways).flatten() {
            match *way {
                Way::Projection(index) => procedural[index as usize] = true,
                Way::Bundle(index) => wiring.bundles[index as usize].members.iter().for_each(|m| procedural[*m as usize] = true),
            }
        }
        procedural
    }
}

/// One thread's share of the spikes whose rows are still to be made.
#[derive(Default)]
pub(crate) struct Waiting {
    /// Ids by step of the update in which they fired, for the steps that some class still waits for.
    steps: VecDeque<Vec<u32>>,
    /// Step of the first of them.
    first: u64,
    /// For each class: the next step, and how many of its spikes are done.
    cursors: Vec<(u64, usize)>,
    /// Room of steps that are over.
    spare: Vec<Vec<u32>>,
    scratch: Scratch,
}

impl Waiting {
    /// Nothing waits, at step `now`.
    pub(crate) fn new(procedural: &Procedural, now: u64) -> Self {
        Waiting { first: now, cursors: vec![(now, 0); procedural.classes.len()], ..Default::default() }
    }

    /// Takes every `n`-th spike from the `first`-th on.
    pub(crate) fn take(&mut self, spikes: &[Fired], first: usize, n: usize) {
        // What comes late from another process has long delays only; for the ways of its time that are done and
        // forgotten it has no targets here.
        let done = self.first;
        for (step, id) in spikes.iter().skip(first).step_by(n).filter(|(step, _)| *step >= done) {
            self.reach(step + 1);
            self.steps[(step - self.first) as usize].push(*id);
        }
    }

    /// All spikes before step `now` have been taken.
    pub(crate) fn reach(&mut self, now: u64) {
        while self.first + (self.steps.len() as u64) < now {
            self.steps.push_back(self.spare.pop().unwrap_or_default());
        }
    }

    /// Makes rows that may be due before `until`, one round of them. True if some are left.
    pub(crate) fn make(&mut self, procedural: &Procedural, wiring: &Wiring, until: u64, out: &mut Outgoing) -> bool {
        let mut maker = Maker { wiring, scratch: &mut self.scratch, out };
        let mut left = false;
        for (class, cursor) in procedural.classes.iter().zip(&mut self.cursors) {
            left |= !advance(class, cursor, (&self.steps, self.first), until, &mut maker);
        }
        if !left {
            self.forget();
        }
        left
    }

    /// Drops the steps that no class waits for.
    fn forget(&mut self) {
        let needed = self.cursors.iter().map(|c| c.0).min().unwrap_or(self.first);
        while self.first < needed {
            if let Some(mut ids) = self.steps.pop_front() {
                ids.clear();
                self.spare.push(ids);
            }
            self.first += 1;
        }
    }
}

/// Makes the rows of one class up to the end of the round. True if all are made.
fn advance(class: &Class, cursor: &mut (u64, usize), history: (&VecDeque<Vec<u32>>, u64), until: u64, maker: &mut Maker) -> bool {
    let (steps, first) = history;
    let layout = &maker.wiring.layout;
    // A spike of this step or later is not due before `until`.
    while cursor.0 + class.lead < until {
        let ids = &steps[(cursor.0 - first) as usize];
        while let Some(id) = ids.get(cursor.1) {
            if maker.out.made > ROUND {
                return false;
            }
            let population = layout.population_of(*id);
            maker.out.step = cursor.0;
            maker.wiring.regenerate(*id - layout.first_id[population], &class.ways[population], maker.scratch, maker.out);
            cursor.1 += 1;
        }
        *cursor = (cursor.0 + 1, 0);
    }
    true
}

/// What it takes to make rows.
struct Maker<'a, 'b> {
    wiring: &'a Wiring,
    scratch: &'a mut Scratch,
    out: &'a mut Outgoing<'b>,
}

/// Segments on their way from one thread to another.
#[derive(Default)]
pub(crate) struct Parcel {
    /// When each is due, and its head.
    segments: Vec<(u64, Segment)>,
    words: Vec<u32>,
}

impl Parcel {
    /// Empties the parcel.
    pub(crate) fn clear(&mut self) {
        self.segments.clear();
        self.words.clear();
    }

    /// Enters the segments into the calendars of the receiver's blocks.
    pub(crate) fn unpack(&self, kinds: &[Kind], calendars: &mut [Calendar], first_block: u32) {
        let mut words = self.words.as_slice();
        for (due, segment) in &self.segments {
            let (own, rest) = words.split_at(kinds[segment.kind as usize].encoding.words(segment.count as usize));
            calendars[(segment.block - first_block) as usize].make(*due, *segment).extend_from_slice(own);
            words = rest;
        }
    }
}

/// Where one thread's rows go.
pub(crate) struct Outgoing<'a> {
    /// Step of the update in which the present source fired.
    step: u64,
    /// Words made in this round, about.
    made: usize,
    now: u64,
    thread: usize,
    wiring: &'a Wiring,
    calendars: &'a mut [Calendar],
    parcels: &'a mut [Parcel],
    /// Takes what was due before the time at which a run goes on.
    discarded: Vec<u32>,
}

impl<'a> Outgoing<'a> {
    /// From `thread`, which owns these calendars, at step `now`; one parcel for each thread.
    pub(crate) fn new(thread: usize, now: u64, wiring: &'a Wiring, calendars: &'a mut [Calendar], parcels: &'a mut [Parcel]) -> Self {
        Outgoing { step: 0, made: 0, now, thread, wiring, calendars, parcels, discarded: Vec::new() }
    }
}

impl Sink for Outgoing<'_> {
    #[inline]
    fn open(&mut self, segment: Segment) -> &mut Vec<u32> {
        self.made += self.wiring.kinds[segment.kind as usize].encoding.words(segment.count as usize);
        let due = self.step + u64::from(segment.delay);
        if due < self.now {
            self.discarded.clear();
            return &mut self.discarded;
        }
        let owner = self.wiring.layout.owner[segment.block as usize];
        if owner == self.thread {
            let first = self.wiring.layout.first_block[owner];
            return self.calendars[(segment.block - first) as usize].make(due, segment);
        }
        let parcel = &mut self.parcels[owner];
        parcel.segments.push((due, segment));
        &mut parcel.words
    }
}
