//! Procedural projections as the device makes them.
//!
//! Of a row nothing is kept but, where the rule deals synapses out, the number of those before it: 4 bytes for each source
//! of a projection, and a few for each time that these are used up. The draws for these numbers take double precision, and
//! sources that wait for one another.

use std::collections::BTreeMap;
use std::mem::size_of_val;

use super::{Kind, Place, Way};
use crate::layout::{self, BLOCK};
use crate::rows::{self, Wiring};
use crate::wiring::{Prepared, Reason};

/// A projection whose rows the device cannot make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("projection {projection} cannot be made on a device: {reason}")]
pub struct NotOnDevice {
    /// Its index.
    pub projection: u32,
    /// Why.
    pub reason: Reason,
}

/// Tables of all procedural projections, for [`Made`](super::Made).
#[derive(Clone, Debug, Default)]
pub struct Recipes {
    /// Shortest delays in steps, ascending.
    pub leads: Vec<u32>,
    /// By shortest delay, then by population.
    pub ways: Vec<Way>,
    /// First and end of a population's ways, `[class][population]`.
    pub spans: Vec<[u32; 2]>,
    /// Global id of each population's first neuron.
    pub first_ids: Vec<u32>,
    /// Places of targets.
    pub places: Vec<Place>,
    /// Synapses of earlier sources, where a rule deals them out, in 32 bits.
    pub before: Vec<u32>,
    /// Sources before which these begin anew.
    pub turns: Vec<u32>,
    /// Positions of the neurons of populations for which they decide on a value.
    pub positions: Vec<[f32; 3]>,
    /// Where those of each population begin.
    placed: BTreeMap<usize, u32>,
    /// Slots that the sums need, a power of two, minus 1.
    pub slot_mask: u32,
}

/// Why the device cannot make the rows of each projection, `None` where it can or none of them reaches this process.
pub fn refusals(wiring: &Wiring) -> Vec<Option<Reason>> {
    let refusal = |prepared: &Prepared| wiring.layout.holds(prepared.target).then(|| prepared.on_device().err()).flatten();
    wiring.projections.iter().map(refusal).collect()
}

impl Recipes {
    /// For the projections that are `procedural`.
    pub fn new(wiring: &Wiring, procedural: &[bool], n_populations: usize) -> Result<Recipes, NotOnDevice> {
        let mut recipes = Recipes { first_ids: wiring.layout.first_id[..n_populations].to_vec(), ..Default::default() };
        // Ways by class and population. Members of a bundle share their shortest delay.
        let mut classes: BTreeMap<u32, Vec<Vec<Way>>> = BTreeMap::new();
        for (population, ways) in wiring.ways(n_populations, procedural).into_iter().enumerate() {
            for way in ways {
                let class = classes.entry(u32::from(wiring.lead(way))).or_insert_with(|| vec![Vec::new(); n_populations]);
                recipes.add(wiring, way, &mut class[population])?;
            }
        }
        for (lead, populations) in classes {
            recipes.leads.push(lead);
            for ways in populations {
                let first = recipes.ways.len() as u32;
                recipes.ways.extend(ways);
                recipes.spans.push([first, recipes.ways.len() as u32]);
            }
        }
        Ok(recipes)
    }

    /// Adds what leaves by a way.
    fn add(&mut self, wiring: &Wiring, way: rows::Way, ways: &mut Vec<Way>) -> Result<(), NotOnDevice> {
        let one;
        let members = match way {
            rows::Way::Projection(index) => {
                one = [index];
                &one[..]
            }
            rows::Way::Bundle(index) => &wiring.bundles[index as usize].members,
        };
        let first = self.before.len() as u64;
        let n_source = wiring.projections[members[0] as usize].n_source();
        let mut dealt = false;
        // Others of a bundle lie elsewhere, and are not drawn here.
        let here = |index: u32| wiring.layout.holds(wiring.projections[index as usize].target);
        for (member, index) in members.iter().enumerate().filter(|(_, index)| here(**index)) {
            let (mut own, deals) = self.way(wiring, *index).map_err(|reason| NotOnDevice { projection: *index, reason })?;
            if deals {
                own.before = first + (member as u64) * (u64::from(n_source) + 1);
            }
            dealt |= deals;
            ways.push(own);
        }
        if dealt {
            let first = ways.len() - members.len();
            self.deal(wiring, way, n_source, &mut ways[first..], members)?;
        }
        Ok(())
    }

