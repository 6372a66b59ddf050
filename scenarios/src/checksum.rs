//! FNV-1a: tells whether two things are the same, not who made them.

/// A checksum in the making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Adds bytes. What is added in two parts counts as what is added at once.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    }

    /// The checksum of all that was added.
    pub(crate) fn value(self) -> u64 {
        self.0
    }
}
