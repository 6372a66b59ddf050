//! The terminal view of a training run: a thread draws what the run leaves on the board, and takes keys.

mod board;
mod draw;

use std::io::{self, IsTerminal, stdin, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use snn::training::Report;

use super::progress::{Clock, Epoch};
use super::signals::Signals;
use board::Board;
use draw::Look;

/// Time between two pictures, and the longest that a key waits.
const EVERY: Duration = Duration::from_millis(100);

/// The view, until it is dropped.
pub(crate) struct Screen {
    board: Arc<Mutex<Board>>,
    clock: Clock,
    /// What is printed when the terminal is free again.
    lines: Vec<String>,
    closing: Arc<AtomicBool>,
    drawing: Option<JoinHandle<()>>,
}

impl Screen {
    /// Whether there is a terminal to draw on and to take keys from.
    pub(crate) fn is_possible() -> bool {
        stdout().is_terminal() && stdin().is_terminal()
    }

    /// Takes the terminal; a panic gives it back.
    pub(crate) fn open(title: String, n_epochs: u64, signals: Signals) -> io::Result<Self> {
        let board = Arc::new(Mutex::new(Board::new(title, n_epochs)));
        let closing = Arc::new(AtomicBool::new(false));
        let terminal = ratatui::try_init().inspect_err(|_| ratatui::restore())?;
        let (watched, over) = (board.clone(), closing.clone());
        // A terminal that cannot be drawn on any more is no reason to end the run.
        let drawing = thread::Builder::new().name("screen".into()).spawn(move || drop(watch(terminal, &watched, &signals, &over)));
        let drawing = Some(drawing.inspect_err(|_| ratatui::restore())?);
        Ok(Screen { board, clock: Clock::start(n_epochs), lines: Vec::new(), closing, drawing })
    }

    /// A batch is done.
    pub(crate) fn batch(&mut self, report: &Report) {
        let left = self.clock.left(report);
        lock(&self.board).batch(report, left);
    }

    /// Testing begins.
    pub(crate) fn test(&mut self) {
        lock(&self.board).testing = true;
    }

    /// An epoch is done; `line` is printed after the view is gone.
    pub(crate) fn epoch(&mut self, epoch: &Epoch, line: String) {
        self.lines.push(line);
        lock(&self.board).epoch(epoch);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        if let Some(drawing) = self.drawing.take() {
            let _ = drawing.join();
        }
        ratatui::restore();
        self.lines.iter().for_each(|line| println!("{line}"));
    }
}

/// Numbers to look at are good enough, whoever panicked.
fn lock(board: &Mutex<Board>) -> MutexGuard<'_, Board> {
    board.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Draws and takes keys until it is closed.
fn watch(mut terminal: DefaultTerminal, board: &Mutex<Board>, signals: &Signals, closing: &AtomicBool) -> io::Result<()> {
    let mut look = Look::default();
    while !closing.load(Ordering::Acquire) {
        let seen = lock(board).clone();
        terminal.draw(|frame| look.draw(frame, &seen))?;
        let mut wait = EVERY;
        while event::poll(wait)? {
            if let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
            {
                press(key, &mut look, signals);
            }
            wait = Duration::ZERO;
        }
        if signals.again() && std::mem::replace(&mut look.stopping, true) {
            ratatui::restore();
            std::process::exit(128 + signals.came().unwrap_or_default());
        }
    }
    Ok(())
}

fn press(key: KeyEvent, look: &mut Look, signals: &Signals) {
    match key.code {
        KeyCode::Char('q') => signals.ask(),
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => signals.ask(),
        KeyCode::Up | KeyCode::Char('k') => look.scroll(-1),
        KeyCode::Down | KeyCode::Char('j') => look.scroll(1),
        KeyCode::PageUp => look.scroll(-10),
        KeyCode::PageDown => look.scroll(10),
        KeyCode::Home => look.scroll(isize::MIN),
        _ => {}
    }
}
