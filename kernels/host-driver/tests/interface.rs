//! Contract: an unmodified program that calls the CUDA driver through cudarc finds one in this library: modules,
//! memory, streams, events, launches, and errors as a device gives them. What happens in several streams
//! happens in any order that events allow.
#![allow(unsafe_code)] // a launch trusts its kernel, and a library that is loaded is trusted with everything

use std::ffi::{c_char, c_int};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use cudarc::driver::{CudaContext, CudaFunction, CudaSlice, CudaStream, LaunchConfig, PushKernelArg, sys};
use cudarc::nvrtc::Ptx;
use host_driver::Counters;
use libloading::Library;

/// `values[i] = values[i] * factor + step` for the first `n`, and a kernel that goes out of bounds.
const MODULE: &str = "
.version 7.0
.target sm_80
.address_size 64
.visible .entry advance(.param .u64 values, .param .u32 n, .param .u32 factor, .param .u32 step)
.maxntid 128, 1, 1
{
    .reg .pred %p<2>;
    .reg .b32 %r<9>;
    .reg .b64 %rd<3>;
    ld.param.u64 %rd1, [values];
    ld.param.u32 %r1, [n];
    ld.param.u32 %r2, [factor];
    ld.param.u32 %r3, [step];
    mov.u32 %r4, %ctaid.x;
    mov.u32 %r5, %ntid.x;
    mov.u32 %r6, %tid.x;
    mad.lo.s32 %r7, %r4, %r5, %r6;
    setp.ge.u32 %p1, %r7, %r1;
    @%p1 bra $end;
    mad.wide.u32 %rd2, %r7, 4, %rd1;
    ld.global.u32 %r8, [%rd2];
    mad.lo.s32 %r8, %r8, %r2, %r3;
    st.global.u32 [%rd2], %r8;
$end:
    ret;
}
.visible .entry stray(.param .u64 values)
{
    .reg .b64 %rd<2>;
    ld.param.u64 %rd1, [values];
    st.global.u32 [%rd1+4096], 1;
    ret;
}
";

/// The library beside this program: cargo builds it for tests.
fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let program = std::env::current_exe().expect("a test program has a path");
        let folder: PathBuf = program.parent().expect("it lies in a folder").into();
        let name = "libhost_driver.so";
        let path = [folder.join(name), folder.join("..").join(name)].into_iter().find(|path| path.exists());
        // SAFETY: loading runs no code of the library but the standard library's.
        unsafe { Library::new(path.expect("cargo builds the library before its tests")) }.expect("the library can be loaded")
    })
}

/// A new device that chooses its order by `seed`. The driver is one per process, so tests take turns.
fn device(seed: u64) -> (MutexGuard<'static, ()>, Arc<CudaContext>) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the function has this signature, and no one uses the device that it replaces.
    let status = unsafe { library().get::<extern "C" fn(u64) -> c_int>(b"hostDriverReset").unwrap()(seed) };
    assert_eq!(status, 0);
    (turn, CudaContext::new(0).unwrap())
}

fn fault() -> String {
    let mut text = [0u8; 1000];
    // SAFETY: the function has this signature and writes no more than it is told.
    let status = unsafe {
        library().get::<extern "C" fn(*mut c_char, usize) -> c_int>(b"hostDriverFault").unwrap()(text.as_mut_ptr().cast(), text.len())
    };
    assert_eq!(status, 0);
    let end = text.iter().position(|byte| *byte == 0).unwrap();
    String::from_utf8(text[..end].to_vec()).unwrap()
}

fn counters() -> Counters {
    let mut counters = Counters::default();
    // SAFETY: the function has this signature; both sides have the same struct.
    let status = unsafe { library().get::<extern "C" fn(&mut Counters) -> c_int>(b"hostDriverCounters").unwrap()(&mut counters) };
    assert_eq!(status, 0);
    counters
}

