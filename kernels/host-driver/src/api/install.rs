//! For test programs: this library in the place of a CUDA driver.

use std::path::PathBuf;
use std::sync::OnceLock;

use libloading::Library;

/// The library that cargo built beside the test program.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let program = std::env::current_exe().expect("a test program has a path");
        let path: PathBuf = program.parent().expect("it lies in a folder").join("libhost_driver.so");
        // SAFETY: loading runs no code of the library but the standard library's.
        unsafe { Library::new(path) }.expect("cargo builds the host driver before tests that use it")
    })
}

/// From now on this process finds the host driver when it looks for a CUDA driver: call it before anyone does. A process has one device.
pub fn install() {
    library();
}

/// A new device in the place of the one that this process had, which nobody may use any more, such as after a fault. It chooses among legal
/// orders by `seed`.
pub fn reset(seed: u64) {
    // SAFETY: the function has this signature.
    let status = unsafe { library().get::<extern "C" fn(u64) -> i32>(b"hostDriverReset").expect("it is there")(seed) };
    assert_eq!(status, 0);
}
