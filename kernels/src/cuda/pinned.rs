//! Page-locked memory of the host: a device copies into it by itself, behind what it was asked to do before, while the host does something else.

use std::ops::Range;
use std::ptr::NonNull;
use std::slice;
use std::sync::Arc;

use cudarc::driver::sys::CUevent_flags;
use cudarc::driver::{CudaContext, CudaEvent, DeviceRepr, ValidAsZeroBits, result};

use super::device::Device;
use super::error::{Error, doing};
use super::memory::Array;

/// Numbers that a device copies here. They can be seen only through [`wait`](Pinned::wait).
pub(super) struct Pinned<T> {
    memory: NonNull<T>,
    /// Items that there is room for.
    room: usize,
    /// Items of the last copy.
    n: usize,
    /// Reached when that is done.
    arrived: CudaEvent,
    context: Arc<CudaContext>,
}

impl<T: DeviceRepr + ValidAsZeroBits> Pinned<T> {
    /// Room for `n` items, or for one.
    pub(super) fn new(device: &Device, n: usize) -> Result<Self, Error> {
        let (context, room) = (device.context.clone(), n.max(1));
        let arrived = context.new_event(Some(CUevent_flags::CU_EVENT_DISABLE_TIMING)).map_err(doing("making an event"))?;
        // Not write-combined: the host reads it, which would then be slow.
        const FLAGS: u32 = 0;
        let taking = doing("taking page-locked memory");
        context.bind_to_thread().map_err(&taking)?;
        // SAFETY: it is given back once, when this is dropped.
        let memory = unsafe { result::malloc_host(room * size_of::<T>(), FLAGS) }.map_err(&taking)?;
        let memory = NonNull::new(memory.cast::<T>()).expect("the driver takes memory or says that it cannot");
        // SAFETY: all of it is ours and nobody uses it yet; zeros are valid numbers, and the driver aligns to pages.
        unsafe { memory.write_bytes(0, room) };
        Ok(Pinned { memory, room, n: 0, arrived, context })
    }

    /// Lets the device copy two pieces of an array, one behind the other, when it comes so far; waits for nothing. What was copied here before
    /// is gone.
    pub(super) fn pull(&mut self, device: &Device, from: &Array<T>, pieces: [Range<usize>; 2]) -> Result<(), Error> {
        let n: usize = pieces.iter().map(Range::len).sum();
        if n > self.room {
            *self = Pinned::new(device, n.next_power_of_two())?;
        }
        let copying = doing("copying from the device");
        self.context.bind_to_thread().map_err(&copying)?;
        self.n = 0;
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            assert!(piece.end <= from.len(), "what is copied lies in the array");
            // SAFETY: there is room for all pieces. Nobody else has the memory until `wait`, which comes after the copy, and it is not
            // given back before.
            let place = unsafe { slice::from_raw_parts_mut(self.memory.add(self.n).as_ptr(), piece.len()) };
            let address = from.address(device) + (piece.start * size_of::<T>()) as u64;
            // SAFETY: as above; the address names as many items of the array.
            unsafe { result::memcpy_dtoh_async(place, address, device.stream.cu_stream()) }.map_err(&copying)?;
            self.n += piece.len();
        }
        self.arrived.record(&device.stream).map_err(&copying)
    }

    /// Waits until the last copy has arrived, and shows it.
    pub(super) fn wait(&mut self) -> Result<&[T], Error> {
        self.arrived.synchronize().map_err(doing("running on the device"))?;
        // SAFETY: `n` items were copied here, or were zero from the start, and the device has done with them.
        Ok(unsafe { slice::from_raw_parts(self.memory.as_ptr(), self.n) })
    }
}

impl<T> Drop for Pinned<T> {
    fn drop(&mut self) {
        // A device that has failed says so elsewhere, and copies nothing any more.
        let _ = self.arrived.synchronize();
        let _ = self.context.bind_to_thread();
        // SAFETY: the driver gave it, and nothing copies there any more.
        let _ = unsafe { result::free_host(self.memory.as_ptr().cast()) };
    }
}
