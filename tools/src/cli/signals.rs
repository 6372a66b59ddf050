//! Ctrl-C and SIGTERM: the first asks the run to end with what it has, the second ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Tells whether someone asked the run to stop.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    received: Arc<AtomicUsize>,
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
        let armed = Arc::new(AtomicBool::new(false));
        for (signal, stop) in [(SIGINT, Stop::Interrupt), (SIGTERM, Stop::Terminate)] {
            // Order matters: the shutdown reads the flag before this very signal sets it.
            let registered = flag::register_conditional_shutdown(signal, i32::from(stop.exit_code()), armed.clone())
                .and_then(|_| flag::register(signal, armed.clone()))
                .and_then(|_| flag::register_usize(signal, signals.received.clone(), usize::from(stop.exit_code())));
            if let Err(error) = registered {
                eprintln!("warning: cannot listen to signal {signal}: {error}");
            }
        }
        signals
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
