//! The driver interface for C: the functions that our host code calls, each a few lines over [`Device`].
//!
//! Signatures are those of `cuda.h`. Handles are numbers that mean something to [`Driver`] only, so a
//! stale one is an error and not a stray pointer. What a C program promises about its pointers is written
//! at the types in [`host`](self::host), and nowhere else is a pointer followed.
#![allow(unsafe_code)] // names without mangling here, pointers of the program in `host`: each says why
#![allow(non_snake_case)] // names are those of the driver

mod commands;
mod host;
mod install;
mod modules;
mod status;
mod streams;
mod system;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::device::{Device, DeviceError, Function};
use crate::streams::DEFAULT_STREAM;
use host::Pinned;
pub use install::{install, reset};
use status::Status;

/// Seeds the order of everything that may happen in several orders.
const SEED: &str = "HOST_DRIVER_SEED";

/// Names a file for what was counted, as JSON.
const COUNTERS: &str = "HOST_DRIVER_COUNTERS";

/// Names a mistake that the program shall seem to make, so that a test can see that it is noticed: `no-event-wait`.
const MISTAKE: &str = "HOST_DRIVER_MISTAKE";

/// All that the functions of the interface share.
struct Driver {
    device: Device,
    /// Kernels of each loaded module; `None` once it is unloaded. Handles count from 1.
    modules: Vec<Option<Vec<Function>>>,
    functions: Vec<Function>,
    /// Pinned host memory by address.
    pinned: BTreeMap<usize, Pinned>,
    was_announced: bool,
    fault_was_reported: bool,
    /// Waiting for an event is no waiting, as if the program had forgotten to.
    forgets_events: bool,
}

impl Driver {
    fn new(seed: u64) -> Self {
        Driver {
            device: Device::new(seed),
            modules: Vec::new(),
            functions: Vec::new(),
            pinned: BTreeMap::new(),
            was_announced: false,
            fault_was_reported: false,
            forgets_events: std::env::var_os(MISTAKE).is_some_and(|mistake| mistake == "no-event-wait"),
        }
    }

    /// Says once that this is no device.
    fn announce(&mut self) {
        if !self.was_announced {
            self.was_announced = true;
            eprintln!("host-driver: this CUDA driver runs kernels on the host, for tests only; it tells nothing about speed");
        }
    }

    /// Writes what was counted, if someone asked for it.
    fn write_counters(&self) {
        let Some(path) = std::env::var_os(COUNTERS) else { return };
        let kernels: Vec<String> = self.device.by_kernel().map(|(name, counters)| format!("\"{name}\": {}", counters.to_json())).collect();
        let text = format!("{{\"all\": {}, \"kernels\": {{{}}}}}\n", self.device.counters().to_json(), kernels.join(", "));
        if let Err(error) = std::fs::write(&path, text) {
            eprintln!("host-driver: {}: {error}", path.display());
        }
    }

    /// The stream that a handle names; 0 and 1 are both the default stream.
    fn stream(&self, handle: usize) -> Result<u64, Status> {
        let stream = if handle <= 1 { DEFAULT_STREAM } else { handle as u64 };
        if self.device.streams.exists(stream) { Ok(stream) } else { Err(Status::InvalidHandle) }
    }

    fn function(&self, handle: usize) -> Result<&Function, Status> {
        handle.checked_sub(1).and_then(|place| self.functions.get(place)).ok_or(Status::InvalidHandle)
    }

    /// Turns the outcome of work into a status, and tells the details once.
    fn finish(&mut self, outcome: Result<(), DeviceError>) -> Result<(), Status> {
        let Err(error) = outcome else { return Ok(()) };
        if !self.fault_was_reported {
            self.fault_was_reported = true;
            eprintln!("host-driver: {error}");
        }
        Err(Status::of_error(&error))
    }

    /// The error that the device stopped with, if it did: every later call returns it too.
    fn check(&mut self) -> Result<(), Status> {
        let outcome = self.device.error().cloned().map_or(Ok(()), Err);
        self.finish(outcome)
    }
}

fn driver() -> MutexGuard<'static, Driver> {
    static DRIVER: OnceLock<Mutex<Driver>> = OnceLock::new();
    let seed = || std::env::var(SEED).ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let driver = DRIVER.get_or_init(|| Mutex::new(Driver::new(seed())));
    // A panic of another thread is our bug and was reported there; what it left is still consistent enough
    // for an error code.
    driver.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Declares functions of the interface: C arguments in, a status out. The first name is the [`Driver`].
macro_rules! interface {
    ($($(#[$doc:meta])* fn $name:ident($driver:ident $(, $arg:ident: $ty:ty)* $(,)?) $body:block)*) => {$(
        $(#[$doc])*
        // SAFETY: the name is one of the driver's, which this library is there to take.
        #[unsafe(no_mangle)]
        extern "C" fn $name($($arg: $ty),*) -> std::ffi::c_int {
            #[allow(unused_mut, unused_variables)]
            let mut $driver = $crate::api::driver();
            #[allow(clippy::redundant_closure_call)]
            let outcome: Result<(), $crate::api::status::Status> = (|| $body)();
            outcome.map_or_else(|status| status as std::ffi::c_int, |()| 0)
        }
    )*};
}
use interface;
