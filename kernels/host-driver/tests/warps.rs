//! Contract: lanes diverge and meet again, talk to one another within their masks, and share memory across
//! barriers, whatever the order in which warps and blocks run.

mod support;

use support::Run;

/// Values of 32 threads that each store `%r9`.
fn lanes(body: &str) -> Vec<u64> {
    let body = format!("{body}\ncvt.u64.u32 %x9, %r9;\nst.global.u64 [%x3], %x9;");
    Run { threads: 32, output: 32, ..Run::new(&body) }.values()
}

#[test]
fn special_registers_tell_who_a_thread_is() {
    let body = "
        mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %nctaid.x; mov.u32 %r4, %laneid; mov.u32 %r5, %warpid;
        mov.u32 %r6, %lanemask_lt; mov.u32 %r7, %lanemask_le;
        mad.lo.u32 %r8, %r1, %r2, %r0;
        mad.wide.u32 %x4, %r8, 8, %x1;
        shl.b32 %r5, %r5, 8; or.b32 %r4, %r4, %r5; shl.b32 %r3, %r3, 16; or.b32 %r4, %r4, %r3;
        sub.u32 %r7, %r7, %r6;
        mov.b64 %x5, {%r4, %r7};
        st.global.u64 [%x4], %x5;";
    let values = Run { blocks: 3, threads: 40, output: 120, ..Run::new(body) }.values();
    for (i, value) in values.iter().enumerate() {
        let thread = i as u64 % 40;
        assert_eq!(*value, (3 << 16) + ((thread / 32) << 8) + thread % 32 + (1 << (32 + thread % 32)));
    }
}

#[test]
fn lanes_that_part_at_a_branch_meet_again() {
    // Odd lanes loop as often as their index says; then a vote of all sees everyone.
    let body = "
        mov.u32 %r9, 0; mov.u32 %r1, %r0; and.b32 %r2, %r0, 1; setp.eq.u32 %q1, %r2, 0;
        @%q1 bra $even;
        $again:
        add.u32 %r9, %r9, 2; sub.u32 %r1, %r1, 1; setp.ne.u32 %q2, %r1, 0;
        @%q2 bra $again;
        bra.uni $join;
        $even:
        mov.u32 %r9, 7;
        $join:
        vote.sync.ballot.b32 %r3, %q1, 0xffffffff;
        xor.b32 %r3, %r3, 0x55555555;
        add.u32 %r9, %r9, %r3;";
    let expected: Vec<u64> = (0..32).map(|lane| if lane % 2 == 1 { 2 * lane } else { 7 }).collect();
    assert_eq!(lanes(body), expected);
}

#[test]
fn a_guard_leaves_registers_of_other_lanes_alone() {
    let expected: Vec<u64> = (0..32).map(|lane| if lane < 5 { 1 } else { 2 }).collect();
    assert_eq!(lanes("setp.lt.u32 %q1, %r0, 5; mov.u32 %r9, 2; @%q1 mov.u32 %r9, 1;"), expected);
    assert_eq!(lanes("setp.ge.u32 %q1, %r0, 5; mov.u32 %r9, 2; @!%q1 mov.u32 %r9, 1;"), expected);
}

#[test]
fn votes_count_the_lanes_of_their_mask() {
    let vote = |text: &str| lanes(&format!("setp.lt.u32 %q1, %r0, 5; {text}"))[3];
    assert_eq!(vote("vote.sync.ballot.b32 %r9, %q1, -1;"), 0x1f);
    assert_eq!(vote("vote.sync.ballot.b32 %r9, !%q1, -1;"), 0xffff_ffe0);
    let predicate = |mode: &str| vote(&format!("vote.sync.{mode}.pred %q2, %q1, -1; selp.u32 %r9, 1, 0, %q2;"));
    assert_eq!((predicate("any"), predicate("all"), predicate("uni")), (1, 0, 0));
    // Two halves vote apart.
    let halves = "setp.lt.u32 %q1, %r0, 16; and.b32 %r2, %r0, 1; setp.eq.u32 %q2, %r2, 0; selp.b32 %r1, 0xffff, 0xffff0000, %q1;
        vote.sync.ballot.b32 %r9, %q2, %r1;";
    assert_eq!((lanes(halves)[0], lanes(halves)[31]), (0x5555, 0x5555_0000));
}

