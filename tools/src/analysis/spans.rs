//! Which population a neuron belongs to.

/// The neuron ids of one population: `first .. first + size`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Id of its first neuron.
    pub first: u64,
    /// Number of neurons.
    pub size: u64,
}

/// Finds the population of a neuron id.
#[derive(Clone, Debug)]
pub struct SpanIndex {
    /// (first, size, position in the list given), ascending.
    sorted: Vec<(u64, u64, usize)>,
}

impl SpanIndex {
    /// An index over populations that do not overlap, in any order.
    pub fn new(spans: &[Span]) -> Self {
        let mut sorted: Vec<_> = spans.iter().enumerate().filter(|(_, s)| s.size > 0).map(|(i, s)| (s.first, s.size, i)).collect();
        sorted.sort_unstable();
        SpanIndex { sorted }
    }

    /// (population, index of the neuron within it); `None` for an id of no population.
    pub fn locate(&self, id: u64) -> Option<(usize, u64)> {
        let after = self.sorted.partition_point(|&(first, ..)| first <= id);
        let (first, size, population) = *self.sorted.get(after.checked_sub(1)?)?;
        (id - first < size).then_some((population, id - first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_its_population_and_nowhere_else() {
        let index = SpanIndex::new(&[Span { first: 20, size: 5 }, Span { first: 0, size: 10 }, Span { first: 10, size: 0 }]);
        assert_eq!(index.locate(0), Some((1, 0)));
        assert_eq!(index.locate(9), Some((1, 9)));
        assert_eq!(index.locate(10), None);
        assert_eq!(index.locate(24), Some((0, 4)));
        assert_eq!(index.locate(25), None);
        assert_eq!(SpanIndex::new(&[]).locate(0), None);
    }
}
