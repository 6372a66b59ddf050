//! Who asks a run to stop: Ctrl-C, `kill`, or a key of the terminal view.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

/// The requests so far. Clones see the same ones.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    asked: Arc<AtomicBool>,
    number: Arc<AtomicUsize>,
}

impl Signals {
    /// Listens from now on. A second request ends the program at once; if `patient` it does not, because somebody looks at
    /// [`again`](Self::again) who has a terminal to leave first.
    pub(crate) fn listen(patient: bool) -> Self {
        let signals = Signals::default();
        for number in [SIGINT, SIGTERM] {
            // In this order: the shutdown looks at what the first signal set.
            if !patient {
                let _ = signal_hook::flag::register_conditional_shutdown(number, 128 + number, signals.asked.clone());
            }
            let _ = signal_hook::flag::register(number, signals.asked.clone());
            let _ = signal_hook::flag::register_usize(number, signals.number.clone(), number as usize);
        }
        signals
    }

    /// The signal that asked to stop.
    pub(crate) fn came(&self) -> Option<i32> {
        Some(self.number.load(Ordering::Relaxed) as i32).filter(|&number| number != 0)
    }

    /// Asks as Ctrl-C does.
    pub(crate) fn ask(&self) {
        self.number.store(SIGINT as usize, Ordering::Relaxed);
        self.asked.store(true, Ordering::Relaxed);
    }

    /// Whether anybody asked since the last call.
    pub(crate) fn again(&self) -> bool {
        self.asked.swap(false, Ordering::Relaxed)
    }
}
