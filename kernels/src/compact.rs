//! State in 16 bits: neurons that fill memory rather than time.
//!
//! A brain of a billion neurons has room for about a dozen bytes of each. Here every state variable is kept as a
//! whole number of a unit that its model names, and unpacked for its step a window at a time; the step itself
//! is the usual one. It is another model in its last digits, with the same statistics.

use models::kit::{Columns, LANES, real};
use models::{Error, Field, Model, Visitor};

use crate::cells::{Cells, CellsSpec, Handover, StepInput, Tiles};
use crate::random::WIDE;
use crate::simd::{Level, dispatch};

/// Neurons that are unpacked at a time: they fit the first-level cache, and share no random words with others.
const WINDOW: usize = 4 * WIDE;

/// Neurons of the model called `model` with their state in 16 bits; `None` if there is no such model or it
/// has no compact state.
pub fn compact_cells(model: &str, spec: &CellsSpec) -> Option<Result<Box<dyn Cells>, Error>> {
    struct Make<'a>(&'a CellsSpec<'a>);
    impl Visitor for Make<'_> {
        type Output = Option<Result<Box<dyn Cells>, Error>>;
        fn visit<M: Model>(self) -> Self::Output {
            let units = M::COMPACT?;
            Some(Compact::<M>::new(self.0, units).map(|cells| Box::new(cells) as Box<dyn Cells>))
        }
    }
    models::visit(model, Make(spec)).flatten()
}

struct Compact<M: Model> {
    /// The neurons that are being stepped.
    window: Tiles<M>,
    /// State of all: tile by tile, field by field, lane by lane.
    packed: Vec<[i16; LANES]>,
    units: &'static [real],
    n: usize,
    first: u32,
    offset: usize,
}

impl<M: Model> Compact<M> {
    fn new(spec: &CellsSpec, units: &'static [real]) -> Result<Self, Error> {
        assert_eq!(units.len(), M::State::FIELDS.len(), "a unit for every state variable");
        let window = Tiles::<M>::new(&CellsSpec { n: WINDOW.min(spec.n), ..*spec })?;
        let mut tile = vec![[0; LANES]; units.len()];
        pack(window.tiles()[0].as_ref(), units, &mut tile);
        let packed = tile.iter().copied().cycle().take(units.len() * spec.n.div_ceil(LANES)).collect();
        Ok(Compact { window, packed, units, n: spec.n, first: spec.first, offset: spec.offset })
    }

    fn place(&self, field: usize, neuron: usize) -> usize {
        neuron / LANES * self.units.len() + field
    }
}

impl<M: Model> Cells for Compact<M> {
    fn advance_at(&mut self, level: Level, input: &mut StepInput, fired: &mut Vec<u32>) {
        let fields = self.units.len();
        for start in (0..self.n).step_by(WINDOW) {
            let n = WINDOW.min(self.n - start);
            let packed = &mut self.packed[start / LANES * fields..(start + n).div_ceil(LANES) * fields];
            self.window.place(n, self.first + start as u32, self.offset + start);
            for (tile, packed) in self.window.tiles_mut().iter_mut().zip(packed.chunks(fields)) {
                unpack_at(level, packed, self.units, tile.as_mut());
            }
            let currents = input.currents.get(start..(start + n.next_multiple_of(LANES))).unwrap_or_default();
            let already = fired.len();
            let mut part = StepInput { sums: &mut *input.sums, currents, mean: input.mean, step: input.step };
            self.window.advance_at(level, &mut part, fired);
            fired[already..].iter_mut().for_each(|neuron| *neuron += start as u32);
            for (tile, packed) in self.window.tiles().iter().zip(packed.chunks_mut(fields)) {
                pack_at(level, tile.as_ref(), self.units, packed);
            }
        }
    }

    fn fields(&self) -> &'static [Field] {
        M::State::FIELDS
    }

    fn value(&self, field: usize, neuron: usize) -> real {
        real::from(self.packed[self.place(field, neuron)][neuron % LANES]) * self.units[field]
    }

    fn set(&mut self, field: usize, neuron: usize, value: real) {
        let place = self.place(field, neuron);
        self.packed[place][neuron % LANES] = rounded(value / self.units[field]);
    }

    fn bytes_per_value(&self) -> usize {
        size_of::<i16>()
    }

    fn column(&self, field: usize, out: &mut Vec<u8>) {
        let value = |neuron: usize| self.packed[self.place(field, neuron)][neuron % LANES];
        out.extend((0..self.n).flat_map(|neuron| value(neuron).to_le_bytes()));
    }

    fn set_column(&mut self, field: usize, first: usize, bytes: &[u8]) {
        for (bytes, neuron) in bytes.as_chunks().0.iter().zip(first..) {
            let place = self.place(field, neuron);
            self.packed[place][neuron % LANES] = i16::from_le_bytes(*bytes);
        }
    }

    fn len(&self) -> usize {
        self.n
    }

    fn bytes(&self) -> u64 {
        (self.packed.capacity() * size_of::<[i16; LANES]>()) as u64
    }

    fn handover(&self) -> Handover {
        let word = |pair: &[i16; 2]| u32::from(pair[0] as u16) | u32::from(pair[1] as u16) << 16;
        let tiles = self.packed.as_flattened().as_chunks().0.iter().map(word).collect();
        Handover { tiles, compact: Some(self.units), offset: self.offset, first: self.first, ..self.window.handover() }
    }

    fn take_back(&mut self, tiles: &[u32]) {
        let pairs = self.packed.as_flattened_mut().as_chunks_mut::<2>().0;
        pairs.iter_mut().zip(tiles).for_each(|(pair, word)| *pair = [*word as i16, (*word >> 16) as i16]);
    }
}

