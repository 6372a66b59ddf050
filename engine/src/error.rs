//! What can go wrong between a network description and its last step.

/// Errors of building and running a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A population's parameters are wrong.
    #[error("population `{population}`: {source}")]
    Model {
        /// The population.
        population: String,
        /// What the model says.
        source: models::Error,
    },
    /// A population's model does not exist, or not with compact state.
    #[error("population `{population}`: there is no neuron model `{model}` with the state that is asked for")]
    UnknownModel {
        /// The population.
        population: String,
        /// What was asked for.
        model: String,
    },
    /// A state variable that the model does not have.
    #[error("population `{population}`: {model} has no state variable `{variable}`")]
    UnknownVariable {
        /// The population.
        population: String,
        /// Its model.
        model: String,
        /// What was asked for.
        variable: String,
    },
    /// Weights that cannot be represented.
    #[error("{0}")]
    Weight(#[from] kernels::scale::Error),
    /// More neurons than a neuron id can name.
    #[error("{found} neurons, but at most {most} can be numbered")]
    TooManyNeurons {
        /// Neurons in the network.
        found: u64,
        /// The limit.
        most: u64,
    },
    /// A delay that the calendar cannot hold.
    #[error("projection {from} -> {to}: a delay of {found} ms is longer than {most} ms (65,535 steps)")]
    DelayTooLong {
        /// Source population.
        from: String,
        /// Target population.
        to: String,
        /// The delay.
        found: f64,
        /// The longest.
        most: f64,
    },
    /// A row or a thread's share of the synapses is longer than its numbers reach.
    #[error(
        "the stored synapses of one thread exceed {most} GiB, or those of one source {row} million; use more threads or storage = \"procedural\""
    )]
    StoreFull {
        /// The most that one thread stores, in GiB.
        most: u64,
        /// The most that one source sends to one thread, in millions.
        row: u64,
    },
    /// Explicit edges exist only where they are stored.
    #[error("projection {from} -> {to}: explicit edges cannot be made anew; use storage = \"auto\" or \"stored\"")]
    ProceduralEdges {
        /// Source population.
        from: String,
        /// Target population.
        to: String,
    },
    /// A checkpoint cannot be gone on from.
    #[error(transparent)]
    Checkpoint(#[from] crate::checkpoint::Error),
    /// Something that a device does not do.
    #[error("{what} cannot be on a device: {why}")]
    NotOnDevice {
        /// What it is.
        what: String,
        /// What is in the way.
        why: String,
    },
    /// A device cannot be used, or failed.
    #[error(transparent)]
    Device(#[from] kernels::cuda::Error),
    /// Another process of the run failed or ended.
    #[error("another process of this run has ended")]
    Lost,
    /// A thread of the simulation panicked.
    #[error("a simulation thread failed; this is a fault of the program, please report it")]
    Thread,
}

impl From<crate::comm::Lost> for Error {
    fn from(crate::comm::Lost: crate::comm::Lost) -> Self {
        Error::Lost
    }
}

/// What came of `result` on all ranks together: where one has an error all have, [`Error::Lost`] on those that met none themselves.
pub(crate) fn agreed<T>(comm: &dyn crate::comm::Comm, result: Result<T, Error>) -> Result<T, Error> {
    let mut failed = [i64::from(result.is_err())];
    comm.sum(&mut failed)?;
    let value = result?;
    if failed[0] > 0 { Err(Error::Lost) } else { Ok(value) }
}
