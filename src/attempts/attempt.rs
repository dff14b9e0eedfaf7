//! One credential that is being judged.

use std::sync::Arc;

use http::{Extensions, HeaderMap};

use super::settings::{Attempts, Inner};
use crate::{error::AuthError, request::ClientAddress, shared::seed::SeededHasher};

/// A keyed digest of a credential and the address that it came from.
pub(crate) struct CredentialDigest(SeededHasher);

impl CredentialDigest {
    /// Adds a part of the credential.
    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.write(part);
    }
}

/// One attempt of an address, held while its credential is judged. Dropped, it did not count: the
/// credential could not be checked, or the client has gone away.
///
/// It is taken before anybody judges, so that many guesses at once are no more than the limit.
pub(crate) struct Attempt {
    limit: Arc<Inner>,
    bucket: u128,
    /// Whether it was taken from the bucket: a known credential is judged although nothing is left.
    is_taken: bool,
}

impl Attempts {
    /// One attempt for the client of a request that shows a credential; `None` where clients without an
    /// address are not limited.
    ///
    /// `credential` writes what is shown; `false` where it cannot be told from others.
    pub(crate) fn admit(
        &self,
        extensions: &Extensions,
        headers: &HeaderMap,
        credential: impl Fn(&mut CredentialDigest) -> bool,
    ) -> Result<Option<Attempt>, AuthError> {
        let limit = &self.0;
        limit.watch.look(extensions, headers);
        let Some(client) = ClientAddress::of(extensions) else {
            limit.warn_of_no_address();
            return Ok(None);
        };
        let bucket = limit.seed.hash([client.octets().as_slice()]);
        let now = limit.counts.now();
        let is_taken = match limit.counts.take_one(limit.take(bucket), now) {
            Ok(_) => true,
            Err(wait) => {
                let digest = limit.digest(bucket, &credential);
                if digest.is_none_or(|digest| limit.known.get(digest) <= now) {
                    return Err(limit.refusal(wait));
                }
                false
            }
        };
        Ok(Some(Attempt {
            limit: Arc::clone(limit),
            bucket,
            is_taken,
        }))
    }
}

impl Inner {
    fn digest(
        &self,
        bucket: u128,
        credential: impl Fn(&mut CredentialDigest) -> bool,
    ) -> Option<u128> {
        let mut digest = CredentialDigest(self.seed.hasher());
        digest.add(&bucket.to_ne_bytes());
        credential(&mut digest).then(|| digest.0.finish())
    }
}

impl Attempt {
    /// The credential was accepted: it is known from this address for an hour.
    pub(crate) fn accepted(self, credential: impl Fn(&mut CredentialDigest) -> bool) {
        let limit = &self.limit;
        if let Some(digest) = limit.digest(self.bucket, credential) {
            let until = limit.counts.now().saturating_add(KNOWN_FOR);
            // Most requests show what was shown a moment ago.
            if until.saturating_sub(limit.known.get(digest)) > NOTED_EVERY {
                limit.known.set(digest, until);
            }
        }
    }

    /// The credential was wrong. If it was known, it is not any more.
    pub(crate) fn wrong(mut self, credential: impl Fn(&mut CredentialDigest) -> bool) {
        let limit = &self.limit;
        if !self.is_taken {
            limit.counts.take_anyway(limit.take(self.bucket));
        }
        if let Some(digest) = limit.digest(self.bucket, credential)
            && limit.known.get(digest) != 0
        {
            limit.known.set(digest, LONG_AGO);
        }
        // Nothing is given back.
        self.is_taken = false;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.is_taken {
            self.limit.counts.give_back(self.limit.take(self.bucket));
        }
    }
}

/// In nanoseconds.
const KNOWN_FOR: u64 = 60 * MINUTE;
const NOTED_EVERY: u64 = MINUTE;
const MINUTE: u64 = 60 * 1_000_000_000;
/// A time that is over.
const LONG_AGO: u64 = 1;
