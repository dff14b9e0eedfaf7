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
    seed::Seed,
    shared::{
        counts::{Counts, Take, Taken},
        gcra::Rate,
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
    /// `None` where the account has no limit.
    limit: Option<KeyLimit>,
    /// The key whose limit it is.
    holder: KeyId,
    /// Whether that is the key that the account is named after, or one that succeeded it, and not
    /// another key of the account.
    is_own: bool,
    /// The key that succeeds the holder.
    heir: Option<KeyId>,
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

    /// Notes what a record says about the limit of its account: the one of the key that the account is
    /// named after, and once that has a successor, of the successor. Where neither is there any more, it
    /// is the widest of those that share the account, so that they are no more together than before.
    ///
    /// Records come in the order of their changes. Where a successor has been read before the key that it
    /// succeeds, and a wider key of the account between them, the limit of the old key counts until the
    /// successor changes again: that is never too much.
    pub(super) fn note(&self, record: &KeyRecord) {
        let mut accounts = self
            .accounts
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let is_named = record.account == record.id;
        if let Some(known) = accounts.get_mut(&record.account)
            && is_named
            && record.successor.as_ref() == Some(&known.holder)
        {
            // The successor changed first, and has been read first.
            known.is_own = true;
            return;
        }
        let known = accounts.get(&record.account);
        let is_own = match known {
            Some(known) if known.is_own => {
                known.holder == record.id || known.heir.as_ref() == Some(&record.id)
            }
            _ => is_named,
        };
        let counts = match (known, record.limit) {
            // Whoever makes no keys has none beside it to tell.
            (None, None) => is_own && makes_keys(record),
            (None, Some(_)) => true,
            (Some(_), _) if is_own => true,
            (Some(known), Some(limit)) if !known.is_own => {
                known.limit.is_some_and(|known| known.is_within(limit))
            }
            (Some(_), _) => false,
        };
        let has_room = known.is_some() || accounts.len() < MOST_KEYS;
        if counts && has_room {
            let noted = AccountLimit {
                limit: record.limit,
                holder: record.id.clone(),
                is_own,
                heir: record.successor.clone(),
            };
            accounts.insert(record.account.clone(), noted);
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
        let take = || match takes {
            [take] => counts.take_alone(*take),
            takes => counts.take(takes.iter().copied()),
        };
        match take() {
            // What was taken under an earlier limit with a longer time is no debt under this one.
            Taken::None { .. } if counts.end_debts(takes) => take(),
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
            let of_account = shared.limit?;
            // A key without a limit is not held to the limit of another key that shares its account.
            let is_held = limit.is_some() || shared.is_own;
            is_held.then_some((account, of_account))
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

/// Whether other keys may share the account of a key: those that it has made.
fn makes_keys(record: &KeyRecord) -> bool {
    let mut scopes = record.scopes.iter();
    scopes.any(|scope| matches!(&**scope, "keys:write" | "*"))
}

/// About so many keys with a limit are counted at once, 16 bytes each.
const MOST_KEYS: usize = 1 << 20;
