//! What every model offers to the engine, to the scenario reader and to the `models` table.

use std::collections::BTreeMap;

use crate::kit::{Columns, real};

/// Which weights a receptor accepts. The sign of a weight chooses the receptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Positive weights only (excitatory port).
    Positive,
    /// Negative weights only (inhibitory port).
    Negative,
    /// Any weight (delta synapses: one port for both).
    Both,
    /// Any weight; what arrives is the number of spikes (parrot neurons).
    Count,
}

/// A synaptic port of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Receptor {
    /// Field of the model's `Input` that gets the summed weights.
    pub name: &'static str,
    /// Which weights it takes.
    pub accepts: Sign,
    /// Unit of a weight: `pA`, `nS`, `mV`.
    pub unit: &'static str,
}

impl Receptor {
    /// The ports `ex` for positive and `inh` for negative weights in pA.
    pub const CURRENTS: &'static [Receptor] = &Receptor::pair("pA");
    /// The ports `ex` for positive and `inh` for negative weights in nS. A negative weight opens the
    /// inhibitory conductance by its magnitude.
    pub const CONDUCTANCES: &'static [Receptor] = &Receptor::pair("nS");

    const fn pair(unit: &'static str) -> [Receptor; 2] {
        [Receptor { name: "ex", accepts: Sign::Positive, unit }, Receptor { name: "inh", accepts: Sign::Negative, unit }]
    }
}

/// A parameter as users see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParamInfo {
    /// NEST's name.
    pub name: &'static str,
    /// Unit, empty for a pure number.
    pub unit: &'static str,
    /// Default value in that unit.
    pub default: f64,
    /// One line of explanation.
    pub doc: &'static str,
}

/// A state variable as users see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field {
    /// Name, such as `V_m`.
    pub name: &'static str,
    /// Unit, empty for a pure number.
    pub unit: &'static str,
    /// One line of explanation.
    pub doc: &'static str,
}

/// A model as the `models` table and the scenario reader see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// NEST's name, such as `iaf_psc_exp`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// All parameters with defaults.
    pub params: Vec<ParamInfo>,
    /// All state variables, in column order.
    pub state: Vec<Field>,
    /// Synaptic ports, in the order of the first fields of the model's input.
    pub receptors: Vec<Receptor>,
    /// True if the model takes a current from current generators.
    pub takes_current: bool,
    /// True if the model draws one standard normal number per step.
    pub takes_noise: bool,
    /// True if the model needs the mean `V_m` of its population (gap junctions).
    pub takes_mean: bool,
    /// True if its state can be kept in 16 bits.
    pub compact: bool,
}

/// What is wrong with a model's parameters.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No parameter or state variable has this name.
    #[error("{model} has no parameter `{name}`")]
    UnknownParameter {
        /// The model.
        model: &'static str,
        /// What was asked for.
        name: String,
    },
    /// A value that the model cannot work with.
    #[error("{model}: `{name}` is {found}, expected {expected}")]
    BadValue {
        /// The model.
        model: &'static str,
        /// Which parameter.
        name: &'static str,
        /// What was given.
        found: f64,
        /// What would be right, such as `a positive time in ms`.
        expected: &'static str,
    },
}

/// What a user sets: a struct of `f64` with defaults, made by [`params!`](crate::params).
pub trait Parameters: Clone + Default + std::fmt::Debug {
    /// Names, units, defaults and explanations.
    fn info() -> &'static [ParamInfo];
    /// Sets one parameter; false if there is none of this name.
    fn set(&mut self, name: &str, value: f64) -> bool;
    /// One parameter's value.
    fn value(&self, name: &str) -> Option<f64>;
}

