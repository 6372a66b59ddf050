//! BrainCog's whole-brain recipe, with the wiring that it meant.

use std::collections::BTreeMap;

use connectome::Connectome;
use connectome::network::{Network, Value};
use models::units::{MetresPerSecond, Millis, Picoamps};
use serde::{Deserialize, Serialize};

use crate::assembly::{Assembly, Counts, apportion, check_pair, check_projections, count, tracts};
use crate::cells::{CellClass, CellModel, CellType};
use crate::conduction::Conduction;
use crate::error::{Error, not_negative, positive, require};
use crate::size::Size;

/// Whose type decides the sign of a weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightSign {
    /// The neuron that sends (Dale's law).
    #[default]
    Presynaptic,
    /// The neuron that receives: a mistake of BrainCog's, only to compare with it.
    Postsynaptic,
}

/// How state variables are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// In 32 bits.
    #[default]
    Full,
    /// In 16 bits; for `aeif` cells.
    Compact,
}

/// What one region has of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BraincogRegion {
    /// Neurons in all, whatever `size` says.
    pub neurons: Option<f64>,
    /// Cortical or thalamic cells, whatever the atlas says.
    pub cells: Option<CellClass>,
}

/// Synapses between regions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BraincogTracts {
    /// Synapses per neuron from other regions, on average over the brain; sets `scale` where that is not given.
    pub indegree: Option<f64>,
    /// Synapses per unit of weight: a tract has `round(weight * scale)`.
    pub scale: Option<f64>,
    /// Tracts with fewer synapses are left out.
    pub min_synapses: u64,
    /// Conduction speed.
    pub speed: MetresPerSecond,
    /// Relative standard deviation of delays.
    pub delay_std: f64,
    /// Delay of tracts whose length nobody knows.
    pub default_delay: Option<Millis>,
}

impl Default for BraincogTracts {
    fn default() -> Self {
        BraincogTracts { indegree: None, scale: None, min_synapses: 10, speed: MetresPerSecond(3.5), delay_std: 0.0, default_delay: None }
    }
}

/// Synapses per neuron from other regions where nothing is said.
const INDEGREE: f64 = 200.0;

/// BrainCog's whole-brain simulation (Zeng Y et al. 2023 Patterns 4:100789): three cell types per region,
/// `REGION.E`, `REGION.I-BC` and `REGION.I-MC` in cortex, `REGION.TC`, `REGION.TI` and `REGION.TRN` elsewhere
/// (regions whose `cortical` is false in the atlas), of `aeif_braincog` or `hh_braincog` neurons that an
/// Ornstein-Uhlenbeck current keeps active.
///
/// **In a region**: `local_synapses` per neuron, ends drawn independently over the whole region, split over
/// the nine pairs of types exactly in proportion. **Between regions**: `round(weight * scale)`, split
/// alike; tracts with fewer than `min_synapses` are dropped; delays from tract lengths.
///
/// **What differs from BrainCog.** There the sign of a weight came from the *receiving* neuron, which breaks
/// Dale's law (`sign = "postsynaptic"` brings it back, to compare). There the brain has about 4 synapses between regions per
/// neuron beside 10 local ones: a synapse of 1.5 pA that fires 10 times a second adds 0.015 pA to a background of
/// 10 pA, so cutting every tract changes rates by about 3 % at most. Here `scale` is chosen so that a neuron gets
/// 200 synapses from other regions on average, about a sixth of the background, and tracts matter: in macaque-29 they
/// raise E from 10.5 to 13 spikes per second, and regions differ by how many tracts they hear. `tracts.scale` sets the
/// original rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Braincog {
    /// Neurons per region; 1,000 unless said otherwise.
    pub size: Size,
    /// Neuron model.
    pub model: CellModel,
    /// How state variables are kept: in 32 bits, or in 16 where memory is what limits.
    pub state: State,
    /// Whether numbers of synapses are exact or true on average. What is exact takes memory for its shares,
    /// up to a byte for each neuron and tract.
    pub counts: Counts,
    /// Synapses per neuron within its region.
    pub local_synapses: f64,
    /// Delay of synapses within a region; the shortest delay between regions.
    pub local_delay: Millis,
    /// Weight of excitatory synapses.
    pub weight_ex: Picoamps,
    /// Weight of inhibitory synapses.
    pub weight_in: Picoamps,
    /// Whose type decides the sign.
    pub sign: WeightSign,
    /// Shares of E, I-BC and I-MC.
    pub cortical_shares: [f64; 3],
    /// Shares of TC, TI and TRN; older BrainCog scripts had 0.60, 0.15, 0.25.
    pub thalamic_shares: [f64; 3],
    /// Synapses between regions.
    pub tracts: BraincogTracts,
    /// What single regions have of their own, by label.
    pub region: BTreeMap<String, BraincogRegion>,
}

