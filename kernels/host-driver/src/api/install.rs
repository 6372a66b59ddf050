//! For test programs: this library in the place of a CUDA driver.

use std::path::PathBuf;
use std::sync::OnceLock;

use libloading::Library;

/// From now on this process finds the host driver when it looks for a CUDA driver: call it before anyone does. The library is the one that
/// cargo built beside the test program; each process has one device.
pub fn install() {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let program = std::env::current_exe().expect("a test program has a path");
        let path: PathBuf = program.parent().expect("it lies in a folder").join("libhost_driver.so");
        // SAFETY: loading runs no code of the library but the standard library's.
        unsafe { Library::new(path) }.expect("cargo builds the host driver before tests that use it")
    });
}
