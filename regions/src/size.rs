//! How many neurons a region gets.

use connectome::Connectome;
use serde::{Deserialize, Serialize};

use crate::error::{Error, positive};

/// Where the number of neurons comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeSource {
    /// The same for every region.
    #[default]
    Equal,
    /// The real number in the atlas, or the region's volume times `density`.
    Atlas,
}

/// How many neurons a region gets, unless its own entry under `region` says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Size {
    /// Equal, or from the atlas.
    pub from: SizeSource,
    /// With `from = "equal"`: neurons per region (default: the recipe's own number). With
    /// `from = "atlas"`: for regions the atlas knows nothing about.
    pub neurons: Option<f64>,
    /// Factor on all of them.
    pub scale: f64,
    /// No region gets fewer neurons than this.
    pub least: Option<f64>,
    /// With `from = "atlas"`: neurons per mm3 where the atlas has only a volume.
    pub density: Option<f64>,
}

impl Default for Size {
    fn default() -> Self {
        Size { from: SizeSource::Equal, neurons: None, scale: 1.0, least: None, density: None }
    }
}

impl Size {
    /// The same number for every region.
    pub fn equal(neurons: f64) -> Self {
        Size { neurons: Some(neurons), ..Size::default() }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        positive("size.scale", self.scale)?;
        self.neurons.map_or(Ok(()), |n| positive("size.neurons", n))?;
        self.least.map_or(Ok(()), |n| positive("size.least", n))?;
        self.density.map_or(Ok(()), |d| positive("size.density", d))?;
        match (self.from, self.density) {
            (SizeSource::Equal, Some(_)) => Err(Error::Unused { key: "size.density", expected: "`size.from = \"atlas\"`" }),
            _ => Ok(()),
        }
    }

    /// Neurons of one region, not yet rounded. `own` is what its entry under `region` says,
    /// `default` what the recipe takes where nobody says anything.
    pub(crate) fn of(&self, connectome: &Connectome, region: usize, own: Option<f64>, default: f64) -> Result<f64, Error> {
        let info = &connectome.regions[region];
        if let Some(neurons) = own {
            positive(&format!("region.{}.neurons", info.label), neurons)?;
            return Ok(neurons);
        }
        let name = |region: &str| (region.to_owned(), connectome.name.clone());
        let base = match self.from {
            SizeSource::Equal => self.neurons.unwrap_or(default),
            SizeSource::Atlas => match (info.neurons, info.volume, self.density, self.neurons) {
                (Some(neurons), ..) => neurons,
                (None, Some(volume), Some(density), _) => volume * density,
                (None, _, _, Some(neurons)) => neurons,
                (None, Some(_), None, None) => {
                    let (region, connectome) = name(&info.label);
                    return Err(Error::NoDensity { region, connectome });
                }
                (None, None, _, None) => {
                    let (region, connectome) = name(&info.label);
                    return Err(Error::UnknownSize { region, connectome });
                }
            },
        };
        Ok((base * self.scale).max(self.least.unwrap_or(0.0)))
    }
}
