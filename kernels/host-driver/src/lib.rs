//! A CUDA driver that runs PTX on the host, so that kernels are tested where there is no GPU.
//!
//! Loaded as a shared library, it stands in for `libcuda.so` under an unmodified program: it offers the
//! functions of the driver interface that our host code calls. Kernels are interpreted, instruction by
//! instruction, from the PTX that a real device would get: warps in lockstep with real divergence, and
//! every access checked for bounds, alignment, memory that was never written, and races. What goes wrong
//! is reported with the line of PTX. Streams, blocks and warps run in an order that is drawn from a seed
//! among those that a device may choose.
//!
//! It serves tests only, and says so when it is loaded: nothing here tells how fast a device is. It knows
//! the instructions that our kernels use and refuses others by name and line; among those are fused and
//! approximate floating-point operations, which would break the equality of results between devices.
//!
//! As a Rust library it gives the same device without C:
//!
//! ```
//! use host_driver::{Device, DEFAULT_STREAM, load};
//!
//! let double = &load("
//!     .version 7.0
//!     .target sm_80
//!     .address_size 64
//!     .visible .entry double(.param .u64 values) {
//!         .reg .b32 %r<3>;
//!         .reg .b64 %rd<3>;
//!         ld.param.u64 %rd0, [values];
//!         mov.u32 %r0, %tid.x;
//!         mad.wide.u32 %rd1, %r0, 4, %rd0;
//!         ld.global.u32 %r1, [%rd1];
//!         add.u32 %r1, %r1, %r1;
//!         st.global.u32 [%rd1], %r1;
//!         ret;
//!     }")?[0];
//! let mut device = Device::new(1);
//! let values = device.allocate(8).expect("there is room");
//! device.write(DEFAULT_STREAM, values, Box::new(|| vec![3, 0, 0, 0, 4, 0, 0, 0]));
//! device.launch(DEFAULT_STREAM, double, ([1; 3], [2, 1, 1]), 0, values.to_le_bytes().to_vec())?;
//! assert_eq!(device.fetch(values, 8)?, [6, 0, 0, 0, 8, 0, 0, 0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod api;
mod counters;
mod device;
mod fault;
mod machine;
mod memory;
mod ptx;
mod random;
mod streams;

pub use api::{install, reset};
pub use counters::{Counters, Traffic};
pub use device::{Device, DeviceError, Function, LaunchError, load};
pub use fault::{Cause, Fault};
pub use memory::Violation;
pub use ptx::ParseError;
pub use streams::{DEFAULT_STREAM, Sink, Source};