impl Default for Braincog {
    fn default() -> Self {
        Braincog {
            size: Size::default(),
            model: CellModel::default(),
            state: State::default(),
            counts: Counts::default(),
            local_synapses: 10.0,
            local_delay: Millis(1.0),
            weight_ex: Picoamps(1.5),
            weight_in: Picoamps(-1.0),
            sign: WeightSign::Presynaptic,
            cortical_shares: [0.7, 0.2, 0.1],
            thalamic_shares: [0.7, 0.2, 0.1],
            tracts: BraincogTracts::default(),
            region: BTreeMap::new(),
        }
    }
}

/// One region: its three populations.
struct Nucleus {
    types: [CellType; 3],
    sizes: [u32; 3],
    first: usize,
}

impl Nucleus {
    fn neurons(&self) -> f64 {
        self.sizes.iter().map(|n| f64::from(*n)).sum()
    }
}

impl Braincog {
    pub(crate) fn network(&self, connectome: &Connectome, intact: &Connectome) -> Result<Network, Error> {
        self.check(connectome)?;
        check_pair(connectome, intact)?;
        check_projections(connectome, 9, 9)?;
        let nuclei = self.nuclei(connectome)?;
        let mut assembly = Assembly { counts: self.counts, ..Assembly::new(connectome) };
        for (region, nucleus) in nuclei.iter().enumerate() {
            for (cell, size) in nucleus.types.iter().zip(nucleus.sizes) {
                let index = assembly.population(region, cell.name(), size, self.model.name(), self.model.params(*cell));
                assembly.network.populations[index].initial = self.model.initial();
                assembly.network.populations[index].compact = self.state == State::Compact;
            }
        }
        for (region, nucleus) in nuclei.iter().enumerate() {
            let synapses = nucleus.neurons() * self.local_synapses;
            let number = count(|| format!("region {}", connectome.regions[region].label), synapses)?;
            self.connect(&mut assembly, nucleus, nucleus, number, Value::constant(self.local_delay.0));
        }
        // Last, so that the regions are drawn alike whatever tracts there are.
        self.add_tracts(&mut assembly, connectome, intact, &nuclei)?;
        Ok(assembly.network)
    }

    fn check(&self, connectome: &Connectome) -> Result<(), Error> {
        self.size.check()?;
        not_negative("local_synapses", self.local_synapses)?;
        positive("local_delay", self.local_delay.0)?;
        require("weight_ex", self.weight_ex.0, self.weight_ex.0 >= 0.0, "zero or a positive current")?;
        require("weight_in", self.weight_in.0, self.weight_in.0 <= 0.0, "zero or a negative current")?;
        for (key, shares) in [("cortical_shares", &self.cortical_shares), ("thalamic_shares", &self.thalamic_shares)] {
            shares.iter().try_for_each(|share| positive(key, *share))?;
            let sum: f64 = shares.iter().sum();
            require(key, sum, (sum - 1.0).abs() < 1e-9, "shares that sum to 1")?;
        }
        if self.state == State::Compact && self.model != CellModel::Aeif {
            return Err(Error::Conflict { key: "state = \"compact\"", other: "model = \"hh\"" });
        }
        match (self.tracts.indegree, self.tracts.scale) {
            (Some(_), Some(_)) => return Err(Error::Conflict { key: "tracts.indegree", other: "tracts.scale" }),
            (Some(indegree), None) => not_negative("tracts.indegree", indegree)?,
            (None, Some(scale)) => not_negative("tracts.scale", scale)?,
            (None, None) => (),
        }
        self.conduction().check()?;
        self.region.keys().try_for_each(|label| connectome.region(label).map(|_| ()))?;
        Ok(())
    }

