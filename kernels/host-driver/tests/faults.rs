//! Contract: what a kernel may not do stops it, at the line of PTX that does it. Every test here is a mistake
//! that a real device may let pass.

mod support;

use host_driver::{Cause, DEFAULT_STREAM, Device, DeviceError, LaunchError, Violation};
use support::{Run, kernel};

#[test]
fn a_missing_barrier_is_a_race() {
    let body = ".shared .align 4 .b8 words[256];
        mov.u32 %r1, words; shl.b32 %r2, %r0, 2; add.u32 %r3, %r1, %r2;
        st.shared.u32 [%r3], %r0;
        xor.b32 %r4, %r3, 128;
        ld.shared.u32 %r9, [%r4]; // here";
    for seed in 0..5 {
        let fault = Run { threads: 64, seed, ..Run::new(body) }.fault();
        assert!(
            matches!(
                fault.cause,
                Cause::Memory(Violation::Race { this: "read", other_wrote: true, .. }) | Cause::Memory(Violation::Uninitialised { .. })
            ),
            "{fault}"
        );
    }
}

#[test]
fn a_barrier_that_is_missing_before_the_next_round_is_a_race() {
    let body = ".shared .align 4 .b8 word[4];
        mov.u32 %r1, word; setp.eq.u32 %q1, %r0, 0;
        @%q1 st.shared.u32 [%r1], 1;
        bar.sync 0;
        ld.shared.u32 %r9, [%r1];
        @%q1 st.shared.u32 [%r1], 2; // here";
    let races = (0..20).filter(|seed| {
        let fault = Run { threads: 64, seed: *seed, ..Run::new(body) }.fault();
        matches!(fault.cause, Cause::Memory(Violation::Race { this: "write", other_wrote: false, .. }))
    });
    assert_eq!(races.count(), 20);
}

#[test]
fn adding_without_atomics_is_a_race_within_a_warp() {
    let body = "ld.global.u32 %r1, [%x1]; add.u32 %r1, %r1, 1; st.global.u32 [%x1], %r1; // here";
    let fault = Run { threads: 2, ..Run::new(body) }.fault();
    assert!(fault.to_string().starts_with("k, block [0, 0, 0], thread 0: race: write at byte 0, which thread 1"), "{fault}");
}

#[test]
fn adding_without_atomics_is_a_race_between_blocks() {
    let body = "ld.global.u32 %r1, [%x1]; // here
        add.u32 %r1, %r1, 1; st.global.u32 [%x1], %r1;";
    let fault = Run { blocks: 2, ..Run::new(body) }.fault();
    assert!(matches!(fault.cause, Cause::Memory(Violation::Race { this: "read", other_block: true, .. })), "{fault}");
}

#[test]
fn reading_beside_atomic_changes_is_a_race() {
    let body = "setp.eq.u32 %q1, %r0, 40;
        @!%q1 red.global.add.u32 [%x1], 1;
        @%q1 ld.global.u32 %r1, [%x1]; // here";
    let fault = |seed| {
        let mut device = Device::new(seed);
        let memory = device.allocate(8).unwrap();
        device.fill(DEFAULT_STREAM, memory, &[0], 8);
        let parameters = [memory, memory].iter().flat_map(|p| p.to_le_bytes()).collect();
        device.launch(DEFAULT_STREAM, &kernel(body).unwrap(), ([1; 3], [64, 1, 1]), 0, parameters).unwrap();
        device.synchronise_all().unwrap_err()
    };
    // Whichever comes second is to blame, so the line depends on the order.
    assert!((0..5).all(|seed| matches!(fault(seed), DeviceError::Kernel(f) if matches!(f.cause, Cause::Memory(Violation::Race { .. })))));
}

#[test]
fn lanes_of_a_warp_are_not_ordered_by_lockstep() {
    let body = "st.global.u64 [%x3], %x3; xor.b32 %r1, %r0, 1; mad.wide.u32 %x4, %r1, 8, %x1;
        ld.global.u64 %x5, [%x4]; // here";
    let fault = Run { threads: 32, output: 32, ..Run::new(body) }.fault();
    assert!(matches!(fault.cause, Cause::Memory(Violation::Race { other_thread: 1, .. })), "{fault}");
}

