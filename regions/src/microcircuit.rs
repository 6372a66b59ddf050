//! The cortical microcircuit of Potjans & Diesmann (2014), one per region.

use std::collections::BTreeMap;

use connectome::Connectome;
use connectome::network::{Network, Signal, StimulusKind, Value};
use models::units::{Hertz, Millis, Millivolts, Picofarads};
use serde::{Deserialize, Serialize};

use crate::assembly::{Assembly, check_pair, check_projections, count, delay, spread};
use crate::corticocortical::{CorticoCortical, Inputs};
use crate::error::{Error, not_negative, positive, require};
use crate::meanfield::{self, Rates};
use crate::pd14::{self, POPULATIONS};
use crate::size::Size;

/// What stands for the input from everywhere that is not modelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Background {
    /// An independent Poisson train for every neuron.
    #[default]
    Poisson,
    /// The mean of that train as a constant current.
    Dc,
}

/// Parameters of the neurons, those of Potjans & Diesmann (2014, Table 5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(non_snake_case)]
pub struct Cell {
    /// Capacitance of the membrane.
    pub C_m: Picofarads,
    /// Membrane time constant.
    pub tau_m: Millis,
    /// Resting potential.
    pub E_L: Millivolts,
    /// Threshold.
    pub V_th: Millivolts,
    /// Potential after a spike.
    pub V_reset: Millivolts,
    /// Absolute refractory time.
    pub t_ref: Millis,
    /// Time constant of the excitatory current.
    pub tau_syn_ex: Millis,
    /// Time constant of the inhibitory current.
    pub tau_syn_in: Millis,
}

impl Default for Cell {
    fn default() -> Self {
        Cell {
            C_m: Picofarads(250.0),
            tau_m: Millis(10.0),
            E_L: Millivolts(-65.0),
            V_th: Millivolts(-50.0),
            V_reset: Millivolts(-65.0),
            t_ref: Millis(2.0),
            tau_syn_ex: Millis(0.5),
            tau_syn_in: Millis(0.5),
        }
    }
}

/// What one region has of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MicrocircuitRegion {
    /// Neurons in all, whatever `size` says.
    pub neurons: Option<f64>,
    /// Rate of each external synapse, instead of the recipe's.
    pub background_rate: Option<Hertz>,
}

/// The cortical microcircuit of Potjans & Diesmann (2014) in every region: eight populations of
/// `iaf_psc_exp` neurons, `REGION.23E` to `REGION.6I`.
///
/// **In a region.** At full size 77,169 neurons and 298,880,968 synapses (`fixed_total_number`, from the
/// published connection probabilities). Weights follow from `psp`, are normal with a relative deviation of
/// `weight_std` and keep their sign; `4E -> 23E` is twice as strong; inhibition is `g` times excitation.
/// Each neuron has its Poisson train of `background_rate` times the external in-degree.
///
/// **Smaller circuits.** `size` scales numbers of neurons and keeps in-degrees; `indegree_scale` k scales
/// in-degrees. As in van Albada, Helias & Diesmann (2015) PLoS Comput Biol 11:e1004490, weights then grow by
/// 1/sqrt(k), which keeps the variance of the input, and a constant current makes up for the part
/// 1 - sqrt(k) of its mean, taken at `mean_rates`; so rates survive. Where these are not given they come from
/// mean-field theory of the whole network at full scale (Fourcaud & Brunel 2002), tracts as they are, so that a scaled
/// network without tracts does what a full one without tracts would do. Correlations grow as neurons get fewer.
///
/// **Between regions**: see [`CorticoCortical`]. A connectome of one region is the isolated circuit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Microcircuit {
    /// Neurons per region; 77,169 times `scale` unless said otherwise.
    pub size: Size,
    /// Factor on all in-degrees.
    pub indegree_scale: f64,
    /// What stands for the input from outside.
    pub background: Background,
    /// Rate of each external synapse.
    pub background_rate: Hertz,
    /// Peak of an excitatory post-synaptic potential.
    pub psp: Millivolts,
    /// Inhibitory over excitatory weight; negative.
    pub g: f64,
    /// Relative standard deviation of weights.
    pub weight_std: f64,
    /// Mean delay of excitatory synapses.
    pub delay_ex: Millis,
    /// Mean delay of inhibitory synapses.
    pub delay_in: Millis,
    /// Relative standard deviation of delays.
    pub delay_std: f64,
    /// Shortest delay: what is drawn below is drawn again.
    pub min_delay: Millis,
    /// Rates at which the mean input is kept when in-degrees are scaled, 23E to 6I, the same in all regions; from
    /// mean-field theory, for each region, where not given.
    pub mean_rates: Option<[Hertz; 8]>,
    /// Parameters of the neurons.
    pub neuron: Cell,
    /// Projections between regions.
    pub tracts: CorticoCortical,
    /// What single regions have of their own, by label.
    pub region: BTreeMap<String, MicrocircuitRegion>,
}

