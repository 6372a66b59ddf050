//! Ctrl-C and SIGTERM: the first asks the run to end with what it has, the second ends it at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{SigId, flag, low_level};

/// Tells whether someone asked the run to stop.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    received: Arc<AtomicUsize>,
    /// Set by every signal; [`Signals::came`] takes it back.
    came: Arc<AtomicBool>,
    /// Once set, a further signal ends the process. Set by the hooks below.
    armed: Arc<AtomicBool>,
    arming: Arc<Mutex<Vec<SigId>>>,
}

/// Which signal stopped a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM, as batch systems send it before a job's time is up.
    Terminate,
}

impl Stop {
    /// The shell's convention: 128 and the signal's number.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Stop::Interrupt => 130,
            Stop::Terminate => 143,
        }
    }

    /// The stop with this exit code, if it is one.
    pub(crate) fn from_exit_code(code: u8) -> Option<Self> {
        [Stop::Interrupt, Stop::Terminate].into_iter().find(|stop| stop.exit_code() == code)
    }
}

impl Signals {
    /// Starts listening. Where the system offers no such signals a run just cannot be stopped softly.
    pub(crate) fn listen() -> Self {
        let signals = Signals::default();
        for (signal, stop) in [(SIGINT, Stop::Interrupt), (SIGTERM, Stop::Terminate)] {
            // Order matters: the shutdown reads the flag before this very signal sets it.
            let registered = flag::register_conditional_shutdown(signal, i32::from(stop.exit_code()), signals.armed.clone())
                .and_then(|_| flag::register(signal, signals.came.clone()))
                .and_then(|_| flag::register_usize(signal, signals.received.clone(), usize::from(stop.exit_code())));
            if let Err(error) = registered {
                eprintln!("warning: cannot listen to signal {signal}: {error}");
            }
        }
        signals.end_at_once_when_asked_twice(true);
        signals
    }

    /// Whether a second signal ends the process at once. Who has taken the terminal must give it back before, and so asks for
    /// `false` and looks at [`Signals::came`].
    pub(crate) fn end_at_once_when_asked_twice(&self, wanted: bool) {
        let mut arming = self.arming.lock().unwrap_or_else(PoisonError::into_inner);
        for hook in arming.drain(..) {
            low_level::unregister(hook);
        }
        self.armed.store(wanted && self.received().is_some(), Ordering::Relaxed);
        if wanted {
            // Where the system offers no such signals, `listen` has said so.
            arming.extend([SIGINT, SIGTERM].into_iter().filter_map(|signal| flag::register(signal, self.armed.clone()).ok()));
        }
    }

    /// Whether a signal came since the last call.
    pub(crate) fn came(&self) -> bool {
        self.came.swap(false, Ordering::Relaxed)
    }

    /// Does what Ctrl-C does.
    pub(crate) fn raise_interrupt() {
        // The signal is one of those that the system knows.
        let _ = low_level::raise(SIGINT);
    }

    /// Does what this signal would have done.
    pub(crate) fn request(&self, stop: Stop) {
        self.received.store(usize::from(stop.exit_code()), Ordering::Relaxed);
    }

    /// The last signal that came, if any.
    pub(crate) fn received(&self) -> Option<Stop> {
        Stop::from_exit_code(self.received.load(Ordering::Relaxed) as u8)
    }
}
