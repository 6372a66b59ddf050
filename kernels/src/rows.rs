//! Rows: all synapses of one source, made from the description and cut into segments.
//!
//! The same function makes the rows that are stored when a network is built and those that are made
//! anew each time their source fires. So a procedural projection cannot differ from a stored one.

use std::ops::Range;

use crate::layout::{ELSEWHERE, Layout, Place};
use crate::scale::Coding;
use crate::segments::{Kind, MOST, Segment, Sink, Synapse, pack, pack_targets};
use crate::wiring::bundle::Bundle;
use crate::wiring::{Part, Prepared, Row};

/// Everything needed to make the row of any source.
pub struct Wiring {
    /// All projections.
    pub projections: Vec<Prepared>,
    /// Projections that are drawn together.
    pub bundles: Vec<Bundle>,
    /// Coding of each projection.
    pub codings: Vec<Coding>,
    /// All kinds.
    pub kinds: Vec<Kind>,
    /// Where targets live.
    pub layout: Layout,
}

/// A way by which spikes leave a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A projection, by its index.
    Projection(u32),
    /// A bundle, by its index.
    Bundle(u32),
}

/// Room to work in, kept from row to row.
#[derive(Default)]
pub struct Scratch {
    pub(crate) parts: Vec<Part>,
    row: Row,
    synapses: Vec<Synapse>,
    sorted: Vec<Synapse>,
    histogram: Vec<u32>,
    /// Targets of one place.
    dealt: Vec<u32>,
}

/// Most places of a population for which all targets are passed over.
const FEW: usize = 8;

impl Wiring {
    /// Global id of the source of a part.
    pub(crate) fn id_of(&self, part: &Part) -> u32 {
        self.layout.first_id[self.projections[part.projection as usize].source] + part.source
    }

    /// Ways by which spikes leave each population and reach neurons of this process, through the projections that
    /// are `wanted`. All members of a bundle are wanted or none is.
    pub fn ways(&self, n_populations: usize, wanted: &[bool]) -> Vec<Vec<Way>> {
        let mut ways = vec![Vec::new(); n_populations];
        let mut bundled = vec![false; self.projections.len()];
        let reaches = |index: usize| self.layout.holds(self.projections[index].target);
        for (index, bundle) in self.bundles.iter().enumerate() {
            bundle.members.iter().for_each(|member| bundled[*member as usize] = true);
            if wanted[bundle.members[0] as usize] && bundle.members.iter().any(|member| reaches(*member as usize)) {
                ways[bundle.source].push(Way::Bundle(index as u32));
            }
        }
        for (index, prepared) in self.projections.iter().enumerate().filter(|(i, _)| wanted[*i] && !bundled[*i] && reaches(*i)) {
            ways[prepared.source].push(Way::Projection(index as u32));
        }
        ways
    }

    /// Shortest delay in steps of what leaves by a way.
    pub fn lead(&self, way: Way) -> u32 {
        let projection = match way {
            Way::Projection(index) => index,
            Way::Bundle(index) => self.bundles[index as usize].members[0],
        };
        self.projections[projection as usize].delay_bounds().0
    }

    /// Parts of the sources in `range` that leave by a way.
    pub(crate) fn parts_by(&self, way: Way, range: Range<u32>, visit: &mut impl FnMut(Part)) {
        match way {
            Way::Projection(index) => self.projections[index as usize].parts(range, visit),
            Way::Bundle(index) => self.bundles[index as usize].parts(range, visit),
        }
    }

    /// Makes the parts of neuron `source` of a population that leave by these ways.
    pub fn regenerate(&self, source: u32, ways: &[Way], scratch: &mut Scratch, sink: &mut impl Sink) {
        let mut parts = std::mem::take(&mut scratch.parts);
        parts.clear();
        for way in ways {
            self.parts_by(*way, source..source + 1, &mut |part| parts.push(part));
        }
        self.row(&parts, scratch, sink);
        scratch.parts = parts;
    }

    /// Makes the synapses of one source, given by its parts.
    pub(crate) fn row(&self, parts: &[Part], scratch: &mut Scratch, sink: &mut impl Sink) {
        scratch.synapses.clear();
        let mut cut = false;
        for part in parts {
            let prepared = &self.projections[part.projection as usize];
            let places = self.layout.places(prepared.target);
            if places.iter().all(|place| place.is_elsewhere()) {
                continue;
            }
            cut |= places.iter().any(|place| place.is_elsewhere());
            prepared.row(part, &mut scratch.row);
            match (&self.codings[part.projection as usize], prepared.constant_delay(), places) {
                // One weight and one delay: nothing to sort.
                (Coding { constant: Some(kind), .. }, Some(delay), places) if places.len() <= FEW => {
                    let segment = Segment { block: 0, delay, kind: *kind, count: 0 };
                    deal(&scratch.row.targets, places, &mut scratch.dealt, segment, sink);
                }
                (coding, _, places) => gather(&scratch.row, coding, places, &mut scratch.synapses),
            }
        }
        if cut {
            scratch.synapses.retain(|synapse| synapse.block != ELSEWHERE);
        }
        sort(scratch, self.kinds.len());
        for run in scratch.synapses.chunk_by(|a, b| a.key() == b.key()) {
            for run in run.chunks(MOST) {
                let Synapse { block, delay, kind, .. } = run[0];
                let words = sink.open(Segment { block, delay, kind, count: run.len() as u16 });
                pack(self.kinds[kind as usize].encoding, run, words);
            }
        }
    }
}

