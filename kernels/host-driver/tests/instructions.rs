//! Contract: every form of instruction computes what the PTX manual says. Each line runs one instruction on
//! `a`, `b` and `c`, as one thread, and compares the whole result register.

mod support;

use support::{Run, kernel};

/// Runs an instruction that takes `%<class>1`, `%<class>2`, `%<class>3` and leaves its result in a register of
/// `result` class number 9; the other classes hold the same bits, cut.
fn run(instruction: &str, result: char, values: [u64; 3]) -> u64 {
    let widen = match result {
        'x' => "mov.b64 %x10, %x9;",
        'r' => "cvt.u64.u32 %x10, %r9;",
        'h' => "cvt.u64.u16 %x10, %h9;",
        'f' => "mov.b32 %r9, %f9; cvt.u64.u32 %x10, %r9;",
        _ => "selp.b64 %x10, 1, 0, %q9;",
    };
    let mut body = String::new();
    for i in 1..=3 {
        let at = 8 * (i - 1);
        body += &format!("ld.global.b64 %x{j}, [%x0+{at}]; cvt.u32.u64 %r{i}, %x{j}; cvt.u16.u64 %h{i}, %x{j};\n", j = i + 3);
        body += &format!("mov.b32 %f{i}, %r{i}; setp.ne.u64 %q{i}, %x{j}, 0;\n", j = i + 3);
    }
    body += "mov.b64 %x1, %x1; mov.b64 %x20, %x1; mov.b64 %x1, %x4; mov.b64 %x2, %x5; mov.b64 %x3, %x6;\n";
    body += &format!("{instruction}\n{widen}\nst.global.b64 [%x20], %x10;");
    Run { input: &values, ..Run::new(&body) }.values()[0]
}

fn check(result: char, cases: &[(&str, [u64; 3], u64)]) {
    for (instruction, values, expected) in cases {
        let found = run(instruction, result, *values);
        assert_eq!(found, *expected, "{instruction} of {values:x?}: {found:#x} instead of {expected:#x}");
    }
}

/// Bits of a float.
fn f(x: f32) -> u64 {
    u64::from(x.to_bits())
}

/// A negative 32-bit number as bits.
fn s(x: i32) -> u64 {
    u64::from(x as u32)
}

const NAN: u64 = 0x7fff_ffff;

#[test]
fn integers_add_subtract_and_multiply_modulo_their_width() {
    check(
        'r',
        &[
            ("add.s32 %r9, %r1, %r2;", [0xffff_ffff, 2, 0], 1),
            ("add.u32 %r9, %r1, -3;", [5, 0, 0], 2),
            ("sub.u32 %r9, %r1, %r2;", [1, 2, 0], 0xffff_ffff),
            ("mul.lo.s32 %r9, %r1, %r2;", [s(-3), 5, 0], s(-15)),
            ("mul.hi.u32 %r9, %r1, %r2;", [0xffff_ffff, 0xffff_ffff, 0], 0xffff_fffe),
            ("mul.hi.s32 %r9, %r1, %r2;", [s(-2), 3, 0], s(-1)),
            ("mad.lo.s32 %r9, %r1, %r2, %r3;", [s(-3), 5, 7], s(-8)),
            ("mad.hi.u32 %r9, %r1, %r2, %r3;", [1 << 31, 4, 7], 9),
            ("neg.s32 %r9, %r1;", [5, 0, 0], s(-5)),
            ("abs.s32 %r9, %r1;", [s(-5), 0, 0], 5),
        ],
    );
    check(
        'x',
        &[
            ("add.s64 %x9, %x1, %x2;", [u64::MAX, 2, 0], 1),
            ("mul.wide.u32 %x9, %r1, %r2;", [0xffff_ffff, 2, 0], 0x1_ffff_fffe),
            ("mul.wide.s32 %x9, %r1, %r2;", [s(-3), 5, 0], -15i64 as u64),
            ("mad.wide.u32 %x9, %r1, %r2, %x3;", [0xffff_ffff, 2, 1 << 40], 0x101_ffff_fffe),
            ("mad.wide.s32 %x9, %r1, -4, %x3;", [2, 0, 100], 92),
            ("mul.hi.u64 %x9, %x1, %x2;", [1 << 63, 6, 0], 3),
            ("mul.lo.s64 %x9, %x1, %x2;", [1 << 33, -3i64 as u64, 0], (-3i64 << 33) as u64),
            ("sub.s64 %x9, %x1, %x2;", [1, 2, 0], u64::MAX),
        ],
    );
    check('h', &[("add.u16 %h9, %h1, %h2;", [0xffff, 2, 0], 1), ("mul.lo.u16 %h9, %h1, %h2;", [300, 300, 0], 90_000 & 0xffff)]);
}