    /// A projection, but for where its numbers of synapses are.
    fn way(&mut self, wiring: &Wiring, index: u32) -> Result<(Way, bool), Reason> {
        let prepared = &wiring.projections[index as usize];
        let (mut way, deals) = prepared.on_device()?;
        let coding = &wiring.codings[index as usize];
        way.kinds = [coding.negative, coding.positive].map(|kind| Kind::from(&wiring.kinds[kind as usize]));
        way.units = coding.unit.map(|unit| unit as f32);
        let places = wiring.layout.places(prepared.target);
        (way.places, way.n_places) = (self.places.len() as u32, places.len() as u32);
        let place = |p: &layout::Place| if p.is_elsewhere() { u32::MAX } else { p.block * BLOCK as u32 + p.offset };
        self.places.extend(places.iter().map(|p| Place { first: p.first, place: place(p) }));
        if let Some([from, to]) = prepared.positions() {
            (way.from, way.to) = (self.place(prepared.source, from), self.place(prepared.target, to));
        }
        let (shortest, longest) = prepared.delay_bounds();
        self.slot_mask |= (longest - shortest + 1).next_power_of_two() - 1;
        Ok((way, deals))
    }

    /// Where the positions of a population begin; they are copied when they are first asked for.
    fn place(&mut self, population: usize, positions: &[[f32; 3]]) -> u32 {
        *self.placed.entry(population).or_insert_with(|| {
            let first = self.positions.len() as u32;
            self.positions.extend_from_slice(positions);
            first
        })
    }

    /// Appends the number of synapses before each source, and of all, for each member of a way.
    fn deal(&mut self, wiring: &Wiring, way: rows::Way, n_source: u32, ways: &mut [Way], members: &[u32]) -> Result<(), NotOnDevice> {
        let (first, row) = (self.before.len(), n_source as usize + 1);
        self.before.resize(first + members.len() * row, 0);
        let before = &mut self.before[first..];
        let mut refused = Ok(());
        wiring.parts_by(way, 0..n_source, &mut |part| {
            let member = members.iter().position(|m| *m == part.projection).expect("a part is of a member");
            let (projection, count) = (part.projection, part.count);
            match u32::try_from(count) {
                Ok(count) => before[member * row + part.source as usize + 1] = count,
                Err(_) => refused = Err(NotOnDevice { projection, reason: Reason::TooMany { count } }),
            }
        });
        for (way, row) in ways.iter_mut().zip(before.chunks_mut(row)) {
            way.turns = self.turns.len() as u32;
            add_up(row, &mut self.turns);
            way.n_turns = self.turns.len() as u32 - way.turns;
        }
        refused
    }

    /// Longest lead in steps: so long are spikes needed.
    pub fn span(&self) -> u32 {
        self.leads.last().copied().unwrap_or(0)
    }

    /// Memory on the device in bytes.
    pub fn bytes(&self) -> u64 {
        let dealt = size_of_val(&*self.before) + size_of_val(&*self.turns);
        let placed = size_of_val(&*self.places) + size_of_val(&*self.positions);
        (size_of_val(&*self.ways) + size_of_val(&*self.spans) + placed + dealt) as u64
    }
}

/// Puts the sum of all numbers up to each in its place, in 32 bits. Where that begins anew, the place is appended to `turns`.
fn add_up(numbers: &mut [u32], turns: &mut Vec<u32>) {
    let mut sum = 0u32;
    for (place, number) in numbers.iter_mut().enumerate() {
        let (next, turned) = sum.overflowing_add(*number);
        if turned {
            turns.push(place as u32);
        }
        (sum, *number) = (next, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_32_bits_and_their_turns_are_sums_in_64() {
        let counts = [0, 7, u32::MAX, 0, u32::MAX - 3, u32::MAX, 5, 1 << 31, 1 << 31, 0];
        let (mut before, mut turns) = (counts, vec![77]);
        add_up(&mut before, &mut turns);
        let mut sum = 0;
        for (source, count) in counts.iter().enumerate() {
            sum += u64::from(*count);
            let passed = turns[1..].iter().filter(|turn| **turn as usize <= source).count();
            assert_eq!(u64::from(before[source]) + ((passed as u64) << 32), sum, "{source}");
        }
        assert!(turns.len() == 5 && sum > 3 << 32);
    }
}
