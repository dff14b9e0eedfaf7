//! Ending what a key has open [13.2]: when the feed reports that it was revoked or deleted, when it
//! expires by the store's clock, and when nobody can tell any more.

use std::{
    mem,
    sync::{Arc, Weak},
    task::{Wake, Waker},
};

use tokio::task::yield_now;

use super::{
    KeyChange, KeyDigest, Timestamp,
    held::{JudgedKey, Known},
    lookups::Found,
    replica::Replica,
    uses::EndsKeys,
    watched::{Lasts, NEVER},
};
use crate::{
    ended::End,
    error::AuthErrorKind,
    polling::{Polled, Trust},
};

impl EndsKeys for Replica {
    fn end_of(&self, digest: &KeyDigest) -> Arc<End> {
        // Whoever waits keeps the replica, which tells of the end.
        let me = self.me().upgrade();
        let of = *digest;
        let forget = move || {
            if let Some(replica) = &me {
                replica.watched.forget(&of, replica.clock());
            }
        };
        let make = || End::forgotten_by(Box::new(forget));
        let (end, is_new) = self.watched.end_of(digest, self.clock(), make);
        if is_new {
            // It may have changed since the request was let in, and was not watched then.
            self.review(digest, self.unknown(NEVER));
        }
        end
    }

    fn has_ended(&self, digest: &KeyDigest) -> Option<bool> {
        let known = self.table().with(digest, Known::lasts);
        match known.unwrap_or_else(|| self.unknown(NEVER)) {
            Lasts::Over => Some(true),
            Lasts::Until(at) => Some(self.store_now() >= at || self.trust() == Trust::Lost),
            Lasts::Unsure(_) => None,
        }
    }
}

impl Replica {
    /// What it means that a key is not among the known ones.
    fn unknown(&self, expires_at: Timestamp) -> Lasts {
        match self.table().leaves_out() {
            true => Lasts::Unsure(expires_at),
            false => Lasts::Over,
        }
    }

    /// Notes a change for those who wait for the end of the key.
    pub(super) fn note_change(&self, change: &KeyChange) {
        if self.watched.is_empty() {
            return;
        }
        let said = match change {
            KeyChange::Put(key) if key.record().revoked.is_none() => {
                Lasts::Until(key.record().expires_at.unwrap_or(NEVER))
            }
            KeyChange::Put(_) | KeyChange::Deleted { .. } => Lasts::Over,
        };
        self.watched.note(&change.digest(), said);
    }

    /// Notes that everything was read anew: what is not there has ended.
    pub(super) fn note_all_changed(&self) {
        if self.watched.is_empty() {
            return;
        }
        for (digest, lasts) in self.watched.all() {
            let until = match lasts {
                Lasts::Over => NEVER,
                Lasts::Until(at) | Lasts::Unsure(at) => at,
            };
            self.watched.note(&digest, self.unknown(until));
        }
    }

    /// Looks into the keys that changed. Many may have ended at once, so others have their turn in
    /// between. One at a time is taken: what is left when the task ends is for the next one.
    pub(super) async fn settle_changed(&self) {
        let mut count = 0;
        while let Some((digest, said)) = self.watched.pop_changed() {
            self.review(&digest, said);
            count += 1;
            if count % AT_ONCE == 0 {
                yield_now().await;
            }
        }
    }

    /// Like [`settle_changed`](Self::settle_changed), for the few changes of one call.
    pub(super) fn settle_changed_here(&self) {
        while let Some((digest, said)) = self.watched.pop_changed() {
            self.review(&digest, said);
        }
    }

    /// Looks after the watched keys at the end of a poll. `has_jumped` is whether the store's clock shows
    /// another time than was to be expected.
    pub(super) async fn settle_poll(&self, has_jumped: bool) {
        self.settle_changed().await;
        if self.watched.is_empty() {
            return;
        }
        let is_all = has_jumped || self.trust() == Trust::Lost;
        // The alarms go by this process's clock, which may have been set back meanwhile, and stand still
        // while the machine does.
        let due = match is_all {
            true => self.watched.all(),
            false => self.watched.due(self.store_now()),
        };
        for some in due.chunks(AT_ONCE) {
            for (digest, lasts) in some {
                self.review(digest, *lasts);
            }
            yield_now().await;
        }
        let unsure = self.watched.unsure();
        if !unsure.is_empty() {
            tokio::spawn(ask_for(self.me().clone(), unsure));
        }
    }

