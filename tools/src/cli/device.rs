//! Which device a process computes on.

use engine::Device;

use super::args::Backend;
use super::error::Error;

/// Variables in which launchers tell a process which of those on its machine it is.
const LOCAL_RANK: &[&str] = &["OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"];

/// The device of this process, `None` for the processor: each of several processes on a machine has one of its own, as far as there
/// are enough.
pub(crate) fn open(backend: Backend) -> Result<Option<Device>, Error> {
    match backend {
        Backend::Cpu => Ok(None),
        Backend::Cuda => {
            let rank = local_rank(|name| std::env::var(name).ok());
            let open = |n: usize| Device::open(rank % n.max(1));
            Device::count().and_then(open).map(Some).map_err(Error::NoDevice)
        }
    }
}

fn local_rank(variable: impl Fn(&str) -> Option<String>) -> usize {
    LOCAL_RANK.iter().find_map(|name| variable(name)?.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_of_a_machine_has_its_own_device() {
        let rank = |name: &'static str, value: &'static str| local_rank(move |asked| (asked == name).then(|| value.to_string()));
        assert_eq!(rank("OMPI_COMM_WORLD_LOCAL_RANK", "3"), 3);
        assert_eq!(rank("SLURM_LOCALID", "1"), 1);
        assert_eq!(rank("SLURM_LOCALID", "none"), 0);
        assert_eq!(rank("HOME", "1"), 0);
    }
}
