//! Choices between names: rules, stimuli, normalisations, storage.

use serde::{Deserialize, Serialize};

use super::section::Kind;

/// Declares a choice between names.
macro_rules! choice {
    ($(#[$doc:meta])* pub enum $Name:ident { $($(#[$vdoc:meta])* $Variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $Name { $($(#[$vdoc])* #[serde(rename = $text)] $Variant,)* }

        impl $Name {
            /// As it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $($Name::$Variant => $text,)* }
            }
        }

        impl Kind for $Name {
            fn kind() -> String { [$(concat!("`\"", $text, "\"`")),*].join(" ") }
        }
    };
}

choice! {
    /// Which pairs of neurons are connected.
    pub enum RuleName {
        /// Neuron i to neuron i.
        OneToOne = "one_to_one",
        /// Every pair.
        AllToAll = "all_to_all",
        /// A number of synapses for each target.
        FixedIndegree = "fixed_indegree",
        /// A number of synapses for each source.
        FixedOutdegree = "fixed_outdegree",
        /// A number of synapses in all.
        FixedTotalNumber = "fixed_total_number",
        /// Each pair with a probability.
        PairwiseBernoulli = "pairwise_bernoulli",
        /// Each pair a Poisson number of times.
        PairwisePoisson = "pairwise_poisson",
        /// These synapses.
        Edges = "edges",
    }
}

choice! {
    /// What drives a population.
    pub enum StimulusName {
        /// Poisson spikes.
        PoissonGenerator = "poisson_generator",
        /// Spikes at given times.
        SpikeGenerator = "spike_generator",
        /// A constant current.
        DcGenerator = "dc_generator",
        /// Steps of current.
        StepCurrentGenerator = "step_current_generator",
        /// A sine.
        AcGenerator = "ac_generator",
        /// White noise.
        NoiseGenerator = "noise_generator",
        /// An Ornstein-Uhlenbeck current.
        OuCurrent = "ou_current",
    }
}

choice! {
    /// What the weights of a connectome are divided by.
    pub enum NormalisationName {
        /// The sum of all weights.
        Total = "total",
        /// The sum of what arrives at the same target.
        Target = "target",
        /// The sum of what leaves the same source.
        Source = "source",
        /// The largest weight.
        Max = "max",
    }
}

choice! {
    /// How synapses are kept.
    pub enum StorageName {
        /// The engine decides.
        Auto = "auto",
        /// In memory.
        Stored = "stored",
        /// Regenerated whenever the source fires.
        Procedural = "procedural",
    }
}

choice! {
    /// How state variables are kept.
    pub enum StateName {
        /// In 32 bits.
        Full = "full",
        /// In 16 bits.
        Compact = "compact",
    }
}

impl From<StorageName> for connectome::network::Storage {
    fn from(name: StorageName) -> Self {
        match name {
            StorageName::Auto => Self::Auto,
            StorageName::Stored => Self::Stored,
            StorageName::Procedural => Self::Procedural,
        }
    }
}
