//! What can go wrong on the command line, and the exit code that each cause has.

use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint::Fault;

/// A verb that could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A scenario is wrong.
    #[error("{}", .0.render())]
    Scenario(Box<scenarios::Error>),
    /// A network cannot be built or stepped.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// A connectome cannot be read or written.
    #[error(transparent)]
    Connectome(Box<connectome::Error>),
    /// A file of a run cannot be read or written.
    #[error(transparent)]
    Record(#[from] engine::record::Error),
    /// The page of a run cannot be written.
    #[error(transparent)]
    Page(#[from] crate::report::Error),
    /// A file that the user named cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A result cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file that would be overwritten.
    #[error("{} exists; name another file or add --force", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Two runs into one folder at the same time.
    #[error("{} is in use by another run{}; name another folder with --out", folder.display(), process(owner))]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// What the other run wrote into its lock file: its process id.
        owner: String,
    },
    /// A run would begin where another can go on.
    #[error(
        "{0} holds checkpoints of a run that has not ended; go on with --resume {0}, name another folder with --out, or remove {0}/checkpoints",
        folder.display()
    )]
    Unfinished {
        /// The folder.
        folder: PathBuf,
    },
    /// A path that has no checkpoint.
    #[error("{}: found no checkpoint, expected the folder of a run that was stopped, or one of the folders in its `checkpoints`", folder.display())]
    NoCheckpoint {
        /// The path.
        folder: PathBuf,
    },
    /// A checkpoint that this run cannot go on from.
    #[error("{}: {fault}{}", checkpoint.display(), other(earlier))]
    Checkpoint {
        /// Its folder.
        checkpoint: PathBuf,
        /// What is wrong with it.
        fault: Box<Fault>,
        /// The last one before it that would do, and its time.
        earlier: Option<(PathBuf, String)>,
    },
    /// A checkpoint that was asked for by whoever stopped the run cannot be made.
    #[error("stopped without a checkpoint: {reason}")]
    NotMade {
        /// Why.
        reason: String,
    },
    /// A path that is not the folder of a finished run.
    #[error("{}: found no {missing}, expected the folder of a finished run", folder.display())]
    NotARun {
        /// The path.
        folder: PathBuf,
        /// The file that is not there.
        missing: &'static str,
    },
    /// A file in a run's folder that this program cannot have written.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Neither a file nor an atlas nor a run.
    #[error("{what}: no such file, run or atlas; atlases are {atlases}")]
    NothingToInspect {
        /// What the user typed.
        what: String,
        /// Names of the atlases.
        atlases: String,
    },
    /// A model that is not in the list.
    #[error("no neuron model `{name}`; did you mean `{nearest}`? `braincog-sim models` lists all")]
    UnknownModel {
        /// What the user typed.
        name: String,
        /// The name most like it.
        nearest: &'static str,
    },
    /// A benchmark that is not in the list.
    #[error("no benchmark `{name}`; did you mean `{nearest}`? `braincog-sim bench` lists all")]
    UnknownBenchmark {
        /// What the user typed.
        name: String,
        /// The name most like it.
        nearest: &'static str,
    },
    /// More memory than there is.
    #[error("{what} needs {needed} of {memory}, but {available} are available; the largest part is {largest}")]
    DoesNotFit {
        /// The scenario.
        what: String,
        /// Which memory.
        memory: &'static str,
        /// Memory needed.
        needed: String,
        /// Memory available.
        available: String,
        /// The largest term of it, with its size.
        largest: String,
    },
    /// The user asked for a device that cannot be had.
    #[error("{0}; leave out `--backend cuda` to run on the processor")]
    NoDevice(engine::DeviceError),
    /// A folder with points of another sweep, or of this one before it was changed.
    #[error(
        "{}: point {number} was {difference}; finished points are kept only while they would run the same again: \
         name another folder with --out, or remove this one",
        folder.display()
    )]
    OtherSweep {
        /// The folder.
        folder: PathBuf,
        /// The first point that differs.
        number: usize,
        /// What it was, and what it would be.
        difference: String,
    },
    /// A process for a part of the work cannot be started or waited for.
    #[error("cannot start a worker: {source}")]
    Worker {
        /// What the operating system said.
        source: io::Error,
    },
    /// Another rank has an error, and tells it.
    #[error("another process of this run has failed")]
    OnAnotherRank {
        /// Its exit code.
        code: u8,
    },
    /// MPI is there but cannot be used.
    #[error("MPI does not start, or does not allow a process to have threads of its own")]
    MpiDoesNotStart,
    /// A verb that one process does alone.
    #[error("{launcher} started {processes} processes, but `{verb}` is for one; start it without {launcher}")]
    OneProcess {
        /// The verb.
        verb: &'static str,
        /// The program that started the processes.
        launcher: &'static str,
        /// How many.
        processes: u64,
    },
    /// The page of a run that goes on cannot be served.
    #[error("cannot serve a page on 127.0.0.1{}: {source}", port.map_or_else(String::new, |p| format!(", port {p}")))]
    Serve {
        /// The port that the user named.
        port: Option<u16>,
        /// What the operating system said.
        source: io::Error,
    },
    /// Started as one of several processes.
    #[error(
        "{launcher} started {processes} processes, but this build has no MPI and each would run the whole scenario; \
         build it with `--features mpi`, or start it once and use --threads"
    )]
    NoMpi {
        /// The program that started the processes.
        launcher: &'static str,
        /// How many.
        processes: u64,
    },
}

impl From<scenarios::Error> for Error {
    fn from(error: scenarios::Error) -> Self {
        Error::Scenario(Box::new(error))
    }
}

impl From<connectome::Error> for Error {
    fn from(error: connectome::Error) -> Self {
        Error::Connectome(Box::new(error))
    }
}

fn process(owner: &str) -> String {
    if owner.is_empty() { String::new() } else { format!(" (process {owner})") }
}

fn other(earlier: &Option<(PathBuf, String)>) -> String {
    let offer = |(path, time): &(PathBuf, String)| format!("; the one before is good: go on from {time} with --resume {}", path.display());
    earlier.as_ref().map_or_else(String::new, offer)
}

impl Error {
    /// `map_err` for reading what the user named.
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        |source| Error::Read { path: path.to_path_buf(), source }
    }

    /// `map_err` for writing results.
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
        |source| Error::Write { path: path.to_path_buf(), source }
    }

    /// The message without the line that it points at.
    pub(crate) fn in_one_line(&self) -> String {
        match self {
            Error::Scenario(error) => error.to_string(),
            other => other.to_string().lines().collect::<Vec<_>>().join(" "),
        }
    }

    /// 2 where the user's input is wrong, 3 for a fault of the machine.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::OnAnotherRank { code } => *code,
            Error::Write { .. }
            | Error::Serve { port: None, .. }
            | Error::Page(_)
            | Error::NoDevice(_)
            | Error::Worker { .. }
            | Error::MpiDoesNotStart => 3,
            Error::Engine(engine::Error::Thread | engine::Error::Lost) => 3,
            // More memory than the device has is asked for by the scenario; all else is not its fault.
            Error::Engine(engine::Error::Device(error)) if !matches!(error, engine::DeviceError::Memory { .. }) => 3,
            Error::NotMade { .. } | Error::Engine(engine::Error::Checkpoint(engine::checkpoint::Error::Device(_))) => 3,
            Error::Record(error) | Error::Engine(engine::Error::Checkpoint(engine::checkpoint::Error::Write(error)))
                if error.is_fault_of_machine() =>
            {
                3
            }
            _ => 2,
        }
    }
}