#[test]
fn division_follows_the_device_at_its_edges() {
    check(
        'r',
        &[
            ("div.s32 %r9, %r1, %r2;", [s(-7), 2, 0], s(-3)),
            ("rem.s32 %r9, %r1, %r2;", [s(-7), 2, 0], s(-1)),
            ("div.u32 %r9, %r1, %r2;", [7, 2, 0], 3),
            ("rem.u32 %r9, %r1, %r2;", [7, 2, 0], 1),
            ("div.u32 %r9, %r1, %r2;", [7, 0, 0], 0xffff_ffff),
            ("rem.u32 %r9, %r1, %r2;", [7, 0, 0], 7),
            ("div.s32 %r9, %r1, %r2;", [1 << 31, s(-1), 0], 1 << 31),
        ],
    );
    check(
        'x',
        &[
            ("div.s64 %x9, %x1, %x2;", [-7_000_000_000i64 as u64, 2_000_000_000, 0], -3i64 as u64),
            ("div.u64 %x9, %x1, %x2;", [u64::MAX, 1 << 32, 0], 0xffff_ffff),
            ("rem.u64 %x9, %x1, %x2;", [(5 << 40) + 3, 1 << 40, 0], 3),
        ],
    );
}

#[test]
fn extremes_of_integers_know_their_sign() {
    check(
        'r',
        &[
            ("min.s32 %r9, %r1, %r2;", [s(-1), 1, 0], s(-1)),
            ("min.u32 %r9, %r1, %r2;", [s(-1), 1, 0], 1),
            ("max.s32 %r9, %r1, %r2;", [s(-1), 1, 0], 1),
            ("max.u32 %r9, %r1, %r2;", [s(-1), 1, 0], s(-1)),
        ],
    );
}

#[test]
fn bits_are_combined_counted_and_moved() {
    check(
        'r',
        &[
            ("and.b32 %r9, %r1, %r2;", [0b1100, 0b1010, 0], 0b1000),
            ("or.b32 %r9, %r1, %r2;", [0b1100, 0b1010, 0], 0b1110),
            ("xor.b32 %r9, %r1, %r2;", [0b1100, 0b1010, 0], 0b0110),
            ("not.b32 %r9, %r1;", [0xff, 0, 0], 0xffff_ff00),
            ("popc.b32 %r9, %r1;", [0xf0f0, 0, 0], 8),
            ("popc.b64 %r9, %x1;", [u64::MAX, 0, 0], 64),
            ("clz.b32 %r9, %r1;", [1, 0, 0], 31),
            ("clz.b32 %r9, %r1;", [0, 0, 0], 32),
            ("clz.b64 %r9, %x1;", [1, 0, 0], 63),
            ("brev.b32 %r9, %r1;", [1, 0, 0], 1 << 31),
            ("shl.b32 %r9, %r1, %r2;", [1, 31, 0], 1 << 31),
            ("shl.b32 %r9, %r1, %r2;", [1, 32, 0], 0),
            ("shr.u32 %r9, %r1, %r2;", [1 << 31, 31, 0], 1),
            ("shr.u32 %r9, %r1, %r2;", [1 << 31, 77, 0], 0),
            ("shr.s32 %r9, %r1, %r2;", [1 << 31, 77, 0], 0xffff_ffff),
            ("bfe.u32 %r9, %r1, %r2, %r3;", [0xabcd, 4, 8], 0xbc),
            ("bfe.s32 %r9, %r1, %r2, %r3;", [0xabcd, 4, 8], 0xffff_ffbc),
            ("bfi.b32 %r9, %r1, %r2, 4, 8;", [0xff12, 0xabcd, 0], 0xa12d),
            ("shf.l.wrap.b32 %r9, %r1, %r2, %r3;", [0x8000_0000, 1, 1], 3),
            ("shf.r.wrap.b32 %r9, %r1, %r2, %r3;", [0x8000_0000, 1, 33], 0xc000_0000),
            ("prmt.b32 %r9, %r1, %r2, 0x7041;", [0x0302_0100, 0x0706_0504, 0], 0x0700_0401),
            ("prmt.b32 %r9, %r1, %r2, %r3;", [0x80, 0, 0x1118], 0x0000_00ff),
        ],
    );
    check(
        'x',
        &[
            ("bfi.b64 %x9, %x1, %x2, 32, 32;", [5, 7, 0], 5 << 32 | 7),
            ("xor.b64 %x9, %x1, %x2;", [5 << 32, 3 << 32, 0], 6 << 32),
            ("shl.b64 %x9, %x1, %r2;", [1, 63, 0], 1 << 63),
            ("shl.b64 %x9, %x1, %r2;", [1, 64, 0], 0),
            ("shr.s64 %x9, %x1, %r2;", [u64::MAX - 7, 3, 0], u64::MAX),
            ("bfe.u64 %x9, %x1, 60, 8;", [0xa << 60, 0, 0], 0xa),
        ],
    );
    check(
        'q',
        &[
            ("and.pred %q9, %q1, %q2;", [1, 1, 0], 1),
            ("or.pred %q9, %q1, %q2;", [0, 1, 0], 1),
            ("xor.pred %q9, %q1, %q2;", [1, 1, 0], 0),
            ("not.pred %q9, %q1;", [1, 0, 0], 0),
            ("mov.pred %q9, -1;", [0, 0, 0], 1),
        ],
    );
}

