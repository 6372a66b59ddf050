//! Checksums that tell whether two things are the same, not who made them.

use std::io;

use crate::Spike;

/// FNV-1a over bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fnv(pub(crate) u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    pub(crate) fn add(&mut self, bytes: impl IntoIterator<Item = u8>) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl io::Write for Fnv {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes.iter().copied());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A checksum over a spike train that two equal trains share: over the bytes of (step, id), spike by spike in
/// sorted order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum(Fnv);

impl Checksum {
    /// Takes in spikes that come after all earlier ones, sorted by (step, id).
    pub fn add(&mut self, spikes: &[Spike]) {
        for spike in spikes {
            self.0.add(spike.step.to_le_bytes().into_iter().chain(u64::from(spike.id).to_le_bytes()));
        }
    }

    /// The checksum so far as a number; [`Checksum::go_on`] takes it.
    pub fn value(self) -> u64 {
        self.0.0
    }

    /// Goes on where a checksum had this value.
    pub fn go_on(value: u64) -> Self {
        Checksum(Fnv(value))
    }
}

impl std::fmt::Display for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.value())
    }
}
