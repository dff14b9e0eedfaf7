//! Keys that make others while they are revoked.

use tower_auth::{
    keys::{
        AsOf, AuditQuery, AuditRecord, Epoch, KeyAdminError, KeyChanges, KeyId, KeyLookup,
        KeyQuery, KeyRequest, KeyStore, KeyStoreFuture, KeyUse, KeyWrite, ManagedKeys,
        MemoryKeyStore, Page, Revision, Revocation, RevocationChanges, Spend, StoredKey, Written,
    },
    revocations::Revocations,
};

use super::kit::ada;
use crate::keys::kit::make;

/// A store to which somebody adds a key of Ada's after each change.
#[derive(Clone)]
struct Growing(MemoryKeyStore);

fn another() -> KeyRequest {
    KeyRequest::new("another").with_owner(ada())
}

impl KeyStore for Growing {
    fn changes(&self, after: Revision, limit: usize) -> KeyStoreFuture<AsOf<KeyChanges>> {
        self.0.changes(after, limit)
    }

    fn find(&self, lookup: KeyLookup) -> KeyStoreFuture<AsOf<Option<StoredKey>>> {
        self.0.find(lookup)
    }

    fn list(&self, query: KeyQuery) -> KeyStoreFuture<AsOf<Page<StoredKey>>> {
        self.0.list(query)
    }

    fn write(&self, write: KeyWrite) -> KeyStoreFuture<AsOf<Written>> {
        let written = self.0.write(write);
        let keys = ManagedKeys::new(self.0.clone(), "sk").unwrap();
        Box::pin(async move {
            let written = written.await;
            make(&keys, another()).await;
            written
        })
    }

    fn spend(&self, account: KeyId) -> KeyStoreFuture<AsOf<Spend>> {
        self.0.spend(account)
    }

    fn touch(&self, uses: Vec<KeyUse>) -> KeyStoreFuture<()> {
        self.0.touch(uses)
    }

    fn audit(&self, query: AuditQuery) -> KeyStoreFuture<AsOf<Page<AuditRecord>>> {
        self.0.audit(query)
    }

    fn renew_epoch(&self) -> KeyStoreFuture<Epoch> {
        self.0.renew_epoch()
    }

    fn revocations(
        &self,
        after: Revision,
        limit: usize,
    ) -> KeyStoreFuture<AsOf<RevocationChanges>> {
        self.0.revocations(after, limit)
    }
}

#[tokio::test]
async fn whoever_revokes_a_principal_hears_of_keys_that_are_left() {
    let keys = ManagedKeys::new(Growing(MemoryKeyStore::new().unwrap()), "sk").unwrap();
    let operator = Revocations::of_keys(&keys).as_operator("root");
    let refused = operator.revoke(Revocation::principal(ada())).await;
    let Err(KeyAdminError::Conflict(why)) = refused else {
        panic!("a key is left: {refused:?}");
    };
    assert!(why.ends_with("revoke again"), "{why}");
}