#[test]
fn floats_are_rounded_once_per_operation() {
    let tiny = f32::from_bits(1);
    check(
        'f',
        &[
            ("add.rn.f32 %f9, %f1, %f2;", [f(1.0), f(1e-8), 0], f(1.0)),
            ("sub.rn.f32 %f9, %f1, %f2;", [f(1.5), f(0.25), 0], f(1.25)),
            ("mul.rn.f32 %f9, %f1, %f2;", [f(0.1), f(3.0), 0], f(0.1 * 3.0)),
            ("div.rn.f32 %f9, %f1, %f2;", [f(1.0), f(3.0), 0], f(1.0 / 3.0)),
            ("sqrt.rn.f32 %f9, %f1;", [f(2.0), 0, 0], f(2.0f32.sqrt())),
            ("rcp.rn.f32 %f9, %f1;", [f(3.0), 0, 0], f(1.0 / 3.0)),
            ("neg.f32 %f9, %f1;", [f(0.0), 0, 0], f(-0.0)),
            ("abs.f32 %f9, %f1;", [f(-2.5), 0, 0], f(2.5)),
            ("mul.rn.f32 %f9, %f1, 0f3F000000;", [f(3.0), 0, 0], f(1.5)),
            // Subnormal numbers are numbers.
            ("add.rn.f32 %f9, %f1, %f2;", [f(tiny), f(tiny), 0], 2),
            ("sub.rn.f32 %f9, %f1, %f2;", [f(f32::INFINITY), f(f32::INFINITY), 0], NAN),
            ("sqrt.rn.f32 %f9, %f1;", [f(-1.0), 0, 0], NAN),
        ],
    );
}

#[test]
fn doubles_are_made_of_floats_and_added() {
    let d = |x: f64| x.to_bits();
    check(
        'x',
        &[
            ("cvt.f64.f32 %x9, %f1;", [f(0.1), 0, 0], d(f64::from(0.1f32))),
            ("cvt.f64.f32 %x9, %f1;", [NAN, 0, 0], i64::MAX as u64),
            ("add.rn.f64 %x9, %x1, %x2;", [d(1.0), d(1e-9), 0], d(1.0 + 1e-9)),
            ("add.rn.f64 %x9, %x1, 0d3FF0000000000000;", [d(0.25), 0, 0], d(1.25)),
            ("add.rn.f64 %x9, %x1, %x2;", [d(f64::INFINITY), d(-f64::INFINITY), 0], i64::MAX as u64),
            ("mov.f64 %x9, 0dBFF0000000000000;", [0; 3], d(-1.0)),
            ("st.global.f64 [%x20], %x1; ld.global.f64 %x9, [%x20];", [d(0.3), 0, 0], d(0.3)),
        ],
    );
}

