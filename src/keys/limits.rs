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

/// A bucket, and the limit that it is held to.
type Held<'a> = (&'a KeyId, KeyLimit);

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

    /// Counts one request of a key, where it is held to a limit; or how long it has to wait, and for
    /// which limit.
    pub(super) fn admit(
        &self,
        id: &KeyId,
        account: Option<&KeyId>,
        limit: Option<KeyLimit>,
    ) -> Result<Option<Standing>, (KeyLimit, Duration)> {
        // The key that an account is named after has the bucket of the account.
        let (own, shared) = self.of(id, account, limit);
        match (own, shared) {
            (None, None) => Ok(None),
            (Some(one), None) | (None, Some(one)) => self.count(one, None).map(Some),
            (Some(own), Some(shared)) => self.count(own, Some(shared)).map(Some),
        }
    }

    fn count(
        &self,
        first: Held<'_>,
        second: Option<Held<'_>>,
    ) -> Result<Standing, (KeyLimit, Duration)> {
        let taken = match second {
            None => self.take_all(&[self.take(first)]),
            Some(second) => self.take_all(&[self.take(first), self.take(second)]),
        };
        let limit_of = |number| match second {
            Some((_, limit)) if number == 1 => limit,
            _ => first.1,
        };
        match taken {
            Taken::None { longest, wait } => Err((limit_of(longest), wait)),
            Taken::All {
                tightest,
                remaining,
            } => Ok(Standing {
                remaining,
                requests: limit_of(tightest).requests(),
                seconds: limit_of(tightest).seconds(),
            }),
        }
    }

    fn take_all(&self, takes: &[Take]) -> Taken {
        let counts = self
            .counts
            .get_or_init(|| Counts::new(MOST_KEYS, self.clock.clone()));
        match counts.take(takes) {
            // What was taken under an earlier limit with a longer time is no debt under this one.
            Taken::None { .. } if counts.end_debts(takes) => counts.take(takes),
            taken => taken,
        }
    }

    /// Gives back what [`admit`](Self::admit) counted.
    pub(super) fn give_back(&self, id: &KeyId, account: Option<&KeyId>, limit: Option<KeyLimit>) {
        if let Some(counts) = self.counts.get() {
            let (own, shared) = self.of(id, account, limit);
            for held in own.into_iter().chain(shared) {
                counts.give_back(self.take(held));
            }
        }
    }

    /// The limit of a key, and the one of the account that it shares, each with its bucket.
    fn of<'a>(
        &self,
        id: &'a KeyId,
        account: Option<&'a KeyId>,
        limit: Option<KeyLimit>,
    ) -> (Option<Held<'a>>, Option<Held<'a>>) {
        let accounts = self.accounts.read().unwrap_or_else(PoisonError::into_inner);
        let shared = account.and_then(|account| {
            let shared = accounts.get(account)?;
            // A key without a limit is not held to the limit of another key that shares its account.
            let is_held = limit.is_some() || shared.is_own;
            is_held.then_some((account, shared.limit))
        });
        (limit.map(|limit| (id, limit)), shared)
    }

    fn take(&self, (bucket, limit): Held<'_>) -> Take {
        Take {
            bucket: self.seed.hash([bucket.as_str().as_bytes()]),
            rate: Rate::new(limit.requests(), limit.seconds(), limit.requests()),
            units: 1,
        }
    }
}

/// About so many keys with a limit are counted at once, 16 bytes each.
const MOST_KEYS: usize = 1 << 20;
