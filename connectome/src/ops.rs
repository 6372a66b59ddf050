//! What people do to a connectome before they simulate it: choose, cut, scale, mirror.
//!
//! Every operation leaves the original alone and notes in the provenance what it did.

use crate::brain::{Connectome, Hemisphere, Matrix, Region};
use crate::error::Error;

/// What weights are divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalisation {
    /// The sum of all weights: they then sum to 1.
    Total,
    /// The largest weight.
    Max,
    /// The sum of what arrives at the target: rows then sum to 1.
    ByTarget,
    /// The sum of what leaves the source: columns then sum to 1.
    BySource,
}

impl Connectome {
    /// The regions with these labels, in this order, and the tracts between them.
    pub fn subset<S: AsRef<str>>(&self, labels: &[S]) -> Result<Connectome, Error> {
        let chosen: Vec<usize> = labels.iter().map(|l| self.region(l.as_ref())).collect::<Result<_, _>>()?;
        let mut part = self.map_matrices(|m| pick(m, &chosen));
        part.regions = chosen.iter().map(|i| self.regions[*i].clone()).collect();
        part.note(format!("subset of {} of {} regions", chosen.len(), self.n()));
        part.check()?;
        Ok(part)
    }

    /// Without the tracts weaker than `least`. Their lengths stay: a length is no tract.
    pub fn thresholded(&self, least: f64) -> Result<Connectome, Error> {
        in_range("least weight", least, least >= 0.0, "0 or more")?;
        let mut out = self.with_weights(|w| if w < least { 0.0 } else { w });
        out.note(format!("tracts weaker than {least} removed"));
        Ok(out)
    }

    /// With the strongest `fraction` of tracts between regions; entries on the diagonal stay as they are.
    /// Of equal weights at the border all are kept, so that the result does not depend on their order.
    pub fn strongest(&self, fraction: f64) -> Result<Connectome, Error> {
        in_range("fraction of tracts", fraction, (0.0..=1.0).contains(&fraction), "0 to 1")?;
        let mut weights: Vec<f64> = self.weights.entries().filter(|(t, s, _)| t != s).map(|e| e.2).collect();
        weights.sort_by(|a, b| b.total_cmp(a));
        let kept = (fraction * weights.len() as f64).round() as usize;
        let least = if kept == 0 { f64::INFINITY } else { weights[kept - 1] };
        let mut out = self.clone();
        for target in 0..self.n() {
            for source in (0..self.n()).filter(|s| *s != target) {
                let w = out.weights.at_mut(target, source);
                *w = if *w < least { 0.0 } else { *w };
            }
        }
        out.note(format!("strongest {fraction} of {} tracts kept", weights.len()));
        Ok(out)
    }

    /// With each pair of weights replaced by its mean. Lengths too, but where only one direction has a length
    /// that one holds for both. SLN depends on direction and is dropped.
    pub fn symmetrised(&self) -> Connectome {
        let mut out = self.clone();
        out.weights = pairwise(&self.weights, |a, b| (a + b) / 2.0);
        out.lengths = self.lengths.as_ref().map(|l| pairwise(l, |a, b| if a == 0.0 || b == 0.0 { a.max(b) } else { (a + b) / 2.0 }));
        out.sln = None;
        out.directed = false;
        out.note("weights of both directions averaged".into());
        out
    }

    /// With every weight `w` replaced by `ln(1 + w / unit)`: weights span orders of magnitude, and zero stays zero.
    pub fn log_weights(&self, unit: f64) -> Result<Connectome, Error> {
        in_range("unit of weights", unit, unit > 0.0, "more than 0")?;
        let mut out = self.with_weights(|w| (w / unit).ln_1p());
        out.note(format!("weights replaced by ln(1 + weight / {unit})"));
        Ok(out)
    }