#[test]
fn extremes_of_floats_prefer_numbers_and_order_zeros() {
    check(
        'f',
        &[
            ("min.f32 %f9, %f1, %f2;", [f(1.0), f(2.0), 0], f(1.0)),
            ("max.f32 %f9, %f1, %f2;", [f(1.0), f(2.0), 0], f(2.0)),
            ("min.f32 %f9, %f1, %f2;", [NAN, f(2.0), 0], f(2.0)),
            ("max.f32 %f9, %f1, %f2;", [f(2.0), NAN, 0], f(2.0)),
            ("max.f32 %f9, %f1, %f2;", [0xffc0_0001, NAN, 0], NAN),
            ("min.f32 %f9, %f1, %f2;", [f(0.0), f(-0.0), 0], f(-0.0)),
            ("max.f32 %f9, %f1, %f2;", [f(-0.0), f(0.0), 0], f(0.0)),
        ],
    );
}

#[test]
fn comparisons_know_signs_and_numbers_that_are_none() {
    check(
        'q',
        &[
            ("setp.eq.s32 %q9, %r1, %r2;", [1, 1 << 32 | 1, 0], 1),
            ("setp.ne.u64 %q9, %x1, %x2;", [1, 2, 0], 1),
            ("setp.lt.s32 %q9, %r1, %r2;", [s(-1), 0, 0], 1),
            ("setp.lt.u32 %q9, %r1, %r2;", [s(-1), 0, 0], 0),
            ("setp.lo.u32 %q9, %r1, %r2;", [0, s(-1), 0], 1),
            ("setp.hs.u32 %q9, %r1, %r2;", [0, s(-1), 0], 0),
            ("setp.ge.s16 %q9, %h1, %h2;", [0x8000, 0, 0], 0),
            ("setp.gt.s64 %q9, %x1, -1;", [0, 0, 0], 1),
            ("setp.le.f32 %q9, %f1, %f2;", [f(-0.0), f(0.0), 0], 1),
            ("setp.lt.f32 %q9, %f1, %f2;", [NAN, f(0.0), 0], 0),
            ("setp.ne.f32 %q9, %f1, %f2;", [NAN, NAN, 0], 0),
            ("setp.neu.f32 %q9, %f1, %f2;", [NAN, f(1.0), 0], 1),
            ("setp.equ.f32 %q9, %f1, %f2;", [f(1.0), f(1.0), 0], 1),
            ("setp.leu.f32 %q9, %f1, %f2;", [f(2.0), f(1.0), 0], 0),
            ("setp.gtu.f32 %q9, %f1, %f2;", [f(2.0), NAN, 0], 1),
            ("setp.nan.f32 %q9, %f1, %f2;", [NAN, f(1.0), 0], 1),
            ("setp.num.f32 %q9, %f1, %f2;", [NAN, f(1.0), 0], 0),
            // The second predicate is the opposite.
            ("setp.eq.s32 %q8|%q9, %r1, %r2;", [1, 1, 0], 0),
            ("not.pred %q9, %q1;", [0, 0, 0], 1),
            ("not.pred %q9, %q1;", [5, 0, 0], 0),
        ],
    );
    check(
        'r',
        &[
            ("selp.b32 %r9, %r1, %r2, %q3;", [7, 8, 1], 7),
            ("selp.b32 %r9, %r1, %r2, %q3;", [7, 8, 0], 8),
            ("selp.s32 %r9, -1, 0, %q3;", [0, 0, 1], 0xffff_ffff),
        ],
    );
    check('f', &[("selp.f32 %f9, %f1, 0f00000000, %q3;", [f(2.0), 0, 1], f(2.0))]);
    check('h', &[("selp.u16 %h9, 1, 0, %q3;", [0, 0, 1], 1)]);
}

