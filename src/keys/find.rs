//! Finding a key that this process does not know, where it cannot know all.

use std::{sync::Arc, time::Duration};

use super::{
    AsOf, KeyDigest, KeyLookup, StoredKey,
    lookups::{Begun, Found},
    replica::Replica,
};
use crate::{error::AuthError, polling::ask};

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
                    is_over: false,
                    failure: None,
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

    /// Ends a look-up with what it read; answers whether that was possible: what is old has to be read
    /// again.
    fn resolve(&self, digest: &KeyDigest, read: AsOf<Option<StoredKey>>) -> bool {
        // No change passes until the look-up is over: a request that came after the change would join it.
        let progress = self.polling.progress();
        let table = self.table();
        let now = read.now.max(self.store_now());
        let mut lookups = self.lookups();
        if lookups.take_disturbed(digest) {
            // What passed may have brought the key.
            let judged = table.with(digest, |known| Found::Known(known.judged(now)));
            let is_over = judged.is_some();
            if is_over {
                lookups.end(digest, judged);
            }
            return is_over;
        }
        let Some(key) = read.value.filter(|key| key.digest() == *digest) else {
            lookups.remember_unknown(digest, self.clock());
            lookups.end(digest, Some(Found::Unknown));
            return true;
        };
        let judged = match self.keep_found(&table, &key, now, progress.place.at) {
            Some(known) => Some(known.judged(now)),
            None => table.with(digest, |known| known.judged(now)),
        };
        // One that is not there was deleted here, later than it was read.
        let found = judged.map_or(Found::Unknown, Found::Known);
        lookups.end(digest, Some(found));
        true
    }
}

/// A look-up under way. It is over when this is dropped, if it is not over before.
struct Flight {
    replica: Arc<Replica>,
    digest: KeyDigest,
    /// Another look-up of the key may have begun.
    is_over: bool,
    failure: Option<Found>,
}

impl Flight {
    async fn run(mut self) {
        self.failure = self.look().await;
        self.is_over = self.failure.is_none();
    }

    /// Answers why there is no answer, if there is none.
    async fn look(&self) -> Option<Found> {
        for attempt in 0..TRIES {
            let replica = &self.replica;
            if attempt > 0 && !replica.lookups().may_start(replica.clock()) {
                return Some(too_many());
            }
            let lookup = KeyLookup::Digest(self.digest);
            match ask(LIMIT, || replica.store.find(lookup)).await {
                Ok(read) => {
                    if replica.resolve(&self.digest, read) {
                        return None;
                    }
                }
                Err(error) => return Some(Found::NotAsked(AuthError::unavailable(error))),
            }
        }
        Some(could_not_find())
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.is_over {
            let failure = self.failure.take();
            self.replica.lookups().end(&self.digest, failure);
        }
    }
}

fn too_many() -> Found {
    let why = "too many keys that this process does not know are shown: raise with_max_known, \
               `max_known` of a file, if memory allows it";
    let error = AuthError::unavailable(why).with_reason("key_lookups_exhausted");
    Found::NotAsked(error.with_retry_after(Duration::from_secs(1)))
}

fn could_not_find() -> Found {
    let why = "the key was changed, or the process ended, while it was looked up";
    Found::NotAsked(AuthError::unavailable(why))
}

/// The time limit of the store for a look-up.
const LIMIT: Duration = Duration::from_millis(500);
/// The number of look-ups of a key that is changed meanwhile.
const TRIES: usize = 3;

#[cfg(test)]
mod tests {
    use arc_swap::ArcSwap;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::keys::{
        KeyFormat, KeyRecord, MemoryKeyStore, Revision, Timestamp, settings::Settings,
    };

    /// The store answered, and the key is deleted before the task that looked it up goes on.
    #[test]
    fn no_request_joins_a_look_up_that_has_read() {
        let settings = Settings::new(KeyFormat::new("sk").unwrap(), Arc::new([]));
        let current = Arc::new(ArcSwap::from_pointee(settings.clone()));
        let store = Arc::new(MemoryKeyStore::new().unwrap());
        let replica = Replica::new(store, settings, current);
        let record = KeyRecord::deserialize(json!({
            "id": "key_1", "account": "key_1", "start": "sk_Ab3d", "name": "ci", "scopes": null,
            "created_at": 0, "created_by": {"operator": "ada"},
        }));
        let record = record.unwrap();
        let digest = KeyDigest::of_key(b"key");
        let key = StoredKey::new(record, digest, Revision::new(1));
        for value in [None, Some(key)] {
            // What was not there is not remembered by this one.
            replica.lookups().disturb(&digest);
            let first = replica.lookups().begin(&digest, replica.clock());
            let Begun::First(answer) = first else {
                panic!("nobody looks the key up yet");
            };
            let was_there = value.is_some();
            let now = Timestamp::default();
            assert!(replica.resolve(&digest, AsOf { now, value }));
            let found = answer.borrow().clone();
            let is_accepted = matches!(found, Some(Found::Known(known)) if known.answer.is_ok());
            assert_eq!(is_accepted, was_there);
            let next = replica.lookups().begin(&digest, replica.clock());
            assert!(!matches!(next, Begun::Joined(_)));
        }
    }
}