    fn conduction(&self) -> Conduction {
        let tracts = &self.tracts;
        Conduction { speed: tracts.speed.0, std: tracts.delay_std, min: self.local_delay.0, default: tracts.default_delay.map(|d| d.0) }
    }

    fn nuclei(&self, connectome: &Connectome) -> Result<Vec<Nucleus>, Error> {
        let nucleus = |(region, info): (usize, &connectome::Region)| {
            let own = self.region.get(&info.label);
            let by_atlas = if info.cortical == Some(false) { CellClass::Thalamic } else { CellClass::Cortical };
            let class = own.and_then(|r| r.cells).unwrap_or(by_atlas);
            let neurons = self.size.of(connectome, region, own.and_then(|r| r.neurons), 1000.0)?;
            let sizes = self.split(&info.label, neurons, class)?;
            Ok(Nucleus { types: class.types(), sizes, first: 3 * region })
        };
        connectome.regions.iter().enumerate().map(nucleus).collect()
    }

    /// Cuts a region at its cumulated shares, as BrainCog does.
    fn split(&self, label: &str, neurons: f64, class: CellClass) -> Result<[u32; 3], Error> {
        let shares = match class {
            CellClass::Cortical => &self.cortical_shares,
            CellClass::Thalamic => &self.thalamic_shares,
        };
        let region = label.to_owned();
        let most = u64::from(u32::MAX);
        if neurons > most as f64 {
            return Err(Error::RegionTooLarge { region, neurons, most });
        }
        let n = neurons.round();
        // 0.7 + 0.2 is a little below 0.9: a hair more before the fraction is cut off.
        let cut = |share: f64| (share * n + 1e-6).floor() as u32;
        let (first, second) = (cut(shares[0]), cut(shares[0] + shares[1]));
        let sizes = [first, second - first, n as u32 - second];
        match sizes.iter().position(|size| *size == 0) {
            Some(empty) => {
                let smallest = shares.iter().copied().fold(f64::INFINITY, f64::min);
                let least = (1.0 / smallest - 1e-6).ceil() as u64;
                Err(Error::RegionTooSmall { region, neurons, population: class.types()[empty].name(), least })
            }
            None => Ok(sizes),
        }
    }

    fn add_tracts(&self, assembly: &mut Assembly, connectome: &Connectome, intact: &Connectome, nuclei: &[Nucleus]) -> Result<(), Error> {
        let scale = self.synapses_per_weight(intact, nuclei);
        for (target, source, weight) in tracts(connectome) {
            let label = |i: usize| &connectome.regions[i].label;
            let number = count(|| format!("tract {} -> {}", label(source), label(target)), weight * scale)?;
            if number >= self.tracts.min_synapses.max(1) {
                let delay = self.conduction().delay(connectome, target, source)?;
                self.connect(assembly, &nuclei[source], &nuclei[target], number, delay);
            }
        }
        Ok(())
    }

    /// Synapses per unit of weight: given, or what makes the mean in-degree of the intact brain.
    fn synapses_per_weight(&self, intact: &Connectome, nuclei: &[Nucleus]) -> f64 {
        if let Some(scale) = self.tracts.scale {
            return scale;
        }
        let weights: f64 = tracts(intact).map(|(_, _, weight)| weight).sum();
        let neurons: f64 = nuclei.iter().map(Nucleus::neurons).sum();
        if weights > 0.0 { self.tracts.indegree.unwrap_or(INDEGREE) * neurons / weights } else { 0.0 }
    }

    /// Splits `number` synapses with ends uniform over both regions into projections between types.
    fn connect(&self, assembly: &mut Assembly, source: &Nucleus, target: &Nucleus, number: u64, delay: Value) {
        let pairs: Vec<f64> = source.sizes.iter().flat_map(|s| target.sizes.iter().map(move |t| f64::from(*s) * f64::from(*t))).collect();
        for (i, part) in apportion(number, &pairs).into_iter().enumerate() {
            let (pre, post) = (i / 3, i % 3);
            let decides = match self.sign {
                WeightSign::Presynaptic => source.types[pre],
                WeightSign::Postsynaptic => target.types[post],
            };
            let weight = if decides.is_excitatory() { self.weight_ex.0 } else { self.weight_in.0 };
            assembly.connect(source.first + pre, target.first + post, part, Value::constant(weight), delay);
        }
    }
}
