//! The stores of this crate hold what a store of revocations promises.

use std::sync::Arc;

use tower_auth::{
    keys::{KeyStore, MemoryKeyStore},
    revocations::{KeyStoreRevocations, MemoryRevocationStore, RevocationStore},
    testing,
};

#[tokio::test]
async fn a_store_in_memory_keeps_what_a_store_promises() {
    testing::revocation_store(async || {
        let store = MemoryRevocationStore::new().unwrap();
        [
            Arc::new(store.clone()) as Arc<dyn RevocationStore>,
            Arc::new(store),
        ]
    })
    .await;
}

#[tokio::test]
async fn a_key_store_in_memory_keeps_what_a_store_of_revocations_promises() {
    testing::revocation_store(async || {
        let keys: Arc<dyn KeyStore> = Arc::new(MemoryKeyStore::new().unwrap());
        [Arc::clone(&keys), keys]
            .map(|keys| Arc::new(KeyStoreRevocations::new(keys)) as Arc<dyn RevocationStore>)
    })
    .await;
}
