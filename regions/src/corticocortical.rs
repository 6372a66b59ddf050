//! Projections between the microcircuits of different regions.

use connectome::Connectome;
use models::units::{MetresPerSecond, Millis};
use serde::{Deserialize, Serialize};

use crate::assembly::{Assembly, apportion, count};
use crate::conduction::Conduction;
use crate::error::{Error, fraction, not_negative};
use crate::meanfield::Rates;
use crate::microcircuit::{Circuit, Microcircuit};
use crate::pd14;

/// Above this fraction of supragranular projecting neurons a tract is feedforward, and below
/// 1 - this it is feedback (Schmidt et al. 2018).
const FEEDFORWARD: f64 = 0.65;

/// SLN follows the difference in hierarchical level, `1 / (1 + exp(-slope (target - source)))`; this slope
/// fits the 536 tracts of macaque-29 best (root mean square deviation 0.27).
const SLN_SLOPE: f64 = 0.9;

/// Projections between the microcircuits of different regions, after Schmidt M et al. (2018) Brain Struct
/// Funct 223:1409-1435 and PLoS Comput Biol 14:e1006359, with their choices made simpler where marked (*).
///
/// * **How many.** A fraction of the external in-degree of a region comes from the other regions of the
///   connectome, and the in-degree of its Poisson background is smaller by that fraction, so synapses are
///   neither added nor lost. (*) One fraction for all regions.
/// * **From where.** It is split over the source regions by their share of the row of the weight matrix
///   (FLN, or whatever the connectome has).
/// * **From which layers.** A tract starts in `23E` with its SLN and else in `5E` and `6E`, by their sizes. Where the
///   SLN of a tract is not known it is estimated from the hierarchy (Markov et al. 2014 J Comp Neurol 522:225-259), and
///   where there is no hierarchy either it is 0.5.
/// * **To which layers.** SLN above 0.65 is feedforward, below 0.35 feedback, between them lateral. A tract reaches
///   populations in proportion to their external synapses: feedforward ones with a share of `feedforward_outside` outside
///   layer 4, feedback ones only outside layer 4, lateral ones all alike. (*) Dendrites that reach into
///   other layers stand behind `feedforward_outside`; they are not followed one by one.
/// * **How strong.** The weight of a local excitatory synapse times `weight_factor`, on inhibitory targets
///   times `weight_factor_in` as well (chi and chi_I of Schmidt et al.). Their 1.9 and 2 belong to their stronger
///   inhibition and stabilised in-degrees; here they would silence layer 5. A factor of 3 makes up for sources that fire at 1-8 Hz
///   where the background they replace has 8 Hz: mean-field theory (Fourcaud & Brunel 2002) of macaque-29 then puts regions at
///   2.2-4.1 Hz, the isolated circuit at 3.2 Hz, and at 2.0 Hz where all tracts are cut.
/// * **How late.** Length over `speed` (3.5 m/s: Girard P et al. 2001 J Neurophysiol 85:1328-1331), with a relative
///   deviation of `delay_std`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorticoCortical {
    /// Fraction of the external in-degree that comes from other regions.
    pub fraction: f64,
    /// Factor on the weights of all synapses between regions.
    pub weight_factor: f64,
    /// Further factor on the weights of those on inhibitory neurons.
    pub weight_factor_in: f64,
    /// Share of feedforward synapses that end outside layer 4.
    pub feedforward_outside: f64,
    /// Tracts with fewer synapses are left out.
    pub min_synapses: u64,
    /// Conduction speed.
    pub speed: MetresPerSecond,
    /// Relative standard deviation of delays.
    pub delay_std: f64,
    /// Delay of tracts whose length nobody knows.
    pub default_delay: Option<Millis>,
}

impl Default for CorticoCortical {
    fn default() -> Self {
        CorticoCortical {
            fraction: 0.3,
            weight_factor: 3.0,
            weight_factor_in: 1.0,
            feedforward_outside: 0.2,
            min_synapses: 1,
            speed: MetresPerSecond(3.5),
            delay_std: 0.5,
            default_delay: None,
        }
    }
}

/// One tract between two circuits.
struct Tract {
    target: usize,
    source: usize,
    synapses: u64,
    /// Shares of the source populations.
    from: Rates,
    /// Shares of the target populations.
    onto: Rates,
    /// Its synapses on each neuron of the target populations at full scale.
    indegree: Rates,
}

/// What the regions get from each other.
pub(crate) struct Inputs {
    /// Fraction of the external in-degree that is left to the background.
    background: f64,
    tracts: Vec<Tract>,
}

impl CorticoCortical {
    pub(crate) fn check(&self, min_delay: f64) -> Result<(), Error> {
        fraction("tracts.fraction", self.fraction)?;
        not_negative("tracts.weight_factor", self.weight_factor)?;
        not_negative("tracts.weight_factor_in", self.weight_factor_in)?;
        fraction("tracts.feedforward_outside", self.feedforward_outside)?;
        self.conduction(min_delay).check()
    }

    fn conduction(&self, min: f64) -> Conduction {
        Conduction { speed: self.speed.0, std: self.delay_std, min, default: self.default_delay.map(|d| d.0) }
    }

