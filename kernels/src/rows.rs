//! Rows: all synapses of one source, made from the description and cut into segments.
//!
//! The same function makes the rows that are stored when a network is built and those that are made
//! anew each time their source fires. So a procedural projection cannot differ from a stored one.

mod gather;

use std::ops::Range;

use crate::layout::{Layout, Place};
use crate::order::{Numbering, Order};
use crate::scale::Coding;
use crate::segments::{Kind, MOST, Segment, Sink, pack_targets};
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
    /// Shortest and longest delay of each projection in steps.
    pub delays: Vec<(u16, u16)>,
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
    order: Order,
    /// Targets of one place.
    dealt: Vec<u32>,
}

/// Most places of a population for which all targets are passed over once for each.
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
    pub fn lead(&self, way: Way) -> u16 {
        let projection = match way {
            Way::Projection(index) => index,
            Way::Bundle(index) => self.bundles[index as usize].members[0],
        };
        self.delays[projection as usize].0
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
        scratch.order.clear();
        let numbering = self.numbering(parts);
        for part in parts {
            let prepared = &self.projections[part.projection as usize];
            let places = self.layout.places(prepared.target);
            if places.iter().all(|place| place.is_elsewhere()) {
                continue;
            }
            prepared.row(part, &mut scratch.row);
            match (&self.codings[part.projection as usize], prepared.constant_delay(), places) {
                // One weight and one delay: nothing to sort.
                (Coding { constant: Some(kind), .. }, Some(delay), places) if places.len() <= FEW => {
                    let segment = Segment { block: 0, delay, kind: *kind, count: 0 };
                    deal(&scratch.row.targets, places, &mut scratch.dealt, segment, sink);
                }
                (coding, _, places) => gather::gather(&scratch.row, coding, places, &numbering, &mut scratch.order),
            }
        }
        if !scratch.order.numbers.is_empty() {
            scratch.order.emit(&numbering, &self.kinds, sink);
        }
    }

    /// Numbers for all segments that the synapses of these parts may fall into.
    fn numbering(&self, parts: &[Part]) -> Numbering {
        let (mut blocks, mut delays) = ([u32::MAX, 0], [u16::MAX, 0]);
        for part in parts {
            let (shortest, longest) = self.delays[part.projection as usize];
            delays = [delays[0].min(shortest), delays[1].max(longest)];
            let mut here = self.layout.places(self.projections[part.projection as usize].target).iter().filter(|p| !p.is_elsewhere());
            // Ascending neurons lie in ascending blocks.
            if let Some(first) = here.next() {
                blocks = [blocks[0].min(first.block), blocks[1].max(here.next_back().unwrap_or(first).block)];
            }
        }
        if blocks[0] > blocks[1] {
            Numbering::default()
        } else {
            Numbering::new(&(blocks[0]..=blocks[1]), &(delays[0]..=delays[1]), self.kinds.len())
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
