//! What the page derives from rates: traces, spectra, correlations.

use connectome::Matrix;
use serde::Serialize;

use super::data::RunData;
use super::encode::{Packed, packed};
use super::layout::Layout;
use crate::analysis::{
    Spectrum, correlation_matrix, fano_factor, pearson, power_spectrum, rebinned, spearman, symmetrised, upper_triangle,
};

/// Most values of the population traces together; regions have fewer.
const MOST_VALUES: usize = 280_000;

/// Most bins of a trace.
const MOST_BINS: usize = 2_000;

/// Rates over time, row after row.
#[derive(Debug, Default, Serialize)]
pub(super) struct Traces {
    bin_ms: f64,
    bins: usize,
    values: Packed,
}

/// The given rows, averaged into so few bins that the page can hold them.
pub(super) fn traces(rows: &[&[f64]], bin_ms: f64) -> Option<Traces> {
    let bins = shortest(rows)?;
    let room = (MOST_VALUES / rows.len()).clamp(50, MOST_BINS);
    let factor = bins.div_ceil(room);
    let rows: Vec<Vec<f64>> = rows.iter().map(|r| rebinned(&r[..bins], factor)).collect();
    Some(Traces { bin_ms: bin_ms * factor as f64, bins: bins / factor, values: packed(rows.iter().flatten().copied()) })
}

/// Bins that every row has; `None` where there are none.
fn shortest(rows: &[&[f64]]) -> Option<usize> {
    rows.iter().map(|r| r.len()).min().filter(|&bins| bins > 0)
}

/// Power spectra, row after row, as decimal logarithms.
#[derive(Debug, Default, Serialize)]
pub(super) struct Spectra {
    step_hz: f64,
    frequencies: usize,
    bin_ms: f64,
    regions: Packed,
    kinds: Packed,
}

/// Spectra of each region's rate and, averaged over regions, of each kind of population.
pub(super) fn spectra(regions: &[&[f64]], kinds: &[Vec<&[f64]>], bin_ms: f64) -> Option<Spectra> {
    let all: Vec<&[f64]> = regions.iter().copied().chain(kinds.iter().flatten().copied()).collect();
    let samples = shortest(&all)?;
    // Segments of a power of two, long enough for about 2 Hz and short enough for three of them or more.
    let segment = (1usize << (2 * samples / 3).max(1).ilog2()).min(((1000.0 / bin_ms) as usize).next_power_of_two().max(256));
    let of = |row: &&[f64]| power_spectrum(row, bin_ms, segment);
    let regions: Vec<Spectrum> = regions.iter().filter_map(of).collect();
    let kinds: Vec<Spectrum> = kinds.iter().map(|rows| averaged(rows.iter().filter_map(of).collect())).collect();
    let first = regions.first()?;
    // The mean is no oscillation: frequency 0 is left out.
    let log = |s: &[Spectrum]| packed(s.iter().flat_map(|s| &s.density[1..]).map(|d| d.log10()).collect::<Vec<_>>().into_iter());
    Some(Spectra { step_hz: first.step_hz, frequencies: first.density.len() - 1, bin_ms, regions: log(&regions), kinds: log(&kinds) })
}

fn averaged(spectra: Vec<Spectrum>) -> Spectrum {
    let n = spectra.len() as f64;
    let mut out = spectra.first().cloned().unwrap_or_default();
    for (k, d) in out.density.iter_mut().enumerate() {
        *d = spectra.iter().map(|s| s.density[k]).sum::<f64>() / n;
    }
    out
}

/// Structure beside function, and how well they agree.
#[derive(Debug, Default, Serialize)]
pub(super) struct Matrices {
    /// Rows and columns of each: the first rows of the page.
    n: usize,
    /// Decimal logarithms of the weights, row = target.
    weights: Option<Packed>,
    weight_kind: String,
    /// Correlation of simulated rates.
    simulated: Option<Packed>,
    /// Width in ms of the bins that were correlated, and their number.
    bin_ms: f64,
    bins: usize,
    /// Empirical correlations.
    empirical: Option<Packed>,
    agreements: Vec<Agreement>,
}