impl Default for Microcircuit {
    fn default() -> Self {
        Microcircuit {
            size: Size::default(),
            indegree_scale: 1.0,
            background: Background::Poisson,
            background_rate: Hertz(8.0),
            psp: Millivolts(0.15),
            g: -4.0,
            weight_std: 0.1,
            delay_ex: Millis(1.5),
            delay_in: Millis(0.75),
            delay_std: 0.5,
            min_delay: Millis(0.1),
            mean_rates: None,
            neuron: Cell::default(),
            tracts: CorticoCortical::default(),
            region: BTreeMap::new(),
        }
    }
}

/// One region's circuit: sizes and where its populations are.
pub(crate) struct Circuit {
    /// Neurons relative to the full-size circuit.
    pub(crate) scale: f64,
    /// Index of the first of its eight populations.
    pub(crate) first: usize,
}

impl Microcircuit {
    pub(crate) fn network(&self, connectome: &Connectome, intact: &Connectome) -> Result<Network, Error> {
        self.check(connectome)?;
        check_pair(connectome, intact)?;
        check_projections(connectome, 64, 24)?;
        let circuits = self.circuits(connectome)?;
        let inputs = self.tracts.inputs(connectome, intact, self.indegree_scale, &circuits)?;
        let mut assembly = Assembly::new(connectome);
        let currents = self.constant_currents(connectome, &inputs);
        for (region, circuit) in circuits.iter().enumerate() {
            self.add_populations(&mut assembly, region, circuit, &currents[region]);
            self.add_background(&mut assembly, circuit, self.background_rate(connectome, region) * inputs.background_share());
        }
        for (region, circuit) in circuits.iter().enumerate() {
            self.add_synapses(&mut assembly, region, circuit)?;
        }
        // Last, so that the circuits are drawn alike whatever tracts there are.
        inputs.connect(self, connectome, &circuits, &mut assembly)?;
        Ok(assembly.network)
    }

    fn check(&self, connectome: &Connectome) -> Result<(), Error> {
        self.size.check()?;
        positive("indegree_scale", self.indegree_scale)?;
        not_negative("background_rate", self.background_rate.0)?;
        positive("psp", self.psp.0)?;
        require("g", self.g, self.g < 0.0, "a negative number")?;
        not_negative("weight_std", self.weight_std)?;
        positive("delay_ex", self.delay_ex.0)?;
        positive("delay_in", self.delay_in.0)?;
        not_negative("delay_std", self.delay_std)?;
        positive("min_delay", self.min_delay.0)?;
        let cell = &self.neuron;
        for (key, value) in
            [("C_m", cell.C_m.0), ("tau_m", cell.tau_m.0), ("tau_syn_ex", cell.tau_syn_ex.0), ("tau_syn_in", cell.tau_syn_in.0)]
        {
            positive(&format!("neuron.{key}"), value)?;
        }
        not_negative("neuron.t_ref", cell.t_ref.0)?;
        self.mean_rates.iter().flatten().try_for_each(|rate| not_negative("mean_rates", rate.0))?;
        self.tracts.check(self.min_delay.0)?;
        for (label, own) in &self.region {
            connectome.region(label)?;
            own.background_rate.map_or(Ok(()), |rate| not_negative(&format!("region.{label}.background_rate"), rate.0))?;
        }
        Ok(())
    }

