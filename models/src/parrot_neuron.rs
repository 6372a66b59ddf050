//! A neuron that repeats every spike that arrives.
//!
//! Put between a source and its targets it makes the source's spikes recordable, plastic or shared. A
//! spike that arrives in a step is sent on in the same step, so it reaches its targets after both
//! delays. Weights do not matter. Several spikes that arrive in one step are repeated as one; NEST
//! sends one spike with that multiplicity.
//!
//! Order inside a step: count what arrives; fire if there is any.

use crate::kit::*;
use crate::model::{Error, Model, Receptor, Sign};
use crate::{columns, cuda, drawers, params, step};

params! {
    /// What the user sets: nothing.
    pub struct Params {}
}

columns! {
    /// Derived once per run: nothing.
    pub struct Propagators {
        /// Spikes that make it fire.
        pub enough: "",
    }
}

columns! {
    /// What evolves.
    pub struct State {
        /// Spikes that arrived in the last step.
        pub n_spikes: "",
    }
}

columns! {
    /// What arrives in a step.
    pub struct Input {
        /// Number of spikes.
        pub spikes: "",
    }
}

step!(|p: &Propagators, s: &mut State, input: &Input| {
    s.n_spikes = input.spikes;
    return input.spikes >= p.enough;
});

/// The model.
pub struct Neuron;

impl Model for Neuron {
    drawers!(step);

    const NAME: &'static str = "parrot_neuron";
    const SUMMARY: &'static str = "repeats every spike that arrives";
    const RECEPTORS: &'static [Receptor] = &[Receptor { name: "spikes", accepts: Sign::Count, unit: "" }];
    const CUDA: &'static str = cuda!(Propagators::CUDA, State::CUDA, Input::CUDA, NO_SUBSTEP_CUDA, STEP_CUDA);

    fn propagators(_q: &Params, _dt: f64, _h: f64) -> Result<Propagators, Error> {
        Ok(Propagators { enough: 1.0 })
    }

    fn initial(_q: &Params) -> State {
        State::default()
    }
}
