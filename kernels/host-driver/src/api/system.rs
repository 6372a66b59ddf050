//! Initialisation, the one device, its context; and what this library offers beyond the interface.

use std::ffi::{c_int, c_uint, c_void};
use std::ptr::null;

use super::host::{HostMemory, Out, put};
use super::status::Status;
use super::{Driver, interface};
use crate::counters::Counters;
use crate::device::{GRID, SHARED_PER_BLOCK, SHARED_PER_MULTIPROCESSOR, THREADS_PER_BLOCK, THREADS_PER_MULTIPROCESSOR};

/// The handle of the only context.
const CONTEXT: usize = 0xC0DE;
const NAME: &str = "host driver (interprets PTX, for tests only)";
/// The version of the interface that is claimed.
const VERSION: c_int = 12_000;

/// Attributes that programs ask for, by the numbers of `cuda.h`; all others are 0.
fn attribute(number: c_int) -> c_int {
    match number {
        1..=2 => THREADS_PER_BLOCK as c_int,
        3 => 1024,
        4 => 64,
        5..=7 => GRID[number as usize - 5] as c_int,
        8 | 97 => SHARED_PER_BLOCK as c_int,
        // Lanes of a warp.
        10 => 32,
        // Multiprocessors.
        16 => 2,
        39 => THREADS_PER_MULTIPROCESSOR as c_int,
        // Compute capability 8.0.
        75 => 8,
        76 => 0,
        // Shared memory of a multiprocessor.
        81 => SHARED_PER_MULTIPROCESSOR as c_int,
        // Memory pools, which asynchronous allocation asks for.
        115 => 1,
        _ => 0,
    }
}

fn check_device(device: c_int) -> Result<(), Status> {
    if device == 0 { Ok(()) } else { Err(Status::InvalidDevice) }
}

interface! {
    /// The first call of every program.
    fn cuInit(driver, _flags: c_uint) {
        driver.announce();
        Ok(())
    }

    /// The version of the interface.
    fn cuDriverGetVersion(driver, version: Out<c_int>) {
        put(version, VERSION)
    }

    /// Private tables of the real driver; NVRTC asks for one and goes on without.
    fn cuGetExportTable(driver, table: Out<*const c_void>, _id: HostMemory) {
        put(table, null())?;
        Err(Status::NotFound)
    }

    /// There is one device.
    fn cuDeviceGetCount(driver, count: Out<c_int>) {
        put(count, 1)
    }

    /// The handle of a device.
    fn cuDeviceGet(driver, device: Out<c_int>, ordinal: c_int) {
        check_device(ordinal)?;
        put(device, ordinal)
    }

    /// The name of a device.
    fn cuDeviceGetName(driver, name: HostMemory, length: c_int, device: c_int) {
        check_device(device)?;
        let room = usize::try_from(length).ok().filter(|room| *room > 0).ok_or(Status::InvalidValue)?;
        let mut bytes = NAME.as_bytes()[..NAME.len().min(room - 1)].to_vec();
        bytes.push(0);
        name.write(&bytes);
        Ok(())
    }

    /// An identifier of a device.
    fn cuDeviceGetUuid_v2(driver, uuid: Out<[u8; 16]>, device: c_int) {
        check_device(device)?;
        put(uuid, *b"host driver     ")
    }

    /// Memory of a device.
    fn cuDeviceTotalMem_v2(driver, bytes: Out<usize>, device: c_int) {
        check_device(device)?;
        put(bytes, driver.device.memory().1 as usize)
    }

    /// A property of a device.
    fn cuDeviceGetAttribute(driver, value: Out<c_int>, number: c_int, device: c_int) {
        check_device(device)?;
        put(value, attribute(number))
    }

    /// The context of a device.
    fn cuDevicePrimaryCtxRetain(driver, context: Out<usize>, device: c_int) {
        check_device(device)?;
        put(context, CONTEXT)
    }

    /// Gives the context back. A program that does so is done, so its costs are known.
    fn cuDevicePrimaryCtxRelease_v2(driver, device: c_int) {
        driver.write_counters();
        check_device(device)
    }

    /// The context of this thread: always the same.
    fn cuCtxGetCurrent(driver, context: Out<usize>) {
        put(context, CONTEXT)
    }

    /// Makes a context this thread's.
    fn cuCtxSetCurrent(driver, context: usize) {
        if context == CONTEXT || context == 0 { Ok(()) } else { Err(Status::InvalidHandle) }
    }

    /// Waits for everything.
    fn cuCtxSynchronize(driver) {
        let outcome = driver.device.synchronise_all();
        driver.finish(outcome)
    }

    /// Free memory and all memory.
    fn cuMemGetInfo_v2(driver, free: Out<usize>, total: Out<usize>) {
        let (available, capacity) = driver.device.memory();
        put(free, available as usize)?;
        put(total, capacity as usize)
    }

    /// Not of the interface: what was counted since the library was loaded or reset.
    fn hostDriverCounters(driver, counters: Out<Counters>) {
        put(counters, driver.device.counters())
    }

    /// Not of the interface: the text of the fault that stopped the device, cut to `length` bytes with the
    /// zero at its end; empty if there was none.
    fn hostDriverFault(driver, text: HostMemory, length: usize) {
        let message = driver.device.error().map(ToString::to_string).unwrap_or_default();
        let mut bytes = message.into_bytes();
        bytes.truncate(length.checked_sub(1).ok_or(Status::InvalidValue)?);
        bytes.push(0);
        text.write(&bytes);
        Ok(())
    }

    /// Not of the interface: a new device that chooses its order by `seed`. Everything that the old one held
    /// is gone, so no program may be using it.
    fn hostDriverReset(driver, seed: u64) {
        let was_announced = driver.was_announced;
        *driver = Driver { was_announced, ..Driver::new(seed) };
        Ok(())
    }
}
