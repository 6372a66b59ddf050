//! Worker processes and the points they still have to run.
//!
//! Processes and not threads, so that a point that takes all memory or meets a fault of ours ends its worker only.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use super::super::error::Error;
use super::super::signals::{Signals, Stop};
use super::worker::Fate;

/// How soon a signal is noticed.
const NOTICE: Duration = Duration::from_millis(100);

/// What became of a point.
pub(super) enum News {
    /// Its worker says so.
    Ended(Fate),
    /// Its worker ended without a word.
    Lost {
        /// Which worker.
        worker: usize,
        /// How it ended.
        status: ExitStatus,
    },
}

/// A worker, and the point that it runs.
struct Worker {
    child: Child,
    /// Closed to ask it to stop.
    input: Option<ChildStdin>,
    point: Option<usize>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.input = None;
        // It ends by itself now; waiting only keeps the process table clean.
        let _ = self.child.wait();
    }
}

/// A line of a worker, or `None` when it has closed its output.
type Heard = (usize, Option<String>);

/// Starts worker processes, whose input and output have to be pipes.
pub(super) type Start<'a> = &'a dyn Fn(usize) -> Result<Child, Error>;

/// Runs points on up to `n_workers` processes and calls `each` with what became of each point.
pub(super) fn run(
    points: Vec<usize>,
    n_workers: usize,
    start: Start,
    signals: &Signals,
    each: &mut dyn FnMut(usize, News) -> Result<(), Error>,
) -> Result<Option<Stop>, Error> {
    let (send, heard) = mpsc::channel();
    let mut waiting = VecDeque::from(points);
    let mut workers: Vec<Option<Worker>> = Vec::new();
    for number in 0..n_workers.min(waiting.len()) {
        workers.push(Some(Worker::start(number, start, &send)?));
        give(&mut workers[number], &mut waiting);
    }
    while workers.iter().flatten().any(|w| w.point.is_some()) {
        if signals.received().is_some() {
            waiting.clear();
            workers.iter_mut().flatten().for_each(|w| w.input = None);
        }
        let (number, line): Heard = match heard.recv_timeout(NOTICE) {
            Ok(heard) => heard,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => unreachable!("a sender is held here"),
        };
        let Some(worker) = &mut workers[number] else { continue };
        if let Some(fate) = line.as_deref().and_then(Fate::parse) {
            let point = worker.point.take();
            point.map_or(Ok(()), |point| each(point, News::Ended(fate)))?;
            give(&mut workers[number], &mut waiting);
        } else if line.is_none() {
            let (point, status) = (worker.point.take(), worker.ended()?);
            workers[number] = None;
            let stopped = signals.received().is_some();
            let news = if stopped { News::Ended(Fate::Stopped) } else { News::Lost { worker: number, status } };
            point.map_or(Ok(()), |point| each(point, news))?;
            if !waiting.is_empty() {
                workers[number] = Some(Worker::start(number, start, &send)?);
                give(&mut workers[number], &mut waiting);
            }
        }
    }
    Ok(signals.received())
}

/// Gives a worker its next point, if there is one.
fn give(worker: &mut Option<Worker>, waiting: &mut VecDeque<usize>) {
    let Some(Worker { input: Some(input), point, .. }) = worker else { return };
    if let Some(next) = waiting.pop_front() {
        *point = Some(next);
        // A worker that has just died cannot be told; the end of its output will say so.
        let _ = writeln!(input, "{next}").and_then(|()| input.flush());
    }
}

impl Worker {
    fn start(number: usize, start: Start, send: &Sender<Heard>) -> Result<Self, Error> {
        let mut child = start(number)?;
        let output = child.stdout.take().expect("the output of a worker is a pipe");
        let send = send.clone();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok).map(Some);
            lines.chain([None]).take_while(|line| send.send((number, line.clone())).is_ok()).for_each(drop);
        });
        Ok(Worker { input: child.stdin.take(), child, point: None })
    }

    fn ended(&mut self) -> Result<ExitStatus, Error> {
        self.child.wait().map_err(|source| Error::Worker { source })
    }
}