#[test]
fn memory_that_the_launch_writes_is_not_for_the_read_only_cache() {
    let fault = Run::new("st.global.u32 [%x1], 1; ld.global.nc.u32 %r1, [%x1]; // here").fault();
    assert!(matches!(fault.cause, Cause::Memory(Violation::ReadOnlyWritten { this: "read", offset: 0 })), "{fault}");
    let fault = Run::new("ld.global.nc.u32 %r1, [%x1]; st.global.u32 [%x1], 1; // here").fault();
    assert!(matches!(fault.cause, Cause::Memory(Violation::ReadOnlyWritten { this: "write", offset: 0 })), "{fault}");
}

#[test]
fn an_access_out_of_bounds_tells_how_far() {
    let fault = Run { threads: 3, output: 2, ..Run::new("st.global.u64 [%x3], %x3; // here") }.fault();
    assert_eq!(fault.cause, Cause::Memory(Violation::OutOfBounds { offset: 16, size: 8, length: 16 }));
    assert_eq!((fault.thread, fault.text.as_str()), (2, "st.global.u64 [%x3], %x3; // here"));
    let fault = Run::new("st.global.u32 [4], %r0; // here").fault();
    assert_eq!(fault.cause, Cause::Memory(Violation::NoAllocation { address: 4 }));
    let fault = Run::new(".shared .align 4 .b8 words[16];\nmov.u32 %r1, words; st.shared.u32 [%r1+16], %r0; // here").fault();
    assert_eq!(fault.cause, Cause::Memory(Violation::OutOfBounds { offset: 16, size: 4, length: 16 }));
}

#[test]
fn a_misaligned_access_is_refused_as_a_whole_vector() {
    let fault = Run::new("st.global.u32 [%x1+2], %r0; // here").fault();
    assert!(matches!(fault.cause, Cause::Memory(Violation::Misaligned { size: 4, .. })), "{fault}");
    let fault = Run { output: 4, ..Run::new("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%x1+8]; // here") }.fault();
    assert!(matches!(fault.cause, Cause::Memory(Violation::Misaligned { size: 16, .. })), "{fault}");
}

#[test]
fn reading_what_nobody_wrote_is_noticed() {
    let fault = Run { poison: true, ..Run::new("ld.global.u32 %r1, [%x1]; // here") }.fault();
    assert_eq!(fault.cause, Cause::Memory(Violation::Uninitialised { offset: 0 }));
    let fault = Run { poison: true, ..Run::new("red.global.add.u32 [%x1], 1; // here") }.fault();
    assert_eq!(fault.cause, Cause::Memory(Violation::Uninitialised { offset: 0 }));
    let fault = Run::new(".shared .align 4 .b8 word[4];\nmov.u32 %r1, word; ld.shared.u32 %r2, [%r1]; // here").fault();
    assert_eq!(fault.cause, Cause::Memory(Violation::Uninitialised { offset: 0 }));
}

#[test]
fn a_barrier_in_a_divergent_branch_is_reported() {
    let body = "setp.lt.u32 %q1, %r0, 16; @!%q1 bra $other;
        bar.sync 0; // here
        bra $end;
        $other:
        bar.sync 0;
        $end:";
    let fault = Run { threads: 32, ..Run::new(body) }.fault();
    assert_eq!(fault.cause, Cause::DivergentBarrier { missing: 0xffff_0000 });
    // Also if the other lanes have ended.
    let fault = Run { threads: 32, ..Run::new("setp.lt.u32 %q1, %r0, 16; @!%q1 ret;\nbar.sync 0; // here") }.fault();
    assert_eq!(fault.cause, Cause::DivergentBarrier { missing: 0xffff_0000 });
}