/// One correlation of two matrices over their region pairs.
#[derive(Debug, Serialize)]
struct Agreement {
    /// Which matrices: `simulated`, `empirical` or `weights`.
    of: [&'static str; 2],
    how: &'static str,
    r: Option<f64>,
    pairs: usize,
}

/// The matrices of the regions of a page, or of its populations where it has no regions; `rows` are their rates.
pub(super) fn matrices(run: &RunData, layout: &Layout, rows: &[&[f64]]) -> Matrices {
    let drawn = &layout.regions();
    // Rows that are no region come last and have no place in a connectome.
    let rows = if drawn.is_empty() { rows } else { &rows[..drawn.len().min(rows.len())] };
    let weights = run.weights.as_ref().and_then(|m| picked(m, drawn, run.regions.len()));
    let empirical = run.functional.as_ref().and_then(|m| picked(m, drawn, run.regions.len()));
    let factor = functional_factor(run);
    let series: Vec<Vec<f64>> = rows.iter().map(|r| rebinned(r, factor)).collect();
    let bins = series.iter().map(Vec::len).min().unwrap_or(0);
    let simulated = (bins >= 4 && series.len() > 1).then(|| correlation_matrix(&series));
    let mut agreements = Vec::new();
    if let (Some(f), Some(w)) = (&simulated, &weights) {
        agreements.extend(with_weights("simulated", f, w));
    }
    if let (Some(e), Some(w)) = (&empirical, &weights) {
        agreements.extend(with_weights("empirical", e, w));
    }
    if let (Some(f), Some(e)) = (&simulated, &empirical) {
        let (a, b) = upper_triangle(f, e);
        agreements.push(Agreement { of: ["simulated", "empirical"], how: "Pearson", r: pearson(&a, &b), pairs: a.len() });
    }
    let log = |w: &Matrix| packed(w.values().iter().map(|&v| if v > 0.0 { v.log10() } else { f64::NAN }).collect::<Vec<_>>().into_iter());
    let plain = |m: &Matrix| packed(m.values().iter().copied());
    Matrices {
        n: if drawn.is_empty() { rows.len() } else { drawn.len() },
        weights: weights.as_ref().map(log),
        weight_kind: run.weight_kind.clone(),
        simulated: simulated.as_ref().map(plain),
        bin_ms: run.rates.bin_ms * factor as f64,
        bins,
        empirical: empirical.as_ref().map(plain),
        agreements,
    }
}

/// Pearson's correlation of simulated and empirical functional connectivity, over pairs of regions; `None` without either.
pub fn functional_fit(run: &RunData) -> Option<f64> {
    run.functional.as_ref()?;
    let layout = Layout::of(run);
    let series = layout.series(run);
    let rows: Vec<&[f64]> = series.iter().map(Vec::as_slice).collect();
    let matrices = matrices(run, &layout, &rows);
    matrices.agreements.iter().find(|a| a.of == ["simulated", "empirical"])?.r
}

/// Bins averaged into one before rates are correlated: 20 ms, or less where that left fewer than 50.
fn functional_factor(run: &RunData) -> usize {
    let wanted = ((run.end_ms - run.start_ms) / 50.0).min(20.0);
    if run.rates.bin_ms > 0.0 { ((wanted / run.rates.bin_ms) as usize).max(1) } else { 1 }
}

/// Weights span decades, so they are compared by rank over all pairs and by logarithm over connected ones.
fn with_weights(name: &'static str, functional: &Matrix, weights: &Matrix) -> [Agreement; 2] {
    let (f, w) = upper_triangle(functional, &symmetrised(weights));
    let rank = Agreement { of: [name, "weights"], how: "Spearman, all pairs", r: spearman(&f, &w), pairs: f.len() };
    let connected = f.iter().zip(&w).filter(|(_, w)| **w > 0.0);
    let (f, log): (Vec<f64>, Vec<f64>) = connected.map(|(f, w)| (*f, w.log10())).unzip();
    [rank, Agreement { of: [name, "weights"], how: "Pearson with log weight, connected pairs", r: pearson(&f, &log), pairs: f.len() }]
}

/// The matrix of some regions; `None` where it is not of `n` regions.
fn picked(matrix: &Matrix, drawn: &[usize], n: usize) -> Option<Matrix> {
    let values = || drawn.iter().flat_map(|&t| drawn.iter().map(move |&s| matrix.at(t, s))).collect();
    (n > 1 && !drawn.is_empty() && matrix.n() == n).then(|| Matrix::from_rows(drawn.len(), values())).flatten()
}

/// Variance over mean of a population's spike count per bin, from its rate.
pub(super) fn population_fano(rates: &[f64], size: u64, bin_ms: f64) -> Option<f64> {
    let counts: Vec<f64> = rates.iter().map(|r| r * size as f64 * bin_ms / 1000.0).collect();
    fano_factor(&counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_traces_are_averaged_until_they_fit() {
        let row = vec![2.0; 10_001];
        let t = traces(&[&row], 1.0).unwrap();
        assert_eq!((t.bins, t.bin_ms), (1666, 6.0));
        assert!(traces(&[], 1.0).is_none() && traces(&[&[]], 1.0).is_none());
    }

    #[test]
    fn function_that_follows_structure_agrees_with_it() {
        // Three regions: the first two share a signal, and only they are connected.
        let signal = |i: usize| (i as f64 * 0.7).sin();
        let rows: Vec<Vec<f64>> = [signal as fn(usize) -> f64, |i| (i as f64 * 0.7).sin() + 0.1, |i| (i as f64 * 1.9).cos()]
            .iter()
            .map(|f| (0..2000).map(f).collect())
            .collect();
        let run = RunData {
            regions: vec![Default::default(); 3],
            weights: Matrix::from_rows(3, vec![0.0, 0.4, 0.0, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0]),
            functional: Matrix::from_rows(2, vec![1.0; 4]),
            rates: crate::report::Rates { bin_ms: 1.0, ..Default::default() },
            end_ms: 50.0,
            ..RunData::default()
        };
        let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
        let m = matrices(&run, &Layout::of(&run), &rows);
        let spearman = &m.agreements[0];
        assert_eq!((spearman.of, spearman.pairs), (["simulated", "weights"], 3));
        assert!(spearman.r.unwrap() > 0.8);
        assert!(m.empirical.is_none(), "a matrix of another size belongs to other regions");
    }

    #[test]
    fn independent_neurons_have_a_fano_factor_of_their_counts() {
        // Counts 0, 2, 0, 2, ...: mean 1, variance 1 (up to the bias correction).
        let rates: Vec<f64> = (0..1000).map(|i| if i % 2 == 0 { 0.0 } else { 200.0 }).collect();
        assert!((population_fano(&rates, 10, 1.0).unwrap() - 1.0).abs() < 0.01);
    }
}
