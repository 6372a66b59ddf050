//! From the columns of a part of a row to numbers of segments and contents of synapses.

use super::FEW;
use crate::layout::Place;
use crate::order::{Numbering, Order};
use crate::scale::Coding;
use crate::simd::{dispatch, to_i32};
use crate::wiring::Row;

/// Appends the synapses of a part, coded and placed, but not those that lie elsewhere.
pub(super) fn gather(row: &Row, coding: &Coding, places: &[Place], numbering: &Numbering, order: &mut Order) {
    let n = row.targets.len();
    let (numbers, contents) = order.room(n);
    put(&row.targets, places, numbering, numbers, contents);
    let code = Code {
        unit: [coding.unit[0] as f32, coding.unit[1] as f32],
        kind: [coding.negative, coding.positive],
        first_delay: numbering.first_delay,
        n_kinds: numbering.n_kinds as u32,
    };
    encode(row, &code, numbers, contents);
    if places.iter().any(|place| place.is_elsewhere()) {
        order.leave_out_elsewhere(n);
    }
}

/// Where a place's segments begin to be numbered, and what makes a target of the population one of the block.
fn origin(place: &Place, numbering: &Numbering) -> (u64, u64) {
    let begin = if place.is_elsewhere() { Order::ELSEWHERE } else { numbering.first_of(place.block) };
    (begin, u64::from(place.offset.wrapping_sub(place.first)))
}

/// Puts down for every target where its place begins. A pass over all targets for each place, without a branch, is
/// cheaper than to ask of each target where it lives, unless there are many places.
fn put(targets: &[u32], places: &[Place], numbering: &Numbering, numbers: &mut [u64], contents: &mut [u64]) {
    if places.len() > FEW {
        for ((target, number), content) in targets.iter().zip(numbers).zip(contents) {
            (*number, *content) = origin(&Place::of(places, *target), numbering);
        }
        return;
    }
    for place in places {
        let (number, content) = origin(place, numbering);
        put_from(targets, place.first, (number, content), numbers, contents);
    }
}

dispatch! {
    /// Puts down an origin for all targets from `first` on.
    fn put_from(targets: &[u32], first: u32, origin: (u64, u64), numbers: &mut [u64], contents: &mut [u64]) = put_from_body
}

#[inline(always)]
fn put_from_body(targets: &[u32], first: u32, origin: (u64, u64), numbers: &mut [u64], contents: &mut [u64]) {
    for ((target, number), content) in targets.iter().zip(numbers).zip(contents) {
        *number = if *target >= first { origin.0 } else { *number };
        *content = if *target >= first { origin.1 } else { *content };
    }
}

/// What all synapses of a part have in common.
struct Code {
    /// Integer units of a weight below and above zero, powers of two.
    unit: [f32; 2],
    /// Kinds of these.
    kind: [u16; 2],
    first_delay: u16,
    n_kinds: u32,
}

dispatch! {
    /// Adds delays, kinds, targets and weights to what [`put`] has put down.
    fn encode(row: &Row, code: &Code, numbers: &mut [u64], contents: &mut [u64]) = encode_body
}

#[inline(always)]
fn encode_body(row: &Row, code: &Code, numbers: &mut [u64], contents: &mut [u64]) {
    // Choices between two values in registers, not loads from one of two places.
    let ([below, above], [negative, positive]) = (code.unit, code.kind.map(u32::from));
    let columns = row.targets.iter().zip(&row.delays).zip(&row.weights);
    for (((target, delay), weight), (number, content)) in columns.zip(numbers.iter_mut().zip(contents)) {
        let (unit, half, kind) = if *weight >= 0.0 { (above, 0.5, positive) } else { (below, -0.5, negative) };
        // A power of two times a float is exact; half away from zero, by hand: baseline x86-64
        // would call a library to round.
        let weight = to_i32(weight * unit + half);
        *number += u64::from(u32::from(*delay - code.first_delay) * code.n_kinds + kind);
        *content = u64::from((*content as u32).wrapping_add(*target) & 0xffff) | u64::from(weight as u32) << 16;
    }
}