#[test]
fn conversions_round_saturate_and_spread_signs() {
    check(
        'r',
        &[
            ("cvt.u32.u16 %r9, %h1;", [0x1_8000, 0, 0], 0x8000),
            ("cvt.s32.s16 %r9, %h1;", [0x8000, 0, 0], 0xffff_8000),
            ("cvt.u32.u64 %r9, %x1;", [0x5_0000_0007, 0, 0], 7),
            ("cvt.rzi.s32.f32 %r9, %f1;", [f(-2.7), 0, 0], s(-2)),
            ("cvt.rni.s32.f32 %r9, %f1;", [f(2.5), 0, 0], 2),
            ("cvt.rmi.s32.f32 %r9, %f1;", [f(-2.1), 0, 0], s(-3)),
            ("cvt.rpi.s32.f32 %r9, %f1;", [f(2.1), 0, 0], 3),
            ("cvt.rzi.s32.f32 %r9, %f1;", [f(1e20), 0, 0], i32::MAX as u64),
            ("cvt.rzi.u32.f32 %r9, %f1;", [f(-5.0), 0, 0], 0),
            ("cvt.rzi.u32.f32 %r9, %f1;", [NAN, 0, 0], 0),
        ],
    );
    check(
        'x',
        &[
            ("cvt.s64.s32 %x9, %r1;", [s(-1), 0, 0], u64::MAX),
            ("cvt.rzi.s64.f32 %x9, %f1;", [f(-3.75e9), 0, 0], -3.75e9f32 as i64 as u64),
            ("cvt.rzi.s64.f32 %x9, %f1;", [f(1e30), 0, 0], i64::MAX as u64),
            ("cvt.u64.u32 %x9, %r1;", [s(-1), 0, 0], 0xffff_ffff),
            ("cvt.s64.s8 %x9, %r1;", [0x180, 0, 0], -128i64 as u64),
        ],
    );
    check(
        'f',
        &[
            ("cvt.rn.f32.s32 %f9, %r1;", [s(-3), 0, 0], f(-3.0)),
            ("cvt.rn.f32.u32 %f9, %r1;", [s(-1), 0, 0], f(4_294_967_296.0)),
            ("cvt.rn.f32.s32 %f9, %r1;", [16_777_217, 0, 0], f(16_777_216.0)),
            ("cvt.rn.f32.s64 %f9, %x1;", [-(1i64 << 40) as u64, 0, 0], f(-1_099_511_627_776.0)),
            ("cvt.rni.f32.f32 %f9, %f1;", [f(2.5), 0, 0], f(2.0)),
        ],
    );
}

#[test]
fn moves_pack_and_unpack() {
    check('x', &[("mov.b64 %x9, {%r1, %r2};", [1, 2, 0], 2 << 32 | 1), ("cvta.to.global.u64 %x9, %x1;", [77, 0, 0], 77)]);
    check(
        'r',
        &[
            ("mov.b64 {%r8, %r9}, %x1;", [3 << 32 | 4, 0, 0], 3),
            ("mov.b32 {%h8, %h9}, %r1; cvt.u32.u16 %r9, %h9;", [0x0007_0001, 0, 0], 7),
            ("mov.b32 %r9, %f1;", [f(1.0), 0, 0], f(1.0)),
            ("mov.u32 %r9, %ntid.x;", [0, 0, 0], 1),
        ],
    );
}

#[test]
fn loads_and_stores_move_every_width_and_vectors() {
    check(
        'r',
        &[
            ("ld.global.u8 %r9, [%x0+1];", [0x8180, 0, 0], 0x81),
            ("ld.global.s8 %r9, [%x0+1];", [0x8180, 0, 0], 0xffff_ff81),
            ("ld.global.u16 %r9, [%x0+2];", [0x8180_0000, 0, 0], 0x8180),
            ("ld.global.s16 %r9, [%x0+2];", [0x8180_0000, 0, 0], 0xffff_8180),
            ("ld.global.v2.u32 {%r8, %r9}, [%x0];", [5 << 32 | 4, 0, 0], 5),
            ("ld.global.nc.v4.u32 {%r6, %r7, %r8, %r9}, [%x0];", [1, 9 << 32, 0], 9),
            ("ld.global.cs.v4.u32 {%r6, %r7, %r8, %r9}, [%x0];", [1, 9 << 32, 0], 9),
            ("st.global.v2.u32 [%x20], {%r1, %r2}; ld.global.u32 %r9, [%x20+4];", [5, 6, 0], 6),
            ("st.global.u8 [%x20+3], %r1; ld.global.u32 %r9, [%x20];", [0x12ab, 0, 0], 0xab00_0000),
            ("add.s64 %x9, %x0, 16; ld.global.u32 %r9, [%x9+-8];", [1, 2, 3], 2),
        ],
    );
}