    /// With weights divided as `by` says. Rows or columns of zeros stay zeros.
    pub fn normalised(&self, by: Normalisation) -> Connectome {
        let n = self.n();
        let divisor: Box<dyn Fn(usize, usize) -> f64> = match by {
            Normalisation::Total => constant(self.weights.sum()),
            Normalisation::Max => constant(self.weights.values().iter().fold(0.0, |a: f64, b| a.max(*b))),
            Normalisation::ByTarget => {
                let sums: Vec<f64> = (0..n).map(|t| self.weights.row(t).iter().sum()).collect();
                Box::new(move |t, _| sums[t])
            }
            Normalisation::BySource => {
                let sums: Vec<f64> = (0..n).map(|s| (0..n).map(|t| self.weights.at(t, s)).sum()).collect();
                Box::new(move |_, s| sums[s])
            }
        };
        let mut out = self.clone();
        for (target, source, w) in self.weights.entries() {
            // Where an entry is positive, so is every sum over it.
            *out.weights.at_mut(target, source) = w / divisor(target, source);
        }
        out.note(format!("weights normalised: {by:?}"));
        out
    }

    /// Both hemispheres out of one: a mirrored copy is added, labels begin with `L.` and `R.`.
    ///
    /// Tracts inside the copy are those of the original. A tract also runs to the mirror image of its target with
    /// `crossing` times its weight, and between an area and its own mirror image with `crossing` times the strongest
    /// input of the area. Lengths of crossing tracts are straight distances, so they need positions.
    pub fn mirrored(&self, crossing: f64) -> Result<Connectome, Error> {
        in_range("share of crossing tracts", crossing, crossing >= 0.0, "0 or more")?;
        let n = self.n();
        let mut out = self.clone();
        out.regions = [Hemisphere::Left, Hemisphere::Right].iter().flat_map(|h| self.regions.iter().map(|r| on_side(r, *h))).collect();
        let strongest = |t: usize| self.weights.row(t).iter().enumerate().filter(|(s, _)| *s != t).fold(0.0, |a: f64, (_, w)| a.max(*w));
        let weight = |t: usize, s: usize| if t == s { strongest(t) } else { self.weights.at(t, s) };
        out.weights = doubled(&self.weights, |t, s| crossing * weight(t, s));
        if let Some(lengths) = &self.lengths {
            out.lengths = Some(doubled(lengths, |_, _| 0.0));
            if crossing > 0.0 {
                let (straight, lengths) = (out.distances()?, out.lengths.as_mut().expect("set above"));
                let across = (0..2 * n).flat_map(|t| (0..2 * n).map(move |s| (t, s))).filter(|(t, s)| (*t < n) != (*s < n));
                across.for_each(|(t, s)| *lengths.at_mut(t, s) = straight.at(t, s));
            }
        }
        // Nobody measured the tract between an area and its own mirror image.
        out.sln = self.sln.as_ref().map(|m| doubled(m, |t, s| if t == s { f64::NAN } else { m.at(t, s) }));
        out.functional = None;
        out.note(format!("second hemisphere is a mirror image; crossing tracts have {crossing} of the weight"));
        out.check()?;
        Ok(out)
    }

    /// Straight distances between region centres in mm.
    pub fn distances(&self) -> Result<Matrix, Error> {
        let missing = |r: &Region| Error::NotCarried {
            connectome: self.name.clone(),
            what: format!("position of region {}", r.label),
            instead: "distances need the centre of every region".into(),
        };
        let points: Vec<[f64; 3]> = self.regions.iter().map(|r| r.position.ok_or_else(|| missing(r))).collect::<Result<_, _>>()?;
        let mut out = Matrix::zeros(self.n());
        for (i, a) in points.iter().enumerate() {
            for (j, b) in points.iter().enumerate() {
                *out.at_mut(i, j) = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
            }
        }
        Ok(out)
    }

