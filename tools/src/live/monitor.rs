//! Counts what a viewer wants to see, while a simulation runs.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::{Block, Observer};

use super::board::{Activity, Board, Subject};
use super::history::History;
use crate::analysis::{Span, SpanIndex};

/// Bins of the whole run.
pub(crate) const WHOLE_BINS: u64 = 400;
/// Bins of the recent past, and the width of one in ms.
pub(crate) const RECENT_BINS: usize = 200;
const RECENT_MS: f64 = 5.0;
/// How often viewers get something new.
const EVERY: Duration = Duration::from_millis(100);

impl Activity {
    /// Nothing yet of a run that begins, or goes on, after step `start`.
    pub(crate) fn new(subject: &Subject, start: u64) -> Self {
        let (rows, dt) = (subject.rows.labels.len(), subject.dt);
        let end = (subject.duration_ms / dt).round() as u64;
        let recent = ((RECENT_MS / dt).round() as u64).max(1);
        // A bin below 1 ms shows noise and no rate.
        let whole = end.div_ceil(WHOLE_BINS).max((1.0 / dt).ceil() as u64);
        let from_ms = start as f64 * dt;
        Activity {
            from_ms,
            time_ms: from_ms,
            row_spikes: vec![0; rows],
            whole: History::new(rows, whole, WHOLE_BINS as usize, start),
            recent: History::new(rows, recent, RECENT_BINS, start),
            ..Activity::default()
        }
    }
}

/// Passes on what an observer sees, and tells it to a board.
pub(crate) struct Watched<'a> {
    observer: &'a mut dyn Observer,
    monitor: Option<Monitor>,
}

impl<'a> Watched<'a> {
    /// Without a board it only passes on.
    pub(crate) fn new(board: Option<&Arc<Board>>, populations: &[Span], observer: &'a mut dyn Observer) -> Self {
        Watched { observer, monitor: board.map(|board| Monitor::new(board.clone(), populations)) }
    }
}

impl Observer for Watched<'_> {
    fn block(&mut self, block: &Block) -> ControlFlow<()> {
        if let Some(monitor) = &mut self.monitor {
            monitor.take(block);
        }
        self.observer.block(block)
    }
}

struct Monitor {
    board: Arc<Board>,
    index: SpanIndex,
    now: Activity,
    offered: Instant,
    begun: bool,
}

impl Monitor {
    fn new(board: Arc<Board>, populations: &[Span]) -> Self {
        let now = Activity::clone(&board.activity());
        Monitor { board, index: SpanIndex::new(populations), now, offered: Instant::now(), begun: false }
    }

    fn take(&mut self, block: &Block) {
        if !self.begun {
            self.now = Activity::new(&self.board.subject, block.steps.start);
            self.begun = true;
        }
        let now = &mut self.now;
        for spike in block.spikes {
            let population = self.index.locate(u64::from(spike.id)).map(|(population, _)| population);
            let Some(row) = population.and_then(|p| *self.board.subject.rows.of_population.get(p)?) else { continue };
            now.row_spikes[row] += 1;
            now.whole.add(spike.step, row);
            now.recent.add(spike.step, row);
        }
        now.spikes += block.spikes.len() as u64;
        now.time_ms = block.steps.end as f64 * self.board.subject.dt;
        now.phases = block.phases;
        now.whole.until(block.steps.end);
        now.recent.until(block.steps.end);
        if self.offered.elapsed() >= EVERY {
            self.offered = Instant::now();
            self.board.offer(now);
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.board.leave(std::mem::take(&mut self.now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Rows;
    use engine::{Phases, Spike};

    #[test]
    fn spikes_are_counted_by_row_and_passed_on() {
        let rows =
            Rows { labels: vec!["V1".into(), "V2".into()], neurons: vec![20, 10], of_population: vec![Some(0), None, Some(1), Some(0)] };
        let subject = Subject { name: "x".into(), neurons: 40, duration_ms: 100.0, dt: 0.1, rows };
        let board = Arc::new(Board::new(subject));
        let spans: Vec<Span> = (0..4).map(|p| Span { first: 10 * p, size: 10 }).collect();
        let mut seen = 0;
        let mut inner = |block: &Block| {
            seen += block.spikes.len();
            if block.steps.end < 1000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let mut watched = Watched::new(Some(&board), &spans, &mut inner);
        let mut flow = ControlFlow::Continue(());
        for end in (100..=1000).step_by(100) {
            let spikes = [5, 15, 25, 35].map(|id| Spike { step: end, id });
            flow = watched.block(&Block {
                steps: end - 100..end,
                spikes: &spikes,
                samples: &[],
                phases: Phases { update: end as f64, ..Phases::default() },
            });
        }
        drop(watched);
        assert!(flow.is_break() && seen == 40);
        let activity = board.activity();
        assert_eq!(
            (activity.spikes, activity.row_spikes.as_slice(), activity.time_ms, activity.phases.update),
            (40, [20, 10].as_slice(), 100.0, 1000.0)
        );
        assert_eq!(activity.rate(20, 20), 10.0);
        assert_eq!(activity.recent.since(0).1.map(|bin| bin[0]).sum::<u32>(), 20);
        assert_eq!(activity.whole.since(0).1.count(), 100);
    }
}
