//! Keyed hashes, so that nobody outside can aim at an entry of a table.

use std::hash::{BuildHasher, Hasher, RandomState};

use siphasher::sip128::{Hasher128, SipHasher13};

/// A secret key that each process makes anew.
#[derive(Clone)]
pub(crate) struct Seed(SipHasher13);

impl Seed {
    pub(crate) fn new() -> Self {
        // The standard library's own random keys, which it takes from the system, as a function of
        // two inputs.
        let random = RandomState::new();
        Self(SipHasher13::new_with_keys(
            random.hash_one(1_u8),
            random.hash_one(2_u8),
        ))
    }

    pub(crate) fn hasher(&self) -> SeededHasher {
        SeededHasher(self.0)
    }

    /// A hash of texts.
    pub(crate) fn hash<'a>(&self, parts: impl IntoIterator<Item = &'a [u8]>) -> u128 {
        let mut hasher = self.hasher();
        for part in parts {
            hasher.write(part);
        }
        hasher.finish()
    }
}

/// Hashes texts that come one after the other.
pub(crate) struct SeededHasher(SipHasher13);

impl SeededHasher {
    /// Adds a text with its length, so that no two lists read alike.
    pub(crate) fn write(&mut self, text: &[u8]) {
        self.0.write_usize(text.len());
        self.0.write(text);
    }

    pub(crate) fn finish(self) -> u128 {
        self.0.finish128().as_u128()
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_read_alike_differ_and_so_do_two_seeds() {
        let seed = Seed::new();
        let hash = |parts: &[&str]| seed.hash(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(hash(&["ab", "c"]), hash(&["ab", "c"]));
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["ab", "c"]), hash(&["abc"]));
        assert_ne!(hash(&["ab"]), Seed::new().hash([b"ab".as_slice()]));
    }
}
