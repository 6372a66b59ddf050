//! Which population a neuron belongs to.

use std::cell::Cell;

/// The neuron ids of one population: `first .. first + size`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Id of its first neuron.
    pub first: u64,
    /// Number of neurons.
    pub size: u64,
}

/// Finds the population of a neuron id, at once where ids come in ascending order as those of the spikes of a step do.
#[derive(Clone, Debug)]
pub struct SpanIndex {
    /// (first, size, position in the list given), ascending.
    sorted: Vec<(u64, u64, usize)>,
    /// Where the last id was found.
    last: Cell<usize>,
}

impl SpanIndex {
    /// An index over populations that do not overlap, in any order.
    pub fn new(spans: &[Span]) -> Self {
        let mut sorted: Vec<_> = spans.iter().enumerate().filter(|(_, s)| s.size > 0).map(|(i, s)| (s.first, s.size, i)).collect();
        sorted.sort_unstable();
        SpanIndex { sorted, last: Cell::new(0) }
    }

    /// (population, index of the neuron within it); `None` for an id of no population.
    pub fn locate(&self, id: u64) -> Option<(usize, u64)> {
        let last = self.last.get();
        self.within(last, id).or_else(|| {
            let found = self.sorted.partition_point(|&(first, ..)| first <= id).checked_sub(1)?;
            self.last.set(found);
            self.within(found, id)
        })
    }

    /// The same where the id lies in the span at `place` of `sorted`.
    fn within(&self, place: usize, id: u64) -> Option<(usize, u64)> {
        let &(first, size, population) = self.sorted.get(place)?;
        let neuron = id.checked_sub(first)?;
        (neuron < size).then_some((population, neuron))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_its_population_and_nowhere_else() {
        let index = SpanIndex::new(&[Span { first: 20, size: 5 }, Span { first: 0, size: 10 }, Span { first: 10, size: 0 }]);
        assert_eq!(index.locate(0), Some((1, 0)));
        assert_eq!(index.locate(20), Some((0, 0)));
        assert_eq!(index.locate(9), Some((1, 9)));
        assert_eq!(index.locate(10), None);
        assert_eq!(index.locate(24), Some((0, 4)));
        assert_eq!(index.locate(25), None);
        assert_eq!(SpanIndex::new(&[]).locate(0), None);
    }
}