/// Opens a segment like `segment` for the targets of each place. A pass over all targets for each place, without a
/// branch, is cheaper than to ask of each target where it lives.
fn deal(targets: &[u32], places: &[Place], dealt: &mut Vec<u32>, segment: Segment, sink: &mut impl Sink) {
    dealt.resize(targets.len().max(dealt.len()), 0);
    for (i, place) in places.iter().enumerate().filter(|(_, place)| !place.is_elsewhere()) {
        let end = places.get(i + 1).map_or(u32::MAX, |next| next.first);
        let own = if places.len() == 1 { targets } else { between(targets, place.first..end, &mut dealt[..targets.len()]) };
        for own in own.chunks(MOST) {
            let segment = Segment { block: place.block, count: own.len() as u16, ..segment };
            pack_targets(own, place.offset.wrapping_sub(place.first), sink.open(segment));
        }
    }
}

/// The targets in a range, put together in `room`, which has as many places as there are targets.
fn between<'a>(targets: &[u32], range: Range<u32>, room: &'a mut [u32]) -> &'a [u32] {
    let mut n = 0;
    for target in targets {
        room[n] = *target;
        n += usize::from(range.contains(target));
    }
    &room[..n]
}

/// Appends the synapses of a part, coded and placed.
fn gather(row: &Row, coding: &Coding, places: &[Place], synapses: &mut Vec<Synapse>) {
    let unit = [coding.unit[0] as f32, coding.unit[1] as f32];
    let columns = row.targets.iter().zip(&row.delays).zip(&row.weights);
    synapses.extend(columns.map(|((target, delay), weight)| {
        let place = Place::of(places, *target);
        let sign = usize::from(*weight >= 0.0);
        // A power of two times a float is exact; half away from zero, by hand: baseline x86-64
        // would call a library to round.
        let units = weight * unit[sign];
        Synapse {
            block: place.block,
            delay: *delay,
            kind: if sign == 1 { coding.positive } else { coding.negative },
            target: (place.offset + (target - place.first)) as u16,
            weight: (units + if sign == 1 { 0.5 } else { -0.5 }) as i32,
        }
    }));
}

/// Sorts the synapses by segment: by counting where there are few segments beside the synapses, by counting twice
/// where there are too many for that, by comparing where a row is short.
fn sort(scratch: &mut Scratch, n_kinds: usize) {
    let Scratch { synapses, sorted, histogram, .. } = scratch;
    let Some(first) = synapses.first() else { return };
    let (mut delays, mut blocks) = ([first.delay; 2], [first.block; 2]);
    for synapse in synapses.iter() {
        delays = [delays[0].min(synapse.delay), delays[1].max(synapse.delay)];
        blocks = [blocks[0].min(synapse.block), blocks[1].max(synapse.block)];
    }
    let n_blocks = (blocks[1] - blocks[0]) as usize + 1;
    let n_arrivals = ((delays[1] - delays[0]) as usize + 1) * n_kinds;
    let few = 2 * synapses.len() + 256;
    let block = |s: &Synapse| (s.block - blocks[0]) as usize;
    let arrival = |s: &Synapse| (s.delay - delays[0]) as usize * n_kinds + s.kind as usize;
    if n_blocks * n_arrivals <= few {
        count_sort(synapses, sorted, histogram, n_blocks * n_arrivals, |s| block(s) * n_arrivals + arrival(s));
    } else if n_blocks <= few && n_arrivals <= few {
        // Counting keeps the order of equals, so the second pass keeps what the first has done.
        count_sort(synapses, sorted, histogram, n_arrivals, arrival);
        count_sort(synapses, sorted, histogram, n_blocks, block);
    } else {
        synapses.sort_unstable_by_key(Synapse::key);
    }
}

/// Sorts the synapses by their bucket, one of `n`; equals keep their order.
fn count_sort(
    synapses: &mut Vec<Synapse>,
    sorted: &mut Vec<Synapse>,
    histogram: &mut Vec<u32>,
    n: usize,
    bucket: impl Fn(&Synapse) -> usize,
) {
    histogram.clear();
    histogram.resize(n, 0);
    for synapse in synapses.iter() {
        histogram[bucket(synapse)] += 1;
    }
    let mut sum = 0;
    for count in histogram.iter_mut() {
        sum += std::mem::replace(count, sum);
    }
    sorted.resize(synapses.len(), Synapse::default());
    for synapse in synapses.iter() {
        let place = &mut histogram[bucket(synapse)];
        sorted[*place as usize] = *synapse;
        *place += 1;
    }
    std::mem::swap(synapses, sorted);
}
