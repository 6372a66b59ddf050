//! Which device a process computes on.

use engine::Device;

use super::args::Backend;
use super::error::Error;

/// Variables in which launchers tell a process which of those on its machine it is.
const LOCAL_RANK: &[&str] = &["OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"];

/// The device of this one of `n_local` processes on a machine, `None` for the processor; and the bytes of it that are free for the process.
/// Each process has a device of its own, as far as there are enough.
pub(crate) fn open(backend: Backend, n_local: usize) -> Result<Option<(Device, u64)>, Error> {
    if backend == Backend::Cpu {
        return Ok(None);
    }
    let rank = local_rank(|name| std::env::var(name).ok());
    let open = |n: usize| {
        let device = Device::open(rank % n.max(1))?;
        let free = device.free_bytes()? / n_local.div_ceil(n.max(1)).max(1) as u64;
        Ok(Some((device, free)))
    };
    Device::count().and_then(open).map_err(Error::NoDevice)
}

/// The device of rank 0 and the numbers of all, by rank, for people.
pub(crate) fn describe(device: &Device, numbers: &[u64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let of = if numbers.len() > 1 { "numbers on their machines, by rank:" } else { "number" };
    format!("{}, {of} {}", device.name(), numbers.join(" "))
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