    /// Ends what a key has open, if the key has ended; else sees to it that it is looked at when it
    /// expires. `otherwise` is what counts where the key is not among the known ones.
    fn review(&self, digest: &KeyDigest, otherwise: Lasts) {
        self.review_by(digest, || {
            let known = self.table().with(digest, Known::lasts);
            known.unwrap_or(otherwise)
        });
    }

    /// Whoever reads a key before it changes, and notes it after whoever took the change over, must not
    /// leave the older word: it is read once more.
    fn review_by(&self, digest: &KeyDigest, read: impl Fn() -> Lasts) {
        let mut lasts = read();
        loop {
            self.note_end(digest, lasts);
            let last = mem::replace(&mut lasts, read());
            if last == lasts {
                return;
            }
        }
    }

    fn note_end(&self, digest: &KeyDigest, lasts: Lasts) {
        let now = self.store_now();
        let (Lasts::Until(at) | Lasts::Unsure(at)) = lasts else {
            return self.finish(digest);
        };
        // Where nobody can tell whether a key was revoked, a new request is refused too.
        if now >= at || self.trust() == Trust::Lost {
            return self.finish(digest);
        }
        let wake = (at != NEVER).then(|| {
            let left = at.as_unix_millis().saturating_sub(now.as_unix_millis());
            let expiry = Expiry {
                replica: self.me().clone(),
                digest: *digest,
                at,
            };
            let local = self.clock().now_millis().saturating_add(left.max(AGAIN));
            (local, Waker::from(Arc::new(expiry)))
        });
        self.watched.set(digest, lasts, self.clock(), wake);
        if matches!(lasts, Lasts::Unsure(_)) {
            self.polling.poll_now();
        }
    }

    fn finish(&self, digest: &KeyDigest) {
        if let Some(end) = self.watched.take(digest, self.clock()) {
            end.finish();
        }
    }
}

/// The number of keys after which others have their turn.
const AT_ONCE: usize = 100;
/// The least time in milliseconds to the next look at a key: a store's clock that was set back stands
/// still here for a while.
const AGAIN: u64 = 20;

/// Looks at a key when it is to expire: by the store's clock it may not have yet.
struct Expiry {
    replica: Weak<Replica>,
    digest: KeyDigest,
    at: Timestamp,
}

impl Wake for Expiry {
    fn wake(self: Arc<Self>) {
        if let Some(replica) = self.replica.upgrade() {
            let otherwise = replica.unknown(self.at);
            replica.review(&self.digest, otherwise);
        }
    }
}

/// Asks the store for keys that have no place among the known ones.
async fn ask_for(replica: Weak<Replica>, digests: Vec<KeyDigest>) {
    for digest in digests {
        let Some(replica) = replica.upgrade() else {
            return;
        };
        match replica.find(digest).await {
            Found::Known(JudgedKey {
                answer: Ok(caller), ..
            }) => {
                let expires_at = caller.expires_at_unix();
                let at = expires_at.map_or(NEVER, |at| {
                    Timestamp::from_unix_millis(at.saturating_mul(1_000))
                });
                replica.review(&digest, Lasts::Until(at));
            }
            // The next poll tries again.
            Found::NotAsked(_) => {}
            Found::Known(JudgedKey {
                answer: Err(error), ..
            }) if error.kind() != AuthErrorKind::InvalidCredential => {}
            Found::Known(_) | Found::Unknown => replica.finish(&digest),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::keys::{ManagedKeys, MemoryKeyStore};

    #[test]
    fn an_end_that_moves_while_somebody_begins_to_wait_counts() {
        let store = MemoryKeyStore::new().expect("there are random bytes");
        let keys = ManagedKeys::new(store, "sk").expect("the prefix is well-formed");
        let admin = keys.as_operator("ada");
        let replica = admin.authority().backend().replica();
        let digest = KeyDigest::new([7; 32]);
        let (end, _) = replica
            .watched
            .end_of(&digest, replica.clock(), End::default);
        let (late, soon) = (NEVER, Timestamp::from_unix_millis(u64::MAX / 2));
        let reads = Cell::new(0);
        replica.review_by(&digest, || {
            reads.set(reads.get() + 1);
            // Another thread takes a change over after the first reading.
            Lasts::Until(if reads.get() == 1 { late } else { soon })
        });
        assert_eq!(replica.watched.all(), [(digest, Lasts::Until(soon))]);
        drop(end);
    }
}
