//! Which rows a page has, and which populations stand in each.

use std::borrow::Cow;

use super::data::RunData;

/// Most regions of a page; of more, evenly spaced ones are drawn.
const MOST_REGIONS: usize = 400;

/// Most populations that take the place of regions where a run has at most one.
const MOST_POPULATIONS: usize = 60;

/// A row of the raster, of the rates, of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// A region.
    Region(usize),
    /// The populations without a region in a run that has regions.
    Elsewhere,
    /// A population by itself, in a run of at most one region.
    Population(usize),
    /// Everything, in a run of at most one region and very many populations.
    Network,
}

/// A population that the page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Index into the run's populations.
    pub(super) population: usize,
    /// Index into the page's rows.
    pub(super) row: usize,
    /// Index into the page's kinds.
    pub(super) kind: usize,
}

/// The rows of a run's page, for who counts its spikes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    /// The name of each.
    pub(crate) labels: Vec<String>,
    /// Neurons in each.
    pub(crate) neurons: Vec<u64>,
    /// The row of each population, where it is shown.
    pub(crate) of_population: Vec<Option<usize>>,
}

impl Rows {
    /// The rows of the page that [`render`](super::render) would make.
    pub(crate) fn of(run: &RunData) -> Self {
        let layout = Layout::of(run);
        let mut neurons = vec![0; layout.rows.len()];
        let mut of_population = vec![None; run.populations.len()];
        for kept in &layout.kept {
            neurons[kept.row] += run.populations[kept.population].size;
            of_population[kept.population] = Some(kept.row);
        }
        Rows { labels: (0..neurons.len()).map(|row| layout.label(run, row).into_owned()).collect(), neurons, of_population }
    }
}

/// The rows of a page.
pub(super) struct Layout {
    pub(super) rows: Vec<Row>,
    /// In the order of the rows.
    pub(super) kept: Vec<Kept>,
    /// The names of populations without their regions.
    pub(super) kinds: Vec<String>,
    /// What a reader must know.
    pub(super) notes: Vec<String>,
}

impl Layout {
    /// The layout of a run.
    pub(super) fn of(run: &RunData) -> Self {
        let mut notes = Vec::new();
        let rows = rows(run, &mut notes);
        let mut kept: Vec<Kept> = (0..run.populations.len())
            .filter_map(|population| {
                let region = run.populations[population].region.filter(|&r| r < run.regions.len());
                let row = rows.iter().position(|row| match row {
                    Row::Region(r) => region == Some(*r),
                    Row::Elsewhere => region.is_none(),
                    Row::Population(p) => *p == population,
                    Row::Network => true,
                })?;
                Some(Kept { population, row, kind: 0 })
            })
            .collect();
        kept.sort_by_key(|k| k.row);
        let mut kinds: Vec<String> = Vec::new();
        for k in &mut kept {
            let name = kind(run, k.population);
            k.kind = kinds.iter().position(|n| n == name).unwrap_or_else(|| {
                kinds.push(name.to_owned());
                kinds.len() - 1
            });
        }
        Layout { rows, kept, kinds, notes }
    }

    /// The regions among the rows, which come first.
    pub(super) fn regions(&self) -> Vec<usize> {
        self.rows.iter().filter_map(|row| if let Row::Region(r) = row { Some(*r) } else { None }).collect()
    }

    /// The name of a row.
    pub(super) fn label<'a>(&self, run: &'a RunData, row: usize) -> Cow<'a, str> {
        match self.rows[row] {
            Row::Region(r) => run.regions[r].label.as_str().into(),
            Row::Elsewhere => "elsewhere".into(),
            Row::Population(p) => kind(run, p).into(),
            Row::Network => "network".into(),
        }
    }

    /// The rate of each row over time: as recorded, or the mean over its populations. Empty where neither was.
    pub(super) fn series(&self, run: &RunData) -> Vec<Vec<f64>> {
        let populations = run.rates.populations.len() == run.populations.len();
        let regions = run.rates.regions.len() == run.regions.len();
        let of_row = |(i, row): (usize, &Row)| match row {
            Row::Region(r) if regions => Some(run.rates.regions[*r].clone()),
            _ if populations => {
                let members = self.kept.iter().filter(|k| k.row == i).map(|k| k.population);
                Some(weighted(members.map(|p| (run.populations[p].size as f64, run.rates.populations[p].as_slice()))))
            }
            _ => None,
        };
        self.rows.iter().enumerate().map(of_row).collect::<Option<_>>().unwrap_or_default()
    }
}

