//! How long a spike travels along a tract.

use connectome::Connectome;
use connectome::network::Value;

use crate::assembly;
use crate::error::{Error, not_negative, positive};

/// What a recipe says about conduction, in internal units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Conduction {
    /// Speed in m/s, which is mm/ms.
    pub(crate) speed: f64,
    /// Standard deviation of the delay as a fraction of its mean.
    pub(crate) std: f64,
    /// Shortest delay in ms.
    pub(crate) min: f64,
    /// Delay in ms of tracts whose length nobody knows.
    pub(crate) default: Option<f64>,
}

impl Conduction {
    pub(crate) fn check(&self) -> Result<(), Error> {
        positive("tracts.speed", self.speed)?;
        not_negative("tracts.delay_std", self.std)?;
        self.default.map_or(Ok(()), |d| positive("tracts.default_delay", d))
    }

    /// The delay of the tract from `source` to `target`: its length, else the distance between the
    /// regions' centres, over the conduction speed; else the default. A tract of length 0, as some
    /// connectomes have, takes the shortest delay.
    pub(crate) fn delay(&self, connectome: &Connectome, target: usize, source: usize) -> Result<Value, Error> {
        let mean = match length(connectome, target, source) {
            Some(length) => length / self.speed,
            None => self.default.ok_or_else(|| Error::NoLength {
                source_region: connectome.regions[source].label.clone(),
                target_region: connectome.regions[target].label.clone(),
                connectome: connectome.name.clone(),
            })?,
        };
        Ok(assembly::delay(mean, self.std * mean, self.min))
    }
}

/// Length of a tract in mm: the connectome's, else the distance between the centres.
fn length(connectome: &Connectome, target: usize, source: usize) -> Option<f64> {
    if let Some(lengths) = &connectome.lengths {
        return Some(lengths.at(target, source));
    }
    let (a, b) = (connectome.regions[target].position?, connectome.regions[source].position?);
    let squares = (0..3).map(|k| (a[k] - b[k]) * (a[k] - b[k])).sum::<f64>();
    Some(libm::sqrt(squares))
}
