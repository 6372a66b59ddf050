//! Device memory: typed, and named by its address where kernels follow it.

use cudarc::driver::{CudaSlice, DevicePtr, DeviceRepr, ValidAsZeroBits};

use super::device::Device;
use super::error::{Error, doing};
use crate::device::{Address, Cursor, Drive, Drives, Kind, Made, Means, Moment, Place, PoissonTable, Ring, Row, Share, Store, Sums, Way};

/// A struct of `crate::device`, as kernels take it.
macro_rules! plain {
    ($($name:ty),* $(,)?) => {$(
        // SAFETY: `#[repr(C)]` numbers, field by field the struct that kernels declare.
        unsafe impl DeviceRepr for $name {}
    )*};
}

plain!(Cursor, Drive, Drives, Kind, Made, Means, Moment, Place, PoissonTable, Ring, Row, Share, Store, Sums, Way);

/// Numbers or structs in device memory.
pub(super) struct Array<T>(pub(super) CudaSlice<T>);

impl<T: DeviceRepr> Array<T> {
    /// A copy of `items`. No items take room for one, which is not written: kernels get a valid address in any case.
    pub(super) fn copy(device: &Device, items: &[T]) -> Result<Self, Error> {
        // SAFETY: it is written next, as far as anyone reads it.
        let mut memory = unsafe { device.stream.alloc(items.len().max(1)) }.map_err(doing("taking device memory"))?;
        if !items.is_empty() {
            device.stream.memcpy_htod(items, &mut memory).map_err(doing("copying to the device"))?;
        }
        Ok(Array(memory))
    }

    /// `n` items, all zero bits.
    pub(super) fn zeros(device: &Device, n: usize) -> Result<Self, Error>
    where
        T: ValidAsZeroBits,
    {
        device.stream.alloc_zeros(n.max(1)).map(Array).map_err(doing("taking device memory"))
    }

    /// Room for `n` items, which kernels write before they read.
    pub(super) fn room(device: &Device, n: usize) -> Result<Self, Error> {
        // SAFETY: plain numbers; no kernel reads what none has written.
        unsafe { device.stream.alloc(n.max(1)) }.map(Array).map_err(doing("taking device memory"))
    }

    /// Overwrites what begins at `first`.
    pub(super) fn write(&mut self, device: &Device, first: usize, items: &[T]) -> Result<(), Error> {
        if items.is_empty() {
            return Ok(());
        }
        let mut place = self.0.slice_mut(first..first + items.len());
        device.stream.memcpy_htod(items, &mut place).map_err(doing("copying to the device"))
    }

    /// Sets `n` items from `first` on to zero bits.
    pub(super) fn clear(&mut self, device: &Device, first: usize, n: usize) -> Result<(), Error>
    where
        T: ValidAsZeroBits,
    {
        let mut place = self.0.slice_mut(first..first + n);
        device.stream.memset_zeros(&mut place).map_err(doing("clearing device memory"))
    }

    /// Waits for the device and copies what begins at `first`.
    pub(super) fn read(&self, device: &Device, first: usize, items: &mut [T]) -> Result<(), Error> {
        if items.is_empty() {
            return Ok(());
        }
        let place = self.0.slice(first..first + items.len());
        device.stream.memcpy_dtoh(&place, items).map_err(doing("running on the device"))
    }

    /// Items that fit.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Where it lies.
    pub(super) fn address(&self, device: &Device) -> Address {
        // The guard tells other streams to wait for ours, and there are none.
        let (address, _guard) = self.0.device_ptr(&device.stream);
        address
    }
}
