//! The arithmetic of one neuron in one time step, each model written once.
//!
//! A model is one file with NEST's four drawers: [`Params`](Parameters) (what the user sets),
//! `Propagators` (derived once per run), `State` (what evolves), `Input` (what arrives in a step),
//! and a `step` whose text is valid Rust *and* CUDA C++ (see [`kit`]). There is no loop over neurons,
//! no I/O and no random generator here: `kernels` holds the loops and feeds noise in as an input.
//!
//! Every model is emitted as CUDA C++ too ([`Model::CUDA`]); tests compile that text with the host's C++
//! compiler and find the same bits.
//!
//! ```
//! let params = [("tau_m".to_string(), 20.0)].into();
//! let neuron = models::iaf_psc_exp::Neuron::params(&params)?;
//! assert_eq!((neuron.tau_m, neuron.C_m), (20.0, 250.0));
//! # use models::Model;
//! # Ok::<(), models::Error>(())
//! ```
//!
//! **Adding a model** is one file beside this one and one line in the list at the bottom.

// Physics names such as `V_m` and `P11_ex` are the field's own, see STYLE.md.
#![allow(non_snake_case)]

mod aeif;
mod background;
mod conductance;
mod exact;
mod hh;
pub mod kit;
mod model;
pub mod units;

pub use model::{Description, Error, Field, Model, ParamInfo, Parameters, Receptor, Sign};

/// The list of models: one line each. Defines a module per model, [`descriptions`], and
/// [`with_model!`], which runs code with the model type that a name stands for.
macro_rules! model_list {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        $($(#[$doc])* pub mod $name;)*

        /// All models, in the order of the list.
        pub fn descriptions() -> Vec<Description> {
            vec![$(<$name::Neuron as Model>::description(),)*]
        }

        /// Calls `$visitor.visit::<M>()` with the model of this name; `None` if there is none.
        pub fn visit<V: Visitor>(name: &str, visitor: V) -> Option<V::Output> {
            match name {
                $(stringify!($name) => Some(visitor.visit::<$name::Neuron>()),)*
                _ => None,
            }
        }
    };
}

/// Code that works for every model: see [`visit`].
pub trait Visitor {
    /// What the code returns.
    type Output;
    /// The code, for model `M`.
    fn visit<M: Model>(self) -> Self::Output;
}

/// The description of the model with this name.
pub fn description(name: &str) -> Option<Description> {
    descriptions().into_iter().find(|d| d.name == name)
}

model_list! {
    /// Leaky integrate-and-fire, delta-shaped currents.
    iaf_psc_delta,
    /// Leaky integrate-and-fire, exponential currents.
    iaf_psc_exp,
    /// Leaky integrate-and-fire, alpha-shaped currents.
    iaf_psc_alpha,
    /// Leaky integrate-and-fire, exponential conductances.
    iaf_cond_exp,
    /// Leaky integrate-and-fire, alpha-shaped conductances.
    iaf_cond_alpha,
    /// Adaptive exponential integrate-and-fire, exponential currents.
    aeif_psc_exp,
    /// Adaptive exponential integrate-and-fire, exponential conductances.
    aeif_cond_exp,
    /// Adaptive exponential integrate-and-fire, alpha-shaped conductances.
    aeif_cond_alpha,
    /// Izhikevich's simple neuron.
    izhikevich,
    /// Hodgkin-Huxley, alpha-shaped currents.
    hh_psc_alpha,
    /// Hodgkin-Huxley after Traub and Miles, exponential conductances.
    hh_cond_exp_traub,
    /// Multi-timescale adaptive threshold.
    mat2_psc_exp,
    /// Ignores its input and fires at a given rate.
    ignore_and_fire,
    /// Repeats every spike that arrives.
    parrot_neuron,
    /// BrainCog's adaptive exponential integrate-and-fire neuron.
    aeif_braincog,
    /// BrainCog's Hodgkin-Huxley neuron.
    hh_braincog,
    /// Izhikevich's neuron with a capacitance.
    ctizh,
    /// BrainCog's linear neuron with adaptation and gap junctions.
    adth,
}
