//! Contract: what the device records are the bits of the state that a tap points to.
#![allow(unsafe_code)] // as in `support`

mod support;

use cudarc::driver::PushKernelArg;
use models::kit::real;
use support::{Scatter, address, device, grid, kernel, shipped};

#[test]
fn taps_are_read_side_by_side() {
    let (_turn, context) = device(3);
    let stream = context.new_stream().expect("it works");
    let mut scatter = Scatter::new(3);
    let state: Vec<real> = (0..900).map(|_| scatter.uniform(-90.0, 50.0) as real).collect();
    let on_device = stream.clone_htod(&state).expect("it works");
    // Two blocks, the second not full; some are tapped twice.
    let tapped: Vec<usize> = (0..300).map(|_| scatter.uniform(0.0, 900.0) as usize).collect();
    let addresses: Vec<u64> = tapped.iter().map(|i| address(&on_device, &stream) + 4 * *i as u64).collect();
    let taps = stream.clone_htod(&addresses).expect("it works");
    let mut samples = stream.alloc_zeros::<real>(302).expect("it works");
    let sample = kernel(&context, &shipped("sample"), "sample");
    let n = tapped.len() as u32;
    let mut launch = stream.launch_builder(&sample);
    // Into the part of a block that belongs to a step.
    let mut part = samples.slice_mut(1..301);
    launch.arg(&taps).arg(&n).arg(&mut part);
    // SAFETY: these are the kernel's arguments.
    unsafe { launch.launch(grid(2)) }.expect("it works");
    let found = stream.clone_dtoh(&samples).expect("it works");
    let expected: Vec<u32> = tapped.iter().map(|i| state[*i].to_bits()).collect();
    assert_eq!(found[1..301].iter().map(|x| x.to_bits()).collect::<Vec<_>>(), expected);
    assert_eq!([found[0], found[301]], [0.0; 2]);
}
