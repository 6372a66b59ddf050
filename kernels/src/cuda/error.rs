//! What can go wrong between a program and an NVIDIA device.

use cudarc::driver::DriverError;

/// Errors of finding a device and of working on it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no driver on this machine.
    #[error("found no CUDA driver; looked for {}", looked_for.join(", "))]
    NoDriver {
        /// Names of libraries.
        looked_for: Vec<String>,
    },
    /// There is a driver, and no device or not as many.
    #[error("the CUDA driver offers {found} devices, but device {asked} was asked for")]
    NoDevice {
        /// Devices that there are.
        found: usize,
        /// Number of the one that was asked for, from 0.
        asked: usize,
    },
    /// A device that does not know the instructions of our kernels.
    #[error("{name} has compute capability {}.{}, but {}.{} or later is needed", found.0, found.1, needed.0, needed.1)]
    OldDevice {
        /// Its name.
        name: String,
        /// Its compute capability.
        found: (i32, i32),
        /// The oldest that is good enough.
        needed: (i32, i32),
    },
    /// There is no device kernel for something.
    #[error("there is no device kernel `{unit}`")]
    NoKernel {
        /// The unit that would hold it.
        unit: String,
    },
    /// The driver refused something.
    #[error("{doing}: {code} ({text})")]
    Driver {
        /// What was asked of it.
        doing: &'static str,
        /// Name of its error.
        code: String,
        /// What it says.
        text: String,
    },
    /// More spikes at a time than were expected of any network.
    #[error("more spikes were under way on the device than the {room} for which there is room; {lost} were lost")]
    RingFull {
        /// Room for spikes.
        room: u32,
        /// Spikes for which there was none.
        lost: u32,
    },
    /// An array that is longer than kernels can count.
    #[error("an array of {n} values was asked for on the device; its kernels count up to {most}")]
    Long {
        /// Values.
        n: usize,
        /// Most that there may be.
        most: usize,
    },
    /// More memory than the device has left.
    #[error("{needed} bytes of device memory are needed, but {free} are free on {name}")]
    Memory {
        /// The device.
        name: String,
        /// What is needed.
        needed: u64,
        /// What is free.
        free: u64,
    },
}

/// `map_err` for calls of the driver.
pub(super) fn doing(what: &'static str) -> impl Fn(DriverError) -> Error {
    move |error| Error::Driver {
        doing: what,
        code: error.error_name().map_or_else(|_| format!("{:?}", error.0), |name| name.to_string_lossy().into_owned()),
        text: error.error_string().map_or_else(|_| "no text".into(), |text| text.to_string_lossy().into_owned()),
    }
}
