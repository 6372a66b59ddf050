//! What a C program passes: the only place that follows its pointers.

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;

use super::status::Status;

/// Where a result goes: null, or room for one value.
pub(super) type Out<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// Puts a result where the program wants it.
pub(super) fn put<T>(out: Out<T>, value: T) -> Result<(), Status> {
    out.ok_or(Status::InvalidValue)?.write(value);
    Ok(())
}

/// Memory of the program. Who passes it promises that it holds as many bytes as the same call says, until
/// the call returns or, if it is pinned, until the copy is done.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct HostMemory(*mut u8);

// SAFETY: the promise above does not depend on the thread.
unsafe impl Send for HostMemory {}

impl HostMemory {
    pub(super) fn address(self) -> usize {
        self.0.addr()
    }

    pub(super) fn is_null(self) -> bool {
        self.0.is_null()
    }

    pub(super) fn read(self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        // SAFETY: the program promises `length` bytes; the new vector is not theirs.
        unsafe { std::ptr::copy_nonoverlapping(self.0, bytes.as_mut_ptr(), length) };
        bytes
    }

    pub(super) fn write(self, bytes: &[u8]) {
        // SAFETY: the program promises room for as many bytes as it asked for; ours are not theirs.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.0, bytes.len()) };
    }
}

/// A text that ends with a zero byte, or null.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct HostText(*const c_char);

impl HostText {
    /// Whether it begins so; reads no further than the first byte that differs.
    pub(super) fn starts_with(self, bytes: &[u8]) -> bool {
        // SAFETY: the program promises a text up to its zero byte, or a binary that begins as one does; neither
        // ends before a byte that differs.
        !self.0.is_null() && bytes.iter().enumerate().all(|(i, byte)| unsafe { *self.0.add(i) } as u8 == *byte)
    }

    pub(super) fn read(self) -> Result<String, Status> {
        if self.0.is_null() {
            return Err(Status::InvalidValue);
        }
        // SAFETY: the program promises a text that ends with a zero byte.
        let text = unsafe { CStr::from_ptr(self.0) };
        text.to_str().map(str::to_string).map_err(|_| Status::InvalidImage)
    }
}

/// Pointers to the parameters of a launch, as many as the kernel has.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct HostParameters(*const *const c_void);

impl HostParameters {
    /// The bytes of parameters that lie at these offsets and have these sizes.
    pub(super) fn read(self, parameters: impl Iterator<Item = (usize, usize)>) -> Result<Vec<u8>, Status> {
        let mut bytes = Vec::new();
        for (i, (offset, size)) in parameters.enumerate() {
            if self.0.is_null() {
                return Err(Status::InvalidValue);
            }
            // SAFETY: the program promises a pointer per parameter of the kernel.
            let parameter = HostMemory(unsafe { *self.0.add(i) }.cast_mut().cast());
            bytes.resize(offset, 0);
            bytes.extend(parameter.read(size));
        }
        Ok(bytes)
    }
}

const PAGE: usize = 4096;

/// Aligned as the driver aligns pinned memory.
#[repr(align(4096))]
#[derive(Clone)]
struct Page {
    _bytes: [u8; PAGE],
}

/// Memory that the program got from us, and that copies use when they are done and not when they are asked for.
pub(super) struct Pinned {
    pages: *mut [Page],
    pub(super) length: usize,
}

// SAFETY: the pages belong to this value alone; the program may touch them from any thread as well.
unsafe impl Send for Pinned {}

impl Pinned {
    pub(super) fn new(length: usize) -> Self {
        let pages = vec![Page { _bytes: [0; PAGE] }; length.div_ceil(PAGE)];
        Pinned { pages: Box::into_raw(pages.into_boxed_slice()), length }
    }

    pub(super) fn memory(&self) -> HostMemory {
        HostMemory(self.pages.cast())
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: the pointer came from a box, and is given back once.
        drop(unsafe { Box::from_raw(self.pages) });
    }
}
