//! A barrier that spins briefly, then sleeps.
//!
//! Threads meet once per epoch, thousands of times a second, so waking a sleeping thread would cost more
//! than the usual wait. But on a machine whose cores are also used by others a thread that only spins
//! takes the core from the one it waits for. One that yields gives its slice away and comes back late.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Some hundred microseconds: longer than the usual wait, shorter than a slice of time.
const SPINS: u32 = 16_384;

/// Where `n` threads wait for each other.
pub(crate) struct Barrier {
    n: usize,
    arrived: AtomicUsize,
    generation: AtomicUsize,
    broken: AtomicBool,
    sleepers: Mutex<()>,
    woken: Condvar,
}

/// A meeting at which a thread has arrived.
#[must_use]
pub(crate) struct Arrival(usize);

/// A thread that takes part failed: nobody will come any more.
#[derive(Debug)]
pub(crate) struct Broken;

impl Barrier {
    pub(crate) fn new(n: usize) -> Self {
        Barrier {
            n,
            arrived: AtomicUsize::new(0),
            generation: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            sleepers: Mutex::new(()),
            woken: Condvar::new(),
        }
    }

    /// Waits until all threads are here.
    pub(crate) fn wait(&self) -> Result<(), Broken> {
        let arrival = self.arrive();
        self.wait_since(arrival)
    }

    /// Says that this thread is here. It may do something else before it [waits](Barrier::wait_since) for the others, as it
    /// must before it arrives again.
    pub(crate) fn arrive(&self) -> Arrival {
        let generation = self.generation.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.n {
            self.arrived.store(0, Ordering::Relaxed);
            self.wake(|| self.generation.store(generation.wrapping_add(1), Ordering::Release));
        }
        Arrival(generation)
    }

    /// Waits until all threads have arrived.
    pub(crate) fn wait_since(&self, Arrival(generation): Arrival) -> Result<(), Broken> {
        let over = || self.generation.load(Ordering::Acquire) != generation || self.broken.load(Ordering::Acquire);
        let mut tries = 0;
        while !over() {
            if tries < SPINS {
                std::hint::spin_loop();
            } else {
                let guard = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
                drop(self.woken.wait_while(guard, |()| !over()));
            }
            tries += 1;
        }
        if self.generation.load(Ordering::Acquire) == generation { Err(Broken) } else { Ok(()) }
    }

    /// Changes what the waiting look at, then wakes those that sleep. The lock keeps a thread from
    /// falling asleep between its look and our call.
    fn wake(&self, change: impl FnOnce()) {
        let guard = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        change();
        drop(guard);
        self.woken.notify_all();
    }

    /// Ends all waiting for good: someone will not come any more.
    pub(crate) fn break_off(&self) {
        self.wake(|| self.broken.store(true, Ordering::Release));
    }

    /// [Breaks off](Barrier::break_off) when the guard is dropped by a panic.
    pub(crate) fn guard(&self) -> Guard<'_> {
        Guard(self)
    }
}

/// See [`Barrier::guard`].
pub(crate) struct Guard<'a>(&'a Barrier);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.break_off();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_passes_before_all_have_come() {
        let barrier = Barrier::new(3);
        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for round in 1..200 {
                        count.fetch_add(1, Ordering::SeqCst);
                        let arrival = barrier.arrive();
                        std::hint::black_box(round);
                        barrier.wait_since(arrival).unwrap();
                        assert_eq!(count.load(Ordering::SeqCst), 3 * round);
                        barrier.wait().unwrap();
                    }
                });
            }
        });
    }

    #[test]
    fn a_failed_thread_lets_the_others_go() {
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| barrier.wait());
            let failing = scope.spawn(|| {
                let _guard = barrier.guard();
                panic!("on purpose");
            });
            assert!(failing.join().is_err());
            assert!(waiting.join().unwrap().is_err());
        });
    }
}