#[test]
fn a_collective_operation_that_waits_for_others_in_vain_is_a_deadlock() {
    let body = "setp.lt.u32 %q1, %r0, 16; @!%q1 bra $other;
        shfl.sync.idx.b32 %r9, %r0, 0, 31, -1; // here
        bra $end;
        $other:
        bar.warp.sync -1;
        $end:";
    let fault = Run { threads: 32, ..Run::new(body) }.fault();
    assert_eq!(fault.cause, Cause::Deadlock { missing: 0xffff_0000 });
}

#[test]
fn lanes_that_wait_for_a_barrier_do_not_come_to_a_vote() {
    let body = "setp.lt.u32 %q1, %r0, 16; @!%q1 bra $other;
        vote.sync.ballot.b32 %r9, %q1, -1; // here
        $other:
        bar.sync 0;";
    let fault = Run { threads: 32, ..Run::new(body) }.fault();
    assert_eq!(fault.cause, Cause::Deadlock { missing: 0xffff_0000 });
}

#[test]
fn a_wrong_mask_is_reported() {
    let fault = Run { threads: 32, ..Run::new("vote.sync.ballot.b32 %r9, %q1, 0x0000ffff; // here") }.fault();
    assert_eq!(fault.cause, Cause::NotInMask { mask: 0xffff, lane: 16 });
    let body = "setp.lt.u32 %q1, %r0, 16; @!%q1 bra $end;
        shfl.sync.idx.b32 %r9, %r0, 20, 31, 0xffff; // here
        $end:";
    let fault = Run { threads: 32, ..Run::new(body) }.fault();
    assert_eq!(fault.cause, Cause::ShuffleOutOfMask { lane: 20, mask: 0xffff });
}

#[test]
fn a_warp_without_end_is_stopped() {
    let mut device = Device::new(0);
    device.limit_instructions(1000);
    let kernel = kernel("$again:\nbra $again;").unwrap();
    device.launch(DEFAULT_STREAM, &kernel, ([1; 3], [1; 3]), 0, vec![0; 16]).unwrap();
    let error = device.synchronise_all().unwrap_err();
    assert!(matches!(error, DeviceError::Kernel(fault) if fault.cause == Cause::Runaway { instructions: 1000 }));
}

#[test]
fn a_fault_stays_with_its_device() {
    let mut device = Device::new(0);
    let memory = device.allocate(8).unwrap();
    let kernel = kernel("st.global.u32 [%x1+8], 1;").unwrap();
    let parameters: Vec<u8> = [memory, memory].iter().flat_map(|p| p.to_le_bytes()).collect();
    device.launch(DEFAULT_STREAM, &kernel, ([1; 3], [1; 3]), 0, parameters.clone()).unwrap();
    let error = device.synchronise_all().unwrap_err();
    assert_eq!(device.fetch(memory, 8), Err(error));
}

#[test]
fn a_launch_that_cannot_be_is_refused() {
    let mut device = Device::new(0);
    let kernel = kernel("").unwrap();
    let mut launch = |grid, block, shared, parameters| device.launch(DEFAULT_STREAM, &kernel, (grid, block), shared, vec![0; parameters]);
    assert!(matches!(launch([0, 1, 1], [1; 3], 0, 16), Err(LaunchError::Shape { .. })));
    assert!(matches!(launch([1; 3], [1025, 1, 1], 0, 16), Err(LaunchError::Shape { .. })));
    assert_eq!(launch([1; 3], [1; 3], 49_153, 16), Err(LaunchError::SharedMemory { bytes: 49_153, most: 49_152 }));
    assert_eq!(launch([1; 3], [1; 3], 0, 15), Err(LaunchError::Parameters { given: 15, expected: 16 }));
    assert_eq!(launch([1; 3], [1; 3], 0, 16), Ok(()));
}

#[test]
fn copies_of_the_host_are_checked_too() {
    let mut device = Device::new(0);
    let memory = device.allocate(8).unwrap();
    device.write(DEFAULT_STREAM, memory + 4, Box::new(|| vec![0; 8]));
    let error = device.synchronise_all().unwrap_err();
    assert_eq!(error, DeviceError::Command(Violation::OutOfBounds { offset: 4, size: 8, length: 8 }));
}
