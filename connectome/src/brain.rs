//! The [`Connectome`] value: regions, weights, lengths, where they come from.

use serde::{Deserialize, Serialize};

/// A square matrix between regions, row = target, column = source, stored row by row.
///
/// The whole project has this one direction convention; loaders transpose what comes otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Matrix {
    n: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// An `n` by `n` matrix of zeros.
    pub fn zeros(n: usize) -> Self {
        Matrix { n, values: vec![0.0; n * n] }
    }

    /// Takes `n * n` values, row (target) by row. `None` if their number is another.
    pub fn from_rows(n: usize, values: Vec<f64>) -> Option<Self> {
        (values.len() == n.checked_mul(n)?).then_some(Matrix { n, values })
    }

    /// Number of regions.
    pub fn n(&self) -> usize {
        self.n
    }

    /// The entry from `source` to `target`.
    pub fn at(&self, target: usize, source: usize) -> f64 {
        self.values[target * self.n + source]
    }

    /// The entry from `source` to `target`, to change.
    pub fn at_mut(&mut self, target: usize, source: usize) -> &mut f64 {
        &mut self.values[target * self.n + source]
    }

    /// What arrives at `target`, one value per source.
    pub fn row(&self, target: usize) -> &[f64] {
        &self.values[target * self.n..(target + 1) * self.n]
    }

    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All values, row by row, to change.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// The matrix with sources and targets exchanged.
    pub fn transposed(&self) -> Self {
        let mut t = Matrix::zeros(self.n);
        for target in 0..self.n {
            for source in 0..self.n {
                *t.at_mut(source, target) = self.at(target, source);
            }
        }
        t
    }

    /// True if every entry equals its mirror image.
    pub fn is_symmetric(&self) -> bool {
        (0..self.n).all(|i| (0..i).all(|j| self.at(i, j) == self.at(j, i)))
    }

    /// Sum of all entries.
    pub fn sum(&self) -> f64 {
        self.values.iter().sum()
    }

    /// Entries as (target, source, value), zeros left out.
    pub fn entries(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        let n = self.n.max(1);
        self.values.iter().enumerate().filter(|(_, v)| **v != 0.0).map(move |(i, v)| (i / n, i % n, *v))
    }
}

/// Which half of the brain a region lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hemisphere {
    /// Left.
    Left,
    /// Right.
    Right,
    /// On the midline.
    Midline,
}

/// One region (parcel, area, nucleus or, in a neuron-level connectome, one neuron).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Region {
    /// Short unique label, such as `V1` or `lh-precuneus`.
    pub label: String,
    /// Full name, where the source gives one.
    pub name: Option<String>,
    /// Hemisphere, where known.
    pub hemisphere: Option<Hemisphere>,
    /// Centre in mm: x to the right, y to the front, z up.
    pub position: Option<[f64; 3]>,
    /// Volume in mm3.
    pub volume: Option<f64>,
    /// Surface in mm2.
    pub area: Option<f64>,
    /// Neurons in the real region, where known.
    pub neurons: Option<f64>,
    /// Cortex (true) or subcortical (false), where known.
    pub cortical: Option<bool>,
    /// Place in the cortical hierarchy (0 = lowest), where known.
    pub hierarchy: Option<f64>,
}

/// Where a connectome comes from and on which terms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// File or package the data was read from.
    pub source: String,
    /// How to cite it.
    pub citation: String,
    /// Terms of use.
    pub licence: String,
    /// Everything else a reader must know (estimated positions, thresholds applied, ...).
    pub notes: Vec<String>,
}

/// Brain regions and the directed tracts between them.
///
/// All matrices are `n` by `n` for the `n` regions, row = target, column = source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connectome {
    /// Name, such as `macaque-29`.
    pub name: String,
    /// Species, where known: `macaque`, `human`, `mouse`, ...
    pub species: Option<String>,
    /// What kind of number a weight is: `FLN`, `streamlines`, `synapses`, ...
    pub weight_kind: String,
    /// The regions, in matrix order.
    pub regions: Vec<Region>,
    /// Strength of each tract; 0 where there is none.
    pub weights: Matrix,
    /// Tract lengths in mm, where known. May hold lengths of pairs with no tract.
    pub lengths: Option<Matrix>,
    /// Fraction of supragranular projecting neurons (SLN) of each tract; NaN where nobody measured it, because 0 is a
    /// fraction that tracts have. [`Connectome::sln_of`] reads it.
    pub sln: Option<Matrix>,
    /// Empirical functional connectivity (correlations), where it comes along.
    pub functional: Option<Matrix>,
    /// False where the source cannot tell direction (diffusion imaging).
    pub directed: bool,
    /// Where this comes from.
    pub provenance: Provenance,
}

impl Connectome {
    /// Number of regions.
    pub fn n(&self) -> usize {
        self.regions.len()
    }

    /// Index of the region with this label.
    pub fn index_of(&self, label: &str) -> Option<usize> {
        self.regions.iter().position(|r| r.label == label)
    }

    /// Fraction of supragranular projecting neurons of the tract from `source` to `target`, if it is known.
    pub fn sln_of(&self, target: usize, source: usize) -> Option<f64> {
        self.sln.as_ref().map(|m| m.at(target, source)).filter(|v| !v.is_nan())
    }

    /// Number of tracts between different regions (non-zero weights off the diagonal).
    pub fn n_tracts(&self) -> usize {
        self.weights.entries().filter(|(t, s, _)| t != s).count()
    }
}