dispatch! {
    fn unpack_at(level: Level, packed: &[[i16; LANES]], units: &[real], tile: &mut [[real; LANES]]) = unpack
}

#[inline(always)]
fn unpack(packed: &[[i16; LANES]], units: &[real], tile: &mut [[real; LANES]]) {
    for ((lanes, packed), unit) in tile.iter_mut().zip(packed).zip(units) {
        *lanes = packed.map(|x| real::from(x) * unit);
    }
}

dispatch! {
    fn pack_at(level: Level, tile: &[[real; LANES]], units: &[real], packed: &mut [[i16; LANES]]) = pack
}

#[inline(always)]
fn pack(tile: &[[real; LANES]], units: &[real], packed: &mut [[i16; LANES]]) {
    for ((packed, lanes), unit) in packed.iter_mut().zip(tile).zip(units) {
        // Units are powers of two, so the inverse is exact.
        let inverse = 1.0 / unit;
        *packed = lanes.map(|x| rounded(x * inverse));
    }
}

/// The nearest whole number, half away from zero, kept within 16 bits.
#[inline(always)]
fn rounded(x: real) -> i16 {
    let x = x + if x >= 0.0 { 0.5 } else { -0.5 };
    x.clamp(-32_767.0, 32_767.0) as i32 as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::cells;
    use crate::delivery::sums;
    use std::collections::BTreeMap;

    /// Neurons of `aeif_braincog` in slices that begin at `cuts`, and what they fire in 600 ms of background.
    fn fires(compact: bool, cuts: &[u32]) -> Vec<(u64, u32)> {
        let params = BTreeMap::new();
        let mut slices: Vec<Box<dyn Cells>> = cuts
            .windows(2)
            .map(|cut| {
                let (first, n) = (cut[0], (cut[1] - cut[0]) as usize);
                let spec = CellsSpec { params: &params, dt: 1.0, first, n, offset: 0, scales: &[1024.0], seed: 4, population: 0 };
                let made = if compact { compact_cells("aeif_braincog", &spec) } else { cells("aeif_braincog", &spec) };
                made.expect("the model exists").expect("its defaults are good")
            })
            .collect();
        let mut sums = [sums()];
        let mut all = Vec::new();
        for step in 0..600 {
            for (slice, cut) in slices.iter_mut().zip(cuts) {
                let mut fired = Vec::new();
                slice.advance(&mut StepInput { sums: &mut sums, currents: &[], mean: 0.0, step }, &mut fired);
                all.extend(fired.iter().map(|i| (step, cut + i)));
            }
        }
        all.sort_unstable();
        all
    }

    #[test]
    fn compact_neurons_do_not_depend_on_how_they_are_cut() {
        let whole = fires(true, &[0, 5000]);
        assert!(whole.len() > 1000);
        assert_eq!(whole, fires(true, &[0, 1024, 4096, 5000]));
    }

    #[test]
    fn compact_neurons_fire_as_often_as_others() {
        let (compact, full) = (fires(true, &[0, 5000]).len() as f64, fires(false, &[0, 5000]).len() as f64);
        // Each count has a relative standard deviation below 1/sqrt(n), some 0.5 %.
        assert!((compact / full - 1.0).abs() < 0.02, "{compact} and {full} spikes");
    }

    #[test]
    fn values_come_back_within_half_a_unit() {
        let params = BTreeMap::new();
        let spec = CellsSpec { params: &params, dt: 1.0, first: 0, n: 40, offset: 0, scales: &[1024.0], seed: 4, population: 0 };
        let mut made = compact_cells("aeif_braincog", &spec).expect("it exists").expect("its defaults are good");
        made.set(0, 33, -61.234);
        assert!((made.value(0, 33) + 61.234).abs() <= 1.0 / 256.0);
        assert!((made.value(0, 32) + 110.0).abs() <= 1.0 / 256.0);
        assert_eq!(made.bytes(), 48 * 2 * made.fields().len() as u64);
        assert!(compact_cells("iaf_psc_exp", &spec).is_none());
    }

    #[test]
    fn what_is_handed_over_comes_back() {
        let params = BTreeMap::new();
        let spec = CellsSpec { params: &params, dt: 1.0, first: 0, n: 40, offset: 0, scales: &[1024.0], seed: 4, population: 0 };
        for make in [compact_cells, cells] {
            let new = || make("aeif_braincog", &spec).expect("it exists").expect("its defaults are good");
            let (mut made, mut other) = (new(), new());
            for field in 0..made.fields().len() {
                (0..40).for_each(|neuron| made.set(field, neuron, (neuron as real - 20.0) * (field + 1) as real));
            }
            other.take_back(&made.handover().tiles);
            for field in 0..made.fields().len() {
                (0..40).for_each(|neuron| assert_eq!(made.value(field, neuron).to_bits(), other.value(field, neuron).to_bits()));
            }
        }
    }
}
