//! One credential that is being judged.

use std::sync::Arc;

use http::{Extensions, HeaderMap};

use super::{
    settings::{Attempts, Inner},
    unit::{Everywhere, SharedUnit},
};
use crate::{error::AuthError, request::ClientAddress, seed::SeededHasher};

/// A keyed digest of what a request shows.
pub(crate) struct CredentialDigest {
    hasher: SeededHasher,
    shows_any: bool,
}

impl CredentialDigest {
    /// Adds what is shown in the next place, or that nothing is shown there.
    pub(crate) fn add(&mut self, shown: Option<&[u8]>) {
        match shown {
            Some(shown) => {
                self.hasher.write(shown);
                self.shows_any = true;
            }
            None => self.hasher.write_none(),
        }
    }

    /// The digest of that, and of the client who shows it; `None` where nothing tells it from others.
    fn shown_by(mut self, client: &[u8]) -> Option<u128> {
        self.hasher.write(client);
        self.shows_any.then(|| self.hasher.finish())
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
    client: [u8; 16],
    /// What is shown, from that client; `None` where it cannot be told from others.
    credential: Option<u128>,
    unit: Unit,
    /// Its unit in the counts of all processes, where they count together.
    pub(super) everywhere: Option<Box<Everywhere>>,
}

/// The unit of an attempt.
enum Unit {
    /// It goes back unless the credential is wrong.
    Taken { bucket: u128, full_at: u64 },
    /// It was taken for good.
    Spent,
    /// A known credential is judged whatever its address has left, and takes one where it is wrong now.
    Known { is_noted_lately: bool },
}

impl Attempts {
    /// A digest of a credential of that kind, to which nothing is added yet.
    pub(crate) fn digest(&self, kind: &str) -> CredentialDigest {
        let mut hasher = self.0.seed.hasher();
        hasher.write(kind.as_bytes());
        CredentialDigest {
            hasher,
            shows_any: false,
        }
    }

    /// One attempt for the client of a request that shows a credential; `None` where clients without an
    /// address are not limited.
    pub(crate) fn admit(
        &self,
        extensions: &Extensions,
        headers: &HeaderMap,
        counting: Counting,
        credential: CredentialDigest,
    ) -> Result<Option<Attempt>, AuthError> {
        let limit = &self.0;
        limit.watch.look(extensions, headers);
        let Some(client) = ClientAddress::of(extensions) else {
            limit.warn_of_no_address();
            return Ok(None);
        };
        let client = client.octets();
        let credential = credential.shown_by(&client);
        let now = limit.counts.now();
        let known_until = credential.map_or(0, |credential| limit.known.get(credential));
        let unit = match known_until.checked_sub(now) {
            Some(left @ 1..) => Unit::Known {
                is_noted_lately: left >= KNOWN_FOR - NOTED_EVERY,
            },
            _ => {
                let bucket = limit.bucket(&client);
                match (limit.counts.take_until(limit.take(bucket), now), counting) {
                    (Err(wait), _) => return Err(limit.refusal(wait)),
                    (Ok(_), Counting::Unknown) => Unit::Spent,
                    (Ok(full_at), Counting::Wrong) => Unit::Taken { bucket, full_at },
                }
            }
        };
        let everywhere = limit.shared().map(|_| {
            Box::new(Everywhere {
                count: limit.shared_count(&client),
                unit: match unit {
                    Unit::Known { .. } => SharedUnit::Known,
                    Unit::Taken { .. } | Unit::Spent => SharedUnit::Due,
                },
            })
        });
        Ok(Some(Attempt {
            limit: Arc::clone(limit),
            client,
            credential,
            unit,
            everywhere,
        }))
    }
}

impl Inner {
    fn bucket(&self, client: &[u8; 16]) -> u128 {
        self.seed.hash_block(*client)
    }
}

impl Attempt {
    /// The credential was accepted: it is known from this address for an hour.
    pub(crate) fn accepted(self) {
        // Most requests show what was shown a moment ago.
        let is_noted_lately =
            matches!(self.unit, Unit::Known { is_noted_lately } if is_noted_lately);
        if let Some(credential) = self.credential
            && !is_noted_lately
        {
            let now = self.limit.counts.now();
            let until = now.saturating_add(KNOWN_FOR);
            self.limit.known.set(credential, until, now);
        }
    }

    /// The credential was wrong. If it was known, it is not any more.
    pub(crate) fn wrong(mut self) {
        let limit = &self.limit;
        if let Unit::Known { .. } = self.unit {
            // No debt: an address that shows many revoked keys waits no longer than one that guesses.
            let take = limit.take(limit.bucket(&self.client));
            let _ = limit.counts.take_until(take, limit.counts.now());
        }
        if let Some(credential) = self.credential {
            limit.known.remove(credential);
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
        if let Unit::Taken { bucket, full_at } = self.unit {
            let limit = &self.limit;
            limit.counts.give_back_missing(limit.take(bucket), full_at);
            if let Some(everywhere) = &self.everywhere {
                limit.give_back_everywhere(bucket, everywhere);
            }
        }
    }
}

/// In nanoseconds.
const KNOWN_FOR: u64 = 60 * MINUTE;
const NOTED_EVERY: u64 = MINUTE;
const MINUTE: u64 = 60 * 1_000_000_000;
