//! Recognises `mpirun` and `srun`, which start several processes.

use super::error::Error;

/// Launchers, and the variables in which they tell a process how many there are and which one it is.
const LAUNCHERS: &[(&str, &str, &str)] = &[
    ("mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
    ("mpiexec", "PMI_SIZE", "PMI_RANK"),
    ("mpirun", "MPI_LOCALNRANKS", "MPI_LOCALRANKID"),
    ("srun", "SLURM_NTASKS", "SLURM_PROCID"),
];

/// Several processes and who started them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Launched {
    launcher: &'static str,
    processes: u64,
}

impl Launched {
    /// Each of them would do the whole work.
    #[cfg(not(feature = "mpi"))]
    pub(crate) fn without_mpi(self) -> Error {
        Error::NoMpi { launcher: self.launcher, processes: self.processes }
    }
}

/// The processes of which this is one, if there are several.
pub(crate) fn processes(variable: impl Fn(&str) -> Option<String>) -> Option<Launched> {
    LAUNCHERS.iter().find_map(|(launcher, size, rank)| {
        let number = |name: &str| variable(name).and_then(|v| v.trim().parse::<u64>().ok());
        // In a batch script outside srun SLURM sets a process id as well: there is a job, but no step.
        let batch_script = *launcher == "srun" && variable("SLURM_JOB_ID").is_some() && variable("SLURM_STEP_ID").is_none();
        match (number(size), number(rank), batch_script) {
            (Some(processes @ 2..), Some(_), false) => Some(Launched { launcher, processes }),
            _ => None,
        }
    })
}

/// Refuses to be one of several processes, each of which would do the same.
pub(crate) fn refuse_many_processes(verb: &'static str) -> Result<(), Error> {
    match processes(|name| std::env::var(name).ok()) {
        Some(Launched { launcher, processes }) => Err(Error::OneProcess { verb, launcher, processes }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn several(variables: &[(&str, &str)]) -> bool {
        processes(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string())).is_some()
    }

    #[test]
    fn one_of_several_processes_is_known() {
        assert!(several(&[("OMPI_COMM_WORLD_SIZE", "4"), ("OMPI_COMM_WORLD_RANK", "0")]));
        assert!(several(&[("PMI_SIZE", "2"), ("PMI_RANK", "1")]));
        assert!(several(&[("SLURM_NTASKS", "2"), ("SLURM_PROCID", "1"), ("SLURM_STEP_ID", "0")]));
    }

    #[test]
    fn a_single_process_and_a_batch_script_are_not() {
        assert!(!several(&[]));
        assert!(!several(&[("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")]));
        assert!(!several(&[("SLURM_NTASKS", "64"), ("SLURM_JOB_ID", "7"), ("SLURM_PROCID", "0")]));
        assert!(!several(&[("PMI_SIZE", "many"), ("PMI_RANK", "1")]));
    }
}
