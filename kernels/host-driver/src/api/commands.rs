//! Memory of device and host, and copies.

use std::ffi::c_uint;

use super::host::{HostMemory, Out, Pinned, put};
use super::status::Status;
use super::{Driver, interface};
use crate::streams::DEFAULT_STREAM;

impl Driver {
    fn is_pinned(&self, memory: HostMemory) -> bool {
        let before = self.pinned.range(..=memory.address()).next_back();
        before.is_some_and(|(start, pinned)| memory.address() < start + pinned.length)
    }

    /// Pageable memory is read at once, pinned memory when the copy is done.
    fn copy_in(&mut self, stream: u64, to: u64, from: HostMemory, length: usize) -> Result<(), Status> {
        self.check()?;
        if self.is_pinned(from) {
            self.device.write(stream, to, Box::new(move || from.read(length)));
        } else {
            let bytes = from.read(length);
            self.device.write(stream, to, Box::new(move || bytes));
        }
        self.check()
    }

    /// A copy to pageable memory is waited for.
    fn copy_out(&mut self, stream: u64, to: HostMemory, from: u64, length: usize) -> Result<(), Status> {
        self.check()?;
        self.device.read(stream, from, length, Box::new(move |bytes| to.write(bytes)));
        if self.is_pinned(to) { self.check() } else { self.wait(stream) }
    }

    fn wait(&mut self, stream: u64) -> Result<(), Status> {
        let outcome = self.device.synchronise(stream);
        self.finish(outcome)
    }

    fn fill(&mut self, stream: u64, to: u64, pattern: &[u8], count: usize) -> Result<(), Status> {
        self.check()?;
        self.device.fill(stream, to, pattern, count);
        self.check()
    }
}

interface! {
    /// Takes device memory.
    fn cuMemAlloc_v2(driver, address: Out<u64>, length: usize) {
        driver.check()?;
        if length == 0 {
            return Err(Status::InvalidValue);
        }
        put(address, driver.device.allocate(length as u64).ok_or(Status::OutOfMemory)?)
    }

    /// Takes device memory that exists from this point of a stream on.
    fn cuMemAllocAsync(driver, address: Out<u64>, length: usize, stream: usize) {
        driver.check()?;
        if length == 0 {
            return Err(Status::InvalidValue);
        }
        let stream = driver.stream(stream)?;
        put(address, driver.device.allocate_in(stream, length as u64).ok_or(Status::OutOfMemory)?)
    }

    /// Gives device memory back when all work is done.
    fn cuMemFree_v2(driver, address: u64) {
        let outcome = driver.device.synchronise_all();
        driver.finish(outcome)?;
        if !driver.device.is_allocated(address) {
            return Err(Status::InvalidValue);
        }
        driver.device.free(DEFAULT_STREAM, address);
        driver.wait(DEFAULT_STREAM)
    }

    /// Gives device memory back at this point of a stream.
    fn cuMemFreeAsync(driver, address: u64, stream: usize) {
        driver.check()?;
        let stream = driver.stream(stream)?;
        if !driver.device.is_allocated(address) {
            return Err(Status::InvalidValue);
        }
        driver.device.free(stream, address);
        Ok(())
    }

    /// Takes pinned host memory.
    fn cuMemHostAlloc(driver, memory: Out<HostMemory>, length: usize, _flags: c_uint) {
        if length == 0 {
            return Err(Status::InvalidValue);
        }
        let pinned = Pinned::new(length);
        put(memory, pinned.memory())?;
        driver.pinned.insert(pinned.memory().address(), pinned);
        Ok(())
    }

    /// Gives pinned host memory back; copies that still use it are done before.
    fn cuMemFreeHost(driver, memory: HostMemory) {
        let outcome = driver.device.synchronise_all();
        driver.pinned.remove(&memory.address()).ok_or(Status::InvalidValue)?;
        driver.finish(outcome)
    }

    /// Copies to the device.
    fn cuMemcpyHtoD_v2(driver, to: u64, from: HostMemory, length: usize) {
        driver.copy_in(DEFAULT_STREAM, to, from, length)?;
        driver.wait(DEFAULT_STREAM)
    }

    /// Copies to the device, in a stream.
    fn cuMemcpyHtoDAsync_v2(driver, to: u64, from: HostMemory, length: usize, stream: usize) {
        let stream = driver.stream(stream)?;
        driver.copy_in(stream, to, from, length)
    }

    /// Copies to the host.
    fn cuMemcpyDtoH_v2(driver, to: HostMemory, from: u64, length: usize) {
        driver.copy_out(DEFAULT_STREAM, to, from, length)?;
        driver.wait(DEFAULT_STREAM)
    }

    /// Copies to the host, in a stream.
    fn cuMemcpyDtoHAsync_v2(driver, to: HostMemory, from: u64, length: usize, stream: usize) {
        let stream = driver.stream(stream)?;
        driver.copy_out(stream, to, from, length)
    }

    /// Copies inside the device.
    fn cuMemcpyDtoD_v2(driver, to: u64, from: u64, length: usize) {
        driver.check()?;
        driver.device.copy(DEFAULT_STREAM, to, from, length);
        driver.wait(DEFAULT_STREAM)
    }

    /// Copies inside the device, in a stream.
    fn cuMemcpyDtoDAsync_v2(driver, to: u64, from: u64, length: usize, stream: usize) {
        driver.check()?;
        let stream = driver.stream(stream)?;
        driver.device.copy(stream, to, from, length);
        driver.check()
    }

    /// Sets bytes.
    fn cuMemsetD8_v2(driver, to: u64, value: u8, count: usize) {
        driver.fill(DEFAULT_STREAM, to, &[value], count)?;
        driver.wait(DEFAULT_STREAM)
    }

    /// Sets bytes, in a stream.
    fn cuMemsetD8Async(driver, to: u64, value: u8, count: usize, stream: usize) {
        let stream = driver.stream(stream)?;
        driver.fill(stream, to, &[value], count)
    }

    /// Sets words.
    fn cuMemsetD32_v2(driver, to: u64, value: c_uint, count: usize) {
        driver.fill(DEFAULT_STREAM, to, &value.to_le_bytes(), count)?;
        driver.wait(DEFAULT_STREAM)
    }

    /// Sets words, in a stream.
    fn cuMemsetD32Async(driver, to: u64, value: c_uint, count: usize, stream: usize) {
        let stream = driver.stream(stream)?;
        driver.fill(stream, to, &value.to_le_bytes(), count)
    }
}
