//! What the claims share.

use std::future::Future;

use crate::{
    keys::{
        Applied, AsOf, AuditQuery, AuditRecord, Change, KeyAction, KeyActor, KeyChange, KeyDigest,
        KeyId, KeyLookup, KeyRecord, KeyStore, KeyStoreError, KeyWrite, NewKey, Revision,
        StoredKey, Timestamp, Written,
    },
    testing::claims,
};

/// Two handles on one empty store.
pub(super) type Stores = claims::Stores<dyn KeyStore>;

impl Stores {
    pub(super) async fn write(&self, write: KeyWrite) -> Applied {
        let written = self.one.write(write).await;
        self.applied(written)
    }

    #[track_caller]
    pub(super) fn applied(&self, written: Result<AsOf<Written>, KeyStoreError>) -> Applied {
        match self.ok(written).value {
            Written::Applied(applied) => applied,
            Written::Repeated(key) => unreachable!("{}: repeated {key:?}", self.claim()),
        }
    }

    /// Makes a key of that number.
    pub(super) async fn make(&self, number: u32) -> StoredKey {
        self.write(create(record(number), number)).await;
        self.read(number).await
    }

    pub(super) async fn delete(&self, number: u32) {
        let at = self.read(number).await.revision();
        self.write(delete(number, at)).await;
    }

    pub(super) async fn read(&self, number: u32) -> StoredKey {
        self.read_id(&id(number)).await
    }

    pub(super) async fn read_id(&self, id: &KeyId) -> StoredKey {
        let found = self
            .ok(self.other.find(KeyLookup::Id(id.clone())).await)
            .value;
        found.unwrap_or_else(|| unreachable!("{}: {id} is not there", self.claim()))
    }

    /// The whole feed after a revision, in pages of that size.
    pub(super) async fn feed(&self, mut after: Revision, page: usize) -> Vec<KeyChange> {
        let mut all = Vec::new();
        loop {
            let answer = self.ok(self.other.changes(after, page).await).value;
            let last = answer.changes.last().map(KeyChange::revision);
            self.holds(
                answer.changes.len() <= page,
                "more changes than were asked for",
            );
            self.holds(
                answer.is_complete || answer.changes.len() == page,
                "a page that is not full leaves changes out",
            );
            all.extend(answer.changes);
            match last {
                Some(last) if !answer.is_complete => after = last,
                _ => return all,
            }
        }
    }

    pub(super) async fn audit(&self) -> Vec<AuditRecord> {
        let query = AuditQuery {
            limit: 1_000,
            ..AuditQuery::default()
        };
        self.ok(self.other.audit(query).await).value.items
    }

    /// That a change was answered so, and left nothing behind: no revision, no audit record.
    pub(super) async fn refuses(&self, write: KeyWrite, is_it: fn(&KeyStoreError) -> bool) {
        let before = self.ok(self.one.changes(Revision::ZERO, 1_000).await).value;
        let audit = self.audit().await;
        match self.one.write(write).await {
            Ok(written) => unreachable!("{}: {written:?}", self.claim()),
            Err(error) => self.holds(is_it(&error), error),
        }
        let after = self
            .ok(self.other.changes(Revision::ZERO, 1_000).await)
            .value;
        self.equal(after, before);
        self.equal(self.audit().await, audit);
    }
}

/// Runs two futures at once.
pub(super) async fn both<T: Send + 'static>(
    one: impl Future<Output = T> + Send + 'static,
    other: impl Future<Output = T> + Send + 'static,
) -> [T; 2] {
    let one = tokio::spawn(one);
    let other = tokio::spawn(other);
    let joined = |done: Result<T, tokio::task::JoinError>| done.expect("a store does not panic");
    [joined(one.await), joined(other.await)]
}

pub(super) fn id(number: u32) -> KeyId {
    KeyId::new(format!("key_{number:026}"))
}

pub(super) fn digest(number: u32) -> KeyDigest {
    let mut bytes = [0xa5; 32];
    let [.., a, b, c, d] = &mut bytes;
    [*a, *b, *c, *d] = number.to_be_bytes();
    KeyDigest::new(bytes)
}

pub(super) fn ada() -> KeyActor {
    KeyActor::Operator("ada".into())
}

pub(super) fn record(number: u32) -> KeyRecord {
    KeyRecord {
        id: id(number),
        account: id(number),
        start: "sk_Ab3d".into(),
        name: format!("key {number}").into(),
        owner: None,
        tenant: None,
        scopes: vec!["files:read".into()],
        metadata: serde_json::Map::new(),
        limit: None,
        metered: false,
        imported: false,
        created_at: Timestamp::default(),
        created_by: ada(),
        expires_at: None,
        revoked: None,
        successor: None,
    }
}

pub(super) fn new_key(record: KeyRecord, number: u32) -> NewKey {
    NewKey {
        record,
        digest: digest(number),
        credits: None,
        idempotency: None,
        unless_granted: None,
    }
}

pub(super) fn create(record: KeyRecord, number: u32) -> KeyWrite {
    create_of(new_key(record, number))
}

pub(super) fn create_of(new: NewKey) -> KeyWrite {
    KeyWrite::new(ada(), Change::Create(Box::new(new)))
}

pub(super) fn update(at: Revision, record: KeyRecord, credits: Option<u64>) -> KeyWrite {
    let record = Box::new(record);
    let action = KeyAction::Update;
    KeyWrite::new(
        ada(),
        Change::Update {
            at,
            record,
            credits,
            action,
            gives_more: true,
        },
    )
}

/// Gives a key a successor of that number, on its own account.
pub(super) fn rotate(key: &StoredKey, number: u32) -> KeyWrite {
    let mut old = key.record().clone();
    old.successor = Some(id(number));
    let new = KeyRecord {
        account: old.account.clone(),
        metered: old.metered,
        ..record(number)
    };
    KeyWrite::new(
        ada(),
        Change::Rotate {
            at: key.revision(),
            old: Box::new(old),
            new: Box::new(new),
            digest: digest(number),
        },
    )
}

pub(super) fn revoke(number: u32, reason: &str) -> KeyWrite {
    let (id, reason) = (id(number), reason.into());
    KeyWrite::new(ada(), Change::Revoke { id, reason })
}

pub(super) fn delete(number: u32, at: Revision) -> KeyWrite {
    let id = id(number);
    KeyWrite::new(ada(), Change::Delete { id, at })
}

pub(super) fn is_changed(error: &KeyStoreError) -> bool {
    matches!(error, KeyStoreError::Changed)
}

pub(super) fn is_not_found(error: &KeyStoreError) -> bool {
    matches!(error, KeyStoreError::NotFound)
}

pub(super) fn is_taken(error: &KeyStoreError) -> bool {
    matches!(error, KeyStoreError::Taken)
}

pub(super) fn is_revoked(error: &KeyStoreError) -> bool {
    matches!(error, KeyStoreError::Revoked)
}

pub(super) fn is_held(error: &KeyStoreError) -> bool {
    matches!(error, KeyStoreError::Held)
}
