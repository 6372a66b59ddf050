//! A checksum over a spike train that two equal trains share.

use crate::Spike;

/// FNV-1a over the bytes of (step, id), spike by spike in sorted order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum(u64);

impl Default for Checksum {
    fn default() -> Self {
        Checksum(0xcbf2_9ce4_8422_2325)
    }
}

impl Checksum {
    /// Takes in spikes that come after all earlier ones, sorted by (step, id).
    pub fn add(&mut self, spikes: &[Spike]) {
        for spike in spikes {
            for byte in spike.step.to_le_bytes().into_iter().chain(u64::from(spike.id).to_le_bytes()) {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
}

impl std::fmt::Display for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