fn launch(stream: &Arc<CudaStream>, advance: &CudaFunction, values: &mut CudaSlice<u32>, factor: u32, step: u32) {
    let n = values.len() as u32;
    let shape = LaunchConfig { grid_dim: (n.div_ceil(128), 1, 1), block_dim: (128, 1, 1), shared_mem_bytes: 0 };
    // SAFETY: the kernel takes these arguments and stays within `n` values.
    unsafe { stream.launch_builder(advance).arg(values).arg(&n).arg(&factor).arg(&step).launch(shape) }.unwrap();
}

fn advance(context: &Arc<CudaContext>) -> CudaFunction {
    context.load_module(Ptx::from_src(MODULE)).unwrap().load_function("advance").unwrap()
}

#[test]
fn a_program_finds_a_device_and_runs_a_kernel() {
    let (_turn, context) = device(0);
    assert!(context.name().unwrap().contains("tests only"));
    assert_eq!(context.compute_capability().unwrap(), (8, 0));
    let advance = advance(&context);
    let stream = context.new_stream().unwrap();
    let mut values = stream.clone_htod(&(0..1000).collect::<Vec<u32>>()).unwrap();
    launch(&stream, &advance, &mut values, 2, 1);
    assert_eq!(stream.clone_dtoh(&values).unwrap(), (0..1000).map(|i| 2 * i + 1).collect::<Vec<u32>>());
    let counted = counters();
    assert_eq!((counted.launches, counted.bytes_to_device, counted.bytes_to_host, counted.loads.bytes), (1, 4000, 4000, 4000));
    let (free, total) = context.mem_get_info().unwrap();
    assert_eq!(total - free, 4000);
    drop(values);
    stream.synchronize().unwrap();
    assert_eq!(context.mem_get_info().unwrap(), (total, total));
}

