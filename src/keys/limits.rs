//! The limits of keys, counted by this process [12.2], [14.1].

use std::{
    collections::HashMap,
    sync::{OnceLock, PoisonError, RwLock},
    time::Duration,
};

use super::{KeyId, KeyLimit, KeyRecord};
use crate::{
    clock::Clock,
    context::Standing,
    shared::{
        counts::{Counts, Take, Taken},
        gcra::Rate,
        seed::Seed,
    },
};

/// Counts of keys with a limit, and the limits of accounts that several keys share.
///
/// A key of another key's account is held to its own limit and to that of the account, so that many
/// narrow keys are no more than the key that made them.
pub(super) struct KeyLimits {
    clock: Clock,
    seed: Seed,
    /// Made when the first key with a limit is shown.
    counts: OnceLock<Counts>,
    accounts: RwLock<HashMap<KeyId, AccountLimit>>,
}

struct AccountLimit {
    limit: KeyLimit,
    /// Whether it is from the key that the account is named after, and not from one that shares it.
    is_own: bool,
}

impl KeyLimits {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            seed: Seed::new(),
            counts: OnceLock::new(),
            accounts: RwLock::default(),
        }
    }

    /// Notes what a record says about the limit of its account.
    pub(super) fn note(&self, record: &KeyRecord) {
        let is_own = record.account == record.id;
        let mut accounts = self
            .accounts
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(limit) = record.limit else {
            if is_own {
                accounts.remove(&record.account);
            }
            return;
        };
        let known = accounts.get(&record.account);
        let is_newer =
            |known: &AccountLimit| is_own || (!known.is_own && known.limit.is_within(limit));
        let has_room = known.is_some() || accounts.len() < MOST_KEYS;
        if has_room && known.is_none_or(is_newer) {
            accounts.insert(record.account.clone(), AccountLimit { limit, is_own });
        }
    }

    /// Counts one request of a key; or how long it has to wait, and for which limit.
    pub(super) fn admit(
        &self,
        id: &KeyId,
        account: Option<&KeyId>,
        limit: KeyLimit,
    ) -> Result<Standing, (KeyLimit, Duration)> {
        let counts = self
            .counts
            .get_or_init(|| Counts::new(MOST_KEYS, self.clock.clone()));
        // The key that an account is named after has the bucket of the account.
        let own = self.take(id, limit);
        let standing = |limit: KeyLimit, remaining| Standing {
            remaining,
            requests: limit.requests(),
            seconds: limit.seconds(),
        };
        let Some((account, shared)) = self.shared(account) else {
            return match counts.take(&[own]) {
                Taken::All { remaining, .. } => Ok(standing(limit, remaining)),
                Taken::None { wait, .. } => Err((limit, wait)),
            };
        };
        let limit_of = |number| if number == 0 { limit } else { shared };
        match counts.take(&[own, self.take(account, shared)]) {
            Taken::All {
                tightest,
                remaining,
            } => Ok(standing(limit_of(tightest), remaining)),
            Taken::None { longest, wait } => Err((limit_of(longest), wait)),
        }
    }

    /// Gives back what [`admit`](Self::admit) counted.
    pub(super) fn give_back(&self, id: &KeyId, account: Option<&KeyId>, limit: KeyLimit) {
        if let Some(counts) = self.counts.get() {
            counts.give_back(self.take(id, limit));
            if let Some((account, shared)) = self.shared(account) {
                counts.give_back(self.take(account, shared));
            }
        }
    }

    /// An account that a key shares, and its limit.
    fn shared<'a>(&self, account: Option<&'a KeyId>) -> Option<(&'a KeyId, KeyLimit)> {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        account.and_then(|account| Some((account, accounts.get(account)?.limit)))
    }

    fn take(&self, bucket: &KeyId, limit: KeyLimit) -> Take {
        Take {
            bucket: self.seed.hash([bucket.as_str().as_bytes()]),
            rate: Rate::new(limit.requests(), limit.seconds(), limit.requests()),
            units: 1,
        }
    }
}

/// About so many keys with a limit are counted at once, 16 bytes each.
const MOST_KEYS: usize = 1 << 20;