    /// Sizes of all regions; populations follow one another, eight per region.
    fn circuits(&self, connectome: &Connectome) -> Result<Vec<Circuit>, Error> {
        let smallest = (0..8).min_by_key(|p| pd14::NEURONS[*p]).expect("eight populations");
        let least = (0.5 * pd14::full_size() / f64::from(pd14::NEURONS[smallest])).ceil();
        // The largest population, 4E, must still fit in a u32.
        let most = (f64::from(u32::MAX) * pd14::full_size() / f64::from(pd14::NEURONS[2])).floor();
        let circuit = |(region, info): (usize, &connectome::Region)| {
            let own = self.region.get(&info.label).and_then(|r| r.neurons);
            let neurons = self.size.of(connectome, region, own, pd14::full_size())?;
            let name = info.label.clone();
            if neurons < least || neurons.is_nan() {
                return Err(Error::RegionTooSmall { region: name, neurons, population: POPULATIONS[smallest], least: least as u64 });
            }
            if neurons > most {
                return Err(Error::RegionTooLarge { region: name, neurons, most: most as u64 });
            }
            Ok(Circuit { scale: neurons / pd14::full_size(), first: 8 * region })
        };
        connectome.regions.iter().enumerate().map(circuit).collect()
    }

    fn background_rate(&self, connectome: &Connectome, region: usize) -> f64 {
        let own = self.region.get(&connectome.regions[region].label).and_then(|r| r.background_rate);
        own.unwrap_or(self.background_rate).0
    }

    /// The constant current (pA) of each population: what stands for inputs that scaling leaves out, and for the background
    /// where that is constant.
    fn constant_currents(&self, connectome: &Connectome, inputs: &Inputs) -> Vec<Rates> {
        let backgrounds: Vec<f64> = (0..connectome.n()).map(|region| self.background_rate(connectome, region)).collect();
        let missing = 1.0 - libm::sqrt(self.indegree_scale);
        let rates = match self.mean_rates {
            Some(given) => vec![given.map(|rate| rate.0); connectome.n()],
            None if missing == 0.0 => vec![pd14::MEAN_RATES; connectome.n()],
            None => meanfield::stationary(self, inputs, &backgrounds),
        };
        let arriving = inputs.arriving(&rates);
        let current = |region: usize, target: usize| {
            let recurrent =
                self.local_current(&rates[region], target) + self.mean_current(arriving[region][target], self.tract_weight(target), 0);
            let external = backgrounds[region] * pd14::EXTERNAL_INDEGREES[target] * inputs.background_share();
            let external = self.mean_current(external, self.full_weight(0, 1), 0);
            match self.background {
                Background::Poisson => missing * (recurrent + external),
                Background::Dc => missing * recurrent + external,
            }
        };
        (0..connectome.n()).map(|region| std::array::from_fn(|target| current(region, target))).collect()
    }

    fn add_populations(&self, assembly: &mut Assembly, region: usize, circuit: &Circuit, currents: &Rates) {
        for target in 0..8 {
            let size = (f64::from(pd14::NEURONS[target]) * circuit.scale).round() as u32;
            let index = assembly.population(region, POPULATIONS[target], size, "iaf_psc_exp", self.params(currents[target]));
            let initial = Value::normal(pd14::INITIAL_MEAN[target], pd14::INITIAL_STD[target]);
            assembly.network.populations[index].initial.insert("V_m".to_owned(), initial);
        }
    }

