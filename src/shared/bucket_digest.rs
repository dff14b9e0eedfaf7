//! Digests that are the same in every process.

use sha2::{Digest, Sha256};

/// A digest of texts that come one after the other: the bucket of a limit in a shared state.
#[derive(Default)]
pub(crate) struct BucketDigest(Sha256);

impl BucketDigest {
    /// Adds a text with its length, so that no two lists read alike.
    pub(crate) fn write(&mut self, text: &[u8]) {
        let len = u64::try_from(text.len()).unwrap_or(NONE - 1);
        self.0.update(len.to_be_bytes());
        self.0.update(text);
    }

    /// Adds the absence of a text.
    pub(crate) fn write_none(&mut self) {
        self.0.update(NONE.to_be_bytes());
    }

    /// The first half of the digest.
    pub(crate) fn finish(self) -> u128 {
        let digest = self.0.finalize();
        let (bucket, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
        u128::from_be_bytes(*bucket)
    }
}

/// The length of a text that is not there.
const NONE: u64 = u64::MAX;
