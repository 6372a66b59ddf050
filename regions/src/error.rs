//! What can go wrong in a recipe, one variant per cause.

/// A recipe that does not fit its parameters or its connectome.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connectome is not valid, or has no region of a name that an override uses.
    #[error(transparent)]
    Connectome(#[from] connectome::Error),
    /// A parameter out of its range.
    #[error("regions: `{key}` is {found}, expected {expected}")]
    BadValue {
        /// The parameter as it is written under `[regions]`.
        key: String,
        /// What was given.
        found: f64,
        /// What would be right.
        expected: &'static str,
    },
    /// Two parameters that say different things.
    #[error("regions: found both `{key}` and `{other}`, expected one of them")]
    Conflict {
        /// One parameter.
        key: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A parameter that has no effect beside another.
    #[error("regions: found `{key}`, which has a meaning only with {expected}")]
    Unused {
        /// The parameter.
        key: &'static str,
        /// What would give it a meaning.
        expected: &'static str,
    },
    /// Sizes from the atlas, but the atlas knows nothing about a region.
    #[error(
        "region {region}: `size.from` is \"atlas\", but {connectome} has neither its number of neurons nor its volume; \
         give `size.neurons` for such regions, or `region.\"{region}\".neurons`"
    )]
    UnknownSize {
        /// The region.
        region: String,
        /// The connectome.
        connectome: String,
    },
    /// The atlas gives a volume, but nobody gave a density.
    #[error(
        "region {region}: {connectome} has its volume but not its number of neurons; give `size.density`, such as 90000 neurons per mm3"
    )]
    NoDensity {
        /// The region.
        region: String,
        /// The connectome.
        connectome: String,
    },
    /// A region too small for the recipe's populations.
    #[error("region {region}: {neurons} neurons leave its population {population} empty, expected {least} or more")]
    RegionTooSmall {
        /// The region.
        region: String,
        /// Neurons it would have.
        neurons: f64,
        /// The population that would be empty.
        population: &'static str,
        /// A number of neurons that fills all.
        least: u64,
    },
    /// A region with more neurons than a population can number.
    #[error("region {region}: {neurons} neurons, expected at most {most}")]
    RegionTooLarge {
        /// The region.
        region: String,
        /// Neurons it would have.
        neurons: f64,
        /// The most that a recipe builds.
        most: u64,
    },
    /// More synapses than can be counted.
    #[error("{what} would have {found:.3e} synapses, expected at most {most:.3e}")]
    TooManySynapses {
        /// A region or a tract.
        what: String,
        /// How many.
        found: f64,
        /// The most.
        most: f64,
    },
    /// More projections than can be described.
    #[error("{connectome}: {tracts} tracts would become {found} projections, expected at most {most}; apply a threshold to the connectome")]
    TooManyProjections {
        /// The connectome.
        connectome: String,
        /// Its tracts.
        tracts: u64,
        /// Projections they become.
        found: u64,
        /// The most.
        most: u64,
    },
    /// A tract whose delay nobody knows.
    #[error(
        "tract {source_region} -> {target_region}: {connectome} has neither its length nor the positions of both regions; \
         give `tracts.default_delay`"
    )]
    NoLength {
        /// Where the tract begins.
        source_region: String,
        /// Where it ends.
        target_region: String,
        /// The connectome.
        connectome: String,
    },
    /// A lesioned connectome that is not about the same regions as the intact one.
    #[error("region {number} is {found} in {connectome} but {expected} in the intact {intact}")]
    OtherRegions {
        /// Place in the list of regions, counted from 1.
        number: usize,
        /// Label in the lesioned connectome, or `nothing`.
        found: String,
        /// Label in the intact one, or `nothing`.
        expected: String,
        /// The lesioned connectome.
        connectome: String,
        /// The intact one.
        intact: String,
    },
}

/// `value` if it satisfies `holds`, else an error that names the key.
pub(crate) fn require(key: &str, value: f64, holds: bool, expected: &'static str) -> Result<(), Error> {
    if holds && value.is_finite() { Ok(()) } else { Err(Error::BadValue { key: key.to_owned(), found: value, expected }) }
}

/// A value that must be positive.
pub(crate) fn positive(key: &str, value: f64) -> Result<(), Error> {
    require(key, value, value > 0.0, "a positive number")
}

/// A value that must not be negative.
pub(crate) fn not_negative(key: &str, value: f64) -> Result<(), Error> {
    require(key, value, value >= 0.0, "zero or a positive number")
}

/// A value that must lie between 0 and 1.
pub(crate) fn fraction(key: &str, value: f64) -> Result<(), Error> {
    require(key, value, (0.0..=1.0).contains(&value), "a number between 0 and 1")
}
