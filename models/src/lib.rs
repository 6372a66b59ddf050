//! The arithmetic of one neuron in one time step, each model written once.
//!
//! A model is one file with NEST's four drawers: [`Params`](Parameters) (what the user sets),
//! `Propagators` (derived once per run), `State` (what evolves), `Input` (what arrives in a step),
//! and a `step` whose text is valid Rust *and* CUDA C++ (see [`kit`]). There is no loop over neurons,
//! no I/O and no random generator here: `kernels` holds the loops and feeds noise in as an input.
//!
//! **Adding a model** is one file beside this one and one line in the list at the bottom.

pub mod kit;
mod model;

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
    /// Leaky integrate-and-fire, exponential currents.
    iaf_psc_exp,
}
