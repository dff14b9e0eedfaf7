//! The entries that this process knows.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::keys::{RevocationEntry, RevokedDigest, RevokedSubject, Timestamp};

/// The entries, by what they end. Entries only grow, so that it does not matter in which order they come,
/// or how often.
#[derive(Default)]
pub(super) struct Table {
    entries: RwLock<Entries>,
    /// The number of tokens, and of principals, as they are in `entries`: most requests need no more.
    tokens: AtomicUsize,
    principals: AtomicUsize,
}

#[derive(Default)]
struct Entries {
    tokens: HashMap<RevokedDigest, Timestamp>,
    principals: HashMap<RevokedDigest, Vec<Cut>>,
    /// By the time at which they are over.
    order: BTreeSet<(Timestamp, Key)>,
}

/// What of a principal has ended.
#[derive(Clone, Copy)]
struct Cut {
    /// The tenant, where it is of one alone.
    tenant: Option<RevokedDigest>,
    before: Timestamp,
    until: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Token(RevokedDigest),
    Principal(RevokedDigest, Option<RevokedDigest>),
}

impl Table {
    /// Adds entries. Answers whether they end more than was known.
    pub(super) fn merge(&self, entries: impl IntoIterator<Item = RevocationEntry>) -> bool {
        let mut table = self.write();
        let mut has_grown = false;
        for entry in entries {
            has_grown |= table.merge(entry);
        }
        self.count(&table);
        has_grown
    }

    /// Whether a token is revoked, under any of its digests. They are made only where they are needed.
    pub(super) fn has_token<const N: usize>(
        &self,
        token: impl FnOnce() -> Option<[RevokedDigest; N]>,
    ) -> bool {
        if self.tokens.load(Ordering::Acquire) == 0 {
            return false;
        }
        let Some(digests) = token() else {
            return false;
        };
        let table = self.read();
        digests.iter().any(|one| table.tokens.contains_key(one))
    }

    /// The instant before which everything of a principal has ended, under any of its digests; `tenant`
    /// is asked only where something of one tenant has.
    pub(super) fn before<const N: usize>(
        &self,
        who: impl FnOnce() -> [RevokedDigest; N],
        tenant: impl FnOnce() -> Option<RevokedDigest>,
    ) -> Option<Timestamp> {
        if self.principals.load(Ordering::Acquire) == 0 {
            return None;
        }
        let who = who();
        let cuts: Vec<Cut> = {
            let table = self.read();
            let of_each = who.iter().filter_map(|who| table.principals.get(who));
            of_each.flatten().copied().collect()
        };
        let needs_tenant = cuts.iter().any(|cut| cut.tenant.is_some());
        let tenant = match needs_tenant {
            true => tenant(),
            false => None,
        };
        // A tenant that cannot be read may be any.
        let is_of = |cut: &&Cut| cut.tenant.is_none() || tenant.is_none() || cut.tenant == tenant;
        let ended = cuts.iter().filter(is_of);
        ended.map(|cut| cut.before).max()
    }

    /// Every entry.
    pub(super) fn all(&self) -> Vec<RevocationEntry> {
        let table = self.read();
        let keys = table.order.iter().map(|(_, key)| *key);
        keys.filter_map(|key| table.entry(key)).collect()
    }

    /// Drops some of the entries that are over. Both times must say so: neither clock alone brings a
    /// revoked token back.
    pub(super) fn forget(&self, by_store: Timestamp, by_us: Timestamp) {
        let now = by_store.min(by_us);
        let is_over = |(until, _): &(Timestamp, Key)| *until <= now;
        if !self.read().order.first().is_some_and(is_over) {
            return;
        }
        let mut table = self.write();
        for _ in 0..AT_ONCE {
            let Some((_, key)) = table.order.first().copied().filter(is_over) else {
                break;
            };
            table.remove(key);
        }
        self.count(&table);
    }

    pub(super) fn len(&self) -> usize {
        self.read().order.len()
    }

