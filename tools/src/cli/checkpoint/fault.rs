//! Why a checkpoint cannot be used.

/// What is wrong with a checkpoint.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Fault {
    /// A file is gone or cannot be opened.
    #[error("{file} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the operating system said.
        reason: String,
    },
    /// A file is not as it was written.
    #[error("{file} is damaged: found {found}, expected {expected}")]
    Damaged {
        /// The file.
        file: String,
        /// What is there.
        found: String,
        /// What was written.
        expected: String,
    },
    /// It is of another version.
    #[error("found format {found}, written by braincog-sim {program}, expected format {expected}: go on with the version that wrote it")]
    OtherFormat {
        /// Its format.
        found: u64,
        /// The version that wrote it.
        program: String,
        /// The format of this program.
        expected: u32,
    },
    /// It is of a run that gives other spikes.
    #[error("it is of another run, of the scenario `{scenario}`{difference}")]
    OtherRun {
        /// The scenario that it is of.
        scenario: String,
        /// The first key that differs, with both values, where one is known.
        difference: String,
    },
    /// The run has recorded something else so far.
    #[error("what is recorded cannot change on the way{difference}")]
    OtherRecording {
        /// The first key that differs, with both values.
        difference: String,
    },
    /// It is of a time at which this run is over.
    #[error("it is of {time}, but the run is to end after {end}: expected a longer duration, such as --time 2s")]
    AfterTheEnd {
        /// Its time.
        time: String,
        /// The duration of this run.
        end: String,
    },
}

impl Fault {
    /// True if an earlier checkpoint of the same run may do.
    pub(super) fn is_of_this_one_alone(&self) -> bool {
        matches!(self, Fault::Unreadable { .. } | Fault::Damaged { .. } | Fault::AfterTheEnd { .. })
    }
}