    /// With straight distances times `detour` as lengths, wherever no length is known.
    pub fn with_lengths_from_positions(&self, detour: f64) -> Result<Connectome, Error> {
        in_range("detour", detour, detour >= 1.0, "1 or more")?;
        let mut lengths = self.distances()?;
        lengths.values_mut().iter_mut().for_each(|l| *l *= detour);
        if let Some(known) = &self.lengths {
            lengths.values_mut().iter_mut().zip(known.values()).filter(|(_, k)| **k > 0.0).for_each(|(l, k)| *l = *k);
        }
        let mut out = Connectome { lengths: Some(lengths), ..self.clone() };
        out.note(format!("lengths that were not known are straight distances times {detour}"));
        Ok(out)
    }

    /// Conduction delays in ms: length (mm) over `speed` (mm/ms, the same as m/s).
    pub fn delays(&self, speed: f64) -> Result<Matrix, Error> {
        in_range("conduction speed in mm/ms", speed, speed > 0.0, "more than 0")?;
        let mut delays = self.lengths.clone().ok_or_else(|| Error::NotCarried {
            connectome: self.name.clone(),
            what: "tract lengths".into(),
            instead: "give lengths, or take them from positions".into(),
        })?;
        delays.values_mut().iter_mut().for_each(|l| *l /= speed);
        Ok(delays)
    }

    fn with_weights(&self, f: impl Fn(f64) -> f64) -> Connectome {
        let mut out = self.clone();
        out.weights.values_mut().iter_mut().for_each(|w| *w = f(*w));
        out
    }

    fn map_matrices(&self, f: impl Fn(&Matrix) -> Matrix) -> Connectome {
        let optional = |m: &Option<Matrix>| m.as_ref().map(&f);
        Connectome {
            weights: f(&self.weights),
            lengths: optional(&self.lengths),
            sln: optional(&self.sln),
            functional: optional(&self.functional),
            ..self.clone()
        }
    }

    fn note(&mut self, what: String) {
        self.provenance.notes.push(what);
    }
}

fn in_range(what: &'static str, value: f64, good: bool, expected: &'static str) -> Result<(), Error> {
    if good && value.is_finite() { Ok(()) } else { Err(Error::Argument { what, found: value.to_string(), expected }) }
}

fn constant(value: f64) -> Box<dyn Fn(usize, usize) -> f64> {
    Box::new(move |_, _| value)
}

fn pick(matrix: &Matrix, chosen: &[usize]) -> Matrix {
    let mut out = Matrix::zeros(chosen.len());
    for (i, target) in chosen.iter().enumerate() {
        for (j, source) in chosen.iter().enumerate() {
            *out.at_mut(i, j) = matrix.at(*target, *source);
        }
    }
    out
}

fn pairwise(matrix: &Matrix, f: impl Fn(f64, f64) -> f64) -> Matrix {
    let mut out = matrix.clone();
    for i in 0..matrix.n() {
        for j in 0..i {
            let value = f(matrix.at(i, j), matrix.at(j, i));
            *out.at_mut(i, j) = value;
            *out.at_mut(j, i) = value;
        }
    }
    out
}

/// Two copies on the diagonal and `across` beside them.
fn doubled(matrix: &Matrix, across: impl Fn(usize, usize) -> f64) -> Matrix {
    let n = matrix.n();
    let mut out = Matrix::zeros(2 * n);
    for t in 0..2 * n {
        for s in 0..2 * n {
            let same_side = (t < n) == (s < n);
            *out.at_mut(t, s) = if same_side { matrix.at(t % n, s % n) } else { across(t % n, s % n) };
        }
    }
    out
}

fn on_side(region: &Region, side: Hemisphere) -> Region {
    let (letter, sign) = if side == Hemisphere::Left { ("L", -1.0) } else { ("R", 1.0) };
    Region {
        label: format!("{letter}.{}", region.label),
        hemisphere: Some(side),
        position: region.position.map(|[x, y, z]| [sign * x.abs(), y, z]),
        ..region.clone()
    }
}
