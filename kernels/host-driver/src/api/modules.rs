//! Modules, their functions, and launches.

use std::ffi::{c_int, c_uint};

use super::host::{HostMemory, HostParameters, HostText, Out, put};
use super::interface;
use super::status::Status;
use crate::device::{self, Function, SHARED_PER_MULTIPROCESSOR, THREADS_PER_MULTIPROCESSOR};

/// Begins of images that are no text: an ELF file and a fat binary.
const BINARIES: [[u8; 4]; 2] = [[0x7f, b'E', b'L', b'F'], [0x50, 0xed, 0x55, 0xba]];

fn source(image: HostText) -> Result<String, Status> {
    if BINARIES.iter().any(|magic| image.starts_with(magic)) {
        return Err(Status::InvalidImage);
    }
    image.read()
}

fn load(text: &str) -> Result<Vec<Function>, Status> {
    device::load(text).map_err(|error| {
        eprintln!("host-driver: {error}");
        Status::InvalidPtx
    })
}

/// How many blocks a multiprocessor holds, as far as threads and shared memory tell: registers are assigned when
/// PTX is compiled, and nothing compiles it here.
fn occupancy(function: &Function, threads: c_int, dynamic_shared: usize) -> Result<c_int, Status> {
    let threads = u32::try_from(threads).ok().filter(|threads| *threads > 0).ok_or(Status::InvalidValue)?;
    let by_threads = THREADS_PER_MULTIPROCESSOR / threads.next_multiple_of(32);
    let shared = function.shared_bytes() + dynamic_shared;
    let by_shared = SHARED_PER_MULTIPROCESSOR.checked_div(shared).map_or(u32::MAX, |n| n as u32);
    Ok(by_threads.min(by_shared) as c_int)
}

interface! {
    /// Loads a module from PTX text.
    fn cuModuleLoadData(driver, module: Out<usize>, image: HostText) {
        driver.check()?;
        let functions = load(&source(image)?)?;
        driver.modules.push(Some(functions));
        put(module, driver.modules.len())
    }

    /// Loads a module from a file of PTX text.
    fn cuModuleLoad(driver, module: Out<usize>, path: HostText) {
        driver.check()?;
        let text = std::fs::read_to_string(path.read()?).map_err(|_| Status::NotFound)?;
        driver.modules.push(Some(load(&text)?));
        put(module, driver.modules.len())
    }

    /// Forgets a module.
    fn cuModuleUnload(driver, module: usize) {
        let place = module.checked_sub(1).and_then(|place| driver.modules.get_mut(place));
        place.and_then(Option::take).map(drop).ok_or(Status::InvalidHandle)
    }

    /// A kernel by its name.
    fn cuModuleGetFunction(driver, function: Out<usize>, module: usize, name: HostText) {
        let name = name.read()?;
        let functions = module.checked_sub(1).and_then(|place| driver.modules.get(place)?.as_ref()).ok_or(Status::InvalidHandle)?;
        let found = functions.iter().find(|f| f.name() == name).ok_or(Status::NotFound)?.clone();
        driver.functions.push(found);
        put(function, driver.functions.len())
    }

    /// Modules have no variables here.
    fn cuModuleGetGlobal_v2(driver, _address: Out<u64>, _size: Out<usize>, _module: usize, _name: HostText) {
        Err(Status::NotFound)
    }

    /// A property of a kernel. Registers are not known: they are assigned when PTX is compiled.
    fn cuFuncGetAttribute(driver, value: Out<c_int>, attribute: c_int, function: usize) {
        let function = driver.function(function)?;
        let found = match attribute {
            0 => function.max_threads() as usize,
            1 => function.shared_bytes(),
            // Constant and local memory.
            2 | 3 => 0,
            _ => return Err(Status::NotSupported),
        };
        put(value, found as c_int)
    }

    /// Preferences, such as for shared memory, change nothing here.
    fn cuFuncSetAttribute(driver, function: usize, _attribute: c_int, _value: c_int) {
        driver.function(function).map(|_| ())
    }

    /// How many blocks a multiprocessor holds.
    fn cuOccupancyMaxActiveBlocksPerMultiprocessor(driver, blocks: Out<c_int>, function: usize, threads: c_int, dynamic_shared: usize) {
        put(blocks, occupancy(driver.function(function)?, threads, dynamic_shared)?)
    }

    /// As above; no flag changes it.
    fn cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
        driver,
        blocks: Out<c_int>,
        function: usize,
        threads: c_int,
        dynamic_shared: usize,
        _flags: c_uint,
    ) {
        put(blocks, occupancy(driver.function(function)?, threads, dynamic_shared)?)
    }

    /// Launches a kernel.
    fn cuLaunchKernel(
        driver,
        function: usize,
        grid_x: c_uint,
        grid_y: c_uint,
        grid_z: c_uint,
        block_x: c_uint,
        block_y: c_uint,
        block_z: c_uint,
        dynamic_shared: c_uint,
        stream: usize,
        parameters: HostParameters,
        extra: HostMemory,
    ) {
        driver.check()?;
        if !extra.is_null() {
            return Err(Status::NotSupported);
        }
        let stream = driver.stream(stream)?;
        let function = driver.function(function)?.clone();
        let parameters = parameters.read(function.parameters())?;
        let shape = ([grid_x, grid_y, grid_z], [block_x, block_y, block_z]);
        driver.device.launch(stream, &function, shape, dynamic_shared as usize, parameters)?;
        driver.check()
    }
}
