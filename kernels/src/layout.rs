//! Where every neuron lives: populations cut into slices, slices gathered into target blocks.
//!
//! A **block** holds at most 65,536 neurons of one thread, so that a synapse names its target in 16
//! bits and the block's accumulators stay in the second-level cache. A **slice** is a run of neurons of
//! one population inside one block; it is the unit of the update loop.

use std::ops::Range;

use models::kit::LANES;

/// Most neurons in a block: what a 16-bit index reaches.
pub const BLOCK: usize = 1 << 16;

/// Runs of one population start at multiples of this, so that a thread border never cuts through the
/// neurons that share a block of random words.
const GRAIN: u32 = crate::random::PLANE as u32;

/// A run of neurons of one population in one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Index of the population.
    pub population: usize,
    /// Neurons of the population (local indices).
    pub neurons: Range<u32>,
    /// Index of the block.
    pub block: usize,
    /// Place of the first neuron in the block; a multiple of the vector width.
    pub offset: usize,
}

/// The block of neurons that live in another process.
pub(crate) const ELSEWHERE: u32 = u32::MAX;

/// Where every neuron lives, as one process sees it: of neurons in other processes it knows only that they are elsewhere.
#[derive(Clone, Debug)]
pub struct Layout {
    /// All slices, block by block.
    pub slices: Vec<Slice>,
    /// The thread that owns each block.
    pub owner: Vec<usize>,
    /// First block of each thread, and the end: a thread's blocks are consecutive.
    pub first_block: Vec<u32>,
    /// Global id of each population's first neuron, and of the end.
    pub first_id: Vec<u32>,
    of_population: Vec<Vec<Place>>,
}

/// Where a population's neurons from `first` on live.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) first: u32,
    pub(crate) block: u32,
    pub(crate) offset: u32,
}

impl Place {
    /// True if another process holds these neurons.
    #[inline(always)]
    pub(crate) fn is_elsewhere(self) -> bool {
        self.block == ELSEWHERE
    }

    /// The one of a population's places (ascending, the first from 0 on) that holds a neuron.
    #[inline(always)]
    pub(crate) fn of(places: &[Place], neuron: u32) -> Place {
        // Mostly one, or one for each of a few threads: counting beats a search, and without a branch
        // that a random neuron would have mispredicted.
        if places.len() > 8 {
            return places[places.partition_point(|p| p.first <= neuron) - 1];
        }
        places[places[1..].iter().map(|next| usize::from(next.first <= neuron)).sum::<usize>()]
    }
}

impl Layout {
    /// Places populations of these sizes on `threads` threads.
    pub fn new(sizes: &[u32], threads: usize) -> Self {
        let all: Vec<Range<u32>> = sizes.iter().map(|size| 0..*size).collect();
        Layout::of_process(sizes, &all, threads)
    }

    /// The same for one process of several, which holds `own` of each population. Ranges begin and end at
    /// [borders](border).
    pub fn of_process(sizes: &[u32], own: &[Range<u32>], threads: usize) -> Self {
        let mut layout = Layout {
            slices: Vec::new(),
            owner: Vec::new(),
            first_block: vec![0],
            first_id: vec![0],
            of_population: vec![Vec::new(); sizes.len()],
        };
        for size in sizes {
            layout.first_id.push(layout.first_id[layout.first_id.len() - 1] + size);
        }
        for thread in 0..threads {
            let mut used = BLOCK;
            for (population, own) in own.iter().enumerate() {
                let mut neurons = share(own, population, thread, threads);
                while !neurons.is_empty() {
                    // A population is cut only at multiples of the grain, so the last few places may stay empty.
                    let room = if neurons.len() <= BLOCK - used { neurons.len() } else { (BLOCK - used) / GRAIN as usize * GRAIN as usize };
                    if room == 0 {
                        layout.owner.push(thread);
                        used = 0;
                        continue;
                    }
                    let n = room;
                    let head = neurons.start..neurons.start + n as u32;
                    neurons.start = head.end;
                    layout.place(population, head, used);
                    used = (used + n).next_multiple_of(LANES).min(BLOCK);
                }
            }
            layout.first_block.push(layout.owner.len() as u32);
        }
        for (places, (own, size)) in layout.of_population.iter_mut().zip(own.iter().zip(sizes)) {
            let elsewhere = [0..own.start, own.end..*size].into_iter().filter(|range| !range.is_empty());
            places.extend(elsewhere.map(|range| Place { first: range.start, block: ELSEWHERE, offset: 0 }));
            places.sort_by_key(|p| p.first);
        }
        layout
    }

