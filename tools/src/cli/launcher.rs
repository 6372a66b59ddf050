//! Recognises `mpirun` and `srun`, which would run N copies of a program that knows no MPI.

use super::error::Error;

/// Launchers, and the variables in which they tell a process how many there are and which one it is.
const LAUNCHERS: &[(&str, &str, &str)] = &[
    ("mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
    ("mpiexec", "PMI_SIZE", "PMI_RANK"),
    ("mpirun", "MPI_LOCALNRANKS", "MPI_LOCALRANKID"),
    ("srun", "SLURM_NTASKS", "SLURM_PROCID"),
];

/// Refuses to be one of several processes: this build has no MPI, so each would run the whole scenario.
pub(crate) fn refuse_many_processes(variable: impl Fn(&str) -> Option<String>) -> Result<(), Error> {
    for (launcher, size, rank) in LAUNCHERS {
        let number = |name: &str| variable(name).and_then(|v| v.trim().parse::<u64>().ok());
        // In a batch script outside srun SLURM sets a process id as well: there is a job, but no step.
        let batch_script = *launcher == "srun" && variable("SLURM_JOB_ID").is_some() && variable("SLURM_STEP_ID").is_none();
        if let (Some(processes @ 2..), Some(_), false) = (number(size), number(rank), batch_script) {
            return Err(Error::NoMpi { launcher, processes });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(variables: &[(&str, &str)]) -> bool {
        let find = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string());
        refuse_many_processes(find).is_err()
    }

    #[test]
    fn one_of_several_processes_is_refused() {
        assert!(refused(&[("OMPI_COMM_WORLD_SIZE", "4"), ("OMPI_COMM_WORLD_RANK", "0")]));
        assert!(refused(&[("PMI_SIZE", "2"), ("PMI_RANK", "1")]));
        assert!(refused(&[("SLURM_NTASKS", "2"), ("SLURM_PROCID", "1"), ("SLURM_STEP_ID", "0")]));
    }

    #[test]
    fn a_single_process_and_a_batch_script_are_not() {
        assert!(!refused(&[]));
        assert!(!refused(&[("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")]));
        assert!(!refused(&[("SLURM_NTASKS", "64"), ("SLURM_JOB_ID", "7"), ("SLURM_PROCID", "0")]));
        assert!(!refused(&[("PMI_SIZE", "many"), ("PMI_RANK", "1")]));
    }
}
