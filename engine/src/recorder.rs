//! From what threads publish to what an observer sees.

use std::ops::ControlFlow;

use crate::checkpoint::Recent;
use crate::comm::{Comm, Lost};
use crate::shard::{Fired, Outbox};
use crate::simulation::{Block, Observer, Phases, Sample, Spike};

/// About every so many ms of biological time the observer sees what happened.
const RECORDED: f64 = 10.0;

/// A process by itself shows earlier what has come to so many spikes: a billion neurons fire ten million times in 10 ms.
const MANY: usize = 1 << 22;

/// Steps of a block, at least one epoch.
pub(crate) fn pace(dt: f64, min_delay: u64) -> u64 {
    (RECORDED.max(min_delay as f64 * dt) / dt) as u64
}

/// Gathers what threads, a device and processes publish and hands it to the observer of rank 0, sorted.
pub(crate) struct Recorder<'a> {
    observer: &'a mut dyn Observer,
    comm: &'a dyn Comm,
    recent: &'a mut Recent,
    spikes: Vec<Spike>,
    samples: Vec<Sample>,
    start: u64,
    /// In steps.
    interval: u64,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new((observer, recent): (&'a mut dyn Observer, &'a mut Recent), comm: &'a dyn Comm, start: u64, interval: u64) -> Self {
        Recorder { observer, comm, recent, spikes: Vec::new(), samples: Vec::new(), start, interval }
    }

    pub(crate) fn take(&mut self, outbox: &Outbox) {
        self.spikes.extend(outbox.spikes.iter().map(|(step, id): &Fired| Spike { step: step + 1, id: *id }));
        self.samples.extend_from_slice(&outbox.samples);
    }

    pub(crate) fn flush(&mut self, step: u64, last: bool, phases: Phases) -> Result<ControlFlow<()>, Lost> {
        let many = self.spikes.len() >= MANY && self.comm.size() == 1;
        if step - self.start < self.interval && !last && !many {
            return Ok(ControlFlow::Continue(()));
        }
        self.spikes.sort_unstable();
        self.recent.take(&self.spikes, step);
        if self.comm.size() > 1 {
            self.gather()?;
            self.spikes.sort_unstable();
        }
        let steps = self.start..step;
        self.start = step;
        let mut flow = ControlFlow::Continue(());
        if self.comm.rank() == 0 {
            self.samples.sort_unstable_by_key(|s| (s.probe, s.step, s.position));
            flow = self.observer.block(&Block { steps, spikes: &self.spikes, samples: &self.samples, phases });
        }
        self.spikes.clear();
        self.samples.clear();
        if self.comm.size() > 1 && self.comm.broadcast(u64::from(flow.is_break()))? != 0 {
            flow = ControlFlow::Break(());
        }
        Ok(flow)
    }

    /// Brings what all ranks have to rank 0.
    fn gather(&mut self) -> Result<(), Lost> {
        let spikes: Vec<u64> = self.spikes.drain(..).flat_map(|s| [s.step, u64::from(s.id)]).collect();
        let samples: Vec<u64> = self.samples.drain(..).flat_map(Sample::to_words).collect();
        for words in self.comm.gather(&spikes)? {
            self.spikes.extend(words.as_chunks().0.iter().map(|[step, id]| Spike { step: *step, id: *id as u32 }));
        }
        for words in self.comm.gather(&samples)? {
            self.samples.extend(words.as_chunks().0.iter().map(Sample::from_words));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comm::Alone;

    #[test]
    fn many_spikes_are_shown_before_their_time() {
        let mut blocks = Vec::new();
        let mut observer = |block: &Block| {
            blocks.push((block.steps.clone(), block.spikes.len()));
            ControlFlow::Continue(())
        };
        let mut recent = Recent::new(1);
        let mut recorder = Recorder::new((&mut observer, &mut recent), &Alone, 0, 100);
        for (step, n) in [(1, 3), (2, MANY), (3, 5), (100, 2), (102, 1)] {
            recorder.take(&Outbox { spikes: vec![(step - 1, 7); n], samples: Vec::new() });
            assert!(recorder.flush(step, false, Phases::default()).unwrap().is_continue());
        }
        assert_eq!(blocks, [(0..2, MANY + 3), (2..102, 8)]);
    }
}
