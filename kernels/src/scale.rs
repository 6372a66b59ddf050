//! Fixed point: how weights become integers.
//!
//! Synaptic input is summed in 32-bit integers, because integer sums do not depend on their order. Each
//! receptor of each population has a power of two as its scale, the largest that cannot overflow even if
//! every synapse of a neuron delivered its largest weight in the same step. A stored 16-bit weight has
//! a coarser power of two of its own projection, and is shifted up on delivery.

use connectome::network::{Network, Rule, StimulusKind};
use models::{Receptor, Sign};

use crate::segments::{Encoding, Kind};
use crate::wiring::Prepared;

/// What is wrong with the weights of a projection or stimulus.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No port of the target takes a weight of this sign.
    #[error("`{target}` ({model}) has no receptor for a weight of {weight}")]
    NoReceptor {
        /// Target population.
        target: String,
        /// Its model.
        model: String,
        /// The weight.
        weight: f64,
    },
    /// The weight is too small beside what the neuron may receive in one step.
    #[error(
        "weight {weight} onto `{target}` is too small for fixed point: up to {worst} may arrive in one step, so the resolution is {resolution}"
    )]
    Resolution {
        /// Target population.
        target: String,
        /// The weight.
        weight: f64,
        /// The largest sum.
        worst: f64,
        /// One unit of the integer sum.
        resolution: f64,
    },
    /// A population's model is unknown.
    #[error("there is no neuron model `{0}`")]
    UnknownModel(String),
}

/// Scales of all receptors: `scale[population][receptor]` integer units per weight unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Scales {
    scale: Vec<Vec<f64>>,
    worst: Vec<Vec<f64>>,
    receptors: Vec<Vec<Receptor>>,
    targets: Vec<(String, String)>,
}

/// How the weights of one projection are encoded: kind for positive and for negative weights, and
/// units of a stored weight per weight unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coding {
    /// For weights >= 0.
    pub positive: u16,
    /// For weights < 0.
    pub negative: u16,
    /// Stored units per weight unit, by sign.
    pub unit: [f64; 2],
    /// The kind, where all weights are the same.
    pub constant: Option<u16>,
}

/// Mean and spread of how many synapses of a projection one target has, as an upper estimate.
fn most_synapses(network: &Network, prepared: &Prepared) -> f64 {
    let projection = &network.projections[prepared.index as usize];
    let n_target = f64::from(network.populations[projection.target].size);
    let mean = projection.expected_synapses(network) / n_target;
    match &projection.rule {
        Rule::OneToOne => 1.0,
        Rule::AllToAll => mean,
        Rule::FixedIndegree { indegree } => f64::from(*indegree),
        Rule::Edges { edges } => {
            let mut count = vec![0u32; network.populations[projection.target].size as usize];
            for edge in edges {
                count[edge.target as usize] += 1;
            }
            f64::from(count.into_iter().max().unwrap_or(0))
        }
        _ => tail(mean),
    }
}

/// A count with this mean exceeds this about never.
fn tail(mean: f64) -> f64 {
    mean + 8.0 * mean.sqrt() + 12.0
}

impl Scales {
    /// The scales for a network: as fine as the worst sum of each receptor allows.
    pub fn new(network: &Network, wiring: &[Prepared], dt: f64) -> Result<Self, Error> {
        let mut receptors = Vec::new();
        for population in &network.populations {
            let description = models::description(&population.model).ok_or_else(|| Error::UnknownModel(population.model.clone()))?;
            receptors.push(description.receptors);
        }
        let worst = receptors.iter().map(|r| vec![0.0; r.len()]).collect();
        let targets = network.populations.iter().map(|p| (p.name.clone(), p.model.clone())).collect();
        let mut scales = Scales { scale: Vec::new(), worst, receptors, targets };
        for prepared in wiring {
            let (lo, hi) = prepared.weight_bounds();
            let most = most_synapses(network, prepared);
            for weight in [lo.min(0.0), hi.max(0.0)] {
                scales.expect(prepared.target, weight, most)?;
            }
        }
        for stimulus in &network.stimuli {
            match &stimulus.kind {
                StimulusKind::PoissonGenerator { rate, weight } => {
                    let mean = rate.0.iter().map(|s| s.1).fold(0.0, f64::max) * dt * 1e-3;
                    scales.expect(stimulus.target, *weight, tail(mean))?;
                }
                StimulusKind::SpikeGenerator { times, weight } => {
                    let mut together = 1usize;
                    let step = |t: &f64| (t / dt).round() as i64;
                    for same in times.chunk_by(|a, b| step(a) == step(b)) {
                        together = together.max(same.len());
                    }
                    scales.expect(stimulus.target, *weight, together as f64)?;
                }
                _ => {}
            }
        }
        let fit = |worst: &f64| if *worst > 0.0 { power_of_two_below(f64::from(i32::MAX) / worst).min(2f64.powi(24)) } else { 1.0 };
        scales.scale = scales.worst.iter().map(|w| w.iter().map(fit).collect()).collect();
        for (population, receptors) in scales.receptors.iter().enumerate() {
            for (r, receptor) in receptors.iter().enumerate() {
                if receptor.accepts == Sign::Count {
                    scales.scale[population][r] = 1.0;
                }
            }
        }
        Ok(scales)
    }