    /// Drives a circuit whose external synapses fire at `rate`, those that became tracts left out.
    fn add_background(&self, assembly: &mut Assembly, circuit: &Circuit, rate: f64) {
        for target in 0..8 {
            let total = rate * pd14::EXTERNAL_INDEGREES[target] * self.indegree_scale;
            if self.background == Background::Poisson && total > 0.0 {
                let weight = self.full_weight(0, 1) / libm::sqrt(self.indegree_scale);
                let kind = StimulusKind::PoissonGenerator { rate: Signal::constant(total), weight };
                assembly.drive(circuit.first + target, kind, self.delay_ex.0);
            }
        }
    }

    fn add_synapses(&self, assembly: &mut Assembly, region: usize, circuit: &Circuit) -> Result<(), Error> {
        for target in 0..8 {
            for source in 0..8 {
                let number = pd14::synapses(target, source) * circuit.scale * self.indegree_scale;
                let number = count(|| format!("region {}", assembly.network.regions[region]), number)?;
                let weight = self.weight(self.full_weight(source, target));
                let mean = if pd14::is_excitatory(source) { self.delay_ex.0 } else { self.delay_in.0 };
                let delay = delay(mean, self.delay_std * mean, self.min_delay.0);
                assembly.connect(circuit.first + source, circuit.first + target, number, weight, delay);
            }
        }
        Ok(())
    }

    /// Parameters of a population with this constant current (pA).
    fn params(&self, dc: f64) -> BTreeMap<String, f64> {
        let cell = &self.neuron;
        let named = [
            ("C_m", cell.C_m.0),
            ("tau_m", cell.tau_m.0),
            ("E_L", cell.E_L.0),
            ("V_th", cell.V_th.0),
            ("V_reset", cell.V_reset.0),
            ("t_ref", cell.t_ref.0),
            ("tau_syn_ex", cell.tau_syn_ex.0),
            ("tau_syn_in", cell.tau_syn_in.0),
            ("I_e", dc),
        ];
        named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Weight in pA before in-degrees are scaled.
    pub(crate) fn full_weight(&self, source: usize, target: usize) -> f64 {
        if !pd14::is_excitatory(source) {
            return self.g * self.psp.0 * pd14::current_per_psp(&self.neuron, self.neuron.tau_syn_in.0);
        }
        let doubled = if POPULATIONS[source] == "4E" && POPULATIONS[target] == "23E" { 2.0 } else { 1.0 };
        doubled * self.psp.0 * pd14::current_per_psp(&self.neuron, self.neuron.tau_syn_ex.0)
    }

    /// The distribution of a weight whose full-scale mean is `full` pA.
    pub(crate) fn weight(&self, full: f64) -> Value {
        let mean = full / libm::sqrt(self.indegree_scale);
        spread(mean, self.weight_std * mean)
    }

    /// Weight in pA of a synapse between regions before in-degrees are scaled.
    pub(crate) fn tract_weight(&self, target: usize) -> f64 {
        let on_inhibitory = if pd14::is_excitatory(target) { 1.0 } else { self.tracts.weight_factor_in };
        // That of any excitatory population but 4E, whose synapses on 23E are an exception of the circuit.
        self.full_weight(0, target) * self.tracts.weight_factor * on_inhibitory
    }

    /// Time constant (ms) of the current from population `source`.
    pub(crate) fn tau_syn(&self, source: usize) -> f64 {
        if pd14::is_excitatory(source) { self.neuron.tau_syn_ex.0 } else { self.neuron.tau_syn_in.0 }
    }

    /// Mean current (pA) of `spikes` per second, each of `weight` pA, from population `source`.
    pub(crate) fn mean_current(&self, spikes: f64, weight: f64, source: usize) -> f64 {
        1e-3 * self.tau_syn(source) * spikes * weight
    }

    /// Mean current (pA) from the own circuit at full scale.
    fn local_current(&self, rates: &Rates, target: usize) -> f64 {
        let from = |source: usize| {
            let spikes = pd14::indegree(target, source) * rates[source];
            self.mean_current(spikes, self.full_weight(source, target), source)
        };
        (0..8).map(from).sum()
    }
}
