//! A hash of several parts.

use sha2::{Digest, Sha256};

use crate::hex;

/// The SHA-256 of a sequence of parts. Two different sequences never hash the same bytes, because each part is preceded by its
/// length in 8 bytes, big-endian.
///
/// Digests are stored between runs and sent to receivers, so this format never changes.
///
/// ```
/// use taskferry_sdk::PartsHash;
///
/// assert_ne!(PartsHash::of(["ab", "c"]).digest(), PartsHash::of(["a", "bc"]).digest());
/// ```
#[derive(Debug, Clone, Default)]
pub struct PartsHash(Sha256);

impl PartsHash {
    /// The hash of these parts. More can be added.
    pub fn of(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut hash = Self::default();
        parts.into_iter().for_each(|part| hash.add(part));
        hash
    }

    /// Adds a part.
    pub fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    /// The first 8 bytes of the digest as a number, for tables in memory.
    ///
    /// ```
    /// use taskferry_sdk::PartsHash;
    ///
    /// let hash = PartsHash::of(["t1"]);
    /// assert_eq!(format!("{:016x}", hash.clone().prefix()), hash.digest()[..16]);
    /// ```
    pub fn prefix(self) -> u64 {
        u64::from_be_bytes(self.0.finalize().first_chunk().copied().unwrap_or_default())
    }

    /// The digest as lower-case hexadecimal digits.
    pub fn digest(self) -> String {
        hex(self.0.finalize())
    }
}