fn rows(run: &RunData, notes: &mut Vec<String>) -> Vec<Row> {
    let n = run.regions.len();
    if n <= 1 {
        let own = run.populations.len() <= MOST_POPULATIONS;
        return if own { (0..run.populations.len()).map(Row::Population).collect() } else { vec![Row::Network] };
    }
    for (matrix, what) in [(&run.weights, "weights"), (&run.functional, "functional connectivity")] {
        if let Some(m) = matrix.as_ref().filter(|m| m.n() != n) {
            notes.push(format!("The {what} are of {} regions, the run has {n}: not shown.", m.n()));
        }
    }
    let every = n.div_ceil(MOST_REGIONS);
    if every > 1 {
        notes.push(format!("One in {every} of {n} regions is shown."));
    }
    let mut rows: Vec<Row> = (0..n).step_by(every).map(Row::Region).collect();
    if run.populations.iter().any(|p| p.region.is_none_or(|r| r >= n)) {
        rows.push(Row::Elsewhere);
    }
    rows
}

/// The name of a population without its region.
fn kind(run: &RunData, population: usize) -> &str {
    let p = &run.populations[population];
    let label = p.region.and_then(|r| run.regions.get(r)).map_or("", |r| &r.label);
    let rest = p.name.strip_prefix(label).map(|r| r.trim_start_matches(['.', '/', '_', ':', '-', ' ']));
    rest.filter(|r| !r.is_empty()).unwrap_or(&p.name)
}

/// The mean of series of some weight.
fn weighted<'s>(series: impl Iterator<Item = (f64, &'s [f64])> + Clone) -> Vec<f64> {
    let total: f64 = series.clone().map(|(w, _)| w).sum();
    let bins = series.clone().map(|(_, s)| s.len()).min().unwrap_or(0);
    let mut out = vec![0.0; bins];
    for (weight, values) in series {
        for (o, v) in out.iter_mut().zip(values) {
            *o += v * weight / total.max(1.0);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Population, Rates};
    use connectome::Region;

    fn run(regions: usize) -> RunData {
        let region = |i: usize| Region { label: format!("R{i}"), ..Region::default() };
        let population = |i: usize| Population {
            name: format!("R{}.{}", i / 2, ["E", "I"][i % 2]),
            region: Some(i / 2),
            size: 1 + 2 * (i as u64 % 2),
            ..Default::default()
        };
        RunData {
            regions: (0..regions).map(region).collect(),
            populations: (0..2 * regions).map(population).collect(),
            ..RunData::default()
        }
    }

    #[test]
    fn populations_of_one_kind_share_their_name_without_the_region() {
        let layout = Layout::of(&run(3));
        assert_eq!(layout.kinds, ["E", "I"]);
        let places: Vec<_> = layout.kept.iter().map(|k| (k.row, k.kind)).collect();
        assert_eq!(places, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]);
    }

    #[test]
    fn regions_without_a_recording_take_the_mean_of_their_neurons() {
        let mut run = run(2);
        run.rates =
            Rates { bin_ms: 1.0, regions: Vec::new(), populations: vec![vec![8.0, 0.0], vec![4.0, 4.0], vec![1.0; 2], vec![1.0; 2]] };
        assert_eq!(Layout::of(&run).series(&run), [vec![5.0, 3.0], vec![1.0, 1.0]]);
        run.rates.regions = vec![vec![9.0], vec![7.0]];
        assert_eq!(Layout::of(&run).series(&run), [vec![9.0], vec![7.0]]);
    }

    #[test]
    fn very_many_regions_are_thinned_out_with_a_note() {
        let run = run(1000);
        let layout = Layout::of(&run);
        assert_eq!((layout.rows.len(), layout.rows[1]), (334, Row::Region(3)));
        assert!(layout.kept.iter().all(|k| run.populations[k.population].region == Some(3 * k.row)));
        assert!(layout.notes[0].contains("One in 3 of 1000"), "{:?}", layout.notes);
    }

    #[test]
    fn in_a_run_of_one_region_populations_are_the_rows() {
        let run = run(1);
        let layout = Layout::of(&run);
        assert_eq!(layout.rows, [Row::Population(0), Row::Population(1)]);
        assert_eq!(layout.label(&run, 1), "I");
    }

    #[test]
    fn populations_without_a_region_keep_a_row_of_their_own() {
        let mut run = run(2);
        run.populations.push(Population { name: "thalamus".into(), size: 9, ..Population::default() });
        let layout = Layout::of(&run);
        assert_eq!(layout.rows[2], Row::Elsewhere);
        assert_eq!(layout.kept[4].row, 2);
        assert_eq!(layout.regions(), [0, 1]);
    }
}
