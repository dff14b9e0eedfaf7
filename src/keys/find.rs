//! Finding a key that this process does not know, where it cannot know all.

use std::{sync::Arc, time::Duration};

use super::{
    AsOf, KeyDigest, KeyLookup, StoredKey,
    ask::ask,
    lookups::{Begun, Found},
    replica::Replica,
};
use crate::error::AuthError;

impl Replica {
    /// Looks a key up in the store, if not too many are looked up already; joins another request that
    /// does.
    pub(super) async fn find(self: &Arc<Self>, digest: KeyDigest) -> Found {
        let begun = self.lookups().begin(&digest, self.clock());
        let mut answer = match begun {
            Begun::Unknown => return Found::Unknown,
            Begun::TooMany => return too_many(),
            Begun::Joined(answer) => answer,
            Begun::First(answer) => {
                // A task of its own: others may wait for it when this request is dropped.
                let flight = Flight {
                    replica: Arc::clone(self),
                    digest,
                    found: None,
                };
                tokio::spawn(flight.run());
                answer
            }
        };
        match answer.wait_for(Option::is_some).await {
            Ok(found) => found.clone().unwrap_or_else(could_not_find),
            // The runtime of the request that looked ended.
            Err(_) => could_not_find(),
        }
    }

    /// The answer from what a look-up read; `None` where it is old, and has to be read again.
    fn resolve(&self, digest: &KeyDigest, read: AsOf<Option<StoredKey>>) -> Option<Found> {
        // No change passes meanwhile.
        let progress = self.progress();
        let table = self.table();
        let now = read.now.max(self.store_now());
        let mut lookups = self.lookups();
        if lookups.take_disturbed(digest) {
            // What passed may have brought the key.
            return table.with(digest, |known| Found::Judged(known.judge(now)));
        }
        let Some(key) = read.value.filter(|key| key.digest() == *digest) else {
            lookups.remember_unknown(digest, self.clock());
            return Some(Found::Unknown);
        };
        let judged = match self.keep_found(&table, &key, now, progress.at) {
            Some(known) => Some(known.judge(now)),
            None => table.with(digest, |known| known.judge(now)),
        };
        // One that is not there was deleted here, later than it was read.
        Some(judged.map_or(Found::Unknown, Found::Judged))
    }
}

/// A look-up under way. It is over when this is dropped.
struct Flight {
    replica: Arc<Replica>,
    digest: KeyDigest,
    found: Option<Found>,
}

impl Flight {
    async fn run(mut self) {
        self.found = Some(self.look().await);
    }

    async fn look(&self) -> Found {
        for attempt in 0..TRIES {
            let replica = &self.replica;
            if attempt > 0 && !replica.lookups().may_start(replica.clock()) {
                return too_many();
            }
            let lookup = KeyLookup::Digest(self.digest);
            match ask(LIMIT, || replica.store.find(lookup)).await {
                Ok(read) => {
                    if let Some(found) = replica.resolve(&self.digest, read) {
                        return found;
                    }
                }
                Err(error) => return Found::Judged(Err(AuthError::unavailable(error))),
            }
        }
        could_not_find()
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let found = self.found.take();
        self.replica.lookups().end(&self.digest, found);
    }
}

fn too_many() -> Found {
    let why = "too many keys that this process does not know are shown: raise with_max_known, \
               `max_known` of a file, if memory allows it";
    let error = AuthError::unavailable(why).with_reason("key_lookups_exhausted");
    Found::Judged(Err(error.with_retry_after(Duration::from_secs(1))))
}

fn could_not_find() -> Found {
    let why = "the key was changed, or the process ended, while it was looked up";
    Found::Judged(Err(AuthError::unavailable(why)))
}

/// The time limit of the store for a look-up.
const LIMIT: Duration = Duration::from_millis(500);
/// The number of look-ups of a key that is changed meanwhile.
const TRIES: usize = 3;
