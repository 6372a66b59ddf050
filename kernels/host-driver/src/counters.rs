//! What programs cost: counted, not timed.

/// Bytes that one kind of access moved. A warp moves whole sectors of 32 bytes: what it asks for is `bytes`,
/// what the memory has to deliver is `sectors * 32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Traffic {
    /// Bytes that threads asked for.
    pub bytes: u64,
    /// Sectors of 32 bytes that their warps touched, counted per access.
    pub sectors: u64,
}

/// Everything that is counted, since the library was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// Kernels launched.
    pub launches: u64,
    /// Times the host waited for the device.
    pub synchronisations: u64,
    /// Instructions, one per warp that runs it.
    pub warp_instructions: u64,
    /// Instructions, one per thread that runs it.
    pub thread_instructions: u64,
    /// Barriers that a block passed.
    pub barriers: u64,
    /// Reads of global memory.
    pub loads: Traffic,
    /// Writes to global memory.
    pub stores: Traffic,
    /// Atomic changes of global memory.
    pub atomics: Traffic,
    /// Bytes read, written and changed in shared memory.
    pub shared_bytes: u64,
    /// Bytes copied from the host to the device.
    pub bytes_to_device: u64,
    /// Bytes copied from the device to the host.
    pub bytes_to_host: u64,
    /// Bytes copied or set inside the device by the host's command.
    pub bytes_inside: u64,
}

/// Bytes in a sector.
const SECTOR: u64 = 32;

impl std::ops::AddAssign for Traffic {
    fn add_assign(&mut self, other: Traffic) {
        self.bytes += other.bytes;
        self.sectors += other.sectors;
    }
}

impl std::ops::AddAssign for Counters {
    fn add_assign(&mut self, other: Counters) {
        self.launches += other.launches;
        self.synchronisations += other.synchronisations;
        self.warp_instructions += other.warp_instructions;
        self.thread_instructions += other.thread_instructions;
        self.barriers += other.barriers;
        self.loads += other.loads;
        self.stores += other.stores;
        self.atomics += other.atomics;
        self.shared_bytes += other.shared_bytes;
        self.bytes_to_device += other.bytes_to_device;
        self.bytes_to_host += other.bytes_to_host;
        self.bytes_inside += other.bytes_inside;
    }
}

impl Counters {
    /// An object with a number for each field.
    pub fn to_json(&self) -> String {
        let numbers = [
            ("launches", self.launches),
            ("synchronisations", self.synchronisations),
            ("warp_instructions", self.warp_instructions),
            ("thread_instructions", self.thread_instructions),
            ("barriers", self.barriers),
            ("load_bytes", self.loads.bytes),
            ("load_sectors", self.loads.sectors),
            ("store_bytes", self.stores.bytes),
            ("store_sectors", self.stores.sectors),
            ("atomic_bytes", self.atomics.bytes),
            ("atomic_sectors", self.atomics.sectors),
            ("shared_bytes", self.shared_bytes),
            ("bytes_to_device", self.bytes_to_device),
            ("bytes_to_host", self.bytes_to_host),
            ("bytes_inside", self.bytes_inside),
        ];
        format!("{{{}}}", numbers.map(|(name, number)| format!("\"{name}\": {number}")).join(", "))
    }
}

impl Traffic {
    /// Counts what the lanes of a warp ask for in one access: `size` bytes at each address.
    pub(crate) fn add(&mut self, addresses: &mut [u64], size: usize) {
        self.bytes += (addresses.len() * size) as u64;
        addresses.iter_mut().for_each(|address| *address /= SECTOR);
        if !addresses.is_sorted() {
            addresses.sort_unstable();
        }
        let first = usize::from(!addresses.is_empty());
        self.sectors += (first + addresses.windows(2).filter(|pair| pair[0] != pair[1]).count()) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warp_that_reads_a_row_moves_what_it_asks_for() {
        let mut traffic = Traffic::default();
        traffic.add(&mut (0..32).map(|lane| 4096 + 4 * lane).collect::<Vec<_>>(), 4);
        assert_eq!(traffic, Traffic { bytes: 128, sectors: 4 });
    }

    #[test]
    fn a_warp_that_reads_a_column_moves_a_sector_per_lane() {
        let mut traffic = Traffic::default();
        traffic.add(&mut (0..32).rev().map(|lane| 4096 + 128 * lane).collect::<Vec<_>>(), 4);
        assert_eq!(traffic, Traffic { bytes: 128, sectors: 32 });
    }
}
