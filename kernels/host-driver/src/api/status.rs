//! Result codes of the interface, with names and explanations.

use std::ffi::{CStr, c_char, c_int};

use super::host::{Out, put};
use super::interface;
use crate::device::{DeviceError, LaunchError};
use crate::fault::Cause;
use crate::memory::Violation;

/// Declares codes with their names and explanations.
macro_rules! statuses {
    ($($code:literal $variant:ident $name:literal $text:literal,)*) => {
        /// Why a call failed; the numbers are the driver's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Status { $($variant = $code,)* }

        fn description(code: c_int) -> Option<(&'static CStr, &'static CStr)> {
            match code {
                0 => Some((c"CUDA_SUCCESS", c"no error")),
                $($code => Some(($name, $text)),)*
                _ => None,
            }
        }
    };
}

statuses! {
    1 InvalidValue c"CUDA_ERROR_INVALID_VALUE" c"invalid argument",
    2 OutOfMemory c"CUDA_ERROR_OUT_OF_MEMORY" c"out of memory",
    101 InvalidDevice c"CUDA_ERROR_INVALID_DEVICE" c"invalid device ordinal",
    200 InvalidImage c"CUDA_ERROR_INVALID_IMAGE" c"device kernel image is invalid: the host driver takes PTX text only",
    218 InvalidPtx c"CUDA_ERROR_INVALID_PTX" c"PTX that the host driver does not take; its line is on stderr",
    400 InvalidHandle c"CUDA_ERROR_INVALID_HANDLE" c"invalid resource handle",
    500 NotFound c"CUDA_ERROR_NOT_FOUND" c"named symbol not found",
    600 NotReady c"CUDA_ERROR_NOT_READY" c"device not ready",
    700 IllegalAddress c"CUDA_ERROR_ILLEGAL_ADDRESS" c"an illegal memory access; its PTX line is on stderr",
    701 LaunchOutOfResources c"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES" c"too many resources requested for launch",
    716 MisalignedAddress c"CUDA_ERROR_MISALIGNED_ADDRESS" c"misaligned address; its PTX line is on stderr",
    719 LaunchFailed c"CUDA_ERROR_LAUNCH_FAILED" c"a kernel did what it may not; the PTX line is on stderr",
    801 NotSupported c"CUDA_ERROR_NOT_SUPPORTED" c"operation not supported",
}

impl Status {
    /// What a device would report, as far as it would notice at all.
    pub(super) fn of_error(error: &DeviceError) -> Status {
        let violation = match error {
            DeviceError::Command(violation) => violation,
            DeviceError::Kernel(fault) => match &fault.cause {
                Cause::Memory(violation) => violation,
                _ => return Status::LaunchFailed,
            },
        };
        match violation {
            Violation::NoAllocation { .. } | Violation::Freed { .. } | Violation::OutOfBounds { .. } => Status::IllegalAddress,
            Violation::Misaligned { .. } => Status::MisalignedAddress,
            Violation::Uninitialised { .. } | Violation::Race { .. } | Violation::ReadOnlyWritten { .. } => Status::LaunchFailed,
        }
    }
}

impl From<LaunchError> for Status {
    fn from(error: LaunchError) -> Status {
        match error {
            LaunchError::TooManyThreads { .. } => Status::LaunchOutOfResources,
            _ => Status::InvalidValue,
        }
    }
}

interface! {
    /// The name of a result code.
    fn cuGetErrorName(driver, code: c_int, name: Out<*const c_char>) {
        put(name, description(code).ok_or(Status::InvalidValue)?.0.as_ptr())
    }

    /// The explanation of a result code.
    fn cuGetErrorString(driver, code: c_int, text: Out<*const c_char>) {
        put(text, description(code).ok_or(Status::InvalidValue)?.1.as_ptr())
    }
}
