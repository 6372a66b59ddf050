//! Rows: all synapses of one source, made from the description and cut into segments.
//!
//! The same function makes the rows that are stored when a network is built and those that are made
//! anew each time their source fires. So a procedural projection cannot differ from a stored one.

use crate::layout::{Layout, Place};
use crate::scale::Coding;
use crate::segments::{Kind, MOST, Segment, Sink, Synapse, pack, pack_targets};
use crate::wiring::{Part, Prepared, Row};

/// Everything needed to make the row of any source.
pub struct Wiring {
    /// All projections.
    pub projections: Vec<Prepared>,
    /// Coding of each projection.
    pub codings: Vec<Coding>,
    /// All kinds.
    pub kinds: Vec<Kind>,
    /// Where targets live.
    pub layout: Layout,
}

/// Room to work in, kept from row to row.
#[derive(Default)]
pub struct Scratch {
    pub(crate) parts: Vec<Part>,
    row: Row,
    synapses: Vec<Synapse>,
    sorted: Vec<Synapse>,
    histogram: Vec<u32>,
    /// Targets by place.
    dealt: Vec<Vec<u32>>,
}

/// Places of a population among which targets are dealt one by one.
const FEW: usize = 8;

impl Wiring {
    /// Global id of the source of a part.
    pub(crate) fn id_of(&self, part: &Part) -> u32 {
        self.layout.first_id[self.projections[part.projection as usize].source] + part.source
    }

    /// Makes the parts of neuron `source` of a population that leave through `projections`.
    pub fn regenerate(&self, source: u32, projections: &[usize], scratch: &mut Scratch, sink: &mut impl Sink) {
        let mut parts = std::mem::take(&mut scratch.parts);
        parts.clear();
        for projection in projections {
            self.projections[*projection].parts(source..source + 1, &mut |part| parts.push(part));
        }
        self.row(&parts, scratch, sink);
        scratch.parts = parts;
    }

    /// Makes the synapses of one source, given by its parts.
    pub(crate) fn row(&self, parts: &[Part], scratch: &mut Scratch, sink: &mut impl Sink) {
        scratch.synapses.clear();
        for part in parts {
            let prepared = &self.projections[part.projection as usize];
            prepared.row(part, &mut scratch.row);
            let places = self.layout.places(prepared.target);
            match (&self.codings[part.projection as usize], prepared.constant_delay(), places) {
                // One weight and one delay: nothing to sort.
                (Coding { constant: Some(kind), .. }, Some(delay), [place]) => {
                    for targets in scratch.row.targets.chunks(MOST) {
                        let segment = Segment { block: place.block, delay, kind: *kind, count: targets.len() as u16 };
                        pack_targets(targets, place.offset, sink.open(segment));
                    }
                }
                (Coding { constant: Some(kind), .. }, Some(delay), places) if places.len() <= FEW => {
                    let mut lens = [0; FEW];
                    deal(&scratch.row.targets, places, &mut scratch.dealt, &mut lens);
                    for ((place, targets), n) in places.iter().zip(&scratch.dealt).zip(lens) {
                        for targets in targets[..n].chunks(MOST) {
                            let segment = Segment { block: place.block, delay, kind: *kind, count: targets.len() as u16 };
                            pack_targets(targets, place.offset.wrapping_sub(place.first), sink.open(segment));
                        }
                    }
                }
                (coding, _, places) => gather(&scratch.row, coding, places, &mut scratch.synapses),
            }
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

/// Deals targets to the places where they live; `lens` says how many each got.
fn deal(targets: &[u32], places: &[Place], dealt: &mut Vec<Vec<u32>>, lens: &mut [usize; FEW]) {
    dealt.resize_with(places.len().max(dealt.len()), Vec::new);
    for room in &mut dealt[..places.len()] {
        room.resize(targets.len().max(room.len()), 0);
    }
    for target in targets {
        let place = places[1..].iter().map(|next| usize::from(next.first <= *target)).sum::<usize>() % FEW;
        dealt[place][lens[place]] = *target;
        lens[place] += 1;
    }
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

/// Sorts the synapses by segment: by counting where the segments are few beside the synapses.
fn sort(scratch: &mut Scratch, n_kinds: usize) {
    let synapses = &mut scratch.synapses;
    let Some(first) = synapses.first() else { return };
    let (mut delays, mut blocks) = ([first.delay; 2], [first.block; 2]);
    for synapse in synapses.iter() {
        delays = [delays[0].min(synapse.delay), delays[1].max(synapse.delay)];
        blocks = [blocks[0].min(synapse.block), blocks[1].max(synapse.block)];
    }
    let n_delays = (delays[1] - delays[0]) as usize + 1;
    let n_blocks = (blocks[1] - blocks[0]) as usize + 1;
    let buckets = n_blocks * n_delays * n_kinds;
    if buckets > 2 * synapses.len() + 256 {
        synapses.sort_unstable_by_key(Synapse::key);
        return;
    }
    let bucket = |s: &Synapse| ((s.block - blocks[0]) as usize * n_delays + (s.delay - delays[0]) as usize) * n_kinds + s.kind as usize;
    let histogram = &mut scratch.histogram;
    histogram.clear();
    histogram.resize(buckets, 0);
    for synapse in synapses.iter() {
        histogram[bucket(synapse)] += 1;
    }
    let mut sum = 0;
    for count in histogram.iter_mut() {
        sum += std::mem::replace(count, sum);
    }
    scratch.sorted.resize(synapses.len(), Synapse::default());
    for synapse in synapses.iter() {
        let place = &mut histogram[bucket(synapse)];
        scratch.sorted[*place as usize] = *synapse;
        *place += 1;
    }
    std::mem::swap(synapses, &mut scratch.sorted);
}