#[test]
fn atomics_return_what_was_there() {
    let changed = |operation: &str, old: u64, new: u64| {
        let text = format!("st.global.u32 [%x20], %r1; atom.global.{operation}; mov.u32 %r9, %r8;");
        assert_eq!(run(&text, 'r', [old, 2, 9]), old, "{operation}: old value");
        let text = format!("st.global.u32 [%x20], %r1; atom.global.{operation}; ld.global.u32 %r9, [%x20];");
        // Reading after an atomic change of the same thread is in order.
        assert_eq!(run(&text, 'r', [old, 2, 9]), new, "{operation}: new value");
    };
    changed("add.u32 %r8, [%x20], %r2", 40, 42);
    changed("add.s32 %r8, [%x20], -1", 40, 39);
    changed("min.s32 %r8, [%x20], %r2", s(-4), s(-4));
    changed("min.u32 %r8, [%x20], %r2", s(-4), 2);
    changed("max.s32 %r8, [%x20], %r2", s(-4), 2);
    changed("and.b32 %r8, [%x20], %r2", 7, 2);
    changed("or.b32 %r8, [%x20], %r2", 8, 10);
    changed("xor.b32 %r8, [%x20], %r2", 3, 1);
    changed("exch.b32 %r8, [%x20], %r2", 40, 2);
    changed("cas.b32 %r8, [%x20], %r2, %r3", 2, 9);
    changed("cas.b32 %r8, [%x20], %r2, %r3", 3, 3);
    let wide = "st.global.u64 [%x20], %x1; atom.global.add.u64 %x8, [%x20], %x2; ld.global.u64 %x9, [%x20];";
    check('x', &[(wide, [(1 << 40) - 1, 2, 0], (1 << 40) + 1)]);
    check('r', &[("st.global.u32 [%x20], %r1; red.global.add.u32 [%x20], %r2; ld.global.u32 %r9, [%x20];", [40, 2, 0], 42)]);
}

#[test]
fn what_is_not_known_is_refused_by_name_and_line() {
    // The first line of a body is line 17 of its module.
    let refused = |instruction: &str| kernel(instruction).unwrap_err().to_string();
    assert_eq!(refused("sin.approx.f32 %f1, %f2;"), "PTX line 17: unknown opcode `sin` in `sin.approx.f32`");
    assert_eq!(refused("add.rn.ftz.f32 %f1, %f2, %f3;"), "PTX line 17: unknown modifier `.ftz` in `add.rn.ftz.f32`");
    assert_eq!(refused("fma.rn.f32 %f1, %f2, %f3, %f4;"), "PTX line 17: unknown opcode `fma` in `fma.rn.f32`");
    assert_eq!(refused("add.f32 %f1, %f2, %f3;"), "PTX line 17: `add.f32` lacks `.rn`");
    assert_eq!(refused("mul.rn.f64 %x1, %x2, %x3;"), "PTX line 17: `mul.rn.f64` lacks a type for this operation");
    assert_eq!(refused("add.f64 %x1, %x2, %x3;"), "PTX line 17: `add.f64` lacks `.rn`");
    assert_eq!(refused("setp.lt.f64 %q1, %x2, %x3;"), "PTX line 17: `setp.lt.f64` lacks a type for this operation");
    assert_eq!(refused("cvt.rn.f32.f64 %f1, %x2;"), "PTX line 17: `cvt.rn.f32.f64` lacks a conversion that kernels of ours may use");
    assert_eq!(refused("add.rn.f16 %h1, %h2, %h3;"), "PTX line 17: `add.rn.f16` lacks a type of ours");
    assert_eq!(refused("sqrt.approx.f32 %f1, %f2;"), "PTX line 17: `sqrt.approx.f32` lacks `.rn`");
    assert_eq!(refused("red.global.add.f32 [%x1], %f2;"), "PTX line 17: `red.global.add.f32` lacks an integer type");
    assert_eq!(refused("ld.local.u32 %r1, [%x1];"), "PTX line 17: `ld.local.u32` lacks a state space");
    assert_eq!(refused("mov.u32 %r1, %r99;"), "PTX line 17: `%r99` is not declared");
    assert_eq!(refused("bra $nowhere;"), "PTX line 17: `$nowhere` is not declared");
    assert_eq!(refused("bar.sync 1;"), "PTX line 17: unexpected barrier that is not number 0 of the whole block");
}
