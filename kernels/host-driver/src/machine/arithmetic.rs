//! What instructions compute: lane by lane, values cut to their types. Floats follow IEEE 754 with the
//! device's choices: one NaN, subnormal numbers kept, nothing fused.

use crate::ptx::instruction::{Atomic, Binary, Comparison, Rounding, Ternary, Unary};
use crate::ptx::types::{Kind, Type};

/// Values of the lanes of a warp.
pub(super) type Lanes = [u64; 32];

/// The NaN that devices return.
const NAN: u64 = 0x7fff_ffff;

#[inline(always)]
fn float(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

#[inline(always)]
fn bits(value: f32) -> u64 {
    if value.is_nan() { NAN } else { u64::from(value.to_bits()) }
}

#[inline(always)]
fn double_bits(value: f64) -> u64 {
    if value.is_nan() { i64::MAX as u64 } else { value.to_bits() }
}

#[inline(always)]
fn map(a: &Lanes, f: impl Fn(u64) -> u64) -> Lanes {
    std::array::from_fn(|lane| f(a[lane]))
}

#[inline(always)]
fn map2(a: &Lanes, b: &Lanes, f: impl Fn(u64, u64) -> u64) -> Lanes {
    std::array::from_fn(|lane| f(a[lane], b[lane]))
}

#[inline(always)]
fn map3(a: &Lanes, b: &Lanes, c: &Lanes, f: impl Fn(u64, u64, u64) -> u64) -> Lanes {
    std::array::from_fn(|lane| f(a[lane], b[lane], c[lane]))
}

pub(super) fn unary(unary: Unary, ty: Type, a: &Lanes) -> Lanes {
    const SIGN: u64 = 1 << 31;
    let spare = 64 - ty.bits();
    match unary {
        Unary::Move => *a,
        Unary::Not if ty.kind == Kind::Predicate => map(a, |a| a ^ 1),
        Unary::Not => map(a, |a| ty.cut(!a)),
        Unary::Negate if ty.is_float() => map(a, |a| a ^ SIGN),
        Unary::Negate => map(a, |a| ty.cut(a.wrapping_neg())),
        Unary::Absolute if ty.is_float() => map(a, |a| a & !SIGN),
        Unary::Absolute => map(a, |a| ty.cut(ty.signed(a).unsigned_abs())),
        Unary::CountOnes => map(a, |a| u64::from(a.count_ones())),
        Unary::CountLeadingZeros => map(a, |a| u64::from(a.leading_zeros() - spare)),
        Unary::ReverseBits => map(a, |a| a.reverse_bits() >> spare),
        Unary::SquareRoot => map(a, |a| bits(float(a).sqrt())),
        Unary::Reciprocal => map(a, |a| bits(1.0 / float(a))),
    }
}

pub(super) fn binary(binary: Binary, ty: Type, a: &Lanes, b: &Lanes) -> Lanes {
    if ty.is_float() {
        return float_binary(binary, a, b);
    }
    match binary {
        Binary::Add if ty.is_double() => map2(a, b, |a, b| double_bits(f64::from_bits(a) + f64::from_bits(b))),
        Binary::Add => map2(a, b, |a, b| ty.cut(a.wrapping_add(b))),
        Binary::Subtract => map2(a, b, |a, b| ty.cut(a.wrapping_sub(b))),
        Binary::Multiply => map2(a, b, |a, b| ty.cut(a.wrapping_mul(b))),
        Binary::MultiplyHigh => map2(a, b, |a, b| multiply_high(ty, a, b)),
        Binary::MultiplyWide => map2(a, b, |a, b| multiply_wide(ty, a, b)),
        Binary::Divide => map2(a, b, |a, b| divide(ty, a, b).0),
        Binary::Remainder => map2(a, b, |a, b| divide(ty, a, b).1),
        Binary::Minimum if ty.is_signed() => map2(a, b, |a, b| if ty.signed(a) < ty.signed(b) { a } else { b }),
        Binary::Minimum => map2(a, b, u64::min),
        Binary::Maximum if ty.is_signed() => map2(a, b, |a, b| if ty.signed(a) > ty.signed(b) { a } else { b }),
        Binary::Maximum => map2(a, b, u64::max),
        Binary::And => map2(a, b, |a, b| a & b),
        Binary::Or => map2(a, b, |a, b| a | b),
        Binary::Xor => map2(a, b, |a, b| a ^ b),
        Binary::ShiftLeft => map2(a, b, |a, b| ty.cut(a.checked_shl(b as u32).unwrap_or(0))),
        // Too far a shift leaves the sign.
        Binary::ShiftRight if ty.is_signed() => map2(a, b, |a, b| ty.cut((ty.signed(a) >> b.min(63)) as u64)),
        Binary::ShiftRight => map2(a, b, |a, b| a.checked_shr(b as u32).unwrap_or(0)),
    }
}

fn float_binary(binary: Binary, a: &Lanes, b: &Lanes) -> Lanes {
    match binary {
        Binary::Add => map2(a, b, |a, b| bits(float(a) + float(b))),
        Binary::Subtract => map2(a, b, |a, b| bits(float(a) - float(b))),
        Binary::Multiply => map2(a, b, |a, b| bits(float(a) * float(b))),
        Binary::Divide => map2(a, b, |a, b| bits(float(a) / float(b))),
        Binary::Minimum => map2(a, b, |a, b| extreme(a, b, |a, b| a < b)),
        Binary::Maximum => map2(a, b, |a, b| extreme(a, b, |a, b| a > b)),
        other => unreachable!("{other:?} of floats is refused when PTX is read"),
    }
}

/// The number that comes first in an order; a number before NaN, and -0 below +0.
#[inline(always)]
fn extreme(a: u64, b: u64, first: impl Fn(f32, f32) -> bool) -> u64 {
    let (x, y) = (float(a), float(b));
    if x.is_nan() {
        return bits(y);
    }
    if y.is_nan() || first(x, y) {
        return a;
    }
    // Equal numbers differ at most in the sign of zero.
    if x == y && first(1.0f32.copysign(x), 1.0f32.copysign(y)) { a } else { b }
}

fn multiply_high(ty: Type, a: u64, b: u64) -> u64 {
    let product =
        if ty.is_signed() { (i128::from(ty.signed(a)) * i128::from(ty.signed(b))) as u128 } else { u128::from(a) * u128::from(b) };
    ty.cut((product >> ty.bits()) as u64)
}

fn multiply_wide(ty: Type, a: u64, b: u64) -> u64 {
    let wide = Type { size: 2 * ty.size, ..ty };
    wide.cut(if ty.is_signed() { ty.signed(a).wrapping_mul(ty.signed(b)) as u64 } else { a.wrapping_mul(b) })
}

/// Quotient and remainder. Division by zero gives what devices give: all ones, and the dividend.
fn divide(ty: Type, a: u64, b: u64) -> (u64, u64) {
    if b == 0 {
        return (ty.cut(u64::MAX), a);
    }
    if ty.is_signed() {
        let (a, b) = (ty.signed(a), ty.signed(b));
        return (ty.cut(a.wrapping_div(b) as u64), ty.cut(a.wrapping_rem(b) as u64));
    }
    (a / b, a % b)
}

pub(super) fn ternary(ternary: Ternary, ty: Type, a: &Lanes, b: &Lanes, c: &Lanes) -> Lanes {
    match ternary {
        Ternary::MultiplyAdd => map3(a, b, c, |a, b, c| ty.cut(a.wrapping_mul(b).wrapping_add(c))),
        Ternary::MultiplyAddHigh => map3(a, b, c, |a, b, c| ty.cut(multiply_high(ty, a, b).wrapping_add(c))),
        Ternary::MultiplyAddWide => {
            let wide = Type { size: 2 * ty.size, ..ty };
            map3(a, b, c, |a, b, c| wide.cut(multiply_wide(ty, a, b).wrapping_add(c)))
        }
        Ternary::ExtractBits => map3(a, b, c, |a, b, c| extract_bits(ty, a, b & 0xff, c & 0xff)),
        Ternary::FunnelLeft => map3(a, b, c, |a, b, c| ((b << 32 | a) << (c & 31)) >> 32),
        Ternary::FunnelRight => map3(a, b, c, |a, b, c| Type::U32.cut((b << 32 | a) >> (c & 31))),
        Ternary::PermuteBytes => map3(a, b, c, |a, b, c| permute_bytes(b << 32 | a, c)),
    }
}

/// Bits beyond the end of a signed value are its sign, or that of the last bit that was taken.
fn extract_bits(ty: Type, a: u64, position: u64, length: u64) -> u64 {
    let last = u64::from(ty.bits()) - 1;
    if length == 0 {
        return 0;
    }
    let sign = if ty.is_signed() { a >> (position + length - 1).min(last) & 1 } else { 0 };
    let taken = if position > last { 0 } else { a >> position };
    let inside = length.min((last + 1).saturating_sub(position));
    let mask = if inside >= 64 { u64::MAX } else { (1 << inside) - 1 };
    ty.cut(taken & mask | if sign == 1 { !mask } else { 0 })
}

/// Each of four selectors of 4 bits chooses a byte, or with its high bit that byte's sign.
fn permute_bytes(bytes: u64, selectors: u64) -> u64 {
    let chosen = |i: u64| {
        let selector = selectors >> (4 * i);
        let byte = bytes >> (8 * (selector & 7)) & 0xff;
        let byte = if selector & 8 == 0 { byte } else { 0xff * (byte >> 7) };
        byte << (8 * i)
    };
    (0..4).map(chosen).sum()
}

/// `into` with `length` low bits of `a` in place of its own from `position` on.
pub(super) fn insert_bits(ty: Type, a: u64, into: u64, position: u64, length: u64) -> u64 {
    let (position, length) = (position & 0xff, length & 0xff);
    if position >= 64 {
        return into;
    }
    let mask = if length >= 64 { u64::MAX } else { (1u64 << length) - 1 } << position;
    ty.cut(into & !mask | (a << position) & mask)
}

/// 1 where the comparison holds.
pub(super) fn compare(comparison: Comparison, ty: Type, true_for_nan: bool, a: &Lanes, b: &Lanes) -> Lanes {
    if ty.is_float() {
        return map2(a, b, |a, b| {
            let (a, b) = (float(a), float(b));
            let unordered = a.is_nan() || b.is_nan();
            u64::from(match comparison {
                Comparison::Ordered => !unordered,
                Comparison::Unordered => unordered,
                _ if unordered => true_for_nan,
                _ => holds(comparison, a, b),
            })
        });
    }
    if ty.is_signed() {
        return map2(a, b, |a, b| u64::from(holds(comparison, ty.signed(a), ty.signed(b))));
    }
    map2(a, b, |a, b| u64::from(holds(comparison, a, b)))
}

#[inline(always)]
fn holds<T: PartialOrd>(comparison: Comparison, a: T, b: T) -> bool {
    match comparison {
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::Less => a < b,
        Comparison::LessOrEqual => a <= b,
        Comparison::Greater => a > b,
        Comparison::GreaterOrEqual => a >= b,
        Comparison::Ordered | Comparison::Unordered => unreachable!("these are comparisons of floats"),
    }
}

pub(super) fn select(predicate: &Lanes, a: &Lanes, b: &Lanes) -> Lanes {
    map3(predicate, a, b, |predicate, a, b| if predicate != 0 { a } else { b })
}

pub(super) fn convert(into: Type, from: Type, rounding: Rounding, a: &Lanes) -> Lanes {
    if into.is_double() {
        return map(a, |a| double_bits(f64::from(float(a))));
    }
    match (into.is_float(), from.is_float()) {
        (false, false) if from.is_signed() => map(a, |a| into.cut(from.signed(a) as u64)),
        (false, false) => map(a, |a| into.cut(from.cut(a))),
        (true, false) if from.is_signed() => map(a, |a| bits(from.signed(a) as f32)),
        (true, false) => map(a, |a| bits(from.cut(a) as f32)),
        (true, true) => map(a, |a| bits(round(float(a), rounding))),
        (false, true) => map(a, |a| saturate(into, round(float(a), rounding))),
    }
}

fn round(x: f32, rounding: Rounding) -> f32 {
    match rounding {
        Rounding::Nearest => x.round_ties_even(),
        Rounding::Zero => x.trunc(),
        Rounding::Down => x.floor(),
        Rounding::Up => x.ceil(),
    }
}

/// The nearest integer that the type has; 0 for NaN.
fn saturate(ty: Type, x: f32) -> u64 {
    if ty.is_signed() {
        let most = i64::MAX >> (64 - ty.bits());
        return ty.cut((x as i64).clamp(-most - 1, most) as u64);
    }
    (x as u64).min(ty.cut(u64::MAX))
}

/// What an atomic operation leaves in place of `old`.
pub(super) fn atomic(atomic: Atomic, ty: Type, old: u64, [a, b]: [u64; 2]) -> u64 {
    match atomic {
        Atomic::Add => ty.cut(old.wrapping_add(a)),
        Atomic::Minimum if ty.is_signed() => ty.cut(ty.signed(old).min(ty.signed(a)) as u64),
        Atomic::Minimum => old.min(a),
        Atomic::Maximum if ty.is_signed() => ty.cut(ty.signed(old).max(ty.signed(a)) as u64),
        Atomic::Maximum => old.max(a),
        Atomic::And => old & a,
        Atomic::Or => old | a,
        Atomic::Xor => old ^ a,
        Atomic::Exchange => a,
        Atomic::CompareAndSwap if old == a => b,
        Atomic::CompareAndSwap => old,
    }
}