#[test]
fn shuffles_reach_the_lane_they_name_or_stay() {
    let shuffle = |text: &str| lanes(&format!("mul.lo.u32 %r1, %r0, 10; {text}"));
    assert_eq!(shuffle("shfl.sync.idx.b32 %r9, %r1, 3, 31, -1;"), [30; 32]);
    let down = shuffle("shfl.sync.down.b32 %r9|%q1, %r1, 4, 31, -1; @!%q1 mov.u32 %r9, 1;");
    assert_eq!(down, (0..32).map(|lane| if lane < 28 { 10 * (lane + 4) } else { 1 }).collect::<Vec<_>>());
    let up = shuffle("shfl.sync.up.b32 %r9, %r1, 1, 0, -1;");
    assert_eq!(up, (0..32u64).map(|lane| 10 * lane.saturating_sub(1)).collect::<Vec<_>>());
    let butterfly = shuffle("shfl.sync.bfly.b32 %r9, %r1, 1, 31, -1;");
    assert_eq!(butterfly, (0..32).map(|lane| 10 * (lane ^ 1)).collect::<Vec<_>>());
    // Segments of eight lanes: 0x1800 keeps the upper two bits of the lane.
    let segments = shuffle("shfl.sync.idx.b32 %r9, %r1, 2, 0x181f, -1;");
    assert_eq!(segments, (0..32).map(|lane| 10 * (lane / 8 * 8 + 2)).collect::<Vec<_>>());
}

#[test]
fn matches_find_lanes_with_equal_values() {
    let found = lanes("and.b32 %r1, %r0, 3; match.any.sync.b32 %r9, %r1, -1;");
    assert_eq!(found, (0..32).map(|lane| 0x1111_1111 << (lane % 4)).collect::<Vec<u64>>());
}

#[test]
fn the_active_mask_shows_who_runs_together() {
    let found = lanes("mov.u32 %r9, 0; setp.lt.u32 %q1, %r0, 3; @%q1 activemask.b32 %r9;");
    assert_eq!((found[0], found[2], found[3]), (7, 7, 0));
}

/// Each thread writes a word to shared memory and, behind a barrier, reads that of the mirrored thread.
const MIRROR: &str = ".shared .align 4 .b8 words[512];
    mov.u32 %r1, words; shl.b32 %r2, %r0, 2; add.u32 %r3, %r1, %r2;
    st.shared.u32 [%r3], %r0;
    bar.sync 0;
    sub.u32 %r4, 127, %r0; shl.b32 %r4, %r4, 2; add.u32 %r4, %r1, %r4;
    ld.shared.u32 %r9, [%r4];
    cvt.u64.u32 %x9, %r9; st.global.u64 [%x3], %x9;";

#[test]
fn a_barrier_shows_every_warp_what_the_others_wrote() {
    for seed in 0..10 {
        let (values, counters) = Run { threads: 128, output: 128, seed, ..Run::new(MIRROR) }.done();
        assert_eq!(values, (0..128).rev().collect::<Vec<_>>());
        assert_eq!((counters.barriers, counters.shared_bytes), (1, 1024));
    }
}

#[test]
fn a_barrier_of_a_warp_orders_its_lanes() {
    let body = "st.global.u64 [%x3], %x3; bar.warp.sync -1; xor.b32 %r1, %r0, 1; mad.wide.u32 %x4, %r1, 8, %x1;
        ld.global.u64 %x5, [%x4]; bar.warp.sync -1; sub.u64 %x5, %x5, %x1; st.global.u64 [%x3], %x5;";
    let values = Run { threads: 32, output: 32, ..Run::new(body) }.values();
    assert_eq!(values, (0..32).map(|lane| 8 * (lane ^ 1)).collect::<Vec<_>>());
}

#[test]
fn atomic_sums_of_all_blocks_lose_nothing() {
    let body = "red.global.add.u64 [%x1], 3;";
    for seed in 0..5 {
        let (values, counters) = Run { blocks: 7, threads: 70, seed, ..Run::new(body) }.done();
        assert_eq!(values, [3 * 7 * 70]);
        // Three warps per block each touch one sector.
        assert_eq!((counters.atomics.bytes, counters.atomics.sectors), (8 * 490, 21));
    }
}

#[test]
fn instructions_bytes_and_launches_are_counted() {
    let (_, counters) = Run { threads: 64, output: 64, ..Run::new("st.global.u64 [%x3], %x3;") }.done();
    // Five instructions of the frame, the store, and `ret`.
    assert_eq!((counters.launches, counters.warp_instructions, counters.thread_instructions), (1, 2 * 7, 64 * 7));
    assert_eq!((counters.stores.bytes, counters.stores.sectors), (512, 16));
    assert_eq!((counters.bytes_to_device, counters.bytes_to_host, counters.synchronisations), (8, 512, 1));
}
