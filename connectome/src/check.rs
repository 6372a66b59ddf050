//! What makes a [`Connectome`] valid.

use std::collections::HashMap;

use crate::brain::{Connectome, Matrix, Region};
use crate::error::{Error, Place, nearest};

/// The most regions a connectome may have: its dense matrices then take 3.2 GB each.
pub const MAX_REGIONS: usize = 20_000;

impl Connectome {
    /// Checks that the matrices fit the regions, that labels are unique, that every number is finite, and that
    /// weights, lengths and SLN are not negative. An SLN may be NaN, which says that it is not known.
    ///
    /// A weight is the strength of a tract. Signed weights are refused: whether a tract excites or inhibits
    /// is a property of its source neurons, and a negative count of streamlines or synapses is a damaged file.
    pub fn check(&self) -> Result<(), Error> {
        self.check_at(&Place::file(&self.name))
    }

    /// [`Connectome::check`] with messages that name `at`.
    pub(crate) fn check_at(&self, at: &Place) -> Result<(), Error> {
        self.check_sizes(at)?;
        self.check_labels(at)?;
        self.regions.iter().try_for_each(|r| check_region(r, at))?;
        self.check_entries(&self.weights, "weight", at, Sign::NotNegative)?;
        let optional = [
            (&self.lengths, "length", Sign::NotNegative),
            (&self.sln, "SLN", Sign::NotNegativeOrUnknown),
            (&self.functional, "functional connectivity", Sign::Any),
        ];
        for (matrix, what, sign) in optional {
            if let Some(matrix) = matrix {
                self.check_entries(matrix, what, at, sign)?;
            }
        }
        Ok(())
    }

    /// Index of the region with this label, or an error that suggests the label most like it.
    pub fn region(&self, label: &str) -> Result<usize, Error> {
        self.index_of(label).ok_or_else(|| Error::UnknownRegion {
            label: label.to_string(),
            connectome: self.name.clone(),
            nearest: nearest(label, self.regions.iter().map(|r| r.label.as_str())),
        })
    }

    fn check_sizes(&self, at: &Place) -> Result<(), Error> {
        let n = self.n();
        if n == 0 {
            return Err(Error::Missing { at: at.clone(), what: "regions".into(), found: "an empty connectome".into() });
        }
        if n > MAX_REGIONS {
            return Err(Error::TooLarge { at: at.clone(), what: "regions".into(), found: n as u64, limit: MAX_REGIONS as u64 });
        }
        let matrices = [
            (Some(&self.weights), "rows of weights"),
            (self.lengths.as_ref(), "rows of lengths"),
            (self.sln.as_ref(), "rows of SLN"),
            (self.functional.as_ref(), "rows of functional connectivity"),
        ];
        match matrices.into_iter().find_map(|(m, what)| m.filter(|m| m.n() != n).map(|m| (m.n(), what))) {
            Some((found, what)) => Err(Error::CountMismatch { at: at.clone(), what: what.into(), found, expected: n }),
            None => Ok(()),
        }
    }

    fn check_labels(&self, at: &Place) -> Result<(), Error> {
        let mut seen = HashMap::with_capacity(self.n());
        for (i, region) in self.regions.iter().enumerate() {
            if region.label.trim().is_empty() {
                return Err(Error::EmptyLabel { at: at.clone(), number: i + 1 });
            }
            if let Some(first) = seen.insert(region.label.as_str(), i) {
                let label = region.label.clone();
                return Err(Error::DuplicateLabel { at: at.clone(), label, first: first + 1, second: i + 1 });
            }
        }
        Ok(())
    }

    fn check_entries(&self, matrix: &Matrix, what: &'static str, at: &Place, sign: Sign) -> Result<(), Error> {
        let bad = |v: &f64| match sign {
            Sign::NotNegativeOrUnknown if v.is_nan() => false,
            Sign::Any => !v.is_finite(),
            Sign::NotNegative | Sign::NotNegativeOrUnknown => !v.is_finite() || *v < 0.0,
        };
        let Some(i) = matrix.values().iter().position(bad) else { return Ok(()) };
        let value = matrix.values()[i];
        let (at, to) = (at.clone(), self.regions[i / self.n()].label.clone());
        let from = self.regions[i % self.n()].label.clone();
        Err(if value.is_finite() { Error::Negative { at, what, from, to, value } } else { Error::NotFinite { at, what, from, to, value } })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Any,
    NotNegative,
    NotNegativeOrUnknown,
}

fn check_region(region: &Region, at: &Place) -> Result<(), Error> {
    let fail = |what, found, expected| Err(Error::RegionValue { at: at.clone(), what, label: region.label.clone(), found, expected });
    if let Some(p) = region.position.filter(|p| !p.iter().all(|x| x.is_finite())) {
        return fail("position", format!("{p:?}"), "three finite numbers in mm");
    }
    if let Some(h) = region.hierarchy.filter(|h| !h.is_finite()) {
        return fail("place in the hierarchy", h.to_string(), "a finite number");
    }
    let sizes = [("volume", region.volume), ("area", region.area), ("number of neurons", region.neurons)];
    for (what, value) in sizes {
        if let Some(v) = value.filter(|v| !v.is_finite() || *v < 0.0) {
            return fail(what, v.to_string(), "a finite number of 0 or more");
        }
    }
    Ok(())
}
