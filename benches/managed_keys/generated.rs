//! A store of as many keys as are asked for, which keeps nothing but their digests.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tower_auth::keys::{
    AsOf, AuditQuery, AuditRecord, Epoch, KeyChange, KeyChanges, KeyDigest, KeyFormat, KeyId,
    KeyLookup, KeyQuery, KeyRecord, KeyStore, KeyStoreError, KeyStoreFuture, KeyUse, KeyWrite,
    Page, Revision, Spend, StoredKey, Timestamp, Written,
};

#[derive(Clone)]
pub(crate) struct Generated {
    digests: Arc<[KeyDigest]>,
    by_digest: Arc<HashMap<[u8; 32], usize>>,
    /// How often a request had to ask for one key.
    pub(crate) lookups: Arc<AtomicU64>,
}

impl Generated {
    /// A store of that many keys, of which it returns the first ones.
    pub(crate) fn new(count: usize, shown: usize) -> (Self, Vec<String>) {
        let format = KeyFormat::new("sk_bench").unwrap();
        let mut keys = Vec::new();
        let digests: Arc<[KeyDigest]> = (0..count)
            .map(|number| {
                let key = format.generate().unwrap();
                if number < shown {
                    keys.push(key.expose().to_owned());
                }
                KeyDigest::of_key(key.expose().as_bytes())
            })
            .collect();
        let by_digest = digests.iter().enumerate();
        let by_digest = by_digest.map(|(at, digest)| (*digest.as_bytes(), at));
        let store = Self {
            by_digest: Arc::new(by_digest.collect()),
            digests,
            lookups: Arc::default(),
        };
        (store, keys)
    }

    fn key(&self, at: usize) -> StoredKey {
        let record = format!(
            r#"{{"id": "key_{at:016x}", "account": "key_{at:016x}", "start": "sk_bench_Ab3d",
                "name": "robot {at}", "owner": {{"user_id": "robot-{at}"}}, "scopes": ["graph:invoke"],
                "created_at": 1000, "created_by": {{"operator": "bench"}}}}"#
        );
        let record: KeyRecord = serde_json::from_str(&record).unwrap();
        StoredKey::new(record, self.digests[at], Revision::new(at as u64 + 1))
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_unix_millis(since.as_millis() as u64)
}

fn as_of<T: Send + 'static>(value: T) -> KeyStoreFuture<AsOf<T>> {
    Box::pin(async { Ok(AsOf { now: now(), value }) })
}

fn never<T: Send + 'static>() -> KeyStoreFuture<T> {
    Box::pin(async { Err(KeyStoreError::unavailable("it only reads")) })
}

impl KeyStore for Generated {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        let first = after.as_u64() as usize;
        let last = self.digests.len().min(first + limit);
        let changes = (first..last).map(|at| KeyChange::Put(Box::new(self.key(at))));
        as_of(KeyChanges {
            epoch: Epoch::new(1),
            latest: Revision::new(self.digests.len() as u64),
            changes: changes.collect(),
            is_complete: last == self.digests.len(),
        })
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        let at = match &lookup {
            KeyLookup::Digest(digest) => self.by_digest.get(digest.as_bytes()),
            _ => None,
        };
        let found = as_of(at.map(|at| self.key(*at)));
        Box::pin(async {
            // As a database on another machine.
            tokio::time::sleep(Duration::from_millis(2)).await;
            found.await
        })
    }

    fn list(&self, _: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        never()
    }

    fn write(&self, _: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        never()
    }

    fn spend(&self, _: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        never()
    }

    fn touch(&self, _: Vec<KeyUse>) -> KeyStoreFuture<()> {
        Box::pin(async { Ok(()) })
    }

    fn audit(&self, _: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        never()
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        never()
    }
}
