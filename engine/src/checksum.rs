//! Checksums that tell whether two things are the same, not who made them.

use std::io;

use crate::Spike;

const PRIME: u64 = 0x0100_0000_01b3;

/// `POWERS[n]` is `PRIME` to the power of n.
const POWERS: [u64; 9] = {
    let mut powers = [1; 9];
    let mut n = 1;
    while n < powers.len() {
        powers[n] = PRIME.wrapping_mul(powers[n - 1]);
        n += 1;
    }
    powers
};

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
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }

    /// The same as the eight bytes of a word, lowest first. The upper ones are mostly zero, and zeros only multiply: one product for all of them.
    fn add_word(&mut self, word: u64) {
        let used = 8 - word.leading_zeros() as usize / 8;
        self.add(word.to_le_bytes().into_iter().take(used));
        self.0 = self.0.wrapping_mul(POWERS[8 - used]);
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
            self.0.add_word(spike.step);
            self.0.add_word(u64::from(spike.id));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_the_sum_of_its_eight_bytes() {
        for word in [0, 1, 0xff, 0x100, 0x1_00ff, 0xdead_beef, 1 << 40, 0x0001_0000_0000_0000, u64::MAX] {
            let (mut bytes, mut words) = (Fnv::default(), Fnv::default());
            bytes.add(word.to_le_bytes());
            words.add_word(word);
            assert_eq!(bytes, words, "{word:#x}");
        }
    }
}