#[test]
fn what_is_wrong_comes_back_as_an_error() {
    let (_turn, context) = device(0);
    let refused = context.load_module(Ptx::from_src("nonsense")).unwrap_err();
    assert_eq!(refused.0, sys::CUresult::CUDA_ERROR_INVALID_PTX);
    assert_eq!(refused.error_name().unwrap().to_str(), Ok("CUDA_ERROR_INVALID_PTX"));
    let module = context.load_module(Ptx::from_src(MODULE)).unwrap();
    assert_eq!(module.load_function("absent").unwrap_err().0, sys::CUresult::CUDA_ERROR_NOT_FOUND);
    let stream = context.default_stream();
    let too_large = stream.alloc_zeros::<u64>(2 << 30).unwrap_err();
    assert_eq!(too_large.0, sys::CUresult::CUDA_ERROR_OUT_OF_MEMORY);
    let advance = module.load_function("advance").unwrap();
    let values = stream.alloc_zeros::<u32>(8).unwrap();
    let shape = |threads| LaunchConfig { grid_dim: (1, 1, 1), block_dim: (threads, 1, 1), shared_mem_bytes: 0 };
    let launch = |threads| {
        // SAFETY: as in `launch` above, if it began.
        unsafe { stream.launch_builder(&advance).arg(&values).arg(&8u32).arg(&1u32).arg(&1u32).launch(shape(threads)) }
    };
    assert_eq!(launch(129).unwrap_err().0, sys::CUresult::CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
    assert_eq!(launch(2048).unwrap_err().0, sys::CUresult::CUDA_ERROR_INVALID_VALUE);
    assert_eq!(advance.occupancy_max_active_blocks_per_multiprocessor(128, 0, None).unwrap(), 16);
    // What was refused did no harm.
    launch(128).unwrap();
    assert_eq!(stream.clone_dtoh(&values).unwrap(), [1; 8]);
}

#[test]
fn a_fault_stops_the_device_and_names_its_line() {
    let (_turn, context) = device(0);
    let stray = context.load_module(Ptx::from_src(MODULE)).unwrap().load_function("stray").unwrap();
    let stream = context.default_stream();
    let values = stream.alloc_zeros::<u32>(1).unwrap();
    let one = LaunchConfig { grid_dim: (1, 1, 1), block_dim: (1, 1, 1), shared_mem_bytes: 0 };
    // SAFETY: that the kernel writes out of bounds is what the driver has to notice.
    let launched = unsafe { stream.launch_builder(&stray).arg(&values).launch(one) };
    let failed = launched.map(|_| ()).and_then(|()| stream.synchronize()).unwrap_err();
    assert_eq!(failed.0, sys::CUresult::CUDA_ERROR_ILLEGAL_ADDRESS);
    assert_eq!(stream.clone_dtoh(&values).unwrap_err().0, sys::CUresult::CUDA_ERROR_ILLEGAL_ADDRESS);
    let line = 1 + MODULE.lines().position(|line| line.contains("4096")).unwrap();
    assert!(fault().contains(&format!("at PTX line {line}: st.global.u32 [%rd1+4096], 1;")), "{}", fault());
}

/// What comes out, each number once, over many seeds.
fn over_seeds(run: impl Fn(u64) -> u32) -> Vec<u32> {
    let mut found: Vec<u32> = (0..40).map(run).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Results of two kernels in two streams on the same memory, over many seeds.
fn results_of_two_streams(with_event: bool) -> Vec<u32> {
    over_seeds(|seed| {
        let (_turn, context) = device(seed);
        // SAFETY: this program orders its streams by hand, or fails to, which is what is tested.
        unsafe { context.disable_event_tracking() };
        let advance = advance(&context);
        let (a, b) = (context.new_stream().unwrap(), context.new_stream().unwrap());
        let mut values = a.clone_htod(&[1u32]).unwrap();
        a.synchronize().unwrap();
        launch(&a, &advance, &mut values, 10, 0);
        if with_event {
            b.wait(&a.record_event(None).unwrap()).unwrap();
        }
        launch(&b, &advance, &mut values, 1, 5);
        context.synchronize().unwrap();
        a.clone_dtoh(&values).unwrap()[0]
    })
}

#[test]
fn an_event_that_is_missing_shows_for_some_seed() {
    assert_eq!(results_of_two_streams(true), [15]);
    assert_eq!(results_of_two_streams(false), [15, 60]);
}

#[test]
fn pinned_memory_is_read_when_the_copy_is_done() {
    let found = over_seeds(|seed| {
        let (_turn, context) = device(seed);
        let stream = context.new_stream().unwrap();
        // SAFETY: the values are written before they are read.
        let mut pinned = unsafe { context.alloc_pinned::<u32>(1) }.unwrap();
        // SAFETY: the pinned memory holds one value.
        let place = unsafe { std::slice::from_raw_parts_mut(pinned.as_mut_ptr().unwrap(), 1) };
        place[0] = 1;
        let values = stream.clone_htod(&pinned).unwrap();
        // Too early: nobody waited for the copy.
        place[0] = 2;
        stream.clone_dtoh(&values).unwrap()[0]
    });
    assert_eq!(found, [1, 2]);
}

/// What pinned memory holds after a copy to it, over many seeds.
fn arrivals(waits: bool) -> Vec<u32> {
    over_seeds(|seed| {
        let (_turn, context) = device(seed);
        let stream = context.new_stream().unwrap();
        // SAFETY: the value is written before it is read.
        let mut pinned = unsafe { context.alloc_pinned::<u32>(1) }.unwrap();
        let place = pinned.as_mut_ptr().unwrap();
        // SAFETY: the pinned memory holds one value.
        unsafe { place.write_volatile(1) };
        let values = stream.clone_htod(&[2u32]).unwrap();
        stream.memcpy_dtoh(&values, &mut pinned).unwrap();
        if waits {
            stream.record_event(None).unwrap().synchronize().unwrap();
        }
        // SAFETY: as above; that the device may write at any time is what is tested, and here it does so inside calls only.
        let found = unsafe { place.read_volatile() };
        stream.synchronize().unwrap();
        found
    })
}

#[test]
fn a_copy_to_pinned_memory_arrives_when_it_likes_until_it_is_waited_for() {
    assert_eq!(arrivals(true), [2]);
    assert_eq!(arrivals(false), [1, 2]);
}