    /// Splits what each region gets over its tracts. Shares are those of the intact connectome, so that
    /// cutting one tract does not strengthen the others; nothing is taken from the background of a
    /// connectome of one region.
    pub(crate) fn inputs(&self, connectome: &Connectome, intact: &Connectome, k: f64, circuits: &[Circuit]) -> Result<Inputs, Error> {
        let between = if connectome.n() > 1 { self.fraction } else { 0.0 };
        let per_circuit: f64 = (0..8).map(external_synapses).sum::<f64>() * between;
        let mut inputs = Inputs { background: 1.0 - between, tracts: Vec::new() };
        for (target, circuit) in circuits.iter().enumerate() {
            let region = || format!("region {}", connectome.regions[target].label);
            let total = count(region, per_circuit * circuit.scale * k)?;
            let shares: Vec<f64> = (0..intact.n()).map(|s| if s == target { 0.0 } else { intact.weights.at(target, s) }).collect();
            for (source, synapses) in apportion(total, &shares).into_iter().enumerate() {
                let kept = connectome.weights.at(target, source) > 0.0 && synapses >= self.min_synapses.max(1);
                if kept {
                    let (from, onto) = (sources(sln(intact, target, source)), self.targets(sln(intact, target, source)));
                    let per_neuron = |t: usize| onto[t] * synapses as f64 / (circuit.scale * k * f64::from(pd14::NEURONS[t]));
                    inputs.tracts.push(Tract { target, source, synapses, from, onto, indegree: std::array::from_fn(per_neuron) });
                }
            }
        }
        Ok(inputs)
    }

    /// Shares of the populations that a tract reaches.
    fn targets(&self, sln: f64) -> Rates {
        let in_layer4 = |target: usize| pd14::layer(target) == 1;
        let within: f64 = (0..8).filter(|t| in_layer4(*t)).map(external_synapses).sum();
        let outside: f64 = (0..8).filter(|t| !in_layer4(*t)).map(external_synapses).sum();
        std::array::from_fn(|target| {
            let share = if sln > FEEDFORWARD {
                if in_layer4(target) { (1.0 - self.feedforward_outside) / within } else { self.feedforward_outside / outside }
            } else if sln < 1.0 - FEEDFORWARD {
                if in_layer4(target) { 0.0 } else { 1.0 / outside }
            } else {
                1.0 / (within + outside)
            };
            share * external_synapses(target)
        })
    }
}

/// Shares of the populations that a tract comes from.
fn sources(sln: f64) -> Rates {
    let infragranular = f64::from(pd14::NEURONS[4]) + f64::from(pd14::NEURONS[6]);
    std::array::from_fn(|source| match pd14::POPULATIONS[source] {
        "23E" => sln,
        "5E" | "6E" => (1.0 - sln) * f64::from(pd14::NEURONS[source]) / infragranular,
        _ => 0.0,
    })
}

impl Inputs {
    /// Fraction of the external in-degree that is left to the background.
    pub(crate) fn background_share(&self) -> f64 {
        self.background
    }

    /// Spikes per second that each neuron gets from other regions at full scale, by region and population.
    pub(crate) fn arriving(&self, rates: &[Rates]) -> Vec<Rates> {
        let mut arriving = vec![[0.0; 8]; rates.len()];
        for tract in &self.tracts {
            let rate: f64 = tract.from.iter().zip(rates[tract.source]).map(|(share, rate)| share * rate).sum();
            for (arriving, indegree) in arriving[tract.target].iter_mut().zip(tract.indegree) {
                *arriving += indegree * rate;
            }
        }
        arriving
    }

    /// Adds the projections.
    pub(crate) fn connect(
        &self,
        recipe: &Microcircuit,
        connectome: &Connectome,
        circuits: &[Circuit],
        assembly: &mut Assembly,
    ) -> Result<(), Error> {
        let conduction = recipe.tracts.conduction(recipe.min_delay.0);
        for tract in &self.tracts {
            let delay = conduction.delay(connectome, tract.target, tract.source)?;
            let shares: Vec<f64> = tract.onto.iter().flat_map(|onto| tract.from.iter().map(move |from| onto * from)).collect();
            let parts = apportion(tract.synapses, &shares);
            for (i, number) in parts.into_iter().enumerate() {
                let (target, source) = (i / 8, i % 8);
                let weight = recipe.weight(recipe.tract_weight(target));
                assembly.connect(circuits[tract.source].first + source, circuits[tract.target].first + target, number, weight, delay);
            }
        }
        Ok(())
    }
}

/// External synapses of a population of the full-size circuit.
fn external_synapses(population: usize) -> f64 {
    f64::from(pd14::NEURONS[population]) * pd14::EXTERNAL_INDEGREES[population]
}

/// Fraction of supragranular projecting neurons of a tract: measured, else from the hierarchy, else 0.5.
fn sln(connectome: &Connectome, target: usize, source: usize) -> f64 {
    if let Some(sln) = connectome.sln_of(target, source) {
        return sln.clamp(0.0, 1.0);
    }
    match (connectome.regions[target].hierarchy, connectome.regions[source].hierarchy) {
        (Some(target), Some(source)) => 1.0 / (1.0 + libm::exp(-SLN_SLOPE * (target - source))),
        _ => 0.5,
    }
}