/// One neuron model. Implemented by a unit struct called `Neuron` in the model's file.
pub trait Model: Send + Sync + 'static {
    /// What the user sets.
    type Params: Parameters;
    /// What is derived from the parameters once per run. Uniform over a population.
    type Propagators: Columns;
    /// What evolves, one per neuron.
    type State: Columns;
    /// What arrives in a step: first one field per receptor, then, where the model wants them,
    /// `I_stim` (pA, over the step), `noise` (a standard normal number) and `V_mean` (mV), in this order.
    type Input: Columns;

    /// NEST's name; the name of the model's file.
    const NAME: &'static str;
    /// One line.
    const SUMMARY: &'static str;
    /// Synaptic ports, in the order of the first fields of `Input`.
    const RECEPTORS: &'static [Receptor];
    /// Integration substeps are at most this long (ms); infinite where one step is exact.
    const MAX_SUBSTEP: f64 = f64::INFINITY;
    /// A power of two for each state variable, such that 16-bit multiples of it hold the variable well enough;
    /// `None` for models that need all their bits.
    const COMPACT: Option<&'static [real]> = None;
    /// The CUDA text of propagators, state, input, helpers, `substep` and `step`, in this order. Belongs
    /// after [`CUDA_PRELUDE`](crate::kit::CUDA_PRELUDE), in `namespace braincog { namespace NAME { } }`.
    const CUDA: &'static str;

    /// Checks the parameters and derives the propagators for a step of `dt` ms that is integrated
    /// in substeps of `h` ms.
    fn propagators(params: &Self::Params, dt: f64, h: f64) -> Result<Self::Propagators, Error>;

    /// The state a neuron starts in where the user says nothing.
    fn initial(params: &Self::Params) -> Self::State;

    /// Integrates over one substep. Models that integrate exactly leave it empty.
    fn substep(_p: &Self::Propagators, _s: &mut Self::State, _input: &Self::Input) {}

    /// True if `calm_substep` is worth a try before `substep`.
    const HAS_CALM_SUBSTEP: bool = false;

    /// A cheaper way through most substeps: where it returns true, the state has the bits that `substep` would
    /// give it; where it returns false, the state is spoilt.
    fn calm_substep(_p: &Self::Propagators, _s: &mut Self::State, _input: &Self::Input) -> bool {
        false
    }

    /// Ends a step: integrates (exact models), takes what arrived, tells whether the neuron fired.
    /// Called after all substeps of the step.
    fn step(p: &Self::Propagators, s: &mut Self::State, input: &Self::Input) -> bool;

    /// Substeps in a step of `dt` ms.
    fn substeps(dt: f64) -> u32 {
        if Self::MAX_SUBSTEP.is_finite() { (dt / Self::MAX_SUBSTEP - 1e-9).ceil().max(1.0) as u32 } else { 0 }
    }

    /// Parameters from the ones a user gave; the rest are defaults.
    fn params(given: &BTreeMap<String, f64>) -> Result<Self::Params, Error> {
        let mut params = Self::Params::default();
        for (name, value) in given {
            if !params.set(name, *value) {
                return Err(Error::UnknownParameter { model: Self::NAME, name: name.clone() });
            }
        }
        Ok(params)
    }

    /// The model as tables and the scenario reader see it.
    fn description() -> Description {
        let has = |name: &str| Self::Input::FIELDS.iter().any(|f| f.name == name);
        Description {
            name: Self::NAME,
            summary: Self::SUMMARY,
            params: Self::Params::info().to_vec(),
            state: Self::State::FIELDS.to_vec(),
            receptors: Self::RECEPTORS.to_vec(),
            takes_current: has("I_stim"),
            takes_noise: has("noise"),
            takes_mean: has("V_mean"),
            compact: Self::COMPACT.is_some(),
        }
    }
}

/// Checks of parameters that many models share. Each names the parameter in its error.
pub(crate) struct Check<'a, M: Model>(pub(crate) &'a M::Params);

impl<M: Model> Check<'_, M> {
    /// Every parameter is a number that [`real`](type@real) can hold. `V_min` may be minus infinity: no bound.
    pub(crate) fn finite(&self) -> Result<&Self, Error> {
        for info in M::Params::info() {
            let value = self.value(info.name);
            let unbounded = info.name == "V_min" && value < 0.0;
            self.require(info.name, unbounded || (value as real).is_finite(), "a finite number")?;
        }
        Ok(self)
    }

    /// These are above zero.
    pub(crate) fn positive(&self, names: &[&'static str]) -> Result<&Self, Error> {
        names.iter().try_for_each(|name| self.require(name, self.value(name) > 0.0, "a positive number"))?;
        Ok(self)
    }

    /// These are not below zero.
    pub(crate) fn not_negative(&self, names: &[&'static str]) -> Result<&Self, Error> {
        names.iter().try_for_each(|name| self.require(name, self.value(name) >= 0.0, "zero or a positive number"))?;
        Ok(self)
    }

    /// `name` is a switch.
    pub(crate) fn flag(&self, name: &'static str) -> Result<&Self, Error> {
        self.require(name, self.value(name) == 0.0 || self.value(name) == 1.0, "0 or 1")?;
        Ok(self)
    }

    /// `name` is below `bound`.
    pub(crate) fn below(&self, name: &'static str, bound: f64, expected: &'static str) -> Result<&Self, Error> {
        self.require(name, self.value(name) < bound, expected)?;
        Ok(self)
    }

    /// Fails with `expected` unless `right`.
    pub(crate) fn require(&self, name: &'static str, right: bool, expected: &'static str) -> Result<(), Error> {
        if right { Ok(()) } else { Err(Error::BadValue { model: M::NAME, name, found: self.value(name), expected }) }
    }

    fn value(&self, name: &str) -> f64 {
        self.0.value(name).expect("models check parameters that they declare")
    }
}

/// Steps in a time, counted as NEST does: rounded to a microsecond, then up to a full step.
pub(crate) fn steps(t: f64, dt: f64) -> real {
    ((t * 1000.0).round() / (dt * 1000.0) - 1e-6).ceil().max(0.0) as real
}
