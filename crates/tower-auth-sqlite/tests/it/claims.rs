//! What is promised of every store.

use std::{cell::RefCell, sync::Arc};

use tower_auth::{
    keys::KeyStore,
    revocations::{KeyStoreRevocations, RevocationStore},
    testing,
};

use crate::common::Folder;

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_key_store_promises_holds_over_two_stores_of_one_file() {
    let folders = RefCell::new(Vec::new());
    testing::key_store(async || {
        let folder = Folder::new();
        let stores = [folder.store().await, folder.store().await];
        folders.borrow_mut().push(folder);
        stores.map(|store| Arc::new(store) as Arc<dyn KeyStore>)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_a_store_of_revocations_promises_holds_over_two_stores_of_one_file() {
    let folders = RefCell::new(Vec::new());
    testing::revocation_store(async || {
        let folder = Folder::new();
        let stores = [folder.store().await, folder.store().await];
        folders.borrow_mut().push(folder);
        stores.map(|store| {
            Arc::new(KeyStoreRevocations::new(Arc::new(store))) as Arc<dyn RevocationStore>
        })
    })
    .await;
}
