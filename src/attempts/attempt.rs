//! One credential that is being judged.

use std::sync::Arc;

use http::{Extensions, HeaderMap};

use super::{
    settings::{Attempts, Inner},
    unit::{Everywhere, SharedUnit},
};
use crate::{error::AuthError, request::ClientAddress, shared::seed::SeededHasher};

/// A keyed digest of a credential and the address that it came from.
pub(crate) struct CredentialDigest(SeededHasher);

impl CredentialDigest {
    /// Adds a part of the credential.
    pub(crate) fn add(&mut self, part: &[u8]) {
        self.0.write(part);
    }
}

/// Which credentials count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    /// One that is found wrong.
    Wrong,
    /// One that was not accepted from the address before, whatever becomes of it.
    Unknown,
}

/// One attempt of an address, held while its credential is judged. Dropped, it did not count, save where
/// what is unknown counts: the credential could not be checked, or the client has gone away.
///
/// It is taken before anybody judges, so that many guesses at once are no more than the limit.
pub(crate) struct Attempt {
    pub(super) limit: Arc<Inner>,
    bucket: u128,
    unit: Unit,
    /// Its unit in the counts of all processes, where they count together.
    pub(super) everywhere: Option<Box<Everywhere>>,
}

/// The unit of an attempt.
enum Unit {
    /// It goes back unless the credential is wrong.
    Taken { full_at: u64 },
    /// It was taken for good.
    Spent,
    /// There was none left, and a known credential is judged all the same.
    Missing,
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
        counting: Counting,
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
        let is_known = || {
            let digest = limit.digest(bucket, &credential);
            digest.is_some_and(|digest| limit.known.get(digest) > now)
        };
        let unit = match limit.counts.take_until(limit.take(bucket), now) {
            Ok(_) if counting == Counting::Unknown && !is_known() => Unit::Spent,
            Ok(full_at) => Unit::Taken { full_at },
            Err(_) if is_known() => Unit::Missing,
            Err(wait) => return Err(limit.refusal(wait)),
        };
        let everywhere = limit.shared().map(|_| {
            let is_known = matches!(unit, Unit::Missing) || is_known();
            Box::new(Everywhere {
                count: limit.shared_count(&client.octets()),
                unit: match is_known {
                    true => SharedUnit::Known,
                    false => SharedUnit::Due,
                },
            })
        });
        Ok(Some(Attempt {
            limit: Arc::clone(limit),
            bucket,
            unit,
            everywhere,
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
        if let Unit::Missing = self.unit {
            // No debt: an address that shows many revoked keys waits no longer than one that guesses.
            let _ = limit
                .counts
                .take_one(limit.take(self.bucket), limit.counts.now());
        }
        if let Some(digest) = limit.digest(self.bucket, credential)
            && limit.known.get(digest) != 0
        {
            limit.known.set(digest, LONG_AGO);
        }
        if let Some(everywhere) = &self.everywhere {
            limit.charge_everywhere(everywhere);
        }
        self.spend();
    }

    /// Keeps its unit for good.
    pub(super) fn spend(&mut self) {
        self.unit = Unit::Spent;
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if let Unit::Taken { full_at } = self.unit {
            let limit = &self.limit;
            limit
                .counts
                .give_back_missing(limit.take(self.bucket), full_at);
            if let Some(everywhere) = &self.everywhere {
                limit.give_back_everywhere(self.bucket, everywhere);
            }
        }
    }
}

/// In nanoseconds.
const KNOWN_FOR: u64 = 60 * MINUTE;
const NOTED_EVERY: u64 = MINUTE;
const MINUTE: u64 = 60 * 1_000_000_000;
/// A time that is over.
const LONG_AGO: u64 = 1;
