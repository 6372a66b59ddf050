//! Streams and events.

use std::ffi::{c_int, c_uint};

use super::host::{Out, put};
use super::status::Status;
use super::{Driver, interface};

/// The flag of streams that do not wait for the default stream.
const NON_BLOCKING: c_uint = 1;

impl Driver {
    /// Milliseconds between two events on the host's clock: how long the interpreter took.
    fn elapsed(&self, start: usize, end: usize) -> Result<f32, Status> {
        let time = |event: usize| self.device.event_time(event as u64).ok_or(Status::NotReady);
        Ok((time(end)?.saturating_duration_since(time(start)?).as_secs_f64() * 1e3) as f32)
    }
}

interface! {
    /// A new stream.
    fn cuStreamCreate(driver, stream: Out<usize>, flags: c_uint) {
        let name = driver.device.streams.create(flags & NON_BLOCKING == 0);
        put(stream, name as usize)
    }

    /// A new stream; priorities order nothing.
    fn cuStreamCreateWithPriority(driver, stream: Out<usize>, flags: c_uint, _priority: c_int) {
        let name = driver.device.streams.create(flags & NON_BLOCKING == 0);
        put(stream, name as usize)
    }

    /// Forgets a stream once its work is done.
    fn cuStreamDestroy_v2(driver, stream: usize) {
        let stream = driver.stream(stream)?;
        driver.device.streams.destroy(stream);
        Ok(())
    }

    /// Waits for a stream.
    fn cuStreamSynchronize(driver, stream: usize) {
        let stream = driver.stream(stream)?;
        let outcome = driver.device.synchronise(stream);
        driver.finish(outcome)
    }

    /// Whether a stream has done its work.
    fn cuStreamQuery(driver, stream: usize) {
        driver.check()?;
        let stream = driver.stream(stream)?;
        driver.device.advance();
        if driver.device.is_busy(stream) { Err(Status::NotReady) } else { Ok(()) }
    }

    /// Lets a stream wait for an event.
    fn cuStreamWaitEvent(driver, stream: usize, event: usize, _flags: c_uint) {
        let stream = driver.stream(stream)?;
        driver.device.streams.wait(stream, event as u64);
        Ok(())
    }

    /// A new event.
    fn cuEventCreate(driver, event: Out<usize>, _flags: c_uint) {
        put(event, driver.device.streams.create_event() as usize)
    }

    /// Forgets an event.
    fn cuEventDestroy_v2(driver, event: usize) {
        driver.device.streams.destroy_event(event as u64);
        Ok(())
    }

    /// Puts an event into a stream.
    fn cuEventRecord(driver, event: usize, stream: usize) {
        let stream = driver.stream(stream)?;
        driver.device.streams.record(stream, event as u64);
        Ok(())
    }

    /// Waits for an event.
    fn cuEventSynchronize(driver, event: usize) {
        if driver.forgets_events {
            return driver.check();
        }
        let outcome = driver.device.synchronise_event(event as u64);
        driver.finish(outcome)
    }

    /// Whether an event was reached.
    fn cuEventQuery(driver, event: usize) {
        driver.check()?;
        driver.device.advance();
        if driver.device.streams.is_reached(event as u64) { Ok(()) } else { Err(Status::NotReady) }
    }

    /// Milliseconds between two events.
    fn cuEventElapsedTime(driver, milliseconds: Out<f32>, start: usize, end: usize) {
        put(milliseconds, driver.elapsed(start, end)?)
    }

    /// As `cuEventElapsedTime`.
    fn cuEventElapsedTime_v2(driver, milliseconds: Out<f32>, start: usize, end: usize) {
        put(milliseconds, driver.elapsed(start, end)?)
    }
}
