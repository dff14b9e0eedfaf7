use std::sync::Arc;

use tower_auth::{
    keys::{KeyStore, MemoryKeyStore},
    testing,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_memory_is_a_store() {
    testing::key_store(async || {
        let store = MemoryKeyStore::new().unwrap();
        [
            Arc::new(store.clone()) as Arc<dyn KeyStore>,
            Arc::new(store),
        ]
    })
    .await;
}