    /// True if this process holds neurons of a population.
    pub fn holds(&self, population: usize) -> bool {
        !self.of_population[population].iter().all(|place| place.is_elsewhere())
    }

    fn place(&mut self, population: usize, neurons: Range<u32>, offset: usize) {
        let block = self.owner.len() - 1;
        self.of_population[population].push(Place { first: neurons.start, block: block as u32, offset: offset as u32 });
        self.slices.push(Slice { population, neurons, block, offset });
    }

    /// Number of neurons.
    pub fn n_neurons(&self) -> u32 {
        self.first_id[self.first_id.len() - 1]
    }

    /// Number of blocks.
    pub fn n_blocks(&self) -> usize {
        self.owner.len()
    }

    /// Where the neurons of a population live, ascending.
    #[inline]
    pub(crate) fn places(&self, population: usize) -> &[Place] {
        &self.of_population[population]
    }

    /// Slices of one block.
    pub fn slices_of(&self, block: usize) -> &[Slice] {
        let first = self.slices.partition_point(|s| s.block < block);
        &self.slices[first..first + self.slices[first..].partition_point(|s| s.block == block)]
    }

    /// Population of a global neuron id.
    pub fn population_of(&self, id: u32) -> usize {
        self.first_id.partition_point(|first| *first <= id) - 1
    }
}

/// Where a population of `size` neurons may be cut that is nearest to `neuron`.
pub fn border(neuron: u32, size: u32) -> u32 {
    if neuron >= size {
        size
    } else {
        ((u64::from(neuron) + u64::from(GRAIN / 2)) / u64::from(GRAIN) * u64::from(GRAIN)).min(size.into()) as u32
    }
}

/// The neurons that a thread owns of what its process holds of a population: equal parts, cut at multiples of
/// [`GRAIN`]; too few to cut go to one thread, in turn.
fn share(own: &Range<u32>, population: usize, thread: usize, threads: usize) -> Range<u32> {
    if (own.len() as u64) < u64::from(GRAIN) * 2 * threads as u64 {
        return if population % threads == thread { own.clone() } else { own.start..own.start };
    }
    let grains = own.len() as u64 / u64::from(GRAIN);
    let cut = |t: usize| if t == threads { own.end } else { own.start + (grains * t as u64 / threads as u64) as u32 * GRAIN };
    cut(thread)..cut(thread + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_neuron_has_one_place() {
        let sizes = [1, 63, 64, 1000, 70_000, 200_001];
        for threads in 1..5 {
            let layout = Layout::new(&sizes, threads);
            let mut used = vec![false; layout.n_blocks() * BLOCK];
            for (population, size) in sizes.iter().enumerate() {
                for neuron in 0..*size {
                    let place = Place::of(layout.places(population), neuron);
                    let offset = place.offset + (neuron - place.first);
                    assert!(!std::mem::replace(&mut used[place.block as usize * BLOCK + offset as usize], true));
                }
            }
            for slice in &layout.slices {
                assert_eq!(slice.offset % LANES, 0);
                assert_eq!(slice.neurons.start % GRAIN, 0);
                let place = Place::of(layout.places(slice.population), slice.neurons.start);
                assert_eq!((place.block, place.offset), (slice.block as u32, slice.offset as u32));
                assert!(layout.slices_of(slice.block).contains(slice));
            }
        }
    }

    #[test]
    fn processes_hold_what_is_theirs_and_know_what_is_not() {
        let sizes = [10, 1000, 70_000];
        let cuts = [0, border(333, 1000), border(500, 1000), 1000];
        let mut held = 0;
        for process in 0..3 {
            let own = [if process == 1 { 0..10 } else { 0..0 }, cuts[process]..cuts[process + 1], 0..if process == 2 { 70_000 } else { 0 }];
            let layout = Layout::of_process(&sizes, &own, 2);
            for (population, own) in own.iter().enumerate() {
                assert_eq!(layout.holds(population), !own.is_empty());
                for neuron in 0..sizes[population] {
                    assert_eq!(
                        Place::of(layout.places(population), neuron).is_elsewhere(),
                        !own.contains(&neuron),
                        "{population} {neuron}"
                    );
                }
            }
            held += layout.slices.iter().map(|s| s.neurons.len()).sum::<usize>();
        }
        assert_eq!(held, 71_010);
    }

    #[test]
    fn large_populations_are_shared_evenly() {
        let layout = Layout::new(&[20_683, 5_834], 2);
        let of = |t| layout.slices.iter().filter(|s| layout.owner[s.block] == t).map(|s| s.neurons.len()).sum::<usize>() as f64;
        assert!((of(0) / of(1) - 1.0).abs() < 0.02);
    }
}
