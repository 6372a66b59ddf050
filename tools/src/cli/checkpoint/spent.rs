//! What a run had cost when a checkpoint was made, so that its report is of the whole run.

use engine::Phases;
use engine::checkpoint::{Error, PartReader, PartWriter};

use super::super::summary::Summary;

/// Seconds of wall time and CPU time of simulating.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spent {
    pub(crate) simulate_seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) phases: Phases,
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, other: Spent) {
        self.simulate_seconds += other.simulate_seconds;
        self.cpu_seconds += other.cpu_seconds;
        self.phases += other.phases;
    }
}

impl Spent {
    pub(super) fn save(&self, out: &mut PartWriter) -> Result<(), Error> {
        let Phases { update, deliver, communicate, record } = self.phases;
        [self.simulate_seconds, self.cpu_seconds, update, deliver, communicate, record].iter().try_for_each(|x| out.f64(*x))
    }

    pub(super) fn read(input: &mut PartReader) -> Result<Self, Error> {
        let mut next = || input.f64();
        let (simulate_seconds, cpu_seconds) = (next()?, next()?);
        let phases = Phases { update: next()?, deliver: next()?, communicate: next()?, record: next()? };
        Ok(Spent { simulate_seconds, cpu_seconds, phases })
    }

    /// Adds what was spent before to what the last process has spent.
    pub(crate) fn add_to(&self, summary: &mut Summary) {
        summary.simulate_seconds += self.simulate_seconds;
        summary.cpu_seconds += self.cpu_seconds;
        summary.realtime_factor = summary.simulate_seconds / summary.biological_seconds;
        summary.phases.update += self.phases.update;
        summary.phases.deliver += self.phases.deliver;
        summary.phases.communicate += self.phases.communicate;
        summary.phases.record += self.phases.record;
    }
}
