//! A process that runs points of a sweep, one after the other, as its parent asks.
//!
//! The parent writes the number of a point per line; the worker answers each with one [`Fate`]. The end of its input
//! asks it to stop at once, so that workers never outlive a parent that was killed.

use std::io::{BufRead, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use engine::comm::Alone;

use super::super::Ending;
use super::super::error::Error;
use super::super::folder::Folder;
use super::super::progress::Progress;
use super::super::ranks::Ranks;
use super::super::resolve::Resolved;
use super::super::signals::{Signals, Stop};
use super::super::{page, run};
use super::store::{Mark, Store};

/// What a worker says of a point, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has run, and is marked so.
    Done,
    /// It could not be run, and is marked with the reason.
    Failed,
    /// Another process runs it.
    Busy,
    /// The worker was asked to stop before it had run.
    Stopped,
}

const WORDS: [(Fate, &str); 4] = [(Fate::Done, "done"), (Fate::Failed, "failed"), (Fate::Busy, "busy"), (Fate::Stopped, "stopped")];

impl Fate {
    fn word(self) -> &'static str {
        WORDS.iter().find(|(fate, _)| *fate == self).expect("every fate has a word").1
    }

    /// The fate that a worker's line names.
    pub(super) fn parse(line: &str) -> Option<Self> {
        WORDS.iter().find(|(_, word)| *word == line.trim()).map(|(fate, _)| *fate)
    }
}

/// Runs points until the input ends.
pub(super) fn serve(store: &Store, threads: usize) -> Result<Ending, Error> {
    let signals = Signals::listen();
    let (send, numbers) = mpsc::channel::<usize>();
    let asked = signals.clone();
    thread::spawn(move || {
        let lines = std::io::stdin().lock().lines().map_while(Result::ok);
        // The receiver is gone only when the process is about to end.
        lines.filter_map(|line| line.trim().parse().ok()).take_while(|number| send.send(*number).is_ok()).for_each(drop);
        asked.request(Stop::Terminate);
    });
    for number in numbers {
        let fate = if signals.received().is_some() { Fate::Stopped } else { run_point(store, number, (threads, &signals))? };
        let mut out = std::io::stdout();
        if writeln!(out, "{}", fate.word()).and_then(|()| out.flush()).is_err() || fate == Fate::Stopped {
            // Nobody listens any more, or nobody wants more.
            break;
        }
    }
    Ok(Ending::Done)
}

fn run_point(store: &Store, number: usize, (threads, signals): (usize, &Signals)) -> Result<Fate, Error> {
    let started = Instant::now();
    let point = store.point(number);
    let simulated = || -> Result<(Ending, Option<f64>), Error> {
        let plan = store.sweep.scenario(&point)?.plan_with(&store.library)?;
        let resolved = Resolved::of(plan, threads);
        resolved.fits(&Alone)?;
        let folder = Folder::lock(&store.folder(number))?;
        let ending = run::into_folder(&resolved, &Ranks::alone(), Some(&folder), &Progress::new(true), signals)?;
        Ok((ending, page::functional_fit(folder.path())?))
    };
    let (failed, fc_fit) = match simulated() {
        Ok((Ending::Stopped(_), _)) => return Ok(Fate::Stopped),
        Err(Error::Locked { .. }) => return Ok(Fate::Busy),
        Ok((_, fc_fit)) => (None, fc_fit),
        Err(error) => (Some(error.in_one_line()), None),
    };
    let fate = if failed.is_some() { Fate::Failed } else { Fate::Done };
    let seconds = started.elapsed().as_secs_f64();
    store.write_mark(number, &Mark { failed, seconds, fc_fit, ..store.blank_mark(&point) })?;
    Ok(fate)
}