    fn count(&self, table: &Entries) {
        self.tokens.store(table.tokens.len(), Ordering::Release);
        let principals = table.principals.len();
        self.principals.store(principals, Ordering::Release);
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn merge(&mut self, new: RevocationEntry) -> bool {
        let key = Key::of(&new);
        let old = self.entry(key);
        let merged = old.map_or(new, |old| old.merge(new));
        if old == Some(merged) {
            return false;
        }
        if let Some(old) = old {
            self.order.remove(&(old.kept_until(), key));
        }
        self.order.insert((merged.kept_until(), key));
        match merged.subject {
            RevokedSubject::Token(token) => {
                self.tokens.insert(token, merged.until());
            }
            RevokedSubject::Principal {
                who,
                tenant,
                before,
            } => {
                let cuts = self.principals.entry(who).or_default();
                cuts.retain(|cut| cut.tenant != tenant);
                cuts.push(Cut {
                    tenant,
                    before,
                    until: merged.until(),
                });
            }
        }
        true
    }

    fn entry(&self, key: Key) -> Option<RevocationEntry> {
        let (subject, until) = match key {
            Key::Token(token) => (RevokedSubject::Token(token), *self.tokens.get(&token)?),
            Key::Principal(who, tenant) => {
                let mut cuts = self.principals.get(&who)?.iter();
                let cut = cuts.find(|cut| cut.tenant == tenant)?;
                let before = cut.before;
                let subject = RevokedSubject::Principal {
                    who,
                    tenant,
                    before,
                };
                (subject, cut.until)
            }
        };
        Some(RevocationEntry { subject, until })
    }

    fn remove(&mut self, key: Key) {
        if let Some(entry) = self.entry(key) {
            self.order.remove(&(entry.kept_until(), key));
        }
        match key {
            Key::Token(token) => {
                self.tokens.remove(&token);
            }
            Key::Principal(who, tenant) => {
                if let Some(cuts) = self.principals.get_mut(&who) {
                    cuts.retain(|cut| cut.tenant != tenant);
                    if cuts.is_empty() {
                        self.principals.remove(&who);
                    }
                }
            }
        }
    }
}

impl Key {
    fn of(entry: &RevocationEntry) -> Self {
        match entry.subject {
            RevokedSubject::Token(token) => Self::Token(token),
            RevokedSubject::Principal { who, tenant, .. } => Self::Principal(who, tenant),
        }
    }
}

/// The number of entries that are dropped at once: requests wait meanwhile.
const AT_ONCE: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_unix_millis(millis)
    }

    fn token(number: u8, until: u64) -> RevocationEntry {
        RevocationEntry {
            subject: RevokedSubject::Token(RevokedDigest([number; 32])),
            until: at(until),
        }
    }

    #[test]
    fn an_entry_is_dropped_when_it_is_over_by_both_clocks() {
        let table = Table::default();
        assert!(table.merge([token(1, 1_000), token(2, 2_000)]));
        let over = token(1, 1_000).kept_until();
        let long_after = over.saturating_add(std::time::Duration::from_secs(1 << 30));
        table.forget(long_after, at(0));
        table.forget(at(0), long_after);
        assert_eq!(table.len(), 2);
        table.forget(long_after, over);
        assert_eq!(table.all(), [token(2, 2_000)]);
        assert!(!table.has_token(|| Some([RevokedDigest([1; 32])])));
        assert!(table.has_token(|| Some([RevokedDigest([2; 32])])));
    }

    #[test]
    fn an_entry_that_ends_no_more_than_is_known_is_no_change() {
        let table = Table::default();
        assert!(table.merge([token(1, 2_000)]));
        assert!(!table.merge([token(1, 1_000), token(1, 2_000)]));
        assert!(table.merge([token(1, 3_000)]));
        assert_eq!(table.all(), [token(1, 3_000)]);
    }

    #[test]
    fn a_tenant_that_cannot_be_read_may_be_the_one() {
        let table = Table::default();
        let tenant = |name| Some(RevokedDigest::of_tenant(Some(name)));
        let who = RevokedDigest([7; 32]);
        table.merge([RevocationEntry {
            subject: RevokedSubject::Principal {
                who,
                tenant: tenant("a"),
                before: at(5),
            },
            until: at(10),
        }]);
        assert_eq!(table.before(|| [who], || tenant("a")), Some(at(5)));
        assert_eq!(table.before(|| [who], || tenant("b")), None);
        assert_eq!(table.before(|| [who], || None), Some(at(5)));
    }
}
