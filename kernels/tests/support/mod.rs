//! A device for tests: the host driver, and the shipped PTX on it.
#![allow(unsafe_code)] // a launch trusts its kernel; the host driver checks what it does
#![allow(dead_code)] // each test program uses a part

pub(crate) mod network;
pub(crate) mod population;
pub(crate) mod ring;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cudarc::driver::{CudaContext, CudaFunction, CudaSlice, CudaStream, DevicePtr, DeviceRepr, LaunchConfig};
use cudarc::nvrtc::Ptx;
use kernels::device::{Address, THREADS};
use kernels::random::{Purpose, Stream};
use libloading::Library;

/// The host driver, loaded before anyone asks for a CUDA driver.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let program = std::env::current_exe().expect("a test program has a path");
        let path: PathBuf = program.parent().expect("it lies in a folder").join("libhost_driver.so");
        // SAFETY: loading runs no code of the library but the standard library's.
        unsafe { Library::new(path) }.expect("cargo builds the host driver before tests that use it")
    })
}

/// A new device that chooses among legal orders by `seed`. It is the process's only one, so tests take turns.
pub(crate) fn device(seed: u64) -> (MutexGuard<'static, ()>, Arc<CudaContext>) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the function has this signature, and no one uses the device that it replaces.
    let status = unsafe { library().get::<extern "C" fn(u64) -> i32>(b"hostDriverReset").expect("it is there")(seed) };
    assert_eq!(status, 0);
    (turn, CudaContext::new(0).expect("the host driver has a device"))
}

/// What the host driver says about the fault that stopped the device; empty if there was none.
pub(crate) fn fault() -> String {
    let mut text = [0u8; 1000];
    // SAFETY: the function has this signature and writes no more than it is told.
    let status = unsafe {
        library().get::<extern "C" fn(*mut u8, usize) -> i32>(b"hostDriverFault").expect("it is there")(text.as_mut_ptr(), text.len())
    };
    assert_eq!(status, 0);
    let end = text.iter().position(|byte| *byte == 0).expect("the text ends with a zero");
    String::from_utf8_lossy(&text[..end]).into_owned()
}

/// The PTX of a shipped unit.
pub(crate) fn shipped(unit: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cuda/ptx").join(format!("{unit}.ptx"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}; tools/cuda.sh --update makes it"))
}

/// A kernel of a PTX text.
pub(crate) fn kernel(context: &Arc<CudaContext>, text: &str, name: &str) -> CudaFunction {
    let module = context.load_module(Ptx::from_src(text)).unwrap_or_else(|error| panic!("{name}: {error}"));
    module.load_function(name).expect("the text has this kernel")
}

/// So many blocks.
pub(crate) fn grid(n_blocks: usize) -> LaunchConfig {
    LaunchConfig { grid_dim: (n_blocks as u32, 1, 1), block_dim: (THREADS, 1, 1), shared_mem_bytes: 0 }
}

/// Where memory lies on the device.
pub(crate) fn address<T>(memory: &CudaSlice<T>, stream: &Arc<CudaStream>) -> Address {
    memory.device_ptr(stream).0
}

/// A struct of `kernels::device`, as kernels and memory take it.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Argument<T>(pub(crate) T);

// SAFETY: numbers in the layout of C.
unsafe impl<T> DeviceRepr for Argument<T> {}

/// The bytes of plain numbers.
pub(crate) fn bytes<T: Copy>(items: &[T]) -> &[u8] {
    // SAFETY: numbers and the structs of `kernels::device` are plain bytes, without padding.
    unsafe { std::slice::from_raw_parts(items.as_ptr().cast::<u8>(), size_of_val(items)) }
}

/// Appends a list with its length before it.
pub(crate) fn put<T: Copy>(input: &mut Vec<u8>, items: &[T]) {
    input.extend((items.len() as u64).to_le_bytes());
    input.extend(bytes(items));
}

/// Numbers to scatter tests with.
pub(crate) struct Scatter(kernels::random::Sequence);

impl Scatter {
    pub(crate) fn new(seed: u64) -> Self {
        Scatter(Stream::new(seed, Purpose::Other, 0).sequence(0))
    }

    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.uniform()
    }

    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.0.uniform() < p
    }
}
