//! What must hold of any network, whether a recipe or a user described it.

use std::collections::{BTreeMap, HashSet};

use connectome::network::{Population, Projection, Rule, Signal, Stimulus, StimulusKind, Value};
use models::units::Millis;
use models::{Model, Parameters, Visitor};

use super::origins::{Part, in_recipe};
use super::values::{range, text};
use super::{Builder, Timing, origins};
use crate::error::{Cause, Error};
use crate::key::KeyPath;

/// Longest delay in steps that the engine's calendar holds.
pub(super) const MAX_DELAY: u32 = u16::MAX as u32 - 1;

/// How much rounding to steps may change a refractory time.
const MAX_ROUNDING: f64 = 0.1;

/// Asks a model whether it can work with parameters; gives the refractory time, if it has one.
struct Accepts<'a> {
    params: &'a BTreeMap<String, f64>,
    dt: f64,
}

impl Visitor for Accepts<'_> {
    type Output = Result<Option<f64>, models::Error>;

    fn visit<M: Model>(self) -> Self::Output {
        let params = M::params(self.params)?;
        let substeps = f64::from(M::substeps(self.dt).max(1));
        M::propagators(&params, self.dt, self.dt / substeps)?;
        Ok(params.value("t_ref"))
    }
}

impl Builder<'_> {
    /// Checks all populations.
    pub(super) fn check_populations(&self) -> Result<(), Error> {
        if self.network.populations.is_empty() {
            let why = "a scenario has [populations] or [regions] with a recipe".to_owned();
            return Err(self.document.error(&KeyPath::root(), Cause::missing("populations", why)));
        }
        let neurons = self.network.n_neurons();
        if neurons > u64::from(u32::MAX) {
            return Err(self.document.error(&KeyPath::of("populations"), Cause::TooManyNeurons { found: neurons }));
        }
        let mut names = HashSet::new();
        for (population, origin) in self.network.populations.iter().zip(&self.keys.populations) {
            if !names.insert(&population.name) {
                return Err(self.blame(origin, "", Cause::Duplicate { name: population.name.clone() }));
            }
            let what = || format!("population `{}`", population.name);
            self.check_population(population, origin).map_err(|e| in_recipe(e, origin, what))?;
        }
        Ok(())
    }

    fn check_population(&self, population: &Population, origin: &KeyPath) -> Result<(), Error> {
        if population.size == 0 {
            return Err(self.blame(origin, "size", Cause::unexpected(format!("`{}` with 0 neurons", population.name), "at least 1")));
        }
        let accepts = Accepts { params: &population.params, dt: self.timing.dt };
        let unknown = || Cause::unknown("neuron model", &population.model, self.models.keys().copied());
        let answer = models::visit(&population.model, accepts).ok_or_else(|| self.blame(origin, "model", unknown()))?;
        let t_ref = answer.map_err(|e| self.refused_parameter(origin, e))?;
        self.check_refractory_time(t_ref, origin)?;
        if !matches!(population.positions.len(), 0) && population.positions.len() != population.size as usize {
            let found = format!("{} positions", population.positions.len());
            return Err(self.blame(origin, "positions", Cause::unexpected(found, format!("one for each of {} neurons", population.size))));
        }
        Ok(())
    }

    /// A model's refusal, at the parameter it is about.
    fn refused_parameter(&self, origin: &KeyPath, error: models::Error) -> Error {
        let name = match &error {
            models::Error::BadValue { name, .. } => name,
            _ => "",
        };
        if origin.is_root() || name.is_empty() {
            return self.blame(origin, "params", error);
        }
        self.document.error(&origin.key("params").key(name), error)
    }

    fn check_refractory_time(&self, t_ref: Option<f64>, origin: &KeyPath) -> Result<(), Error> {
        let Some(t_ref) = t_ref.filter(|t| *t > 0.0) else { return Ok(()) };
        let dt = self.timing.dt;
        let rounded = (t_ref / dt).round() * dt;
        if (rounded - t_ref).abs() <= MAX_ROUNDING * t_ref {
            return Ok(());
        }
        let found = format!("t_ref of {}, which steps of {} round to {}", Millis(t_ref), Millis(dt), Millis((rounded * 1e9).round() / 1e9));
        let cause = Cause::unexpected(found, format!("a change of at most {} %", 100.0 * MAX_ROUNDING));
        if origin.is_root() {
            Err(self.blame(origin, "", cause))
        } else {
            Err(self.document.error(&origin.key("params").key("t_ref"), cause))
        }
    }

    /// Checks all projections and stimuli.
    pub(super) fn check_wiring(&self) -> Result<(), Error> {
        let network = &self.network;
        for (i, (projection, origin)) in network.projections.iter().zip(&self.keys.projections).enumerate() {
            self.check_projection(projection, origin).map_err(|e| in_recipe(e, origin, || Part::Projection(i).describe(network)))?;
        }
        for (i, (stimulus, origin)) in network.stimuli.iter().zip(&self.keys.stimuli).enumerate() {
            self.check_stimulus(stimulus, origin).map_err(|e| in_recipe(e, origin, || Part::Stimulus(i).describe(network)))?;
        }
        Ok(())
    }

    fn check_projection(&self, projection: &Projection, origin: &KeyPath) -> Result<(), Error> {
        self.check_rule(projection, origin)?;
        if let Rule::Edges { edges } = &projection.rule {
            let key = origins::key(origin, "edges");
            let inline = self.document.value(&key).is_some_and(toml::Value::is_array);
            return self.check_edges(edges, projection.source, projection.target, &key, inline);
        }
        self.check_finite(&projection.weight, "weight", origin)?;
        let key = origins::key(origin, "weight");
        let (least, greatest) = range(&projection.weight);
        self.check_sign(&key, projection.target, least, greatest)?;
        self.check_delay(&projection.delay, origin)?;
        let decays = matches!(projection.rule, Rule::PairwiseBernoulli { decay: Some(_), .. });
        let needs = [(decays, "decay"), (projection.weight.needs_positions(), "weight"), (projection.delay.needs_positions(), "delay")];
        for (_, what) in needs.into_iter().filter(|(needed, _)| *needed) {
            for end in [projection.source, projection.target] {
                let population = &self.network.populations[end];
                if population.positions.is_empty() {
                    let cause = Cause::NoPositions { population: population.name.clone(), what };
                    return Err(self.blame(origin, what, cause));
                }
            }
        }
        Ok(())
    }

    fn check_rule(&self, projection: &Projection, origin: &KeyPath) -> Result<(), Error> {
        let (source, target) = (&self.network.populations[projection.source], &self.network.populations[projection.target]);
        let same = projection.source == projection.target;
        // Who may be drawn, from the point of view of one neuron.
        let partners = |size: u32| u64::from(size) - u64::from(same && !projection.allow_autapses);
        let simple = !projection.allow_multapses;
        let pairs = partners(source.size) * u64::from(target.size);
        let fault = match &projection.rule {
            Rule::OneToOne if source.size != target.size => Some(("rule", "one_to_one", "expected two populations of the same size")),
            Rule::FixedIndegree { indegree } => {
                self.too_many(*indegree, partners(source.size), simple).map(|why| ("indegree", "fixed_indegree", why))
            }
            Rule::FixedOutdegree { outdegree } => {
                self.too_many(*outdegree, partners(target.size), simple).map(|why| ("outdegree", "fixed_outdegree", why))
            }
            Rule::FixedTotalNumber { number } => self.too_many(*number, pairs, simple).map(|why| ("number", "fixed_total_number", why)),
            Rule::PairwiseBernoulli { p, .. } if !(0.0..=1.0).contains(p) => {
                return Err(self.blame(origin, "p", Cause::unexpected(p, "a probability from 0 to 1")));
            }
            Rule::PairwisePoisson { mean } if !(*mean >= 0.0 && *mean <= f64::from(u32::MAX)) => {
                return Err(self.blame(origin, "mean", Cause::unexpected(mean, "a mean number of synapses that is not negative")));
            }
            _ => None,
        };
        let Some((key, rule, why)) = fault else { return Ok(()) };
        let cause = Cause::Impossible {
            rule,
            source_name: source.name.clone(),
            n_source: source.size,
            target: target.name.clone(),
            n_target: target.size,
            why: why.to_owned(),
        };
        Err(self.blame(origin, key, cause))
    }

    /// Why `wanted` of `available` cannot be drawn, if they cannot.
    fn too_many(&self, wanted: impl Into<u64>, available: u64, simple: bool) -> Option<&'static str> {
        let wanted = wanted.into();
        if wanted > 0 && available == 0 {
            Some("without autapses there is nobody to connect to")
        } else if simple && wanted > available {
            Some("without multapses there are not that many different pairs")
        } else {
            None
        }
    }

    fn check_finite(&self, value: &Value, name: &str, origin: &KeyPath) -> Result<(), Error> {
        let numbers = match *value {
            Value::Constant { value } => [value, 0.0],
            Value::Normal { mean, std, .. } => [mean, std],
            Value::Lognormal { mu, sigma, scale, .. } => [mu + scale, sigma],
            Value::Uniform { min, max } => [min, max],
            Value::Distance { offset, slope } => [offset, slope],
        };
        match numbers.into_iter().find(|n| !n.is_finite()) {
            Some(found) => Err(self.blame(origin, name, Cause::unexpected(found, "a finite number"))),
            None => Ok(()),
        }
    }

    fn check_delay(&self, delay: &Value, origin: &KeyPath) -> Result<(), Error> {
        self.check_finite(delay, "delay", origin)?;
        let key = origins::key(origin, "delay");
        match *delay {
            Value::Lognormal { scale, .. } => self.check_delay_time(scale, &key),
            Value::Distance { offset, slope } => {
                self.check_delay_time(offset, &key)?;
                if slope >= 0.0 {
                    return Ok(());
                }
                Err(self.document.error(&key, Cause::unexpected(text(slope, "ms/mm"), "a delay that does not fall with distance")))
            }
            Value::Normal { mean, .. } => {
                self.check_delay_time(mean, &key)?;
                self.check_shortest(range(delay).0, &key)
            }
            _ => {
                let (least, greatest) = range(delay);
                self.check_delay_time(least, &key)?;
                self.check_delay_time(greatest, &key)
            }
        }
    }

    /// A delay of at least one step and at most what the calendar holds.
    pub(super) fn check_delay_time(&self, delay: f64, key: &KeyPath) -> Result<(), Error> {
        self.check_shortest(delay, key)?;
        let Timing { dt, .. } = self.timing;
        if delay / dt <= f64::from(MAX_DELAY) {
            return Ok(());
        }
        let expected = format!("at most {MAX_DELAY} steps of {}", Millis(dt));
        Err(self.document.error(key, Cause::unexpected(format!("a delay of {}", Millis(delay)), expected)))
    }

    fn check_shortest(&self, delay: f64, key: &KeyPath) -> Result<(), Error> {
        let dt = self.timing.dt;
        if delay >= dt * (1.0 - 1e-9) {
            return Ok(());
        }
        let expected = format!("at least one step of {}", Millis(dt));
        Err(self.document.error(key, Cause::unexpected(format!("a delay of {}", Millis(delay)), expected)))
    }

    fn check_stimulus(&self, stimulus: &Stimulus, origin: &KeyPath) -> Result<(), Error> {
        self.check_delay_time(stimulus.delay, &origins::key(origin, "delay"))?;
        if stimulus.start < 0.0 {
            return Err(self.blame(origin, "start", Cause::unexpected(Millis(stimulus.start), "a time that is not negative")));
        }
        if stimulus.stop <= stimulus.start {
            let expected = format!("a time after the start at {}", Millis(stimulus.start));
            return Err(self.blame(origin, "stop", Cause::unexpected(Millis(stimulus.stop), expected)));
        }
        let not_negative = |name: &str, value: f64, what: &str, unit: &str| match value >= 0.0 {
            true => Ok(()),
            false => Err(self.blame(origin, name, Cause::unexpected(text(value, unit), format!("{what} that is not negative")))),
        };
        match &stimulus.kind {
            StimulusKind::PoissonGenerator { rate: Signal(steps), .. } => {
                steps.iter().try_for_each(|(_, rate)| not_negative("rate", *rate, "a rate", "1/s"))
            }
            StimulusKind::SpikeGenerator { times, .. } => self.check_times(times, origin),
            StimulusKind::CurrentSteps { .. } => Ok(()),
            StimulusKind::AcGenerator { frequency, .. } => not_negative("frequency", *frequency, "a frequency", "1/s"),
            StimulusKind::NoiseGenerator { std, interval, .. } => {
                not_negative("std", *std, "a standard deviation", "pA")?;
                self.check_shortest_interval(*interval, origin)
            }
            StimulusKind::OuCurrent { std, tau, .. } => {
                not_negative("std", *std, "a standard deviation", "pA")?;
                if *tau > 0.0 {
                    return Ok(());
                }
                Err(self.blame(origin, "tau", Cause::unexpected(Millis(*tau), "a time above 0 ms")))
            }
        }
    }

    /// Spike times ascend, and none is at the start: spikes are emitted at the end of a step.
    fn check_times(&self, times: &[f64], origin: &KeyPath) -> Result<(), Error> {
        let mut last = 0.0;
        for (i, time) in times.iter().enumerate() {
            let key = if origin.is_root() { origins::key(origin, "") } else { origin.key("times").index(i) };
            if *time < self.timing.dt * (1.0 - 1e-9) || *time < last {
                let expected = format!("ascending times from one step ({}) on", Millis(self.timing.dt));
                return Err(self.document.error(&key, Cause::unexpected(Millis(*time), expected)));
            }
            last = *time;
        }
        Ok(())
    }

    fn check_shortest_interval(&self, interval: f64, origin: &KeyPath) -> Result<(), Error> {
        if interval >= self.timing.dt * (1.0 - 1e-9) {
            return Ok(());
        }
        let expected = format!("at least one step of {}", Millis(self.timing.dt));
        Err(self.blame(origin, "interval", Cause::unexpected(Millis(interval), expected)))
    }
}