    fn expect(&mut self, population: usize, weight: f64, count: f64) -> Result<(), Error> {
        if weight != 0.0 {
            let receptor = self.receptor(population, weight)?;
            self.worst[population][receptor] += weight.abs() * count;
        }
        Ok(())
    }

    /// The receptor of `population` that takes a weight of this sign.
    pub fn receptor(&self, population: usize, weight: f64) -> Result<usize, Error> {
        let accepts = |r: &Receptor| match r.accepts {
            Sign::Positive => weight >= 0.0,
            Sign::Negative => weight < 0.0,
            Sign::Both | Sign::Count => true,
        };
        self.receptors[population].iter().position(accepts).ok_or_else(|| Error::NoReceptor {
            target: self.targets[population].0.clone(),
            model: self.targets[population].1.clone(),
            weight,
        })
    }

    /// Integer units per weight unit of each receptor of `population`.
    pub fn of(&self, population: usize) -> &[f64] {
        &self.scale[population]
    }

    /// One weight as an integer of its receptor: (receptor, units).
    pub fn fixed(&self, population: usize, weight: f64) -> Result<(usize, i32), Error> {
        let receptor = self.receptor(population, weight)?;
        if self.receptors[population][receptor].accepts == Sign::Count {
            return Ok((receptor, 1));
        }
        let scale = self.scale[population][receptor];
        let units = (weight * scale).round();
        if weight != 0.0 && units.abs() < 64.0 {
            return Err(Error::Resolution {
                target: self.targets[population].0.clone(),
                weight,
                worst: self.worst[population][receptor],
                resolution: 1.0 / scale,
            });
        }
        Ok((receptor, units as i32))
    }

    /// How the weights of a projection are encoded; new kinds are added to `kinds`.
    pub fn coding(&self, prepared: &Prepared, kinds: &mut Vec<Kind>) -> Result<Coding, Error> {
        let target = prepared.target;
        let (lo, hi) = prepared.weight_bounds();
        let mut coding = Coding { positive: 0, negative: 0, unit: [1.0; 2], constant: None };
        for (sign, extreme) in [lo.min(0.0), hi.max(0.0)].into_iter().enumerate() {
            let present = if sign == 0 { lo < 0.0 } else { hi >= 0.0 };
            if !present {
                continue;
            }
            let (receptor, units) = self.fixed(target, extreme)?;
            let counts = self.receptors[target][receptor].accepts == Sign::Count;
            let scale = self.scale[target][receptor];
            let (kind, unit) = if counts || lo == hi {
                (Kind { encoding: Encoding::Constant, receptor: receptor as u8, shift: 0, weight: units }, scale)
            } else if prepared.is_wide() {
                (Kind { encoding: Encoding::Wide, receptor: receptor as u8, shift: 0, weight: 0 }, scale)
            } else {
                let unit = power_of_two_below(32_767.0 / extreme.abs()).min(scale);
                let shift = (scale / unit).log2() as u8;
                (Kind { encoding: Encoding::Compact, receptor: receptor as u8, shift, weight: 0 }, unit)
            };
            let index = kinds.iter().position(|k| *k == kind).unwrap_or_else(|| {
                kinds.push(kind);
                kinds.len() - 1
            }) as u16;
            coding.unit[sign] = unit;
            coding.constant = (lo == hi).then_some(index);
            if sign == 0 {
                coding.negative = index;
            } else {
                coding.positive = index;
            }
        }
        Ok(coding)
    }
}

/// The largest power of two that is not above `x`.
fn power_of_two_below(x: f64) -> f64 {
    f64::from_bits(x.to_bits() & 0x7ff0_0000_0000_0000)
}
