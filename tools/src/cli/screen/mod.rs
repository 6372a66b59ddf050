//! The terminal view: draws a [`Board`] again and again, takes keys, and leaves the terminal as it was.
//!
//! It draws on stderr, as all progress does. The terminal is left on every way out that a program can take: the end, an error, a
//! panic of any thread, a second request to stop.

mod draw;

use std::io::{self, IsTerminal, Stderr, stderr, stdin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::crossterm::{cursor, execute};

use crate::live::board::Board;
use draw::Look;

/// Time between two pictures, and the longest that a key waits.
const EVERY: Duration = Duration::from_millis(100);

/// Whether the terminal is ours. Who draws holds it, so that nothing is drawn after the terminal was left.
static OURS: Mutex<bool> = Mutex::new(false);

/// How a run is stopped.
pub(crate) struct Stopping {
    /// Asks it to end with what it has.
    pub(crate) ask: Box<dyn Fn() + Send>,
    /// Whether anybody asked since the last call, by key or by signal.
    pub(crate) asked: Box<dyn Fn() -> bool + Send>,
    /// Ends the process at once.
    pub(crate) give_up: Box<dyn Fn() + Send>,
}

/// The view, until it is dropped.
pub(crate) struct Screen {
    closing: Arc<AtomicBool>,
    drawing: Option<JoinHandle<()>>,
}

/// Whether there is a terminal to draw on and to take keys from.
pub(crate) fn is_possible() -> bool {
    stderr().is_terminal() && stdin().is_terminal()
}

impl Screen {
    /// Takes the terminal.
    pub(crate) fn open(board: Arc<Board>, stopping: Stopping) -> io::Result<Self> {
        let closing = Arc::new(AtomicBool::new(false));
        let over = closing.clone();
        let before = std::panic::take_hook();
        // It stays after the view is gone, and then does what was done before.
        std::panic::set_hook(Box::new(move |what| {
            leave();
            before(what);
        }));
        let terminal = enter()?;
        let watched = move || {
            // A terminal that cannot be drawn on any more is no reason to end the run.
            let _ = watch(terminal, &board, &stopping, &over);
            leave();
        };
        let drawing = thread::Builder::new().name("screen".into()).spawn(watched).inspect_err(|_| leave())?;
        Ok(Screen { closing, drawing: Some(drawing) })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Release);
        if let Some(drawing) = self.drawing.take() {
            let _ = drawing.join();
        }
        leave();
    }
}

fn enter() -> io::Result<Terminal<CrosstermBackend<Stderr>>> {
    enable_raw_mode()?;
    *OURS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = true;
    let taken = execute!(stderr(), EnterAlternateScreen, cursor::Hide).and_then(|()| Terminal::new(CrosstermBackend::new(stderr())));
    taken.inspect_err(|_| leave())
}

/// Gives the terminal back, once.
fn leave() {
    for _ in 0..20 {
        match OURS.try_lock() {
            Ok(mut ours) if *ours => *ours = false,
            Err(TryLockError::Poisoned(_)) => {}
            Ok(_) => return,
            // Someone draws. If it is this thread, which panics, nobody will let go.
            Err(TryLockError::WouldBlock) => {
                thread::sleep(Duration::from_millis(10));
                continue;
            }
        }
        break;
    }
    // Nothing is left to be done if this fails.
    let _ = execute!(stderr(), LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

/// Draws and takes keys until it is closed or the terminal is not ours any more.
fn watch(mut terminal: Terminal<CrosstermBackend<Stderr>>, board: &Board, stopping: &Stopping, closing: &AtomicBool) -> io::Result<()> {
    let mut look = Look::default();
    while !closing.load(Ordering::Acquire) {
        {
            let ours = OURS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if !*ours {
                return Ok(());
            }
            terminal.draw(|frame| look.draw(frame, board))?;
        }
        let mut wait = EVERY;
        while event::poll(wait)? {
            if let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
            {
                press(key, &mut look, stopping);
            }
            wait = Duration::ZERO;
        }
        if (stopping.asked)() {
            if look.stopping {
                leave();
                (stopping.give_up)();
            }
            look.stopping = true;
        }
    }
    Ok(())
}

fn press(key: KeyEvent, look: &mut Look, stopping: &Stopping) {
    match key.code {
        KeyCode::Char('q') => (stopping.ask)(),
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => (stopping.ask)(),
        KeyCode::Up | KeyCode::Char('k') => look.scroll(-1),
        KeyCode::Down | KeyCode::Char('j') => look.scroll(1),
        KeyCode::PageUp => look.scroll(-10),
        KeyCode::PageDown => look.scroll(10),
        KeyCode::Home => look.scroll(isize::MIN),
        _ => {}
    }
}
